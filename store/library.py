"""The tracks that a viewer sees, from the database and the catalogue, merged by the rule of :mod:`store.gaps`."""

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor

from store.catalogue.catalogue import COLLECTION, OWN, Catalogue, Snapshot
from store.database import Database
from store.domain import Track
from store.gaps import merged

# How many tracks one query to the database asks for; two queries run at a time.
_AT_ONCE = 500


def tracks_by_id(
    snapshot: Snapshot, database: Database, ids: Collection[str], viewer: str | None = None
) -> dict[str, Track]:
    """Return the known tracks of ``ids``, from the viewer's own rows, then the catalogue, then the database.

    ``snapshot`` is the viewer's snapshot of the catalogue.
    """
    own = database.own_tracks(ids, viewer) if viewer is not None else {}
    known = _with_catalogue(snapshot, own, ids)
    return known | database.get_tracks({track_id for track_id in ids if track_id not in known})


def tracks_of_playlist(
    snapshot: Snapshot, database: Database, owner: str | None, ids: Collection[str]
) -> dict[str, Track]:
    """Return the tracks of a playlist as its owner imported them, with gaps filled from the shared layer.

    ``owner`` is the playlist's owner, not the viewer. ``snapshot`` is that of the shared layer.
    """
    if len(ids) <= _AT_ONCE:
        return _with_catalogue(snapshot, database.get_tracks(ids, owner), ids)
    wanted = list(ids)
    parts = [wanted[at : at + _AT_ONCE] for at in range(0, len(wanted), _AT_ONCE)]
    known: dict[str, Track] = {}
    # While the database looks for the next parts, the catalogue fills the gaps of this one.
    with ThreadPoolExecutor(2) as pool:
        for part, stored in zip(parts, pool.map(lambda part: database.get_tracks(part, owner), parts), strict=True):
            known |= _with_catalogue(snapshot, stored, part)
    return known


def shown_tracks(catalogue: Catalogue, database: Database, owner: str | None, ids: Collection[str]) -> dict[str, Track]:
    """Return the tracks of a playlist for display: like :func:`tracks_of_playlist`, but much faster.

    Tracks that the catalogue has from the playlist's owner (None: the installation) are not read from the database.
    These lack ids at services, addresses of artists, details of albums and the sources of single values, and they do
    not show what an unfinished run has found.
    """
    snapshot = catalogue.current(owner)
    known = snapshot.tracks(ids, COLLECTION if owner is None else OWN)
    rest = [track_id for track_id in ids if track_id not in known]
    return known | tracks_of_playlist(catalogue.current(), database, owner, rest) if rest else known


def _with_catalogue(snapshot: Snapshot, stored: dict[str, Track], ids: Collection[str]) -> dict[str, Track]:
    known = dict(stored)
    for track_id in ids:
        if (ref := snapshot.find(track_id)) is not None:
            track = snapshot.track(ref)
            known[track_id] = merged(stored[track_id], track) if track_id in stored else track
    return known
