"""The catalogue as runs leave it: whether it lacks something, and building it anew."""

from collections.abc import Iterable
from pathlib import Path

from etl.task import Show, silent
from store.catalogue.builder import build_collection, build_public
from store.catalogue.catalogue import Catalogue, CatalogueError
from store.catalogue.tables import tables_there
from store.database import Database
from store.runs import Progress


def catalogue_is_behind(database: Database, var: Path) -> bool:
    """Say whether the catalogue on this disk is damaged, of another version, or without what the database holds.

    The last is what a host with a disk that does not stay finds at every start. Compares with the numbers of the
    last :meth:`~store.database.Database.refresh_counts`.
    """
    try:
        counts = segments_of(var)
    except CatalogueError:
        return True
    return counts.get("collection", 0) < database.counts()["tracks"]


def segments_of(var: Path) -> dict[str, int]:
    """Return the segments of the catalogue and how many tracks each holds; raises CatalogueError."""
    return {segment.name: segment.count for segment in Catalogue(var / "catalogue").current().segments}


def build_changed(database: Database, var: Path, kinds: set[str], show: Show) -> None:
    """Build what runs of these kinds have changed, and what the catalogue lacks otherwise."""
    if "table" in kinds or (tables_there(var / "catalogue") and not _has_public(var)):
        _build(database, var, ("table",), show)
    database.refresh_counts()
    if kinds - {"table", "dataset"} or catalogue_is_behind(database, var):
        _build(database, var, ("playlist",), show)


def _has_public(var: Path) -> bool:
    try:
        return "public" in segments_of(var)
    except CatalogueError:
        return False


def rebuild(database: Database, var: Path, show: Show = silent) -> None:
    """Build the whole catalogue anew from the database and the imported tables."""
    _build(database, var, ("playlist", "table"), show)


def _build(database: Database, var: Path, kinds: Iterable[str], show: Show) -> None:
    def step(phase: str, done: int, total: int) -> None:
        show(Progress(phase=phase, done=done, total=total or None))

    if "playlist" in kinds:
        database.refresh_counts()
        build_collection(var / "catalogue", database.all_tracks(), step)
    if "table" in kinds:
        build_public(var / "catalogue", step)
