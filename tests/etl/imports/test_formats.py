"""Each kind of file as its entries: names, rows, and what is left out why."""

import gzip
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.imports.recognise import may_be_ours, recognise
from etl.imports.rows.entries import Begin, PlaylistFile, Row, check_to_the_end
from etl.imports.rows.history import AGAIN, TOO_SHORT
from etl.imports.sheets.dates import DateOrder
from etl.values import from_epoch, spotify_id, text, whole
from store.domain import AlbumDetails
from store.runs import ImportProblem
from tests.etl.imports import files, formats

MOMENT = datetime(2026, 1, 2, tzinfo=UTC)
Lists = list[tuple[str | None, list[Row]]]


def write(tmp_path: Path, name: str, content: Any) -> Path:
    path = tmp_path / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8", newline="")
    return path


def read(path: Path) -> tuple[str, Lists]:
    found = recognise(path)
    assert isinstance(found, PlaylistFile)
    lists: Lists = []
    for entry in found.read("the source", MOMENT, None):
        if isinstance(entry, Begin):
            lists.append((entry.name, []))
        else:
            lists[-1][1].append(entry)
    return found.kind, lists


def examine_whole(path: Path) -> None:
    found = recognise(path)
    assert isinstance(found, PlaylistFile)
    check_to_the_end(found, path.name, MOMENT)


def refused(path: Path) -> ImportProblem:
    with pytest.raises(ImportProblem) as caught:
        examine_whole(path)
    assert caught.value.message
    assert caught.value.hint
    return caught.value


def titles(rows: list[Row]) -> list[str]:
    return [row.track.title for row in rows if row.track]


def reasons(rows: list[Row]) -> list[tuple[str, int]]:
    return [(row.reason, row.times) for row in rows if row.track is None]


# -- Spotify ----------------------------------------------------------------------------------------------------


def test_account_playlists(tmp_path: Path) -> None:
    document = formats.account_playlists(
        ("Summer", [formats.account_item(1), formats.EPISODE, formats.LOCAL]),
        ("Empty", []),
        ("", [formats.account_item(2, "not a date"), {"track": None}, "nonsense"]),
    )
    kind, lists = read(write(tmp_path, "Playlist1.json", document))
    assert kind == "spotify playlists"
    assert [name for name, _ in lists] == ["Summer", "Empty", "Playlist without a name"]
    first, episode, local = lists[0][1]
    assert first.track is not None
    assert (first.track.id, first.track.album) == (files.spotify_id(1), "Album 1")
    assert (first.track.source, first.added_at) == ("the source", datetime(2024, 8, 17, tzinfo=UTC))
    assert episode.reason == "podcast episode"
    assert local.track is not None
    assert local.track.id.startswith("local-")
    assert titles(lists[2][1]) == ["Song 2"]
    assert lists[2][1][0].added_at is None
    assert reasons(lists[2][1]) == [("no title (the track was withdrawn)", 1)] * 2


def test_library(tmp_path: Path) -> None:
    kind, lists = read(write(tmp_path, "renamed.json", formats.library(3)))
    assert kind == "spotify library"
    assert [(name, titles(rows)) for name, rows in lists] == [("Liked songs", ["Song 0", "Song 1", "Song 2"])]


def test_extended_history_counts_plays(tmp_path: Path) -> None:
    plays = [
        formats.play(1, "2023-05-01T10:00:00Z"),
        formats.play(2, "2021-01-01T10:00:00Z"),
        formats.play(1, "2022-05-01T10:00:00Z"),
        formats.play(3, "2020-01-01T10:00:00Z", ms_played=29_999),
        formats.EPISODE_PLAY,
        {"ts": None, "ms_played": "x"},
    ]
    kind, lists = read(write(tmp_path, "Streaming_History_Audio_2020-2023_0.json", plays))
    assert kind == "spotify history"
    rows = lists[0][1]
    assert titles(rows) == ["Song 1", "Song 2"]
    assert [(row.plays, row.added_at and row.added_at.year) for row in rows[:2]] == [(2, 2022), (1, 2021)]
    assert dict(reasons(rows)) == {
        AGAIN: 1,
        TOO_SHORT: 1,
        "podcast episode": 1,
        "neither a track nor an episode is named": 1,
    }
    assert sum(row.times for row in rows) == len(plays)


