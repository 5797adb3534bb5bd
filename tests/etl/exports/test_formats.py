"""What goes out comes back in: each format is read by something that did not write it."""

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given

from etl.exports.exportify import HEADINGS, number_text
from etl.exports.formats import FORMATS, Format, file_name
from etl.exports.jspf import EXTENSION
from etl.exports.rows import ExportRow, read_pages
from etl.imports.exportify import read_rows
from etl.imports.reading.text_file import examine
from etl.imports.recognise import recognise
from etl.imports.rows.album_details import album_details
from etl.imports.rows.entries import PlaylistFile, Row
from etl.imports.sheets.sheet import Sheet
from etl.imports.sheets.track_rows import FEATURES_LICENCE
from etl.imports.tastemap_json import is_tastemap_json, read_item, read_tastemap_json
from store.catalogue.catalogue import Snapshot
from store.database import PAGE_ITEMS, Database, StoreError
from store.domain import AlbumDetails, AudioFeatures, PlaylistItem, Track, release_date
from tests.etl.exports import lists
from tests.etl.exports.lists import FULL, LOCAL, MBID, NOW, ODD, a_playlist, many, paged, written
from tests.etl.imports import files
from tests.etl.imports.files import NET

EVERY = pytest.mark.parametrize("chosen", FORMATS.values(), ids=lambda one: one.name)


# -- all of them --------------------------------------------------------------------------------------------


@EVERY
def test_pages_leave_no_seams(chosen: Format) -> None:
    rows = many(25)
    whole = written(chosen, rows)
    if chosen.name == "parquet":
        assert pq.read_table(pa.BufferReader(whole)) == pq.read_table(pa.BufferReader(written(chosen, rows, size=7)))
    else:
        assert written(chosen, rows, size=7) == whole


@EVERY
def test_a_file_is_written_while_its_pages_are_read(chosen: Format) -> None:
    """No more than the twenty pages of one row group are in memory before some of the file has left."""
    seen = 0

    def pages() -> Iterator[list[ExportRow]]:
        nonlocal seen
        for page in paged(many(100), 1):
            seen += 1
            yield page

    seen_at_blocks = [seen for _ in chosen.write(a_playlist(many(100)), pages())]
    assert seen == 100
    assert all(later - earlier <= 20 for earlier, later in pairwise([0, *seen_at_blocks]))


@EVERY
def test_an_empty_playlist_is_a_valid_file(chosen: Format) -> None:
    content = written(chosen, [], name="Nothing")
    assert len(read_back(chosen.name, content)) == 0


@EVERY
def test_the_owner_stays_here(chosen: Format) -> None:
    assert b"secret-session-hash" not in written(chosen, ODD)


def read_back(name: str, content: bytes) -> list[Any]:
    """Return the rows of a file as the standard library or pyarrow reads them."""
    if name in {"csv", "csv-exact", "csv-full"}:
        return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    if name == "m3u8":
        return [line for line in content.decode().splitlines() if line and not line.startswith("#")]
    if name in {"jspf", "listenbrainz"}:
        return json.loads(content)["playlist"]["track"]
    if name == "json":
        return json.loads(content)["items"]
    return pq.read_table(pa.BufferReader(content)).to_pylist()


@EVERY
def test_every_row_is_there_in_its_order(chosen: Format) -> None:
    rows = [row for row in ODD if chosen.name != "listenbrainz" or row.track.ids]
    found = [str(row) for row in read_back(chosen.name, written(chosen, ODD))]
    assert len(found) == len(rows)
    assert all(row.track.id in one or (row.item.file or "Gimme") in one for row, one in zip(rows, found, strict=True))


# -- CSV ----------------------------------------------------------------------------------------------------


def imported(tmp_path: Path, content: bytes) -> list[Row]:
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    return list(read_rows(Sheet.open(examine(path)), "s", NOW))


def carried(row: ExportRow) -> tuple[Any, ...]:
    return kept(row.track), row.item.added_by, row.item.added_at


