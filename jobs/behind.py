"""Tells whether the catalogue on this disk lacks what the database or the tables have.

Nothing here loads pyarrow: gunicorn's master looks at every start, and its web processes would have it by their fork.
"""

from pathlib import Path

from store.catalogue.catalogue import COLLECTION, Catalogue, CatalogueError, owner_root
from store.catalogue.damage import damage
from store.database import Database
from store.documents import OWN_TRACKS


def catalogue_is_behind(database: Database, var: Path) -> bool:
    """Say whether the catalogue on this disk is damaged, of another version, or without what the database holds.

    The last is what a host with a disk that does not stay finds at every start. Compares with the numbers of the
    last :meth:`~store.database.Database.refresh_counts`.
    """
    return bool(damage(var / "catalogue")) or collection_is_behind(database, var) or bool(_owners_behind(database, var))


def collection_is_behind(database: Database, var: Path) -> bool:
    try:
        counts = segments_of(var)
    except CatalogueError:
        return True
    return counts.get(COLLECTION, 0) < database.counts()["tracks"]


def _owners_behind(database: Database, var: Path) -> set[str]:
    """Return the owners of playlists whose own tracks this disk has no segment of."""
    lacking = {owner for owner in owners_of_playlists(database) if not _has_own(var, owner)}
    return {owner for owner in lacking if database.names_where(OWN_TRACKS, {"owner": owner})}


def owners_of_playlists(database: Database) -> set[str]:
    return {row["owner"] for row in database.fields_of("playlists", ["owner"])} - {None}


def _has_own(var: Path, owner: str) -> bool:
    try:
        return bool(len(Catalogue(owner_root(var / "catalogue", owner)).current()))
    except CatalogueError:
        return False


def segments_of(var: Path) -> dict[str, int]:
    """Return the segments of the catalogue and how many tracks each holds; raises CatalogueError."""
    return {segment.name: segment.count for segment in Catalogue(var / "catalogue").current().segments}
