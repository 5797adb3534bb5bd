"""Training on the user's data, in a process of its own that reports its progress and its result.

``jobs.training`` starts ``python -m ml job RUN`` and reads the lines of JSON that it prints.
"""

import json
import os
import shutil
import stat
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import IO, Any, Protocol, Self

from config import Config
from ml.needs import Available, TooLittle
from ml.registry import ModelRegistry
from ml.tasks import TASKS
from store.catalogue.catalogue import Catalogue
from store.database import Database, open_database
from store.errors import TastemapError


class Say(Protocol):
    """Reports the phase of a job and, if it can be counted, how many of how many steps are done."""

    def __call__(self, phase: str, done: int = 0, total: int | None = None) -> None: ...


def silent(phase: str, done: int = 0, total: int | None = None) -> None:
    """Report nothing."""


class BadOption(TastemapError):  # noqa: N818 - a fault of the request
    """An option of the request that the task does not have, or a value that it cannot take."""

    code = "bad_option"


@dataclass(frozen=True, kw_only=True)
class Job:
    """The input of a training function; ``request`` is that of the run, ``owner`` its browser session.

    ``say(phase, done, total)`` reports progress. The function writes and registers versions in ``models``; the registry
    adopts them at the end.
    """

    database: Database
    catalogue: Catalogue
    registry: ModelRegistry
    var: Path
    request: Mapping[str, Any] = field(default_factory=dict)
    owner: str | None = None
    say: Say = silent
    staging: Path | None = None

    @classmethod
    def of(cls, database: Database, config: Config, request: Mapping[str, Any], **more: Any) -> Self:
        """Return the job of ``request`` on this installation; ``more`` are further fields."""
        catalogue = Catalogue(config.var / "catalogue")
        registry = ModelRegistry(config.models, config.var / "models")
        return cls(database=database, catalogue=catalogue, registry=registry, var=config.var, request=request, **more)

    def train(self) -> dict[str, Any]:
        """Train the task of the request and return the result.

        Raises ml.needs.TooLittle if there is too little to learn from; ModuleNotFoundError without training packages.
        """
        task, snapshot = TASKS[self.request["task"]], self.catalogue.current(self.owner)
        if task.needs is not None:  # checked first, because loading the training packages takes seconds
            task.needs(Available.of(self.database, snapshot, self.owner, self.request)).check()
        return task.user_training_function()(self)

    @property
    def models(self) -> Path:
        """The models folder to write to."""
        models = self.staging or self.registry.local
        assert models is not None
        return models

    def new_version(self) -> str:
        """Return the name of a version made now."""
        return datetime.now(UTC).strftime("own-%Y%m%d-%H%M%S")


def staging_of(var: Path, run_id: str) -> Path:
    """Return the folder that the training of a run writes to; once the training has ended, it may be deleted."""
    return var / "training" / run_id


def main(run_id: str, config: Config) -> int:
    """Do the training of one run, print its progress as lines of JSON; return the exit code.

    The parent process holds this process's standard input open; when that closes, this process ends.
    """
    Thread(target=_end_with, args=(sys.stdin,), daemon=True).start()
    database = open_database(config.var, config.mongodb_uri, installation_id=config.installation_id)
    staging = staging_of(config.var, run_id)
    try:
        run = database.get_run(run_id)
        if run is None:
            return _fail("no_such_run", f"There is no run {run_id}.")
        shutil.rmtree(staging, ignore_errors=True)  # left by an attempt that was killed
        return _train(Job.of(database, config, run.request or {}, owner=run.owner, say=_say, staging=staging))
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        database.close()


def train_here(task: str, config: Config, options: Mapping[str, Any]) -> dict[str, Any]:
    """Train ``task`` on this installation's data, from the command line; return the result of the training.

    Raises ml.needs.TooLittle if there is too little to learn from.
    """
    database = open_database(config.var, config.mongodb_uri, installation_id=config.installation_id)
    try:
        return Job.of(database, config, {"task": task, "options": dict(options)}).train()
    finally:
        database.close()


def _end_with(stream: IO[str]) -> None:
    """End this process at once when ``stream`` is closed at its other end."""
    if stat.S_ISFIFO(os.fstat(stream.fileno()).st_mode):
        stream.buffer.read()  # type: ignore[attr-defined]
        os._exit(1)


def _train(job: Job) -> int:
    task = str(job.request.get("task"))
    known = TASKS.get(task)
    if known is None or not known.user_training:
        return _fail("no_such_task", f"{task} cannot be trained here.")
    try:
        result = job.train()
        job.say("keeping the version")
        if job.models.is_dir():
            job.registry.adopt(job.models)
        _emit(result=result)
    except ModuleNotFoundError as missing:
        hint = 'Press "Install" there. On the server: .tools/bin/pipenv sync --categories "packages train"'
        message = f"Training needs the package {missing.name}, which is not installed here."
        return _fail("no_training_packages", message, hint)
    except (TooLittle, BadOption) as refusal:
        return _fail(refusal.code, refusal.message, refusal.hint)
    return 0


def _fail(code: str, message: str, hint: str = "") -> int:
    _emit(problem={"code": code, "message": message, "hint": hint})
    return 1


def _say(phase: str, done: int = 0, total: int | None = None) -> None:
    _emit(phase=phase, done=done, total=total)


def _emit(**entry: Any) -> None:
    sys.stdout.write(json.dumps(entry) + "\n")
    sys.stdout.flush()
