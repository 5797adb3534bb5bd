"""One attempt of a run with a connected account: its session, and what Spotify's failures mean for the run."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from etl.providers.base import FaultKind, NotThere, SourceFault
from etl.spotify.accounts import Account, Accounts, NotConnected, Session
from etl.spotify.staging import Staging, sweep
from etl.task import Task
from store.runs import Cancelled, ImportProblem, Postponed, now

SOURCE = "spotify"
_MOST_FAULTS = 5
_FAULT_PAUSE_SECONDS = 30.0
_LIMIT_PAUSE_SECONDS = 60.0


@contextmanager
def attempt(
    task: Task, staging: Staging, *, gone: ImportProblem, refused: ImportProblem
) -> Iterator[tuple[Session, Account]]:
    """Yield a session of the run's owner. The staging is cleared when the run ends, and stays if it goes on later.

    ``document["faults"]`` counts the failures in a row; moving the cursor sets it to 0.

    Raises
    ------
    ImportProblem
        ``gone`` for 404, ``refused`` for what this app may not do, otherwise with Spotify's message. Also if the
        account is no longer connected.
    Postponed
        Spotify is limited or not reachable for a while.
    """
    sweep(task.database)
    accounts, owner = Accounts(task.database, task.engine.vault), task.document["owner"]
    try:
        account = accounts.get(owner)
        if account is None:
            raise NotConnected
        yield Session(accounts, owner, task.engine.channel(SOURCE)), account
    except NotThere as answer:
        staging.clear()
        raise gone from answer
    except SourceFault as fault:
        ending = _pause(task, fault) or _problem(fault, refused)
        if isinstance(ending, ImportProblem):
            staging.clear()
        raise ending from fault
    except (ImportProblem, Cancelled):
        staging.clear()
        raise
    staging.clear()


def _pause(task: Task, fault: SourceFault) -> Postponed | None:
    """Return the pause after which a retry may help, None if none does."""
    if fault.kind is FaultKind.LIMITED:
        return _postponed(fault, fault.retry_after_s or _LIMIT_PAUSE_SECONDS)
    faults = task.document["faults"] + 1
    if fault.kind not in {FaultKind.UNREACHABLE, FaultKind.GARBLED} or faults > _MOST_FAULTS:
        return None
    task.report.record({"faults": faults})
    return _postponed(fault, _FAULT_PAUSE_SECONDS * faults)


def _postponed(fault: SourceFault, seconds: float) -> Postponed:
    return Postponed(f"waiting for Spotify: {fault.message}", now() + timedelta(seconds=seconds))


def _problem(fault: SourceFault, refused: ImportProblem) -> ImportProblem:
    return refused if fault.kind is FaultKind.ABSENT else ImportProblem("spotify", fault.message, fault.hint)
