"""Cost of training on a user's own playlist, from the start of the process to its end.

    python -m bench.own_training [--data ../shared/data]

It joins parts of three real playlists to one of 275 tracks by three people (150, 119 and 6 tracks), imports it into a
temporary folder, and starts the processes that the app starts for "Compute the map" and for "Who added it?". It prints
processor seconds, elapsed seconds (which say little on a busy machine) and peak memory. The targets on two idle cores
are a map within 10 seconds and "Who added it?" within 30. Processor seconds are checked instead: 10 for the map, which
uses one core, and 60 for the other, which uses two.
"""

import argparse
import csv
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from config import ROOT
from jobs.training import environment
from store.database import Database, open_database
from store.runs import Run

PARTS = {"ann": ("playlist_0365.csv", 150), "bob": ("collab_0198.csv", 119), "cleo": ("collab_0209.csv", 6)}
# Processor seconds: of 10 seconds on one core, and of 30 on two.
TARGETS = {"projection": 10.0, "contributors": 60.0}


def write_playlist(data: Path, to: Path) -> None:
    """Write a playlist of the first rows of real ones; each person has added the rows of one."""
    joined: list[dict[str, str]] = []
    for person, (name, count) in PARTS.items():
        with (data / "exportify" / name).open(encoding="utf-8-sig", newline="") as file:
            joined += [row | {"Added By": person} for row in list(csv.DictReader(file))[:count]]
    for row in joined:
        row.setdefault("Track URI", f"spotify:track:{row.pop('Track ID', '')}")
    with to.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(joined[-1]), restval="")
        writer.writeheader()
        writer.writerows(joined)


def train(database: Database, var: Path, task: str, playlist: str) -> float:
    """Run one training as the app does and print its cost and last line.

    Return its processor seconds, or infinity if it fails.
    """
    run = Run(kind="train", name=task, request={"task": task, "playlist": playlist, "options": {}}, cursor={})
    database.put_run(run)
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "ml", "job", run.id],
        cwd=ROOT, env=environment(var), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    lines = process.stdout.read().splitlines()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    cpu = usage.ru_utime + usage.ru_stime
    print(f"{task:<13} {cpu:6.1f} processor s, {time.monotonic() - began:6.1f} s, {usage.ru_maxrss / 1024:,.0f} MB")
    print(f"              ends with {lines[-1][:150] if lines else 'nothing'}", flush=True)
    return cpu if process.returncode == 0 else float("inf")


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    arguments = options.parse_args()
    missed = False
    with tempfile.TemporaryDirectory() as folder:
        var, file = Path(folder) / "var", Path(folder) / "Three people.csv"
        write_playlist(arguments.data, file)
        command = [sys.executable, "-m", "etl", "import", str(file)]
        subprocess.run(command, cwd=ROOT, env=environment(var), check=True, stdout=subprocess.DEVNULL)
        database = open_database(var, None)
        (playlist,) = database.playlists(None, unshared=True)
        print(f"{playlist.item_count} tracks by {dict(playlist.contributors)}")
        for task, most in TARGETS.items():
            missed |= train(database, var, task, playlist.id) > most
        database.close()
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
