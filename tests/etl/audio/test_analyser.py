"""A file of sound as audio features and an analysis in Spotify's form."""

import gzip
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from bench._cost import DATA
from etl.audio.analyser import SoundAnalysis, analyse
from etl.audio.loudness import LoudnessMeter
from etl.commands import sound
from store.domain import AUDIO_FEATURES, FEATURE_BOUNDS
from tests.etl.audio import sounds
from tests.etl.audio.analysis_schema import SCHEMA

_CHECK = jsonschema.Draft202012Validator(SCHEMA)


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sound") / "song.wav"
    return sounds.write_wav(path, sounds.song(bpm=120, tonic=2, bars=10), channels=2)


@pytest.fixture(scope="module")
def found(song: Path) -> SoundAnalysis:
    return analyse(song)


def analysis_of(found: SoundAnalysis) -> dict[str, Any]:
    assert found.analysis is not None
    return found.analysis


def test_tempo_key_meter_and_length_of_a_song_are_found(found: SoundAnalysis) -> None:
    values = found.features.values
    assert values["tempo"] == pytest.approx(120, rel=0.01)
    assert (values["key"], values["mode"], values["time_signature"]) == (2, 1, 4)
    assert values["duration_ms"] == pytest.approx(21_000, abs=2)
    # No voice sings, and no valence or liveness is made up.
    assert values["instrumentalness"] > 0.5 > values["speechiness"]
    assert {"valence", "liveness"} & set(values) == set()
    assert set(found.confidence) == set(values) <= set(AUDIO_FEATURES)
    for name, value in values.items():
        assert FEATURE_BOUNDS[name][0] <= value <= FEATURE_BOUNDS[name][1]
        assert 0 <= found.confidence[name] <= 1


def test_a_minor_song_in_three_is_told_from_a_major_one_in_four(tmp_path: Path) -> None:
    path = sounds.write_wav(tmp_path / "waltz.wav", sounds.song(bpm=100, tonic=9, major=False, meter=3, bars=12))
    values = analyse(path, full=False).features.values
    assert values["tempo"] == pytest.approx(100, rel=0.01)
    assert (values["key"], values["mode"], values["time_signature"]) == (9, 0, 3)
    assert "speechiness" not in values


def test_the_analysis_has_the_form_of_the_real_ones(found: SoundAnalysis) -> None:
    assert list(_CHECK.iter_errors(json.loads(json.dumps(found.analysis)))) == []


@pytest.mark.shared
@pytest.mark.skipif(not (DATA / "analysis").is_dir(), reason="the kept analyses are not here")
def test_the_real_analyses_have_the_form_that_ours_has() -> None:
    files = sorted((DATA / "analysis").glob("*.json.gz"))
    assert len(files) > 20
    for file in files[::8]:
        errors = [error.message for error in _CHECK.iter_errors(json.loads(gzip.decompress(file.read_bytes())))]
        assert errors == [], file.name


def test_segments_sections_and_beats_cover_the_song_without_gaps(found: SoundAnalysis) -> None:
    analysis = analysis_of(found)
    for name in ("segments", "sections", "beats", "tatums", "bars"):
        parts = analysis[name]
        assert parts
        for part, after in pairwise(parts):
            assert part["start"] + part["duration"] == pytest.approx(after["start"], abs=2e-4), name
    seconds = analysis["track"]["duration"]
    for name in ("segments", "sections"):
        assert analysis[name][0]["start"] == 0
        assert analysis[name][-1]["start"] + analysis[name][-1]["duration"] == pytest.approx(seconds, abs=1e-3)
    assert len(analysis["tatums"]) in {2 * len(analysis["beats"]), 3 * len(analysis["beats"])}
    for segment in analysis["segments"]:
        assert max(segment["pitches"]) == 1
        assert segment["loudness_max"] >= segment["loudness_start"]
        assert 0 <= segment["loudness_max_time"] <= segment["duration"]
        assert 0 <= segment["timbre"][0] <= 61


