"""Installs a category of Pipfile.lock into this environment, with the project's pipenv if it is there, else with pip.

The package index is the one that the machine's pip is configured to use.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from queue import Empty
from typing import Any

from config import ROOT
from etl.task import Reporter, Task
from jobs.output import queue_lines
from jobs.packages import category, missing_packages, packages_of
from store.locks import take
from store.runs import ImportProblem, Progress, Run

_LOOK_SECONDS = 0.5
_KEPT_LINES = 200  # the last lines of the installer's output, in which the reason of a failure is looked for
_OFFLINE = re.compile(
    r"NewConnectionError|NameResolutionError|name resolution|Max retries|ConnectTimeout|ProxyError|"
    r"Connection refused|No matching distribution|Could not find a version|Network is unreachable"
)
_FULL = re.compile(r"No space left on device|Errno 28|Disk quota exceeded")


def new_installation(name: str, owner: str | None = None) -> Run:
    """Return the run that installs the category ``name``."""
    title, request = f"Install packages: {name}", {"category": name}
    # An installation takes minutes; as a large run it does not keep small files waiting.
    return Run(kind="install", name=title, owner=owner, request=request, unit="steps", cursor={}, large=True)


def run(task: Task) -> None:
    """Install the category that the run asks for (``request["category"]``).

    Raises
    ------
    ImportProblem
        The category cannot be installed here (``cannot_install``), there is no network (``offline``), the disk is
        full (``disk_full``), or the installer failed (``not_installed``).
    Cancelled
        Somebody has ended the run; the installer is ended first.
    """
    name = (task.run.request or {})["category"]
    wanted = category(name)
    if wanted.obstacle:
        raise ImportProblem("cannot_install", wanted.obstacle, _by_hand(name))
    packages = packages_of(name)
    if wanted.missing:
        with tempfile.TemporaryDirectory() as folder:
            install(_command(name, packages, Path(folder)), packages, task.report, task.var / "runs" / "install.lock")
    if missing := missing_packages(packages):
        message = f"These packages are still missing: {', '.join(missing)}."
        raise ImportProblem("not_installed", message, _by_hand(name))
    known = len(packages) - len(wanted.missing)
    task.report.record(requested=len(packages), stored=len(wanted.missing), known=known)


def _by_hand(name: str) -> str:
    return f'On the server: .tools/bin/pipenv sync --categories "packages {name}"'


def _command(name: str, packages: Mapping[str, Any], folder: Path) -> list[str]:
    pipenv = ROOT / ".tools" / "bin" / "pipenv"
    if pipenv.exists() and Path(sys.prefix).resolve() == (ROOT / ".venv").resolve():
        return [str(pipenv), "sync", "--verbose", "--categories", name]
    requirements = folder / "requirements.txt"
    requirements.write_text(requirements_of(packages))
    return pip_command(requirements)


def pip_command(requirements: Path, python: str = sys.executable) -> list[str]:
    """Return the command that installs the pinned ``requirements`` for the interpreter ``python``."""
    pip = [sys.executable, "-m", "pip", "--python", python, "--no-input", "--disable-pip-version-check"]
    return [*pip, "install", "--no-deps", "--require-hashes", "--requirement", str(requirements)]


def requirements_of(packages: Mapping[str, Any]) -> str:
    """Return the locked packages as the text of a requirements file."""
    lines = (
        " ".join([f"{name}{locked['version']}", *(f"--hash={digest}" for digest in locked["hashes"])])
        for name, locked in packages.items()
    )
    return "\n".join(lines) + "\n"


def install(command: list[str], packages: Mapping[str, Any], report: Reporter, lock: Path) -> None:
    """Run ``command``, which installs ``packages``, and report how many are fetched and installed.

    The installer holds ``lock`` until it ends: if this process is killed, the next installation waits for it.

    Raises ImportProblem if the installer failed: ``offline``, ``disk_full`` or ``not_installed``; Cancelled if somebody
    has ended the run.
    """
    total, fetched = 2 * len(packages), 0
    while (held := take(lock, wait=False)) is None:
        report(Progress(phase="waiting for an earlier installation", total=total))
        time.sleep(_LOOK_SECONDS)
    try:
        process = _start(command, held)
    finally:
        os.close(held)
    lines = queue_lines(process)
    output: list[str] = []
    try:
        while True:
            try:
                line = lines.get(timeout=_LOOK_SECONDS)
            except Empty:
                line = ""
            if line is None:
                break
            if line:
                output = [*output[-_KEPT_LINES:], line]
                fetched = min(fetched + line.lstrip().startswith("Collecting "), len(packages))
                continue  # progress is reported only when the installer pauses its output
            installed = len(packages) - len(missing_packages(packages))
            phase = "installing" if fetched == len(packages) else "fetching packages"
            report(Progress(phase=phase, done=fetched + installed, total=total))
        code = process.wait()
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
    if code:
        raise _problem(code, "".join(output))


def _start(command: list[str], held: int) -> subprocess.Popen[str]:
    settings = {"PIPENV_VENV_IN_PROJECT": "1", "PIPENV_IGNORE_VIRTUALENVS": "1", "PIPENV_VERBOSITY": "-1"}
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | settings | {"PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,  # pipenv starts pip; killing the session's group ends both
        pass_fds=(held,),
    )


def _problem(code: int, output: str) -> ImportProblem:
    if _FULL.search(output):
        return ImportProblem("disk_full", "The disk is full.", "Make room, and press again.")
    if _OFFLINE.search(output):
        message = "The packages cannot be fetched: the package index of this machine does not answer."
        return ImportProblem("offline", message, "Connect to the network, and press again.")
    last = next((line.strip() for line in reversed(output.splitlines()) if "rror" in line), f"it ended with {code}")
    return ImportProblem("not_installed", f"The installation failed: {last:.300}", "Press again, or see the log.")
