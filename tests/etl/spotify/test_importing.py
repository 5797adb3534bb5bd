"""Lists of an account become playlists here, whatever lies in them and whatever happens on the way."""

import random
import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from etl.engine import Engine
from etl.spotify.accounts import Session
from etl.spotify.attempt import KIND
from etl.spotify.importing import WITHHELD
from etl.spotify.lists import EPISODE, WITHDRAWN, lists_of
from store.catalogue.catalogue import Catalogue
from store.database import PAGE_ITEMS, Database
from store.domain import Playlist
from tests.apart import Apart
from tests.etl.spotify.dying import run_until
from tests.etl.spotify.setting import OWNER, bring_in, invented, log_in, queue, resume
from tests.fake_services.faults import change, limited, replying
from tests.fake_services.fixtures import FakeServices
from tests.fake_services.spotify_openapi import among, operations
from tests.fake_services.spotify_state import episode, local_file, row

KILLS = 4


def only_playlist(database: Database) -> Playlist:
    [playlist] = database.playlists(OWNER)
    return playlist


def titles(database: Database, playlist: Playlist) -> list[str]:
    items = database.playlist_items(playlist.id, 0, 10 * PAGE_ITEMS)
    tracks = database.get_tracks({item.track_id for item in items}, OWNER)
    return [tracks[item.track_id].title for item in items]


@pytest.mark.parametrize("extended", [False, True])
def test_a_playlist_of_several_people(
    database: Database, engine: Engine, fake_services: FakeServices, tmp_path: Path, extended: bool
) -> None:
    fake_services.spotify_state.app.extended = extended
    world = fake_services.world
    rows = [
        row(world.song("Glass Tide"), "wanda", "2026-07-21T10:00:00Z"),
        row(world.song("Hedgerow"), "otto", "2026-07-22T11:30:00Z"),
        row(world.song("Receipts"), None, None),
        row(world.song("Receipts"), "otto", "1970-01-01T00:00:00Z"),
        row(local_file("Garage Demo", "The Neighbours", 181_000)),
        row(episode("On Ferries")),
        row(None),
        None,
    ]
    theirs = fake_services.spotify_state.add_list("Road Trip\n2026", "otto", rows, collaborators={"wanda"})
    log_in(database, engine)
    run = bring_in(database, tmp_path, engine, theirs.id)
    assert (run.state, run.kind, run.name) == ("done", "spotify", "Road Trip 2026")
    assert (run.requested, run.stored, run.known) == (8, 4, 1)
    assert dict(run.skipped) == {EPISODE: 1, WITHDRAWN: 2}
    assert [row.line for row in run.skipped_examples] == [6, 7, 8]
    playlist = only_playlist(database)
    assert (playlist.name, playlist.owner, playlist.complete) == ("Road Trip 2026", OWNER, True)
    assert playlist.source == f"{KIND}: Road Trip 2026"
    assert playlist.contributors == {"wanda": 2, "otto": 2}
    items = database.playlist_items(playlist.id)
    assert [item.added_by for item in items] == ["wanda", "otto", None, "otto", "wanda"]
    assert items[1].added_at == datetime(2026, 7, 22, 11, 30, tzinfo=UTC)
    assert [item.added_at for item in items[2:4]] == [None, None]
    song = world.song("Receipts")
    track = database.get_track(song.spotify, OWNER)
    assert track is not None
    assert (track.isrc, track.year, track.explicit, track.source) == (song.isrc, song.year, True, KIND)
    assert (track.popularity is not None) is extended
    assert items[4].track_id.startswith("local-")
    assert len(Catalogue(tmp_path / "catalogue").current(OWNER)) == 4  # so the map and the exports have them
    assert database.names_where("spotify_pages", {}) == []


def test_saved_and_top_tracks(database: Database, engine: Engine, fake_services: FakeServices, tmp_path: Path) -> None:
    state, world = fake_services.spotify_state, fake_services.world
    state.saved = [row(song, added_at=f"2026-01-01T00:00:{at:02d}Z") for at, song in enumerate(world.on("spotify"))]
    state.top = {"short_term": [world.song("Receipts"), world.song("Hedgerow")]}
    log_in(database, engine)
    saved = bring_in(database, tmp_path, engine, "saved")
    top = bring_in(database, tmp_path, engine, "top:short_term")
    assert (saved.name, saved.requested, saved.state) == ("Liked songs", 39, "done")
    assert (top.name, top.stored, top.known) == ("Top tracks of the last 4 weeks", 0, 2)
    playlists = {playlist.name: playlist for playlist in database.playlists(OWNER)}
    assert titles(database, playlists[top.name]) == ["Receipts", "Hedgerow"]
    first = database.playlist_items(playlists["Liked songs"].id, 0, 1)[0]
    assert (first.added_by, first.added_at) == (None, datetime(2026, 1, 1, tzinfo=UTC))


