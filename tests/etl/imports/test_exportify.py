"""Exportify files of every writer, language, spreadsheet and damage."""

import csv
import gzip
import io
import zipfile
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.imports.exportify import read_rows
from etl.imports.reading.text_file import examine
from etl.imports.rows.album_details import precise_date
from etl.imports.rows.entries import Row
from etl.imports.sheets.convention import Convention
from etl.imports.sheets.sheet import Sheet
from store.domain import FEATURE_BOUNDS, AlbumDetails
from store.runs import ImportProblem
from tests.etl.imports import files

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def read(tmp_path: Path, content: str | bytes, name: str = "playlist.csv") -> list[Row]:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(read_rows(Sheet.open(examine(path)), f"exportify: {name}", NOW))


def only(rows: list[Row]) -> Row:
    assert len(rows) == 1
    return rows[0]


def problem(tmp_path: Path, content: str | bytes, name: str = "playlist.csv") -> ImportProblem:
    with pytest.raises(ImportProblem) as caught:
        read(tmp_path, content, name)
    assert caught.value.message
    assert caught.value.hint
    return caught.value


# -- dialects -----------------------------------------------------------------------------------------------


def test_todays_exportify_net(tmp_path: Path) -> None:
    row = only(read(tmp_path, files.playlist(1)))
    assert row.track is not None
    assert row.track.id == files.spotify_id(0)
    assert row.track.artists == ("First", "Tyler, The Creator")
    assert row.track.artist_genres == ("nu metal", "rock")
    assert (row.track.year, row.track.popularity, row.track.explicit) == (2003, 53.0, False)
    assert row.track.features is not None
    assert row.track.features.values["tempo"] == 110.072
    assert row.track.features.values["duration_ms"] == 180_000.0
    assert row.track.features.source == "exportify: playlist.csv"
    assert row.track.features.fetched_at == NOW
    assert (row.added_by, row.added_at) == ("user_0", datetime(2024, 10, 23, 15, 37, 43, tzinfo=UTC))


def test_what_the_classic_one_says_of_an_album_is_kept(tmp_path: Path) -> None:
    ids = [files.spotify_id(number) for number in range(4)]
    cells = {
        "Track URI": f"spotify:track:{ids[0]}",
        "Track Name": "Until It Sleeps",
        "Artist URI(s)": f"spotify:artist:{ids[1]}, spotify:artist:{ids[2]}",
        "Artist Name(s)": "Metallica, Tyler\\, The Creator",
        "Album URI": f"spotify:album:{ids[3]}",
        "Album Name": "Load",
        "Album Artist URI(s)": f"spotify:artist:{ids[1]}",
        "Album Artist Name(s)": "Metallica",
        "Album Release Date": "1996-06",
        "Album Image URL": "https://i.scdn.co/image/ab67",
        "Disc Number": "1",
        "Track Number": "4",
        "Added At": "2024-10-23T15:37:43Z",
        "Label": "Vertigo",
    }
    row = [cells.get(heading, "") for heading in files.CLASSIC]
    for headings in (files.CLASSIC, [f"見{number}" for number in range(len(files.CLASSIC))]):
        track = only(read(tmp_path, files.text([headings, row]))).track
        assert track is not None
        assert track.artist_uris == (f"spotify:artist:{ids[1]}", f"spotify:artist:{ids[2]}")
        assert track.album_details == AlbumDetails(
            released="1996-06",
            record_label="Vertigo",
            artists=("Metallica",),
            artist_uris=(f"spotify:artist:{ids[1]}",),
            uri=f"spotify:album:{ids[3]}",
            cover_url="https://i.scdn.co/image/ab67",
            disc_number=1,
            track_number=4,
        )


@pytest.mark.parametrize(
    ("cell", "date"),
    [
        ("1979", "1979"),
        ("1979-11", "1979-11"),
        ("1979-11-30", "1979-11-30"),
        ("1979-11-30T00:00:00Z", "1979-11-30"),
        ("30.11.1979", "1979-11-30"),
        ("1979-02-30", "1979-02"),
        ("1979-00-00", "1979"),
        ("1979-13-01", "1979"),
        ("0000", None),
        ("1200-01-01", None),
        ("soon", None),
        ("", None),
    ],
)
def test_dates_of_release_keep_their_precision(cell: str, date: str | None) -> None:
    assert precise_date(cell, 2026) == date


