"""Zip archives: what is read of them, and what is refused."""

import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest

from etl.commands.imports import _files_in as files_in
from etl.imports.reading import archive
from tests.etl.imports import files, formats
from tests.etl.imports.test_formats import read, reasons, refused, titles

HISTORY = "Spotify Extended Streaming History/Streaming_History_Audio_2020_0.json"
ACCOUNT = "Spotify Account Data"


def test_what_spotify_sends(tmp_path: Path) -> None:
    path = formats.zipped(
        tmp_path / "my_spotify_data.zip",
        {
            f"{ACCOUNT}/Userdata.json": '{"email": "never opened", not even JSON',
            f"{ACCOUNT}/Playlist2.json": formats.account_playlists(("Second", [formats.account_item(2)])),
            f"{ACCOUNT}/Playlist10.json": formats.account_playlists(("Tenth", [formats.account_item(10)])),
            f"{ACCOUNT}/Playlist1.json": formats.account_playlists(("First", [formats.account_item(1)])),
            f"{ACCOUNT}/YourLibrary.json": formats.library(2),
            f"{ACCOUNT}/StreamingHistory_music_0.json": [
                {"endTime": "2026-06-06 19:52", "artistName": "B", "trackName": "Short", "msPlayed": 60_000}
            ],
            HISTORY: [formats.play(1, "2020-01-01T00:00:00Z"), formats.play(1, "2020-02-01T00:00:00Z")],
            HISTORY.replace("2020_0", "2021_1"): [formats.play(1, "2021-01-01T00:00:00Z")],
            HISTORY.replace("Audio", "Video"): [formats.play(7, "2020-01-01T00:00:00Z")],
        },
    )
    kind, lists = read(path)
    assert kind == "spotify data"
    assert [name for name, _ in lists] == ["Liked songs", "First", "Second", "Tenth", "Listening history"]
    assert titles(lists[-1][1]) == ["Song 1"]
    assert lists[-1][1][0].plays == 3


def test_what_listenbrainz_sends(tmp_path: Path) -> None:
    path = formats.zipped(
        tmp_path / "listenbrainz_somebody.zip",
        {
            "user.json": {"username": "somebody"},
            "listens/2024/10.jsonl": formats.jsonl(formats.listen(2)),
            "listens/2024/9.jsonl": formats.jsonl(formats.listen(1), formats.listen(2)),
            "feedback.jsonl": formats.jsonl({"recording_msid": "x", "score": 1}),
        },
    )
    kind, lists = read(path)
    assert kind == "listenbrainz"
    assert titles(lists[0][1]) == ["Song 2", "Song 1"]
    assert reasons(lists[0][1]) == [("played again (counted as a further play)", 1)]


def test_the_directory_of_an_archive_is_not_read_for_each_member(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []

    class Counted(zipfile.ZipFile):
        def __init__(self, *arguments: Any, **more: Any) -> None:
            opened.append(arguments[0])
            super().__init__(*arguments, **more)

    def opens(members: int) -> int:
        lists = {f"{at}.csv": f"Title,Artist\nSong {at},Singer\n" for at in range(members)}
        path = formats.zipped(tmp_path / f"{members}.zip", lists)
        opened.clear()
        with monkeypatch.context() as counting:
            counting.setattr(archive.zipfile, "ZipFile", Counted)
            assert len(read(path)[1]) == members
        return len(opened)

    assert opens(30) == opens(2)


def test_a_large_directory_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = formats.zipped(tmp_path / "x.zip", {f"{at}.csv": "Title,Artist\nSong,Singer\n" for at in range(30)})
    monkeypatch.setattr(archive, "_MAX_DIRECTORY_BYTES", 1000)
    monkeypatch.setattr(archive.zipfile, "ZipInfo", None)
    assert refused(path).code == "too_large"


def test_paths_in_an_archive_lead_nowhere(tmp_path: Path) -> None:
    folder = tmp_path / "inside"
    folder.mkdir()
    document = formats.account_playlists(("List", [formats.account_item(1)]))
    names = ("../../Playlist1.json", "/Playlist2.json", "C:\\x\\..\\Playlist3.json")
    path = formats.zipped(folder / "x.zip", dict.fromkeys(names, document))
    assert [name for name, _ in read(path)[1]] == ["List"] * 3
    assert [one for one in tmp_path.rglob("*") if one.is_file()] == [path]


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    bomb = "[" + " " * (4 << 20) + "]"
    problem = refused(formats.zipped(tmp_path / "x.zip", {"Playlist1.json": bomb}))
    assert problem.code == "too_large"
    assert "times its size" in problem.message


@pytest.mark.parametrize(
    ("limit", "value", "said"),
    [("MAX_MEMBERS", 1, "files"), ("MAX_MEMBER_BYTES", 10, "has more than"), ("MAX_TOTAL_BYTES", 10, "unpacks")],
)
def test_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int, said: str) -> None:
    document = formats.account_playlists(("List", [formats.account_item(1)]))
    path = formats.zipped(tmp_path / "x.zip", {"Playlist1.json": document, "Playlist2.json": document})
    monkeypatch.setattr(archive, limit, value)
    problem = refused(path)
    assert problem.code == "too_large"
    assert said in problem.message


def test_an_archive_that_lies_about_sizes(tmp_path: Path) -> None:
    document = formats.account_playlists(("List", [formats.account_item(n) for n in range(50)]))
    path = formats.zipped(tmp_path / "x.zip", {"Playlist1.json": document})
    with zipfile.ZipFile(path) as packed:
        size = packed.infolist()[0].file_size
    content = path.read_bytes()
    path.write_bytes(content.replace(size.to_bytes(4, "little"), (100).to_bytes(4, "little")))
    assert refused(path).code == "malformed"


