"""Builds the image in a clean Debian without Docker, from the Dockerfile, and measures its size, start and stop.

    debootstrap --variant=minbase --include=ca-certificates trixie /tmp/debian
    python -m bench.clean_debian /tmp/debian [--work FOLDER] [--bind /opt/wheels] [--env PIP_FIND_LINKS=/opt/wheels]

For machines that cannot pull images; it needs root on Linux. The folder that debootstrap made stands for
``FROM debian:...``. Each stage is a copy of it, and ``RUN`` runs a command in the copy by chroot, as the user of
``USER``. It prints the size of /app, packed and unpacked, the seconds from the start to the first answer of
/genre-predict (first with no data at all, then again), and the seconds of an orderly stop.
"""

import argparse
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from bench.serving import free_port
from config import MEGABYTE, ROOT

SLUG_MEGABYTES, START_SECONDS, STOP_SECONDS = 500, 3.0, 10.0


class Builder:
    """The stages of a Dockerfile as folders below ``work``."""

    def __init__(self, base: Path, work: Path, binds: list[Path], env: dict[str, str]) -> None:
        self.base, self.work, self.binds, self.given = base, work, binds, env
        self.stages: dict[str, Path] = {}
        self.root, self.folder, self.user, self.command = base, "/", "root", [""]
        self.env: dict[str, str] = {}

    def step(self, instruction: str, rest: str) -> None:
        """Carry out one instruction, or skip it if it only describes the image."""
        print(f"{instruction} {rest[:100]}", flush=True)
        method = getattr(self, f"_{instruction.lower()}", None)
        if method:
            method(rest)
        elif instruction not in {"VOLUME", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK"}:
            raise SystemExit(f"cannot carry out the instruction {instruction} of a Dockerfile")

    def _from(self, rest: str) -> None:
        source, _, name = rest.partition(" AS ")
        self.root = self.work / (name or "final")
        self.folder, self.user, self.env = "/", "root", {}
        subprocess.run(["cp", "-a", self.stages.get(source, self.base), self.root], check=True)
        self.stages[name] = self.root

    def _workdir(self, rest: str) -> None:
        self.folder = rest
        self._inside(rest).mkdir(parents=True, exist_ok=True)

    def _env(self, rest: str) -> None:
        for pair in shlex.split(rest):
            name, _, value = pair.partition("=")
            self.env[name] = value.replace("$PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")

    def _user(self, rest: str) -> None:
        self.user = rest

    def _cmd(self, rest: str) -> None:
        self.command = json.loads(rest)

    def _copy(self, rest: str) -> None:
        *sources, target = rest.split()
        if sources[0].startswith("--from="):
            from_, source, goal = self.stages[sources[0].removeprefix("--from=")], sources[1], target
            subprocess.run(["cp", "-a", from_ / source.lstrip("/"), self._inside(goal)], check=True)
            return
        for name in copied():
            if sources == ["."] or name in sources:
                goal = self._inside(target) / (name if sources == ["."] else Path(name).name)
                goal.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, goal)

    def _run(self, rest: str) -> None:
        self.chroot(["sh", "-c", rest])

    def _inside(self, path: str) -> Path:
        return self.root / (Path(self.folder) / path).as_posix().lstrip("/")

    def chroot(self, command: list[str], more: dict[str, str] | None = None) -> None:
        subprocess.run(self.entered(command, more), check=True)

    def entered(self, command: list[str], more: dict[str, str] | None = None) -> list[str]:
        """Return a command that runs ``command`` in the stage, with /proc, /dev and the binds mounted for it alone."""
        mounts = [f"mount -t proc proc {self.root}/proc", f"mount --rbind /dev {self.root}/dev"]
        for bind in self.binds:
            inside = self.root / bind.as_posix().lstrip("/")
            mounts += [f"mkdir -p {inside if bind.is_dir() else inside.parent}"]
            mounts += [] if bind.is_dir() else [f"touch {inside}"]
            mounts += [f"mount --bind {bind} {inside}"]
        env = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}
        env |= {"DEBIAN_FRONTEND": "noninteractive"} | self.given | self.env | (more or {})
        settings = [f"{name}={value}" for name, value in env.items()]
        inner = shlex.join(["env", "-i", *settings, "sh", "-c", f"cd {self.folder} && exec {shlex.join(command)}"])
        enter = f"exec chroot --userspec={self.user} {self.root} {inner}"
        return ["unshare", "--mount", "sh", "-ec", "; ".join([*mounts, enter])]


