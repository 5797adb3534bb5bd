"""Disconnects an account: deletes its tokens and everything imported through it. Deletes expired facts of Spotify.

Answers expire in the engine's cache. Features, analyses and recommendations made from them are deleted after the same
time. If Spotify is switched off or its settings are removed, all of them and the tracks are deleted.
"""

from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime, timedelta

from etl.engine import Engine, SourceState
from etl.providers.base import Need
from etl.providers.registry import ORDER
from etl.spotify.accounts import LONG_AGO, Accounts
from etl.spotify.attempt import KIND, SOURCE, WRITE, Staging
from etl.task import Task
from store.database import PAGE_ITEMS, Database
from store.documents import OWN_TRACKS
from store.domain import Playlist
from store.facts import ANALYSES, forget_features
from store.recommendations import COLLECTION as RECOMMENDATIONS
from store.recommendations import forget_recommendations
from store.runs import Run

KEPT = timedelta(days=1)
# How often expired facts are looked for, which reads all tracks.
_RARELY = timedelta(hours=1)
_NAME = "_spotify_expiry"


def disconnect(database: Database, engine: Engine, owner: str) -> Run:
    """Delete the tokens, runs and playlists of this session's account, and what Spotify has answered.

    Returns the queued run that deletes the tracks: see :func:`forget`. It is queued first and begins with the same
    deletions, so that nothing stays if this process ends early.
    """
    accounts = Accounts(database, engine.vault)
    noted = accounts.document(owner).get("runs", {})
    kinds = {"$in": [SOURCE, WRITE]}
    runs = list(dict.fromkeys([*noted, *database.names_where("runs", {"owner": owner, "kind": kinds})]))
    name = "What came from Spotify"
    run = Run(kind="spotify-forget", name=name, owner=owner, unit="tracks", request={}, cursor={"runs": runs})
    database.put_run(run)
    accounts.forget(owner)  # a run that is under way gets no more tokens
    _purge(database, owner, runs)
    engine.forget(SOURCE)
    return run


def forget(task: Task) -> None:
    """Delete the tracks that came by a login and are in no playlist, or all of Spotify's if nobody is connected."""
    database, owner = task.database, task.run.owner
    accounts = Accounts(database, task.engine.vault)
    if owner is not None and accounts.get(owner) is None:
        _purge(database, owner, task.run.cursor["runs"])
    sources = {KIND}
    if accounts.any_connected(owner) is None:
        sources.add(SOURCE)
        forget_recommendations(database, SOURCE)
        database.delete_documents(ANALYSES, database.names_where(ANALYSES, {"source": SOURCE}))
    delete_facts(database, tracks_of=sources, features_of=sources)
    task.report.record(changed=True)


def delete_facts(
    database: Database, *, tracks_of: Collection[str], features_of: Collection[str], before: datetime | None = None
) -> bool:
    """Delete the tracks of ``tracks_of`` that are in no playlist, and the features of ``features_of`` from all others.

    With ``before``, only features that were fetched earlier are deleted. Reads all tracks; ``True`` if any changed.
    """
    gone, changed = set(), set()
    for track in database.all_tracks():
        features = track.features
        if track.source in tracks_of:
            gone.add(track.id)
        if (
            features is not None
            and features.source in features_of
            and (before is None or _is_older(features.fetched_at, before))
        ):
            changed.add(track.id)
    if gone:
        for playlist in _all_playlists(database):
            gone.difference_update(_tracks_in(database, playlist))
    database.delete_documents("tracks", gone)
    for source in features_of:  # also if features of another source are shown
        changed.update(database.names_where("tracks", {"features_by_source.source": source}))
    changed = {
        name for name in changed - gone if forget_features(database, name, features_of, ORDER[Need.FEATURES], before)
    }
    database.tracks_changed += len(gone | changed)
    return _forget_own(database, features_of, before) or bool(gone or changed)


def _forget_own(database: Database, features_of: Collection[str], before: datetime | None) -> bool:
    """Delete the features of ``features_of`` from tracks of owners, which are deleted only with their playlists."""
    fields = ("features_by_source.source", "features.source")
    wanted = [(field, source) for field in fields for source in features_of]
    found = {
        row["_id"]: row for field, source in wanted for row in database.documents_where(OWN_TRACKS, {field: source})
    }
    forgotten = [
        forget_features(database, row["track"], features_of, ORDER[Need.FEATURES], before, row["owner"])
        for row in found.values()
    ]
    return any(forgotten)


def _is_older(fetched_at: datetime | None, before: datetime) -> bool:
    return fetched_at is None or fetched_at < before


def _purge(database: Database, owner: str, runs: list[str]) -> None:
    for run_id in runs:
        database.cancel_run(run_id)
        Staging(database, run_id).clear()
    database.delete_documents("runs", runs)
    for playlist in database.playlists(owner):
        if playlist.owner == owner and playlist.source.startswith(f"{KIND}: "):
            database.delete_playlist(playlist.id)


def _all_playlists(database: Database) -> Iterator[Playlist]:
    names = database.names_where("playlists", {})
    return (playlist for name in names if (playlist := database.playlist(name)))


def _tracks_in(database: Database, playlist: Playlist) -> Iterator[str]:
    # While rows arrive, there may be one more page than is counted.
    for start in range(0, playlist.item_count + PAGE_ITEMS, PAGE_ITEMS):
        yield from (item.track_id for item in database.playlist_items(playlist.id, start, PAGE_ITEMS))


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
        done_at, until = noted.get("emptied_at", LONG_AGO), fetched_at + _RARELY
    else:
        done_at, until = noted.get("looked_at", LONG_AGO), fetched_at + KEPT + _RARELY
    moment = datetime.now(UTC)
    return not min(until, moment - _RARELY) <= done_at <= moment  # a later time is from a wrong clock


def expire(database: Database, engine: Engine, rebuild: Callable[[], None]) -> None:
    """Delete expired facts; ``rebuild`` updates the catalogue and is called if tracks have changed."""
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
