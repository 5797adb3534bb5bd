import csv
import gzip
import io
import math
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import requests

from etl.imports.reading import download
from etl.imports.recognise import recognise
from etl.imports.rows.entries import TrackTableFile
from etl.imports.sheets.headings import looks_like_table, table_columns
from etl.imports.storing.table_columns import artist_splitter, genres
from etl.imports.storing.tables import import_table
from etl.values import any_id
from store.catalogue.builder import build_public
from store.catalogue.catalogue import Catalogue, Snapshot
from store.catalogue.tables import table_files
from store.domain import AUDIO_FEATURES, Track
from store.runs import ImportProblem, Progress, RunSummary

TIDYTUESDAY = (
    "track_id,track_name,track_artist,track_popularity,track_album_id,track_album_name,track_album_release_date,"
    "playlist_name,playlist_id,playlist_genre,playlist_subgenre,danceability,energy,key,loudness,mode,speechiness,"
    "acousticness,instrumentalness,liveness,valence,tempo,duration_ms"
)
KAGGLE_114K = (
    ",track_id,artists,album_name,track_name,popularity,duration_ms,explicit,danceability,energy,key,loudness,mode,"
    "speechiness,acousticness,instrumentalness,liveness,valence,tempo,time_signature,track_genre"
)
KAGGLE_600K = (
    "id,name,popularity,duration_ms,explicit,artists,id_artists,release_date,danceability,energy,key,loudness,mode,"
    "speechiness,acousticness,instrumentalness,liveness,valence,tempo,time_signature"
)
SOUND = {
    "danceability": "0.5", "energy": "0.7", "key": "5", "loudness": "-6.5", "mode": "1", "speechiness": "0.05",
    "acousticness": "0.1", "instrumentalness": "0", "liveness": "0.2", "valence": "0.6", "tempo": "120.5",
    "duration_ms": "200000", "time_signature": "4",
}  # fmt: skip


def ident(number: int) -> str:
    return f"{number:022d}"


def write(path: Path, headings: str, *rows: dict[str, str]) -> Path:
    """Write a table with these headings; cells not given are the usual sound, or empty."""
    text = io.StringIO()
    writer = csv.writer(text)
    names = headings.split(",")
    writer.writerow(names)
    for row in rows:
        writer.writerow([row.get(name, SOUND.get(name, "")) for name in names])
    path.write_text(text.getvalue(), "utf-8")
    return path


def bring(root: Path, *tables: Path | str) -> tuple[list[RunSummary], Snapshot]:
    summaries = [import_table(table, root, lambda progress: None) for table in tables]
    build_public(root)
    return summaries, Catalogue(root).current()


def track(snapshot: Snapshot, number: int) -> Track:
    ref = snapshot.find(ident(number))
    assert ref is not None
    return snapshot.track(ref)


def test_tidytuesday_repeats_a_track_for_each_playlist(tmp_path: Path) -> None:
    one = {
        "track_id": ident(1), "track_name": "EARFQUAKE", "track_artist": "Tyler, The Creator", "track_popularity": "85",
        "track_album_name": "IGOR", "track_album_release_date": "2019-05-17", "playlist_genre": "rap",
    }  # fmt: skip
    table = write(
        tmp_path / "spotify_songs.csv",
        TIDYTUESDAY,
        one | {"playlist_subgenre": "hip hop"},
        one | {"playlist_subgenre": "trap", "playlist_genre": "r&b"},
        one | {"track_id": ident(2), "track_name": "Another", "track_album_release_date": "1999"},
    )
    (summary,), snapshot = bring(tmp_path / "c", table)
    assert (summary.requested, summary.stored, summary.known, dict(summary.skipped)) == (3, 2, 1, {})
    found = track(snapshot, 1)
    assert found.artists == ("Tyler, The Creator",)
    assert (found.title, found.album, found.year, found.popularity) == ("EARFQUAKE", "IGOR", 2019, 85.0)
    assert found.labels == ("rap", "hip hop", "r&b", "trap")
    assert found.features is not None
    assert found.features.source == found.source == "spotify_songs"
    assert "time_signature" not in found.features.values
    assert found.features.values["tempo"] == 120.5
    assert track(snapshot, 2).year == 1999


