"""The relational schema in SQLite and in MariaDB: complete, the same when written twice, and up to date."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from etl.exports.sql import SqlProblem, export_tracks, update_or_insert
from etl.exports.sql_schema import METADATA, records
from store.domain import AUDIO_FEATURES, AlbumDetails, AudioFeatures, Track
from tests.etl.exports.lists import BARE, FULL, LOCAL, NOW, many

TRACKS = (FULL, BARE, LOCAL)
START_SECONDS = 60


@pytest.fixture(scope="module")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server of this module's own, on a socket in a folder of its own."""
    install, server = shutil.which("mariadb-install-db"), shutil.which("mariadbd")
    if not install or not server:
        pytest.skip("needs a MariaDB server (Debian: apt install mariadb-server)")
    folder = tmp_path_factory.mktemp("mariadb")
    data, path = folder / "data", folder / "s.sock"
    as_root = ["--user=root"] if os.geteuid() == 0 else []
    common = ["--no-defaults", f"--datadir={data}", *as_root]
    subprocess.run(
        [install, *common, "--auth-root-authentication-method=normal", "--skip-test-db"],
        check=True,
        capture_output=True,
    )
    # What these tests write need not survive a loss of power, and every table made or dropped is otherwise synced.
    hasty = ["--innodb-flush-method=nosync", "--innodb-flush-log-at-trx-commit=0", "--skip-innodb-doublewrite"]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [server, *common, *hasty, f"--socket={path}", "--skip-networking", f"--pid-file={folder / 'pid'}"],
            stdout=log,
            stderr=log,
        )
    try:
        _wait_until_it_listens(path, process)
        options = f"unix_socket={path}&charset=utf8mb4"
        _create_database(f"mariadb+pymysql://root@localhost/?{options}")
        yield f"mariadb+pymysql://root@localhost/music?{options}"
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait_until_it_listens(address: Path, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_SECONDS
    while True:
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(str(address)) == 0:
                return
        if process.poll() is not None or time.monotonic() > until:
            pytest.fail("MariaDB did not start")
        time.sleep(0.2)


def _create_database(address: str) -> None:
    engine = create_engine(address)
    with engine.begin() as connection:
        connection.execute(text("CREATE DATABASE music"))
    engine.dispose()


@pytest.fixture(params=["sqlite", pytest.param("mariadb", marks=pytest.mark.mariadb)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'music.db'}"
        return
    address = request.getfixturevalue("mariadb")
    yield address
    engine = create_engine(address)
    METADATA.drop_all(engine)
    engine.dispose()


def tables(url: str) -> dict[str, list[dict[str, Any]]]:
    """Return every row of every table in the order of its key."""
    engine = create_engine(url)
    with engine.connect() as connection:
        found = {
            table.name: [
                dict(row) for row in connection.execute(table.select().order_by(*table.primary_key)).mappings()
            ]
            for table in METADATA.sorted_tables
        }
    engine.dispose()
    return found


def read_back(url: str) -> dict[str, Track]:
    """Put the tracks together again from the tables."""
    found = tables(url)
    artists = {row["id"]: row["name"] for row in found["artist"]}
    albums = {row["id"]: row["title"] for row in found["album"]}
    sounds = {row.pop("track_id"): row for row in found["audio_features"]}
    names: dict[str, list[str]] = {}
    for row in found["artist_track"]:  # in the order of track and position
        names.setdefault(row["track_id"], []).append(artists[row["artist_id"]])
    ids = {row["id"]: _ids(found["external_id"], row["id"]) for row in found["track"]}
    details = {row.pop("track_id"): _details(row) for row in found["release"]}
    tracks = {}
    for row in found["track"]:
        row |= ids[row["id"]] | {"album_details": details.get(row["id"])}
        album = albums.get(row.pop("album_id"))
        sound = sounds.get(row["id"])
        row |= {name: tuple(row[name]) for name in ("labels", "artist_genres")}
        tracks[row["id"]] = Track(
            **row, artists=tuple(names.get(row["id"], ())), album=album, features=sound and _features(sound)
        )
    return tracks


def _ids(rows: list[dict[str, Any]], track_id: str) -> dict[str, Any]:
    own = [(row["namespace"], row["value"]) for row in rows if row["track_id"] == track_id]
    uris = tuple(value for namespace, value in own if namespace == "artist_uri")
    return {"artist_uris": uris, "ids": {name: value for name, value in own if name != "artist_uri"}}


def _details(row: dict[str, Any]) -> AlbumDetails:
    return AlbumDetails(**{name: tuple(part) if isinstance(part, list) else part for name, part in row.items()})


def _features(row: dict[str, Any]) -> AudioFeatures:
    values = {name: row.pop(name) for name in AUDIO_FEATURES}
    known = {name: value for name, value in values.items() if value is not None}
    fetched_at = row.pop("fetched_at")
    return AudioFeatures(values=known, fetched_at=fetched_at and fetched_at.replace(tzinfo=UTC), **row)


def test_nothing_is_lost(url: str) -> None:
    assert export_tracks(TRACKS, url) == 3
    assert read_back(url) == {track.id: track for track in TRACKS}


def test_written_twice_is_the_same(url: str) -> None:
    export_tracks(TRACKS, url)
    before = tables(url)
    export_tracks(reversed(TRACKS), url)
    assert tables(url) == before


def test_a_track_is_brought_up_to_date(url: str) -> None:
    export_tracks(TRACKS, url)
    assert FULL.features is not None
    louder = replace(FULL.features, values={**FULL.features.values, "loudness": -3.0}, fetched_at=NOW)
    newer = replace(FULL, title="New", artists=("AC/DC",), album="Other", features=louder)
    export_tracks([newer], url)
    assert read_back(url) == {track.id: track for track in (newer, BARE, LOCAL)}


def test_ids_that_differ_in_case_are_two_tracks(url: str) -> None:
    upper, lower = (Track(id=letter * 22, title=letter, artists=(f"é{letter}",)) for letter in "Aa")
    export_tracks([upper, lower], url)
    assert read_back(url) == {upper.id: upper, lower.id: lower}


def test_more_than_one_transaction(url: str) -> None:
    tracks = [row.track for row in many(1100)]
    steps: list[int] = []
    assert export_tracks(iter(tracks), url, steps.append) == 1100
    assert steps == [500, 1000, 1100]
    assert read_back(url) == {track.id: track for track in tracks}


def test_albums_of_one_name_are_told_apart_by_their_artist(url: str) -> None:
    best = [Track(id=name * 22, title=name, artists=(name,), album="Greatest Hits") for name in "ab"]
    export_tracks([*best, replace(best[0], id="c" * 22, artists=("a", "b"))], url)
    found = tables(url)
    assert (len(found["album"]), len(found["artist"]), len(found["artist_album"])) == (2, 2, 3)


def test_the_way_of_databases_without_an_upsert(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'plain.db'}"
    engine = create_engine(url)
    METADATA.create_all(engine)
    newer = replace(FULL, title="New")
    for batch in ([FULL, BARE], [newer, LOCAL, BARE], [newer, LOCAL, BARE]):
        with engine.begin() as connection:
            for table, rows in records(batch).items():
                if rows:
                    update_or_insert(connection, table, rows)
    engine.dispose()
    assert read_back(url) == {track.id: track for track in (newer, BARE, LOCAL)}


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("music.db", "not the address"),
        ("nosuch://localhost/music", "no driver"),
        ("sqlite:////nowhere/at/all/music.db", "unable to open"),
        ("mariadb+pymysql://me:secret-word@127.0.0.1:1/music", "refused"),
    ],
)
def test_what_cannot_be_written_is_said_without_the_password(url: str, said: str) -> None:
    with pytest.raises(SqlProblem, match=said) as found:
        export_tracks(TRACKS, url)
    assert "secret-word" not in found.value.message + found.value.hint
