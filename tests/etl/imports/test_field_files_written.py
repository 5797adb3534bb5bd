"""Files of other languages, players and services, as people bring them; one row per kind with the right value."""

from pathlib import Path

import pytest

from tests.etl.imports.test_formats import read, reasons, refused, titles

WATERLOO = ("Waterloo", ("ABBA",), 165_000)
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
    ],
)
def test_playlists_of_other_programs_are_called_by_their_name(
    tmp_path: Path, name: str, content: str, said: str
) -> None:
    (tmp_path / name).write_text(content)
    problem = refused(tmp_path / name)
    assert said in problem.message
    assert "M3U" in problem.hint
