"""Limits of open runs and of stored rows: for one browser, for all browsers of one network, and for all together.

A request beyond a limit is refused before any work is done for it, except that a file is copied first where only its
digest tells whether it takes the place of an earlier copy. The operator's runs (no owner) have no limits.

A network may have as much as is left free, so that many browsers of one network cannot take what all share: one network
alone gets half of it, the next one half of the rest, and some is always left for others. Switches share their memory
between ports by this rule (A. K. Choudhury and E. L. Hahne, "Dynamic queue length thresholds for shared-memory packet
switches", IEEE/ACM Transactions on Networking 6, 1998).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from config import MEGABYTE, WorkLimits
from store.database import Database
from store.domain import playlist_id
from store.errors import TastemapError
from store.networks import networks_of
from store.runs import LONG_KINDS, Run

_RETRY_SECONDS = 60
_LEAST_ROWS = 20
# Of so many playlists of a file an earlier copy is looked for.
_MOST_COPIES = 1000


class TooManyRuns(TastemapError):  # noqa: N818 - a limit, not a fault
    """More runs are open, or more rows stored, than are allowed. ``retry_after_s`` says when to try again."""

    code = "too_many_runs"
    retry_after_s = _RETRY_SECONDS


@dataclass(frozen=True, slots=True)
class _Limit:
    """What counts, how much of it one browser and all together may have, and how that is written."""

    size: Callable[[Run], int]
    each: int
    most: int
    what: str
    shown: Callable[[int], str] = str


def check_open(
    limits: WorkLimits, unended: Iterable[Run], new: Iterable[Run], networks: Mapping[str | None, str]
) -> None:
    """Raise TooManyRuns if ``new`` and ``unended`` runs together are too many, or their files too large.

    ``networks`` has the network of each owner; one that is not in it, such as the operator's browser, has no limits of
    a network.
    """
    unended = [run for run in unended if run.owner is not None]
    new = [run for run in new if run.owner is not None]
    what = "runs of this sort"
    for limit in (
        _Limit(lambda run: run.kind not in LONG_KINDS, limits.runs_each, limits.runs_all, what),
        _Limit(lambda run: run.kind in LONG_KINDS, limits.long_runs_each, limits.long_runs_all, what),
        _Limit(
            lambda run: 0 if run.source or run.request else run.bytes_total or 0,
            limits.waiting_mb_each * MEGABYTE,
            limits.waiting_mb_all * MEGABYTE,
            "of files",
            lambda size: f"{size / MEGABYTE:.0f} MB",
        ),
    ):
        _check(limit, _sums(unended, limit), _sums(new, limit), networks)


def _check(
    limit: _Limit, open_here: Counter[str | None], added: Counter[str | None], networks: Mapping[str | None, str]
) -> None:
    shown, what = limit.shown, limit.what
    for owner, more in added.items():
        if more and open_here[owner] + more > limit.each:
            raise TooManyRuns(
                f"No more than {shown(limit.each)} {what} may be open at once; {shown(open_here[owner])} of yours are.",
                "Wait until some have ended, or cancel some.",
            )
    left = limit.most - open_here.total() - added.total()
    if added.total() and left < 0:
        raise TooManyRuns(
            f"No more than {shown(limit.most)} {what} may be open here at once, and others have them.",
            "Try again later.",
        )
    of_networks = _by_network(open_here, networks)
    for network, more in _by_network(added, networks).items():
        # A network without any gets what there is: else nobody could bring a file larger than half of the room.
        if of_networks[network] and more and of_networks[network] + more > left:
            raise TooManyRuns(
                f"The browsers of your network have {shown(of_networks[network])} {what} open; the rest is for others.",
                "Try again later.",
            )


def _sums(runs: Iterable[Run], limit: _Limit) -> Counter[str | None]:
    sums: Counter[str | None] = Counter()
    for run in runs:
        sums[run.owner] += limit.size(run)
    return sums


def _by_network(sums: Mapping[str | None, int], networks: Mapping[str | None, str]) -> Counter[str]:
    by_network: Counter[str] = Counter()
    for owner, size in sums.items():
        if owner in networks:
            by_network[networks[owner]] += size
    return by_network


def with_room(limits: WorkLimits, database: Database, run: Run) -> Run:
    """Return ``run`` with the number of rows that it may import.

    Raises TooManyRuns if the owner, the owner's network, or all owners together have no rows left.
    """
    if run.owner is None:
        return run
    replaced = (*run.playlist_ids, *(playlist_id(run.owner, run.sha256, n) for n in range(_MOST_COPIES) if run.sha256))
    return replace(run, most_rows=min(limits.rows, require_rows(limits, database, run.owner, but=replaced)))


def require_rows(
    limits: WorkLimits, database: Database, owner: str, wanted: int = 1, *, but: Iterable[str] = ()
) -> int:
    """Return how many rows the playlists of ``owner`` may grow by; raises TooManyRuns if that is less than ``wanted``.

    A playlist counts as _LEAST_ROWS rows at least: lists of playlists must not grow without end either. The playlists
    ``but`` do not count: a run that continues, or imports the same file again, stores them anew.
    """
    kept, ignored = Counter[str | None](), frozenset(but)
    for playlist in database.fields_of("playlists", ["owner", "item_count"]):
        if playlist.get("owner") and playlist["_id"] not in ignored:
            kept[playlist["owner"]] += max(playlist.get("item_count", 0), _LEAST_ROWS)
    left, left_in_all = limits.rows_each - kept[owner], limits.rows_all - kept.total()
    if left < wanted:
        raise TooManyRuns(
            f"No more than {limits.rows_each} rows of playlists may be kept for one browser.",
            "Delete a playlist first.",
        )
    if left_in_all < wanted:
        raise TooManyRuns(f"No more than {limits.rows_all} rows of playlists may be kept here.", "Ask the operator.")
    left_of_network = _left_of_network(kept, left_in_all, owner, networks_of(database, {*kept, owner}))
    if left_of_network < wanted:
        raise TooManyRuns(
            "The browsers of your network have so many rows of playlists that the rest is for others.",
            "Delete a playlist first.",
        )
    return min(left, left_in_all, left_of_network)


def _left_of_network(
    kept: Mapping[str | None, int], left_in_all: int, owner: str, networks: Mapping[str | None, str]
) -> int:
    """Return how much the network of ``owner`` may grow until it has as much as is left free."""
    if owner not in networks:
        return left_in_all
    of_network = _by_network(kept, networks)[networks[owner]]
    return (left_in_all - of_network) // 2 if of_network else left_in_all
