"""The catalogue as runs leave it: whether it lacks something, and building it anew."""

from pathlib import Path

from etl.task import Show, silent
from store.catalogue.builder import build_collection, build_public
from store.catalogue.catalogue import Catalogue, CatalogueError
from store.catalogue.tables import tables_there
from store.catalogue.writer import Step
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


def build_changed(database: Database, var: Path, kinds: set[str | None], show: Show) -> None:
    """Build what runs of these kinds have changed, and what the catalogue lacks otherwise."""
    if "table" in kinds or (tables_there(var / "catalogue") and not _has_public(var)):
        build_public(var / "catalogue", _step(show))
    database.refresh_counts()
    if kinds - {"table", "dataset"} or catalogue_is_behind(database, var):
        build_collection(var / "catalogue", database.all_tracks(), _step(show))


def _has_public(var: Path) -> bool:
    try:
        return "public" in segments_of(var)
    except CatalogueError:
        return False


def rebuild(database: Database, var: Path, show: Show = silent) -> None:
    """Build the whole catalogue anew from the database and the imported tables."""
    database.refresh_counts()
    build_collection(var / "catalogue", database.all_tracks(), _step(show))
    build_public(var / "catalogue", _step(show))


def _step(show: Show) -> Step:
    return lambda phase, done, total: show(Progress(phase=phase, done=done, total=total or None))
