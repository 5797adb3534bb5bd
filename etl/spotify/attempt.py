"""An attempt of a run with a connected account: its session and staged pages, and what Spotify's failures mean."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from etl.providers.base import FaultKind, NotThere, SourceFault
from etl.spotify.accounts import Account, Accounts, NotConnected, Session
from etl.task import Task
from store.database import Database
from store.runs import Cancelled, ImportProblem, Postponed, now

SOURCE = "spotify"
# The source of playlists and tracks that came by the login.
KIND = "spotify login"
# The kind of runs that write a playlist.
WRITE = "spotify-write"
_MOST_FAULTS = 5
_FAULT_PAUSE_SECONDS = 30.0
_LIMIT_PAUSE_SECONDS = 60.0
COLLECTION = "spotify_pages"


class Staging:
    """The pages of one run, each under the offset of its first row."""

    def __init__(self, database: Database, run_id: str) -> None:
        self._database, self._run_id = database, run_id

    def put(self, offset: int, rows: list[Any]) -> None:
        """Store the rows from ``offset`` on."""
        self._database.put_document(COLLECTION, {"_id": self._name(offset), "rows": rows})

    def rows(self, end: int) -> Iterator[Any]:
        """Yield the rows up to the offset ``end``."""
        at = 0
        while at < end and (page := self._database.get_document(COLLECTION, self._name(at))):
            yield from page["rows"]
            at += len(page["rows"])

    def clear(self) -> None:
        """Delete all pages of the run."""
        _delete(self._database, {self._run_id})

    def _name(self, offset: int) -> str:
        return f"{self._run_id}:{offset:06d}"


def sweep(database: Database) -> None:
    """Delete the pages of runs that have ended without clearing them."""
    runs = {name.partition(":")[0] for name in database.names_where(COLLECTION, {})}
    _delete(database, {run_id for run_id in runs if (run := database.get_run(run_id)) is None or run.ended})


def _delete(database: Database, run_ids: set[str]) -> None:
    names = database.names_where(COLLECTION, {}) if run_ids else []
    database.delete_documents(COLLECTION, [name for name in names if name.partition(":")[0] in run_ids])


@contextmanager
def attempt(
    task: Task, cursor: dict[str, Any], staging: Staging, *, gone: ImportProblem, refused: ImportProblem
) -> Iterator[tuple[Session, Account]]:
    """Yield a session of the run's owner. The staging is cleared when the run ends, and stays if it goes on later.

    ``cursor["faults"]`` counts the failures in a row; moving the cursor sets it to 0.

    Raises
    ------
    ImportProblem
        ``gone`` for 404, ``refused`` for what this app may not do, otherwise with Spotify's message. Also if the
        account is no longer connected.
    Postponed
        Spotify is limited or not reachable for a while.
    """
    sweep(task.database)
    accounts, owner = Accounts(task.database, task.engine.vault), task.run.owner
    try:
        account = accounts.get(owner)
        if owner is None or account is None:
            raise NotConnected
        yield Session(accounts, owner, task.engine.channel(SOURCE)), account
    except NotThere as answer:
        staging.clear()
        raise gone from answer
    except SourceFault as fault:
        ending = _pause(task, cursor, fault) or _problem(fault, refused)
        if isinstance(ending, ImportProblem):
            staging.clear()
        raise ending from fault
    except (ImportProblem, Cancelled):
        staging.clear()
        raise
    staging.clear()


def _pause(task: Task, cursor: dict[str, Any], fault: SourceFault) -> Postponed | None:
    """Return the pause after which a retry may help, None if none does."""
    if fault.kind is FaultKind.LIMITED:
        return _postponed(fault, fault.retry_after_s or _LIMIT_PAUSE_SECONDS)
    faults = cursor["faults"] + 1
    if fault.kind not in {FaultKind.UNREACHABLE, FaultKind.GARBLED} or faults > _MOST_FAULTS:
        return None
    task.report.record(cursor=cursor | {"faults": faults})
    return _postponed(fault, _FAULT_PAUSE_SECONDS * faults)


def _postponed(fault: SourceFault, seconds: float) -> Postponed:
    return Postponed(f"waiting for Spotify: {fault.message}", now() + timedelta(seconds=seconds))


def _problem(fault: SourceFault, refused: ImportProblem) -> ImportProblem:
    return refused if fault.kind is FaultKind.ABSENT else ImportProblem("spotify", fault.message, fault.hint)
