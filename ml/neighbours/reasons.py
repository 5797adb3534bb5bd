"""The reasons why one track goes with another, in words, from their features, artists and genres."""

from collections.abc import Iterator, Mapping, Sequence

from ml.artists.model import ArtistEmbedding
from ml.sound import AXES, DIFFERENCES
from store.domain import AUDIO_FEATURES, Track
from store.text import normalise

# (feature, the seed's value, the other's, their difference in spreads: see ml.sound.difference)
Difference = tuple[str, float, float, float]
Differences = Sequence[Difference]

_IN_ORDER = tuple((name, DIFFERENCES[name]) for name in AUDIO_FEATURES)
MOST = 5
NEAR = 0.25  # spreads; four in five pairs of tracks differ more
_KEYS = ("C", "C sharp", "D", "E flat", "E", "F", "F sharp", "G", "A flat", "A", "B flat", "B")
_SAME_TEMPO, _SAME_PULSE = 1.03, 1.02  # largest ratio of tempi that count as equal
_GENRES_NAMED = 2
_ENOUGH_LISTS = 2
_SOME_ACOUSTICNESS = 0.2
_CLOSE_ARTISTS, _CLOSE_SOUND = 0.6, 0.8  # cosine; spreads

# Texts for two tracks that both lie within bounds.
_EXTREMES: tuple[tuple[str, float, float, str], ...] = (
    ("instrumentalness", 0.5, 1.0, "Both most likely without vocals"),
    ("speechiness", 0.33, 1.0, "Both with much spoken word or rap"),
    ("liveness", 0.8, 1.0, "Both most likely recorded live"),
    ("acousticness", 0.8, 1.0, "Both acoustic"),
    ("energy", 0.0, 0.25, "Both calm"),
    ("energy", 0.85, 1.0, "Both of high energy"),
    ("danceability", 0.8, 1.0, "Both very danceable"),
    ("valence", 0.0, 0.2, "Both dark in mood"),
    ("valence", 0.85, 1.0, "Both bright in mood"),
)
_ALIKE = ("energy", "valence", "danceability", "acousticness")


def differences(seed: Track, other: Track) -> tuple[Difference, ...]:
    """Return the :data:`Difference` of each feature that both tracks have, in the order of AUDIO_FEATURES."""
    if seed.features is None or other.features is None:
        return ()
    mine, theirs = seed.features.values.get, other.features.values.get
    return tuple(
        [
            (name, value, its, apart(value, its))
            for name, apart in _IN_ORDER
            if (value := mine(name)) is not None and (its := theirs(name)) is not None
        ]
    )


def reasons(
    seed: Track,
    other: Track,
    artists: ArtistEmbedding,
    weights: Mapping[str, float] | None = None,
    apart: Differences | None = None,
) -> tuple[str, ...]:
    """Return one to five reasons why ``other`` goes with ``seed``: artists, then genres, then sound.

    ``weights`` are factors by feature, "sound", "artist" and "genre". Reasons of a higher factor come first, those of
    factor 0 are left out. ``apart`` are the tracks' :func:`differences` if they are known already.
    """
    factors = weights or {}
    apart = differences(seed, other) if apart is None else apart
    weighed = [
        *((factors.get("artist", 1.0), text) for text in _by_artist(seed, other, artists)),
        *((factors.get("genre", 1.0), text) for text in _by_genre(seed, other, artists)),
        *((factors.get("sound", 1.0) * factor, text) for factor, text in _by_sound(apart, factors)),
    ]
    weighed.sort(key=lambda pair: -pair[0])
    found = [text for factor, text in weighed if factor > 0]
    if not found:
        found = list(_by_default(seed, other, artists, apart))[:1]
    return tuple(found[:MOST])


def known_artist(names: Sequence[str], artists: ArtistEmbedding) -> tuple[int, str] | None:
    """Return the number and the name of the first of ``names`` that the embedding knows."""
    return next(((index, name) for name in names if (index := artists.find_exact(name)) is not None), None)


def _by_artist(seed: Track, other: Track, artists: ArtistEmbedding) -> Iterator[str]:
    theirs = {normalise(name) for name in other.artists}
    same = [name for name in seed.artists if normalise(name) in theirs]
    if same:
        yield "Same artist" if normalise(other.artists[0]) == normalise(seed.artists[0]) else f"Both with {same[0]}"
        return
    first, second = known_artist(seed.artists, artists), known_artist(other.artists[:1], artists)
    if first and second and artists.lists_together(first[0], second[0]) >= _ENOUGH_LISTS:
        yield f"Playlists hold both {first[1]} and {second[1]}"