def test_nothing_private_is_read(tmp_path: Path) -> None:
    plays = [formats.play(n, "2023-05-01T10:00:00Z") for n in range(5)]
    _, lists = read(write(tmp_path, "endsong_0.json", plays))
    assert len(lists[0][1]) == 5
    for secret in formats.PRIVATE.values():
        assert secret not in repr(lists)


def test_short_history(tmp_path: Path) -> None:
    one = {"endTime": "2026-06-06 19:52", "artistName": "Band", "trackName": "Song", "msPlayed": 60_000}
    _, lists = read(write(tmp_path, "StreamingHistory_music_0.json", [one, one, one | {"msPlayed": 10}]))
    rows = lists[0][1]
    assert titles(rows) == ["Song"]
    assert (rows[0].plays, rows[0].added_at) == (2, datetime(2026, 6, 6, 19, 52, tzinfo=UTC))


# -- ListenBrainz and Last.fm -----------------------------------------------------------------------------------


def test_listens(tmp_path: Path) -> None:
    address = f"https://open.spotify.com/track/{files.spotify_id(9)}"
    content = formats.jsonl(
        formats.listen(1, 1_600_000_000, duration_ms=123_000, isrc="USRC17908239"),
        formats.listen(9, spotify_id=address, duration=200),
        formats.listen(1, 1_500_000_000, duration_ms=123_000),
        {"listened_at": 1, "track_metadata": {}},
    )
    kind, lists = read(write(tmp_path, "any name.jsonl", "\ufeff" + content + "\n\n"))
    assert kind == "listenbrainz"
    first, second, *left_out = lists[0][1]
    assert first.track is not None
    assert second.track is not None
    assert (first.plays, first.added_at) == (2, from_epoch(1_500_000_000))
    assert (first.track.duration_ms, first.track.isrc) == (123_000, "USRC17908239")
    assert (second.track.id, second.track.duration_ms) == (files.spotify_id(9), 200_000)
    assert dict(reasons(left_out)) == {AGAIN: 1, "not a listen": 1}


@pytest.mark.parametrize(
    "content",
    [
        "uts,utc_time,artist,artist_mbid,album,album_mbid,track,track_mbid\n"
        '"1181946600","15 Jun 2007, 22:30","Air","","Moon Safari","","All I Need",""\n',
        "\ufeffArtist;Album;AlbumId;Track;Date#somebody\nAir;Moon Safari;;All I Need;1181946600000\n",
        "Air,Moon Safari,All I Need,15 Jun 2007 22:30\n",
    ],
    ids=["ghan.nl", "lastfmstats.com", "lastfm-to-csv"],
)
def test_scrobbles(tmp_path: Path, content: str) -> None:
    again = content + content.splitlines()[-1] + "\n"
    kind, lists = read(write(tmp_path, "scrobbles.csv", again))
    assert kind == "last.fm"
    row = lists[0][1][0]
    assert row.track is not None
    assert (row.track.title, row.track.artists, row.track.album) == ("All I Need", ("Air",), "Moon Safari")
    assert (row.plays, row.added_at) == (2, datetime(2007, 6, 15, 22, 30, tzinfo=UTC))


def test_the_musicbrainz_id_of_a_scrobble_is_kept(tmp_path: Path) -> None:
    mbid = "b1a9c0e9-d987-4042-ae91-78d6a3267d69"
    content = f"uts,utc_time,artist,album,track,track_mbid\n1181946600,,Air,Moon Safari,All I Need,{mbid}\n"
    _, ((_, (row,)),) = read(write(tmp_path, "scrobbles.csv", content))
    assert row.track is not None
    assert row.track.ids == {"mbid": mbid}


@pytest.mark.parametrize(
    "said", ["", "yesterday", "0", "01 Jan 1970 00:00", "31 Feb 2020 10:00", "9" * 30, "1 Foo 2020 1:1"]
)
def test_times_that_are_none(said: str) -> None:
    assert DateOrder().instant(said) is None


# -- lists of files, JSPF, Apple --------------------------------------------------------------------------------


