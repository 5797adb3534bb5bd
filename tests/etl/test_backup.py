"""A backup of one kind of store is restored into the other; a damaged file changes nothing; snapshots are bounded."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pymongo import MongoClient

from etl.__main__ import main
from etl.commands.backups import take_snapshot_if_due
from store.catalogue.catalogue import Catalogue
from store.database import Database, StoreError, open_database
from store.domain import Playlist, PlaylistItem, Track
from store.mongo import backup
from store.mongo.backup import BackupError, check_backup, restore_backup, write_backup
from store.mongo.embedded import FOLDER
from store.snapshots import delete_old_snapshots, is_snapshot_due, new_snapshot_path, snapshots
from tests.conftest import ROOT

TRACKS = [Track(id=f"t{number}", title=f"Sång {number}", artists=("Ålm",), source="x") for number in range(1200)]


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The command line's data folder, with the embedded database."""
    monkeypatch.setenv("TASTEMAP_VAR", str(tmp_path / "var"))
    monkeypatch.delenv("MONGODB_URI", raising=False)
    return tmp_path / "var"


@pytest.fixture
def filled(database: Database) -> Database:
    """A database on a server given by its URI."""
    database.put_tracks(TRACKS)
    database.put_playlist(
        Playlist(id="p", name="P", item_count=2, complete=True, source="x", owner="me", created_at=None)
    )
    database.put_page("p", 0, [PlaylistItem(position=at, track_id=f"t{at}") for at in range(2)])
    return database


def all_of(uri: str) -> dict[str, list[dict[str, object]]]:
    with MongoClient[dict](uri) as client:
        database = client.get_default_database()
        names = sorted(name for name in database.list_collection_names() if not name.startswith("_"))
        return {name: found for name in names if (found := list(database[name].find().sort("_id")))}


def test_from_a_server_into_the_embedded_database_and_back(
    filled: Database, environment: Path, tmp_path: Path, server_uri: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = all_of(filled.uri)
    assert write_backup(filled.uri, tmp_path / "one.backup")["tracks"] == 1200
    assert (tmp_path / "one.backup").stat().st_mode & 0o077 == 0

    assert main(["restore", str(tmp_path / "one.backup")]) == 0
    assert "1,200 tracks" in capsys.readouterr().out
    assert len(Catalogue(environment / "catalogue").current()) == 1200
    assert main(["restore", str(tmp_path / "one.backup")]) == 1
    assert "--replace" in capsys.readouterr().err
    assert main(["backup", str(tmp_path / "two.backup")]) == 0

    other = server_uri.replace("/tastemap?", f"/restored_{tmp_path.name}?"[:50])
    restore_backup(other, tmp_path / "two.backup", replace=True)
    after = all_of(other)
    counts = [one.pop("stats", None) for one in (before, after)]
    assert counts[1] == [{"_id": "counts", "tracks": 1200, "playlists": 1}]
    assert after == before
    again = Database(other)
    assert again.missing_indexes() == []
    again.close()
    with MongoClient(other) as client:
        client.drop_database(client.get_default_database().name)


def test_a_file_that_is_not_whole_changes_nothing(filled: Database, tmp_path: Path) -> None:
    path = tmp_path / "one.backup"
    write_backup(filled.uri, path)
    whole, before = path.read_bytes(), all_of(filled.uri)
    assert check_backup(path)["counts"]["tracks"] == 1200
    broken = {
        "cut": whole[: len(whole) // 2],
        "flipped": whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:],
        "none": b"",
        "another": b"id,title\n1,x\n",
    }
    for name, content in broken.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(BackupError):
            restore_backup(filled.uri, tmp_path / name, replace=True)
    assert all_of(filled.uri) == before


def test_a_restore_that_is_cut_off_is_seen_and_given_again(
    filled: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "one.backup"
    write_backup(filled.uri, path)
    before = all_of(filled.uri)

    def killed(_database: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(backup, "ensure_indexes", killed)
        with pytest.raises(KeyboardInterrupt):
            restore_backup(filled.uri, path, replace=True)
    with pytest.raises(StoreError, match="part of a backup"):
        Database(filled.uri).ping()
    restore_backup(filled.uri, path, replace=True)
    assert all_of(filled.uri) == before
    fresh = Database(filled.uri)
    fresh.ping()
    fresh.close()


def test_the_newest_snapshot_replaces_data_that_do_not_open(
    environment: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = open_database(environment)
    database.put_tracks(TRACKS[:5])
    take_snapshot_if_due(database, environment, 2)
    take_snapshot_if_due(database, environment, 2)
    assert len(snapshots(environment)) == 1
    assert main(["restore", "--newest", "--replace"]) == 1
    assert "in use" in capsys.readouterr().err
    database.close()

    (environment / "db" / FOLDER / "WiredTiger.turtle").write_text("rotten")
    assert main(["restore", "--newest"]) == 1
    assert "--newest --replace" in capsys.readouterr().err
    assert main(["restore", "--newest", "--replace"]) == 0
    assert (next((environment / "db").glob("damaged-*")) / "WiredTiger.turtle").read_text() == "rotten"
    database = open_database(environment)
    assert set(database.get_tracks(["t0", "t4"])) == {"t0", "t4"}
    database.close()


def test_snapshots_are_taken_daily_and_bounded(tmp_path: Path, filled: Database) -> None:
    now = datetime.now(UTC)
    assert is_snapshot_due(tmp_path, now)
    for day in range(1, 5):
        new_snapshot_path(tmp_path, now - timedelta(days=day, minutes=1)).touch()
    take_snapshot_if_due(filled, tmp_path, 3)
    assert len(snapshots(tmp_path)) == 4, "a MongoDB server has backups of its own"
    assert is_snapshot_due(tmp_path, now)
    new_snapshot_path(tmp_path, now - timedelta(hours=3)).touch()
    assert not is_snapshot_due(tmp_path, now)


def test_a_snapshot_from_the_future_displaces_no_other(environment: Path) -> None:
    """A clock that was wrong for a moment must not cost the snapshots of the days before, one a minute."""
    now = datetime.now(UTC)
    of_days = [new_snapshot_path(environment, now - timedelta(days=day, minutes=1)) for day in range(3)]
    future = new_snapshot_path(environment, now + timedelta(days=365))
    for path in (*of_days, future):
        path.touch()
    assert not is_snapshot_due(environment, now)
    assert [found.path for found in snapshots(environment)] == [*of_days, future]
    delete_old_snapshots(environment, 3)
    assert not future.exists()


def test_before_an_upgrade_a_snapshot_is_taken(environment: Path) -> None:
    database = open_database(environment)
    database.put_tracks(TRACKS[:5])
    database.close()
    command = [sys.executable, "-m", "tools.before_upgrade"]
    assert subprocess.run([*command, "0.0.0-other"], cwd=ROOT, capture_output=True, text=True).returncode == 0
    [taken] = snapshots(environment)
    assert check_backup(taken.path)["counts"]["tracks"] == 5
    same = FOLDER.removeprefix("secantusdb-")
    assert subprocess.run([*command, same], cwd=ROOT, capture_output=True).returncode == 0
    assert len(snapshots(environment)) == 1
