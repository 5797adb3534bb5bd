"""The list of checks: those of this machine, and those that query the sources."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from config import Config
from etl.doctor.examination import Check, Examiner
from etl.doctor.setup import look_at_models, look_at_setup
from etl.doctor.sources import look_at_standing, probe_needs
from etl.doctor.spotify import look_at_login, probe_spotify
from etl.doctor.storage import look_at_catalogue, look_at_disk, look_at_store, store_fault
from etl.engine import Engine, SourceState
from etl.providers.registry import PROVIDERS
from etl.spotify.accounts import Accounts
from etl.spotify.login import Redirect
from store.database import Database, StoreError

# The time limit of one query; the whole examination has its own limit.
_PROBE_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Visitor:
    """Who called the doctor: the address at which the page is open, and the browser session if there is one."""

    redirect: Redirect
    owner: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """The database and the engine, if the database answers."""

    database: Database
    engine: Engine


def local_examiners(config: Config, opened: Opened | StoreError, visitor: Visitor) -> list[Examiner]:
    """Return the examiners that send no request; ``opened`` is a StoreError if the database does not answer."""
    database = opened.database if isinstance(opened, Opened) else None
    store = [store_fault(opened)] if isinstance(opened, StoreError) else look_at_store(opened.database)
    examiners = [
        Examiner(area="store", look=lambda: store),
        Examiner(area="disk", look=partial(look_at_disk, config.var)),
        Examiner(area="models", look=partial(look_at_models, config.models, config.var / "models")),
        Examiner(area="catalogue", look=partial(look_at_catalogue, config.var, database)),
        Examiner(area="setup", look=partial(look_at_setup, config, os.environ, PROVIDERS)),
    ]
    if isinstance(opened, Opened):
        examiners.append(Examiner(area="sources", look=partial(_standing, opened, visitor)))
    return examiners


def _standing(opened: Opened, visitor: Visitor) -> Iterator[Check]:
    engine = opened.engine
    for state in engine.states():
        yield from look_at_standing(engine, state)
        if state.on and state.name == "spotify":
            yield from look_at_login(Accounts(opened.database, engine.vault), visitor.redirect, visitor.owner)


def probe_examiners(opened: Opened, visitor: Visitor) -> list[Examiner]:
    """Return the examiners that query the sources that are switched on and not waiting."""
    awake = (state for state in opened.engine.states() if state.on and state.state not in {"needs_key", "waiting"})
    return [Examiner(area=state.name, look=partial(_probe, opened, visitor, state)) for state in awake]


def _probe(opened: Opened, visitor: Visitor, state: SourceState) -> Iterator[Check]:
    engine = opened.engine
    if state.name == "spotify":  # Spotify grants or refuses each operation separately
        return probe_spotify(engine, Accounts(opened.database, engine.vault), visitor.owner, _PROBE_SECONDS)
    return probe_needs(engine, state, _PROBE_SECONDS)
