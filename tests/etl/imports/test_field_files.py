"""CSV and text files as people bring them, one row per file of ../shared/data/field with the right values."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from etl.imports.recognise import recognise
from etl.imports.rows.entries import PlaylistFile, Row, TrackTableFile, check_to_the_end
from store.domain import Track
from store.runs import ImportProblem

pytestmark = pytest.mark.shared
MOMENT = datetime(2026, 1, 2, tzinfo=UTC)
Telling = Callable[[Track, Row], Any]


def _features(track: Track, _row: Row) -> int:
    return len(track.features.values) if track.features else 0


def _length(track: Track, _row: Row) -> int | None:
    return track.duration_ms


def _album(track: Track, _row: Row) -> str | None:
    return track.album


def _id(track: Track, _row: Row) -> str:
    return track.id


def _added(_track: Track, row: Row) -> str:
    return row.added_at.isoformat()[:16] if row.added_at else ""


# file, kind, rows with a track, title, artists, a telling value of the first track
FILES: list[tuple[str, str, int, str, tuple[str, ...], Telling, Any]] = [
    (
        "Apple Music - Play History Daily Tracks.csv",
        "last.fm",
        1,
        "Bohemian Rhapsody",
        ("Queen",),
        _added,
        "2020-01-01T00:00",
    ),
    ("Apple Music Play Activity.csv", "last.fm", 1, "Mr. Brightside", ("The Killers",), _added, "2020-01-01T00:00"),
    ("c01_utf16_bom.csv", "exportify", 2, "Sueño", ("Sigur Rós",), _features, 13),
    ("c02_cp1252.csv", "exportify", 2, "Sueño", ("Sigur Rós",), _album, "Álbum"),
    ("c03_utf16_tab.txt", "exportify", 2, "Sueño", ("Sigur Rós",), _features, 13),
    ("c05_cp1251.csv", "exportify", 2, "Группа крови", ("Кино",), _features, 13),
    ("c07_excel_semicolon.csv", "exportify", 2, "Sueño", ("Sigur Rós",), _features, 13),
    ("c08_excel_de_dates.csv", "exportify", 2, "Sueño", ("Sigur Rós",), _added, "2024-05-01T10:00"),
    ("c09_excel_fr_dates.csv", "exportify", 2, "Sueño", ("Sigur Rós",), _added, "2024-05-13T10:00"),
    ("c12_rtl_cjk_emoji.csv", "exportify", 5, "إنت عمري", ("أم كلثوم",), _features, 13),
    ("c13_net_no_features_null.csv", "exportify", 2, "Mr. Brightside", ("The Killers",), _features, 0),
    ("c14_local_episode.csv", "exportify", 2, "Heart of Stone", ("The Waymores",), _length, 128_000),
    ("c18_odd_values.csv", "exportify", 5, "A", ("a",), _length, None),
    ("c20_old_2017.csv", "exportify", 1, "Mr. Brightside", ("The Killers", "Someone"), _length, 222_973),
    ("c20b_old_2018.csv", "exportify", 1, "See You Again", ("Tyler, The Creator", "Kali Uchis"), _length, 180_387),
    ("c21_old_2019net.csv", "exportify", 1, "Mr. Brightside", ("The Killers", "10,000 Maniacs"), _features, 13),
    ("c22_title_artist.csv", "list", 2, "Feel Like Flying", ("Racoon",), _length, None),
    ("c23_title_artist_semicolon.csv", "list", 1, "Waterloo", ("ABBA",), _length, 165_000),
    ("c24_app_greek.csv", "exportify", 2, "Mr. Brightside", ("The Killers",), _length, 222_973),
    ("c25_app_greek_episode.csv", "exportify", 1, "Mr. Brightside", ("The Killers",), _added, "2024-05-01T10:00"),
    ("c28_app_greek_no_dates.csv", "exportify", 2, "Mr. Brightside", ("The Killers",), _added, ""),
    ("c31_title_null.csv", "exportify", 4, "null", ("Null + Void",), _album, "null"),
    ("c32_chosic.csv", "list", 2, "Mr. Brightside", ("The Killers",), _id, "leNIL8Y0HoN4rr6SB9DsqO"),
    ("c34_shazam.csv", "list", 1, "Relinquish", ("Ascend The Helix",), _added, "2024-12-27T00:00"),
    (
        "c35_ytm_library.csv",
        "list",
        1,
        "Never Gonna Give You Up",
        ("Rick Astley",),
        _album,
        "Whenever You Need Somebody",
    ),
    ("c36_ytm_playlist.csv", "ids", 1, "youtube:track:dQw4w9WgXcQ", (), _added, "2024-03-01T10:00"),
    ("c37_apple_txt.txt", "list", 1, "Bohemian Rhapsody", ("Queen",), _length, 355_000),
    ("c39_deezer_like.csv", "list", 1, "Harder Better Faster Stronger", ("Daft Punk",), _added, "2020-01-01T00:00"),
    ("c40_soundiiz.csv", "list", 2, "Mr. Brightside", ("The Killers",), _album, "Hot Fuss"),
    ("c41_soundiiz_semicolon.csv", "list", 1, "Mr. Brightside", ("The Killers",), _added, "2021-01-01T00:00"),
    ("c42_tmm.csv", "tunemymusic", 3, "Panama", ("Van Halen",), _id, "05RgAMGypEvqhNs5hPCbMS"),
    ("exportify_cli_uris.csv", "exportify", 1, "See You Again", ("Tyler, The Creator", "Kali Uchis"), _length, 180_387),
    ("exportify_no_added.csv", "list", 1, "Wouldn't It Be Good", ("Nik Kershaw",), _id, "00FDHurakzVEiPutdUxXXq"),
    ("exportify_trimmed.csv", "list", 1, "Mr. Brightside", ("The Killers",), _album, None),
    ("l01_ghan.csv", "last.fm", 2, "Temperature (Feat Talib Kweli)", ("Zion I",), _added, "2010-04-05T11:59"),
    ("l02_stats.csv", "last.fm", 1, "Jóga", ("Björk",), _added, "2024-04-24T23:06"),
    ("l03_tocsv_bom.csv", "last.fm", 2, "Jóga", ("Björk",), _added, "2007-06-15T22:30"),
    ("l04_tocsv.csv", "last.fm", 2, "Jóga", ("Björk",), _added, "2007-06-15T22:30"),
    ("l05_scrubbler.csv", "last.fm", 2, "Track", ("Band",), _added, "2018-01-31T04:58"),
    ("list_name_artist_time.csv", "list", 5, "Zebra", ("Beach House",), _length, 288_000),
    ("o6_excel_semicolon_thousands.csv", "exportify", 1, "A", ("a",), _length, 200_000),
    ("p1_kino_cp1251.csv", "exportify", 1, "Группа крови", ("Кино",), _features, 13),
    ("p2_kino_utf8.csv", "exportify", 1, "Группа крови", ("Кино",), _features, 13),
    ("rekordbox.txt", "list", 1, "Strobe", ("deadmau5",), _length, 637_000),
    ("shazam_noheader.csv", "list", 1, "Relinquish", ("Ascend The Helix",), _added, "2024-12-27T00:00"),
    ("t1_table_excel_de.csv", "table", 1, "Comedia Café", ("Gen Höshino",), _features, 13),
    ("t4_table_tab.tsv", "table", 1, "Comedia Café", ("Gen Höshino",), _features, 13),
]


@pytest.mark.parametrize(
    ("name", "kind", "count", "title", "artists", "telling", "value"), FILES, ids=[row[0] for row in FILES]
)
def test_a_file_is_read_as_what_it_is(
    shared_data: Path,
    name: str,
    kind: str,
    count: int,
    title: str,
    artists: tuple[str, ...],
    telling: Telling,
    value: Any,
) -> None:
    found = recognise(shared_data / "field" / name)
    if isinstance(found, TrackTableFile) and kind == "table":
        found, kind = found.playlist, "list"
    assert isinstance(found, PlaylistFile)
    assert found.kind == kind
    rows = [entry for entry in found.read("s", MOMENT, None) if isinstance(entry, Row) and entry.track]
    assert len(rows) == count
    track = rows[0].track
    assert track is not None
    assert (track.title, track.artists, telling(track, rows[0])) == (title, artists, value)


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("c16_only_episodes.csv", "no_tracks", "1 × podcast episode"),
        ("c17_zero_rows.csv", "no_rows", "headings but no rows"),
    ],
)
def test_a_refusal_says_what_the_file_is(shared_data: Path, name: str, code: str, words: str) -> None:
    with pytest.raises(ImportProblem) as caught:
        _read_whole(shared_data / "field" / name)
    assert caught.value.code == code
    assert words in caught.value.message
    assert caught.value.hint


def _read_whole(path: Path) -> None:
    found = recognise(path)
    assert isinstance(found, PlaylistFile)
    check_to_the_end(found, path.name, MOMENT)


def test_what_is_not_read_is_counted_by_column(shared_data: Path) -> None:
    found = recognise(shared_data / "field" / "c18_odd_values.csv")
    assert isinstance(found, PlaylistFile)
    unread = [row.unread for row in found.read("s", MOMENT, None) if isinstance(row, Row)]
    assert (("Duration (ms)", 1),) in unread
    assert (("Loudness", 1), ("Valence", 1)) in unread