def encrypted(content: bytes) -> bytes:
    """Set the flag of encryption in the local header and in the directory."""
    changed = bytearray(content)
    changed[6] |= 1
    changed[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(changed)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda content: content[: len(content) // 2], "malformed"),
        (lambda content: content[:60] + b"\xff" * 20 + content[80:], "malformed"),
        (encrypted, "unsupported"),
    ],
    ids=["cut off", "damaged", "encrypted"],
)
def test_damaged_archives(tmp_path: Path, change: Any, code: str) -> None:
    document = formats.account_playlists(("List", [formats.account_item(n) for n in range(50)]))
    path = formats.zipped(tmp_path / "x.zip", {"Playlist1.json": document})
    path.write_bytes(change(path.read_bytes()))
    assert refused(path).code == code


def test_an_archive_of_something_else_says_what_to_do(tmp_path: Path) -> None:
    path = formats.zipped(tmp_path / "x.zip", {"a/list.pdf": "%PDF-1.4", "notes.txt": "nothing but words"})
    problem = refused(path)
    assert problem.code == "not_a_playlist"
    assert "list.pdf" in problem.message
    assert "unpack" in problem.hint


def test_an_archive_of_playlist_files(tmp_path: Path) -> None:
    members = {
        "lists/my_trip.csv": files.playlist(2),
        "../../evening.m3u8": "#EXTM3U\n#PLAYLIST:Evening\n#EXTINF:1,Air - All I Need\nx.mp3\n",
        "broken.json": '{"playlists": [',
        "table.csv": "id,track_name,energy,tempo\n1,A,0.5,120\n",
        "cover.jpg": b"\xff\xd8\xff",
        "__MACOSX/lists/._my_trip.csv": b"\0\5\x16\7",
    }
    kind, lists = read(formats.zipped(tmp_path / "x.zip", members))
    assert kind == "zip"
    assert [(name, len(titles(rows))) for name, rows in lists] == [("Evening", 1), ("my trip", 2)]
    said = [reason for reason, _ in reasons(lists[-1][1])]
    assert [next(name for name in members if name.rsplit("/")[-1] in one) for one in said] == [
        "broken.json",
        "table.csv",
        "cover.jpg",
    ]
    assert not (tmp_path.parent / "evening.m3u8").exists()


def test_a_damaged_member_costs_itself_alone(tmp_path: Path) -> None:
    members = {
        "Playlist1.json": '{"playlists": [',
        "Playlist2.json": formats.account_playlists(("Second", [formats.account_item(2)])),
        "StreamingHistory_music_0.json": [],
        "Streaming_History_Video_2020.json": [],
    }
    _, lists = read(formats.zipped(tmp_path / "my_spotify_data.zip", members))
    assert [name for name, _ in lists] == ["Second", "Listening history"]
    damaged, video = (reason for reason, _ in reasons(lists[-1][1]))
    assert "Playlist1.json" in damaged
    assert "Streaming_History_Video_2020.json" in video


def test_a_workbook_is_named_as_before(tmp_path: Path) -> None:
    path = formats.zipped(tmp_path / "x.xlsx", {"[Content_Types].xml": "<x/>"})
    problem = refused(path)
    assert problem.code == "not_text"
    assert "Excel" in problem.message


def test_a_folder_gives_its_zips_of_playlists_and_names_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ours = formats.zipped(tmp_path / "spotify_playlists.zip", {"a.csv": files.playlist(1)})
    formats.zipped(tmp_path / "photos.zip", {"a.jpg": b"\xff\xd8\xff"})
    assert files_in(tmp_path) == [ours]
    assert "photos.zip" in capsys.readouterr().err


def test_a_member_that_must_not_be_unpacked_is_named_and_the_rest_is_read(tmp_path: Path) -> None:
    hidden, whole = (formats.account_playlists((name, [formats.account_item(1)])) for name in ("Hidden", "Whole"))
    bomb = formats.zipped(tmp_path / "bomb.zip", {"Playlist1.json": f"[{' ' * (4 << 20)}]", "Playlist2.json": whole})
    locked = formats.zipped(tmp_path / "locked.zip", {"Playlist1.json": hidden, "Playlist2.json": whole})
    locked.write_bytes(encrypted(locked.read_bytes()))
    for path, said in ((bomb, "unpacks to more than 200 times"), (locked, "is encrypted")):
        kind, lists = read(path)
        assert (kind, [name for name, _ in lists]) == ("spotify data", ["Whole"])
        assert next(reason for reason, _ in reasons(lists[0][1])).startswith(f"Playlist1.json in {path.name} {said}")


def test_an_archive_that_points_before_its_beginning_is_refused(tmp_path: Path) -> None:
    """Its directory says that it lies farther behind than it does (found by tools/fuzz.py)."""
    lists = formats.account_playlists(("One", [formats.account_item(1)]))
    path = formats.zipped(tmp_path / "my_spotify_data.zip", {f"{ACCOUNT}/Playlist1.json": lists})
    content = bytearray(path.read_bytes())
    place = len(content) - 6  # of the directory, in the record that ends the file
    struct.pack_into("<L", content, place, struct.unpack_from("<L", content, place)[0] + 30)
    path.write_bytes(content)
    assert refused(path).code == "malformed"
