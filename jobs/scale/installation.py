"""An installation as a value that travels to workers: where its database answers and where its files lie."""

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from jobs.scale.workers import ScaleError, Workers
from store.database import Database

# As on the command line: a busy database may take long.
_PATIENCE_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Installation:
    """Where the store and the files are: what travels to a worker in the place of an open database.

    Workers on other machines need both: a MongoDB that they reach at ``uri``, and ``var`` and the imported files in
    a folder that all of them see under one path, on a file system with locks (NFS has them).
    """

    uri: str = field(repr=False)  # it may hold a password, and Dask shows what it is to do
    var: Path
    installation_id: str

    @classmethod
    def of(cls, database: Database, var: Path, workers: Workers) -> Self:
        """Return the installation of an open ``database``, which this process goes on using.

        Raises
        ------
        ScaleError
            The workers are on other machines, and the embedded database answers on this one alone.
        """
        if workers.remote and database.kind == "embedded":
            raise ScaleError(
                "The embedded database answers on this machine alone; workers on others cannot reach it.",
                "Set MONGODB_URI to a MongoDB server that all machines reach, here and for the workers.",
            )
        here = cls(database.uri, var.resolve(), database.installation_id)
        _open[here] = database
        return here

    def database(self) -> Database:
        """Return this process's connection; a worker opens one on first use and keeps it until it ends."""
        with _opening:
            if self not in _open:
                _open[self] = Database(self.uri, installation_id=self.installation_id, patience_s=_PATIENCE_SECONDS)
            return _open[self]


_open: dict[Installation, Database] = {}
_opening = threading.Lock()
