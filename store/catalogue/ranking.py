"""How well a name answers a typed query."""

from rapidfuzz.distance import OSA

from store.catalogue.versions import kind_bits

_ONE_TYPO, _TWO_TYPOS = 4, 8
# Shares of a score: all words found; how much of the name was typed; how popular the recording is.
_FOUND, _FIT, _POPULARITY = 0.3, 0.5, 0.2
# What is typed so far says little while it is short: then popularity decides more than an exact name.
_SHORT = 3
# Of a word's letters, what a beginning and what another way of joining the words explain.
_PREFIX, _JOINED = 0.95, 0.9
_TYPO_LETTERS = 2.0
# Factors of versions that were not asked for: an imitation by somebody else; a live recording, a remix ...
_COVER, _IMITATION, _VERSION = kind_bits(["cover"]), 0.85, 0.95


def allowed_typos(word: str) -> int:
    """Return 0, 1 or 2: a short word with a typo is another word."""
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
    The square of the share of typed letters that the name explains, times a mixture of how much of the name
    they are and popularity. Where all words are in the title (or the artist) the other part is not missed.
    """
    in_title, in_artist = _explained(words, title, artist)
    typed = sum(map(len, words))
    coverage = sum(map(max, in_title, in_artist)) / typed
    title_typed = sum(t for t, a in zip(in_title, in_artist, strict=True) if t >= a)
    artist_typed = sum(a for t, a in zip(in_title, in_artist, strict=True) if a >= t)
    title_size, artist_size = _size(title), _size(artist)
    both = (title_typed + artist_typed) / (title_size + artist_size)
    # What the title explains alone needs no artist, and the other way round.
    alone = (sum(of) / size for of, size in ((in_title, title_size), (in_artist, artist_size)) if min(of) > 0)
    fit = min(1.0, max((both, *alone)))
    certain = typed / (typed + _SHORT)
    if unasked:
        coverage *= _IMITATION if unasked & _COVER else _VERSION
    return coverage**2 * (_FOUND + _FIT * (certain * fit + (1 - certain) * popular) + _POPULARITY * popular)


def coverage(words: list[str], title: str, artist: str) -> tuple[float, bool]:
    """Return the share of the typed letters, 0 to 1, that title and artist explain, and whether no word is left over.

    A word of up to three letters ("the", "by") may be left over.
    """
    best = list(map(max, *_explained(words, title, artist)))
    whole = all(letters > 0 or len(word) <= _SHORT for word, letters in zip(words, best, strict=True))
    return sum(best) / sum(map(len, words)), whole


def _size(name: str) -> int:
    return len(name) - name.count(" ") or 1


def _explained(words: list[str], title: str, artist: str) -> tuple[list[float], list[float]]:
    """Return for each query word how many of its letters the title and the artist explain."""
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