def test_m3u(tmp_path: Path) -> None:
    content = (
        "#EXTM3U\r\n#PLAYLIST:Evening\r\n#EXTINF:268,Air - All I Need\r\n../Air/01.mp3\r\n\r\n"
        f"#EXTINF:-1,Nena - 99 Luftballons - Live\r\n{formats.uri(4)}\r\n"
        "#EXTART:Sigur Rós\r\n#EXTALB:Takk\r\n#EXTINF:10.5,Hoppípolla\r\nC:\\Music\\x.mp3\r\n"
        "/music/03 - Nina Simone - Sinnerman.flac\r\nfile:///m/99%20Luftballons.mp3\r\nhttp://radio.example/stream\r\n"
    )
    kind, lists = read(write(tmp_path, "list.m3u8", content))
    assert kind == "m3u"
    name, rows = lists[0]
    assert name == "Evening"
    found = [(row.track.artists, row.track.title, row.track.duration_ms) for row in rows if row.track]
    assert found == [
        (("Air",), "All I Need", 268_000),
        (("Nena",), "99 Luftballons - Live", None),
        (("Sigur Rós",), "Hoppípolla", 10_000),
        (("Nina Simone",), "Sinnerman", None),
        ((), "99 Luftballons", None),
    ]
    assert rows[1].track is not None
    assert rows[1].track.id == files.spotify_id(4)
    own = ["../Air/01.mp3", None, "C:\\Music\\x.mp3", "/music/03 - Nina Simone - Sinnerman.flac"]
    assert [row.file for row in rows if row.track] == [*own, "file:///m/99%20Luftballons.mp3"]
    assert [(row.line, row.reason) for row in rows if row.track is None] == [
        (14, "neither an artist nor a title is named")
    ]


def test_m3u_in_an_old_encoding_and_gzipped(tmp_path: Path) -> None:
    content = gzip.compress("#EXTM3U\n#EXTINF:1,Björk - Jóga\nx.mp3\n".encode("cp1252"))
    _, lists = read(write(tmp_path, "list.m3u.gz", content))
    assert titles(lists[0][1]) == ["Jóga"]


def test_a_stream_is_no_playlist(tmp_path: Path) -> None:
    content = "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:9.9,\nsegment0.ts\n"
    assert refused(write(tmp_path, "index.m3u8", content)).code == "not_a_playlist"


def test_jspf(tmp_path: Path) -> None:
    key = "https://musicbrainz.org/doc/jspf#track"
    track = {
        "title": "Gold",
        "creator": "Spandau Ballet",
        "album": "True",
        "duration": 228_000,
        "identifier": ["https://musicbrainz.org/recording/x", f"https://open.spotify.com/track/{files.spotify_id(5)}"],
        "extension": {key: {"added_by": "zas", "added_at": "2020-11-27T10:45:49+00:00"}},
    }
    credits = {"artists": [{"artist_credit_name": "A"}, {"artist_credit_name": "B"}]}
    other = {"title": "Two", "creator": "A & B", "extension": {key: {"additional_metadata": credits}}}
    kind, lists = read(write(tmp_path, "x.jspf", formats.jspf("1980s", track, other, {"title": 3}, None)))
    assert kind == "jspf"
    name, (first, second, *rest) = lists[0]
    assert name == "1980s"
    assert first.track is not None
    assert second.track is not None
    assert (first.track.id, first.track.duration_ms, first.added_by) == (files.spotify_id(5), 228_000, "zas")
    assert first.added_at == datetime(2020, 11, 27, 10, 45, 49, tzinfo=UTC)
    assert second.track.artists == ("A", "B")
    assert reasons(rest) == [("no title", 1)] * 2
    several = {"playlists": [formats.jspf("One", track), formats.jspf("Two", other)]}
    assert [name for name, _ in read(write(tmp_path, "all.json", several))[1]] == ["One", "Two"]