def test_exportify_net_until_2024_with_tabs_in_a_heading(tmp_path: Path) -> None:
    headings = ["\t\t\t\tDanceability" if name == "Danceability" else name for name in files.NET_2024]
    row = only(read(tmp_path, files.text([headings, files.net_2024_row(1, "10,000 Maniacs,Tyler, The Creator,X")])))
    assert row.track is not None
    assert row.track.artists == ("10,000 Maniacs", "Tyler, The Creator", "X")
    assert row.track.features is not None
    assert row.track.features.values["danceability"] == 0.488


@pytest.mark.parametrize("translate", [lambda heading: heading, lambda heading: "見出し" + heading[::-1]])
@pytest.mark.parametrize("playable", [False, True])
@pytest.mark.parametrize("names", [False, True])
def test_the_classic_one_in_any_language(tmp_path: Path, translate, playable: bool, names: bool) -> None:  # type: ignore[no-untyped-def]
    """Versions differ: some have a column more before the URI or after the ISRC."""
    headings, row = [translate(name) for name in files.CLASSIC], files.classic_row(7)
    if playable:
        headings.insert(17, translate("Is Playable"))
        row.insert(17, "true")
    if names:
        headings.insert(0, "Name")
        row.insert(0, "My playlist")
    if names and headings[1] == "Track URI":
        headings[0] = "Playlist"
    found = only(read(tmp_path, files.text([headings, row], quote=csv.QUOTE_ALL)))
    assert found.track is not None
    assert found.track.title == "Song 7"
    assert found.track.artists == ("Choir of King's College, Cambridge", "First")
    assert (found.track.year, found.track.isrc, found.track.duration_ms) == (1979, "USRC17908239", 230_333)
    assert (found.track.explicit, found.track.artist_genres) == (True, ("rock", "art rock"))
    assert found.added_by == "some body"
    assert found.track.features is not None
    assert len(found.track.features.values) == 13


@pytest.mark.parametrize("genres", [False, True])
@pytest.mark.parametrize("features", [False, True])
@pytest.mark.parametrize("album", [False, True])
@pytest.mark.parametrize("language", ["", "x"])
def test_rows_without_optional_blocks_are_shifted_back(
    tmp_path: Path, genres: bool, features: bool, album: bool, language: str
) -> None:
    headings = [language + heading for heading in files.CLASSIC]
    rows = read(tmp_path, files.text([headings, files.classic_row(1), files.classic_row(2, genres, features, album)]))
    found = rows[1].track
    assert found is not None
    assert found.artist_genres == (("rock", "art rock") if genres else ())
    assert (found.features is not None) == features
    if found.features:
        assert found.features.values["tempo"] == 110.072


def test_files_of_other_programs_with_the_same_columns(tmp_path: Path) -> None:
    headings = ["Track name", "Artist name", "Album", "Playlist name", "Type", "ISRC", "Spotify - id"]
    row = only(
        read(tmp_path, files.text([headings, ["A", "B", "C", "D", "Favorite", "US-RC1-79-08239", files.spotify_id(1)]]))
    )
    assert row.track is not None
    assert (row.track.id, row.track.isrc) == (files.spotify_id(1), "USRC17908239")


# -- rows ---------------------------------------------------------------------------------------------------


def test_local_files_are_known_by_their_names(tmp_path: Path) -> None:
    uri = "spotify:local:Julian+W.:42:Gimme%21+Gimme:198"
    bare = files.net_row(1, Track_URI=uri, Track_Name="", Album_Name="", Popularity="0", **{"Duration_(ms)": "0"})
    bare[files.NET.index("Artist Name(s)")] = ""
    row = only(read(tmp_path, files.text([files.NET, bare])))
    assert row.track is not None
    assert row.track.id.startswith("local-")
    assert (row.track.title, row.track.artists, row.track.album) == ("Gimme! Gimme", ("Julian W.",), "42")
    assert (row.track.duration_ms, row.track.popularity, row.track.features) == (198_000, None, None)


def test_what_is_left_out_has_a_reason_and_a_line(tmp_path: Path) -> None:
    rows = [
        files.net_row(1, Track_URI="spotify:episode:4rOoJ6Egrf8K2IrywzwOMk"),
        files.net_row(2, Track_Name="two\nlines"),
        files.net_row(3, Track_Name=""),
        files.net_row(4, Track_URI="", Track_Name=" "),
        [*files.net_row(5), "more"],
        ["", ""],
        files.net_row(6)[:2],
        files.net_row(7),
    ]
    found = read(tmp_path, files.text([files.NET, *rows]))
    assert [(row.line, row.reason) for row in found] == [
        (2, "podcast episode"),
        (3, ""),
        (5, "no title (the track was withdrawn)"),
        (6, "neither an id nor a title"),
        (7, "more cells than headings"),
        (9, ""),
        (10, ""),
    ]


