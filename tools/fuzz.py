"""Tries malformed files on every reader: ``python -m tools.fuzz [--cases 2000] [--seed 1]``, or guided by coverage.

Valid files of every format (those that the tests write) are damaged: cut off, bytes and words changed, doubled, nested,
packed as gzip or zip. A separate process previews each file and reads it to its end; it is restarted after a fault. A
fault is an exception without a message for the user, more than 10 seconds of a processor, or more than 400 MB. Exit
code 1 if there was a fault; the file that caused it is kept in ``var/fuzz``.

``python -m tools.fuzz --guided 600`` lets atheris search for 600 seconds for files that reach new code. The Makefile
does not install atheris, because it exists only for Linux: ``.venv/bin/pip install atheris``.
"""

import argparse
import contextlib
import gc
import gzip
import io
import json
import random
import select
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from types import FunctionType

import psutil

from config import ROOT
from etl.imports.reading.read_options import ReadOptions
from etl.imports.recognise import recognise
from etl.imports.rows.entries import PlaylistFile, TrackTableFile, check_to_the_end
from services.playlists.previews import PREVIEW_BYTES, preview
from store.errors import TastemapError
from tests.etl.imports import files, formats

MOST_SECONDS, MOST_MB = 10.0, 400.0
_MOST_WAIT_SECONDS = 120.0
_KEPT = ROOT / "var" / "fuzz"
# Modules whose coverage guides atheris; with all modules it would take an hour.
_READERS = ("etl.", "services.playlists.", "store.text")
_WORDS = (
    *(b"\0", b"\xff\xfe", b"\xed\xa0\x80", b'"', b",", b";", b"\t", b"\r", b"\n", b"{", b"}", b"[", b"]", b"<", b">"),
    *(b"9" * 400, b"-1", b"1e999", b"NaN", b"null", b"2**70", b"0x", b"&a;", b"\\ud800", b"\\u0000", b"../", b"%s"),
    *("\u202e".encode(), "\ufeff".encode(), "\U0001f3b5".encode(), b"[" * 3000, b'{"a":' * 3000, b"<a>" * 3000),
    *(b"a" * 200_000, b",," * 40_000, b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'),
)


def samples() -> dict[str, bytes]:
    """Return by file name the content of a valid file of each format."""
    album = {"Name": "x"}
    lists = formats.account_playlists(("One", [formats.account_item(n) for n in range(5)]), ("Two", [formats.LOCAL]))
    plays = [formats.play(n, f"2023-01-0{n + 1}T00:00:00Z") for n in range(5)]
    jspf = formats.jspf("Mine", {"title": "Song", "creator": "Band", "identifier": "https://open.spotify.com/track/x"})
    texts = {
        "exportify.csv": files.playlist(30),
        "tune.csv": formats.TUNE_MY_MUSIC,
        "list.csv": "Title;Artist;Album\nSong;Band;Album\nOther;Band;Album\n",
        "list.tsv": "Titel\tK\u00fcnstler\nSong\tBand\n",
        "list.txt": "Band - Song\nBand - Other\nhttps://open.spotify.com/track/0000000000000000000001\n",
        "list.m3u8": "#EXTM3U\n#EXTINF:200,Band - Song\nsong.mp3\n#EXTINF:-1,Band - Other\nhttp://x/y.mp3\n",
        "list.pls": "[playlist]\nFile1=song.mp3\nTitle1=Band - Song\nLength1=200\nNumberOfEntries=1\nVersion=2\n",
        "list.xspf": '<?xml version="1.0"?><playlist version="1" xmlns="http://xspf.org/ns/0/"><trackList><track>'
        "<title>Song</title><creator>Band</creator><duration>200000</duration></track></trackList></playlist>",
        "list.jspf": json.dumps(jspf),
        "Playlist1.json": json.dumps(lists),
        "YourLibrary.json": json.dumps(formats.library(5)),
        "endsong_0.json": json.dumps(plays),
        "listens.jsonl": formats.jsonl(*(formats.listen(n) for n in range(5))),
        "mpd.slice.0-999.json": formats.mpd_slice(formats.slice_playlist(0, 1, 2), formats.slice_playlist(1, 3)),
        "tracks.csv": "id,name,artists,popularity,energy,tempo\n0000000000000000000001,Song,Band,5,0.5,120\n",
    }
    found = {name: text.encode() for name, text in texts.items()}
    tracks = [formats.apple_track(n) for n in range(4)]
    found["Library.xml"] = formats.apple_library(tracks, formats.apple_playlist("Mine", 1, 2, **album))
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("Spotify Account Data/Playlist1.json", json.dumps(lists))
        packed.writestr("Spotify Account Data/StreamingHistory_music_0.json", json.dumps(plays))
    found["my_spotify_data.zip"] = archive.getvalue()
    return found


def damaged(content: bytes, chance: random.Random, others: list[bytes]) -> bytes:
    """Return ``content`` changed in one to five places."""
    for _ in range(chance.randint(1, 5)):
        at, end = sorted(chance.randint(0, len(content)) for _ in range(2))
        content = chance.choice(
            (
                lambda a=at, c=content: c[:a],
                lambda a=at, e=end, c=content: c[:a] + c[e:],
                lambda a=at, e=end, c=content: c[:e] + c[a:e] * chance.randint(1, 20) + c[e:],
                lambda a=at, c=content: c[:a] + chance.choice(_WORDS) + c[a:],
                lambda a=at, c=content: c[:a] + bytes([chance.randrange(256)]) + c[a + 1 :],
                lambda a=at, c=content: c[:a] + chance.choice(others) + c[a:],
                lambda a=at, c=content: c.replace(c[a : a + 1], chance.choice(_WORDS[:20])) if len(c) < 50_000 else c,
            )
        )()[: 8 << 20]
    return content


def cases(seed: int) -> Iterator[tuple[str, bytes]]:
    """Yield names and contents of malformed files endlessly; the same ``seed`` gives the same files."""
    chance, known = random.Random(seed), samples()  # noqa: S311 - the same files again for the same seed
    everything = list(known.values())
    while True:
        name = chance.choice(list(known))
        content = damaged(known[name], chance, everything)
        packing = chance.random()
        if packing < 0.08:
            name, content = f"{name}.gz", gzip.compress(content)
        elif packing < 0.16:
            packed = io.BytesIO()
            with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr(name, content)
            name, content = "lists.zip", packed.getvalue()
        elif packing < 0.2:
            name = chance.choice(list(known))  # the name of another format
        if packing < 0.05:
            content = damaged(content, chance, everything)
        yield name, content


def read(path: Path) -> str:
    """Preview a file and read it to its end; return the kind that was recognised, or the code of the error message."""
    content = path.read_bytes()
    with contextlib.suppress(TastemapError):  # also read the file if its preview fails
        preview(content[:PREVIEW_BYTES], path.name, ReadOptions(), may_change_catalogue=False)
    try:
        found = recognise(path)
        if isinstance(found, TrackTableFile) and found.playlist is not None:
            found = found.playlist
        if isinstance(found, PlaylistFile):
            check_to_the_end(found, path.name, datetime.now(UTC))
    except TastemapError as problem:
        return problem.code
    return type(found).__name__


def serve() -> None:
    """Read file paths from standard input, one a line; read each file and print its result as one line."""
    print("ready", flush=True)
    for line in sys.stdin:
        print(read(Path(line.rstrip("\n"))), flush=True)


def try_cases(count: int, seed: int) -> bool:
    """Try ``count`` malformed files; print each fault and a count of the results; return whether there was no fault."""
    outcomes: Counter[str] = Counter()
    most_mb, child = 0.0, _child()
    with tempfile.TemporaryDirectory() as folder:
        for name, content in islice(cases(seed), count):
            path = Path(folder) / name
            path.write_bytes(content)
            outcome = _asked(child, path)
            if child.poll() is None:
                most_mb = max(most_mb, psutil.Process(child.pid).memory_info().rss / 1e6)
            if most_mb > MOST_MB:
                outcome = f"FAULT: {most_mb:.0f} MB"
            if outcome.startswith("FAULT"):
                print(f"{outcome}: {_keep(name, content)}")
                child.kill()
                child.communicate()
                child, most_mb = _child(), 0.0
            outcomes[outcome.partition(":")[0]] += 1
            path.unlink()
    child.communicate()
    print(f"{count} malformed files: {dict(outcomes.most_common())}; at most {most_mb:.0f} MB")
    return not outcomes["FAULT"]


def _child() -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tools.fuzz", "--serve"]
    child = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    child.stdout.readline()
    return child


def _asked(child: subprocess.Popen[str], path: Path) -> str:
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(f"{path}\n")
    child.stdin.flush()
    before = _processor_seconds(child)
    until = time.monotonic() + _MOST_WAIT_SECONDS
    # A busy machine gives the reader a part of its time: what counts is the processor time, unless the reader waits.
    while not select.select([child.stdout], [], [], 1.0)[0] and child.poll() is None:
        if _processor_seconds(child) - before > MOST_SECONDS or time.monotonic() > until:
            return f"FAULT: more than {MOST_SECONDS:g} s"
    return child.stdout.readline().strip() or "FAULT: an exception"


def _processor_seconds(child: subprocess.Popen[str]) -> float:
    try:
        times = psutil.Process(child.pid).cpu_times()
    except psutil.Error:  # it has ended
        return 0.0
    return float(times.user + times.system)


def _keep(name: str, content: bytes) -> Path:
    _KEPT.mkdir(parents=True, exist_ok=True)
    path = _KEPT / f"{len(list(_KEPT.iterdir()))}-{name}"
    path.write_bytes(content)
    return path


def guided(seconds: int) -> None:
    """Let atheris search for files that reach new code of the readers; atheris ends the process."""
    try:
        import atheris
    except ModuleNotFoundError:
        sys.exit("atheris is not installed: .venv/bin/pip install atheris (Linux)")
    names = sorted(samples())
    corpus = _KEPT / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        (corpus / name).write_bytes(bytes([number]) + samples()[name])
    folder = Path(tempfile.mkdtemp())

    def one(data: bytes) -> None:
        path = folder / names[data[0] % len(names) if data else 0]
        path.write_bytes(data[1:])
        read(path)

    for function in [one for one in gc.get_objects() if isinstance(one, FunctionType)]:
        if (function.__module__ or "").startswith(_READERS):
            atheris.instrument_func(function)
    limits = [f"-max_total_time={seconds}", f"-timeout={MOST_SECONDS:.0f}", f"-rss_limit_mb={4 * MOST_MB:.0f}"]
    atheris.Setup([sys.argv[0], *limits, f"-artifact_prefix={_KEPT}/", str(corpus)], one)
    atheris.Fuzz()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--guided", type=int, metavar="SECONDS", help="let atheris search for so long")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve()
    elif arguments.guided:
        guided(arguments.guided)
    else:
        sys.exit(not try_cases(arguments.cases, arguments.seed))


if __name__ == "__main__":
    main()
