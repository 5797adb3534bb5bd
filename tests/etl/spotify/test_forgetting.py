"""Disconnecting leaves nothing of the account behind, and everything that others brought."""

import json
from pathlib import Path

import pytest

from etl.engine import Engine
from etl.providers.base import LookupQuery, Need
from etl.spotify.accounts import Accounts
from etl.spotify.forgetting import disconnect
from store.catalogue.catalogue import Catalogue
from store.database import Database
from store.domain import AudioFeatures, Playlist, PlaylistItem, Track
from tests.etl.spotify.setting import OWNER, app_engine, bring_in, invented, log_in, queue, resume
from tests.fake_services.faults import limited
from tests.fake_services.fixtures import FakeServices
from tests.fake_services.spotify_state import row


def forget(database: Database, folder: Path, engine: Engine) -> None:
    run = disconnect(database, engine, OWNER)
    assert resume(database, folder, engine, run.id) == "done"


def test_tokens_playlists_runs_and_tracks_go(
    database: Database, engine: Engine, fake_services: FakeServices, tmp_path: Path
) -> None:
    mine = fake_services.spotify_state.add_list("Mine", "wanda", [row(invented(n)) for n in range(70)])
    log_in(database, engine)
    bring_in(database, tmp_path, engine, mine.id)
    theirs = Track(id="of-a-file", title="Brought by hand", artists=("Somebody",), source="exportify: list.csv")
    database.put_tracks([theirs])
    catalogue = Catalogue(tmp_path / "catalogue")
    assert (len(catalogue.current(OWNER)), len(catalogue.current())) == (70, 0)
    forget(database, tmp_path, engine)
    assert Accounts(database, engine.vault).document(OWNER) == {}
    assert database.playlists(OWNER) == []
    assert [track.id for track in database.all_tracks()] == ["of-a-file"]
    assert list(database.all_tracks(OWNER)) == []
    assert len(Catalogue(tmp_path / "catalogue").current(OWNER)) == 1
    assert [run["kind"] for run in database.documents_where("runs", {})] == ["spotify-forget"]
    names = database._mongo.list_collection_names()
    left = json.dumps([database.documents_where(name, {}) for name in names if name != "sources"], default=str)
    assert "wanda" not in left
    assert "Invented 3" not in left


def test_what_another_playlist_holds_stays(
    database: Database, engine: Engine, fake_services: FakeServices, tmp_path: Path
) -> None:
    mine = fake_services.spotify_state.add_list("Mine", "wanda", [row(invented(n)) for n in range(5)])
    log_in(database, engine)
    bring_in(database, tmp_path, engine, mine.id)
    shared = invented(3)["id"]
    for name, owner in (("mine", OWNER), ("theirs", "1" * 64)):
        other = Playlist(id=name, name="A file's", owner=owner, source="m3u: x.m3u8", item_count=1, complete=True)
        database.put_playlist(other)
        database.put_tracks([Track(id=shared, title="Held", artists=("A",), source="m3u: x.m3u8")], owner=owner)
        database.put_page(name, 0, [PlaylistItem(position=0, track_id=shared)])
    forget(database, tmp_path, engine)
    for name, owner in (("mine", OWNER), ("theirs", "1" * 64)):
        assert [track.id for track in database.all_tracks(owner)] == [shared]
        assert database.playlist(name) is not None


def test_what_spotify_said_of_others_tracks_goes_with_the_last_account(
    database: Database, engine: Engine, tmp_path: Path
) -> None:
    features = AudioFeatures(values={"energy": 0.5}, source="spotify")
    file = Track(id="of-a-file", title="Brought by hand", artists=("A",), source="exportify: x.csv", features=features)
    database.put_tracks([file, Track(id="found", title="Looked up", artists=("B",), source="spotify")])
    log_in(database, engine)
    log_in(database, engine, "1" * 64)
    forget(database, tmp_path, engine)
    assert {track.id for track in database.all_tracks()} == {"of-a-file", "found"}
    disconnect(database, engine, "1" * 64)
    [waiting] = database.unfinished_runs()
    resume(database, tmp_path, engine, waiting.id)
    [left] = database.all_tracks()
    assert (left.id, left.features) == ("of-a-file", None)


def test_cut_off_in_the_middle_the_run_does_the_rest(
    database: Database, engine: Engine, fake_services: FakeServices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = fake_services.spotify_state.add_list("Mine", "wanda", [row(invented(n)) for n in range(5)])
    log_in(database, engine)
    bring_in(database, tmp_path, engine, mine.id)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(database, "delete_playlist", die)
        with pytest.raises(KeyboardInterrupt):
            disconnect(database, engine, OWNER)
    assert len(database.playlists(OWNER)) == 1
    [left] = database.unfinished_runs()
    resume(database, tmp_path, engine, left.id)
    assert (database.playlists(OWNER), list(database.all_tracks())) == ([], [])


def test_a_run_that_waits_does_not_go_on(
    database: Database, engine: Engine, fake_services: FakeServices, tmp_path: Path
) -> None:
    mine = fake_services.spotify_state.add_list("Mine", "wanda", [row(invented(n)) for n in range(120)])
    fake_services.spotify.fail(limited(85_771), path=f"/playlists/{mine.id}/items", skip=1)
    log_in(database, engine)
    waiting = bring_in(database, tmp_path, engine, mine.id)
    assert waiting.state == "waiting"
    queued = queue(database, mine.id)
    forget(database, tmp_path, engine)
    assert database.get_run(waiting.id) is None
    assert database.get_run(queued) is None
    assert database.names_where("spotify_pages", {}) == []


def test_what_spotify_answered_is_forgotten(database: Database, fake_services: FakeServices, tmp_path: Path) -> None:
    engine = app_engine(database, tmp_path, fake_services)
    log_in(database, engine)
    engine.ask("spotify", Need.SEARCH, LookupQuery(text="hedgerow"))
    assert engine.ask("spotify", Need.SEARCH, LookupQuery(text="hedgerow")).cached
    disconnect(database, engine, OWNER)
    assert not engine.ask("spotify", Need.SEARCH, LookupQuery(text="hedgerow")).cached
    engine.close()
