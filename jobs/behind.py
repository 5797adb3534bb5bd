"""Tells whether the catalogue on this disk lacks tracks that the database has.

This module must not load pyarrow: gunicorn's master imports it, and every web process would carry pyarrow's memory.
"""

from pathlib import Path

from store.catalogue.catalogue import COLLECTION, Catalogue, CatalogueError, owner_root
from store.catalogue.damage import damage
from store.database import Database
from store.documents import OWN_TRACKS


def catalogue_is_behind(database: Database, var: Path) -> bool:
    """Return whether the catalogue on this disk is damaged, of another version, or lacks tracks of the database.

    Tracks are missing at every start on a host that does not keep its disk. The comparison uses the counts of the
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
    """Return the owners of playlists whose own tracks have no segment on this disk."""
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
    """Return the number of tracks in each segment of the catalogue, by the segment's name; raises CatalogueError."""
    return {segment.name: segment.count for segment in Catalogue(var / "catalogue").current().segments}