def test_kaggle_114k_repeats_a_track_for_each_genre(tmp_path: Path) -> None:
    one = {
        "": "0", "track_id": ident(1), "track_name": "Comedy", "artists": "Gen Hoshino;Tyler, The Creator",
        "album_name": "Comedy", "popularity": "73", "explicit": "False",
    }  # fmt: skip
    rows = [one | {"track_genre": genre} for genre in ("acoustic", "j-pop", "acoustic")]
    table = write(tmp_path / "dataset.csv", KAGGLE_114K, *rows)
    (summary,), snapshot = bring(tmp_path / "c", table)
    assert (summary.requested, summary.stored, summary.known) == (3, 1, 2)
    found = track(snapshot, 1)
    assert found.artists == ("Gen Hoshino", "Tyler, The Creator")
    assert (found.labels, found.explicit, found.duration_ms) == (("acoustic", "j-pop"), False, 200_000)
    assert snapshot.segments[0].rows_with_label("j-pop").tolist() == [0]


def test_kaggle_600k_lists_its_artists(tmp_path: Path) -> None:
    one = {"id": ident(1), "artists": """['Uli', "Destiny's Child"]""", "name": "Carve", "release_date": "1922-02"}
    _, snapshot = bring(tmp_path / "c", write(tmp_path / "tracks.csv", KAGGLE_600K, one | {"explicit": "1"}))
    found = track(snapshot, 1)
    assert found.artists == ("Uli", "Destiny's Child")
    assert (found.title, found.year, found.explicit) == ("Carve", 1922, True)


def test_several_tables_fill_each_others_gaps(tmp_path: Path) -> None:
    first = write(
        tmp_path / "names.csv",
        "track_id,track_name,artists,popularity",
        {"track_id": ident(1), "track_name": "Song", "artists": "Band", "popularity": "50"},
    )
    second = write(
        tmp_path / "sound.csv",
        KAGGLE_114K,
        {"track_id": ident(1), "track_name": "song!", "artists": "band", "popularity": "10", "track_genre": "rock"},
        {"track_id": ident(2), "track_name": "Other", "artists": "Band", "popularity": "99", "track_genre": "pop"},
    )
    summaries, snapshot = bring(tmp_path / "c", first, second)
    assert [(one.requested, one.stored, one.known) for one in summaries] == [(1, 1, 0), (2, 1, 1)]
    assert len(snapshot) == 2
    found = track(snapshot, 1)
    assert (found.title, found.artists, found.popularity, found.labels) == ("Song", ("Band",), 50.0, ("rock",))
    assert found.source == "names"
    assert found.features is not None
    assert found.features.source == "sound"


def test_values_out_of_bounds_are_missing_and_counted(tmp_path: Path) -> None:
    one = {"track_id": ident(1), "track_name": "Song", "artists": "Band"}
    table = write(
        tmp_path / "t.csv",
        KAGGLE_114K,
        one | {"tempo": "0.0", "energy": "1.7", "key": "-1", "popularity": "-3", "valence": "n/a", "mode": "inf"},
        one | {"track_id": ident(2), "tempo": "0", "duration_ms": "0"},
    )
    (summary,), snapshot = bring(tmp_path / "c", table)
    assert dict(summary.emptied) == {"tempo": 2, "energy": 1, "key": 1, "duration_ms": 1, "mode": 1}
    found = track(snapshot, 1)
    assert found.popularity is None
    assert found.features is not None
    assert not {"tempo", "energy", "key", "valence", "mode"} & set(found.features.values)
    assert track(snapshot, 2).duration_ms is None


