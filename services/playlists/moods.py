"""The moods of tracks: the four quarters of the plane of valence and energy."""

from collections.abc import Iterable
from typing import Literal

from store.domain import Track

Mood = Literal["happy_lively", "tense_lively", "happy_calm", "sad_calm"]
# The middle of valence and energy, which are 0 to 1.
_MIDDLE = 0.5


def moods(tracks: Iterable[Track]) -> dict[Mood, int]:
    """Count the tracks in each quarter; those of unknown valence or energy are in none."""
    counts: dict[Mood, int] = dict.fromkeys(("happy_lively", "tense_lively", "happy_calm", "sad_calm"), 0)
    for track in tracks:
        values = track.feature_values
        if "valence" in values and "energy" in values:
            happy, lively = values["valence"] >= _MIDDLE, values["energy"] >= _MIDDLE
            of_happy: tuple[Mood, Mood] = ("happy_calm", "happy_lively")
            of_others: tuple[Mood, Mood] = ("sad_calm", "tense_lively")
            counts[(of_happy if happy else of_others)[lively]] += 1
    return counts
