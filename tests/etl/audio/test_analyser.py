"""A file of sound as audio features and an analysis; and what cannot be read, said in words."""

from pathlib import Path

import numpy as np
import pytest

from etl.audio import decoding
from etl.audio.analyser import SoundAnalysis, analyse
from store.domain import AUDIO_FEATURES, FEATURE_BOUNDS
from tests.etl.audio import sounds


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> SoundAnalysis:
    path = tmp_path_factory.mktemp("sound") / "song.wav"
    return analyse(sounds.write_wav(path, sounds.song(bpm=120, tonic=2, bars=10), channels=2))


def test_tempo_key_meter_and_length_of_a_song_are_found(found: SoundAnalysis) -> None:
    values = found.features.values
    assert values["tempo"] == pytest.approx(120, rel=0.01)
    assert (values["key"], values["mode"], values["time_signature"]) == (2, 1, 4)
    assert values["duration_ms"] == pytest.approx(21_000, abs=2)
    assert {"valence", "liveness"} & set(values) == set()
    assert set(found.confidence) == set(values) <= set(AUDIO_FEATURES)
    for name, value in values.items():
        assert FEATURE_BOUNDS[name][0] <= value <= FEATURE_BOUNDS[name][1]


def test_blocks_are_mono_at_the_rate_that_is_asked_for(tmp_path: Path) -> None:
    t = np.arange(44_100 * 3) / 44_100
    path = sounds.write_wav(tmp_path / "a.wav", np.sin(2 * np.pi * 440 * t).astype("f4") * 0.5, 44_100, channels=2)
    whole = np.concatenate(list(decoding.mono_blocks(path, 16_000)))
    assert whole.dtype == np.float32
    assert len(whole) == 48_000
    expected = 0.5 * np.sin(2 * np.pi * 440 * np.arange(48_000) / 16_000)
    assert np.abs(whole - expected)[500:-500].max() < 1e-3