def test_pls(tmp_path: Path) -> None:
    content = (
        "[Playlist]\r\nNumberOfEntries=3\r\nFile2=/music/Air/Moon Safari/03 All I Need.mp3\r\nFile1=http://x/y\r\n"
        "Title1=Nena - 99 Luftballons\r\nLength1=231\r\nFile3=http://radio.example/stream\r\nLength3=-1\r\nVersion=2\r\n"
    )
    for name, data in (("x.pls", content), ("y.pls", content.encode("utf-16"))):
        kind, lists = read(write(tmp_path, name, data))
        found = [(row.track.title, row.track.artists, row.track.duration_ms) for row in lists[0][1] if row.track]
        assert (kind, found) == (
            "pls",
            [("99 Luftballons", ("Nena",), 231_000), ("All I Need", ("Air",), None)],
        )
        assert reasons(lists[0][1]) == [("neither an artist nor a title is named", 1)]


XSPF = """<?xml version='1.0' encoding='{encoding}'?>{declared}
<playlist version='1' xmlns='http://xspf.org/ns/0/'><title>Évening</title><annotation>x</annotation><trackList>
<track><location>file:///music/Air/Moon%20Safari/03%20All%20I%20Need.mp3</location><duration>268000</duration></track>
<track><title>Gold &amp; {mark}Silver</title><creator>Spandau Ballet</creator><extension><title>no</title></extension>
<identifier>https://musicbrainz.org/recording/x</identifier><identifier>{uri}</identifier></track><track/>
</trackList></playlist>"""


@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-1", "utf-16"])
@pytest.mark.parametrize("mark", ["", "\x01", "&#2;"])
def test_xspf(tmp_path: Path, encoding: str, mark: str) -> None:
    content = XSPF.format(encoding=encoding, declared="", mark=mark, uri=formats.uri(5))
    kind, [(name, rows)] = read(write(tmp_path, "x.xspf", content.encode(encoding)))
    assert (kind, name) == ("xspf", "Évening")
    first, second = (row.track for row in rows if row.track)
    assert (first.title, first.artists, first.album, first.duration_ms) == (
        "All I Need",
        ("Air",),
        "Moon Safari",
        268_000,
    )
    assert (second.title, second.artists, second.id) == ("Gold & Silver", ("Spandau Ballet",), files.spotify_id(5))
    assert reasons(rows) == [("neither an artist nor a title is named", 1)]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (XSPF.format(encoding="utf-8", declared="<!DOCTYPE p [<!ENTITY a 'ha'>]>", mark="&a;", uri=""), "unsafe"),
        (XSPF.format(encoding="utf-8", declared="", mark="", uri="")[:-20], "malformed"),
    ],
)
def test_xspf_that_is_refused(tmp_path: Path, content: str, code: str) -> None:
    assert refused(write(tmp_path, "x.xspf", content)).code == code


@pytest.mark.parametrize("mark", [b"\x01", b"&#x1;", b"\xff", b"\xed\xa0\x80"])
def test_a_character_that_xml_forbids_costs_itself_alone(tmp_path: Path, mark: bytes) -> None:
    content = formats.apple_library([formats.apple_track(1), formats.apple_track(2)])
    broken = content.replace(b"<string>Song 1</string>", b"<string>Song " + mark + b"1</string>")
    assert broken != content
    first, second = titles(read(write(tmp_path, "Library.xml", broken))[1][0][1])
    assert first.replace("\ufffd", "") == "Song 1"
    assert second == "Song 2"


def test_what_an_apple_library_says_of_an_album_is_kept(tmp_path: Path) -> None:
    more = {"Album Artist": "Various", "Disc Number": 2, "Track Number": 7, "Release Date": datetime(1999, 4, 5)}
    content = formats.apple_library([formats.apple_track(1, **more), formats.apple_track(2, **more, Year=2001)])
    _, ((_, (first, second)),) = read(write(tmp_path, "Library.xml", content))
    assert first.track is not None
    assert second.track is not None
    details = AlbumDetails(released="1999-04-05", artists=("Various",), disc_number=2, track_number=7)
    assert first.track.album_details == details
    assert second.track.album_details == replace(details, released=None)


