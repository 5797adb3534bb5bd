"""Files of several playlists, histories and lists without ids, from the file to the store."""

import io
import json
import random
import signal
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from etl.exports.formats import FORMATS
from etl.exports.rows import ExportRow, read_pages
from etl.imports.rows.entries import playlist_name
from jobs.queue import create_upload_run
from jobs.worker import execute
from store.catalogue.builder import build_collection
from store.catalogue.catalogue import Catalogue, Snapshot
from store.database import PAGE_ITEMS, Database
from store.domain import AudioFeatures, Track, playlist_id
from store.runs import Progress, upload_folder
from tests.etl.imports import files, formats
from tests.etl.imports.test_runs import do, etl
from tests.jobs.test_kill import RUN_ID, dying, everything, queue, two_databases

__all__ = ["two_databases"]
KILLS = 8


def write(path: Path, content: Any) -> Path:
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8", newline="")
    return path


def account(*sizes: int) -> dict[str, Any]:
    """Playlists of the given sizes; the last track of each stands in the next one too."""
    lists, start = [], 0
    for at, size in enumerate(sizes):
        items = [formats.account_item(start + n) for n in range(size)]
        lists.append((f"List {at}", [formats.EPISODE, *items]))
        start += max(0, size - 1)
    return formats.account_playlists(*lists)


def test_several_playlists_of_one_file(database: Database, tmp_path: Path) -> None:
    path = write(tmp_path / "Playlist1.json", account(3, 0, PAGE_ITEMS + 5))
    run = do(database, tmp_path / "var", path, "me")
    assert (run.state, run.kind, run.error) == ("done", "playlist", None)
    assert list(run.playlist_ids) == [playlist_id("me", run.sha256, number) for number in (0, 2)]
    assert run.playlist_id == run.playlist_ids[0] == playlist_id("me", run.sha256)
    assert (run.requested, run.stored, run.known) == (PAGE_ITEMS + 11, PAGE_ITEMS + 7, 1)
    assert run.skipped == {"podcast episode": 3}
    found = [database.playlist(one) for one in run.playlist_ids]
    assert [(one.name, one.item_count, one.complete) for one in found if one] == [
        ("List 0", 3, True),
        ("List 2", PAGE_ITEMS + 5, True),
    ]
    items = database.playlist_items(run.playlist_ids[1], 0, 1000)
    assert [item.position for item in items] == list(range(PAGE_ITEMS + 5))
    assert items[0].track_id == files.spotify_id(2)
    again = do(database, tmp_path / "var", path, "me")
    assert (again.stored, again.known, again.playlist_ids) == (0, PAGE_ITEMS + 8, run.playlist_ids)
    assert len(database.playlists("me")) == 2


def test_tracks_which_everybody_finds_do_not_name_the_file(database: Database, tmp_path: Path) -> None:
    path = write(tmp_path / "Songs for a parting.csv", formats.TUNE_MY_MUSIC)
    run = do(database, tmp_path / "var", path, "me")
    assert (run.state, run.stored, run.known) == ("done", 3, 1)
    assert {playlist.source for playlist in database.playlists("me")} == {"tunemymusic: Songs for a parting.csv"}
    assert [playlist.name for playlist in database.playlists("me")].count("Evenings") == 1
    snapshot = Catalogue(tmp_path / "var" / "catalogue").current("me")
    found = [snapshot.track(snapshot.ref(row)) for row in range(len(snapshot))]
    assert {track.source for track in (*found, *database.all_tracks("me"))} == {"tunemymusic"}


def test_a_broken_part_of_an_archive_is_named_and_the_rest_stored(database: Database, tmp_path: Path) -> None:
    path = formats.zipped(
        tmp_path / "x.zip", {"Playlist1.json": account(PAGE_ITEMS + 3), "Playlist2.json": '{"playlists": [{"cut'}
    )
    run = do(database, tmp_path / "var", path)
    assert (run.state, run.error, len(run.playlist_ids)) == ("done", None, 1)
    assert [one.item_count for one in database.playlists(None)] == [PAGE_ITEMS + 3]
    assert any("Playlist2.json" in reason for reason in run.skipped)


def test_an_archive_with_broken_parts_alone_leaves_nothing(database: Database, tmp_path: Path) -> None:
    path = formats.zipped(tmp_path / "x.zip", {"Playlist1.json": '{"playlists": [{"cut'})
    run = do(database, tmp_path / "var", path)
    assert (run.state, run.error["code"], run.playlist_ids) == ("failed", "malformed", ())
    assert database.playlists(None) == []
    assert list(database.all_tracks()) == []


