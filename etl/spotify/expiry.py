"""Expiry of the facts that came from Spotify without a login.

Answers expire in the engine's cache. Features, analyses and recommendations made from them are deleted after the same
time. If Spotify is switched off or its settings are removed, all of them and the tracks are deleted.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from etl.engine import Engine, SourceState
from etl.spotify.accounts import Accounts
from etl.spotify.attempt import SOURCE
from etl.spotify.forgetting import delete_facts
from store.database import Database
from store.facts import ANALYSES
from store.recommendations import COLLECTION as RECOMMENDATIONS

KEPT = timedelta(days=1)
# Looking for expired facts reads all tracks.
_RARELY = timedelta(hours=1)
_NAME = "_spotify_expiry"
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def is_due(database: Database, engine: Engine) -> bool:
    """Return whether facts may have expired; reads a few documents only."""
    state = _state(engine)
    noted = database.get_document("sources", _NAME) or {}
    if noted.get("under_way"):
        return True
    fetched_at = state.last_ok_at
    if fetched_at is None:
        return False
    if _is_gone(state):
        done_at, until = noted.get("emptied_at", _LONG_AGO), fetched_at + _RARELY
    else:
        done_at, until = noted.get("looked_at", _LONG_AGO), fetched_at + KEPT + _RARELY
    return bool(done_at < min(until, datetime.now(UTC) - _RARELY))


def expire(database: Database, engine: Engine, rebuild: Callable[[], None]) -> None:
    """Delete what has expired; ``rebuild`` updates the catalogue and is called if tracks have changed."""
    Accounts(database, engine.vault).sweep()
    if not is_due(database, engine):
        return
    moment, gone = datetime.now(UTC), _is_gone(_state(engine))
    before = moment if gone else moment - KEPT
    noted = database.get_document("sources", _NAME) or {}
    # If the process ends before the rebuild, the catalogue is built the next time.
    database.change_document("sources", _NAME, {"under_way": True}, upsert=True)
    for collection in (RECOMMENDATIONS, ANALYSES):
        old = {"source": SOURCE, "fetched_at": {"$lt": before}}
        database.delete_documents(collection, database.names_where(collection, old))
    tracks_of = {SOURCE} if gone else set()
    if delete_facts(database, tracks_of=tracks_of, features_of={SOURCE}, before=before) or noted.get("under_way"):
        rebuild()
    if gone:
        engine.forget(SOURCE)
    done = {"looked_at": moment} | ({"emptied_at": moment} if gone else {})
    database.change_document("sources", _NAME, done, unset=("under_way",))


def _state(engine: Engine) -> SourceState:
    return next(state for state in engine.states() if state.name == SOURCE)


def _is_gone(state: SourceState) -> bool:
    return state.state in {"off", "needs_key"}
