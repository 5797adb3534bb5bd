"""The catalogue as runs leave it: whether it lacks something, and building it anew."""

from pathlib import Path

from etl.task import Show, silent
from store.catalogue.builder import build_collection, build_own, build_public
from store.catalogue.catalogue import COLLECTION, PUBLIC, Catalogue, CatalogueError, owner_root
from store.catalogue.damage import damage
from store.catalogue.tables import tables_there
from store.catalogue.writer import Step
from store.database import Database
from store.documents import OWN_TRACKS
from store.runs import Progress

# Runs that store in the layer of their owner alone.
_OWN_KINDS = frozenset({"playlist", "spotify", "delete"})


def catalogue_is_behind(database: Database, var: Path) -> bool:
    """Say whether the catalogue on this disk is damaged, of another version, or without what the database holds.

    The last is what a host with a disk that does not stay finds at every start. Compares with the numbers of the
    last :meth:`~store.database.Database.refresh_counts`.
    """
    return (
        bool(damage(var / "catalogue")) or _collection_is_behind(database, var) or bool(_owners_behind(database, var))
    )


def _collection_is_behind(database: Database, var: Path) -> bool:
    try:
        counts = segments_of(var)
    except CatalogueError:
        return True
    return counts.get(COLLECTION, 0) < database.counts()["tracks"]


def _owners_behind(database: Database, var: Path) -> set[str]:
    """Return the owners of playlists whose own tracks this disk has no segment of."""
    lacking = {owner for owner in _owners(database) if not _has_own(var, owner)}
    return {owner for owner in lacking if database.names_where(OWN_TRACKS, {"owner": owner})}


def _owners(database: Database) -> set[str]:
    return {row["owner"] for row in database.fields_of("playlists", ["owner"])} - {None}


def _has_own(var: Path, owner: str) -> bool:
    try:
        return bool(len(Catalogue(owner_root(var / "catalogue", owner)).current()))
    except CatalogueError:
        return False


def segments_of(var: Path) -> dict[str, int]:
    """Return the segments of the catalogue and how many tracks each holds; raises CatalogueError."""
    return {segment.name: segment.count for segment in Catalogue(var / "catalogue").current().segments}


def build_changed(database: Database, var: Path, runs: set[tuple[str | None, str | None]], show: Show) -> None:
    """Build what ``runs`` (kind and owner) have changed, and what the catalogue lacks otherwise."""
    if any(kind == "table" for kind, _ in runs) or (tables_there(var / "catalogue") and not _has_public(var)):
        build_public(var / "catalogue", _step(show))
    database.refresh_counts()
    shared = {kind for kind, owner in runs if owner is None or kind not in _OWN_KINDS} - {"table", "dataset"}
    if shared or _collection_is_behind(database, var):
        build_collection(var / "catalogue", database.all_tracks(), _step(show))
    for owner in sorted({owner for _, owner in runs if owner is not None}):
        build_own(var / "catalogue", owner, database.all_tracks(owner), _step(show))


def _has_public(var: Path) -> bool:
    try:
        return PUBLIC in segments_of(var)
    except CatalogueError:
        return False


def rebuild(database: Database, var: Path, show: Show = silent) -> None:
    """Build the whole catalogue anew from the database and the imported tables."""
    database.refresh_counts()
    build_collection(var / "catalogue", database.all_tracks(), _step(show))
    build_public(var / "catalogue", _step(show))
    for owner in sorted(_owners(database)):
        build_own(var / "catalogue", owner, database.all_tracks(owner), _step(show))


def _step(show: Show) -> Step:
    return lambda phase, done, total: show(Progress(phase=phase, done=done, total=total or None))
