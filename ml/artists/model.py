"""Artists alike, with or without a catalogue: an embedding learnt from playlists, genres and sound."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.artefacts import verified
from ml.artists.names import KeyIndex, NameTable
from store.text import normalise

# Weight of popularity (0 to 1) added to the cosine (-1 to 1). Chosen on the `valid` playlists: of two equally alike
# artists the better known one is the likelier in the same playlist.
POPULARITY_WEIGHT = 0.2
# From so many shared playlists on, two artists are "often" in the same playlists.
TOGETHER_ENOUGH = 3
_BLOCK = 8192  # artists compared at a time: 1.5 MB of float32 instead of 13
_ARRAYS = ("vectors", "prior", "genres", "name_text", "name_start", "key_text", "key_start", "key_artist")
_TOGETHER = ("together_start", "together_artist", "together_lists")


@dataclass(frozen=True, slots=True)
class Alike:
    """An artist like another: ``similarity`` is their cosine (above 0 to 1), ``genres`` are this artist's."""

    index: int
    name: str
    similarity: float
    genres: tuple[str, ...]
    reasons: tuple[str, ...]


class ArtistEmbedding:
    """A vector for every artist. Artist 0 is the best known one. Arrays are memory-mapped.

    Attributes
    ----------
    version : str
    names : NameTable
        Name of each artist as usually written.
    vectors : np.ndarray
        (n, d) int8; the direction of a row is the artist's place, its length means nothing.
    prior : np.ndarray
        (n,) float16, 0 to 1: how well known an artist is (share of playlists and popularity).
    """

    def __init__(self, version: str, arrays: dict[str, npt.NDArray[Any]], genre_names: Sequence[str]) -> None:
        self.version = version
        self.genre_names = tuple(genre_names)
        self.arrays = arrays
        self.vectors, self.prior, self._genres = arrays["vectors"], arrays["prior"], arrays["genres"]
        self.names = NameTable(arrays["name_text"], arrays["name_start"])
        self.keys = KeyIndex(NameTable(arrays["key_text"], arrays["key_start"]), arrays["key_artist"])

    @classmethod
    def load(cls, directory: Path) -> ArtistEmbedding:
        """Map ``models/artists/<version>``.

        Raises ml.artefacts.ArtefactError if a file is absent, unlisted or not the one that was written.
        """
        described = json.loads(verified(directory / "artists.json").read_text(encoding="utf-8"))
        arrays = {
            # As a plain array: every slice of a memmap costs some microseconds more.
            name: np.asarray(np.load(verified(directory / f"{name}.npy"), mmap_mode="r", allow_pickle=False))
            for name in (*_ARRAYS, *_TOGETHER)
        }
        return cls(directory.name, arrays, described["genres"])

    def save(self, directory: Path) -> list[Path]:
        """Write the files that :meth:`load` reads, and return them (not yet listed in the manifest)."""
        directory.mkdir(parents=True, exist_ok=True)
        described = directory / "artists.json"
        described.write_text(json.dumps({"genres": self.genre_names}, ensure_ascii=False) + "\n", encoding="utf-8")
        written = [described]
        for name, array in self.arrays.items():
            written.append(directory / f"{name}.npy")
            np.save(written[-1], array)
        return written

    def __len__(self) -> int:
        return len(self.vectors)

    def find(self, name: str) -> int | None:
        """Return the artist called ``name``, or None; "the" may be added or left out, and a letter be wrong."""
        key = normalise(name)
        found = self.find_exact(name)
        return self.keys.close(key) if found is None else found

    def find_exact(self, name: str) -> int | None:
        """Return the artist called ``name`` as normalised, with or without a leading "the"; or None."""
        key = normalise(name)
        if not key:
            return None
        found = self.keys.exact(key)
        return self.keys.exact(_other_the(key)) if found is None else found

    def genres(self, artist: str | int) -> tuple[str, ...]:
        """Return the genres most often given to an artist, most frequent first; empty when none or not known."""
        index = self.find(artist) if isinstance(artist, str) else artist
        if index is None:
            return ()
        return tuple(self.genre_names[code] for code in self._genres[index] if code >= 0)

    def lists_together(self, artist: int, other: int) -> int:
        """Return how many training playlists hold both artists, 0 when they are not among each other's closest."""
        return self._listed(artist).get(other, 0) or self._listed(other).get(artist, 0)

    def _listed(self, index: int) -> dict[int, int]:
        start, end = self.arrays["together_start"][index : index + 2]
        others, lists = (self.arrays[name][start:end].tolist() for name in _TOGETHER[1:])
        return dict(zip(others, lists, strict=True))

    def unit(self, index: int) -> npt.NDArray[np.float32]:
        """Return the (d,) place of an artist on the unit sphere; zeros for one without a place."""
        return unit_rows(self.vectors[index : index + 1])[0]

    def similarities(self, to: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return the (n,) cosine of every artist with the unit vector ``to`` (d,)."""
        cosines = np.empty(len(self), np.float32)
        for at in self._blocks():
            cosines[at : at + _BLOCK] = self.vectors[at : at + _BLOCK].astype(np.float32) @ to
        return cosines * self._per_length

    @cached_property
    def _per_length(self) -> npt.NDArray[np.float32]:
        """(n,) one over the length of each row: 0.3 MB that halve the time of a comparison."""
        lengths = [np.linalg.norm(self.vectors[at : at + _BLOCK].astype(np.float32), axis=1) for at in self._blocks()]
        return 1.0 / np.maximum(np.concatenate(lengths), 1.0)

    def _blocks(self) -> range:
        return range(0, len(self), _BLOCK)

    def alike(self, artist: str | int, limit: int = 10) -> list[Alike]:
        """Return at most ``limit`` artists of cosine above 0, by cosine plus weighted popularity, best first.

        Empty when there is no such artist.
        """
        index = self.find(artist) if isinstance(artist, str) else artist
        if index is None:
            return []
        similarity = self.similarities(self.unit(index))
        score = similarity + POPULARITY_WEIGHT * self.prior
        score[index] = -np.inf
        best = top(score, limit)
        return [self._alike(index, int(other), float(similarity[other])) for other in best if similarity[other] > 0]

    def _alike(self, index: int, other: int, similarity: float) -> Alike:
        theirs = self.genres(other)
        shared = tuple(genre for genre in self.genres(index) if genre in theirs)
        reasons = self.reasons(index, other, shared)
        return Alike(other, self.names[other], similarity, theirs, reasons)

    def reasons(self, index: int, other: int, shared: Iterable[str]) -> tuple[str, ...]:
        """Return what two artists have in common, in words; never empty."""
        found = []
        if lists := self.lists_together(index, other):
            often = "often " if lists >= TOGETHER_ENOUGH else ""
            found.append(f"{often}in the same playlists")
        if shared := tuple(shared):
            found.append(f"shares {', '.join(shared[:3])}")
        if not lists and (between := self._listed(index).keys() & self._listed(other).keys()):
            found.append(f"both in playlists with {self.names[min(between)]}")
        return tuple(found) or ("close in genres, sound and shared playlists",)


def top(scores: npt.NDArray[np.floating], limit: int) -> npt.NDArray[np.intp]:
    """Return the indices of the ``limit`` highest scores, highest first, equal ones by index."""
    limit = min(limit, len(scores))
    found = np.argpartition(-scores, limit - 1)[:limit] if 0 < limit < len(scores) else np.arange(len(scores))[:limit]
    return found[np.lexsort((found, -scores[found]))]


def unit_rows(rows: npt.NDArray[np.int8]) -> npt.NDArray[np.float32]:
    """Return (n, d) rows of length 1; rows of zeros stay zeros."""
    wide = rows.astype(np.float32)
    length = np.sqrt(np.einsum("ij,ij->i", wide, wide))
    return wide / np.maximum(length, 1.0)[:, None]


def _other_the(key: str) -> str:
    return key.removeprefix("the ") if key.startswith("the ") else f"the {key}"
