"""The command ``doctor``."""

import argparse
import os
from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from config import Config
from etl.doctor.checks import Opened, Visitor, local_examiners, probe_examiners
from etl.doctor.examination import Check, State, examine
from etl.engine import Engine
from etl.spotify.login import redirect_for
from store.database import StoreError, open_database
from store.errors import TastemapError

_WITHIN_SECONDS = 60.0


def add_doctor(commands: Any) -> None:
    """Add ``doctor``, which opens the database itself, so that it can report a failure."""
    parser = commands.add_parser("doctor", help="say what works here, what does not, and what to do about it")
    parser.add_argument("--here", action="store_true", help="check only this installation and ask no source")
    parser.set_defaults(command=run, without_database=True)


def run(config: Config, options: argparse.Namespace) -> int:
    """Print the findings; return 1 if something is broken, else 0."""
    # No page is open; this is the address at which it is served by default.
    visitor = Visitor(redirect=redirect_for("http", f"127.0.0.1:{os.environ.get('PORT', '8000')}"))
    try:
        database = open_database(config.var, config.mongodb_uri, installation_id=config.installation_id)
    except TastemapError as fault:
        lost = StoreError(fault.message, fault.hint)
        return _print(examine(local_examiners(config, lost, visitor), _WITHIN_SECONDS))
    opened = Opened(database=database, engine=Engine(database, config))
    try:
        probes = [] if options.here else probe_examiners(opened, visitor)
        return _print(examine([*local_examiners(config, opened, visitor), *probes], _WITHIN_SECONDS))
    except StoreError as fault:  # the database was lost after it was opened
        return _print(examine(local_examiners(config, fault, visitor), _WITHIN_SECONDS))
    finally:
        opened.engine.close()
        database.close()


def _print(checks: Sequence[Check]) -> int:
    for area, of_one in groupby(sorted(checks, key=_by_area(checks)), key=lambda check: check.area):
        print(area)
        for check in of_one:
            print(f"  {check.state:8} {check.name}: {check.message}")
            if check.remedy and check.state is not State.OFF:
                print(f"  {'':8} > {check.remedy}")
    count = Counter(check.state for check in checks)
    print(f"\nWell: {count[State.OK]}, warnings: {count[State.WARNING]}, faults: {count[State.FAULT]}.")
    if count[State.OFF]:
        print("Sources are switched on with: python -m etl sources on NAME, or in Settings.")
    return int(count[State.FAULT] > 0)


def _by_area(checks: Sequence[Check]) -> Any:
    """Return a sort key that groups the findings by area, in the order of each area's first finding."""
    areas = list(dict.fromkeys(check.area for check in checks))
    return lambda check: areas.index(check.area)
