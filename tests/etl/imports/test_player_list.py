"""Names in lists of players: their order, their numbers, and what paths say."""

from pathlib import Path

import pytest

from etl.imports.rows.player_list import ListedFile, row_of, title_first
from store.database import Database
from store.domain import Track
from tests.etl.imports.test_collections import do, serve, write
from tests.etl.imports.test_formats import read, titles

PATHS: dict[str, tuple[str, tuple[str, ...], str | None]] = {
    "Corazón.mp3": ("Corazón", (), None),
    "1-01 Intro.m4a": ("Intro", (), None),
    "99 Luftballons.mp3": ("99 Luftballons", (), None),
    "50 Cent - In Da Club.mp3": ("In Da Club", ("50 Cent",), None),
    "24-7 Spyz - Grandma Dynamite.mp3": ("Grandma Dynamite", ("24-7 Spyz",), None),
    "03 - 99 Luftballons.mp3": ("99 Luftballons", (), None),
    "Air - Moon Safari - 02 - Sexy Boy.mp3": ("Sexy Boy", ("Air",), "Moon Safari"),
    "/music/Air/1998 - Moon Safari/02 Sexy Boy.flac": ("Sexy Boy", ("Air",), "Moon Safari"),
    "Air/Moon Safari/12 Le Voyage.flac": ("Le Voyage", ("Air",), "Moon Safari"),
    "D:\\Musik\\Nena\\Nena\\99 Luftballons.mp3": ("99 Luftballons", ("Nena",), "Nena"),
    "file:///Users/a/Music/iTunes/iTunes%20Media/Music/Sigur%20R%C3%B3s/Takk/1-02%20Glosoli.m4a": (
        "Glosoli",
        ("Sigur Rós",),
        "Takk",
    ),
    "/music/Compilations/Best of 1980/04 Fame.m4a": ("Fame", (), "Best of 1980"),
    "/music/Rock/Mixed/03 Yes - Changes.mp3": ("Changes", ("Yes",), "Mixed"),
    "/music/Queen/Live/03 Fame - Remastered 2011.mp3": ("Fame - Remastered 2011", ("Queen",), "Live"),
    "/home/anna/song.mp3": ("song", (), None),
}


@pytest.mark.parametrize("path", PATHS)
def test_names_in_paths(path: str) -> None:
    track = row_of(ListedFile(line=1, path=path), None, "m3u").track
    assert track is not None
    assert (track.title, track.artists, track.album) == PATHS[path]


@pytest.mark.parametrize(
    ("name", "path", "reversed_"),
    [
        ("Fame - Air", "/m/Air/Moon/01 Fame.mp3", True),
        ("Air - Fame", "/m/Air/Moon/01 Fame.mp3", False),
        ("Fame - Live - Air", "/m/Air/Moon/01 Fame - Live.mp3", True),
        ("Fame - Air", "/m/Compilations/Hits/01 Fame.mp3", True),
        ("Fame - Air", "a.mp3", None),
        ("Fame - Air", "", None),
        ("Air", "/m/Air/Moon/01 Fame.mp3", None),
    ],
)
def test_the_path_tells_the_order(name: str, path: str, reversed_: bool | None) -> None:
    assert title_first([ListedFile(line=1, name=name, path=path)]) is reversed_


def test_the_catalogue_decides_where_no_path_does(database: Database, tmp_path: Path) -> None:
    serve(tmp_path / "var", Track(id="0" * 22, title="All I Need", artists=("Air",)))
    content = "#EXTM3U\n#EXTINF:1,Unheard - Of\na.mp3\n#EXTINF:268,All I Need - Air\nb.mp3\n"
    run = do(database, tmp_path / "var", write(tmp_path / "list.m3u8", content))
    tracks = [database.get_track(item.track_id) for item in database.playlist_items(run.playlist_ids[0])]
    assert [(track.title, track.artists) for track in tracks if track] == [
        ("Unheard", ("Of",)),
        ("All I Need", ("Air",)),
    ]


def test_addresses_that_are_none_break_nothing(tmp_path: Path) -> None:
    path = tmp_path / "list.m3u8"
    path.write_text("#EXTM3U\n#EXTINF:-1,Band - Song\nhttp://[x]/y.mp3\n#EXTINF:-1,Band - Other\nfile://[/z.mp3\n")
    assert titles(read(path)[1][0][1]) == ["Song", "Other"]