def test_one_of_several_deleted_while_they_arrive(database: Database, tmp_path: Path) -> None:
    path = write(tmp_path / "Playlist1.json", account(3, PAGE_ITEMS + 3, 3))

    def delete(progress: Progress) -> None:
        for one in database.playlists(None):
            if one.name == "List 1" and not one.complete:
                database.delete_playlist(one.id)

    database_run = queue(database._uri, path)
    assert execute(database, tmp_path / "var", RUN_ID, delete) == "failed"
    database_run.close()
    run = database.get_run(RUN_ID)
    assert run
    assert run.error["code"] == "deleted"
    assert [(one.name, one.complete) for one in database.playlists(None)] == [("List 0", True)]


def test_killed_at_any_write(two_databases: tuple[str, str], tmp_path: Path) -> None:
    path = write(tmp_path / "Playlist1.json", account(PAGE_ITEMS + 3, 4, 0, 2 * PAGE_ITEMS + 1))
    whole, killed = two_databases
    queue(whole, path).close()
    _, writes = dying(whole, tmp_path / "whole", 10_000)
    assert writes
    expected = everything(whole)
    assert len(expected["playlists"]) == 3
    for write_number in sorted(random.Random(7).sample(range(2, writes + 1), KILLS)):
        database = queue(killed, path)
        assert dying(killed, tmp_path / str(write_number), write_number) == (-signal.SIGKILL, None)
        assert execute(database, tmp_path / str(write_number), RUN_ID) == "done"
        database.close()
        assert everything(killed) == expected, f"killed at write {write_number} of {writes}"
        with MongoClient(killed) as client:
            client.drop_database(client.get_default_database().name)


def test_a_history_is_a_playlist_with_plays_and_nothing_private(
    database: Database, database_uri: str, tmp_path: Path
) -> None:
    plays = [formats.play(n, f"202{n % 5}-01-01T00:00:00Z") for n in range(9) for _ in range(n + 1)]
    content = json.dumps(plays).encode()
    run = create_upload_run(database, tmp_path, "me", "endsong_0.json", io.BytesIO(content), 10_000_000)
    assert execute(database, tmp_path, run.id) == "done"
    done = database.get_run(run.id)
    assert done
    assert (done.requested, done.stored) == (45, 9)
    items = database.playlist_items(done.playlist_id)
    assert [(item.track_id, item.plays) for item in items] == [(files.spotify_id(n), n + 1) for n in range(8, -1, -1)]
    assert items[0].added_at is not None
    assert items[0].added_at.year == 2023
    assert not upload_folder(tmp_path, run.id).exists()
    stored = repr(everything(database_uri))
    for secret in formats.PRIVATE.values():
        assert secret not in stored


FEATURES = AudioFeatures(values={"energy": 0.5, "tempo": 120.0}, source="some table", licence="CC0")


def serve(var: Path, *tracks: Track) -> None:
    (var / "catalogue").mkdir(parents=True)
    build_collection(var / "catalogue", tracks)


def test_tracks_without_ids_gain_features_by_name(database: Database, tmp_path: Path) -> None:
    known = Track(id=files.spotify_id(1), title="All I Need", artists=("Air",), features=FEATURES, duration_ms=268_000)
    serve(tmp_path / "var", known)
    content = "#EXTM3U\n#EXTINF:268,Air - All I Need\na.mp3\n#EXTINF:90,Air - Something Else\nb.mp3\n"
    run = do(database, tmp_path / "var", write(tmp_path / "list.m3u8", content))
    first, second = database.playlist_items(run.playlist_id)
    matched, other = database.get_track(first.track_id), database.get_track(second.track_id)
    assert matched is not None
    assert other is not None
    assert (matched.id[:6], matched.title, matched.source) == ("local-", "All I Need", "m3u")
    assert matched.features is not None
    assert matched.features.values["energy"] == 0.5
    assert matched.features.source.endswith(f"found by name as {files.spotify_id(1)}")
    assert matched.features.confidence >= 0.9
    assert other.features is None


