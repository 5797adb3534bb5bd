"""The staging of a list while it is read or written: its pages in the store, until its run has ended."""

from collections.abc import Iterator
from typing import Any

from store.database import Database
from store.runs import ENDED

COLLECTION = "spotify_pages"


class Staging:
    """The pages of one run, each under the offset of its first row."""

    def __init__(self, database: Database, run_id: str) -> None:
        self._database, self._run_id = database, run_id

    def put(self, offset: int, rows: list[Any]) -> None:
        """Store the rows from ``offset`` on."""
        self._database.put_document(COLLECTION, {"_id": self._name(offset), "rows": rows})

    def rows(self, end: int) -> Iterator[Any]:
        """Yield the rows up to the offset ``end``."""
        at = 0
        while at < end and (page := self._database.get_document(COLLECTION, self._name(at))):
            yield from page["rows"]
            at += len(page["rows"])

    def clear(self) -> None:
        """Delete all pages of the run."""
        _delete(self._database, {self._run_id})

    def _name(self, offset: int) -> str:
        return f"{self._run_id}:{offset:06d}"


def sweep(database: Database) -> None:
    """Delete the pages of runs that have ended without clearing them."""
    runs = {name.partition(":")[0] for name in database.names_where(COLLECTION, {})}
    states = {run_id: database.load_run(run_id) for run_id in runs}
    _delete(database, {run_id for run_id, run in states.items() if run is None or run["state"] in ENDED})


def _delete(database: Database, run_ids: set[str]) -> None:
    names = database.names_where(COLLECTION, {}) if run_ids else []
    database.delete_documents(COLLECTION, [name for name in names if name.partition(":")[0] in run_ids])
