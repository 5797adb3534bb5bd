"""Scans of real files: what becomes of each, what is done again and what is not, and what a kill leaves."""

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from config import ROOT
from etl.audio.analyser import VERSION
from etl.library.places import TOO_DEEP, NotInLibrary, open_below, walk
from etl.library.scan import new_scan
from jobs.watching import MusicWatch
from jobs.worker import execute
from store.audio.files import AudioIndexFile, audio_files, folder_at, put_audio_folder
from store.database import Database
from store.domain import AudioFeatures, Track
from store.facts import known_tracks, timbre_of
from store.mongo.installation import installation_id_of
from store.runs import Run
from tests.music_files import PNG, tones, write_mp3, write_wav

MBID = "11111111-2222-3333-4444-555555555555"
TAGS = {"TIT2": "Harbour", "TPE1": "Nadia Verholt", "TALB": "Tides", "TYER": "2019", "TSRC": "DEABC2500001"}


def scan(database: Database, var: Path, folder: Path) -> Run:
    """Scan ``folder`` to the end."""
    run = new_scan(str(folder))
    database.put_run(run)
    assert execute(database, var, run.id) == "done", database.get_run(run.id).error
    return database.get_run(run.id)


def counts(run: Run) -> tuple[int, int, dict[str, int]]:
    return run.stored, run.known, dict(run.skipped)


