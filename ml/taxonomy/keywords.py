"""The words in the name of a genre: styles, places, instruments."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from store.text import normalise

Strength = Literal["keyword", "place", "weak"]
# A style takes precedence over a place, and a place over an instrument or a weak word such as pop or folk:
# "russian folk metal" is metal, "russian folk" is Russia's.
_ORDER: tuple[Strength, ...] = ("keyword", "place", "weak")


class GenreWords:
    """The words of families, which are mappings with ``name`` and the lists ``keywords``, ``places`` and ``weak``."""

    def __init__(self, families: Iterable[Mapping[str, Any]]) -> None:
        self._words: dict[str, tuple[str, Strength]] = {}
        for family in families:
            for strength, member in (("weak", "weak"), ("place", "places"), ("keyword", "keywords")):
                for word in family.get(member, ()):
                    self._words[normalise(word)] = (family["name"], strength)  # type: ignore[assignment]
        self._longest = max((len(word.split()) for word in self._words), default=1)

    def family_of(self, name: str) -> tuple[str, Strength] | None:
        """Return the family of ``name`` by its words, and the kind of word that decided; ``None`` without known words.

        A word inside a longer known one does not count. Of several styles the last one decides, since it is the noun:
        "jazz rap" is rap. In Romance languages adjectives follow the noun, but these are mostly places.
        """
        words = self._found(normalise(name).split())
        for strength in _ORDER:
            deciding = [(end, end - start, family) for start, end, family, kind in words if kind == strength]
            if deciding:
                return max(deciding)[2], strength
        return None

    def place_of(self, name: str) -> str | None:
        """Return the family of the last place in ``name`` (India's for "punjabi hip hop"), ``None`` without one."""
        places = [(end, family) for _, end, family, kind in self._found(normalise(name).split()) if kind == "place"]
        return max(places)[1] if places else None

    def without_places(self, name: str) -> str:
        """Return the words of ``name`` that name no place: "pop" for "italian pop"."""
        tokens = normalise(name).split()
        placed = {at for start, end, _, kind in self._found(tokens) if kind == "place" for at in range(start, end)}
        return " ".join(token for at, token in enumerate(tokens) if at not in placed)

    def _found(self, tokens: list[str]) -> list[tuple[int, int, str, Strength]]:
        """Return (start, end, family, strength) of the known words, without those inside a longer one."""
        found = [
            (start, end, *self._words[phrase])
            for start in range(len(tokens))
            for end in range(start + 1, min(start + self._longest, len(tokens)) + 1)
            if (phrase := " ".join(tokens[start:end])) in self._words
        ]
        spans = [(start, end) for start, end, *_ in found]
        return [
            word
            for word, span in zip(found, spans, strict=True)
            if not any(other != span and other[0] <= span[0] and span[1] <= other[1] for other in spans)
        ]


def phrase_in(tokens: Sequence[str], phrases: Mapping[tuple[str, ...], str]) -> str | None:
    """Return the value of the last phrase in ``tokens``, of equal ends the longest one; ``None`` without any."""
    found = [
        (end, end - start, phrases[tuple(tokens[start:end])])
        for start in range(len(tokens))
        for end in range(start + 1, len(tokens) + 1)
        if tuple(tokens[start:end]) in phrases
    ]
    return max(found)[2] if found else None
