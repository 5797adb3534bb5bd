"""Does runs from the command line and prints their results."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from etl.progress_bar import CATALOGUE, FILES, ProgressBar
from jobs.finishing import finish
from jobs.scale.runs import execute_runs
from jobs.scale.workers import OneCore, Workers
from jobs.worker import execute
from store.database import Database
from store.runs import STORED, Progress, Run


def do(database: Database, var: Path, run_ids: Sequence[str], workers: Workers | None = None) -> int:
    """Do the runs, build the catalogue once for all of them, print the summary and return the exit code."""
    executed = []
    if workers is None or isinstance(workers, OneCore) or len(run_ids) < 2:
        ended = _in_turn(database, var, run_ids)
    else:
        ended = _at_once(database, var, run_ids, workers)
    for run_id, state in ended:
        if state == "running" and not _stored(database, run_id):
            print(f"{run_id} is being done by another process.", file=sys.stderr)
            continue
        executed.append(run_id)
    executed.sort(key=run_ids.index)
    if executed:
        with ProgressBar(CATALOGUE) as bar:
            finish(database, var, executed, bar)
    done = [run for run in map(database.get_run, executed) if run]
    print_summary(done)
    return int(any(run.state != "done" for run in done) or len(done) < len(run_ids))


def _in_turn(database: Database, var: Path, run_ids: Sequence[str]) -> Iterator[tuple[str, str]]:
    for run_id in run_ids:
        run = database.get_run(run_id)
        with ProgressBar(run.name if run else run_id) as bar:
            state = execute(database, var, run_id, bar, build=False)
        yield run_id, state


def _at_once(database: Database, var: Path, run_ids: Sequence[str], workers: Workers) -> Iterator[tuple[str, str]]:
    with ProgressBar(FILES) as bar:
        for done, (run_id, state) in enumerate(execute_runs(workers, database, var, run_ids), start=1):
            bar(Progress(phase=f"importing, {workers.count} at a time", done=done, total=len(run_ids)))
            yield run_id, state


def _stored(database: Database, run_id: str) -> bool:
    run = database.get_run(run_id)
    return run is not None and run.phase == STORED


def print_summary(runs: Sequence[Run]) -> None:
    """Print the counts of each run (read or requested, new, known, skipped and why), and their sums."""
    if not runs:
        return
    width = max(len(run.name) for run in runs)
    verb = "requested" if any(run.unit != "bytes" for run in runs) else "read"
    print(f"{'file':{width}}  {verb:>9} {'new':>9} {'here':>9} {'skipped':>9}")
    for run in runs:
        skipped = sum(run.skipped.values())
        print(f"{run.name:{width}}  {run.requested:9,} {run.stored:9,} {run.known:9,} {skipped:9,}")
        for reason, count in run.skipped.items():
            print(f"{'':{width}}    {count:,} skipped: {reason}")
        for heading, count in run.unread.items():
            print(f"{'':{width}}    {count:,} cells not read: {heading}")
        for note in run.notes:
            print(f"{'':{width}}    {note}")
        for row in run.sources:
            print(f"{'':{width}}    {_source_line(row)}")
        if run.error:
            print(f"{'':{width}}    failed: {run.error['message']} {run.error['hint']}")
        if run.state == "waiting":
            how = "python -m etl resume (or when the page is opened then)."
            print(f"{'':{width}}    {run.phase}\n{'':{width}}    It goes on after {local_time(run.wake_at)}: {how}")
    if len(runs) > 1:
        sums = [sum(getattr(run, name) for run in runs) for name in ("requested", "stored", "known")]
        skipped = sum(sum(run.skipped.values()) for run in runs)
        print(f"{f'{len(runs)} files':{width}}  " + " ".join(f"{number:9,}" for number in (*sums, skipped)))


def _source_line(row: Mapping[str, Any]) -> str:
    counts = f"{row['found']:,} of {row['queries']:,} found, {row['not_found']:,} not known there"
    failed = f", {row['failed']:,} failed" if row["failed"] else ""
    why = f" ({row['why']})" if row["why"] else ""
    return f"{row['source']}, {row['need']}: {counts}{failed}{why}"


def local_time(moment: datetime | None) -> str:
    """Return a time in the local time zone and format."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M}" if moment else ""