def test_files_become_tracks_and_each_bad_one_is_named(database: Database, tmp_path: Path) -> None:
    folder, var, elsewhere = tmp_path / "music", tmp_path / "var", tmp_path / "elsewhere.mp3"
    spotify = Track(id="4uLU6hMCjMI75M1A2tKUQC", title="Harbour (Live)", artists=("Nadia V.",), isrc="DEABC2500001")
    database.put_tracks([Track(id="5" * 22, title="Low Tide", artists=("Nadia Verholt",), duration_ms=6_100), spotify])
    write_mp3(folder / "Tides" / "1.mp3", cover=PNG, mbid=MBID, **TAGS)
    write_wav(folder / "Nadia Verholt - Low Tide.wav", tones(hz=330))
    write_wav(folder / "untagged.wav", tones(hz=110, bpm=90))
    (folder / "empty.mp3").touch()
    (folder / "letter.flac").write_text("Dear all, this is no sound at all.")
    whole = write_mp3(tmp_path / "whole.mp3").read_bytes()
    (folder / "cut.mp3").write_bytes(whole[: len(whole) // 3])
    write_wav(folder / "many.wav", tones(1), channels=32)
    write_mp3(elsewhere, TIT2="Elsewhere")
    (folder / "link.mp3").symlink_to(elsewhere)
    (folder / "notes.txt").write_text("not looked at")

    run = scan(database, var, folder)
    assert (run.requested, run.stored, run.known) == (8, 3, 0)
    said = sorted(example.reason for example in run.skipped_examples)
    assert [line.split(":")[0] for line in said] == ["cut.mp3", "empty.mp3", "letter.flac", "link.mp3", "many.wav"]
    assert "32 channels" in said[4]
    files = {file.path: file for file in audio_files(database)}
    harbour, low_tide, untagged = (
        files[path] for path in ("Tides/1.mp3", "Nadia Verholt - Low Tide.wav", "untagged.wav")
    )
    assert low_tide.track_id == "5" * 22  # by its names and length
    assert harbour.track_id.startswith("local-")  # one ISRC, but other names: not the same recording
    track = known_tracks(database, [harbour.track_id])[harbour.track_id].track
    assert (track.title, track.year, track.ids["mbid"]) == ("Harbour", 2019, MBID)
    assert track.features.source == f"own audio, analyser {VERSION}"
    assert track.features.values["tempo"] == pytest.approx(120, rel=0.02)
    assert timbre_of(database, harbour.track_id).shape[1] == 12
    assert (var / "audio" / "covers" / harbour.cover).read_bytes() == PNG
    assert database.get_track(untagged.track_id).title == "untagged"
    assert sorted(folder_at(database, str(folder)).problems) == said
    # A list names the same recording in its own way, and finds the file.
    index = AudioIndexFile(var).current()
    assert index.find(Track(id="x" * 22, title="Harbour - Remastered 2021", artists=("Nadia Verholt",))) == harbour.id
    assert index.find(Track(id="y" * 22, title="?", artists=(), isrc="DEABC2500001", duration_ms=6_000)) == harbour.id
    assert index.find(Track(id="z" * 22, title="Harbour", artists=("Nadia Verholt",), duration_ms=300_000)) is None


def test_only_what_is_new_is_examined_and_features_of_a_service_stay_in_front(
    database: Database, tmp_path: Path
) -> None:
    folder, var = tmp_path / "music", tmp_path / "var"
    told = AudioFeatures(values={"energy": 0.9}, source="a table")
    database.put_tracks([Track(id="5" * 22, title="Low Tide", artists=("Nadia Verholt",), features=told)])
    write_wav(folder / "Nadia Verholt - Low Tide.wav")
    (folder / "empty.mp3").touch()
    first = scan(database, var, folder)
    assert counts(first) == (1, 0, {"it is empty": 1})
    known = known_tracks(database, ["5" * 22])["5" * 22]
    assert known.track.features == told
    assert known.feature_sources == {"a table", f"own audio, analyser {VERSION}"}
    assert counts(scan(database, var, folder)) == (0, 1, {"it is empty": 1})
    # Another time of change, another name: the contents are known.
    song = folder / "Nadia Verholt - Low Tide.wav"
    os.utime(song, ns=(1, 1))
    song.rename(folder / "moved.wav")
    assert counts(scan(database, var, folder))[:2] == (0, 1)
    by_path = {file.path: file for file in audio_files(database)}
    assert by_path["moved.wav"].track_id == "5" * 22
    assert by_path[song.name].gone
    # A file that is gone is not played, and comes back when its disk does.
    (folder / "moved.wav").rename(tmp_path / "away.wav")
    scan(database, var, folder)
    assert AudioIndexFile(var).current().find(database.get_track("5" * 22)) is None
    (tmp_path / "away.wav").rename(folder / "moved.wav")
    assert counts(scan(database, var, folder))[:2] == (0, 1)
    assert AudioIndexFile(var).current().find(database.get_track("5" * 22)) == by_path["moved.wav"].id


def test_folders_too_deep_in_one_another_are_named(tmp_path: Path) -> None:
    write_wav(tmp_path.joinpath(*["d"] * 33, "deep.wav"))
    [found] = walk(tmp_path)
    assert (found.path, found.reason) == ("/".join(["d"] * 33), TOO_DEEP)


def test_a_watched_folder_is_scanned_when_its_files_change(database: Database, tmp_path: Path) -> None:
    folder, var = tmp_path / "music", tmp_path / "var"
    write_wav(folder / "one.wav")
    scan(database, var, folder)
    watch = MusicWatch(database, var, None)
    write_wav(folder / "two.wav", tones(hz=300))
    assert watch.queue_changed() == 0  # nobody has asked for it
    put_audio_folder(database, replace(folder_at(database, str(folder)), watched=True))
    assert MusicWatch(database, var, tmp_path).queue_changed() == 0  # the settings name another folder
    assert watch.queue_changed() == 1
    [run] = [run for run in database.unfinished_runs() if run.kind == "scan"]
    execute(database, var, run.id)
    assert counts(database.get_run(run.id))[:2] == (1, 1)
    assert watch.queue_changed() == 0
    shutil.rmtree(folder)
    assert watch.queue_changed() == 0


def test_a_scan_that_is_killed_goes_on(database_uri: str, tmp_path: Path) -> None:
    folder, var = tmp_path / "music", tmp_path / "var"
    database = Database(database_uri, installation_id=installation_id_of(var))
    database.create_indexes()
    for at in range(6):
        write_wav(folder / f"{at}.wav", tones(6, hz=200 + 20 * at))
    environment = os.environ | {"MONGODB_URI": database.uri, "TASTEMAP_VAR": str(var)}
    command = [sys.executable, "-m", "etl", "scan", str(folder), "--cores", "2"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    while len(audio_files(database)) < 2:
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = {file.path: file.modified_ns for file in audio_files(database)}
    [run] = [run for run in database.unfinished_runs() if run.kind == "scan"]
    assert execute(database, var, run.id) == "done"
    done = database.get_run(run.id)
    assert (done.requested, done.stored, done.skipped) == (6, 6, {})
    assert len(audio_files(database)) == 6
    assert 2 <= len(before) <= 6
    assert len(AudioIndexFile(var).current()) == 6
    database.close()


@pytest.mark.parametrize(
    "path", ["../secret.mp3", "/etc/passwd", "a/../../secret.mp3", "link.mp3", "folder/x.mp3", "", "a", "pipe.mp3"]
)
def test_nothing_outside_the_folder_is_opened(tmp_path: Path, path: str) -> None:
    root = tmp_path / "music"
    (root / "a").mkdir(parents=True)
    (tmp_path / "secret.mp3").write_text("secret")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "x.mp3").write_text("secret")
    (root / "link.mp3").symlink_to(tmp_path / "secret.mp3")
    (root / "folder").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(root / "pipe.mp3")
    (root / "a" / "fine.mp3").write_text("sound")
    os.close(open_below(str(root), "a/fine.mp3"))
    with pytest.raises(NotInLibrary):
        open_below(str(root), path)
