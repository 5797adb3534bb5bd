"""Playlists to Spotify: in order, in batches, and only once however often it is tried."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from etl.engine import Engine
from etl.providers.base import FaultKind, SourceFault
from etl.spotify.accounts import Session
from etl.spotify.faults import Refused
from etl.spotify.login import WRITE_PRIVATE
from etl.spotify.writing import COLLECTION, Written, write_playlist
from store.database import Database
from store.domain import Playlist, PlaylistItem, Track
from tests.etl.spotify.setting import OWNER, log_in
from tests.fake_services.faults import replying
from tests.fake_services.fixtures import FakeServices
from tests.fake_services.server import FakeService, Reply, Request
from tests.fake_services.spotify_openapi import among, operations
from tests.fake_services.world import base62

IDS = [base62(f"written {number}") for number in range(240)]


@pytest.fixture
def playlist(database: Database) -> Playlist:
    """240 numbered tracks, one of which comes twice, one known by a source's id, and two that Spotify lacks."""
    known = Track(id="isrc-ZZINV2600001", title="Known", artists=("A",), ids={"spotify": base62("known")})
    rows = [*IDS[:120], "local-0123456789abcdef", IDS[0], *IDS[120:], known.id, "local-fedcba9876543210"]
    database.put_tracks([known, *(Track(id=name, title="L", artists=()) for name in rows if name.startswith("local"))])
    database.put_page("mine", 0, [PlaylistItem(position=at, track_id=name) for at, name in enumerate(rows)])
    made = Playlist(id="mine", name="Mine", owner=OWNER, item_count=len(rows), complete=True)
    database.put_playlist(made)
    return made


def write(database: Database, engine: Engine, playlist: Playlist, scope: str = WRITE_PRIVATE) -> Written:
    accounts = log_in(database, engine, OWNER, scope)
    account = accounts.get(OWNER)
    assert account is not None
    session = Session(accounts, OWNER, engine.channel("spotify", owner=OWNER))
    return write_playlist(database, session, account, playlist, name="From Tastemap", public=False)


def uris(fake_services: FakeServices) -> list[str]:
    """The rows of the one playlist that there is at Spotify."""
    [made] = fake_services.spotify_state.lists.values()
    assert (made.name, made.owner, made.public) == ("From Tastemap", "wanda", False)
    return [one("item")["item"]["id"] for one in made.rows]


EXPECTED = [*IDS[:120], IDS[0], *IDS[120:], base62("known")]


def test_batches_in_order(database: Database, engine: Engine, fake_services: FakeServices, playlist: Playlist) -> None:
    written = write(database, engine, playlist)
    assert uris(fake_services) == EXPECTED
    assert (written.written, written.skipped) == (242, 2)
    assert written.url == f"https://open.spotify.com/playlist/{written.id}"
    assert len(fake_services.spotify.asked(f"/playlists/{written.id}/items", "POST")) == 3


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
        ("/playlists/.*/items", replying(502, "bad gateway"), 1),
        ("/playlists/.*/items", add_then_fail, 1),
        ("/playlists/.*/items", add_then_fail, 2),
    ],
)
def test_cut_off_and_tried_again(
    database: Database,
    engine: Engine,
    fake_services: FakeServices,
    playlist: Playlist,
    path: str,
    happening: object,
    skip: int,
) -> None:
    fake_services.spotify.fail(happening, path=path, method="POST", skip=skip)  # type: ignore[arg-type]
    with pytest.raises(SourceFault) as told:
        write(database, engine, playlist)
    assert told.value.kind is FaultKind.UNREACHABLE
    written = write(database, engine, playlist)
    assert uris(fake_services) == EXPECTED
    assert (written.written, written.skipped) == (242, 2)


def test_asked_again_at_once_it_is_the_same_and_later_another(
    database: Database, engine: Engine, fake_services: FakeServices, playlist: Playlist
) -> None:
    first = write(database, engine, playlist)
    assert write(database, engine, playlist) == first
    assert uris(fake_services) == EXPECTED
    [document] = database.documents_where(COLLECTION, {})
    database.change_document(COLLECTION, document["_id"], {"at": datetime.now(UTC) - timedelta(hours=1)})
    assert write(database, engine, playlist).id != first.id
    assert len(fake_services.spotify_state.lists) == 2


