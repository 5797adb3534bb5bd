"""Trains models on the user's own data, in a separate process that it watches: ``python -m ml job RUN``.

Training needs packages that serving does not need (TensorFlow, scikit-learn), and memory that must be freed afterwards;
so it is a separate program. It reports in lines of JSON on standard output: ``{"phase", "done", "total"}`` while it
works, ``{"result": {...}}`` or ``{"problem": {"code", "message", "hint"}}`` at the end.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from queue import Empty
from typing import Any

from config import ROOT
from etl.task import Task
from jobs.output import queue_lines
from store.runs import ImportProblem, Progress

# A cancelled run is noticed within this time, even if the training prints nothing.
_LOOK_SECONDS = 1.0
_GRACE_SECONDS = 5.0
_KILLED = "Most likely there was not enough memory: end other programs, or use fewer tracks, and train again."


def run(task: Task) -> None:
    """Train a model for the run's ``request["task"]`` and record the result; the served models do not change.

    Raises
    ------
    ImportProblem
        There is too little to learn from, or the training packages are not installed, or training broke.
    Cancelled
        Somebody has ended the run; the process is ended first.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "ml", "job", task.run.id],
        cwd=ROOT,
        env=environment(task.var),
        stdin=subprocess.PIPE,  # never written to: the training ends when it closes, so also when we are killed
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    try:
        result = _follow(task, process)
    except BaseException:
        process.terminate()
        raise
    finally:
        process.stdin.close()
        _await_end(process)
        _sweep(task)
    task.report.record(result=result, requested=1, stored=1)


def environment(var: Path) -> dict[str, str]:
    """Return the environment of a training process with its data in ``var``.

    Waiting OpenMP threads (scikit-learn) would spin by default: on few or busy cores a t-SNE of 275 tracks then took
    ten times as much processor time (``bench/own_training.py``).
    """
    return {"OMP_WAIT_POLICY": "PASSIVE", **os.environ, "TASTEMAP_VAR": str(var), "PYTHONUNBUFFERED": "1"}


def _sweep(task: Task) -> None:
    """Delete the files that this run, and runs that have ended unobserved, left in the training folder."""
    for folder in (task.var / "training").glob("*"):
        run = task.database.get_run(folder.name)
        if run is None or run.ended or folder.name == task.run.id:
            shutil.rmtree(folder, ignore_errors=True)


def _follow(task: Task, process: subprocess.Popen[str]) -> dict[str, Any]:
    lines = queue_lines(process)
    progress = Progress(phase="loading the training packages")
    while True:
        try:
            line = lines.get(timeout=_LOOK_SECONDS)
        except Empty:
            task.report(progress)
            continue
        if line is None:
            code = process.wait()
            if code == -signal.SIGKILL:
                raise ImportProblem("training_killed", "The training was killed.", _KILLED)
            raise ImportProblem("training_broke", f"Training ended with {code}.", "var/log/import.log has the details.")
        message = _decoded(line)
        if "result" in message:
            return message["result"]
        if "problem" in message:
            raise ImportProblem(**message["problem"])
        if "phase" in message:
            progress = Progress(phase=message["phase"], done=message.get("done", 0), total=message.get("total"))
            task.report(progress)


def _decoded(line: str) -> dict[str, Any]:
    """Return the message in a line of output, an empty one if a library has printed the line."""
    try:
        message = json.loads(line)
    except json.JSONDecodeError:
        return {}
    return message if isinstance(message, dict) else {}


def _await_end(process: subprocess.Popen[str]) -> None:
    try:
        process.wait(_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