def test_apple_library(tmp_path: Path) -> None:
    tracks = [
        formats.apple_track(1),
        formats.apple_track(2, Year=9999, Genre="Hip-Hop/Rap"),
        formats.apple_track(3, Podcast=True),
    ]
    content = formats.apple_library(
        tracks,
        formats.apple_playlist("Library", 1, 2, 3, Master=True),
        formats.apple_playlist("Music", 1, 2, **{"Distinguished Kind": 4}),
        formats.apple_playlist("Trip", 2, 1, 77),
        formats.apple_playlist("Folder", 1, Folder=True),
    )
    kind, lists = read(write(tmp_path, "Library.xml", content))
    assert kind == "apple library"
    assert [(name, titles(rows)) for name, rows in lists] == [
        ("Library", ["Song 1", "Song 2"]),
        ("Trip", ["Song 2", "Song 1"]),
    ]
    row = lists[0][1][0]
    assert row.track is not None
    assert (row.track.year, row.track.labels, row.track.duration_ms) == (1999, ("alternative",), 180_001)
    assert (row.plays, row.added_at) == (1, datetime(2020, 5, 6, 7, 8, 9, tzinfo=UTC))
    assert reasons(lists[0][1]) == [("not music (a podcast, film or audiobook)", 1)]
    assert reasons(lists[1][1]) == [("the library does not hold this track", 1)]
    assert "secret" not in repr(lists)


LAUGHS = list(zip("abcdefghijklmnopqrstuvwxy", "bcdefghijklmnopqrstuvwxyz", strict=True))


def laughs(body: str) -> str:
    return f"<?xml version='1.0'?>\n<!DOCTYPE plist [{body}]>\n<plist version='1.0'><dict><key>&z;</key></dict></plist>"


@pytest.mark.parametrize(
    "body",
    [
        "<!ENTITY a 'ha'>" + "".join(f"<!ENTITY {name} '{f'&{inner};' * 10}'>" for inner, name in LAUGHS),
        "<!ENTITY z SYSTEM 'file:///etc/hostname'>",
        "<!ENTITY % p SYSTEM 'http://127.0.0.1:9/x.dtd'> %p;",
    ],
    ids=["billion laughs", "external entity", "parameter entity"],
)
def test_entities_are_refused(tmp_path: Path, body: str) -> None:
    assert refused(write(tmp_path, "Library.xml", laughs(body))).code == "unsafe"


# -- what is refused --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("Playlist1.json", '{"playlists": [{"name": "x", "items": [', "malformed"),
        ("Playlist1.json", {"playlists": []}, "not_a_playlist"),
        ("Playlist1.json", formats.account_playlists(("Talk", [formats.EPISODE])), "no_tracks"),
        ("YourLibrary.json", {"tracks": [], "albums": []}, "no_tracks"),
        ("deep.json", "[" * 5000 + "]" * 5000, "malformed"),
        ("deep.json", '{"a":' * 5000 + "1" + "}" * 5000, "malformed"),
        ("broken.json", b'{"playlists": "\xff\xfe"}', "malformed"),
        ("package.json", {"name": "something", "version": "1"}, "not_a_playlist"),
        ("numbers.json", [1, 2, 3], "not_a_playlist"),
        ("history.json", [formats.EPISODE_PLAY], "no_tracks"),
        ("listens.jsonl", formats.jsonl(formats.listen(1)) + '{"cut', "malformed"),
        ("listens.jsonl", formats.jsonl(formats.listen(1)) + '"' + "x" * (1 << 20) + '"', "too_large"),
        ("empty.m3u8", "#EXTM3U\n", "no_tracks"),
        ("Library.xml", "<?xml version='1.0'?><plist version='1.0'><dict><key>Tracks</key>", "malformed"),
        ("Library.xml", "<plist version='1.0'><dict><string>no key</string></dict></plist>", "malformed"),
        ("Library.xml", "<plist version='1.0'><dict><key>a</key><integer>x</integer></dict></plist>", "malformed"),
        ("Library.xml", "<plist version='1.0'><date>never</date></plist>", "malformed"),
        ("Library.xml", "<plist version='1.0'><key>a</key><array/></plist>", "malformed"),
        ("Library.xml", "<plist version='1.0'><dict/><data>x</data></plist>", "malformed"),
        ("Library.xml", "<plist version='1.0'><array/></plist>", "not_a_playlist"),
        ("page.xml", "<html><body>plain</body></html>", "not_text"),
        ("x.jspf", {"playlist": {"title": "no tracks", "track": []}}, "no_tracks"),
        ("damaged.json.gz", gzip.compress(b'{"playlists": []}', mtime=0)[:-9], "malformed"),
    ],
)
def test_refusals_say_why(tmp_path: Path, name: str, content: Any, code: str) -> None:
    assert refused(write(tmp_path, name, content)).code == code


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["track", "trackName", "title", "name", "items", "extension"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)


