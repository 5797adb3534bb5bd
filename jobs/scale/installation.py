"""An installation as a value that can be sent to workers: the address of its database and its folder."""

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from jobs.scale.workers import ScaleError, Workers
from store.database import Database

# How long to wait for a busy database; the command line waits as long.
_PATIENCE_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Installation:
    """Where the database and the files are; it is sent to a worker because an open database cannot be.

    Workers on other machines must reach the MongoDB at ``uri``. They must also see ``var`` and the imported files
    under the same path, on a file system with locks, such as NFS.
    """

    uri: str = field(repr=False)  # it may hold a password, and Dask shows the arguments of its tasks
    var: Path
    installation_id: str

    @classmethod
    def of(cls, database: Database, var: Path, workers: Workers) -> Self:
        """Return the installation of an open ``database``; :meth:`database` returns the same one in this process.

        Raises ScaleError if the workers are on other machines, which cannot reach the embedded database.
        """
        if workers.remote and database.kind == "embedded":
            raise ScaleError(
                "Workers on other machines cannot reach the embedded database.",
                "Set MONGODB_URI to a MongoDB server that all machines reach, here and for the workers.",
            )
        installation = cls(database.uri, var.resolve(), database.installation_id)
        _open[installation] = database
        return installation

    def database(self) -> Database:
        """Return this process's connection; a worker opens one on first use and keeps it until it ends."""
        with _opening:
            if self not in _open:
                _open[self] = Database(self.uri, installation_id=self.installation_id, patience_s=_PATIENCE_SECONDS)
            return _open[self]


_open: dict[Installation, Database] = {}
_opening = threading.Lock()
