"""``python -m etl export`` as it is typed."""

import argparse
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from etl.exports.command import add_export
from etl.exports.formats import FORMATS
from etl.exports.tastemap_json import write_tastemap_json
from store.catalogue.builder import build_collection
from store.database import Database
from tests.etl.exports import lists
from tests.etl.exports.lists import BARE, FULL, LOCAL, ODD, SOUND, many, written
from tests.etl.exports.test_sql import read_back

ROOT = Path(__file__).resolve().parents[3]


def export(database: Database, *arguments: str, var: Path = Path("unused")) -> int:
    parser = argparse.ArgumentParser()
    add_export(parser.add_subparsers())
    options = parser.parse_args(["export", *arguments])
    code: int = options.command(database, var, options)
    return code


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_written_to_a_file(database: Database, tmp_path: Path, name: str) -> None:
    playlist = lists.store(database, ODD)
    file = tmp_path / "out.bin"
    assert export(database, playlist.id, "--format", name, "--out", str(file)) == 0
    assert file.read_bytes() == written(FORMATS[name], ODD)
    assert list(tmp_path.iterdir()) == [file]


def test_the_format_follows_from_the_file(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    playlist = lists.store(database, ODD, name="AC/DC")
    monkeypatch.chdir(tmp_path)
    assert export(database, playlist.id, "--out", "list.JSPF") == 0
    assert "4 rows" in capsys.readouterr().out
    assert export(database, playlist.id) == 0
    assert (tmp_path / "list.JSPF").read_bytes() == written(FORMATS["jspf"], ODD, name="AC/DC")
    assert (tmp_path / "AC DC.csv").read_bytes() == written(FORMATS["csv"], ODD)


def test_a_file_that_cannot_be_finished_leaves_the_old_one(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "list.json"
    file.write_text("the old one")
    playlist = lists.store(database, many(600))
    database.put_page(playlist.id, 1, [])  # rows are lost
    assert export(database, playlist.id, "--out", str(file)) == 1
    assert file.read_text() == "the old one"
    assert list(tmp_path.iterdir()) == [file]


def test_a_folder_that_is_not_there_is_said(
    database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    playlist = lists.store(database, ODD)
    assert export(database, playlist.id, "--out", str(tmp_path / "no" / "list.csv")) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_tracks_go_into_a_database(database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    playlist = lists.store(database, ODD)
    database.put_tracks([many(1)[0].track])  # of no playlist
    for what, count in ((playlist.id, 3), ("--all", 4)):
        url = f"sqlite:///{tmp_path / f'{count}.db'}"
        assert export(database, what, "--to", url) == 0
        assert len(read_back(url)) == count
        assert read_back(url).items() >= {track.id: track for track in (FULL, BARE, LOCAL)}.items()
    assert "4 tracks written" in capsys.readouterr().out
    assert export(database, "--all", "--to", "music.db") == 1


def test_features_of_the_catalogue_are_written(database: Database, tmp_path: Path) -> None:
    build_collection(tmp_path / "catalogue", [FULL])
    row = replace(ODD[0], track=replace(FULL, features=None))
    playlist = lists.store(database, [row])
    assert FULL.features is not None
    for what in (playlist.id, "--all"):
        url = f"sqlite:///{tmp_path / what}.db"
        assert export(database, what, "--to", url, var=tmp_path) == 0
        (found,) = read_back(url).values()
        assert found.features is not None
        assert (found.features.values, found.features.source) == (SOUND, FULL.features.source)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["nosuch"], 1), (["--all"], 2), (["x", "--to", "sqlite://", "--format", "csv"], 2)],
)
def test_wrong_use_is_told(
    database: Database, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int
) -> None:
    assert export(database, *arguments) == code
    assert capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [[], ["x", "--all"], ["x", "--format", "xls"], ["x", "--out", "f", "--to", "sqlite://"]]
)
def test_what_does_not_go_together_is_refused(database: Database, arguments: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        export(database, *arguments)


def test_the_command_as_a_process(database: Database, database_uri: str, tmp_path: Path) -> None:
    playlist = lists.store(database, ODD)
    command = [sys.executable, "-m", "etl", "export", playlist.id, "--out", str(tmp_path / "list.json")]
    environment = {"MONGODB_URI": database_uri, "TASTEMAP_VAR": str(tmp_path), "PATH": ""}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "list.json").read_bytes() == b"".join(write_tastemap_json(playlist, lists.paged(ODD)))
    assert len(json.loads((tmp_path / "list.json").read_text())["items"]) == 4
