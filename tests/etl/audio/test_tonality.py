"""The key of pitch classes alone."""

import numpy as np
import pytest

from etl.audio.tonality import Key, find_key

WHITE_KEYS = [0, 2, 4, 5, 7, 9, 11]


def key_of(last_note: int, *, ends: bool) -> tuple[int, int]:
    """The key of four hundred frames of white keys that go out on one note in the bass, before silence."""
    pitches, bass = np.zeros((410, 12), np.float32), np.zeros((410, 12), np.float32)
    pitches[:400, WHITE_KEYS] = 1.0
    pitches[:400, [0, 4, 7, 9]] += 0.6
    bass[:388, [0, 9]] = 1.0
    bass[388:400, last_note] = 0.01
    key = find_key(pitches, bass, ends=ends)
    assert isinstance(key, Key)
    return key.pitch_class, key.mode


@pytest.mark.parametrize(("last_note", "key"), [(0, (0, 1)), (9, (9, 0))])
def test_what_music_ends_on_tells_a_key_from_its_relative(last_note: int, key: tuple[int, int]) -> None:
    assert key_of(last_note, ends=True) == key


def test_a_part_of_the_music_has_no_last_note() -> None:
    assert key_of(0, ends=False) == key_of(9, ends=False)


def test_silence_has_no_key() -> None:
    assert find_key(np.zeros((50, 12), np.float32), np.zeros((50, 12), np.float32), ends=True) is None
