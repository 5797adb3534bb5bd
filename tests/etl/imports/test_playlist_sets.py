"""Slices of the Million Playlist Dataset, from the file to the columns on the disk."""

import json
import re
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.imports import mpd
from etl.imports.reading.bytes import source_of
from etl.imports.recognise import recognise
from etl.imports.rows.entries import DatasetFile
from etl.imports.storing.mpd_columns import clean_texts, parse_playlists
from etl.imports.storing.playlist_sets import import_slice
from etl.values import text, whole
from jobs.worker import execute
from store.database import Database
from store.playlists.sets import read_batches, set_names
from store.runs import ImportProblem, RunSummary
from tests.etl.imports import files, formats
from tests.etl.imports.test_runs import do, queue

ROOT = Path(__file__).resolve().parents[3]


def write(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8", errors="surrogateescape", newline="")
    return path


def bring(path: Path, root: Path) -> RunSummary:
    found = recognise(path)
    assert isinstance(found, DatasetFile)
    return import_slice(found.source, found.sha256, found.size, root, lambda progress: None)


def read(path: Path) -> list[dict[str, Any]]:
    chunks = mpd.read_chunks(source_of(path), lambda chunk: json.loads(f"[{str(chunk, 'utf-8')}]"))
    return [playlist for chunk in chunks for playlist in chunk]


def rows(root: Path, kind: str) -> list[dict[str, Any]]:
    return [row for batch in read_batches(root, kind) for row in batch.to_pylist()]


@pytest.mark.parametrize("indent", [4, 1, None])
def test_a_slice(tmp_path: Path, indent: int | None) -> None:
    odd = formats.slice_playlist(2, 3, collaborative="true", name=None, num_followers="x", modified_at=-1)
    odd["tracks"] += [{"track_uri": "spotify:local:x"}, None, {"track_uri": 3}]
    lists = (formats.slice_playlist(0, 1, 2), formats.slice_playlist(1), odd)
    path = write(tmp_path / "mpd.slice.0-999.json", formats.mpd_slice(*lists, indent=indent))
    summary = bring(path, tmp_path / "sets")
    assert (summary.requested, summary.stored, summary.known) == (6, 3, 0)
    assert summary.skipped == {"no Spotify id": 3}
    assert [one.line for one in summary.examples] == [4, 5, 6]
    found = rows(tmp_path / "sets", "playlists")
    assert [(one["pid"], one["name"], one["tracks"]) for one in found] == [
        (0, "list 0", [files.spotify_id(1), files.spotify_id(2)]),
        (1, "list 1", []),
        (2, None, [files.spotify_id(3)]),
    ]
    assert [(one["collaborative"], one["followers"]) for one in found] == [(False, 2), (False, 2), (True, None)]
    assert [one["modified_at"] for one in found][1:] == [datetime.fromtimestamp(1_493_424_000, UTC), None]
    tracks = rows(tmp_path / "sets", "tracks")
    assert [(one["id"], one["title"], one["duration_ms"]) for one in tracks] == [
        (files.spotify_id(n), f'Song {n} "}}, {{" \\ é', 200_000 + n) for n in (1, 2, 3)
    ]


@settings(max_examples=60)
@given(
    names=st.lists(st.text(max_size=8), min_size=1, max_size=5),
    layout=st.sampled_from([{"indent": 4}, {"indent": 0}, {"indent": "\t"}, {}, {"separators": (",", ":")}]),
    block=st.integers(1, 300),
)
def test_however_it_is_written_and_read(
    names: list[str], layout: dict[str, Any], block: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    lists = [{"pid": at, "name": name, "tracks": [{"a": {"b": name}}]} for at, name in enumerate(names)]
    path = write(tmp_path_factory.mktemp("cut") / "x.json", json.dumps({"playlists": lists, "info": {}}, **layout))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mpd, "_BLOCK", block)
        assert read(path) == lists


_ODD = st.sampled_from([None, True, -1, 0.5, 1 << 40, 1 << 70, "", "12", "x\ty", {"a": [1]}, [None]])
_ROW = st.fixed_dictionaries(
    {},
    optional={
        "track_uri": st.text(max_size=3) | _ODD,
        "track_name": st.text(max_size=3) | _ODD,
        "duration_ms": st.integers(-1, 9) | _ODD,
        "pos": _ODD,
    },
)
_LIST = st.fixed_dictionaries(
    {"pid": st.integers(0, 9)},
    optional={"name": st.text(max_size=3) | _ODD, "tracks": st.lists(_ROW, max_size=3) | st.lists(_ODD, max_size=2)},
)


@settings(max_examples=200)
@given(lists=st.lists(_LIST, min_size=1, max_size=3), indent=st.sampled_from([None, 4]))
def test_columns_hold_what_a_reader_of_values_finds(lists: list[dict[str, Any]], indent: int | None) -> None:
    found = parse_playlists(memoryview(json.dumps(lists, indent=indent)[1:-1].encode()))
    assert [one["pid"] for one in found.to_pylist()] == [one["pid"] for one in lists]
    assert texts_of(found.field("name")) == [text(one.get("name")) for one in lists]
    rows = [row if isinstance(row, dict) else {} for one in lists for row in one.get("tracks", ())]
    tracks = found.field("tracks").flatten()
    assert texts_of(pc.struct_field(tracks, "track_name")) == [text(row.get("track_name")) for row in rows]
    assert pc.struct_field(tracks, "duration_ms").to_pylist() == [whole(row.get("duration_ms")) for row in rows]


def texts_of(column: pa.Array) -> list[str | None]:
    return clean_texts(column).to_pylist()


def test_nothing_behind_the_playlists_is_taken_for_one(tmp_path: Path) -> None:
    lists = [formats.slice_playlist(n, n) for n in range(2)]
    content = json.dumps({"playlists": lists, "others": [formats.slice_playlist(5, 5)]}, indent=4)
    bring(write(tmp_path / "mpd.slice.0-999.json", content), tmp_path / "sets")
    assert [one["pid"] for one in rows(tmp_path / "sets", "playlists")] == [0, 1]


def test_a_track_is_kept_once_in_a_batch_of_several_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mpd, "_BLOCK", 1 << 10)
    content = formats.mpd_slice(*(formats.slice_playlist(n, n, n + 1, 0) for n in range(20)))
    summary = bring(write(tmp_path / "mpd.slice.0-999.json", content), tmp_path / "sets")
    assert summary.stored == 60
    ids = [one["id"] for one in rows(tmp_path / "sets", "tracks")]
    assert ids == [files.spotify_id(n) for n in [0, 1, *range(2, 21)]]


