"""Single rows of a stored playlist: to add them at its end, and to take them out again.

Both may be repeated after a kill: rows that are there are not added again, rows that are gone are not missed. Rows
before those of a change stay where they are; a kill between two pages may show a row behind it twice, never lose one.
"""

from collections import Counter
from collections.abc import Collection, Sequence

from store.database import PAGE_ITEMS, Database
from store.domain import Playlist, PlaylistItem

# A row as a change names it: the id of its track, and when it was added.
RowKey = tuple[str, object]


def all_rows(database: Database, playlist: Playlist) -> list[PlaylistItem]:
    """Return the rows of a playlist, also those that a killed change stored and did not count."""
    return database.playlist_items(playlist.id, limit=playlist.item_count + PAGE_ITEMS)


def add_rows(database: Database, playlist: Playlist, rows: Sequence[PlaylistItem]) -> None:
    """Add ``rows`` whose tracks are not in the playlist yet at its end, in their order."""
    stored = all_rows(database, playlist)
    known = {row.track_id for row in stored}
    new = [row for row in {row.track_id: row for row in rows}.values() if row.track_id not in known]
    if not new and len(stored) == playlist.item_count:
        return
    _store(database, playlist, [*stored, *new], changed=len(stored), before=len(stored))


def remove_rows(database: Database, playlist: Playlist, keys: Collection[RowKey]) -> None:
    """Take the rows of these tracks that were added at these times out of the playlist."""
    stored = all_rows(database, playlist)
    kept = [row for row in stored if (row.track_id, row.added_at) not in keys]
    moved = (at for at, (before, after) in enumerate(zip(stored, kept, strict=False)) if before is not after)
    _store(database, playlist, kept, changed=next(moved, len(kept)), before=len(stored))


def _store(database: Database, playlist: Playlist, rows: Sequence[PlaylistItem], *, changed: int, before: int) -> None:
    """Store ``rows`` from the row ``changed`` on, where there were ``before`` in all."""
    for page in range(changed // PAGE_ITEMS, -(-len(rows) // PAGE_ITEMS)):
        database.put_page(playlist.id, page, rows[page * PAGE_ITEMS : (page + 1) * PAGE_ITEMS])
    database.cut_playlist(playlist.id, len(rows), before)
    people = Counter(row.added_by for row in rows if row.added_by)
    counts = {"item_count": len(rows), "contributors": [list(pair) for pair in people.items()]}
    # Not put_playlist: one that has been deleted meanwhile stays so.
    database.change_document("playlists", playlist.id, counts)
