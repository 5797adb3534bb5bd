"""What a file may take of the memory: an import has one process, which must not grow with what strangers send."""

import json
import plistlib
from pathlib import Path
from typing import Any

import pytest

from etl.imports import apple_library, json_list
from etl.imports.reading import json_file, text_file, xml_text
from etl.imports.reading.bytes import source_of
from etl.imports.rows import history
from tests.etl.imports import formats
from tests.etl.imports.test_formats import read, refused, write

PLIST = "<?xml version='1.0'?><plist version='1.0'><dict><key>Tracks</key><dict/>{}</dict></plist>"
XSPF = "<playlist version='1' xmlns='http://xspf.org/ns/0/'><title>{}</title><trackList>{}</trackList></playlist>"
PLAYS = [formats.play(number, f"2023-01-0{number + 1}T00:00:00Z") for number in range(4)]


@pytest.mark.parametrize(
    "content",
    [
        "[" + "{}," * 800_000 + "{}]",
        "[" + "1," * 3_500_000 + "1]",
        '{"a": [' + "[]," * 1_500_000 + "[]]}",
        '{"a":1}\n' * 600_000,
    ],
    ids=["objects", "numbers", "lists", "lines"],
)
def test_a_small_text_with_many_values_is_refused(tmp_path: Path, content: str) -> None:
    assert refused(write(tmp_path, "list.json", content)).code == "too_large"


def test_objects_with_members_of_their_own_make_no_table_of_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row has a cell for each heading: 10,000 objects with a member of their own would make 100 million cells."""
    monkeypatch.setattr(json_list, "_MAX_CELLS", 100)
    tracks = [{"title": f"Song {number}", "artist": "Band", f"m{number}": 1} for number in range(10)]
    problem = refused(write(tmp_path, "list.json", tracks))
    assert (problem.code, "12 different" in problem.message) == ("too_large", True)
    assert len(read(write(tmp_path, "list.json", tracks[:7]))[1][0][1]) == 7


def test_a_long_history_is_read_play_by_play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, "endsong_0.json", PLAYS)
    whole = read(path)
    assert len(whole[1][0][1]) == 4
    monkeypatch.setattr(json_file, "MAX_VALUES", 100)
    assert isinstance(json_file.load(source_of(path)), json_file.LongList)
    assert read(path) == whole
    assert refused(write(tmp_path, "endsong_0.json", json.dumps(PLAYS)[:-9])).code == "malformed"
    assert refused(write(tmp_path, "Playlist1.json", {"playlists": PLAYS})).code == "too_large"
    listed = [{"title": "Song", "artist": "Band"}] * 9
    assert refused(write(tmp_path, "list.json", listed)).code == "too_large"


def test_a_history_has_a_bound_of_different_tracks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MAX_TRACKS", 3)
    assert refused(write(tmp_path, "endsong_0.json", PLAYS)).code == "too_large"
    assert len(read(write(tmp_path, "endsong_0.json", PLAYS[:3] * 5))[1][0][1]) == 4, "and how often each was repeated"


@pytest.mark.parametrize(
    "row", ['"x\n",' * 300, '"' + "a" * 900 + '\n",' + "b" * 900 + "\n"], ids=["lines", "characters"]
)
def test_a_row_without_an_end_is_refused_before_it_is_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row: str
) -> None:
    monkeypatch.setattr(text_file, "_MAX_ROW_CHARACTERS", 1000)
    path = write(tmp_path, "list.csv", "Title,Artist\nSong,Band\n" + row + "\nSong,Band\n")
    problem = refused(path)
    assert (problem.code, "begins on line 3" in problem.message) == ("malformed", True)


def test_of_a_very_wide_row_the_first_cells_are_read(tmp_path: Path) -> None:
    text = text_file.examine(write(tmp_path, "list.csv", "Title,Artist\nSong,Band" + "," * 30_000))
    assert [len(cells) for _, cells in text.rows(",")] == [2, 10_000]


@pytest.mark.parametrize(
    ("limit", "value", "content"),
    [
        ("_MAX_CONTAINERS", 5, PLIST.format("<key>a</key><array>" + "<array/>" * 5 + "</array>")),
        ("_MAX_CONTAINERS", 5, PLIST.format("<key>a</key><array>" + "<array/>" * 5 + "</array>").encode("utf-16")),
        ("_MAX_ELEMENTS", 20, PLIST.format("<key>a</key><array>" + "<true/>" * 20 + "</array>")),
        ("_MAX_TEXT", 1 << 20, PLIST.format(f"<key>a</key><string>{'a' * (3 << 20)}</string>")),
        ("MAX_BINARY_BYTES", 100, plistlib.dumps({"Tracks": {"1": {"Name": "x" * 200}}}, fmt=plistlib.FMT_BINARY)),
    ],
    ids=["containers", "UTF-16", "elements", "text", "binary"],
)
def test_a_library_has_bounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int, content: Any
) -> None:
    monkeypatch.setattr(apple_library, limit, value)
    assert refused(write(tmp_path, "Library.xml", content)).code == "too_large"


def test_of_a_library_only_what_is_read_is_kept(tmp_path: Path) -> None:
    content = formats.apple_library([formats.apple_track(1, Comments="long", Location="file:///secret")])
    tracks = apple_library.load(source_of(write(tmp_path, "Library.xml", content)))["Tracks"]
    assert [{"Name", "Artist"} <= track.keys() <= apple_library._READ.keys() for track in tracks.values()] == [True]


def test_xml_is_cleaned_block_by_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    title = "R&D &amp; Caf&eacute; \u0001&#2;&#233; \U0001f3b5"
    content = XSPF.format(title, "<track><title>W &uuml;</title><creator>A &B</creator></track>" * 3)
    for size in (5, 13, 1 << 20):
        monkeypatch.setattr(xml_text, "BLOCK", size)
        for encoding in ("utf-8", "utf-16"):
            _, [(name, rows)] = read(write(tmp_path, "list.xspf", content.encode(encoding)))
            assert name == "R&D & Café é \U0001f3b5", (size, encoding)
            assert [row.track and (row.track.title, row.track.artists) for row in rows] == [("W ü", ("A &B",))] * 3
    monkeypatch.setattr(xml_text, "_MAX_REFERENCES", 5)
    assert refused(write(tmp_path, "list.xspf", content)).code == "malformed"


def test_a_long_text_in_a_list_is_cut(tmp_path: Path) -> None:
    track = f"<track><title>{'T♪' * 100_000}</title><creator>A</creator></track><track/>"
    _, [(_, rows)] = read(write(tmp_path, "list.xspf", XSPF.format("x", track)))
    assert [bool(row.track) for row in rows] == [True, False]