def test_beats_and_bars_lie_where_the_song_has_them(found: SoundAnalysis) -> None:
    starts = np.array([beat["start"] for beat in analysis_of(found)["beats"]])
    inner = starts[(starts > 1) & (starts < 19)]
    assert np.abs(inner * 2 - np.round(inner * 2)).max() / 2 < 0.05
    bars = np.array([bar["start"] for bar in analysis_of(found)["bars"]])
    bars = bars[(bars > 1) & (bars < 19)]
    assert np.abs(bars / 2 - np.round(bars / 2)).max() * 2 < 0.05


def test_a_segment_tells_its_pitch_and_its_loudness(tmp_path: Path) -> None:
    parts = [sounds.note(60 + step, 1.0, decay=6.0) * gain for step, gain in ((0, 0.3), (7, 0.03), (4, 0.3), (9, 0.3))]
    path = sounds.write_wav(tmp_path / "notes.wav", np.concatenate(parts) / 2)
    segments = analysis_of(analyse(path))["segments"]
    for second, step in enumerate((0, 7, 4, 9)):
        longest = max((s for s in segments if second <= s["start"] + 0.1 < second + 0.9), key=lambda s: s["duration"])
        assert np.argmax(longest["pitches"]) == step
    loudest = [max(s["loudness_max"] for s in segments if k <= s["start"] + 0.1 < k + 0.9) for k in range(4)]
    assert loudest[0] - loudest[1] == pytest.approx(20, abs=2)


def test_loudness_is_that_of_the_recommendation_in_any_blocks() -> None:
    """EBU Tech 3341, case 1: a stereo sine of 1 kHz at -23 dBFS measures -23 LUFS. A mono one measures 3 dB less."""
    t = np.arange(48_000 * 20) / 48_000
    tone = (10 ** (-23 / 20) * np.sin(2 * np.pi * 1000 * t)).astype(np.float32)
    for channels, expected in ((2, -23.0), (1, -26.01)):
        meter = LoudnessMeter(48_000, channels)
        for start in range(0, len(tone), 70_001):
            meter.push(np.stack([tone[start : start + 70_001]] * channels))
        assert meter.integrated() == pytest.approx(expected, abs=0.1)


def test_silence_and_a_click_have_neither_tempo_nor_key(tmp_path: Path) -> None:
    silent = analyse(sounds.write_wav(tmp_path / "silent.wav", np.zeros(22_050 * 8, np.float32)))
    assert set(silent.features.values) == {"duration_ms"}
    assert analysis_of(silent)["track"]["key"] == -1
    assert list(_CHECK.iter_errors(json.loads(json.dumps(silent.analysis)))) == []
    click = np.zeros(2_000, np.float32)
    click[1_000] = 0.5
    short = analyse(sounds.write_wav(tmp_path / "click.wav", click))
    assert {"tempo", "key", "mode", "time_signature"} & set(short.features.values) == set()
    assert list(_CHECK.iter_errors(json.loads(json.dumps(short.analysis)))) == []


def test_the_same_file_gives_the_same_numbers(song: Path, found: SoundAnalysis) -> None:
    again = analyse(song)
    assert (again.features, again.descriptors) == (found.features, found.descriptors)
    assert analysis_of(again)["segments"] == analysis_of(found)["segments"]


def test_the_command_prints_a_line_for_each_file_and_names_the_one_that_cannot_be_read(
    song: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import argparse

    parser = argparse.ArgumentParser()
    sound.add_sound(parser.add_subparsers())
    broken = tmp_path / "broken.mp3"
    broken.write_bytes(b"")
    options = parser.parse_args(["analyse", "--features", str(broken), str(song)])
    assert options.command(None, options) == 1
    said = capsys.readouterr()
    assert "broken.mp3 is empty" in said.err
    line = json.loads(said.out)
    assert line["features"]["key"] == 2
    assert "analysis" not in line
