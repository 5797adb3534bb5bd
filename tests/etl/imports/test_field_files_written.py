"""Files of other languages, players and services, as people bring them; one row per kind with the right value."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from etl.imports.rows.entries import Row
from tests.etl.imports import formats
from tests.etl.imports.test_formats import read, reasons, refused, titles

WATERLOO = ("Waterloo", ("ABBA",), 165_000)
OEUVRE = ("Œuvre à moi", ("Cœur de pirate",), None)
ELISE = ("Für Elise", ("Mötley Crüe",), 165_000)
SPOTIFY_ITEM = (
    '{"items": [{"added_at": "2024-05-01T10:00:00Z", "track": {"id": "0000vdREvCVMxbQTkS888c", "name": "Waterloo", '
    '"artists": [{"name": "ABBA"}], "album": {"name": "Waterloo"}, "duration_ms": 165000}}]}'
)
LB_ITEM = '{"playlist": {"track": [{"identifier": ["https://musicbrainz.org/recording/%s"]}]}}'
MBID = "b1a9c0e9-d987-4042-ae91-78d6a3267d69"
# name, content, encoding, kind, and of the first track title, artists and length in milliseconds
WRITTEN: list[tuple[str, str, str, str, tuple[str, tuple[str, ...], int | None]]] = [
    ("estonian.csv", "Esitaja;Pala;Album;Pikkus\nABBA;Waterloo;Waterloo;2:45\n", "utf-8", "list", WATERLOO),
    ("lithuanian.csv", "Atlikėjas,Daina,Trukmė\nABBA,Waterloo,2:45\n", "utf-8", "list", WATERLOO),
    (
        "croatian.csv",
        "Izvođač;Pjesma;Album;Trajanje\nBijelo dugme;Đurđevdan;Ćiribiribela;4:02\n",
        "cp1250",
        "list",
        ("Đurđevdan", ("Bijelo dugme",), 242_000),
    ),
    ("polish.csv", "Wykonawca;Tytuł;Czas\nABBA;Waterloo;2:45\n", "cp1250", "list", WATERLOO),
    ("qobuz.csv", "Titre;Interprète principal;Durée\nWaterloo;ABBA;00:02:45\n", "cp1252", "list", WATERLOO),
    ("finnish.csv", "Kappale;Esittäjä;Kesto\nWaterloo;ABBA;2.45\n", "utf-8", "list", WATERLOO),
    ("camel.csv", "asin,title,artistName,durationSeconds\nB00,Waterloo,ABBA,165\n", "utf-8", "list", WATERLOO),
    ("napster.csv", "Track Name,Artist Name,Playback Seconds\nWaterloo,ABBA,165\n", "utf-8", "list", WATERLOO),
    ("indian.csv", 'Title,Artist,Duration (ms)\nWaterloo,ABBA,"1,65,000"\n', "utf-8", "list", WATERLOO),
    ("musicbee.csv", "<Artist>;<Title>;<Time>\nABBA;Waterloo;2:45\n", "utf-8", "list", WATERLOO),
    ("swapped.csv", "Artist,Artist Name,Title\nABBA,,Waterloo\n", "utf-8", "list", ("Waterloo", ("ABBA",), None)),
    (
        "each.csv",
        "Title,Artist 1,Artist 2,Artist 3\nWaterloo,ABBA,Cher,\n",
        "utf-8",
        "list",
        ("Waterloo", ("ABBA", "Cher"), None),
    ),
    (
        "markdown.md",
        "| Title | Artist | Length |\n|---|---|---|\n| Waterloo | ABBA | 2:45 |\n",
        "utf-8",
        "list",
        WATERLOO,
    ),
    ("itunes.txt", "Name\tArtist\tTime\rWaterloo\tABBA\t165\r", "utf-16", "list", WATERLOO),
    ("setlist.txt", "1. ABBA – Waterloo (2:45)\n2. Queen – Innuendo (6:31)\n", "utf-8", "names", WATERLOO),
    (
        "foobar.txt",
        "ABBA - [Waterloo #01] Waterloo\nQueen - [Innuendo CD1 #02] Innuendo\n",
        "utf-8",
        "names",
        ("Waterloo", ("ABBA",), None),
    ),
    (
        "virtualdj.m3u",
        "#EXTM3U\n#EXTVDJ:<time>21:00</time><artist>ABBA</artist><title>Waterloo</title>\nD:\\dj\\w.mp3\n",
        "utf-8",
        "m3u",
        ("Waterloo", ("ABBA",), None),
    ),
    ("spotify.json", SPOTIFY_ITEM, "utf-8", "json", WATERLOO),
    ("spotdl.spotdl", '[{"name": "Waterloo", "artists": ["ABBA"], "duration": 165}]', "utf-8", "json", WATERLOO),
    (
        "loved.json",
        '{"lovedtracks": {"track": [{"name": "Waterloo", "artist": {"name": "ABBA"}}]}}',
        "utf-8",
        "json",
        ("Waterloo", ("ABBA",), None),
    ),
    ("ids.csv", "Deezer ID,Added\n3135556,2024-05-01\n", "utf-8", "ids", ("deezer:track:3135556", (), None)),
    ("msdos.csv", "Titel;Künstler;Länge\nFür Elise;Mötley Crüe;2:45\n", "cp850", "list", ELISE),
    ("baltic.csv", "Daina,Atlikėjas\nŠiaurės naktis,Foje\n", "cp1257", "list", ("Šiaurės naktis", ("Foje",), None)),
    ("czech.csv", "Název,Umělec\nHolubí dům,Jiří\n", "cp1250", "list", ("Holubí dům", ("Jiří",), None)),
    ("latin2.csv", "Tytuł;Wykonawca\nŚwiat;Czesław\n", "iso8859_2", "list", ("Świat", ("Czesław",), None)),
    ("latin9.csv", "Titre;Artiste\nŒuvre à moi;Cœur de pirate\n", "iso8859_15", "list", OEUVRE),
    ("utf32.txt", "Title\tArtist\tTime\nWaterloo\tABBA\t2:45\n", "utf-32", "list", WATERLOO),
    ("mail.csv", "曲名,アーティスト\n丸の内,椎名林檎\n", "iso2022_jp", "list", ("丸の内", ("椎名林檎",), None)),
    ("twice.csv", "Title,Artist,Time\nFÃ¼r Elise,MÃ¶tley CrÃ¼e,2:45\n", "utf-8", "list", ELISE),
    ("day.csv", "Title,Artist,Duration\nWaterloo,ABBA,0.001909722\n", "utf-8", "list", WATERLOO),
    ("minutes.csv", "Title,Artist,Duration\nWaterloo,ABBA,2.75\n", "utf-8", "list", WATERLOO),
    ("wide.csv", f"Title;Artist;Time{';' * 2000}\nWaterloo;ABBA;2:45{';' * 2000}\n", "utf-8", "list", WATERLOO),
    (
        "google.csv",
        "Title,Artist\nDon&#39;t Stop,Simon &amp; Co\n",
        "utf-8",
        "list",
        ("Don't Stop", ("Simon & Co",), None),
    ),
    ("error.csv", "Title,Artist,Album,Time\nWaterloo,ABBA,#N/A,2:45\n", "utf-8", "list", WATERLOO),
    ("videos.csv", "#,Video Title,Time\n1,ABBA - Waterloo,2:45\n2,ABBA - SOS,3:20\n", "utf-8", "list", WATERLOO),
    ("column.csv", "ABBA - Waterloo\nQueen - Innuendo\nAir - Run\n", "utf-8", "names", ("Waterloo", ("ABBA",), None)),
    ("by.txt", "Waterloo by ABBA\nInnuendo by Queen\n", "utf-8", "names", ("Waterloo", ("ABBA",), None)),
    (
        "apple.json",
        '{"data": [{"attributes": {"name": "Waterloo", "artistName": "ABBA", "durationInMillis": 165000}}]}',
        "utf-8",
        "json",
        WATERLOO,
    ),
    (
        "lines.jsonl",
        '{"title": "Waterloo", "artist": "ABBA", "duration": 165}\n{"title": "SOS", "artist": "ABBA"}\n',
        "utf-8",
        "json",
        WATERLOO,
    ),
    (
        "Playlist1.json",
        '{"playlists": [{"name": "Of 2019", "tracks": [{"trackName": "Waterloo", "artistName": "ABBA"}]}]}',
        "utf-8",
        "spotify playlists",
        ("Waterloo", ("ABBA",), None),
    ),
    (
        "ampersand.xspf",
        "<playlist version='1' xmlns='http://xspf.org/ns/0/'><trackList><track><title>Rock & Roll</title>"
        "<creator>Beyonc&eacute;</creator></track></trackList></playlist>",
        "utf-8",
        "xspf",
        ("Rock & Roll", ("Beyoncé",), None),
    ),
    (
        "poweramp.m3u8",
        "#EXTM3U\n#EXT-X-RATING:0\n#EXTINF:165,ABBA - Waterloo\nprimary/Music/w.mp3\n",
        "utf-8",
        "m3u",
        WATERLOO,
    ),
    ("kodi.m3u8", "#EXTM3U\n#EXTINF:165,02. ABBA - Waterloo\n/nas/02. Waterloo.mp3\n", "utf-8", "m3u", WATERLOO),
    (
        "chat.txt",
        "[01.02.24, 10:11:12] Anna: https://youtu.be/fJ9rUzIMcZQ\n[01.02.24, 10:12] Ben: thanks!\n",
        "utf-8",
        "links",
        ("youtube:track:fJ9rUzIMcZQ", (), None),
    ),
    (
        "links.md",
        "- [Waterloo](https://www.deezer.com/track/77) great\n",
        "utf-8",
        "links",
        ("deezer:track:77", (), None),
    ),
    (
        "old_takeout.csv",
        "Playlist ID,Title,Visibility\nPL1,Chill,Private\n\nVideo ID,Time Added\nfJ9rUzIMcZQ,2021-01-01 10:00:00 UTC\n",
        "utf-8",
        "ids",
        ("youtube:track:fJ9rUzIMcZQ", (), None),
    ),
    ("mbids.jspf", LB_ITEM % MBID, "utf-8", "jspf", (f"mbid:track:{MBID}", (), None)),
]


@pytest.mark.parametrize(
    ("name", "content", "encoding", "kind", "track"), WRITTEN, ids=[written[0] for written in WRITTEN]
)
def test_files_of_other_languages_and_programs(
    tmp_path: Path, name: str, content: str, encoding: str, kind: str, track: tuple[str, tuple[str, ...], int | None]
) -> None:
    path = tmp_path / name
    path.write_bytes(content.encode(encoding))
    found, [(_, rows)] = read(path)
    first = next(row.track for row in rows if row.track)
    assert (found, (first.title, first.artists, first.duration_ms)) == (kind, track)


VIDEO = "fJ9rUzIMcZQ"
WATCHED = (
    '{"header": "YouTube Music", "title": "Watched Waterloo", "titleUrl": "https://music.youtube.com/watch?v=%s", '
    '"subtitles": [{"name": "ABBA - Topic"}], "time": "2024-05-0%dT10:00:00Z"}'
)
UTS = '{"name": "Waterloo", "artist": {"#text": "ABBA"}, "date": {"uts": "%d"}}'


def at(row: Row) -> str:
    return row.added_at.isoformat()[:16] if row.added_at else ""


def plays(row: Row) -> int | None:
    return row.plays


def ids(row: Row) -> dict[str, str]:
    return dict(row.track.ids) if row.track else {}


# name, content, kind, and what the first row of a track tells beside its names
TOLD: list[tuple[str, str, str, Callable[[Row], Any], Any]] = [
    ("korean.csv", "제목,아티스트,추가된 날짜\nWaterloo,ABBA,2024-01-02 오후 1:45\n", "list", at, "2024-01-02T13:45"),
    ("chinese.csv", "歌曲,歌手,添加日期\nWaterloo,ABBA,2024年1月2日 下午1:45\n", "list", at, "2024-01-02T13:45"),
    ("greek.csv", "Τίτλος;Καλλιτέχνης;Added\nWaterloo;ABBA;2/1/2024 1:45 μμ\n", "list", at, "2024-01-02T13:45"),
    ("long.csv", 'Title,Artist,Added\nWaterloo,ABBA,"Tuesday, January 2, 2024"\n', "list", at, "2024-01-02T00:00"),
    ("turkish.csv", "Title;Artist;Added\nWaterloo;ABBA;2 Ocak 2024 13:45\n", "list", at, "2024-01-02T13:45"),
    ("js.csv", "Title,Artist,Added\nW,ABBA,Tue Jan 02 2024 13:45:00 GMT+0100 (CET)\n", "list", at, "2024-01-02T12:45"),
    ("thai.csv", "Title,Artist,Added\nW,ABBA,13/1/2567 13:45\n", "list", at, "2024-01-13T13:45"),
    ("itunes.txt", "Name\tArtist\tPlays\tGenre\nW\tABBA\t12\tPop\n", "list", plays, 12),
    ("genre.txt", "Name\tArtist\tGenre\nW\tABBA\tPop\n", "list", lambda row: row.track and row.track.labels, ("pop",)),
    ("rimusic.csv", f"PlaylistName,MediaId,Title,Artists\nA,{VIDEO},W,ABBA\n", "list", ids, {"youtube": VIDEO}),
    ("urls.csv", "Title,Artist,URL\nW,ABBA,https://www.deezer.com/track/77\n", "list", ids, {"deezer": "77"}),
    (
        "tunemymusic.csv",
        "Track name,Artist name,Playlist name,Type,Apple - id\nW,ABBA - Topic,A,Playlist,77\n",
        "tunemymusic",
        lambda row: (ids(row), row.track and row.track.artists),
        ({"itunes": "77"}, ("ABBA",)),
    ),
    (
        "vevo.csv",
        "Track name,Artist name,Playlist name,Type\nABBA - Waterloo (Official Video),AbbaVEVO,A,Playlist\n",
        "tunemymusic",
        lambda row: row.track and (row.track.title, row.track.artists),
        ("Waterloo", ("ABBA",)),
    ),
    ("watch-history.json", f"[{WATCHED % (VIDEO, 2)}, {WATCHED % (VIDEO, 1)}]", "youtube history", plays, 2),
    ("recent.json", f'{{"recenttracks": {{"track": [{UTS % 1714557600}, {UTS % 1714644000}]}}}}', "last.fm", plays, 2),
    (
        ".scrobbler.log",
        "#AUDIOSCROBBLER/1.1\n#TZ/UTC\nABBA\t\tSOS\t1\t200\tS\t1714557500\nABBA\t\tW\t2\t165\tL\t1714557600\t\n",
        "last.fm",
        at,
        "2024-05-01T10:00",
    ),
    ("pano.csv", "timeMs,artist,track\n1714557600000,ABBA,W\n", "last.fm", at, "2024-05-01T10:00"),
    (
        "tidal.csv",
        "entry_date,track_title,artist_name,stream_duration_ms\n2021-01-02 03:04:05,SOS,ABBA,3000\n"
        "2021-01-02 04:04:05,W,ABBA,165000\n",
        "last.fm",
        at,
        "2021-01-02T04:04",
    ),
    (
        "answer.json",
        '{"payload": {"listens": [{"listened_at": 1714557600, "track_metadata": {"track_name": "W"}}]}}',
        "listenbrainz",
        at,
        "2024-05-01T10:00",
    ),
    (
        "loved.json",
        '{"feedback": [{"created": 1714557600, "score": 1, "recording_msid": "x", '
        '"track_metadata": {"track_name": "W"}}]}',
        "listenbrainz",
        at,
        "2024-05-01T10:00",
    ),
    (
        "spotify.json",
        SPOTIFY_ITEM.replace(
            '"album": {', '"external_ids": {"isrc": "SEAYD7401010"}, "album": {"release_date": "1974", '
        ),
        "json",
        lambda row: row.track and (row.track.isrc, row.track.year),
        ("SEAYD7401010", 1974),
    ),
    (
        "own.xspf",
        "<playlist version='1' xmlns='http://xspf.org/ns/0/'><trackList><track><title>W</title><creator>A</creator>"
        "<location>file:///home/a/w.mp3</location></track></trackList></playlist>",
        "xspf",
        lambda row: row.file,
        "file:///home/a/w.mp3",
    ),
    ("sort.csv", "Title,Artist,Release\nW,A,1974-03-04\n", "list", lambda row: row.track and row.track.year, 1974),
    (
        "mbid.xspf",
        "<playlist version='1' xmlns='http://xspf.org/ns/0/'><trackList><track><title>W</title><creator>A</creator>"
        f"<identifier>https://musicbrainz.org/recording/{MBID}</identifier></track></trackList></playlist>",
        "xspf",
        ids,
        {"mbid": MBID},
    ),
]


@pytest.mark.parametrize(("name", "content", "kind", "tell", "value"), TOLD, ids=[told[0] for told in TOLD])
def test_what_else_a_file_tells_is_kept(
    tmp_path: Path, name: str, content: str, kind: str, tell: Callable[[Row], Any], value: Any
) -> None:
    path = tmp_path / name
    path.write_text(content)
    found, [(_, rows)] = read(path)
    assert (found, tell(next(row for row in rows if row.track))) == (kind, value)


def test_playlists_that_lie_between_each_other_and_headings_that_stand_again(tmp_path: Path) -> None:
    path = tmp_path / "lists.csv"
    path.write_text("Playlist,Title,Artist\nA,1,X\nB,2,X\nPlaylist,Title,Artist\nA,3,X\nB,4,X\n")
    assert [(name, titles(rows)) for name, rows in read(path)[1]] == [("A", ["1", "3"]), ("B", ["2", "4"])]


def test_google_play_music_has_a_file_for_each_track_and_zips_lie_in_zips(tmp_path: Path) -> None:
    track = "Title,Album,Artist,Duration (ms),Rating,Play Count,Removed,Playlist Index\n%s,,ABBA,,0,5,,%d\n"
    inner = formats.zipped(tmp_path / "inner.zip", {"two.csv": "Title,Artist\nSOS,ABBA\n"})
    path = formats.zipped(
        tmp_path / "takeout.zip",
        {
            "Takeout/Playlists/Road trip/Metadata.csv": "Title,Description\nRoad trip,\n",
            "Takeout/Playlists/Road trip/Tracks/a.csv": track % ("Second", 1),
            "Takeout/Playlists/Road trip/Tracks/b.csv": track % ("First", 0),
            "more.zip": inner.read_bytes(),
        },
    )
    kind, lists = read(path)
    assert (kind, [(name, titles(rows)) for name, rows in lists]) == (
        "zip",
        [("Road trip", ["First", "Second"]), ("two", ["SOS"])],
    )
    assert reasons(lists[-1][1]) == []


def test_stations_are_no_titles(tmp_path: Path) -> None:
    path = tmp_path / "radio.m3u"
    path.write_text(
        "#EXTM3U\n#EXTINF:-1,SomaFM - Groove Salad\nhttp://ice1.somafm.com/groovesalad-128-mp3\n"
        "#EXTINF:-1,FIP\nhttps://icecast.radiofrance.fr/fip-hifi.aac\n"
        "#EXTINF:-1,ABBA - Waterloo\nhttp://nas/music/ABBA%20-%20Waterloo.mp3\n"
    )
    [(_, rows)] = read(path)[1]
    assert titles(rows) == ["Waterloo"]
    assert [reason for reason, _ in reasons(rows)] == ["a stream without an end, not a track"] * 2


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.wpl", '<?wpl version="1.0"?><smil><body/></smil>', "a Windows Media playlist"),
        ("a.nml", '<?xml version="1.0"?><NML VERSION="19"></NML>', "a Traktor collection"),
        ("a.xml", '<?xml version="1.0"?><DJ_PLAYLISTS></DJ_PLAYLISTS>', "a rekordbox collection"),
        ("a.cue", 'PERFORMER "A"\nTITLE "B"\n', "a cue sheet"),
        ("a.csv", "<!DOCTYPE html>\n<html><body>Please log in</body></html>", "a web page"),
        ("a.txt", "{\\rtf1\\ansi ABBA - Waterloo\\par}", "a text with layout"),
        ("a.yml", "- title: Waterloo\n  artist: ABBA\n", "YAML"),
        ("a.itl", "hdfm\0\0", "an iTunes database"),
        ("a.fpl", "\x01\x02", "foobar2000"),
        ("a.db", "SQLite format 3\0", "an SQLite database"),
        ("a.tar", "x" * 257 + "ustar\0", "a tar archive"),
        ("discogs.csv", "Catalog#,Artist,Title,Format,release_id\nX,ABBA,Gold,LP,1\n", "a collection of Discogs"),
        ("links.txt", "https://tidal.com/track/1\n", "a link of tidal.com"),
        ("Playlist_empty.json", '{"playlists": [{"name": "x", "items": []}]}', "an empty list"),
    ],
)
def test_what_is_refused_is_called_by_its_name(tmp_path: Path, name: str, content: str, said: str) -> None:
    (tmp_path / name).write_text(content)
    problem = refused(tmp_path / name)
    assert said in problem.message
    assert re.search("M3U|CSV|Library|text|zip|Export", problem.hint)