def kept(track: Track) -> Track:
    """What exportify.net's columns hold of a track: of its album the date and the label, of its features no source."""
    values = dict(track.feature_values)
    duration = track.duration_ms if track.duration_ms is not None else values.get("duration_ms")
    duration = None if duration is None else int(duration)
    sound = values.keys() - {"duration_ms"}
    sounding = AudioFeatures(
        values={name: values[name] for name in sound} | ({"duration_ms": float(duration)} if duration else {}),
        source="s",
        fetched_at=NOW,
        licence=FEATURES_LICENCE,
    )
    date, details = release_date(track), track.album_details
    return Track(
        id=track.id,
        title=track.title,
        artists=track.artists,
        album=track.album,
        year=int(date[:4]) if date else None,
        duration_ms=duration,
        popularity=track.popularity,
        explicit=track.explicit,
        artist_genres=track.artist_genres,
        features=sounding if sound else None,
        source="s",
        album_details=album_details(released=date, record_label=details and details.record_label),
    )


def test_the_headings_are_exportifys() -> None:
    assert list(HEADINGS) == NET


@pytest.mark.parametrize("name", ["csv", "csv-exact"])
def test_csv_comes_back_through_the_importer(tmp_path: Path, name: str) -> None:
    content = written(FORMATS[name], ODD)
    assert content.startswith(b"\xef\xbb\xbf") == (name == "csv")
    found = imported(tmp_path, content)
    assert [(row.track, row.added_by, row.added_at) for row in found] == [carried(row) for row in ODD]


FORMULAS = [
    "=1+1",
    '=HYPERLINK("http://x.example","x")',
    "+1 song",
    "-M-",
    "@home",
    "'=x",
    "''-y",
    "'Til",
    "\t=1",
    "-4.185",
]


@pytest.mark.parametrize("name", ["csv", "csv-full"])
def test_no_cell_is_run_by_a_spreadsheet_and_each_comes_back(tmp_path: Path, name: str) -> None:
    tracks = [
        Track(id=f"spotify{number:015}", title=title, artists=(title,), album=title, source="s")
        for number, title in enumerate(FORMULAS)
    ]
    rows = [
        ExportRow(item=PlaylistItem(position=at, track_id=track.id, added_by=track.title.strip()), track=track)
        for at, track in enumerate(tracks)
    ]
    content = written(FORMATS[name], rows)
    cells = [cell for row in read_back(name, content) for cell in row.values()]
    run = [cell for cell in cells if re.match(r"[=+\-@\t\r]", cell) and not re.fullmatch(r"-?[\d.]+", cell)]
    assert run == []
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    found = recognise(path)
    assert isinstance(found, PlaylistFile)
    back = [entry.track for entry in found.read("s", NOW, None) if isinstance(entry, Row)]
    assert [
        (track.title.strip(), track.artists[0].strip(), (track.album or "").strip()) for track in back if track
    ] == [(title.strip(), title.strip(), title.strip()) for title in FORMULAS]


def test_csv_cells_are_as_exportify_writes_them() -> None:
    first, bare, local, _ = read_back("csv-exact", written(FORMATS["csv-exact"], ODD))
    assert first["Track Name"] == FULL.title, "a formula stays what it is"
    assert first["Artist Name(s)"] == "Tyler, The Creator;AC/DC;-M-"
    assert (first["Release Date"], first["Duration (ms)"], first["Popularity"]) == ("1979-07-27", "230333", "53")
    assert (first["Record Label"], first["Acousticness"]) == ('Columbia; "Albert", Ltd.', "0.00000877")
    assert (first["Explicit"], first["Added At"], first["Genres"]) == ("true", "2026-01-01T12:00:00Z", "nu metal,rock")
    assert (first["Loudness"], first["Key"], first["Time Signature"]) == ("-4.185", "6", "4")
    assert {name for name, cell in bare.items() if cell} == {"Track URI", "Track Name"}
    assert local["Track URI"] == "spotify:local:Julian+W.%2C+Zo%C3%AB:42:Gimme%3A+100+%25+%26+more:198"


def test_a_notebook_reads_csv() -> None:
    """What exportify.net's own notebook asks of its table: numbers, years, times, and lists to split."""
    frame = pd.read_csv(io.BytesIO(written(FORMATS["csv"], ODD)))
    assert list(frame.columns[12:]) == files.FEATURE_HEADINGS, "as taste_analysis.ipynb counts them"
    assert frame["Artist Name(s)"].dropna().str.split(";").map(len).tolist() == [3, 2, 3]
    assert frame["Genres"].dropna().str.split(",").iloc[0] == ["nu metal", "rock"]
    assert frame["Release Date"].dropna().str.split("-").str[0].unique().tolist() == ["1979"]
    assert pd.to_datetime(frame["Added At"], format="ISO8601").dt.year.max() == 2026
    assert frame["Added By"].value_counts().to_dict() == {"wanda %41": 1, "q": 1}
    assert all(frame[heading].dtype.kind in "fi" for heading in files.FEATURE_HEADINGS)


