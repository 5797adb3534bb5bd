"""Tags are written into a copy that takes the file's place only when all else in it is the same."""

import base64
import fcntl
import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import mutagen
import numpy as np
import pytest
import soundfile
from mutagen import id3
from mutagen.flac import Picture
from mutagen.mp4 import MP4Cover, MP4FreeForm

from etl.library import tag_writing
from etl.library.places import NotInLibrary
from etl.library.tag_writing import TagsNotWritten, read_fields, write_fields
from tests.music_files import PNG, RATE, tones, write_mp3, write_wav

CODECS = {"mp3": "libmp3lame", "flac": "flac", "ogg": "", "opus": "libopus", "m4a": "aac"}
TEXTS = {"genre": "indie pop", "tempo": "121", "key": "F#m", "mood": "mellow"}


def encoded(path: Path) -> Path:
    """Write six seconds of sound."""
    if path.suffix == ".ogg":  # PyAV's FFmpeg has no encoder for Vorbis
        soundfile.write(path, np.tile(tones(), (2, 1)).T, RATE, format="OGG", subtype="VORBIS")
        return path
    with av.open(str(path), "w", format={"m4a": "ipod"}.get(path.suffix[1:])) as container:
        rate = 48_000 if path.suffix == ".opus" else 44_100
        stream: Any = container.add_stream(CODECS[path.suffix[1:]], rate=rate, layout="stereo")
        frame = av.AudioFrame.from_ndarray(np.tile(tones(), (2, 1)).astype(np.int16), format="s16p", layout="stereo")
        frame.sample_rate = RATE
        resampler = av.AudioResampler(stream.format, "stereo", rate, frame_size=stream.codec_context.frame_size or 1024)
        for part in (*resampler.resample(frame), *resampler.resample(None), None):
            container.mux(stream.encode(part))
    return path


def furnished(path: Path) -> Path:
    """Write a file with two artists, a cover, a rating, replay gain, a text of its own and an earlier genre."""
    file = mutagen.File(encoded(path))
    if file.tags is None:
        file.add_tags()
    tags: Any = file.tags
    picture = Picture()
    picture.data, picture.mime, picture.type = PNG, "image/png", 3
    if path.suffix == ".mp3":
        for frame in (
            id3.TIT2(text=["Harbour"]),
            id3.TPE1(text=["Nadia Verholt", "Ebb"]),
            id3.TCON(text=["Shoegaze"]),
            id3.APIC(mime="image/png", type=3, data=PNG),
            id3.POPM(email="me", rating=196, count=3),
            id3.TXXX(desc="REPLAYGAIN_TRACK_GAIN", text=["-6.5 dB"]),
            id3.COMM(lang="eng", text=["by the sea"]),
        ):
            tags.add(frame)
    elif path.suffix == ".m4a":
        tags.update({"\xa9nam": ["Harbour"], "\xa9ART": ["Nadia Verholt", "Ebb"], "\xa9gen": ["Shoegaze"]})
        tags.update({"covr": [MP4Cover(PNG, MP4Cover.FORMAT_PNG)], "----:own:rating": [MP4FreeForm(b"196")]})
    else:
        tags.update({"title": ["Harbour"], "artist": ["Nadia Verholt", "Ebb"], "genre": ["Shoegaze"], "rating": ["98"]})
        if path.suffix == ".flac":
            file.add_picture(picture)
        else:
            tags["metadata_block_picture"] = [base64.b64encode(picture.write()).decode()]
    file.save()
    return path


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def decoded(path: Path) -> bytes:
    with av.open(str(path)) as container:
        return b"".join(frame.to_ndarray().tobytes() for frame in container.decode(audio=0))


@pytest.mark.parametrize("ending", CODECS)
def test_sound_other_tags_and_pictures_stay(tmp_path: Path, ending: str) -> None:
    path = furnished(tmp_path / f"harbour.{ending}")
    path.chmod(0o640)
    before, sound = {**mutagen.File(path).tags}, decoded(path)
    said, digest = read_fields(str(tmp_path), path.name)
    assert said == {"genre": ("Shoegaze",), "tempo": (), "key": (), "mood": ()}
    written = write_fields(str(tmp_path), path.name, digest, TEXTS)
    assert (written.sha256, written.size, written.modified_ns) == (
        sha256(path),
        path.stat().st_size,
        path.stat().st_mtime_ns,
    )
    assert read_fields(str(tmp_path), path.name)[0] == {field: (text,) for field, text in TEXTS.items()}
    assert decoded(path) == sound
    after = {**mutagen.File(path).tags}
    genres = {"TCON", "genre", "\xa9gen"}
    assert {name: repr(value) for name, value in before.items() if name not in genres}.items() <= {
        name: repr(value) for name, value in after.items()
    }.items()
    assert len(after) == len(before) + 3
    assert path.stat().st_mode & 0o777 == 0o640
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]
    # Once more, one field alone: the others stay as they were written.
    write_fields(str(tmp_path), path.name, written.sha256, {"genre": "folk"})
    assert read_fields(str(tmp_path), path.name)[0] == {field: (text,) for field, text in TEXTS.items()} | {
        "genre": ("folk",)
    }
    assert decoded(path) == sound