@settings(max_examples=150)
@given(items=st.lists(JSON, min_size=1, max_size=4))
def test_strange_values_are_skipped_and_never_break(items: list[Any], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("strange")
    documents = (
        {"playlists": [{"name": items[0], "items": items}]},
        {"playlist": {"title": items[0], "track": items}},
        {"tracks": items, "albums": []},
        [formats.play(1, "2020-01-01T00:00:00Z"), *items],
        [formats.listen(1), *items],
    )
    for document in documents:
        _, lists = read(write(folder, "x.json", document))
        assert sum(len(rows) for _, rows in lists) >= 1


@pytest.mark.parametrize("value", [None, 3, "", " \x00\n ", [], {}])
def test_what_is_no_text(value: Any) -> None:
    assert text(value) is None


def test_texts_and_numbers_are_bounded() -> None:
    assert text("a\x00b\nc") == "a b c"
    assert len(text("x" * 10_000) or "") == 1000
    assert [whole(value) for value in (True, 1.5, "12", "1e3", " 7 ", "9" * 40)] == [None, None, 12, None, 7, None]
    assert [from_epoch(value) for value in (None, 0, -5, 1 << 60)] == [None] * 4
    assert spotify_id(f"https://open.spotify.com/intl-de/track/{'a' * 22}?si=1") == "a" * 22
    assert spotify_id("spotify:track:short") is None


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        *((name, True) for name in ("a.csv", "b/x.M3U8", "Library.xml", "iTunes Music Library.xml", "l.jspf")),
        *((f"d/{name}.json", True) for name in ("Playlist1", "YourLibrary", "Streaming_History_Audio_2022-2023_4")),
        *((name, True) for name in ("StreamingHistory_music_0.json", "endsong_3.json", "mpd.slice.0-999.json")),
        *((name, True) for name in ("listens/2024/5.jsonl", "my_spotify_data (2).zip")),
        *((name, True) for name in ("0VjIjW4GlUZAMYd2vXMi3b.json", "b/0VjIjW4GlUZAMYd2vXMi3b.json.gz")),
        *((name, True) for name in ("audio-analysis 3.json", "Lanterns, Unlit.json.gz")),
        *((f"{name}.json", False) for name in ("package", "Payments", "Userdata", "Streaming_History_Video_2022")),
        *((name, False) for name in ("notes.md", "some.zip", "page.xml", "list.csv.exe")),
    ],
)
def test_what_is_taken_from_a_folder(name: str, taken: bool) -> None:
    assert may_be_ours(name) is taken


def test_tune_my_music_holds_several_playlists(tmp_path: Path) -> None:
    kind, lists = read(write(tmp_path, "My Playlists.csv", formats.TUNE_MY_MUSIC))
    assert (kind, [name for name, _ in lists]) == ("tunemymusic", ["Evenings", "Liked videos"])
    evenings, videos = ([row.track for row in rows if row.track] for _, rows in lists)
    lanterns, roof = evenings
    assert (lanterns.title, lanterns.artists) == ("Lanterns, Unlit", ("Ada Fern", "The Hollow Pines"))
    assert (lanterns.id, lanterns.isrc, lanterns.album) == ("0" * 21 + "1", "ZZINV2600101", "Low Water")
    assert (roof.isrc, roof.id) == (None, videos[1].id)
    assert (videos[0].title, videos[0].artists) == ("Salt and Cedar", ("The Hollow Pines",))
    assert [(row.line, row.reason) for row in lists[0][1] if row.reason] == [(4, "an artist, not a track")]