@pytest.mark.shared
def test_every_real_file_goes_round(shared_data: Path, tmp_path: Path) -> None:
    files = sorted({*(shared_data / "exportify").glob("*.csv")} - {shared_data / "exportify" / "index.csv"})
    assert len(files) > 10
    for path in files:
        came = [row for row in read_rows(Sheet.open(examine(path)), "s", NOW) if row.track]
        rows = [
            ExportRow(
                item=PlaylistItem(position=at, track_id=row.track.id, added_by=row.added_by, added_at=row.added_at),
                track=row.track,
            )
            for at, row in enumerate(came)
            if row.track
        ]
        assert rows, path.name
        wanted = [(row.track, row.added_by, row.added_at) for row in came]
        again = imported(tmp_path, written(FORMATS["csv"], rows))
        expected = [(kept(row.track), row.added_by, row.added_at) for row in came]
        assert [(row.track, row.added_by, row.added_at) for row in again] == expected, path.name
        _, found = read_tastemap_json(io.StringIO(written(FORMATS["json"], rows).decode()), path.name)
        assert [(row.track, row.added_by, row.added_at) for row in found] == wanted, path.name


@pytest.mark.shared
def test_every_cell_of_todays_real_files_is_written_again(shared_data: Path, tmp_path: Path) -> None:
    """What exportify.net wrote and what is written of it are the same, cell by cell."""
    seen = 0
    for path in sorted((shared_data / "exportify").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            theirs = list(csv.reader(file))
        if theirs[0] != NET:
            continue
        found = list(read_rows(Sheet.open(examine(path)), "s", NOW))
        rows = [
            ExportRow(
                item=PlaylistItem(position=at, track_id=row.track.id, added_by=row.added_by, added_at=row.added_at),
                track=row.track,
            )
            for at, row in enumerate(found)
            if row.track
        ]
        ours = list(csv.reader(io.StringIO(written(FORMATS["csv-exact"], rows).decode(), newline="")))
        assert ours == [theirs[0], *(cells for cells, row in zip(theirs[1:], found, strict=True) if row.track)]
        seen += len(rows)
    assert seen


def _a_cell(text: str) -> bool:
    """Readers take blanks at the ends away, and these two words for JavaScript's nothing."""
    return bool(text) and text == text.strip() and text not in {"undefined", "null"}


_cell = lists.names.filter(_a_cell)
_listed = _cell.filter(lambda name: not set(name) & set(",;") and name.lower() not in {"none", "nan"})


@given(rows=lists.lists_of(lists.tracks(_cell, _listed)))
def test_any_csv_comes_back(tmp_path_factory: pytest.TempPathFactory, rows: list[ExportRow]) -> None:
    plain = [
        replace(
            row,
            track=replace(row.track, artist_genres=("rock", "art rock") if number % 2 else ()),
            item=replace(row.item, added_by=row.item.added_by if _a_cell(row.item.added_by or "") else None),
        )
        for number, row in enumerate(rows)
    ]
    if plain:
        found = imported(tmp_path_factory.getbasetemp(), written(FORMATS["csv"], plain))
        assert [(row.track, row.added_by, row.added_at) for row in found] == [carried(row) for row in plain]


# -- the full CSV -------------------------------------------------------------------------------------------


def read_full(tmp_path: Path, content: bytes) -> list[Row]:
    path = tmp_path / "full.csv"
    path.write_bytes(content)
    found = recognise(path)
    assert isinstance(found, PlaylistFile)
    assert found.kind == "tastemap"
    return [entry for entry in found.read("s", NOW, None) if isinstance(entry, Row)]


def dated(track: Track) -> Track:
    """The column of the date holds the year of a track of which no more is known."""
    date = release_date(track)
    details = replace(track.album_details or AlbumDetails(), released=date)
    return replace(track, album_details=details if details != AlbumDetails() else None)


def test_the_full_csv_begins_with_the_columns_of_exportify() -> None:
    first, _, local, _ = read_back("csv-full", written(FORMATS["csv-full"], ODD))
    assert list(first)[: len(HEADINGS)] == list(HEADINGS)
    assert (first["Features Source"], first["Track Source"]) == ("test: sound", "test: names")
    assert (first["Track Genres"], first["IDs"]) == ("hard-rock", f"mbid:{MBID};isrc:USRC17908239")
    assert (local["Artist Name(s)"], local["Track ID"]) == ("Julian W.;Zoë", LOCAL.id)


@given(rows=lists.lists_of(lists.tracks()).filter(bool))
def test_the_full_csv_loses_nothing(tmp_path_factory: pytest.TempPathFactory, rows: list[ExportRow]) -> None:
    found = read_full(tmp_path_factory.getbasetemp(), written(FORMATS["csv-full"], rows))
    assert [(row.track, row.added_by, row.added_at, row.plays) for row in found] == [
        (dated(row.track), row.item.added_by, row.item.added_at, row.item.plays) for row in rows
    ]
    assert [row.file for row in found] == [row.item.file for row in rows]


# -- M3U8 ---------------------------------------------------------------------------------------------------


def test_m3u8_line_by_line() -> None:
    lines = written(FORMATS["m3u8"], ODD, name="Two\nlines").decode().split("\n")
    assert lines[:2] == ["#EXTM3U", "#PLAYLIST:Two lines"]
    title = " ".join(FULL.title.split())
    assert lines[2:6] == [
        f"#EXTINF:230,Tyler, The Creator, AC/DC, -M- - {title}",
        "#EXTALB:+",
        "#EXTGENRE:hard-rock",
        f"https://open.spotify.com/track/{FULL.id}",
    ]
    assert lines[6:8] == ["#EXTINF:-1,@", "/music/a, b/03 Song.mp3"]


@pytest.mark.parametrize(
    ("ids", "line"),
    [
        ({"deezer": "3135556", "mbid": MBID}, "https://www.deezer.com/track/3135556"),
        ({"itunes": "1440833098"}, "https://music.apple.com/song/1440833098"),
        ({"youtube": "dQw4w9WgXcQ"}, "https://www.youtube.com/watch?v=dQw4w9WgXcQ"),
        ({"deezer": "x\ny"}, "https://open.spotify.com/search/Julian%20W.%20Gimme%3A%20100%20%25%20%26%20more"),
        ({}, "https://open.spotify.com/search/Julian%20W.%20Gimme%3A%20100%20%25%20%26%20more"),
    ],
)
def test_every_line_of_m3u8_is_something_that_opens(ids: dict[str, str], line: str) -> None:
    row = replace(ODD[2], track=replace(LOCAL, ids=ids))
    assert written(FORMATS["m3u8"], [row]).decode().splitlines()[-1] == line


@given(rows=lists.lists_of(lists.tracks()))
def test_no_name_breaks_a_line_of_m3u8(rows: list[ExportRow]) -> None:
    lines = written(FORMATS["m3u8"], rows).decode().splitlines()
    entries = [line for line in lines if not line.startswith("#")]
    assert entries == [row.item.file or f"https://open.spotify.com/track/{row.track.id}" for row in rows]
    assert sum(line.startswith("#EXTINF:") for line in lines) == len(rows)


# -- JSPF and JSON ------------------------------------------------------------------------------------------


def moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def row_of(members: dict[str, Any], track: dict[str, Any]) -> ExportRow:
    """Put a row together again from the members of our JSON."""
    sound = track.pop("features")
    for name in ("artists", "labels", "artist_genres", "artist_uris"):
        track[name] = tuple(track[name])
    if track["album_details"]:
        track["album_details"] = details_of(track["album_details"])
    sounding = AudioFeatures(**sound | {"fetched_at": moment(sound["fetched_at"])}) if sound else None
    item = PlaylistItem(
        position=members["position"],
        track_id=track["id"],
        added_by=members["added_by"],
        added_at=moment(members["added_at"]),
        plays=members["plays"],
        file=members["file"],
    )
    return ExportRow(item=item, track=Track(features=sounding, **track))


def details_of(members: dict[str, Any]) -> AlbumDetails:
    return AlbumDetails(**{name: tuple(part) if isinstance(part, list) else part for name, part in members.items()})


def from_jspf(content: bytes) -> list[ExportRow]:
    found = []
    for one in json.loads(content)["playlist"]["track"]:
        (rest,) = one["extension"][EXTENSION]
        members = {name: rest.pop(name) for name in ("position", "added_by", "added_at", "plays", "file")}
        own = {"title": one["title"], "album": one.get("album"), "duration_ms": one.get("duration")}
        found.append(row_of(members, rest | own))
    return found


@given(rows=lists.lists_of(lists.tracks()))
def test_jspf_loses_nothing(rows: list[ExportRow]) -> None:
    assert from_jspf(written(FORMATS["jspf"], rows)) == rows


@given(rows=lists.lists_of(lists.tracks()))
def test_our_reader_of_items_understands_the_extension(rows: list[ExportRow]) -> None:
    items = json.loads(written(FORMATS["jspf"], rows))["playlist"]["track"]
    assert len(items) == len(rows)
    for number, one in enumerate(items, start=1):
        (rest,) = one["extension"][EXTENSION]
        own = {"title": one["title"], "album": one.get("album"), "duration_ms": one.get("duration")}
        found, row = read_item(number, rest | {"track": rest | own}), rows[number - 1]
        assert found.track == row.track
        assert (found.added_by, found.added_at, found.plays) == (row.item.added_by, row.item.added_at, row.item.plays)


def test_jspf_is_read_without_the_extension() -> None:
    playlist = json.loads(written(FORMATS["jspf"], ODD))["playlist"]
    assert (playlist["title"], playlist["date"]) == ("Our list", "2026-01-01T12:00:00Z")
    first, bare, local, _ = playlist["track"]
    assert first["location"] == [f"https://open.spotify.com/track/{FULL.id}"]
    assert first["identifier"] == [f"https://musicbrainz.org/recording/{MBID}", f"spotify:track:{FULL.id}"]
    assert playlist["extension"]["https://musicbrainz.org/doc/jspf#playlist"] == {"public": False}
    assert (first["title"], first["album"], first["duration"]) == (FULL.title, "+", 230_333)
    assert first["creator"] == "Tyler, The Creator, AC/DC, -M-"
    assert bare.keys() == {"location", "identifier", "title", "extension"}
    assert "location" not in local


def refused_by_listenbrainz(document: Any) -> str | None:
    """Say why ListenBrainz refuses a playlist: the rules of its ``/1/playlist/create``, written anew."""
    playlist = document["playlist"]
    if not playlist.get("title"):
        return "no title"
    if not isinstance(playlist["extension"]["https://musicbrainz.org/doc/jspf#playlist"].get("public"), bool):
        return "not said whether it is public"
    for track in playlist["track"]:
        (uri,) = track["identifier"]
        beginning, _, mbid = uri.rpartition("/")
        if beginning != "https://musicbrainz.org/recording" or str(UUID(mbid)) != mbid:
            return f"no recording: {uri}"
    return None


def test_listenbrainz_gets_the_recordings_and_is_told_what_is_missing() -> None:
    document = json.loads(written(FORMATS["listenbrainz"], ODD))
    assert refused_by_listenbrainz(document) is None
    playlist = document["playlist"]
    assert [track["title"] for track in playlist["track"]] == [FULL.title, FULL.title]
    assert playlist["annotation"] == (
        "Left out, because no MusicBrainz id is known (2 of 4): @; Julian W., Zoë - Gimme: 100 % & more."
    )
    (ours,) = playlist["extension"][EXTENSION]
    assert [row["position"] for row in ours["left_out"]] == [1, 2]


def test_what_listenbrainz_gets_in_whole_says_nothing_of_gaps() -> None:
    playlist = json.loads(written(FORMATS["listenbrainz"], [ODD[0]]))["playlist"]
    assert len(playlist["track"]) == 1
    assert "annotation" not in playlist
    assert EXTENSION not in playlist["extension"]


@given(rows=lists.lists_of(lists.tracks()), name=lists.names)
def test_listenbrainz_takes_any_playlist(rows: list[ExportRow], name: str) -> None:
    document = json.loads(written(FORMATS["listenbrainz"], rows, name))
    assert refused_by_listenbrainz(document) is None


def test_many_that_are_left_out_are_counted() -> None:
    playlist = json.loads(written(FORMATS["listenbrainz"], many(25)))["playlist"]
    assert playlist["track"] == []
    assert "(25 of 25)" in playlist["annotation"]
    assert playlist["annotation"].endswith("Song 19 and 5 more.")


@given(rows=lists.lists_of(lists.tracks()), name=lists.names)
def test_json_loses_nothing(rows: list[ExportRow], name: str) -> None:
    content = written(FORMATS["json"], rows, name)
    document = json.loads(content)
    assert (document["format"], document["version"], document["playlist"]["name"]) == ("tastemap-playlist", 1, name)
    assert [row_of(item, item["track"]) for item in document["items"]] == rows
    assert is_tastemap_json(content[:200].decode(errors="ignore"))
    playlist, found = read_tastemap_json(io.StringIO(content.decode()), "list.json")
    assert replace(playlist, owner="secret-session-hash", contributors=a_playlist(rows).contributors) == a_playlist(
        rows, name
    )
    assert [(row.track, row.added_by, row.added_at, row.plays) for row in found] == [
        (row.track, row.item.added_by, row.item.added_at, row.item.plays) for row in rows
    ]


def test_an_item_of_json_is_a_line() -> None:
    assert len(written(FORMATS["json"], many(5)).decode().splitlines()) == 7


# -- Parquet ------------------------------------------------------------------------------------------------


@given(rows=lists.lists_of(lists.tracks()))
def test_parquet_loses_nothing(rows: list[ExportRow]) -> None:
    table = pq.read_table(pa.BufferReader(written(FORMATS["parquet"], rows)))
    told = json.loads(table.schema.metadata[b"tastemap"])
    assert (told["name"], told["item_count"]) == ("Our list", len(rows))
    assert [from_record(record) for record in table.to_pylist()] == rows


def from_record(record: dict[str, Any]) -> ExportRow:
    own = ("position", "added_by", "added_at", "plays", "file")
    item = PlaylistItem(track_id=record["id"], **{name: record.pop(name) for name in own})
    about = {name: record.pop(f"features_{name}") for name in ("source", "fetched_at", "licence", "confidence")}
    values = {name: record.pop(name) for name in lists.SOUND if name != "duration_ms"}
    values["duration_ms"] = record.pop("features_duration_ms")
    known = {name: value for name, value in values.items() if value is not None}
    for name in ("artists", "labels", "artist_genres", "artist_uris"):
        record[name] = tuple(record[name])
    record["ids"] = {name: value for name, _, value in (id_.partition(":") for id_ in record["ids"])}
    same = ("released", "record_label", "disc_number", "track_number")
    details = {name: record.pop(name) for name in same}
    details |= {name: record.pop(f"album_{name}") for name in ("artists", "artist_uris", "uri", "cover_url")}
    album = {name: part for name, part in details.items() if part}
    record["album_details"] = details_of(album) if album else None
    sounding = AudioFeatures(values=known, **about) if about["source"] is not None else None
    return ExportRow(item=item, track=Track(features=sounding, **record))


# -- names and pages ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("Our list", "Our list.csv"),
        ("AC/DC: live?", "AC DC live.csv"),
        ("../../etc/passwd", "etc passwd.csv"),
        ("🎸 été", "🎸 été.csv"),
        ("gpj\u202eexe", "gpj exe.csv"),
        (" . ", "playlist.csv"),
        ("\r\nX-Header: 1", "X-Header 1.csv"),
        ("é" * 300, "é" * 100 + ".csv"),
    ],
)
def test_file_names_are_safe(name: str, file: str) -> None:
    assert file_name(a_playlist([], name), FORMATS["csv"]) == file