def test_two_at_once_write_one(
    database: Database, engine: Engine, fake_services: FakeServices, playlist: Playlist
) -> None:
    accounts = log_in(database, engine, OWNER, WRITE_PRIVATE)
    account = accounts.get(OWNER)
    assert account is not None
    fake_services.spotify.latency = 0.03

    def once(_: int) -> str:
        session = Session(accounts, OWNER, engine.channel("spotify", owner=OWNER))
        try:
            return write_playlist(database, session, account, playlist, name="From Tastemap", public=False).id
        except Refused as refused:
            return refused.message

    with ThreadPoolExecutor(2) as threads:
        found = set(threads.map(once, range(2)))
    assert found & set(fake_services.spotify_state.lists)
    assert uris(fake_services) == EXPECTED


def test_a_long_list_holds_its_lease_while_it_is_written(
    database: Database, engine: Engine, fake_services: FakeServices, playlist: Playlist
) -> None:
    """As if each batch took longer than a lease lasts."""
    leases = []

    def slowly(service: FakeService, request: Request) -> Reply:
        [document] = database.documents_where(COLLECTION, {})
        leases.append(document["lease_until"] > datetime.now(UTC))
        database.change_document(COLLECTION, document["_id"], {"lease_until": datetime(2020, 1, 1, tzinfo=UTC)})
        answer = service._answer(request)
        assert isinstance(answer, Reply)
        return answer

    fake_services.spotify.fail(slowly, path="/playlists/.*/items", method="POST", times=None)
    write(database, engine, playlist)
    assert leases == [True] * 3
    assert uris(fake_services) == EXPECTED


def test_who_has_lost_the_lease_stops(
    database: Database, engine: Engine, fake_services: FakeServices, playlist: Playlist
) -> None:
    def taken_over(service: FakeService, request: Request) -> Reply:
        [document] = database.documents_where(COLLECTION, {})
        database.change_document(COLLECTION, document["_id"], {"lease": "another's"})
        answer = service._answer(request)
        assert isinstance(answer, Reply)
        return answer

    fake_services.spotify.fail(taken_over, path="/playlists/.*/items", method="POST")
    with pytest.raises(Refused, match="being written"):
        write(database, engine, playlist)
    [document] = database.documents_where(COLLECTION, {})
    assert (document["lease"], document["lease_until"] > datetime.now(UTC)) == ("another's", True)
    assert len(fake_services.spotify.asked("/playlists/.*/items", "POST")) == 1


def test_nothing_to_write(database: Database, engine: Engine, fake_services: FakeServices) -> None:
    database.put_tracks([Track(id="local-1", title="L", artists=())])
    database.put_page("local", 0, [PlaylistItem(position=0, track_id="local-1")])
    with pytest.raises(Refused, match="No track of this playlist"):
        write(database, engine, Playlist(id="local", name="Local", item_count=1))
    assert fake_services.spotify_state.lists == {}


def test_without_the_permission_to_write(
    database: Database, engine: Engine, fake_services: FakeServices, playlist: Playlist
) -> None:
    with pytest.raises(Refused, match="further permission"):
        write(database, engine, playlist, "user-read-private")
    assert fake_services.spotify_state.lists == {}


@pytest.mark.shared
def test_no_deprecated_operation_is_called(
    database: Database, engine: Engine, fake_services: FakeServices, playlist: Playlist, shared_data: Path
) -> None:
    fake_services.spotify.fail(replying(502), path="/playlists/.*/items", method="POST", skip=1)
    with pytest.raises(SourceFault):
        write(database, engine, playlist)
    write(database, engine, playlist)
    asked, description = fake_services.spotify.requests, shared_data / "spotify-openapi.yml"
    assert among(operations(description, deprecated=True), asked) == []
    assert len(among(operations(description, deprecated=False), asked)) == len(asked) > 6
