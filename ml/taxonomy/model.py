"""Families of genres: a versioned file that assigns the 114 genres and other genre names to some twenty families."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rapidfuzz import fuzz, process

from ml import artefacts
from ml.taxonomy.keywords import GenreWords
from store.text import normalise

# How a name was placed in its family: as one of the 114, by a word of one of three kinds (ml.taxonomy.keywords), by the
# linear model, or by similarity to a listed name.
HOW = ("listed", "keyword", "place", "weak", "learnt", "nearest")
# A placement of less confidence counts as a guess and is not used.
_LEAST_CONFIDENCE = 0.35
# The most placements that are cached; each unlisted name is compared with all listed ones.
_NAMES_KEPT = 20_000
# Confidence of an unlisted name by the kind of word that places it: the precision on listed names, see the card.
_WORD_CONFIDENCE = {"keyword": 0.95, "place": 0.9, "weak": 0.7}


@dataclass(frozen=True, kw_only=True, slots=True)
class Placement:
    """Where a name belongs: a family and one of the 114 genres in it, how sure that is (0 to 1) and how it was found.

    For an unlisted name, ``nearest`` is the listed name most like it.
    """

    family: str
    genre: str
    confidence: float
    how: str
    nearest: str | None = None


class Taxonomy:
    """The families of one version, in the file's order.

    Attributes
    ----------
    version : str
    families : tuple of str
    genres : tuple of str
        The 114 genres in alphabetical order: the order of every probability vector in this project.
    """

    def __init__(self, content: dict[str, Any]) -> None:
        self._content = content
        self.version: str = content["version"]
        self.families: tuple[str, ...] = tuple(family["name"] for family in content["families"])
        self._members = {family["name"]: tuple(family["genres"]) for family in content["families"]}
        self._family = {genre: name for name, genres in self._members.items() for genre in genres}
        self._words = GenreWords(content["families"])
        self._listed: dict[str, list[Any]] = content["microgenres"]
        self.genres: tuple[str, ...] = tuple(sorted(self._family))
        self._placed = lru_cache(_NAMES_KEPT)(self._place)
        self._check()

    def _check(self) -> None:
        empty = [name for name, genres in self._members.items() if not genres]
        if empty:
            raise ValueError(f"taxonomy {self.version}: families without a genre: {', '.join(empty)}")
        if len(self.genres) != sum(map(len, self._members.values())):
            raise ValueError(f"taxonomy {self.version}: a genre is in two families")
        reached = {entry[0] for entry in self._listed.values()}
        unreached = [name for number, name in enumerate(self.families) if number not in reached]
        if unreached:
            raise ValueError(f"taxonomy {self.version}: families that no name reaches: {', '.join(unreached)}")

    @classmethod
    def load(cls, path: Path) -> Taxonomy:
        """Read ``models/taxonomy/<version>.json``.

        Raises ml.artefacts.ArtefactError if the file is absent, unlisted or changed; ValueError if a family is empty,
        or a genre has two.
        """
        return cls._of(artefacts.verified(path, path.parent.parent).read_text(encoding="utf-8"))

    @classmethod
    @lru_cache(2)  # the models of a process share it, because each would take 2.4 MB
    def _of(cls, text: str) -> Taxonomy:
        return cls(json.loads(text))

    @classmethod
    def active(cls, models: Path = artefacts.MODELS) -> Taxonomy:
        """Read the active version of the manifest; raises what :meth:`load` does."""
        folder = artefacts.active("taxonomy", models)
        return cls.load(folder.with_name(folder.name + ".json"))

    def save(self, path: Path) -> None:
        """Write the file that :meth:`load` reads, one microgenre per line, so that versions can be compared."""
        entries = ",\n".join(
            f"{json.dumps(name, ensure_ascii=False)}: {json.dumps(entry)}" for name, entry in self._listed.items()
        )
        rest = json.dumps({**self._content, "microgenres": {}}, ensure_ascii=False, indent=1)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(rest.replace('"microgenres": {}', f'"microgenres": {{\n{entries}\n}}') + "\n", encoding="utf-8")

    def without(self, names: Iterable[str]) -> Taxonomy:
        """Return a taxonomy that does not list ``names``, to test unseen names; the 114 genres stay listed."""
        gone = set(names) - set(self.genres)
        kept = {name: entry for name, entry in self._listed.items() if name not in gone}
        return Taxonomy({**self._content, "microgenres": kept})

    def members(self, family: str) -> tuple[str, ...]:
        """Return the genres of a family, in the file's order."""
        return self._members[family]

    def family_of(self, genre: str) -> str | None:
        """Return the family of a genre's name, ``None`` where the confidence is below 0.35 or the name is empty."""
        if not normalise(genre):
            return None
        placed = self.predict(genre)
        return placed.family if placed.confidence >= _LEAST_CONFIDENCE else None

    def predict(self, name: str) -> Placement:
        """Return where a genre's name belongs; an unlisted one is placed by its words and the most similar listed name.

        Raises ValueError if ``name`` is empty.
        """
        return self._placed(name)

    def _place(self, name: str) -> Placement:
        key = normalise(name)
        if not key:
            raise ValueError("a genre needs a name with letters")
        listed = self._by_key.get(key)
        if listed is not None:
            return self._entry(listed)
        found = self._words.family_of(name)
        choices = self._keys_of(found[0]) if found else list(self._by_key)
        nearest, likeness, _ = process.extractOne(key, choices, scorer=fuzz.token_sort_ratio)
        entry = self._entry(self._by_key[nearest])
        sure = _WORD_CONFIDENCE[found[1]] if found else entry.confidence * (likeness / 100.0) ** 2
        return Placement(
            family=entry.family,
            genre=entry.genre,
            confidence=round(sure, 2),
            how=found[1] if found else "nearest",
            nearest=self._by_key[nearest],
        )

    def lists(self, name: str) -> bool:
        """Return whether the file lists ``name``."""
        return normalise(name) in self._by_key

    def by_words(self, name: str) -> str | None:
        """Return the family by only the words of ``name``, None if no word is known."""
        found = self._words.family_of(name)
        return found[0] if found else None

    def without_places(self, name: str) -> str:
        """Return the words of ``name`` that name no place: "pop" for "italian pop"."""
        return self._words.without_places(name)

    @cached_property
    def regions(self) -> tuple[str, ...]:
        """The families that are parts of the world, such as "latin" or "east asian": those with words for places."""
        return tuple(family["name"] for family in self._content["families"] if family.get("places"))

    def region_of(self, genre: str) -> str | None:
        """Return the one of :attr:`regions` that a genre is from, by a place in its name or else by its family.

        It is ``None`` for a genre of no particular region, such as "rock". The family of "punjabi hip hop" is hip hop,
        its region "south & west asian".
        """
        found = self._words.place_of(genre) or self.family_of(genre)
        return found if found in self.regions else None

    @property
    def names(self) -> tuple[str, ...]:
        """Every listed name."""
        return tuple(self._listed)

    def largest(self) -> str:
        """Return the family with the most names."""
        numbers = [entry[0] for entry in self._listed.values()]
        return self.families[max(set(numbers), key=numbers.count)]

    @cached_property
    def _by_key(self) -> dict[str, str]:
        listed = {normalise(name): name for name in self._listed}
        return listed | {normalise(genre): genre for genre in self.genres}

    def _keys_of(self, family: str) -> list[str]:
        number = self.families.index(family)
        return [key for key, name in self._by_key.items() if self._listed[name][0] == number]

    def _entry(self, name: str) -> Placement:
        number, genre, confidence, how = self._listed[name]
        return Placement(family=self.families[number], genre=genre, confidence=confidence, how=HOW[how])

    def matrix(self, genres: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return the (genres, families) matrix of zeros and ones that sums genre probabilities into families."""
        index = {family: i for i, family in enumerate(self.families)}
        summing = np.zeros((len(genres), len(self.families)), np.float32)
        for row, genre in enumerate(genres):
            summing[row, index[self._family[genre]]] = 1.0
        return summing


def genre_name(text: str) -> str:
    """Return a genre as models spell it: lower case, words apart ("hip-hop" and "hip hop" are one)."""
    return " ".join(text.casefold().replace("-", " ").split())
