"""What ends a run is shown to its owner in the words of the error."""

import errno
from pathlib import Path
from typing import Any

import pytest

from etl.engine import VaultError
from jobs import worker
from jobs.worker import execute
from store.database import Database
from store.runs import Run


@pytest.mark.parametrize(
    ("error", "code", "message", "logged"),
    [
        (VaultError("The key is lost.", "Enter the credentials again."), "vault_unusable", "The key is lost.", ""),
        (ZeroDivisionError(), "internal_error", "The import broke on our side.", "Traceback"),
        (OSError(errno.EROFS, "Read-only"), "internal_error", "The import broke on our side.", "cannot be written"),
    ],
)
def test_a_run_ends_with_the_error_that_broke_it(
    database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    code: str,
    message: str,
    logged: str,
) -> None:
    def broken(*_: Any) -> None:
        raise error

    monkeypatch.setattr(worker, "run_task", broken)
    run = Run(kind="enrich", name="a list")
    database.put_run(run)
    assert execute(database, tmp_path, run.id, build=False) == "failed"
    ended = database.get_run(run.id)
    assert (ended.error["code"], ended.error["message"]) == (code, message)
    assert logged in caplog.text
    assert ("Traceback" in caplog.text) == (logged == "Traceback"), "a line says what is no fault of ours"
