"""Takes a snapshot of the embedded database before an upgrade of it: the new version could not read the old data."""

import sys
from collections.abc import Sequence
from importlib import metadata

from config import Config
from store.errors import TastemapError
from store.mongo.backup import write_backup
from store.mongo.embedded import VERSION, EmbeddedServer
from store.runs import now
from store.snapshots import new_snapshot_path


def main(arguments: Sequence[str]) -> None:
    """Take a snapshot if the installed version is not the wanted one: the argument, or the one this code needs.

    Exit with an error if that fails, so that the upgrade does not go on.
    """
    wanted = next(iter(arguments), VERSION)
    try:
        installed = metadata.version("secantusdb")
    except metadata.PackageNotFoundError:
        return
    config = Config.from_env()
    server = EmbeddedServer(config.var, installed)
    if installed == wanted or config.mongodb_uri or not server.folder.is_dir():
        return
    try:
        path = new_snapshot_path(config.var, now())
        write_backup(server.start(), path)
        print(f"The embedded database is about to be upgraded. A copy of its data is in {path}.")
        print("After the upgrade restore them with: .venv/bin/python -m etl restore --newest")
    except (TastemapError, OSError) as fault:
        sys.exit(f"The embedded database is not upgraded, because no snapshot of it could be taken: {fault}")
    finally:
        server.stop()


if __name__ == "__main__":
    main(sys.argv[1:])