def test_rows_without_id_and_name_and_ragged_rows_are_skipped(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(
        f"track_id,track_name,artists,energy\n{ident(1)},Song,Band,0.5\n,,Band,0.5\n,Nameless id,Band,0.5\n"
        f"{ident(2)},,,0.5\n{ident(3)},Short\n{ident(4)},Long,Band,0.5,9\n"
    )
    (summary,), snapshot = bring(tmp_path / "c", path)
    assert dict(summary.skipped) == {"no id and no name": 1, "not as many cells as there are headings": 2}
    assert summary.requested == 6 == summary.stored + summary.known + sum(summary.skipped.values())
    assert [one.line for one in summary.examples if "cells" in one.reason] == [6, 7]
    assert len(snapshot) == 3
    local = snapshot.track(snapshot.search("nameless id")[0].ref)
    assert local.id.startswith("local-")
    assert track(snapshot, 2).title == ""


def test_literal_names_stay_names(tmp_path: Path) -> None:
    names = ("None", "NaN", "NA", "null", "Infinity", "007", "1e5", 'Quoted "name", and comma', "Two\nlines")
    rows = [
        {"track_id": ident(at), "track_name": name, "artists": "True", "popularity": str(at)}
        for at, name in enumerate(names)
    ]
    _, snapshot = bring(tmp_path / "c", write(tmp_path / "t.csv", KAGGLE_114K, *rows))
    assert tuple(track(snapshot, at).title for at in range(len(names))) == names


@pytest.mark.parametrize("shape", ["plain", "gzip", "bom", "crlf", "semicolons", "tabs", "uris"])
def test_shapes_of_the_same_table(tmp_path: Path, shape: str) -> None:
    rows = [{"track_id": ident(at), "track_name": f"Söng {at}", "artists": "Band"} for at in range(3)]
    table = write(tmp_path / "t.csv", KAGGLE_114K, *rows)
    content = table.read_bytes().replace(b"\r\n", b"\n")
    if shape == "gzip":
        content = gzip.compress(content)
    elif shape == "bom":
        content = b"\xef\xbb\xbf" + content
    elif shape == "crlf":
        content = content.replace(b"\n", b"\r\n")
    elif shape in {"semicolons", "tabs"}:
        content = content.replace(b",", b";" if shape == "semicolons" else b"\t")
    elif shape == "uris":
        content = content.replace(b"\n,0", b"\n,spotify:track:0")
    table.write_bytes(content)
    (summary,), snapshot = bring(tmp_path / "c", table)
    assert summary.stored == 3
    assert track(snapshot, 2).title == "Söng 2"


def test_the_same_contents_again_add_nothing(tmp_path: Path) -> None:
    rows = [{"track_id": ident(at), "track_name": f"Song {at}", "artists": "Band"} for at in range(5)]
    table = write(tmp_path / "t.csv", KAGGLE_114K, *rows)
    packed = tmp_path / "other name.csv.gz"
    packed.write_bytes(gzip.compress(table.read_bytes()))
    summaries, snapshot = bring(tmp_path / "c", table, table, packed)
    assert [(one.requested, one.stored, one.known) for one in summaries] == [(5, 5, 0), (5, 0, 5), (5, 0, 5)]
    assert len(snapshot) == 5
    assert len(table_files(tmp_path / "c")) == 1
    resumed = import_table(table, tmp_path / "c", lambda progress: None, resumed=True)
    assert resumed == summaries[0]


def test_progress_is_told(tmp_path: Path) -> None:
    rows = [{"track_id": ident(at), "track_name": f"Song {at}", "artists": "Band"} for at in range(30_000)]
    table = write(tmp_path / "t.csv", KAGGLE_114K, *rows)
    reports: list[Progress] = []
    import_table(table, tmp_path / "c", reports.append)
    assert len(reports) > 1
    assert [report.done for report in reports] == sorted(report.done for report in reports)
    assert reports[-1].done == reports[-1].total == table.stat().st_size
    assert reports[-1].requested == reports[-1].stored == 30_000
    steps: list[tuple[str, int, int]] = []
    build_public(tmp_path / "c", lambda *step: steps.append(step))
    assert steps[-1][1:] == (30_000, 30_000)


PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256))
BROKEN = {
    "empty": (b"", "empty"),
    "blank": (b"\n \n", "empty"),
    "headings only": (b"track_id,track_name,energy\n", "empty"),
    "picture": (PNG, "not_a_table"),
    "zip": (b"PK\x03\x04rest", "not_a_table"),
    "zeros": (bytes(1000), "not_a_table"),
    "one endless line": (b"x" * 200_000, "not_a_table"),
    "latin 1 headings": ("track_id,track_name,energy,größe\n1,a,2,3\n".encode("latin-1"), "not_a_table"),
    "latin 1 names": ("track_id,track_name,energy\n1,größe,2\n".encode("latin-1"), "not_a_table"),
    "other headings": (b"a,b,c\n1,2,3\n", "unknown_headings"),
    "prose": (b"Dear reader,\nthis is a letter.\n", "unknown_headings"),
    "playlist": (b"Track URI,Track Name,Artist Name(s),Added By,Added At,Energy\nx,y,z,a,b,1\n", "unknown_headings"),
    "cut gzip": (gzip.compress(os.urandom(100_000))[:50_000], "broken_gzip"),
    "cut gzip of a table": (
        gzip.compress(b"track_id,track_name,energy\n" + b"".join(b"%d,%d,1\n" % (i, i) for i in range(200_000)))[:-99],
        "broken_gzip",
    ),
    "bad gzip": (b"\x1f\x8bnot a gzip file", "broken_gzip"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_what_is_no_table_is_refused_and_leaves_nothing(tmp_path: Path, kind: str) -> None:
    content, code = BROKEN[kind]
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    with pytest.raises(ImportProblem) as caught:
        import_table(path, tmp_path / "c", lambda progress: None)
    assert caught.value.code == code
    assert "file.csv" in caught.value.message
    assert caught.value.hint
    assert table_files(tmp_path / "c") == []
    assert build_public(tmp_path / "c") == 0


def test_an_absent_file_is_a_problem_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(ImportProblem, match=r"nothing\.csv") as caught:
        import_table(tmp_path / "nothing.csv", tmp_path / "c", lambda progress: None)
    assert caught.value.code == "unreadable"


def test_headings_of_the_known_tables() -> None:
    for headings in (TIDYTUESDAY, KAGGLE_114K, KAGGLE_600K):
        assert looks_like_table(headings.split(","))
        assert {"id", "title", "artists", "popularity", "tempo"} <= table_columns(headings.split(",")).keys()
    assert not looks_like_table(["Track Name", "Artist", "Added At", "Energy"])
    assert not looks_like_table(["track_name", "artist"])
    assert not looks_like_table([])


def test_cells() -> None:
    assert any_id(" spotify:track:abc ") == "abc"
    assert any_id("https://open.spotify.com/track/abc?si=1") == "abc"
    assert any_id("abc") == "abc"
    assert any_id("") == ""
    assert genres("rock|metal|rock") == ("rock", "metal")
    assert genres("['rock', 'r&b']") == ("rock", "r&b")
    assert genres("r&b") == ("r&b",)
    split = artist_splitter("artists", ["['A', 'B']"])
    assert split("['Mac', \"O'Neil\"]") == ("Mac", "O'Neil")
    assert split("['broken") == ("['broken",)
    assert split("[broken']") == ("broken",)
    assert artist_splitter("artists", ["A;B", "E;F", "C, D"])("C, D") == ("C, D",)
    assert artist_splitter("artist", ["A;B", "E, F", "C, D"])("C, D") == ("C", "D")
    assert artist_splitter("artists", ["A, B"])("C, D") == ("C", "D")


# --- from the web -------------------------------------------------------------------------------------------------


TRICKLES = {
    "status": (b"HTTP/1.1 200 ", b"O"),
    "header": (b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x"),
    "interim": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "redirect": (b"HTTP/1.1 302 Found\r\nLocation: /x\r\nX-Slow: ", b"x"),
    "body": (b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
    "chunk": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"x"),
}


class Files(SimpleHTTPRequestHandler):
    """A folder on loopback, and an address that redirects away from it."""

    def do_GET(self) -> None:
        if self.path.startswith("/away"):
            self.send_response(302)
            self.send_header("Location", "http://example.org/tracks.csv")
            self.end_headers()
        elif self.path.startswith("/moved/"):
            self.send_response(301)
            self.send_header("Location", self.path.removeprefix("/moved"))
            self.end_headers()
        elif self.path.startswith("/nowhere"):
            self.send_response(302)
            self.send_header("Location", "https://[")
            self.end_headers()
        elif self.path.startswith("/length"):
            self.send_response(200)
            self.send_header("Content-Length", "many")
            self.end_headers()
        elif self.path.startswith("/short"):
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"track_id,")
        elif self.path.startswith("/trickle"):  # for ten seconds, or until the reader leaves
            head, more = TRICKLES[self.path.removeprefix("/trickle/").removesuffix(".csv")]
            self.close_connection = True
            with suppress(ConnectionError):
                self.wfile.write(head)
                for _ in range(1_000):
                    self.wfile.write(more)
                    time.sleep(0.01)
        else:
            super().do_GET()

    def log_message(self, *_: object) -> None:
        pass


def serve(handler: partial[Files] | type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "www").mkdir()
    rows = [{"track_id": ident(at), "track_name": f"Song {at}", "artists": "Band"} for at in range(5)]
    table = write(tmp_path / "www" / "tracks.csv", KAGGLE_114K, *rows)
    (tmp_path / "www" / "tracks.csv.gz").write_bytes(gzip.compress(table.read_bytes()))
    yield from serve(partial(Files, directory=str(tmp_path / "www")))


@pytest.mark.parametrize("path", ["/tracks.csv", "/tracks.csv.gz?raw=true", "/moved/tracks.csv"])
def test_a_table_from_the_web(tmp_path: Path, web: str, path: str) -> None:
    reports: list[Progress] = []
    summary = import_table(web + path, tmp_path / "c", reports.append)
    assert summary.stored == 5
    assert reports[0].phase == "download"
    assert reports[-1].phase == "import"
    build_public(tmp_path / "c")
    assert track(Catalogue(tmp_path / "c").current(), 1).source == "tracks"
    assert list((tmp_path / "c" / "downloads").iterdir()) == []


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/nothing.csv", "download_failed"),
        ("/away", "not_https"),
        ("/short.csv", "download_failed"),
        ("/nowhere", "download_failed"),
        ("/length", "download_failed"),
    ],
)
def test_what_the_web_refuses(tmp_path: Path, web: str, path: str, code: str) -> None:
    with pytest.raises(ImportProblem) as caught:
        import_table(web + path, tmp_path / "c", lambda progress: None)
    assert caught.value.code == code
    assert caught.value.hint


