"""Playlists to Spotify: in order, in batches, and only once, whatever happens on the way."""

import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from etl.engine import Engine
from etl.spotify.accounts import Accounts
from etl.spotify.forgetting import disconnect
from etl.spotify.login import WRITE_PRIVATE
from etl.spotify.writing import TOO_MANY, UNKNOWN, new_write
from store.database import PAGE_ITEMS, Database
from store.domain import Playlist, PlaylistItem, Track
from tests.apart import Apart
from tests.etl.spotify.dying import run_until
from tests.etl.spotify.setting import OWNER, log_in, resume
from tests.fake_services.faults import change, limited, replying
from tests.fake_services.fixtures import FakeServices
from tests.fake_services.server import FakeService, Reply, Request
from tests.fake_services.spotify_openapi import among, operations
from tests.fake_services.world import base62

IDS = [base62(f"written {number}") for number in range(240)]
EXPECTED = [*IDS[:120], IDS[0], *IDS[120:], base62("known")]


def stored(database: Database, rows: list[str]) -> Playlist:
    for page, start in enumerate(range(0, len(rows), PAGE_ITEMS)):
        part = rows[start : start + PAGE_ITEMS]
        items = [PlaylistItem(position=start + at, track_id=name) for at, name in enumerate(part)]
        database.put_page("mine", page, items)
    made = Playlist(id="mine", name="Mine", owner=OWNER, item_count=len(rows), complete=True)
    database.put_playlist(made)
    return made


@pytest.fixture
def playlist(database: Database) -> Playlist:
    """240 numbered tracks, one of which comes twice, one known by a source's id, and two that Spotify lacks."""
    known = Track(id="isrc-ZZINV2600001", title="Known", artists=("A",), ids={"spotify": base62("known")})
    rows = [*IDS[:120], "local-0123456789abcdef", IDS[0], *IDS[120:], known.id, "local-fedcba9876543210"]
    database.put_tracks([known, *(Track(id=name, title="L", artists=()) for name in rows if name.startswith("local"))])
    return stored(database, rows)


def queue(database: Database, engine: Engine, playlist: Playlist, scope: str = WRITE_PRIVATE) -> str:
    account = log_in(database, engine, OWNER, scope).get(OWNER)
    assert account is not None
    run = new_write(OWNER, account, playlist, name="From Tastemap", public=False)
    database.put_run(run)
    return str(run.id)


def write(database: Database, folder: Path, engine: Engine, playlist: Playlist, **more: str) -> dict[str, Any]:
    return go_on(database, folder, engine, queue(database, engine, playlist, **more))


def go_on(database: Database, folder: Path, engine: Engine, run_id: str) -> dict[str, Any]:
    """Do what is left of a run, however often it pauses for a minute, and return it."""
    while resume(database, folder, engine, run_id) == "waiting":
        pass
    return database.get_run(run_id)


def uris(fake_services: FakeServices) -> list[str]:
    """The rows of the one playlist that there is at Spotify."""
    [made] = fake_services.spotify_state.lists.values()
    assert (made.name, made.owner, made.public) == ("From Tastemap", "wanda", False)
    return [row("item")["item"]["id"] for row in made.rows]


def test_batches_in_order(
    database: Database, engine: Engine, fake_services: FakeServices, tmp_path: Path, playlist: Playlist
) -> None:
    run = write(database, tmp_path, engine, playlist)
    assert uris(fake_services) == EXPECTED
    assert (run.state, run.requested, run.stored, run.known) == ("done", 244, 242, 0)
    assert dict(run.skipped) == {UNKNOWN: 2}
    [made] = fake_services.spotify_state.lists
    assert run.result == {"id": made, "url": f"https://open.spotify.com/playlist/{made}"}
    assert len(fake_services.spotify.requests_to(f"/playlists/{made}/items", "POST")) == 3
    assert database.names_where("spotify_pages", {}) == []


def add_then_fail(service: FakeService, request: Request) -> Reply:
    """Do it, and let the answer be lost."""
    service._answer(request)
    return Reply(status=502, body="bad gateway")


@pytest.mark.parametrize(
    ("path", "happening", "skip"),
    [
        ("/me/playlists", replying(502, "bad gateway"), 0),
        ("/me/playlists", add_then_fail, 0),
        ("/playlists/.*/items", replying(502, "bad gateway"), 0),
        ("/playlists/.*/items", limited(85_771), 1),
        ("/playlists/.*/items", add_then_fail, 1),
        ("/playlists/.*/items", add_then_fail, 2),
    ],
)
def test_cut_off_it_waits_and_goes_on(
    database: Database,
    engine: Engine,
    fake_services: FakeServices,
    tmp_path: Path,
    playlist: Playlist,
    path: str,
    happening: object,
    skip: int,
) -> None:
    fake_services.spotify.fail(happening, path=path, method="POST", skip=skip)  # type: ignore[arg-type]
    run_id = queue(database, engine, playlist)
    assert resume(database, tmp_path, engine, run_id) == "waiting"
    run = database.get_run(run_id)
    assert "waiting for Spotify" in run.phase
    stored(database, IDS[:7])  # what the playlist has become since is another list
    engine._clock.sleep((run.wake_at - datetime.now(UTC)).total_seconds())  # type: ignore[attr-defined]
    run = go_on(database, tmp_path, engine, run_id)
    assert uris(fake_services) == EXPECTED
    assert (run.state, run.stored) == ("done", 242)