def test_older_id3_tags_stay_of_their_version(tmp_path: Path) -> None:
    path = write_mp3(tmp_path / "old.mp3", cover=PNG, TIT2="Harbour", TPE1="Nadia Verholt", TYER="1998")
    end = b"TAG" + b"Harbour".ljust(30, b"\0") + b"Nadia".ljust(30, b"\0") + b"Album of v1".ljust(65, b"\0")
    path.write_bytes(path.read_bytes() + end)
    write_fields(str(tmp_path), path.name, sha256(path), TEXTS)
    contents = path.read_bytes()
    assert (contents[:4], contents[-128:]) == (b"ID3\x03", end)
    tags = id3.ID3(path, translate=False, load_v1=False)
    assert {"TYER", "TBPM", "TXXX:MOOD"} <= {*tags.keys()}
    assert "TMOO" not in tags
    bare = encoded(tmp_path / "bare.mp3")
    id3.delete(bare)
    write_fields(str(tmp_path), bare.name, sha256(bare), TEXTS)
    assert read_fields(str(tmp_path), bare.name)[0]["tempo"] == ("121",)


def test_what_cannot_be_written_stays_as_it_was(tmp_path: Path) -> None:
    path = furnished(tmp_path / "harbour.flac")
    contents = path.read_bytes()

    def refused(name: str = path.name, digest: str = "") -> str:
        with pytest.raises(TagsNotWritten) as fault:
            write_fields(str(tmp_path), name, digest or sha256(tmp_path / name), TEXTS)
        return fault.value.code

    assert refused(digest="0" * 64) == "changed"
    wav = write_wav(tmp_path / "sound.wav")
    assert refused(wav.name) == "format"
    (tmp_path / "damaged.flac").write_bytes(b"fLaC" + bytes(50))
    assert refused("damaged.flac") == "damaged"
    (tmp_path / "link.flac").symlink_to(path)
    for name in ("link.flac", "../harbour.flac", "gone.flac", str(path)):
        with pytest.raises(NotInLibrary):
            write_fields(str(tmp_path), name, sha256(path), TEXTS)
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert refused() == "busy"
    assert path.read_bytes() == contents
    assert not [entry.name for entry in tmp_path.iterdir() if entry.name.startswith(".")]


@pytest.mark.parametrize("lost", ["sound", "pictures"])
def test_a_copy_that_would_lose_something_is_thrown_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    path = furnished(tmp_path / "harbour.flac")
    contents, write = path.read_bytes(), tag_writing._write

    def write_badly(file: Any, *args: Any) -> None:
        if lost == "pictures":
            file.seek(0)
            without = mutagen.flac.FLAC(file)
            without.clear_pictures()
            file.seek(0)
            without.save(file)
        write(file, *args)
        if lost == "sound":
            file.seek(-3_000, os.SEEK_END)
            file.write(b"\x55" * 20)

    monkeypatch.setattr(tag_writing, "_write", write_badly)
    with pytest.raises(TagsNotWritten, match=lost) as fault:
        write_fields(str(tmp_path), path.name, sha256(path), TEXTS)
    assert fault.value.code == "not_kept"
    assert path.read_bytes() == contents
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_a_kill_before_the_last_step_leaves_the_file_whole(tmp_path: Path) -> None:
    path = furnished(tmp_path / "harbour.opus")
    contents = path.read_bytes()
    killed = (
        "import os, signal, sys\n"
        "from etl.library.tag_writing import write_fields\n"
        "os.replace = lambda *a, **k: os.kill(os.getpid(), signal.SIGKILL)\n"
        "write_fields(*sys.argv[1:4], {'genre': 'folk'})"
    )
    done = subprocess.run([sys.executable, "-c", killed, str(tmp_path), path.name, sha256(path)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert path.read_bytes() == contents
    assert len([*tmp_path.iterdir()]) == 2
    write_fields(str(tmp_path), path.name, sha256(path), {"genre": "folk"})
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]