def test_plain_http_is_for_loopback_alone(tmp_path: Path) -> None:
    with pytest.raises(ImportProblem) as caught:
        import_table("http://192.0.2.1/tracks.csv", tmp_path / "c", lambda progress: None)
    assert caught.value.code == "not_https"


def refusal(tmp_path: Path, url: str) -> str:
    with pytest.raises(ImportProblem) as caught:
        import_table(url, tmp_path / "c", lambda progress: None)
    return caught.value.code


def test_what_is_not_public_is_reached_by_no_name_and_no_redirect(
    tmp_path: Path, web: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for host in ("10.0.0.1", "169.254.169.254", "[::1%25lo]", "[fd00::1]", "192.168.1.1", "0.0.0.0"):
        assert refusal(tmp_path, f"https://{host}/tracks.csv") in {"private_address", "download_failed"}
    look_up = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _host, *more, **named: look_up("127.0.0.1", *more, **named))
    port = web.rpartition(":")[2]
    assert refusal(tmp_path, f"https://music.example:{port}/tracks.csv") == "private_address"
    with pytest.raises(ImportProblem) as caught:  # it answers, but speaks no TLS
        import_table(f"https://music.example:{port}/x", tmp_path / "c", lambda progress: None, allow_private=True)
    assert caught.value.code == "download_failed"