def test_a_catalogue_that_cannot_be_read_only_costs_the_features(database: Database, tmp_path: Path) -> None:
    (tmp_path / "var" / "catalogue").mkdir(parents=True)
    (tmp_path / "var" / "catalogue" / "CURRENT.json").write_text("{broken")
    run = do(database, tmp_path / "var", write(tmp_path / "list.m3u8", "#EXTINF:268,Air - All I Need\na.mp3\n"))
    assert (run.state, run.stored) == ("done", 1)
    assert len(Catalogue(tmp_path / "var" / "catalogue").current()) == 1


@pytest.mark.parametrize(
    ("name", "content", "count", "title"),
    [
        ("My_List.m3u8", "#EXTM3U\n#EXTINF:1,A - B\nx.mp3\n", 1, "My List"),
        ("x.jspf", formats.jspf("Titled", {"title": "T", "creator": "C"}), 1, "Titled"),
        ("listens.jsonl", formats.jsonl(formats.listen(1), formats.listen(2)), 2, "listens"),
        ("scrobbles.csv", "Air,Moon Safari,All I Need,15 Jun 2007 22:30\n", 1, "scrobbles"),
        ("YourLibrary.json", formats.library(4), 4, "Liked songs"),
        ("Library.xml", formats.apple_library([formats.apple_track(1)]), 1, "Library"),
    ],
)
def test_each_kind_arrives(database: Database, tmp_path: Path, name: str, content: Any, count: int, title: str) -> None:
    run = do(database, tmp_path / "var", write(tmp_path / name, content))
    assert (run.state, run.stored) == ("done", count)
    assert [(one.name, one.item_count, one.complete) for one in database.playlists(None)] == [(title, count, True)]
    assert len(Catalogue(tmp_path / "var" / "catalogue").current()) == count


@pytest.mark.parametrize("kind", ["json", "jspf", "csv-full"])
def test_our_own_exports_come_back_whole(database: Database, tmp_path: Path, kind: str) -> None:
    path = write(tmp_path / "list.csv", files.playlist(5))
    first = do(database, tmp_path / "var", path).playlist_id
    items = database.playlist_items(first)
    tracks = database.get_tracks({item.track_id for item in items})
    playlist = database.playlist(first)
    assert playlist is not None
    page = [ExportRow(item=item, track=tracks[item.track_id]) for item in items]
    exported = b"".join(FORMATS[kind].write(playlist, [page]))
    (tmp_path / "out").mkdir()
    run = do(database, tmp_path / "var", write(tmp_path / "out" / f"list{FORMATS[kind].ending}", exported))
    assert (run.state, run.stored, run.known) == ("done", 0, 5)
    assert run.playlist_id != first
    assert database.playlist_items(run.playlist_id) == items
    assert database.get_tracks(tracks.keys()) == tracks
    again = database.playlist(run.playlist_id)
    assert again is not None
    assert (again.name, again.contributors) == (playlist.name, playlist.contributors)


def test_a_list_of_ones_own_files_comes_back_with_their_paths(database: Database, tmp_path: Path) -> None:
    content = "#EXTM3U\n#PLAYLIST:Mine\n#EXTINF:268,Air - All I Need\n/music/Air/01.mp3\n"
    first = do(database, tmp_path / "var", write(tmp_path / "list.m3u8", content)).playlist_id
    playlist = database.playlist(first)
    assert playlist is not None
    pages = read_pages(database, Snapshot(), playlist, files=True)
    assert b"".join(FORMATS["m3u8"].write(playlist, pages)).decode() == content


def test_the_command_line_takes_what_is_ours_from_a_folder(
    database: Database, database_uri: str, tmp_path: Path
) -> None:
    folder = tmp_path / "Spotify Account Data"
    folder.mkdir()
    write(folder / "Playlist1.json", account(2, 2))
    write(folder / "Payments.json", {"card": "not to be opened"})
    write(folder / "ReadMeFirst.pdf", "%PDF")
    done = etl(database_uri, tmp_path / "var", "import", str(folder))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Payments" not in done.stdout
    assert "2 files do not bear the name" in done.stderr
    assert "Payments.json, ReadMeFirst.pdf" in done.stderr
    assert len(database.playlists(None)) == 2


def test_names_without_their_endings() -> None:
    assert playlist_name("a_b.m3u8") == "a b"
    assert playlist_name("Streaming_History_Audio_2022-2023_4.json") == "Streaming History Audio 2022-2023 4"
    assert playlist_name("x.jspf.json") == "x"
