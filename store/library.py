"""The tracks that a viewer sees, from the database and the catalogue together, merged as :mod:`store.gaps` says."""

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor

from store.catalogue.catalogue import COLLECTION, OWN, Catalogue, Snapshot
from store.database import Database
from store.domain import Track
from store.gaps import merged

# Tracks of one question to the database, of two at a time.
_AT_ONCE = 500


def tracks_by_id(
    snapshot: Snapshot, database: Database, ids: Collection[str], viewer: str | None = None
) -> dict[str, Track]:
    """Return the known tracks of ``ids``: the viewer's own rows, the catalogue's, and the database's where it has none.

    ``snapshot`` is that of the viewer. A viewer without rows of their own costs no question to the database more.
    """
    own = database.own_tracks(ids, viewer) if viewer is not None else {}
    known = _with_catalogue(snapshot, own, ids)
    return known | database.get_tracks({track_id for track_id in ids if track_id not in known})


def tracks_of_playlist(
    snapshot: Snapshot, database: Database, owner: str | None, ids: Collection[str]
) -> dict[str, Track]:
    """Return the tracks of a playlist as its owner brought them, their gaps filled from the shared layer.

    ``owner`` is that of the playlist: whoever may open it sees its rows. ``snapshot`` is that of the shared layer.
    """
    if len(ids) <= _AT_ONCE:
        return _with_catalogue(snapshot, database.get_tracks(ids, owner), ids)
    wanted = list(ids)
    parts = [wanted[at : at + _AT_ONCE] for at in range(0, len(wanted), _AT_ONCE)]
    known: dict[str, Track] = {}
    # While the database looks for some, the catalogue has those before; its answers are read meanwhile, too.
    with ThreadPoolExecutor(2) as asking:
        for part, stored in zip(parts, asking.map(lambda part: database.get_tracks(part, owner), parts), strict=True):
            known |= _with_catalogue(snapshot, stored, part)
    return known


def shown_tracks(catalogue: Catalogue, database: Database, owner: str | None, ids: Collection[str]) -> dict[str, Track]:
    """Return the tracks of a playlist as :func:`tracks_of_playlist` does, in a fraction of its time: for what is shown.

    What the catalogue has of the playlist's owner (None: of the installation) is read there, the rest in the database.
    It lacks the ids at services, the addresses of artists, the details of albums and the sources of single values.
    What a run under way has found of a known track appears when the run has ended.
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