def test_numbers_out_of_bounds_are_missing(tmp_path: Path) -> None:
    odd = files.net_row(
        1, Danceability="1.2", Energy="undefined", Key="-1", Loudness="nan", Tempo="0", Valence="inf", Popularity="101"
    )
    row = only(read(tmp_path, files.text([files.NET, odd])))
    assert row.track is not None
    assert row.track.popularity is None
    assert row.track.features is not None
    left = {"mode", "speechiness", "acousticness", "instrumentalness", "liveness", "time_signature", "duration_ms"}
    assert set(row.track.features.values) == left


def test_features_beside_the_wrong_track_are_dropped(tmp_path: Path) -> None:
    """Until 2024 a row without an id let the features of all that follow in its hundred slip up by one."""
    rows = [files.net_2024_row(number) for number in range(300)]
    rows[120][0] = ""  # has the features of the next row
    for number in (198, 199):
        rows[number] = rows[number][:11]  # nothing was left for the last ones
    found = read(tmp_path, files.text([files.NET_2024, *rows]))
    with_features = [number for number, row in enumerate(found) if row.track and row.track.features]
    assert with_features == [*range(120), *range(200, 300)]


def test_a_row_without_id_and_features_makes_no_other_suspect(tmp_path: Path) -> None:
    rows = [files.net_2024_row(number) for number in range(10)]
    rows[4] = ["", *rows[4][1:11], *[""] * 12]
    found = read(tmp_path, files.text([files.NET_2024, *rows]))
    assert [bool(row.track and row.track.features) for row in found] == [True] * 4 + [False] + [True] * 5


@pytest.mark.parametrize(
    ("written", "year"),
    [("1979", 1979), ("1979-04", 1979), ("15.02.1979", 1979), ("0000", None), ("", None), ("9999-01-01", None)],
)
def test_years(written: str, year: int | None) -> None:
    assert Convention().year(written, 2026) == year


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("2017-02-15T09:37:22Z", datetime(2017, 2, 15, 9, 37, 22, tzinfo=UTC)),
        ("2017-02-15T09:37:22+02:00", datetime(2017, 2, 15, 7, 37, 22, tzinfo=UTC)),
        ("2017-02-15", datetime(2017, 2, 15, tzinfo=UTC)),
        ("15.2.2017 9:37", datetime(2017, 2, 15, 9, 37, tzinfo=UTC)),
        ("1970-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("29/2/2017", None),
        ("31.02.2017", None),
        ("", None),
    ],
)
def test_instants(written: str, instant: datetime | None) -> None:
    assert Convention().instant(written) == instant


# -- the file as text ---------------------------------------------------------------------------------------

UMLAUT = files.text([files.NET, files.net_row(1, Track_Name="Über den Wolken")])


@pytest.mark.parametrize(
    "content",
    [
        UMLAUT.encode(),
        UMLAUT.encode("utf-8-sig"),
        UMLAUT.encode("utf-16"),
        UMLAUT.encode("utf-16-le"),
        UMLAUT.encode("utf-16-be"),
        UMLAUT.encode("latin-1"),
        UMLAUT.encode("cp1252"),
        UMLAUT.replace("\n", "\r\n").encode(),
        ("\n\n" + UMLAUT).encode(),
        ("sep=,\r\n" + UMLAUT).encode(),
        gzip.compress(UMLAUT.encode(), mtime=0),
        UMLAUT.replace(",", "\t").replace("First;Tyler\t", "First;Tyler,").encode("utf-16"),
        UMLAUT.encode().rstrip(b"\n"),
        UMLAUT.encode() + b'"\xc3',
    ],
)
def test_encodings_line_ends_and_delimiters(tmp_path: Path, content: bytes) -> None:
    rows = read(tmp_path, content)
    assert rows[0].track is not None
    assert rows[0].track.title == "Über den Wolken"
    assert rows[0].track.features is not None


