"""The database, on a real server."""

import os
import signal
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from store.database import PAGE_ITEMS, Database, StoreDown, open_database
from store.domain import AlbumDetails, AudioFeatures, Playlist, PlaylistItem, Track
from store.mongo.embedded import EmbeddedServer

NOW = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)


def track(number: int, **known: object) -> Track:
    return Track(id=f"id{number:020d}", title=f"Song {number}", artists=("Somebody",), source="test", **known)  # type: ignore[arg-type]


def features(**values: float) -> AudioFeatures:
    return AudioFeatures(values=values, source="test", fetched_at=NOW, licence="ours")


def test_a_track_comes_back_as_it_was(database: Database) -> None:
    full = Track(
        id="4uLU6hMCjMI75M1A2tKUQC",
        title="Señorita — “live”",
        artists=("Tyler, The Creator", "Ünal"),
        album="A",
        year=1979,
        duration_ms=185_000,
        isrc="USRC17908239",
        popularity=0.0,
        explicit=False,
        labels=("pop",),
        artist_genres=("dance pop", "r&b"),
        features=features(energy=0.5, tempo=120.0),
        source="exportify: a.csv",
        ids={"mbid": "0c1e"},
    )
    bare = Track(id="local-0123456789abcdef", title="607", artists=())
    database.put_tracks([full, bare])
    assert database.get_track(full.id) == full
    assert database.get_tracks({full.id, bare.id, "unknown"}) == {full.id: full, bare.id: bare}
    assert database.get_track("unknown") is None


def test_stored_and_known_are_counted(database: Database) -> None:
    assert database.put_tracks([track(n) for n in range(120)]) == (120, 0)
    assert database.put_tracks([track(n) for n in range(100, 260)]) == (140, 20)
    assert database.put_tracks([]) == (0, 0)
    assert len(list(database.all_tracks())) == 260


def test_the_ids_of_several_sources_come_together(database: Database) -> None:
    database.put_tracks([track(1)])
    for ids in ({"deezer": "1"}, {"mbid": "m", "deezer": "2"}):
        database.put_tracks([track(1, ids=ids)])
    known = database.get_track(track(1).id)
    assert known is not None
    assert known.ids == {"deezer": "1", "mbid": "m"}


def test_a_page_repeated_after_a_kill_counts_as_it_did(database: Database) -> None:
    database.put_tracks([track(1)], "other run:0")
    database.put_tracks([track(2), track(3)], "run:4")
    assert database.put_tracks([track(1), track(2), track(3), track(4)], "run:4") == (3, 1)


def test_a_later_import_fills_gaps_and_wipes_nothing(database: Database) -> None:
    database.put_tracks([track(1, album="First", features=features(energy=0.1))])
    database.put_tracks([track(1, album="Second", isrc="USRC17908239", features=features(energy=0.1, tempo=99.0))])
    database.put_tracks([track(1)])
    known = database.get_track(track(1).id)
    assert known is not None
    assert known.features is not None
    assert (known.album, known.isrc) == ("First", "USRC17908239")
    assert known.features.values == {"energy": 0.1, "tempo": 99.0}
    database.put_tracks([track(1, features=features(valence=0.3, mode=1.0, key=2.0))])
    after = database.get_track(track(1).id)
    assert after is not None
    assert after.features == known.features  # a mixture of two sources is nobody's measurement


def test_playlists_belong_to_their_owner_or_to_everybody(database: Database) -> None:
    mine = Playlist(id="a", name="Mine", owner="me", item_count=2, contributors={"jo.doe": 2}, created_at=NOW)
    everybodys = Playlist(id="b", name="All", complete=True)
    for one in (mine, everybodys, Playlist(id="c", name="Theirs", owner="you")):
        database.put_playlist(one)
    assert database.playlist("a") == mine
    assert [playlist.id for playlist in database.playlists("me")] == ["a", "b"]
    assert [playlist.id for playlist in database.playlists(None)] == ["b"]


def test_rows_come_back_by_position_across_pages(database: Database) -> None:
    rows = [
        PlaylistItem(position=n, track_id=f"t{n}", added_by="jo" if n % 2 else None, added_at=NOW if n % 3 else None)
        for n in range(2 * PAGE_ITEMS + 7)
    ]
    for page in range(3):
        database.put_page("pl", page, rows[page * PAGE_ITEMS : (page + 1) * PAGE_ITEMS])
    assert database.playlist_items("pl", 0, 5000) == rows
    assert database.playlist_items("pl", PAGE_ITEMS - 3, 6) == rows[PAGE_ITEMS - 3 : PAGE_ITEMS + 3]
    assert database.playlist_items("pl", 5000, 10) == []
    with pytest.raises(ValueError, match="a page holds"):
        database.put_page("pl", 0, rows)


def test_deleting_a_playlist_takes_its_rows_alone(database: Database) -> None:
    for name in ("pl", "pl2"):
        database.put_playlist(Playlist(id=name, name=name))
        database.put_page(name, 0, [PlaylistItem(position=0, track_id="t")])
    database.delete_playlist("pl")
    assert database.playlist("pl") is None
    assert database.playlist_items("pl") == []
    assert len(database.playlist_items("pl2")) == 1
    assert not database.grow_playlist("pl", 5)


def test_counts_are_kept(database: Database) -> None:
    assert database.counts() == {"tracks": 0, "playlists": 0}
    database.put_tracks([track(1), track(2)])
    database.refresh_counts()
    assert database.counts() == {"tracks": 2, "playlists": 0}


def test_a_server_that_is_away_is_named_in_one_error() -> None:
    away = Database("mongodb://127.0.0.1:9/tastemap?serverSelectionTimeoutMS=100")
    assert away.kind == "mongodb"
    with pytest.raises(StoreDown) as caught:
        away.get_track("x")
    assert "MONGODB_URI" in caught.value.hint
    with pytest.raises(StoreDown):
        next(away.all_tracks())
    away.close()


def test_the_embedded_server_is_revived_when_it_died(tmp_path: Path) -> None:
    database = open_database(tmp_path)
    assert database.kind == "embedded"
    database.put_tracks([track(1)])
    kill_server(tmp_path)
    assert database.get_track(track(1).id) == track(1)
    database.close()
    assert not (tmp_path / "db" / "server.pid").exists()


def test_a_worker_finds_the_server_that_its_master_started(tmp_path: Path) -> None:
    master = open_database(tmp_path)
    worker = Database("", EmbeddedServer(tmp_path))
    worker.put_tracks([track(1)])
    assert master.get_track(track(1).id) == track(1)
    worker.close()
    master.ping()
    master.close()


def kill_server(var: Path) -> None:
    os.kill(int((var / "db" / "server.pid").read_text()), signal.SIGKILL)


def test_details_of_an_album_fill_gaps_and_become_more_precise(database: Database) -> None:
    track = Track(id="t", title="T", artists=("A",), year=1979, album_details=AlbumDetails(released="1979"))
    finer = AlbumDetails(released="1979-11-30", record_label="Harvest", artists=("A",), disc_number=2)
    database.put_tracks([track])
    database.put_tracks([replace(track, album_details=finer, artist_uris=("spotify:artist:1",))])
    database.put_tracks([replace(track, album_details=AlbumDetails(released="1980-01", record_label="Other"))])
    assert database.get_track("t") == replace(track, album_details=finer, artist_uris=("spotify:artist:1",))