def test_what_there_is(database: Database, engine: Engine, fake_services: FakeServices) -> None:
    state = fake_services.spotify_state
    state.add_list("Mine", "wanda", [row(fake_services.world.song("Receipts"))])
    state.add_list("Ours", "otto", collaborators={"wanda"})
    state.add_list("Theirs", "otto", public=True)
    for number in range(60):
        state.add_list(f"Old {number}", "wanda")
    session = Session(log_in(database, engine), OWNER, engine.channel("spotify"))
    found = {listing["name"]: listing for listing in lists_of(session, "wanda")}
    assert len(found) == 67
    assert [one["kind"] for one in found.values()][:4] == ["saved", "top", "top", "top"]
    shown = {
        name: (found[name]["mine"], found[name]["collaborative"], found[name]["tracks"])
        for name in ("Mine", "Ours", "Theirs")
    }
    assert shown == {"Mine": (True, False, 1), "Ours": (False, True, 0), "Theirs": (False, False, 0)}
    assert len(fake_services.spotify.requests_to("/me/playlists")) == 2


def test_rows_that_are_not_what_they_should_be(
    database: Database, engine: Engine, fake_services: FakeServices, tmp_path: Path
) -> None:
    odd = [
        invented(0) | {"name": "Half a \ud83d smile", "artists": None, "album": 7, "duration_ms": "long"},
        invented(1) | {"name": None},
        invented(2) | {"type": "chapter"},
        invented(3) | {"artists": [None, {"name": "\u0000Nul\ttab"}, {"name": 3}], "album": {"release_date": "0000"}},
        {"name": "No id and no address", "type": "track"},
        "a text",
    ]
    rows = [*(row(item) for item in odd), row(invented(4), "wan.da", "yesterday")]
    mine = fake_services.spotify_state.add_list("Mine", "wanda", rows)
    log_in(database, engine)
    run = bring_in(database, tmp_path, engine, mine.id)
    assert (run.state, run.requested, run.stored) == ("done", 7, 4)
    assert sum(run.skipped.values()) == 3
    playlist = only_playlist(database)
    assert titles(database, playlist) == ["Half a ? smile", "Invented 3", "No id and no address", "Invented 4"]
    track = database.get_track(invented(3)["id"], OWNER)
    assert track is not None
    assert (track.artists, track.year) == (("Nul tab",), None)
    assert database.playlist_items(playlist.id)[-1].added_at is None


def test_rows_that_only_the_playlist_itself_gives(
    database: Database, engine: Engine, fake_services: FakeServices, tmp_path: Path
) -> None:
    mine = fake_services.spotify_state.add_list("Mine", "wanda", [row(invented(n)) for n in range(130)], refused=True)
    log_in(database, engine)
    run = bring_in(database, tmp_path, engine, mine.id)
    assert (run.state, run.requested, run.stored) == ("done", 130, 100)
    assert dict(run.skipped) == {WITHHELD: 30}
    assert only_playlist(database).item_count == 100


def test_a_playlist_that_is_not_given(
    database: Database, engine: Engine, fake_services: FakeServices, tmp_path: Path
) -> None:
    theirs = fake_services.spotify_state.add_list("Theirs", "otto", [row(invented(1))], public=True)
    log_in(database, engine)
    run = bring_in(database, tmp_path, engine, theirs.id)
    assert (run.state, run.error["code"]) == ("failed", "not_given")
    gone = bring_in(database, tmp_path, engine, "37i9dQZF1DXcBWIGoYBM5M")
    assert (gone.state, gone.error["code"]) == ("failed", "not_there")
    assert database.playlists(OWNER) == []
    assert database.names_where("spotify_pages", {}) == []