def test_one_playlist_a_line(tmp_path: Path) -> None:
    lists = [formats.slice_playlist(n, n) for n in range(3)]
    content = '{"playlists": [\n' + ",\n".join(map(json.dumps, lists)) + "\n]}"
    assert read(write(tmp_path / "x.json", content)) == lists


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content[: len(content) // 2],
        lambda content: content.replace('"pid": 1', '"pid": ?'),
        lambda content: re.sub(r'("num_edits": 3\s*\}),', r"\1 x", content, count=1),
        lambda content: '{"playlists": [{"pid": ' + "[{" * 50,
        lambda content: re.sub(r'("num_edits": 3\s*\}),', r"\1, null,", content, count=1),
        lambda content: content.replace("list 1", "list \udcff"),
    ],
    ids=["cut off", "damaged", "between", "deep", "null", "bytes"],
)
@pytest.mark.parametrize("indent", [4, None])
def test_a_damaged_slice_leaves_nothing(tmp_path: Path, change: Any, indent: int | None) -> None:
    content = formats.mpd_slice(formats.slice_playlist(0, 1), formats.slice_playlist(1, 2), indent=indent)
    assert change(content) != content
    with pytest.raises(ImportProblem) as caught:
        bring(write(tmp_path / "mpd.slice.0-999.json", change(content)), tmp_path / "sets")
    assert caught.value.code == "malformed"
    assert set_names(tmp_path / "sets") == []
    assert [path for path in (tmp_path / "sets").glob("*") if path.name != ".locks"] == []


