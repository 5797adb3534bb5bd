"""Families of genres: a versioned file that puts 114 genres, and any other genre's name, into about twenty families."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ml import artefacts
from store.text import normalise


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
        self.version: str = content["version"]
        self.families: tuple[str, ...] = tuple(family["name"] for family in content["families"])
        self._members = {family["name"]: tuple(family["genres"]) for family in content["families"]}
        self._family = {genre: name for name, genres in self._members.items() for genre in genres}
        self._keywords = {normalise(word): f["name"] for f in content["families"] for word in f["keywords"]}
        self.genres: tuple[str, ...] = tuple(sorted(self._family))
        self._check()

    def _check(self) -> None:
        empty = [name for name, genres in self._members.items() if not genres]
        if empty:
            raise ValueError(f"taxonomy {self.version}: families without a genre: {', '.join(empty)}")
        if len(self.genres) != sum(map(len, self._members.values())):
            raise ValueError(f"taxonomy {self.version}: a genre stands in two families")

    @classmethod
    def load(cls, path: Path) -> Taxonomy:
        """Read ``models/taxonomy/<version>.json``.

        Raises
        ------
        ml.artefacts.ArtefactError
            The file is absent, unlisted or changed.
        ValueError
            A family is empty, or a genre has two.
        """
        return cls(json.loads(artefacts.verified(path, path.parent.parent).read_text(encoding="utf-8")))

    @classmethod
    def active(cls, models: Path = artefacts.MODELS) -> Taxonomy:
        """Read the version that the manifest calls active."""
        folder = artefacts.active("taxonomy", models)
        return cls.load(folder.with_name(folder.name + ".json"))

    def members(self, family: str) -> tuple[str, ...]:
        """Return the genres of a family, in the file's order."""
        return self._members[family]

    def family_of(self, genre: str) -> str | None:
        """Return the family of one of the 114 or of any other genre's name ("deep melodic techno"), if it tells.

        A name that is none of the 114 goes by the longest of the families' keywords that stands in it as whole
        words; of two of equal length by the later one, for the last word of a genre's name is its noun.
        """
        if genre in self._family:
            return self._family[genre]
        tokens = normalise(genre).split()
        found = [
            (end - start, end, self._keywords[" ".join(tokens[start:end])])
            for start in range(len(tokens))
            for end in range(start + 1, len(tokens) + 1)
            if " ".join(tokens[start:end]) in self._keywords
        ]
        return max(found)[2] if found else None

    def matrix(self, genres: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return the (genres, families) matrix of zeros and ones that sums genre probabilities into families."""
        index = {family: i for i, family in enumerate(self.families)}
        summing = np.zeros((len(genres), len(self.families)), np.float32)
        for row, genre in enumerate(genres):
            summing[row, index[self._family[genre]]] = 1.0
        return summing