def test_a_list_that_changes_while_it_is_read_is_read_again(
    database: Database, engine: Engine, fake_services: FakeServices, tmp_path: Path
) -> None:
    state = fake_services.spotify_state
    mine = state.add_list("Mine", "wanda", [row(invented(n)) for n in range(120)])
    path = f"/playlists/{mine.id}/items"
    # While its second page is read, the first row is taken away: row 50 would be missed, and row 119 is new.
    fake_services.spotify.fail(change(lambda: mine.change([*mine.rows[1:], row(invented(900))])), path=path, skip=1)
    log_in(database, engine)
    assert bring_in(database, tmp_path, engine, mine.id).state == "done"
    expected = [*(f"Invented {number}" for number in range(1, 120)), "Invented 900"]
    assert titles(database, only_playlist(database)) == expected
    assert len(fake_services.spotify.requests_to(path)) == 6


def test_saved_tracks_that_change_are_read_again(
    database: Database, engine: Engine, fake_services: FakeServices, tmp_path: Path
) -> None:
    state = fake_services.spotify_state
    state.saved = [row(invented(n), added_at=f"2026-01-01T01:{n % 60:02d}:00Z") for n in range(80)]

    def like_another() -> None:
        state.saved = [row(invented(500)), *state.saved[:-1]]

    fake_services.spotify.fail(change(like_another), path="/me/tracks", skip=2)
    log_in(database, engine)
    assert bring_in(database, tmp_path, engine, "saved").state == "done"
    assert titles(database, only_playlist(database)) == ["Invented 500", *(f"Invented {n}" for n in range(79))]


@pytest.mark.parametrize(("times", "stored"), [(1, 120), (2, 120), (None, 50)])
def test_an_empty_page_before_the_end_is_not_the_end(
    database: Database,
    engine: Engine,
    fake_services: FakeServices,
    tmp_path: Path,
    times: int | None,
    stored: int,
) -> None:
    mine = fake_services.spotify_state.add_list("Mine", "wanda", [row(invented(n)) for n in range(120)])
    empty = replying(200, {"items": [], "total": 120, "next": None})
    fake_services.spotify.fail(empty, path=f"/playlists/{mine.id}/items", skip=1, times=times)
    log_in(database, engine)
    run = bring_in(database, tmp_path, engine, mine.id)
    for _ in range(2):
        if run.state == "waiting":
            database.change_document("runs", run.id, {"wake_at": run.started_at})
            resume(database, tmp_path, engine, run.id)
            run = database.get_run(run.id)
    assert (run.state, run.requested, run.stored) == ("done", 120, stored)
    assert dict(run.skipped) == ({WITHHELD: 70} if stored == 50 else {})


def test_a_list_that_never_rests(
    database: Database, engine: Engine, fake_services: FakeServices, tmp_path: Path
) -> None:
    mine = fake_services.spotify_state.add_list("Mine", "wanda", [row(invented(n)) for n in range(60)])
    fake_services.spotify.fail(change(lambda: mine.change(mine.rows)), times=None, path=f"/playlists/{mine.id}/items")
    log_in(database, engine)
    run = bring_in(database, tmp_path, engine, mine.id)
    assert (run.state, run.error["code"]) == ("failed", "changing")
    assert database.names_where("spotify_pages", {}) == []


def test_brought_in_again_it_takes_the_place_of_before(
    database: Database, engine: Engine, fake_services: FakeServices, tmp_path: Path
) -> None:
    mine = fake_services.spotify_state.add_list("Mine", "wanda", [row(invented(n)) for n in range(PAGE_ITEMS + 20)])
    log_in(database, engine)
    bring_in(database, tmp_path, engine, mine.id)
    before = only_playlist(database)
    mine.name = "Mine, shorter"
    mine.change(mine.rows[:30])
    bring_in(database, tmp_path, engine, mine.id)
    after = only_playlist(database)
    assert (after.id, after.name, after.item_count) == (before.id, "Mine, shorter", 30)
    assert len(titles(database, after)) == 30


def test_a_pause_of_a_day_is_waited_for_by_nobody(
    database: Database, engine: Engine, fake_services: FakeServices, tmp_path: Path
) -> None:
    mine = fake_services.spotify_state.add_list("Mine", "wanda", [row(invented(n)) for n in range(120)])
    path = f"/playlists/{mine.id}/items"
    fake_services.spotify.fail(limited(85_771), path=path, skip=1)
    log_in(database, engine)
    run = bring_in(database, tmp_path, engine, mine.id)
    assert run.state == "waiting"
    assert (run.wake_at - datetime.now(UTC)).total_seconds() > 85_000
    assert "waiting for Spotify" in run.phase
    engine._clock.sleep(85_800)  # type: ignore[attr-defined]  # the day after
    assert resume(database, tmp_path, engine, run.id) == "done"
    assert only_playlist(database).item_count == 120
    assert len(fake_services.spotify.requests_to(path)) == 4  # of three pages, the refused one twice