def test_pages_come_from_the_database(database: Database) -> None:
    rows = many(PAGE_ITEMS + 20)
    playlist = lists.store(database, rows)
    pages = list(read_pages(database, Snapshot(), playlist, files=True))
    assert [len(page) for page in pages] == [PAGE_ITEMS, 20]
    assert [row for page in pages for row in page] == rows


def test_half_a_playlist_is_not_taken_for_a_whole_one(database: Database) -> None:
    playlist = lists.store(database, many(PAGE_ITEMS + 20))
    pages = read_pages(database, Snapshot(), playlist, files=True)
    next(pages)
    database.delete_playlist(playlist.id)
    with pytest.raises(StoreError, match="deleted meanwhile") as caught:
        next(pages)
    assert caught.value.code == "not_found", "the database is well"


def test_local_files_have_an_address_that_names_them() -> None:
    assert b"spotify:local:Julian+W.%2C+Zo%C3%AB:42" in written(FORMATS["csv"], [ODD[2]])
    assert LOCAL.id.encode() in written(FORMATS["jspf"], [ODD[2]])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (0.0, "0"),
        (230_333, "230333"),
        (-4.185, "-4.185"),
        (8.77e-06, "0.00000877"),
        (8.77e-07, "8.77e-7"),
        (1e-12, "1e-12"),
    ],
)
def test_numbers_are_written_as_javascript_writes_them(value: float | None, text: str) -> None:
    assert number_text(value) == text