def test_tune_my_music_without_ids_and_from_a_spreadsheet(tmp_path: Path) -> None:
    without = "\r\n".join(";".join(row.split(",")[:6]) for row in formats.TUNE_MY_MUSIC.splitlines() if '"' not in row)
    kind, lists = read(write(tmp_path, "x.csv", without))
    assert kind == "tunemymusic"
    assert [row.track.title for _, rows in lists for row in rows if row.track] == [
        "Tin Roof",
        "Salt and Cedar",
        "Tin Roof",
    ]


def test_what_listenbrainz_says_of_a_recording_is_kept(tmp_path: Path) -> None:
    mbid, artist, release = (f"{digit * 8}-0000-4000-8000-000000000000" for digit in "123")
    entry = {
        "title": "Jóga",
        "creator": "Björk",
        "image": "https://coverartarchive.org/release/1/front",
        "trackNum": 2,
        "extension": {
            "https://musicbrainz.org/doc/jspf#track": {
                "artist_identifiers": [f"https://musicbrainz.org/artist/{artist}"],
                "release_identifier": f"https://musicbrainz.org/release/{release}",
            }
        },
    }
    for identifier in ([f"https://musicbrainz.org/recording/{mbid}"], f"https://musicbrainz.org/recording/{mbid}"):
        document = {"playlist": {"title": "Weekly", "track": [entry | {"identifier": identifier}]}}
        _, ((_, (row,)),) = read(write(tmp_path, "list.jspf", document))
        assert row.track is not None
        assert row.track.ids == {"mbid": mbid}
        assert row.track.artist_uris == (f"https://musicbrainz.org/artist/{artist}",)
        assert row.track.album_details == AlbumDetails(
            uri=f"https://musicbrainz.org/release/{release}",
            cover_url="https://coverartarchive.org/release/1/front",
            track_number=2,
        )
    listen = {"track_metadata": {"track_name": "J", "artist_name": "B", "mbid_mapping": {"recording_mbid": mbid}}}
    _, ((_, (row,)),) = read(write(tmp_path, "listens.json", [listen | {"listened_at": 1_700_000_000}]))
    assert row.track is not None
    assert row.track.ids == {"mbid": mbid}


# -- lists with headings ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "kind", "title", "artists", "length", "unread"),
    [
        ("Titel;Künstler;Dauer\nLanterns;Ada Fern;3:42\n", "list", "Lanterns", ("Ada Fern",), 222_000, {}),
        ("Name\tArtist\tTime\nLanterns\tAda Fern\t222\n", "list", "Lanterns", ("Ada Fern",), 222_000, {}),
        ("曲名,アーティスト\nLanterns,Ada Fern\n", "list", "Lanterns", ("Ada Fern",), None, {}),
        (
            "My list\nTitle,Artist,Length\nLanterns,Ada Fern,long\n",
            "list",
            "Lanterns",
            ("Ada Fern",),
            None,
            {"Length": 1},
        ),
        ("title,artist\nLanterns,Ada Fern;Tin Roof\n", "list", "Lanterns", ("Ada Fern", "Tin Roof"), None, {}),
        (
            'title,artist\nLanterns,"Earth, Wind & Fire, Ada Fern"\n',
            "list",
            "Lanterns",
            ("Earth, Wind & Fire", "Ada Fern"),
            None,
            {},
        ),
        ("title,artist,time\nLanterns,Ada Fern,3:42\n", "list", "Lanterns", ("Ada Fern",), 222_000, {}),
        ("title,artist,time\nLanterns,Ada Fern,2024-05-01 10:00\n", "last.fm", "Lanterns", ("Ada Fern",), None, {}),
        (
            "title,artist,type\nAda Fern,,Artist\nundefined,Undefined,Track\n",
            "list",
            "undefined",
            ("Undefined",),
            None,
            {},
        ),
    ],
)
def test_lists(
    tmp_path: Path,
    content: str,
    kind: str,
    title: str,
    artists: tuple[str, ...],
    length: int | None,
    unread: dict[str, int],
) -> None:
    found, lists = read(write(tmp_path, "list.csv", content))
    row = next(row for row in lists[0][1] if row.track)
    assert row.track is not None
    assert (found, row.track.title, row.track.artists, row.track.duration_ms) == (kind, title, artists, length)
    assert dict(row.unread) == unread