@pytest.mark.parametrize("path", ["/me/playlists", "/playlists/.*/items"])
def test_what_fails_again_and_again_ends(
    database: Database, engine: Engine, fake_services: FakeServices, tmp_path: Path, playlist: Playlist, path: str
) -> None:
    fake_services.spotify.fail(replying(502, "bad gateway"), path=path, method="POST", times=None)
    run = write(database, tmp_path, engine, playlist)
    assert (run.state, run.error["code"]) == ("failed", "spotify")
    assert len(fake_services.spotify.requests_to(path, "POST")) == 6
    assert database.names_where("spotify_pages", {}) == []


def test_cancelled_no_further_batch_is_sent(
    database: Database, engine: Engine, fake_services: FakeServices, tmp_path: Path, playlist: Playlist
) -> None:
    run_id = queue(database, engine, playlist)
    fake_services.spotify.fail(change(lambda: database.cancel_run(run_id)), path="/playlists/.*/items", method="POST")
    assert resume(database, tmp_path, engine, run_id) == "cancelled"
    assert uris(fake_services) == EXPECTED[:100]
    assert database.get_run(run_id).result["url"]  # what there is can be looked at
    assert database.names_where("spotify_pages", {}) == []


def test_disconnected_it_ends_and_leaves_nothing(
    database: Database, engine: Engine, fake_services: FakeServices, tmp_path: Path, playlist: Playlist
) -> None:
    fake_services.spotify.fail(limited(85_771), path="/playlists/.*/items", method="POST", skip=1)
    run_id = queue(database, engine, playlist)
    assert resume(database, tmp_path, engine, run_id) == "waiting"
    disconnect(database, engine, OWNER)
    assert database.get_run(run_id) is None
    assert database.names_where("spotify_pages", {}) == []


def test_it_is_for_the_account_that_asked(
    database: Database, engine: Engine, fake_services: FakeServices, tmp_path: Path, playlist: Playlist
) -> None:
    run_id = queue(database, engine, playlist)
    Accounts(database, engine.vault).note(OWNER, {"user.id": "otto"})
    assert go_on(database, tmp_path, engine, run_id).error["code"] == "another_account"
    assert fake_services.spotify_state.lists == {}


def test_more_rows_than_spotify_takes(
    database: Database, engine: Engine, fake_services: FakeServices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("etl.spotify.writing._MOST_ROWS", 150)
    run = write(database, tmp_path, engine, stored(database, IDS))
    assert uris(fake_services) == IDS[:150]
    assert (run.requested, run.stored, dict(run.skipped)) == (240, 150, {TOO_MANY: 90})


def test_nothing_to_write(database: Database, engine: Engine, fake_services: FakeServices, tmp_path: Path) -> None:
    database.put_tracks([Track(id="local-1", title="L", artists=())])
    run = write(database, tmp_path, engine, stored(database, ["local-1"]))
    assert (run.state, run.error["code"]) == ("failed", "no_tracks")
    assert fake_services.spotify_state.lists == {}


def test_without_the_permission_to_write(
    database: Database, engine: Engine, fake_services: FakeServices, tmp_path: Path, playlist: Playlist
) -> None:
    run = write(database, tmp_path, engine, playlist, scope="user-read-private")
    assert "further permission" in run.error["message"]
    assert fake_services.spotify_state.lists == {}


@pytest.mark.shared
def test_no_deprecated_operation_is_called(
    database: Database,
    engine: Engine,
    fake_services: FakeServices,
    tmp_path: Path,
    playlist: Playlist,
    shared_data: Path,
) -> None:
    fake_services.spotify.fail(replying(502), path="/playlists/.*/items", method="POST", skip=1)
    assert write(database, tmp_path, engine, playlist).state == "done"
    requests, description = fake_services.spotify.requests, shared_data / "spotify-openapi.yml"
    assert among(operations(description, deprecated=True), requests) == []
    assert len(among(operations(description, deprecated=False), requests)) == len(requests) > 6


class Killer:
    """A run in a process of its own, which Spotify can kill before or after doing what it is asked for."""

    def __init__(self, database: Database, services: FakeServices, run_id: str) -> None:
        self._uri, self._run_id = database._uri, run_id
        self._client_id, self._urls = services.spotify_state.app.client_id, dict(services.urls)
        self._process: Apart | None = None

    def run(self, var: Path) -> int | None:
        self._process = Apart(run_until, self._uri, var, self._run_id, 0, self._client_id, self._urls)
        return self._process.result()[0]

    def before(self, service: FakeService, request: Request) -> Reply:
        assert self._process is not None
        self._process.kill()
        return Reply(status=502)

    def after(self, service: FakeService, request: Request) -> Reply:
        service._answer(request)
        return self.before(service, request)


def test_killed_at_any_call_no_row_comes_twice(
    database: Database, engine: Engine, fake_services: FakeServices, tmp_path: Path, playlist: Playlist
) -> None:
    run_id = queue(database, engine, playlist)
    waiting, killer = database.get_run(run_id), Killer(database, fake_services, run_id)
    batches = "/playlists/.*/items"
    calls = [("/me/playlists", killer.before, 0), ("/me/playlists", killer.after, 0)]
    calls += [(batches, killer.before, 0), *((batches, killer.after, skip) for skip in range(3))]
    for number, (path, kill, skip) in enumerate(calls):
        fake_services.spotify_state.lists.clear()
        database.put_run(waiting)
        fake_services.spotify.fail(kill, path=path, method="POST", skip=skip)
        assert killer.run(tmp_path / str(number)) == -signal.SIGKILL
        assert resume(database, tmp_path / str(number), engine, run_id) == "done"
        assert uris(fake_services) == EXPECTED, (path, kill, skip)
        run = database.get_run(run_id)
        assert (run.requested, run.stored, run.result["id"]) == (244, 242, *fake_services.spotify_state.lists)
