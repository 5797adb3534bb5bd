"""Before another version of the embedded database is installed: a snapshot by the present one, which alone reads it."""

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
    """Take a snapshot if the wanted version (the argument; by default this code's) is not the installed one."""
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
        print(f"The embedded database is about to be upgraded. Its data are in {path} too.")
        print("After the upgrade bring them back with: .venv/bin/python -m etl restore --newest")
    except (TastemapError, OSError) as fault:
        sys.exit(f"No snapshot could be taken before the upgrade of the embedded database, so it is left out: {fault}")
    finally:
        server.stop()


if __name__ == "__main__":
    main(sys.argv[1:])
