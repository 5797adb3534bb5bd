"""Genres and moods from the taggers' tags, by a table written by hand."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from store.feature_rows import Floats

# By tag, the genre (of the 114) that it stands for. MagnaTagATune's listeners call any electronic music with a beat
# "techno".
_OF_MTT = {
    "classical": "classical",
    "techno": "electronic",
    "strings": "classical",
    "electronic": "electronic",
    "rock": "rock",
    "ambient": "ambient",
    "violin": "classical",
    "indian": "indian",
    "opera": "opera",
    "harpsichord": "classical",
    "pop": "pop",
    "sitar": "indian",
    "choir": "classical",
    "new age": "new-age",
    "dance": "dance",
    "cello": "classical",
    "country": "country",
    "metal": "metal",
    "choral": "classical",
}
_OF_MSD = {
    "rock": "rock",
    "pop": "pop",
    "alternative": "alternative",
    "indie": "indie",
    "electronic": "electronic",
    "dance": "dance",
    "alternative rock": "alt-rock",
    "jazz": "jazz",
    "metal": "metal",
    "chillout": "chill",
    "classic rock": "rock",
    "soul": "soul",
    "indie rock": "indie",
    "electronica": "electronic",
    "folk": "folk",
    "chill": "chill",
    "punk": "punk",
    "blues": "blues",
    "hard rock": "hard-rock",
    "ambient": "ambient",
    "acoustic": "acoustic",
    "Hip-Hop": "hip-hop",
    "country": "country",
    "funk": "funk",
    "electro": "electro",
    "heavy metal": "heavy-metal",
    "Progressive rock": "psych-rock",
    "rnb": "r-n-b",
    "indie pop": "indie-pop",
    "House": "house",
}
_MTT_WEIGHT = 0.5  # lower, because MagnaTagATune's tags describe sound rather than genre
_PACE = ("slow", "fast", "beat", "loud", "quiet", "soft")
_FEELING = ("beautiful", "catchy", "happy", "mellow", "party", "sad", "sexy", "weird")
FEELINGS = frozenset((*_FEELING, "chill", "chillout", "easy listening"))
MOODS = FEELINGS | {*_PACE}
_INSTRUMENTS = frozenset(("strings", "violin", "cello", "choir", "harpsichord", "sitar"))
_LEAST = 0.01  # share of the probability that is spread over all genres, so that none is ruled out


def genre_probabilities(tags: Sequence[str], probabilities: Floats, genres: Sequence[str]) -> Floats:
    """Return the (114,) probabilities of ``genres`` that follow from the 100 tags of ``ml.tagger.model.MusicTagger``.

    Each is the sum of the probabilities of the tags that stand for the genre, scaled to 1 in all; not calibrated.
    """
    found, half = np.zeros(len(genres)), len(tags) // 2
    for at, (tag, probability) in enumerate(zip(tags, probabilities.tolist(), strict=True)):
        table, weight = (_OF_MTT, _MTT_WEIGHT) if at < half else (_OF_MSD, 1.0)
        if tag in table:
            found[genres.index(table[tag])] += weight * probability
    return (1.0 - _LEAST) * found / max(found.sum(), 1e-9) + _LEAST / len(genres)


def kinds_of(tags: Sequence[str], probabilities: Floats, least: float) -> Mapping[str, list[tuple[str, float]]]:
    """Return the tags with a probability of at least ``least`` by kind, the likeliest first.

    The kinds are ``genres``, ``moods`` and ``sounds`` (instruments, voices, the rest). A tag of both taggers has the
    higher probability.
    """
    best: dict[str, float] = {}
    for tag, probability in zip(tags, probabilities.tolist(), strict=True):
        best[tag.lower()] = max(probability, best.get(tag.lower(), 0.0))
    likely = sorted(((tag, value) for tag, value in best.items() if value >= least), key=lambda pair: -pair[1])
    genres = {tag.lower() for tag in (*_OF_MTT, *_OF_MSD)} - MOODS - _INSTRUMENTS
    picks: dict[str, Callable[[str], bool]] = {
        "genres": lambda tag: tag in genres,
        "moods": lambda tag: tag in MOODS,
        "sounds": lambda tag: tag not in genres | MOODS and not tag.startswith("no ") and not tag[0].isdigit(),
    }
    return {kind: [pair for pair in likely if picks[kind](pair[0])] for kind in picks}
