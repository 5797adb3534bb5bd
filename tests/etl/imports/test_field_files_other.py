"""The files of ../shared/data/field that are not CSV: what each kind gives, one row per file."""

from pathlib import Path
from typing import Any

import pytest

from tests.etl.imports.test_formats import read, reasons, refused, titles

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def field(shared_data: Path) -> Path:
    folder = shared_data / "field"
    if not folder.is_dir():
        pytest.skip("the files of the field are not there")
    return folder


Named = tuple[str, tuple[str, ...]]
# The titles and artists of each list of players.
LISTS: dict[str, list[Named]] = {
    "m01_apple_order.m3u8": [("Noël", ("Marie-Michèle Desrosiers",)), ("Mr. Brightside", ("The Killers",))],
    "m02_windows_ansi.m3u": [("Anton aus Tirol", ("DJ Ötzi",)), ("Podría Ser Peor", ())],
    "m03_utf8_bom.m3u8": [("Разлюбила", ("Жуки",)), ("First Love", ("宇多田ヒカル",))],
    "m04_extenc.m3u": [("Разлюбила", ("Жуки",))],
    "m06_paths_only.m3u": [
        ("Corazón", ()),
        ("Lucretia My Reflection", ("The Sisters Of Mercy",)),
        ("Do I Wanna Know", ("Arctic Monkeys",)),
        ("In Da Club", ("50 Cent",)),
        ("Intro", ()),
        ("99 Luftballons", ()),
    ],
    "m08_utf16.m3u": [("Разлюбила", ("Жуки",))],
    "m10_navidrome.m3u": [("Jóga", ("Björk",))],
    "pls_list.pls": [("Song", ("Artist",))],
    "xspf_soundiiz.xspf": [("Jóga", ("Björk",))],
    "tracklist.txt": [("Wonderwall", ("Oasis",)), ("Midnight City", ("M83",))],
    "extinf_only.m3u": [("Owner of a Lonely Heart", ("Yes",)), ("All I Need", ("Air",))],
}


def names(rows: list[Any]) -> list[Named]:
    return [(row.track.title, row.track.artists) for row in rows if row.track]


@pytest.mark.parametrize("name", LISTS)
def test_lists_of_players(field: Path, name: str) -> None:
    kind, lists = read(field / name)
    assert kind == {".pls": "pls", ".xspf": "xspf", ".txt": "names"}.get(Path(name).suffix, "m3u")
    assert names(lists[0][1]) == LISTS[name]


def test_an_xspf_list_keeps_ids_lengths_and_its_name(field: Path) -> None:
    [(name, [row])] = read(field / "xspf_soundiiz.xspf")[1]
    assert row.track is not None
    assert (name, row.track.id, row.track.duration_ms) == ("Mix", "ryXl8lnK3gAp2lK3GG5h33", 305_000)


@pytest.mark.parametrize("name", ["Library_badchar.xml", "Library_latin1.xml", "Music Library binary.xml"])
def test_libraries_of_apple(field: Path, name: str) -> None:
    kind, lists = read(field / name)
    assert kind == "apple library"
    assert lists == read(field / "Library.xml")[1]


def test_the_folders_of_a_path_name_the_album(field: Path) -> None:
    albums = [row.track.album for row in read(field / "m06_paths_only.m3u")[1][0][1] if row.track]
    assert albums == [None, "Floodland [2006 Remaster]", "AM", None, None, None]


# Each file of account data: kind, and of each playlist the titles and the reasons of what is left out.
ACCOUNT: dict[str, tuple[str, dict[str | None, tuple[list[str], list[str]]]]] = {
    "Playlist1.json": (
        "spotify playlists",
        {
            "Road 🚗 Trip": (
                ["Mr. Brightside", "Wonderwall"],
                ["podcast episode", "audiobook", "no title (the track was withdrawn)"],
            ),
            "Empty": ([], []),
            "Playlist without a name": (["B"], []),
            "Only local": (["Live Forever"], []),
        },
    ),
    "StreamingHistory_music_1.json": ("spotify history", {None: (["Motherboard"], ["podcast episode"])}),
    "StreamingHistory_music_2.json": ("spotify history", {None: (["Motherboard"], ["podcast episode"])}),
    "Streaming_History_Audio_utf16.json": ("spotify history", {None: (["A"], [])}),
    "Streaming_History_Audio_bom.json": ("spotify history", {None: (["A"], [])}),
    "Streaming_History_Video_2019-2024.json": ("spotify history", {None: (["Music video"], ["podcast episode"])}),
    "feedback.jsonl": ("listenbrainz", {"Loved tracks": (["Loved"], ["hated"])}),
}


