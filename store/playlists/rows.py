"""Changes the rows of a stored playlist: adds some at the end, removes some, or puts some in between.

Adding and removing are idempotent, so they can be repeated after a kill. Only pages from the first changed row on are
written. A kill between two pages may show a row twice, but never loses one: where rows move towards the end, the last
page is written first. Changes of one playlist at the same time, of any process or host, are made one after another: a
lease in the document of the playlist lets only one of them read and write rows. It is renewed while they are written.
"""

import secrets
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

from store.database import PAGE_ITEMS, Database
from store.domain import Playlist, PlaylistItem
from store.errors import StoreDown
from store.runs import now

# Most changes take some milliseconds; those of many thousand rows take longer. The change of a killed process keeps the
# others waiting for the length of its lease.
_LEASE = timedelta(seconds=10)
_WAIT_SECONDS, _PAUSE_SECONDS = 15.0, 0.02
_READ_AT_ONCE = 20 * PAGE_ITEMS

# Identifies a row: the id of its track, and when it was added.
RowKey = tuple[str, object]


def people_of(rows: Iterable[PlaylistItem]) -> Counter[str]:
    """Return how many of the rows each person has added."""
    return Counter(row.added_by for row in rows if row.added_by)


def all_rows(database: Database, playlist: Playlist) -> list[PlaylistItem]:
    """Return the rows of a playlist, including those that a killed change stored but did not count."""
    return list(_rows(database, playlist, lambda: None))


def _rows(database: Database, playlist: Playlist, renew: Callable[[], None]) -> Iterator[PlaylistItem]:
    end = playlist.item_count + PAGE_ITEMS
    for first in range(0, end, _READ_AT_ONCE):
        renew()
        yield from database.playlist_items(playlist.id, first, min(_READ_AT_ONCE, end - first))


def add_rows(database: Database, playlist: Playlist, rows: Sequence[PlaylistItem]) -> None:
    """Append those of ``rows`` whose tracks are not in the playlist yet, in their order."""
    stored = all_rows(database, playlist)
    if len(stored) == playlist.item_count and {row.track_id for row in rows} <= {row.track_id for row in stored}:
        return

    def appended(stored: list[PlaylistItem]) -> list[PlaylistItem]:
        known = {row.track_id for row in stored}
        return [*stored, *(row for row in {row.track_id: row for row in rows}.values() if row.track_id not in known)]

    change_rows(database, playlist, appended)


def remove_rows(database: Database, playlist: Playlist, keys: Collection[RowKey]) -> None:
    """Remove the rows with these keys from the playlist."""
    change_rows(database, playlist, lambda stored: [row for row in stored if (row.track_id, row.added_at) not in keys])


Change = Callable[[list[PlaylistItem]], list[PlaylistItem]]


def change_rows(database: Database, playlist: Playlist, *changes: Change) -> None:
    """Store what each of ``changes`` makes of the rows, one after another, while nobody else changes them.

    What one raises leaves the rows as the one before stored them. A row that changes its place is put there first, and
    taken away in a second change.
    """
    with _changing(database, playlist) as (current, renew):
        if current is None:
            return
        before = list(_rows(database, current, renew))
        for change in changes:
            after = change(before)
            _store(database, current, before, after, renew)
            before = after


@contextmanager
def _changing(database: Database, playlist: Playlist) -> Iterator[tuple[Playlist | None, Callable[[], None]]]:
    """Hold the lease of a playlist, and yield the playlist as it is then, None if it has been deleted.

    Also yields a function that renews the lease, and raises StoreDown if it has been lost.

    Raises StoreDown if others hold the lease all the time.
    """
    token, until = secrets.token_hex(8), time.monotonic() + _WAIT_SECONDS
    while not _lease(database, playlist.id, token) and database.playlist(playlist.id) is not None:
        if time.monotonic() > until:
            raise StoreDown(f"The playlist {playlist.name!r} is being changed by many at once.", "Try again.")
        time.sleep(_PAUSE_SECONDS)
    try:
        yield database.playlist(playlist.id), _renewing(database, playlist, token)
    finally:
        unset = ("changing", "changing_until")
        database.change_document("playlists", playlist.id, {}, where={"changing": token}, unset=unset)


def _renewing(database: Database, playlist: Playlist, token: str) -> Callable[[], None]:
    renew_at = now() + _LEASE / 4

    def renew() -> None:
        nonlocal renew_at
        moment = now()
        if moment < renew_at:
            return
        renew_at = moment + _LEASE / 4
        until = {"changing_until": moment + _LEASE}
        if not database.change_document("playlists", playlist.id, until, where={"changing": token}):
            raise StoreDown(f"The playlist {playlist.name!r} has been changed or deleted meanwhile.", "Load it again.")

    return renew


def _lease(database: Database, playlist_id: str, token: str) -> bool:
    moment = now()
    mine = {"changing": token, "changing_until": moment + _LEASE}
    # A lease that ends later than any that is taken now was taken before the clock was set back.
    free = ({"changing": None}, {"changing_until": {"$lt": moment}}, {"changing_until": {"$gt": moment + 2 * _LEASE}})
    return any(database.change_document("playlists", playlist_id, mine, where=where) for where in free)


def _store(
    database: Database,
    playlist: Playlist,
    before: list[PlaylistItem],
    after: list[PlaylistItem],
    renew: Callable[[], None],
) -> None:
    """Store the rows ``after`` from the first on that ``before`` did not have in its place."""
    same = min(len(before), len(after))
    changed = next((at for at in range(same) if before[at] is not after[at]), same)
    pages = range(changed // PAGE_ITEMS, -(-len(after) // PAGE_ITEMS))
    moves_on = len(after) > len(before) > changed
    for page in reversed(pages) if moves_on else pages:
        renew()
        database.put_page(playlist.id, page, after[page * PAGE_ITEMS : (page + 1) * PAGE_ITEMS])
    database.cut_playlist(playlist.id, len(after), len(before))
    counts = {"item_count": len(after), "contributors": [list(pair) for pair in people_of(after).items()]}
    # put_playlist would create a playlist again that has been deleted meanwhile.
    database.change_document("playlists", playlist.id, counts)
