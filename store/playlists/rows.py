"""Adds rows at the end of a stored playlist, and removes rows.

Both are idempotent, so they can be repeated after a kill. Only pages from the first changed row on are written. A kill
between two pages may show a later row twice, but never loses one. Changes of one playlist at the same time, of any
process or host, are made one after another: a lease in the document of the playlist lets only one of them read and
write rows.
"""

import secrets
import time
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

from store.database import PAGE_ITEMS, Database
from store.domain import Playlist, PlaylistItem
from store.errors import StoreDown
from store.runs import now

# A change takes some milliseconds. That of a killed process keeps the others waiting for the length of its lease.
_LEASE = timedelta(seconds=10)
_WAIT_SECONDS, _PAUSE_SECONDS = 15.0, 0.02

# Identifies a row: the id of its track, and when it was added.
RowKey = tuple[str, object]


def all_rows(database: Database, playlist: Playlist) -> list[PlaylistItem]:
    """Return the rows of a playlist, including those that a killed change stored but did not count."""
    return database.playlist_items(playlist.id, limit=playlist.item_count + PAGE_ITEMS)


def add_rows(database: Database, playlist: Playlist, rows: Sequence[PlaylistItem]) -> None:
    """Append those of ``rows`` whose tracks are not in the playlist yet, in their order."""
    stored = all_rows(database, playlist)
    if len(stored) == playlist.item_count and {row.track_id for row in rows} <= {row.track_id for row in stored}:
        return
    with _changing(database, playlist) as current:
        if current is None:
            return
        stored = all_rows(database, current)
        known = {row.track_id for row in stored}
        new = [row for row in {row.track_id: row for row in rows}.values() if row.track_id not in known]
        _store(database, current, [*stored, *new], changed=len(stored), before=len(stored))


def remove_rows(database: Database, playlist: Playlist, keys: Collection[RowKey]) -> None:
    """Remove the rows with these keys from the playlist."""
    with _changing(database, playlist) as current:
        if current is None:
            return
        stored = all_rows(database, current)
        kept = [row for row in stored if (row.track_id, row.added_at) not in keys]
        moved = (at for at, (before, after) in enumerate(zip(stored, kept, strict=False)) if before is not after)
        _store(database, current, kept, changed=next(moved, len(kept)), before=len(stored))


@contextmanager
def _changing(database: Database, playlist: Playlist) -> Iterator[Playlist | None]:
    """Hold the lease of a playlist, and yield the playlist as it is then, None if it has been deleted.

    Raises StoreDown if others hold the lease all the time.
    """
    token, until = secrets.token_hex(8), time.monotonic() + _WAIT_SECONDS
    while not _lease(database, playlist.id, token) and database.playlist(playlist.id) is not None:
        if time.monotonic() > until:
            raise StoreDown(f"The playlist {playlist.name!r} is being changed by many at once.", "Try again.")
        time.sleep(_PAUSE_SECONDS)
    try:
        yield database.playlist(playlist.id)
    finally:
        unset = ("changing", "changing_until")
        database.change_document("playlists", playlist.id, {}, where={"changing": token}, unset=unset)


def _lease(database: Database, playlist_id: str, token: str) -> bool:
    moment = now()
    mine = {"changing": token, "changing_until": moment + _LEASE}
    # A lease that ends later than any that is taken now was taken before the clock was set back.
    free = ({"changing": None}, {"changing_until": {"$lt": moment}}, {"changing_until": {"$gt": moment + 2 * _LEASE}})
    return any(database.change_document("playlists", playlist_id, mine, where=where) for where in free)


def _store(database: Database, playlist: Playlist, rows: Sequence[PlaylistItem], *, changed: int, before: int) -> None:
    """Store ``rows`` from position ``changed`` on; the playlist had ``before`` rows."""
    for page in range(changed // PAGE_ITEMS, -(-len(rows) // PAGE_ITEMS)):
        database.put_page(playlist.id, page, rows[page * PAGE_ITEMS : (page + 1) * PAGE_ITEMS])
    database.cut_playlist(playlist.id, len(rows), before)
    people = Counter(row.added_by for row in rows if row.added_by)
    counts = {"item_count": len(rows), "contributors": [list(pair) for pair in people.items()]}
    # put_playlist would create a playlist again that has been deleted meanwhile.
    database.change_document("playlists", playlist.id, counts)
