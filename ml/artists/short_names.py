"""Other ways to write the name of a well-known artist: by the last word, or with the words joined or parted."""

from collections.abc import Callable
from functools import cached_property

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
    """The tables of one embedding.

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
        self._keys, self._prior, self._find_exact = keys, prior, find_exact

    def joined(self, key: str) -> int | None:
        """Return the artist whose name has the same letters in other words: "acdc", "simon garfunkel"; or None.

        A name neither begins nor ends with "and": "& Woods" is not Woods.
        """
        words = key.split()
        return None if "and" in (*words[:1], *words[-1:]) else self._joined.get(joined(key))

    @cached_property
    def _names(self) -> list[tuple[int, str]]:
        """The well-known artists and their names, the best known first."""
        known = np.flatnonzero(self._prior[self._keys.artist] >= _WELL_KNOWN)
        return sorted((int(self._keys.artist[at]), self._keys.keys[int(at)]) for at in known)

    @cached_property
    def surnames(self) -> dict[str, int]:
        """The best known artist by the last word of the name, if nobody is called by this word and it is in few names.

        "Hendrix" is Jimi Hendrix. Only well-known artists count, and other names of those on the list.
        """
        others = ((self._keys.exact(usual), other) for other, usual in other_names().items())
        found: dict[str, int] = {}
        for artist, name in sorted(
            [*self._names, *((artist, other) for artist, other in others if artist is not None)]
        ):
            *first, word = name.split()
            fits = 0 < len(first) <= 2 and "and" not in first and len(word) >= _LEAST_LETTERS
            if fits and word not in self._keys.common_words and self._find_exact(word) is None:
                found.setdefault(word, artist)
        return found

    @cached_property
    def _joined(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for artist, name in self._names:
            if len(letters := joined(name)) >= _LEAST_LETTERS:
                found.setdefault(letters, artist)
        return found
