"""Guards keep tracks of a kind out of a list: spoken word, explicit or seasonal tracks.

A track without the data that a guard needs passes.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from store.domain import Track
from store.text import normalise

# Above this value a track "is probably made entirely of spoken words", as Spotify's reference defines speechiness.
SPOKEN = 0.66
# Words of titles and albums of Christmas, Hanukkah or Halloween in several languages. Words that often mean something
# else ("winter", "holiday", "jul", "santa") count only within the phrases.
SEASONAL_WORDS = frozenset(
    (
        *(
            "christmas",
            "christmastime",
            "claus",
            "halloween",
            "hanukkah",
            "jingle",
            "joulu",
            "julen",
            "kerst",
            "mistletoe",
        ),
        *("natal", "natale", "navidad", "noel", "reindeer", "rudolph", "santas", "sleigh", "snowman"),
        *("weihnacht", "weihnachten", "weihnachts", "xmas", "yule", "yuletide"),
    )
)
SEASONAL_PHRASES = (
    *("auld lang syne", "carol of the bells", "come all ye faithful", "dear santa", "god jul", "happy holidays"),
    *("holy night", "let it snow", "little drummer boy", "santa baby", "santa tell me", "silent night"),
    *("stille nacht", "winter wonderland"),
)
_SEASONAL_PHRASES = re.compile(rf"\b({'|'.join(SEASONAL_PHRASES)})\b")
_SPOKEN_WORDS = re.compile(r"\b(audiobook|audio book|horbuch|horspiel|podcast)\b")


def is_spoken(track: Track) -> bool:
    """Return whether speechiness is above 0.66, or the title or album names an audiobook or podcast."""
    speech = track.feature_values.get("speechiness")
    return (speech is not None and speech > SPOKEN) or bool(_SPOKEN_WORDS.search(_named(track.title, track.album)))


def is_explicit(track: Track) -> bool:
    return track.explicit is True


def is_seasonal(track: Track) -> bool:
    """Return whether title and album have words or phrases of a season (:data:`SEASONAL_WORDS`)."""
    return names_season(_named(track.title, track.album))


def names_season(normal: str) -> bool:
    """Return whether a normalised title has words or phrases of a season (:data:`SEASONAL_WORDS`)."""
    return not SEASONAL_WORDS.isdisjoint(normal.split()) or bool(_SEASONAL_PHRASES.search(normal))


def is_out_of_length(track: Track, shortest_s: float, longest_s: float) -> bool:
    """Return whether a track is shorter or longer than allowed; False if its length is unknown.

    A track may have another length among its features; it is enough if one of the two is out of bounds.
    """
    lengths = (track.duration_ms, track.feature_values.get("duration_ms"))
    return any(length and not shortest_s <= length / 1000 <= longest_s for length in lengths)


@lru_cache(64)  # several guards read the same names
def _named(title: str, album: str | None) -> str:
    return f"{normalise(title)} {normalise(album or '')}"


GUARDS: Mapping[str, Callable[[Track], bool]] = {
    "spoken": is_spoken,
    "explicit": is_explicit,
    "seasonal": is_seasonal,
}


def caught(track: Track, guards: Mapping[str, bool]) -> str | None:
    """Return the first active guard that keeps ``track`` out, ``None`` if none does."""
    return next((name for name, tells in GUARDS.items() if guards.get(name) and tells(track)), None)
