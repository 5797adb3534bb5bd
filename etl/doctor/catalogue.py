"""The catalogue: can it be read, and does it hold what the database holds."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from etl.doctor.examination import Check, State
from store.catalogue.catalogue import Catalogue, CatalogueError
from store.database import Database

_check = partial(Check, area="catalogue")
_BUILD = "Build it: .venv/bin/python -m etl catalogue"
_CHECK_DISK = "Check the disk, then: python -m etl catalogue"


def look_at_catalogue(var: Path, database: Database | None) -> Iterator[Check]:
    """Yield the findings; without a ``database`` only whether the catalogue can be read."""
    try:
        snapshot = Catalogue(var / "catalogue").current()
    except (CatalogueError, OSError) as fault:
        problem = fault if isinstance(fault, CatalogueError) else CatalogueError(str(fault), _CHECK_DISK)
        yield _check(name="readable", state=State.FAULT, message=problem.message, remedy=problem.hint)
        return
    sizes = {segment.name: segment.count for segment in snapshot.segments}
    yield _check(
        name="readable",
        state=State.OK,
        message=f"{sizes.get('public', 0):,} tracks of public tables, {sizes.get('collection', 0):,} of people's own.",
    )
    if database is None:
        return
    behind = database.counts()["tracks"] - sizes.get("collection", 0)
    if behind > 0:
        message = f"{behind:,} tracks of the database are not in the catalogue yet."
        yield _check(name="up to date", state=State.WARNING, message=message, remedy=_BUILD)
    else:
        yield _check(name="up to date", state=State.OK, message="It holds every track of the database.")
