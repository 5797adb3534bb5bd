"""AcousticBrainz: its classifiers and descriptors on our scales, as docs/acousticbrainz.md says."""

import pytest

from etl.providers.acousticbrainz import features_of
from etl.providers.base import Need
from etl.providers.translation import Object
from store.domain import AUDIO_FEATURES, FEATURE_BOUNDS
from tests.etl.providers.conftest import Ask, about
from tests.fake_services.fixtures import FakeServices


def two(name: str, probability: float) -> dict[str, object]:
    return {"all": {name: probability, f"not_{name}": 1 - probability}, "probability": probability, "value": name}


HIGH = {
    "danceability": two("danceable", 0.9),
    "mood_acoustic": two("acoustic", 0.125),
    "mood_aggressive": two("aggressive", 0.2),
    "mood_happy": two("happy", 0.75),
    "mood_party": two("party", 0.8),
    "mood_relaxed": two("relaxed", 0.3),
    "mood_sad": two("sad", 0.25),
    "voice_instrumental": {"all": {"instrumental": 0.05, "voice": 0.95}, "probability": 0.95, "value": "voice"},
}
LOW = {
    "metadata": {"audio_properties": {"length": 187.5, "replay_gain": -13.5}},
    "rhythm": {"bpm": 122.4},
    "tonal": {"key_key": "Bb", "key_scale": "minor"},
}


def test_both_documents_together() -> None:
    found = features_of(Object(HIGH), Object(LOW))
    assert found is not None
    assert found.values == pytest.approx(
        {
            "danceability": 0.9,
            "energy": 0.75,  # (1 + 0.8 - 0.3) / 2
            "key": 10,
            "loudness": -10.5,  # -24 + 13.5
            "mode": 0,
            "acousticness": 0.125,
            "instrumentalness": 0.05,
            "valence": 0.75,  # (1 + 0.75 - 0.25) / 2
            "tempo": 122.4,
            "duration_ms": 187_500,
        }
    )
    assert found.confidence == 0.5


def test_either_document_alone_and_neither() -> None:
    high, low = features_of(Object(HIGH), Object()), features_of(Object(), Object(LOW))
    assert high is not None
    assert low is not None
    assert set(high.values) == {"danceability", "energy", "acousticness", "instrumentalness", "valence"}
    assert set(low.values) == {"key", "loudness", "mode", "tempo", "duration_ms"}
    assert features_of(Object(), Object()) is None


def test_what_has_no_counterpart_is_never_there() -> None:
    found = features_of(Object(HIGH), Object(LOW))
    assert found is not None
    assert set(AUDIO_FEATURES) - set(found.values) == {"speechiness", "liveness", "time_signature"}


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("C", 0),
        ("C#", 1),
        ("Db", 1),
        ("E", 4),
        ("Cb", 11),
        ("B#", 0),
        ("G#", 8),
        ("H", None),
        ("", None),
        ("C##", None),
    ],
)
def test_keys(key: str, expected: int | None) -> None:
    found = features_of(Object(HIGH), Object({"tonal": {"key_key": key}}))
    assert found is not None
    assert found.values.get("key") == expected


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"rhythm": {"bpm": 0}}, "tempo"),
        ({"metadata": {"audio_properties": {"replay_gain": 60.0}}}, "loudness"),
        ({"metadata": {"audio_properties": {"replay_gain": -9.0, "length": 0}}}, "duration_ms"),
        ({"tonal": {"key_scale": "dorian"}}, "mode"),
    ],
)
def test_what_cannot_be_is_missing(change: dict[str, object], missing: str) -> None:
    found = features_of(Object(HIGH), Object({**LOW, **change}))
    assert found is not None
    assert missing not in found.values


def test_a_relaxed_track_without_a_lively_side_has_no_energy_rather_than_a_guess() -> None:
    found = features_of(Object({"mood_relaxed": two("relaxed", 0.9), "mood_happy": two("happy", 0.5)}), Object(LOW))
    assert found is not None
    assert not {"energy", "valence"} & set(found.values)


def test_many_recordings_take_two_calls(ask: Ask, fake_services: FakeServices) -> None:
    songs = [s for s in fake_services.world.on("musicbrainz") if s.features][:25]
    found = ask("acousticbrainz", Need.FEATURES, *(about(song, "mbid") for song in songs))
    assert len(fake_services.acousticbrainz.requests) == 2
    for song, sound in zip(songs, found, strict=True):
        if "acousticbrainz" in song.absent:
            assert sound is None
            continue
        assert sound.values["tempo"] == song.features["tempo"]
        assert sound.values["valence"] == pytest.approx(song.features["valence"])
        assert sound.values["loudness"] == pytest.approx(song.features["loudness"])
        for name, value in sound.values.items():
            low, high = FEATURE_BOUNDS[name]
            assert low <= value <= high


def test_what_it_never_analysed_is_not_found(ask: Ask, fake_services: FakeServices) -> None:
    assert ask("acousticbrainz", Need.FEATURES, about(fake_services.world.song("Potato Salad"), "mbid")) is None
