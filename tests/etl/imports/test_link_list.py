"""Texts of links, URIs and ids: what they hold, and how their tracks get names."""

import time
from pathlib import Path

import pytest

from etl.imports import link_list
from store.database import Database
from store.domain import Track, is_unnamed
from tests.etl.imports import files, formats
from tests.etl.imports.test_collections import do, serve
from tests.etl.imports.test_formats import read, reasons, refused, write

MBID = "b1a9c0e9-d987-4042-ae91-78d6a3267d69"


def test_every_service_and_form(tmp_path: Path) -> None:
    content = (
        f"1. {formats.uri(1)}\n- https://open.spotify.com/track/{files.spotify_id(2)}?si=x, {files.spotify_id(3)}\n\n"
        f"https://www.deezer.com/track/77\nhttps://musicbrainz.org/recording/{MBID}\n"
        "https://music.apple.com/us/album/x/1?i=99\nhttps://youtu.be/fJ9rUzIMcZQ\nspotify:local:Oasis::Wonderwall:258\n"
        f"Air - All I Need {formats.uri(4)}\nhttps://www.deezer.com/album/1\nmy favourites\n"
    )
    kind, [(_, rows)] = read(write(tmp_path, "pasted.txt", content))
    assert kind == "links"
    tracks = [row.track for row in rows if row.track]
    assert [track.id for track in tracks[:3]] == [files.spotify_id(number) for number in (1, 2, 3)]
    assert [dict(track.ids) for track in tracks[3:7]] == [
        {"deezer": "77"},
        {"mbid": MBID},
        {"itunes": "99"},
        {"youtube": "fJ9rUzIMcZQ"},
    ]
    assert all(is_unnamed(track.title) for track in tracks[:7])
    assert [(track.title, track.artists) for track in tracks[7:]] == [
        ("Wonderwall", ("Oasis",)),
        ("All I Need", ("Air",)),
    ]
    assert tracks[8].id == files.spotify_id(4)
    assert reasons(rows) == [
        ("the link names no track but: album (Deezer)", 1),
        ("neither a link, an id nor Artist - Title", 1),
    ]


def test_lines_of_names(tmp_path: Path) -> None:
    content = "1. Oasis - Wonderwall\n[03:25] M83 – Midnight City\nTyler, The Creator - EARFQUAKE\n"
    content += "* Air - All I Need\nx - y\n?\n"
    kind, [(_, rows)] = read(write(tmp_path, "tracklist.txt", content))
    assert kind == "names"
    assert [(row.track.artists, row.track.title) for row in rows if row.track][:4] == [
        (("Oasis",), "Wonderwall"),
        (("M83",), "Midnight City"),
        (("Tyler, The Creator",), "EARFQUAKE"),
        (("Air",), "All I Need"),
    ]
    assert len(reasons(rows)) == 1


def test_other_texts_and_tables_are_no_lists_of_links(tmp_path: Path) -> None:
    assert refused(write(tmp_path, "notes.txt", f"Dear diary,\ntoday I heard\n{formats.uri(1)}\n")).code
    assert read(write(tmp_path, "list.csv", files.playlist(2)))[0] == "exportify"


def test_links_name_tracks_that_are_known_here_and_others_later(database: Database, tmp_path: Path) -> None:
    serve(tmp_path / "var", Track(id=files.spotify_id(1), title="All I Need", artists=("Air",)))
    database.put_tracks([Track(id="local-1", title="Rust", artists=("Kelp",), ids={"deezer": "77"})])
    links = f"{formats.uri(1)}\nhttps://www.deezer.com/track/77\n{formats.uri(2)}\n"
    run = do(database, tmp_path / "var", write(tmp_path, "links.txt", links))
    ids = [item.track_id for item in database.playlist_items(run.playlist_ids[0])]
    assert ids == [files.spotify_id(1), "local-1", files.spotify_id(2)]
    titles = {name: track.title for name, track in database.get_tracks(ids).items()}
    assert titles == {ids[0]: "All I Need", "local-1": "Rust", ids[2]: formats.uri(2)}
    do(database, tmp_path / "var", write(tmp_path, "YourLibrary.json", formats.library(3)))
    named = database.get_track(ids[2])
    assert named is not None
    assert (named.title, named.artists) == ("Song 2", ("Band 2",))


@pytest.mark.parametrize("part", ["[", "[](http://", "[a](", "]("])
def test_links_in_markdown_are_looked_for_in_linear_time(part: str) -> None:
    """Sixteen times the text takes far less than 256 times the time: a megabyte of "[" would have taken an hour."""

    def seconds(times: int) -> float:
        began = time.process_time()
        link_list._MARKDOWN.sub("", part * times)
        return time.process_time() - began

    seconds(100)
    assert seconds(80_000) < 96 * max(seconds(5_000), 1e-3)


def test_a_link_in_markdown_is_taken_without_its_brackets() -> None:
    for text in ("[Waterloo](https://www.deezer.com/track/77)", "[[Waterloo](https://www.deezer.com/track/77)"):
        assert link_list._MARKDOWN.sub(r"<\1>", text) == "<https://www.deezer.com/track/77>"