def test_a_redirect_into_the_own_network_is_not_followed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def redirected(_session: requests.Session, url: str, **_: object) -> requests.Response:
        assert url == "https://music.example/tracks.csv"
        answer = requests.Response()
        answer.status_code, answer.headers["location"], answer.raw = 302, "https://192.168.1.1/admin", io.BytesIO()
        return answer

    monkeypatch.setattr(requests.Session, "get", redirected)
    assert refusal(tmp_path, "https://music.example/tracks.csv") == "private_address"


def test_a_download_has_a_size_limit(tmp_path: Path, web: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "MAX_BYTES", 100)
    with pytest.raises(ImportProblem) as caught:
        import_table(web + "/tracks.csv", tmp_path / "c", lambda progress: None)
    assert caught.value.code == "too_large"


@pytest.mark.parametrize("part", TRICKLES)
def test_a_download_has_a_time_limit(tmp_path: Path, web: str, monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    monkeypatch.setattr(download, "MAX_SECONDS", 0.5)
    assert refusal(tmp_path, f"{web}/trickle/{part}.csv") == "too_slow"
    assert list((tmp_path / "c" / "downloads").iterdir()) == []


def test_headers_have_a_size_limit(tmp_path: Path, web: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "MAX_BYTES", 10)
    assert refusal(tmp_path, f"{web}/trickle/interim.csv") == "too_large"


def test_a_server_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(ImportProblem) as caught:
        import_table("http://127.0.0.1:9/tracks.csv", tmp_path / "c", lambda progress: None)
    assert caught.value.code == "download_failed"


# --- killed -------------------------------------------------------------------------------------------------------

WORK = """
import sys
from pathlib import Path
from etl.imports.storing.tables import import_table
from store.catalogue.builder import build_public
table, root = map(Path, sys.argv[1:])
print("import", flush=True)
import_table(table, root, lambda progress: print(progress.phase, flush=True))
build_public(root, lambda *step: print(*step, flush=True))
print("end", flush=True)
"""


State = tuple[list[Track], list[str], list[str]]


def state(root: Path) -> State:
    """Return what an import leaves behind: the tracks in order, the tables, and what a search finds."""
    snapshot = Catalogue(root).current()
    tracks = [segment.track(row) for segment in snapshot.segments for row in range(segment.count)]
    found = [snapshot.track(hit.ref).id for hit in snapshot.search("song band", 50)]
    return tracks, sorted(path.name for path in (root / "tables").iterdir()), found


@pytest.fixture(scope="module")
def large_table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = [
        {"track_id": ident(at % 12_000), "track_name": f"Song {at % 12_000}", "artists": f"Band {at % 700}",
         "popularity": str(at % 101), "track_genre": f"genre {at % 7}"}
        for at in range(18_000)
    ]  # fmt: skip
    return write(tmp_path_factory.mktemp("table") / "large.csv", KAGGLE_114K, *rows)


@pytest.fixture(scope="module")
def undisturbed(large_table: Path, tmp_path_factory: pytest.TempPathFactory) -> State:
    root = tmp_path_factory.mktemp("undisturbed")
    bring(root, large_table)
    return state(root)


@pytest.mark.parametrize("after_lines", [1, 2, 3, 4, 6])
def test_killed_and_started_again_it_ends_as_if_undisturbed(
    tmp_path: Path, large_table: Path, undisturbed: State, after_lines: int
) -> None:
    command = [sys.executable, "-c", WORK, str(large_table), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(after_lines):
            process.stdout.readline()
        time.sleep(0.02 * after_lines)
        process.kill()
    Catalogue(tmp_path).current()  # what was served before the kill can be read after it
    bring(tmp_path, large_table)
    assert state(tmp_path) == undisturbed
    assert not [path for path in (tmp_path / "segments").iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize(
    ("row", "tempo", "length", "emptied"),
    [
        ("0,676;87,917;230.666", 87.917, 230_666, {}),
        ("0,676;1.234;3:42", None, 222_000, {"tempo": 1}),
        ("0,676;87,917;long", 87.917, None, {"duration_ms": 1}),
    ],
)
def test_a_table_from_a_spreadsheet(
    tmp_path: Path, row: str, tempo: float | None, length: int | None, emptied: dict[str, int]
) -> None:
    table = tmp_path / "table.csv"
    table.write_text(f"track_id;track_name;artists;danceability;tempo;duration_ms\nx1;Lanterns;Ada Fern;{row}\n")
    summary = import_table(table, tmp_path / "c", lambda progress: None)
    assert summary.emptied == emptied
    (file,) = table_files(tmp_path / "c")
    stored = pq.read_table(file.path).to_pylist()[0]
    assert stored["duration_ms"] == length
    features = dict(zip(AUDIO_FEATURES, stored["features"], strict=True))
    assert features["danceability"] == pytest.approx(0.676)
    assert (features["tempo"] == pytest.approx(tempo)) if tempo else math.isnan(features["tempo"])


@pytest.mark.parametrize("encoding", ["cp1251", "utf-16"])
def test_a_table_in_another_encoding(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "table.csv"
    row = "track_id,track_name,artists,danceability,energy\n0000vdREvCVMxbQTkS888c,Группа крови,Кино,0.5,0.5\n"
    path.write_bytes(row.encode(encoding))
    found = recognise(path)
    assert isinstance(found, TrackTableFile)
    summary = import_table(path, tmp_path / "catalogue", lambda _: None, encoding=found.encoding)
    [table] = table_files(tmp_path / "catalogue")
    assert summary.stored == 1
    assert pq.read_table(table.path).column("title").to_pylist() == ["Группа крови"]
