"""The command line: ``python -m etl COMMAND`` for imports, harvests, exports and more."""

import argparse
import logging
import signal
import sys
from collections.abc import Sequence

from config import Config, ConfigError
from etl.commands import add_commands
from store.database import StoreError, open_database
from store.errors import TastemapError

# An import may wait longer than a page for a database that is starting.
_PATIENCE_SECONDS = 600.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code: 0 = done, 1 = something failed or remains, 2 = wrong use."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    given = sys.argv[1:] if arguments is None else arguments
    options = _parser(given).parse_args(given)
    # On SIGTERM the embedded database is closed (and stopped, if no other process uses it).
    signal.signal(signal.SIGTERM, lambda _signal, _frame: sys.exit(128 + signal.SIGTERM))
    try:
        config = Config.from_env()
        if options.without_database:
            return int(options.command(config, options))
        database = open_database(
            config.var, config.mongodb_uri, installation_id=config.installation_id, patience_s=_PATIENCE_SECONDS
        )
    except (ConfigError, TastemapError) as fault:
        print(fault, file=sys.stderr)
        return 2
    try:
        return int(options.command(database, config.var, options))
    except StoreError as fault:
        print(
            f"{fault.message} ({fault.__cause__}) {fault.hint}\nGo on afterwards with: python -m etl resume",
            file=sys.stderr,
        )
        return 1
    except TastemapError as fault:
        print(fault, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Go on with: python -m etl resume", file=sys.stderr)
        return 130
    finally:
        database.close()


def _parser(given: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m etl", description=__doc__)
    parser.set_defaults(without_database=False)  # True: main does not open the database for the command
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add_commands(commands, given[0] if given else None)
    return parser


if __name__ == "__main__":
    sys.exit(main())
