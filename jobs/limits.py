"""Limits of open runs and of stored rows, for one browser and for all browsers together.

A request beyond a limit is refused before any work is done for it. The operator's runs (no owner) have no limits.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace

from config import MEGABYTE, WorkLimits
from store.database import Database
from store.errors import TastemapError
from store.runs import LONG_KINDS, Run

_RETRY_SECONDS = 60
_LEAST_ROWS = 20


class TooManyRuns(TastemapError):  # noqa: N818 - a limit, not a fault
    """More runs are open, or more rows stored, than are allowed. ``retry_after_s`` says when to try again."""

    code = "too_many_runs"
    retry_after_s = _RETRY_SECONDS


def check_open(limits: WorkLimits, unended: Iterable[Run], new: Iterable[Run]) -> None:
    """Raise TooManyRuns if ``new`` and ``unended`` runs together are too many, or their files too large."""
    unended = [run for run in unended if run.owner is not None]
    new = [run for run in new if run.owner is not None]
    for long, each, most in (
        (False, limits.runs_each, limits.runs_all),
        (True, limits.long_runs_each, limits.long_runs_all),
    ):
        _check(
            [run for run in new if (run.kind in LONG_KINDS) == long],
            [run for run in unended if (run.kind in LONG_KINDS) == long],
            lambda _run: 1,
            each,
            most,
            "runs of this sort",
            str,
        )
    _check(
        new,
        unended,
        lambda run: 0 if run.source or run.request else run.bytes_total or 0,
        limits.waiting_mb_each * MEGABYTE,
        limits.waiting_mb_all * MEGABYTE,
        "of files",
        lambda size: f"{size / MEGABYTE:.0f} MB",
    )


def _check(
    new: list[Run],
    open_runs: list[Run],
    size: Callable[[Run], int],
    each: int,
    most: int,
    what: str,
    shown: Callable[[int], str],
) -> None:
    if not new:
        return
    by_owner, added = _sums(open_runs, size), _sums(new, size)
    for owner, more in added.items():
        if by_owner[owner] + more > each:
            raise TooManyRuns(
                f"No more than {shown(each)} {what} may be open at once; {shown(by_owner[owner])} of yours are.",
                "Wait until some have ended, or cancel some.",
            )
    if by_owner.total() + added.total() > most:
        raise TooManyRuns(
            f"No more than {shown(most)} {what} may be open here at once, and others have them.", "Try again later."
        )


def _sums(runs: Iterable[Run], size: Callable[[Run], int]) -> Counter[str | None]:
    sums: Counter[str | None] = Counter()
    for run in runs:
        sums[run.owner] += size(run)
    return sums


def with_room(limits: WorkLimits, database: Database, run: Run) -> Run:
    """Return ``run`` with the number of rows that it may import.

    Raises TooManyRuns if the owner, or all owners together, have no rows left.
    """
    if run.owner is None:
        return run
    return replace(run, most_rows=min(limits.rows, require_rows(limits, database, run.owner)))


def require_rows(limits: WorkLimits, database: Database, owner: str, wanted: int = 1) -> int:
    """Return how many rows the playlists of ``owner`` may grow by; raises TooManyRuns if that is less than ``wanted``.

    A playlist counts as _LEAST_ROWS rows at least: lists of playlists must not grow without end either.
    """
    kept: Counter[str] = Counter()
    for playlist in database.fields_of("playlists", ["owner", "item_count"]):
        if playlist.get("owner"):
            kept[playlist["owner"]] += max(playlist.get("item_count", 0), _LEAST_ROWS)
    left, left_in_all = limits.rows_each - kept[owner], limits.rows_all - kept.total()
    if left < wanted:
        raise TooManyRuns(
            f"No more than {limits.rows_each} rows of playlists may be kept for one browser.",
            "Delete a playlist first.",
        )
    if left_in_all < wanted:
        raise TooManyRuns(f"No more than {limits.rows_all} rows of playlists may be kept here.", "Ask the operator.")
    return min(left, left_in_all)
