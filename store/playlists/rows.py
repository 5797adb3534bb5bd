"""Adds rows at the end of a stored playlist, and removes rows.

Both are idempotent, so they can be repeated after a kill. Only pages from the first changed row on are written. A kill
between two pages may show a later row twice, but never loses one.
"""

from collections import Counter
from collections.abc import Collection, Sequence

from store.database import PAGE_ITEMS, Database
from store.domain import Playlist, PlaylistItem

# Identifies a row: the id of its track, and when it was added.
RowKey = tuple[str, object]


def all_rows(database: Database, playlist: Playlist) -> list[PlaylistItem]:
    """Return the rows of a playlist, including those that a killed change stored but did not count."""
    return database.playlist_items(playlist.id, limit=playlist.item_count + PAGE_ITEMS)


def add_rows(database: Database, playlist: Playlist, rows: Sequence[PlaylistItem]) -> None:
    """Append those of ``rows`` whose tracks are not in the playlist yet, in their order."""
    stored = all_rows(database, playlist)
    known = {row.track_id for row in stored}
    new = [row for row in {row.track_id: row for row in rows}.values() if row.track_id not in known]
    if not new and len(stored) == playlist.item_count:
        return
    _store(database, playlist, [*stored, *new], changed=len(stored), before=len(stored))


def remove_rows(database: Database, playlist: Playlist, keys: Collection[RowKey]) -> None:
    """Remove the rows with these keys from the playlist."""
    stored = all_rows(database, playlist)
    kept = [row for row in stored if (row.track_id, row.added_at) not in keys]
    moved = (at for at, (before, after) in enumerate(zip(stored, kept, strict=False)) if before is not after)
    _store(database, playlist, kept, changed=next(moved, len(kept)), before=len(stored))


def _store(database: Database, playlist: Playlist, rows: Sequence[PlaylistItem], *, changed: int, before: int) -> None:
    """Store ``rows`` from position ``changed`` on; the playlist had ``before`` rows."""
    for page in range(changed // PAGE_ITEMS, -(-len(rows) // PAGE_ITEMS)):
        database.put_page(playlist.id, page, rows[page * PAGE_ITEMS : (page + 1) * PAGE_ITEMS])
    database.cut_playlist(playlist.id, len(rows), before)
    people = Counter(row.added_by for row in rows if row.added_by)
    counts = {"item_count": len(rows), "contributors": [list(pair) for pair in people.items()]}
    # put_playlist would create a playlist again that has been deleted meanwhile.
    database.change_document("playlists", playlist.id, counts)