@pytest.mark.parametrize("name", ACCOUNT)
def test_account_data(field: Path, name: str) -> None:
    kind, lists = read(field / name)
    found = {list_: (titles(rows), [reason for reason, _ in reasons(rows)]) for list_, rows in lists}
    assert (kind, found) == ACCOUNT[name]


def test_a_local_file_is_named_by_its_uri(field: Path) -> None:
    track = read(field / "Playlist1.json")[1][0][1][1].track
    assert track is not None
    assert (track.title, track.artists, track.album, track.duration_ms) == (
        "Wonderwall",
        ("Oasis",),
        "Morning Glory",
        258_000,
    )


@pytest.mark.parametrize(
    ("name", "said"),
    [("StreamingHistory_podcast_0.json", "podcast episode"), ("StreamingHistory_audiobook_0.json", "audiobook")],
)
def test_what_is_not_music_is_refused_as_what_it_is(field: Path, name: str, said: str) -> None:
    assert said in refused(field / name).message


def test_a_zip_of_playlists(field: Path) -> None:
    kind, lists = read(field / "c29_spotify_playlists.zip")
    assert kind == "zip"
    assert {name: titles(rows) for name, rows in lists} == {
        "liked songs": ["Blinding Lights"],
        "road trip": ["Mr. Brightside"],
    }
    assert ["empty.csv" in reason for reason, _ in reasons(lists[-1][1])] == [True]


def test_the_data_that_apple_sends(field: Path) -> None:
    kind, [(name, rows)] = read(field / "Apple_Media_Services.zip")
    assert (kind, name) == ("zip", "Apple Music - Play History Daily Tracks")
    assert names(rows) == [("Bohemian Rhapsody", ("Queen",))]


def test_google_takeout(field: Path) -> None:
    kind, [(name, rows)] = read(field / "takeout-2024.zip")
    assert (kind, name) == ("zip", "music library songs")
    assert names(rows) == [("Never Gonna", ("Rick Astley",))]


@pytest.mark.parametrize(
    ("name", "said", "hint"),
    [
        ("deezer.xlsx", "an Excel workbook", "CSV"),
    ],
)
def test_what_is_refused_says_what_it_is_and_how_to_bring_it(field: Path, name: str, said: str, hint: str) -> None:
    problem = refused(field / name)
    assert said in problem.message
    assert hint in problem.hint


def test_what_is_left_out_of_an_archive_is_named(field: Path) -> None:
    left_out = [reason for reason, _ in reasons(read(field / "my_spotify_data_ext.zip")[1][-1][1])]
    assert any("Streaming_History_Video_2019-2024.json" in reason for reason in left_out)


@pytest.mark.parametrize("name", ["spotify_clipboard.txt", "spotify_clipboard_uris.txt"])
def test_a_list_of_links_is_a_playlist(field: Path, name: str) -> None:
    kind, [(_, rows)] = read(field / name)
    assert kind == "links"
    assert [row.track.id for row in rows if row.track] == [
        "0000vdREvCVMxbQTkS888c",
        "000CC8EParg64OmTxVnZ0p",
        "000Iz0K615UepwSJ5z2RE5",
        "000RDCYioLteXcutOjeweY",
    ]


def test_links_in_a_list_of_a_player_are_kept_by_id(field: Path) -> None:
    rows = read(field / "m07_streams.m3u")[1][0][1]
    assert [(row.line, row.track.id if row.line < 7 else row.track.title) for row in rows if row.track] == [
        (5, "77ThJgXrK0KCPqImgLYzo0"),
        (6, "Jt0hToMWURwexBOF2wXXJ6"),
        (7, "Wonderwall"),
    ]