def test_spotify_out_of_order_for_a_while_and_for_long(
    database: Database, engine: Engine, fake_services: FakeServices, tmp_path: Path
) -> None:
    mine = fake_services.spotify_state.add_list("Mine", "wanda", [row(invented(1))])
    log_in(database, engine)
    fake_services.spotify.fail(replying(502, "bad gateway"), times=None)
    run = bring_in(database, tmp_path, engine, mine.id)
    states = [run.state, *(resume(database, tmp_path, engine, run.id) for _ in range(5))]
    assert states == [*["waiting"] * 5, "failed"]
    fake_services.spotify.heal()
    assert bring_in(database, tmp_path, engine, mine.id).state == "done"


def test_an_account_that_is_disconnected_meanwhile(
    database: Database, engine: Engine, fake_services: FakeServices, tmp_path: Path
) -> None:
    mine = fake_services.spotify_state.add_list("Mine", "wanda", [row(invented(n)) for n in range(120)])
    accounts = log_in(database, engine)
    gone = change(lambda: accounts.forget(OWNER))
    fake_services.spotify.fail(gone, path=f"/playlists/{mine.id}/items", skip=1)
    run = bring_in(database, tmp_path, engine, mine.id)
    assert (run.state, run.error["message"]) == ("failed", "Spotify is not connected in this browser.")
    assert database.names_where("spotify_pages", {}) == []


@pytest.mark.shared
def test_no_deprecated_operation_is_called(
    database: Database, engine: Engine, fake_services: FakeServices, tmp_path: Path, shared_data: Path
) -> None:
    mine = fake_services.spotify_state.add_list("Mine", "wanda", [row(invented(n)) for n in range(60)], refused=True)
    session = Session(log_in(database, engine), OWNER, engine.channel("spotify"))
    lists_of(session, "wanda")
    for list_id in (mine.id, "saved", "top:long_term"):
        bring_in(database, tmp_path, engine, list_id)
    requests, description = fake_services.spotify.requests, shared_data / "spotify-openapi.yml"
    assert among(operations(description, deprecated=True), requests) == []
    assert len(among(operations(description, deprecated=False), requests)) == len(requests) > 8


def content(database: Database) -> dict[str, Any]:
    """What an import leaves behind, without the times of its end."""
    names = ("own_tracks", "playlists", "playlist_pages", "runs", "spotify_pages", "stats")
    found = {name: sorted(database.documents_where(name, {}), key=lambda one: one["_id"]) for name in names}
    for run in found["runs"]:
        run["finished_at"] = None
    return found


def test_killed_at_any_write_it_ends_as_one_that_was_not(
    database: Database, engine: Engine, fake_services: FakeServices, tmp_path: Path
) -> None:
    state = fake_services.spotify_state
    rows = [row(invented(n % 590), random.Random(n).choice(["wanda", "otto"])) for n in range(PAGE_ITEMS + 110)]
    mine = state.add_list("Mine", "wanda", [*rows, None, row(episode("On Ferries"))])
    log_in(database, engine)
    run_id = queue(database, mine.id)
    waiting = database.get_run(run_id)

    def start(folder: str, write: int) -> tuple[int | None, int | None]:
        var, urls = tmp_path / folder, dict(fake_services.urls)
        return Apart(run_until, database._uri, var, run_id, write, state.app.client_id, urls).result()

    _, writes = start("whole", 10_000)
    assert writes
    expected = content(database)
    assert (expected["runs"][0]["state"], expected["runs"][0]["requested"]) == ("done", 612)
    pages = len(fake_services.spotify.requests_to(f"/playlists/{mine.id}/items"))
    assert pages == 13
    for write in sorted(random.Random(7).sample(range(2, writes), KILLS)):
        for name in ("tracks", "playlists", "playlist_pages", "stats"):
            database.delete_documents(name, database.names_where(name, {}))
        database.put_run(waiting)
        fake_services.spotify.requests.clear()
        assert start(str(write), write) == (-signal.SIGKILL, None)
        assert resume(database, tmp_path / str(write), engine, run_id) == "done"
        assert content(database) == expected, f"killed at write {write}"
        assert len(Catalogue(tmp_path / str(write) / "catalogue").current(OWNER)) == 590
        assert len(fake_services.spotify.requests_to(f"/playlists/{mine.id}/items")) <= pages + 1