def test_a_playlist_without_an_end_is_not_read_into_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mpd, "MAX_PLAYLIST_BYTES", 1 << 16)
    monkeypatch.setattr(mpd, "_BLOCK", 1 << 12)
    path = write(tmp_path / "x.json", '{"playlists": [{"pid": 1, "name": "' + "x" * (1 << 18))
    with pytest.raises(ImportProblem) as caught:
        read(path)
    assert caught.value.code == "too_large"


def test_a_slice_as_a_run_is_no_playlist_of_the_store(database: Database, tmp_path: Path) -> None:
    path = write(tmp_path / "mpd.slice.0-999.json", formats.mpd_slice(formats.slice_playlist(0, 1, 2, 1)))
    run = do(database, tmp_path / "var", path)
    assert (run.state, run.kind, run.playlist_ids) == ("done", "dataset", ())
    assert (run.requested, run.stored, run.known) == (3, 3, 0)
    again = do(database, tmp_path / "var", path)
    assert (again.requested, again.stored, again.known) == (3, 0, 3)
    assert len(rows(tmp_path / "var" / "playlists", "playlists")) == 1
    assert database.playlists(None) == []
    assert list(database.all_tracks()) == []


def test_a_slice_stored_before_a_kill_is_still_stored_after_it(database: Database, tmp_path: Path) -> None:
    path = write(tmp_path / "mpd.slice.0-999.json", formats.mpd_slice(formats.slice_playlist(0, 1, 2, 1)))
    run_id = queue(database, path)
    assert execute(database, tmp_path / "var", run_id, build=False) == "running"
    assert execute(database, tmp_path / "var", run_id) == "done"
    run = database.get_run(run_id)
    assert run
    assert (run.requested, run.stored, run.known) == (3, 3, 0)


KILLED = """
import os, signal, sys
from pathlib import Path
from etl.imports.storing import playlist_sets as dataset_import
from etl.imports.storing.playlist_sets import import_slice
from etl.imports import mpd
from etl.imports.recognise import recognise
dataset_import._BATCH_PLAYLISTS = 2
mpd._BLOCK = 1000
count = 0
def die(progress):
    global count
    count += 1
    if count == 2:
        os.kill(os.getpid(), signal.SIGKILL)
found = recognise(Path(sys.argv[1]))
import_slice(found.source, found.sha256, found.size, Path(sys.argv[2]), die)
"""


def test_a_folder_of_slices_goes_on_after_a_kill(database: Database, tmp_path: Path) -> None:
    paths = [
        write(
            tmp_path / f"mpd.slice.{n}000-{n}999.json",
            formats.mpd_slice(*(formats.slice_playlist(10 * n + at, at, at + 1) for at in range(6))),
        )
        for n in range(3)
    ]
    runs = [queue(database, path) for path in paths]
    assert execute(database, tmp_path / "var", runs[0]) == "done"
    command = [sys.executable, "-c", KILLED, str(paths[1]), str(tmp_path / "var" / "playlists")]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == -signal.SIGKILL
    assert len(set_names(tmp_path / "var" / "playlists")) == 1
    for run in database.unfinished_runs():
        assert execute(database, tmp_path / "var", run.id) == "done"
    found = rows(tmp_path / "var" / "playlists", "playlists")
    assert [one["pid"] for one in found] == [10 * n + at for n in range(3) for at in range(6)]
    assert not list((tmp_path / "var" / "playlists").glob(".unfinished*"))