def _by_genre(seed: Track, other: Track, artists: ArtistEmbedding) -> Iterator[str]:
    theirs = _genres(other, artists)
    shared = [name for name in _genres(seed, artists) if name in theirs]
    # A name of more words is a narrower genre: "old school thrash" comes before "metal", and "british soul" says what
    # "british" and "soul" say.
    shared.sort(key=lambda name: -len(name.split()))
    words = [frozenset(name.split()) for name in shared]
    narrow = [name for name, its in zip(shared, words, strict=True) if not any(its < others for others in words)]
    if narrow:
        yield f"Both {' and '.join(narrow[:_GENRES_NAMED])}"


def _genres(track: Track, artists: ArtistEmbedding) -> dict[str, None]:
    """Return the distinct genres of a track and of its first artist, in order."""
    named = [*track.labels, *track.artist_genres]
    index = artists.find_exact(track.artists[0]) if track.artists else None
    named += artists.known_genres(index) if index is not None else ()
    return dict.fromkeys(name.replace("-", " ").casefold() for name in named)


def _by_sound(apart: Differences, weights: Mapping[str, float]) -> Iterator[tuple[float, str]]:
    """Yield (factor of the feature, reason) for what two tracks have in common in sound."""
    counted = [difference for difference in apart if weights.get(difference[0], 1.0) > 0] if weights else apart
    pairs = {name: (mine, theirs) for name, mine, theirs, _ in counted}
    close = {name for name, _, _, difference in counted if abs(difference) <= NEAR}
    if "tempo" in pairs:
        yield from ((weights.get("tempo", 1.0), text) for text in _tempo(*pairs["tempo"]))
    said = set()
    for name, low, high, words in _EXTREMES:
        if name in pairs and low <= pairs[name][0] <= high and low <= pairs[name][1] <= high:
            said.add(name)
            yield weights.get(name, 1.0), f"{words} ({_numbers(*pairs[name])})"
    # Two low values are no reason, because most pairs of tracks are not acoustic.
    if "acousticness" in pairs and min(pairs["acousticness"]) < _SOME_ACOUSTICNESS:
        said.add("acousticness")
    near = [name for name in _ALIKE if name in close and name not in said]
    near.sort(key=lambda name: -weights.get(name, 1.0))
    if near:
        factor = weights.get(near[0], 1.0)
        yield factor, "Similar " + ", ".join(f"{name} ({_numbers(*pairs[name])})" for name in near[:2])
    if all(name in pairs and pairs[name][0] == pairs[name][1] for name in ("key", "mode")):
        yield 1.0, f"Same key: {_KEYS[int(pairs['key'][0])]} {'major' if pairs['mode'][0] else 'minor'}"


def _numbers(mine: float, theirs: float) -> str:
    return f"{mine:.2f} and {theirs:.2f}"


def _tempo(mine: float, theirs: float) -> Iterator[str]:
    slow, fast = sorted((mine, theirs))
    if fast / slow <= _SAME_TEMPO:
        yield f"Nearly the same tempo ({mine:.0f} and {theirs:.0f} BPM)"
    elif 2 / _SAME_PULSE <= fast / slow <= 2 * _SAME_PULSE:
        yield f"The same pulse at {'double' if theirs > mine else 'half'} the tempo ({mine:.0f} and {theirs:.0f} BPM)"


def _by_default(seed: Track, other: Track, artists: ArtistEmbedding, apart: Differences) -> Iterator[str]:
    """Yield reasons for two tracks that share nothing in particular; the last reason always holds."""
    mine, theirs = known_artist(seed.artists, artists), known_artist(other.artists[:1], artists)
    if mine and theirs and float(artists.unit(mine[0]) @ artists.unit(theirs[0])) >= _CLOSE_ARTISTS:
        placed = artists.placed.has_any(mine[0], theirs[0])
        yield f"{theirs[1]} is close to {mine[1]} in {'genres' if placed else 'genres, sound and playlists'}"
    squares = [d * d for name, _, _, d in apart if name in AXES]
    if squares and (sum(squares) / len(squares)) ** 0.5 <= _CLOSE_SOUND:
        yield "Close in sound, all features taken together"
    yield "The nearest of what is known here"
