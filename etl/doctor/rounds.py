"""Who looks at what: everything on this machine, and what asks the sources themselves."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from config import Config
from etl.doctor.catalogue import look_at_catalogue
from etl.doctor.disk import look_at_disk
from etl.doctor.examination import Check, Examiner
from etl.doctor.models import look_at_models
from etl.doctor.setup import look_at_setup
from etl.doctor.sources import look_at_standing, probe_needs
from etl.doctor.spotify import look_at_login, probe_spotify
from etl.doctor.store import look_at_store, store_fault
from etl.engine import Engine, SourceState
from etl.providers.registry import PROVIDERS
from etl.spotify.login import Redirect
from store.database import StoreError

# One question; an examination as a whole has a limit of its own.
_QUESTION_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Visitor:
    """Who has called the doctor: the address at which the page is open, and the browser session if there is one."""

    redirect: Redirect
    owner: str | None = None


def local_examiners(config: Config, engine: Engine | StoreError, visitor: Visitor) -> list[Examiner]:
    """Return the examiners that ask nobody outside; a StoreError stands for a database that is not there."""
    database = engine.database if isinstance(engine, Engine) else None
    examiners = [
        Examiner(area="store", look=partial(_store, engine)),
        Examiner(area="disk", look=partial(look_at_disk, config.var)),
        Examiner(area="models", look=partial(look_at_models, config.models, config.var / "models")),
        Examiner(area="catalogue", look=partial(look_at_catalogue, config.var, database)),
        Examiner(area="setup", look=partial(look_at_setup, config, os.environ, PROVIDERS)),
    ]
    if isinstance(engine, Engine):
        examiners.append(Examiner(area="sources", look=partial(_standing, engine, visitor)))
    return examiners


def _store(engine: Engine | StoreError) -> Iterator[Check]:
    if isinstance(engine, Engine):
        yield from look_at_store(engine.database)
    else:
        yield store_fault(engine)


def _standing(engine: Engine, visitor: Visitor) -> Iterator[Check]:
    for state in engine.states():
        yield from look_at_standing(engine, state)
        if state.on and state.name == "spotify":
            yield from look_at_login(engine, visitor.redirect, visitor.owner)


def probe_examiners(engine: Engine, visitor: Visitor) -> list[Examiner]:
    """Return the examiners that ask the sources that are on and awake."""
    awake = (state for state in engine.states() if state.on and state.state not in {"needs_key", "waiting"})
    return [Examiner(area=state.name, look=partial(_probe, engine, visitor, state)) for state in awake]


def _probe(engine: Engine, visitor: Visitor, state: SourceState) -> Iterator[Check]:
    if state.name == "spotify":  # it gives each operation, or refuses it, by itself
        return probe_spotify(engine, visitor.owner, _QUESTION_SECONDS)
    return probe_needs(engine, state, _QUESTION_SECONDS)
