"""Packages are installed by a run: told before how large, cancelled, and refused with a reason."""

import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from etl.task import Reporter, silent
from jobs.installing import install, new_installation, pip_command, requirements_of
from jobs.packages import PURPOSES, SIZES, lock, missing_packages, packages_of
from jobs.queue import WorkQueue, queues_of
from jobs.worker import execute
from store.database import Database
from store.runs import Cancelled, ImportProblem, Run
from tools.sizes import measured

WHEEL = "invented_tastemap_part-1.0-py3-none-any.whl"


@pytest.mark.parametrize("name", [name for name in PURPOSES if name in lock()])
def test_the_size_that_is_told_is_the_size_on_the_disk(name: str) -> None:
    if missing_packages(packages_of(name)):
        pytest.skip(f"the category {name} is not installed here")
    assert json.loads(SIZES.read_text())[name] == pytest.approx(measured(name), rel=0.1)  # python -m tools.sizes


def wheel(folder: Path) -> dict[str, Any]:
    """Make a wheel in ``folder`` and return the section of a lock that names it."""
    info = "invented_tastemap_part-1.0.dist-info"
    with zipfile.ZipFile(folder / WHEEL, "w") as file:
        file.writestr("invented_tastemap_part.py", "WORKS = True\n")
        file.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: invented-tastemap-part\nVersion: 1.0\n")
        file.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(f"{info}/RECORD", "")
    digest = hashlib.sha256((folder / WHEEL).read_bytes()).hexdigest()
    return {"invented-tastemap-part": {"version": "==1.0", "hashes": [f"sha256:{digest}"]}}


@pytest.fixture
def report(database: Database) -> Reporter:
    run = Run(kind="install", name="packages", state="running")
    database.put_run(run)
    return Reporter(database, run.id, silent)


def test_pip_installs_what_the_lock_pins_and_nothing_else(
    tmp_path: Path, report: Reporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    packages = wheel(tmp_path)
    python = tmp_path / "env" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "env"], check=True)
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(requirements_of(packages))
    command = pip_command(requirements, str(python))
    install(command, packages, report, tmp_path / "install.lock")
    subprocess.run([python, "-c", "import invented_tastemap_part"], check=True)
    # A file that is not the one of the lock is refused, one that is nowhere is a matter of the network.
    requirements.write_text(requirements_of(packages).replace("sha256:", "sha256:0")[:-2] + "\n")
    with pytest.raises(ImportProblem) as refused:
        install([*command, "--force-reinstall"], packages, report, tmp_path / "install.lock")
    assert refused.value.code == "not_installed"
    requirements.write_text(requirements_of(packages).replace("==1.0", "==2.0"))
    with pytest.raises(ImportProblem) as offline:
        install(command, packages, report, tmp_path / "install.lock")
    assert offline.value.code == "offline"


def test_a_full_disk_is_named_and_a_cancelled_run_ends_the_installer(
    tmp_path: Path, database: Database, report: Reporter
) -> None:
    full = [sys.executable, "-c", "raise OSError(28, 'No space left on device')"]
    with pytest.raises(ImportProblem, match="disk is full"):
        install(full, {}, report, tmp_path / "install.lock")
    run = Run(kind="install", name="cancelled", state="cancelled")
    database.put_run(run)
    endless = [sys.executable, "-c", f"import time; open({str(tmp_path / 'pid')!r}, 'w').close(); time.sleep(600)"]
    with pytest.raises(Cancelled):
        install(endless, {}, Reporter(database, run.id, silent), tmp_path / "install.lock")
    # It holds the lock while it lives, so it is gone.
    install([sys.executable, "-c", ""], {}, report, tmp_path / "install.lock")


def test_a_category_that_is_there_is_left_alone(database: Database, tmp_path: Path) -> None:
    if missing_packages(packages_of("train")):
        pytest.skip("the category train is not installed here")
    run = new_installation("train")
    assert queues_of([run]) == {WorkQueue.LARGE}  # small files do not wait for it
    database.put_run(run)
    execute(database, tmp_path, run.id, build=False)
    done = database.get_run(run.id)
    assert (done.error, done.stored, done.known) == (None, 0, len(packages_of("train")))
