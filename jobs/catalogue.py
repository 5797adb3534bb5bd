"""Builds the parts of the catalogue that runs have changed, or the whole catalogue."""

from pathlib import Path

from etl.task import Show, silent
from jobs.behind import collection_is_behind, owners_of_playlists, segments_of
from store.catalogue.builder import build_collection, build_own, build_public
from store.catalogue.catalogue import PUBLIC, CatalogueError
from store.catalogue.tables import tables_there
from store.catalogue.writer import Step
from store.database import Database
from store.runs import Progress

# Runs that change only the tracks of their owner.
_OWN_KINDS = frozenset({"playlist", "spotify", "delete", "index"})


def build_changed(database: Database, var: Path, runs: set[tuple[str | None, str | None]], show: Show) -> None:
    """Build the segments that ``runs`` (pairs of kind and owner) have changed, and those that are missing."""
    if any(kind == "table" for kind, _ in runs) or (tables_there(var / "catalogue") and not _has_public(var)):
        build_public(var / "catalogue", _step(show))
    database.refresh_counts()
    shared = {kind for kind, owner in runs if owner is None or kind not in _OWN_KINDS} - {"table", "dataset"}
    if shared or collection_is_behind(database, var):
        build_collection(var / "catalogue", database.all_tracks(), _step(show))
    for owner in sorted({owner for _, owner in runs if owner is not None}):
        build_own(var / "catalogue", owner, database.all_tracks(owner), _step(show))


def _has_public(var: Path) -> bool:
    try:
        return PUBLIC in segments_of(var)
    except CatalogueError:
        return False


def rebuild(database: Database, var: Path, show: Show = silent) -> None:
    """Rebuild the whole catalogue from the database and the imported tables."""
    database.refresh_counts()
    build_collection(var / "catalogue", database.all_tracks(), _step(show))
    build_public(var / "catalogue", _step(show))
    for owner in sorted(owners_of_playlists(database)):
        build_own(var / "catalogue", owner, database.all_tracks(owner), _step(show))


def _step(show: Show) -> Step:
    return lambda phase, done, total: show(Progress(phase=phase, done=done, total=total or None))
