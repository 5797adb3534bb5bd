"""Scores how well a track's names match a typed query."""

from rapidfuzz.distance import OSA

from store.catalogue.versions import kind_bits

_ONE_TYPO, _TWO_TYPOS = 4, 8
# Weights in a score: all words found; how much of the name was typed; how popular the recording is.
_FOUND, _FIT, _POPULARITY = 0.3, 0.5, 0.2
# A short query says little about the name, so popularity counts more. With this many letters both count equally.
_SHORT = 3
# The share of a word's letters that count if it is only a prefix, or if words are joined in another way.
_PREFIX, _JOINED = 0.95, 0.9
_TYPO_LETTERS = 2.0
# Factors for versions that the query does not name: covers by other artists; live recordings, remixes ...
_COVER, _IMITATION, _VERSION = kind_bits(["cover"]), 0.85, 0.95


def allowed_typos(word: str) -> int:
    """Return how many typos a word may have, 0 to 2 by its length: a short word with a typo is another word."""
    return (len(word) >= _ONE_TYPO) + (len(word) >= _TWO_TYPOS)


def score(words: list[str], title: str, artist: str, popular: float, unasked: int = 0) -> float:
    """Return how well a track answers the query, 0 to 1.

    Parameters
    ----------
    words : list of str
        The normalised words of the query.
    title, artist : str
        The normalised title, without guests and edition, and artists of the track.
    popular : float
        Popularity, 0 to 1.
    unasked : int
        The kinds of version (:func:`store.catalogue.versions.kind_bits`) that the track is and the query does not name.

    Notes
    -----
    The score is the squared share of the typed letters that occur in the names, times a weighted sum of the share of
    the names that was typed and of the popularity. If all words are in the title (or in the artist), only that part of
    the names counts.
    """
    in_title, in_artist = _explained(words, title, artist)
    typed = sum(map(len, words))
    coverage = sum(map(max, in_title, in_artist)) / typed
    title_typed = sum(t for t, a in zip(in_title, in_artist, strict=True) if t >= a)
    artist_typed = sum(a for t, a in zip(in_title, in_artist, strict=True) if a >= t)
    title_size, artist_size = _size(title), _size(artist)
    both = (title_typed + artist_typed) / (title_size + artist_size)
    alone = (sum(of) / size for of, size in ((in_title, title_size), (in_artist, artist_size)) if min(of) > 0)
    fit = min(1.0, max((both, *alone)))
    certain = typed / (typed + _SHORT)
    if unasked:
        coverage *= _IMITATION if unasked & _COVER else _VERSION
    return coverage**2 * (_FOUND + _FIT * (certain * fit + (1 - certain) * popular) + _POPULARITY * popular)


def coverage(words: list[str], title: str, artist: str) -> tuple[float, bool]:
    """Return the share of the typed letters, 0 to 1, that occur in title and artist, and whether all words do.

    Words of up to three letters ("the", "by") need not occur.
    """
    best = list(map(max, *_explained(words, title, artist)))
    whole = all(letters > 0 or len(word) <= _SHORT for word, letters in zip(words, best, strict=True))
    return sum(best) / sum(map(len, words)), whole


def _size(name: str) -> int:
    return len(name) - name.count(" ") or 1


def _explained(words: list[str], title: str, artist: str) -> tuple[list[float], list[float]]:
    """Return for each query word how many of its letters occur in the title, and how many in the artist."""
    title_words, artist_words = title.split(), artist.split()
    in_title = [_as_typed(word, title_words) for word in words]
    in_artist = [_as_typed(word, artist_words) for word in words]
    for at, word in enumerate(words):
        if not (in_title[at] or in_artist[at]):
            in_title[at] = _nearly(word, title_words)
            in_artist[at] = _nearly(word, artist_words)
    return in_title, in_artist


def _as_typed(word: str, name: list[str]) -> float:
    if word in name:
        return float(len(word))
    return _PREFIX * len(word) if any(other.startswith(word) for other in name) else 0.0


def _nearly(word: str, name: list[str]) -> float:
    if any("".join(name[at:]).startswith(word) for at in range(len(name) - 1)):
        return _JOINED * len(word)
    allowed = allowed_typos(word)
    cuts = (other[: len(word) + allowed] for other in name)
    wrong = min((OSA.distance(word, cut, score_cutoff=allowed) for cut in cuts), default=allowed + 1)
    return max(0.0, _PREFIX * len(word) - _TYPO_LETTERS * wrong) if wrong <= allowed else 0.0