def test_a_spreadsheets_semicolons_and_decimal_commas(tmp_path: Path) -> None:
    row = [cell.replace(".", ",") if cell[:1].isdigit() or cell[:1] == "-" else cell for cell in files.net_row(1)]
    row[files.NET.index("Explicit")] = "FALSCH"
    found = only(read(tmp_path, files.text([files.NET, row], delimiter=";", newline="\r\n").encode("utf-8-sig")))
    assert found.track is not None
    assert found.track.features is not None
    assert found.track.features.values["loudness"] == -4.185
    assert found.track.explicit is False
    assert found.track.artists == ("First", "Tyler, The Creator")


def archive(name: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as file:
        file.writestr(name, "x")
    return target.getvalue()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf\r\n \r\n", "empty"),
        (files.text([files.NET]), "no_rows"),
        (files.text([["x" + heading for heading in files.CLASSIC]]), "no_rows"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, "not_text"),
        (archive("a.csv"), "not_text"),
        (archive("xl/workbook.xml"), "not_text"),
        (bytes(range(256)) * 50, "not_text"),
        (b"\x01\x02\x03\x04garbage" * 100, "not_text"),
        (b'{"playlists": []}', "not_text"),
        (b"<!doctype html><title>Log in</title>", "not_text"),
        (gzip.compress(UMLAUT.encode(), mtime=0)[:-20], "malformed"),
        (UMLAUT + '"never closed' + "\na,b" * 300, "malformed"),
        ("title,author\nUlysses,Joyce\n", "not_a_playlist"),
        ("just some words\nand more\n", "not_a_playlist"),
    ],
)
def test_files_that_are_something_else_are_told_what_they_are(tmp_path: Path, content: str | bytes, code: str) -> None:
    found = problem(tmp_path, content)
    if code == "malformed" and isinstance(content, str):
        assert "line 3" in found.message
    assert found.code == code


def test_an_archive_is_told_from_a_workbook(tmp_path: Path) -> None:
    assert "Unpack" in problem(tmp_path, archive("a.csv")).hint
    assert "Excel" in problem(tmp_path, archive("xl/workbook.xml")).message


# -- robustness ---------------------------------------------------------------------------------------------

cells = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40) | st.sampled_from(
    ["", "undefined", "1e999", "-0", "9" * 30, "spotify:track:", "spotify:local::::", "٣", "\\,", ";", '"', "\n", "\0"]
)


@given(
    headings=st.sampled_from([files.NET, files.NET_2024, files.CLASSIC]),
    rows=st.lists(st.lists(cells, max_size=40), max_size=8),
)
def test_no_row_breaks_the_parser(
    tmp_path_factory: pytest.TempPathFactory, headings: list[str], rows: list[list[str]]
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_text(files.text([headings, *rows], quote=csv.QUOTE_ALL), encoding="utf-8", newline="")
    try:
        found = list(read_rows(Sheet.open(examine(path)), "s", NOW))
    except ImportProblem as refused:
        codes, found = {refused.code}, []
    else:
        codes = set()
    assert codes <= {"no_rows", "not_text"}
    for row in found:
        assert (row.track is None) == bool(row.reason)
        if row.track and row.track.features:
            for name, value in row.track.features.values.items():
                low, high = FEATURE_BOUNDS[name]
                assert low <= value <= high


@given(st.binary(max_size=2000))
def test_no_bytes_break_the_reader(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.bin"
    path.write_bytes(content)
    with suppress(ImportProblem):
        list(read_rows(Sheet.open(examine(path)), "s", NOW))


# -- real files ---------------------------------------------------------------------------------------------


@pytest.mark.shared
def test_every_real_file_is_read_whole(shared_data: Path) -> None:
    folder = shared_data / "exportify"
    with (folder / "index.csv").open(newline="") as index:
        listed = list(csv.DictReader(index))
    assert len(listed) == 45
    for expected in listed:
        rows = list(read_rows(Sheet.open(examine(folder / expected["file"])), "s", NOW))
        people = Counter(row.added_by for row in rows if row.added_by)
        features = any(row.track and row.track.features for row in rows)
        genres = any(row.track and row.track.artist_genres for row in rows)
        assert len(rows) == int(expected["rows"]), expected
        assert len(people) == int(expected["contributors"]), expected
        assert (features, genres) == (expected["has_features"] == "True", expected["has_genres"] == "True"), expected
        assert sum(row.track is None for row in rows) <= 7, expected


def test_a_line_without_an_end_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "bomb.csv.gz"
    path.write_bytes(gzip.compress(b"Track URI,Track Name," + b"x" * 3_000_000))
    with pytest.raises(ImportProblem, match="a million characters"):
        list(examine(path).rows(","))
