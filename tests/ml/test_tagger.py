"""musicnn on LiteRT: its patches, what it hears, and sound-alikes by its vectors."""

import numpy as np
import pytest

from ml import artefacts
from ml.tagger import mel
from ml.tagger.alike import LEAST_FITTED, SoundSpace
from ml.tagger.genres import genre_probabilities, kinds_of
from ml.tagger.model import MusicTagger
from ml.tagger.train.network import rounded
from ml.taxonomy.model import Taxonomy

# What the authors' own graph, run from their checkpoints by ml.tagger.train.checkpoint, says of :func:`chord`.
ORIGINAL = {2: 0.5584, 9: 0.4877, 0: 0.3770, 78: 0.3121, 53: 0.2856, 54: 0.1741, 30: 0.1533, 73: 0.1321}


@pytest.fixture(scope="module")
def tagger() -> MusicTagger:
    return MusicTagger.load(artefacts.active("tagger"))


def chord() -> np.ndarray:
    """Nine seconds of a fifth and an octave, rich in overtones, struck twice a second."""
    time = np.arange(mel.RATE * 9) / mel.RATE
    tone = sum(np.sin(2 * np.pi * hz * k * time) / k for hz in (110.0, 164.8, 220.0) for k in range(1, 9))
    return (tone * 0.12 * (0.4 + 0.6 * np.exp(-6 * (time % 0.5)))).astype(np.float32)


def test_what_is_served_hears_what_the_original_hears(tagger: MusicTagger) -> None:
    sound = tagger.predict([chord()])
    assert sound.parts.shape == (3, 400)
    assert {at: float(sound.tags[at]) for at in ORIGINAL} == pytest.approx(ORIGINAL, abs=0.03)
    assert [tagger.tags[at] for at in np.argsort(-sound.tags)[:2]] == ["slow", "piano"]
    loud = tagger.predict([50.0 * chord()])  # half precision overflows here
    assert np.isfinite(loud.parts).all()
    assert loud.tags.max() > 0.2


def test_patches_are_the_same_in_any_blocks_and_spread_over_the_whole() -> None:
    sound = np.concatenate([chord(), 0.3 * chord()[::-1]])
    whole = mel.patches([sound], 20)
    parts = mel.patches((sound[at : at + 777] for at in range(0, len(sound), 777)), 20)
    np.testing.assert_array_equal(whole, parts)
    assert whole.shape == (6, mel.FRAMES, mel.MELS)
    rising = (np.full(48_000, level, np.float32) * np.sin(np.arange(48_000)) for level in np.linspace(0.01, 1, 100))
    levels = mel.patches(rising, 8).max(axis=(1, 2))
    assert len(levels) == 8
    assert (np.diff(levels) > 0).all()
    assert levels[0] < 0.5 * levels[-1]
    assert mel.patches([chord()[:9_000]], 20).shape == (1, mel.FRAMES, mel.MELS)
    with pytest.raises(mel.TooShort, match="are too short"):
        mel.patches([chord()[:4_000]], 20)


def test_rounded_weights_are_close_and_hold_in_half_precision() -> None:
    weights = {"dense/kernel": np.random.default_rng(1).normal(size=(50, 7)), "dense/bias": np.full(7, 0.1)}
    made = rounded(weights)
    np.testing.assert_array_equal(made["dense/kernel"], made["dense/kernel"].astype(np.float16))
    assert np.abs(made["dense/kernel"] - weights["dense/kernel"]).max() < 0.05
    assert made["dense/bias"] is weights["dense/bias"]


def test_tags_stand_for_genres_and_moods(tagger: MusicTagger) -> None:
    genres = Taxonomy.active().genres
    heard = np.full(100, 0.01, np.float32)
    heard[tagger.tags.index("metal")], heard[50 + tagger.tags[50:].index("metal")] = 0.5, 0.6
    heard[tagger.tags.index("loud")], heard[tagger.tags.index("no vocals")] = 0.4, 0.9
    found = genre_probabilities(tagger.tags, heard, genres)
    assert found.sum() == pytest.approx(1.0)
    assert (genres[int(found.argmax())], found.max() > 0.6, found.min() > 0) == ("metal", True, True)
    kinds = kinds_of(tagger.tags, heard, 0.1)
    assert {kind: [name for name, _ in tags] for kind, tags in kinds.items()} == {
        "genres": ["metal"],
        "moods": ["loud"],
        "sounds": [],
    }


def test_sound_alikes_paths_and_duplicates() -> None:
    """Recordings on an arc, whose parts differ along a third axis that tells nothing."""
    rng = np.random.default_rng(2)
    angles = np.linspace(0, np.pi / 2, LEAST_FITTED)
    names = [f"{at:02}" for at in range(len(angles))]
    arc = np.stack([np.cos(angles), np.sin(angles), 0 * angles], axis=1)
    parts = [point + rng.normal(size=(4, 1)) * [0, 0, 2.0] for point in arc]
    space = SoundSpace.of(names, parts)
    few = SoundSpace.of(names[:-1], parts[:-1])

    def found(one: SoundSpace) -> int:
        """How many of the three nearest are within two steps on the arc, over all but the ends."""
        return sum(abs(int(near) - at) <= 2 for at in range(2, 47) for near, _ in one.nearest(f"{at:02}", 3))

    assert found(space) > 1.5 * found(few)
    path = space.path("00", "49", 6)
    assert (path[0], path[-1], len(path)) == ("00", "49", 6)
    assert path == sorted(path)
    twice = SoundSpace.of([*names, "copy", "longer"], [*parts, parts[7] * 1.001, parts[7]])
    lengths = [100_000 + 9_000 * at for at in range(len(names))]
    assert twice.duplicates([*lengths, lengths[7] + 500, lengths[7] + 30_000]) == [["07", "copy"]]
    assert SoundSpace.of(["alone"], parts[:1]).nearest("alone", 5) == []
