"""An import killed at a chosen write: ``python -m tests.etl.spotify.dying URI VAR RUN_ID WRITE CLIENT URLS``."""

import json
import sys
from pathlib import Path

from jobs.worker import execute
from tests.etl.imports.dying import DyingDatabase
from tests.etl.spotify.setting import engine_for

FURTHER_WRITES = ("put_document", "change_document", "delete_documents")


class Dying(DyingDatabase):
    """Also dies at the writes of what is read, before and after the tracks are stored."""

    def __init__(self, uri: str, write: int) -> None:
        super().__init__(uri, sys.maxsize)
        for name in FURTHER_WRITES:
            setattr(self, name, self._mortal(getattr(self, name)))
        self.write = write

    def begin(self) -> None:
        """Count from here on."""
        self.left = self.write


if __name__ == "__main__":
    uri, var, run_id, write, client_id, urls = sys.argv[1:]
    database = Dying(uri, int(write))
    engine = engine_for(database, Path(var), json.loads(urls), client_id)
    database.begin()
    execute(database, Path(var), run_id, open_engine=lambda *_: engine)
    print(int(write) - database.left)  # the number of writes of a whole run