def copied() -> list[str]:
    """Return the committed and new files that .dockerignore lets through; only its kinds of rules in use are read."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    rules = (ROOT / ".dockerignore").read_text().splitlines()
    kept = {rule[1:] for rule in rules if rule.startswith("!")}
    left_out = tuple(f"{rule}/" for rule in rules if "/" in rule and not rule.startswith("**"))
    return [name for name in listed if name.split("/")[0] in kept and not name.startswith(left_out)]


def steps(dockerfile: Path) -> list[tuple[str, str]]:
    text = "\n".join(line for line in dockerfile.read_text().splitlines() if not line.startswith("#"))
    lines = text.replace("\\\n", " ").splitlines()
    return [(word, rest.strip()) for word, _, rest in (line.strip().partition(" ") for line in lines) if word]


def first_answer(builder: Builder, port: int) -> tuple[subprocess.Popen[bytes], float]:
    """Start the image's command and return it with the seconds to the first answer of /genre-predict."""
    environment = {"PORT": str(port), "TASTEMAP_BIND": f"127.0.0.1:{port}"}
    start = time.monotonic()
    process = subprocess.Popen(builder.entered(builder.command, environment), stdout=subprocess.DEVNULL)
    while time.monotonic() - start < 120:
        try:
            url = f"http://127.0.0.1:{port}/genre-predict?q=dancing+queen+abba"
            with urllib.request.urlopen(url, timeout=30) as answer:
                answer.read()
            return process, time.monotonic() - start
        except OSError:
            time.sleep(0.02)
    raise SystemExit("no answer within two minutes")


def stopped(process: subprocess.Popen[bytes]) -> float:
    start = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.wait()
    return time.monotonic() - start


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base", type=Path, nargs="?")
    parser.add_argument("--work", type=Path, default=Path("/tmp/tastemap-image"))
    parser.add_argument("--bind", type=Path, action="append", default=[])
    parser.add_argument("--env", action="append", default=[])
    options = parser.parse_args()
    if options.base is None or os.geteuid() != 0:
        print("Left out: needs root, and a clean Debian (see --help).")
        return 0
    shutil.rmtree(options.work, ignore_errors=True)
    options.work.mkdir(parents=True)
    builder = Builder(options.base, options.work, options.bind, dict(pair.split("=", 1) for pair in options.env))
    for instruction, rest in steps(ROOT / "Dockerfile"):
        builder.step(instruction, rest)
    whole = int(subprocess.check_output(["du", "-sb", builder.root / "app"]).split()[0]) / MEGABYTE
    packed = f"tar -C {builder.root} -cz app | wc -c"  # Heroku and similar hosts limit the packed size
    slug = int(subprocess.check_output(packed, shell=True)) / MEGABYTE
    port = free_port()
    cold, begin = first_answer(builder, port)
    stop = stopped(cold)
    warm, again = first_answer(builder, port)
    stop_again = stopped(warm)
    print(f"slug {slug:,.0f} MB packed (at most {SLUG_MEGABYTES}), {whole:,.0f} MB unpacked")
    print(f"first answer {begin:.2f} s after the first start, {again:.2f} s after the next (at most {START_SECONDS})")
    print(f"stopped in {stop:.2f} s and {stop_again:.2f} s (at most {STOP_SECONDS})")
    missed = slug > SLUG_MEGABYTES or again > START_SECONDS or max(stop, stop_again) > STOP_SECONDS
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
