"""Other ways to write the name of a well-known artist: by the last word, or with the words joined or parted."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ml.artists.names import KeyIndex
from ml.artists.well_known import other_names

# How well known an artist must be, and the least letters of a last word and of a joined name.
_WELL_KNOWN, _LEAST_LETTERS = 0.45, 3


def joined(key: str) -> str:
    """Return a normalised name without spaces, "the" and "and": "blink182", "simongarfunkel"."""
    return "".join(word for word in key.removeprefix("the ").split() if word != "and")


class ShortNames:
    """The tables of one embedding; only well-known artists are in them.

    Parameters
    ----------
    keys : KeyIndex
        The normalised names.
    prior : np.ndarray
        (n,) how well known each artist is, 0 to 1.
    find_exact : callable
        Returns the artist of a whole name, or None.
    """

    def __init__(
        self, keys: KeyIndex, prior: npt.NDArray[np.floating], find_exact: Callable[[str], int | None]
    ) -> None:
        known = np.flatnonzero(prior[keys.artist] >= _WELL_KNOWN)
        names = sorted((int(keys.artist[at]), keys.keys[int(at)]) for at in known)  # the best known first
        self._joined: dict[str, int] = {}
        for artist, name in names:
            if len(letters := joined(name)) >= _LEAST_LETTERS:
                self._joined.setdefault(letters, artist)
        # Other names of artists on the list count, too.
        others = ((keys.exact(usual), other) for other, usual in other_names().items())
        names += [(artist, other) for artist, other in others if artist is not None]
        self._surnames: dict[str, int] = {}
        for artist, name in sorted(names):
            *first, word = name.split()
            fits = 0 < len(first) <= 2 and "and" not in first and len(word) >= _LEAST_LETTERS
            if fits and word not in keys.common_words and find_exact(word) is None:
                self._surnames.setdefault(word, artist)

    def by_surname(self, word: str) -> int | None:
        """Return the best known artist whose name ends with ``word``; None for none.

        "Hendrix" is Jimi Hendrix. Nobody is called by the word alone, and it is in few names.
        """
        return self._surnames.get(word)

    def joined(self, key: str) -> int | None:
        """Return the artist whose name has the same letters in other words: "acdc", "simon garfunkel"; or None.

        A name neither begins nor ends with "and": "& Woods" is not Woods.
        """
        words = key.split()
        return None if "and" in (*words[:1], *words[-1:]) else self._joined.get(joined(key))
