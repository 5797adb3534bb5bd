"""Similar artists, with or without a catalogue: an embedding learnt from playlists, genres and sound."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.artefacts import mapped, verified_json
from ml.artists.by_genre import GenreCentres, Placed, SharedGenres, as_kinship
from ml.artists.names import KeyIndex, NameTable
from ml.artists.short_names import ShortNames
from ml.artists.well_known import other_names, well_known_genres
from ml.taxonomy.model import genre_name
from store.text import normalise

# Weights relative to that of the cosine (-1 to 1): of the closeness in shared playlists, of the agreement in families
# of genres and in regions, of popularity, and of shared genres (each 0 to 1). Popularity counts because of two equally
# similar artists the better known one is more often in the same playlist. Chosen on `valid`: bench/company_weights.py;
# bench/company.py reports `test`.
TOGETHER_WEIGHT, FAMILY_WEIGHT, REGION_WEIGHT, POPULARITY_WEIGHT, GENRE_WEIGHT = 1.2, 0.5, 0.2, 0.3, 0.15
# The least number of shared playlists for two artists to be "often" in the same playlists.
TOGETHER_ENOUGH = 3
_BLOCK = 8192  # artists compared at a time: 1.5 MB of float32 instead of 13
_NAMES_KEPT = 8192  # names whose artist is cached: an answer looks up the same few again and again
_PARTNERS_KEPT = 64  # artists whose partners are cached: an answer compares one artist with ten others
_ARRAYS = ("vectors", "prior", "genres", "name_text", "name_start", "key_text", "key_start", "key_artist", "kinship")
_CLOSEST = 20  # candidates from each of several artists
_TOGETHER = ("together_start", "together_artist", "together_lists", "together_closeness")


@dataclass(frozen=True, slots=True)
class Alike:
    """An artist similar to another one; lists are ordered by ``similarity`` (0 to 1)."""

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
        (n, d) int8; only the direction of a row counts, not its length.
    prior : np.ndarray
        (n,) float16, 0 to 1: how well known an artist is (share of playlists and popularity).
    kinship : np.ndarray
        (n, families + regions) uint8: 255 times the square root of the artist's share in each family of genres and in
        each region. The shares follow from the artist's own genres and, the more the fewer tracks there are, from
        those of the neighbours.
    """

    def __init__(
        self,
        version: str,
        arrays: dict[str, npt.NDArray[Any]],
        genre_names: Sequence[str],
        families: Sequence[str],
        regions: Sequence[str],
    ) -> None:
        self.version = version
        self.genre_names, self.families, self.regions = tuple(genre_names), tuple(families), tuple(regions)
        self.arrays = arrays
        self.vectors, self.prior, self._genres = arrays["vectors"], arrays["prior"], arrays["genres"]
        self.kinship = arrays["kinship"]
        self.names = NameTable(arrays["name_text"], arrays["name_start"])
        self.keys = KeyIndex(NameTable(arrays["key_text"], arrays["key_start"]), arrays["key_artist"])
        self._found = lru_cache(_NAMES_KEPT)(self._find_exact)
        self._stand_in = lru_cache(_PARTNERS_KEPT)(self._find_stand_in)
        self._listed = lru_cache(_PARTNERS_KEPT)(self._read_listed)

    @classmethod
    def load(cls, directory: Path) -> ArtistEmbedding:
        """Map ``models/artists/<version>``.

        Raises ml.artefacts.ArtefactError if a file is absent, unlisted or not the one that was written.
        """
        described = verified_json(directory / "artists.json")
        return cls(directory.name, mapped(directory, (*_ARRAYS, *_TOGETHER)), **described)

    def save(self, directory: Path) -> list[Path]:
        """Write the files that :meth:`load` reads, and return them (not yet listed in the manifest)."""
        directory.mkdir(parents=True, exist_ok=True)
        described = directory / "artists.json"
        names = {"genre_names": self.genre_names, "families": self.families, "regions": self.regions}
        described.write_text(json.dumps(names, ensure_ascii=False) + "\n", encoding="utf-8")
        written = [described]
        for name, array in self.arrays.items():
            written.append(directory / f"{name}.npy")
            np.save(written[-1], array)
        return written

    def __len__(self) -> int:
        return len(self.vectors)

    def find(self, name: str) -> int | None:
        """Return the artist called ``name``, or None; a leading "the" is optional, and a letter may be wrong."""
        key = normalise(name)
        found = self.find_exact(name)
        return self.keys.close(key) if found is None else found

    def find_exact(self, name: str) -> int | None:
        """Return the artist called ``name`` as normalised, with or without a leading "the"; or None.

        "Beethoven" is Ludwig van Beethoven: see ``ml.artists.well_known``.
        """
        return self._found(name)

    def _find_exact(self, name: str) -> int | None:
        key = normalise(name)
        key = other_names().get(key, key)
        if not key:
            return None
        found = self.keys.exact(key)
        return self.keys.exact(_other_the(key)) if found is None else found

    @cached_property
    def short_names(self) -> ShortNames:
        return ShortNames(self.keys, self.prior, self._find_exact)

    def as_known(self, index: int) -> int:
        """Return the artist, or whom users mean by the name if that one's genres are known and the artist's are not.

        "Stooges" on a few tracks is The Stooges; "Bob Marley" is a guest there, and Bob Marley & The Wailers are meant.
        """
        if self.genres(index):
            return index
        key = normalise(self.names[index])
        namesake, band = self.keys.exact(_other_the(key)), self.keys.beginning(f"{key} and the ")
        better_known = namesake if namesake is not None and namesake < index else None
        return next((other for other in (better_known, band) if other is not None and self.genres(other)), index)

    def genres(self, artist: str | int) -> tuple[str, ...]:
        """Return an artist's most frequent genres, most frequent first; empty for none or an unknown artist."""
        index = self.find(artist) if isinstance(artist, str) else artist
        if index is None:
            return ()
        return tuple(self.genre_names[code] for code in self._genres[index].tolist() if code >= 0)

    def known_genres(self, index: int) -> tuple[str, ...]:
        """Return an artist's :meth:`genres`, or those of the list of well-known artists if it names the artist."""
        return tuple(self.genre_names[code] for code in self.shared.codes[index].tolist() if code >= 0)

    def lists_together(self, artist: int, other: int) -> int:
        """Return how many training playlists hold both artists; 0 unless one is among the other's closest partners."""
        return self._listed(artist).get(other, 0) or self._listed(other).get(artist, 0)

    def _read_listed(self, index: int) -> dict[int, int]:
        others, lists, _ = self.partners(index)
        return dict(zip(others.tolist(), lists.tolist(), strict=True))

    def partners(self, index: int) -> Iterator[npt.NDArray[Any]]:
        """Yield an artist's closest partners in playlists, the lists that hold both, and the closeness (0 to 1)."""
        start, end = self.arrays["together_start"][index : index + 2]
        return (self.arrays[name][start:end] for name in _TOGETHER[1:])

    def unit(self, index: int) -> npt.NDArray[np.float32]:
        """Return the (d,) unit vector of an artist; zeros for one without a vector."""
        return self.units(np.array([index]))[0]

    def units(self, artists: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """Return the (k, d) unit vectors of ``artists``; see :class:`~ml.artists.by_genre.Placed`."""
        found = unit_rows(self.vectors[artists])
        self.placed.put(artists, found, self.placed.units)
        return found

    def kinship_of(self, artists: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
        """Return the rows of ``kinship`` of ``artists``; see :class:`~ml.artists.by_genre.Placed`."""
        found = self.kinship[artists]
        self.placed.put(artists, found, self.placed.kinship)
        return found

    @cached_property
    def shared(self) -> SharedGenres:
        """Which artists share genres."""
        return SharedGenres(self._genres, self.genre_names, self.find_exact)

    @cached_property
    def placed(self) -> Placed:
        """The well-known artists of whom the embedding knows no genre of the list, placed by those of the list."""
        return Placed.of(self.shared, self._centres, self._own_units, self.kinship, self.prior, len(self.families))

    @cached_property
    def _centres(self) -> GenreCentres:
        return GenreCentres(self.shared, self._own_units, self.kinship)

    def _own_units(self, artists: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        return unit_rows(self.vectors[artists])

    def similarities(self, to: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return the (n,) cosine of every artist with the unit vector ``to`` (d,)."""
        cosines = np.empty(len(self), np.float32)
        for at in self._blocks():
            cosines[at : at + _BLOCK] = self.vectors[at : at + _BLOCK].astype(np.float32) @ to
        cosines *= self._per_length
        cosines[self.placed.rows] = self.placed.units @ to
        return cosines

    @cached_property
    def _per_length(self) -> npt.NDArray[np.float32]:
        """(n,) one over the length of each row; these 0.3 MB halve the time of a comparison."""
        lengths = [np.linalg.norm(self.vectors[at : at + _BLOCK].astype(np.float32), axis=1) for at in self._blocks()]
        return 1.0 / np.maximum(np.concatenate(lengths), 1.0)

    def agreement(self, index: int) -> npt.NDArray[np.float32]:
        """Return (n,) how far each artist agrees with one artist in families and regions, 0 to 1.

        It is the weighted mean of the Bhattacharyya coefficients of the shares in families and in regions.
        """
        return self._agreement(self.kinship_weights(index))

    def _agreement(self, weights: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        found = np.concatenate([self.kinship[at : at + _BLOCK].astype(np.float32) @ weights for at in self._blocks()])
        found[self.placed.rows] = self.placed.kinship.astype(np.float32) @ weights
        return found

    def kinship_weights(self, index: int) -> npt.NDArray[np.float32]:
        """Return (families + regions,) weights whose product with ``kinship`` is the agreement with one artist."""
        return self._weights_of(self.kinship_of(np.array([index]))[0])

    def _weights_of(self, kinship: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        split, total = len(self.families), FAMILY_WEIGHT + REGION_WEIGHT
        weights = kinship.astype(np.float32) / (255**2 * total)
        weights[:split] *= FAMILY_WEIGHT
        weights[split:] *= REGION_WEIGHT
        return weights

    def likeness(self, index: int) -> npt.NDArray[np.float32]:
        """Return (n,) the similarity of each artist to one artist, at most 1.

        It is the weighted mean of the cosine, the closeness in shared playlists, the agreement in families and regions,
        popularity and shared genres; their weights are at the head of this module.
        """
        partners, _, closeness = self.partners(index)
        together = partners, TOGETHER_WEIGHT * closeness.astype(np.float32)
        return self._likeness(self.unit(index), self.kinship_weights(index), self.shared.of(index), together)

    def _likeness(
        self,
        to: npt.NDArray[np.float32],
        kinship_weights: npt.NDArray[np.float32],
        sharing: tuple[npt.NDArray[np.intp], npt.NDArray[np.float32]],
        together: tuple[npt.NDArray[Any], npt.NDArray[np.float32]] | None = None,
    ) -> npt.NDArray[np.float32]:
        kin = FAMILY_WEIGHT + REGION_WEIGHT
        found = self.similarities(to) + kin * self._agreement(kinship_weights)
        found += POPULARITY_WEIGHT * self.prior.astype(np.float32)
        if together is not None:
            found[together[0]] += together[1]
        found[sharing[0]] += GENRE_WEIGHT * sharing[1]
        found /= 1 + kin + POPULARITY_WEIGHT + TOGETHER_WEIGHT + GENRE_WEIGHT
        return found

    def _likeness_of_genres(self, genres: Iterable[str]) -> npt.NDArray[np.float32] | None:
        """Return the :meth:`likeness` to an artist of whom only ``genres`` are known; None if no artist has them."""
        columns = self.shared.columns_of(genres)
        between = self._centres.between(columns)
        if between is None:
            return None
        (towards, shares), split = between, len(self.families)
        kinship = np.concatenate([as_kinship(shares[:split]), as_kinship(shares[split:])])
        return self._likeness(towards, self._weights_of(kinship), self.shared.of_genres(columns))

    def stand_in(self, name: str) -> int | None:
        """Return the artist most like one of the list whom no table has; None for others. It stands for that artist."""
        return self._stand_in(normalise(name))

    def _find_stand_in(self, key: str) -> int | None:
        alike = self._like_listed(key, 1)
        return alike[0].index if alike else None

    def _like_listed(self, name: str, limit: int) -> list[Alike]:
        genres = tuple(map(genre_name, well_known_genres(name)))
        likeness = self._likeness_of_genres(genres) if genres else None
        if likeness is None:
            return []
        found = []
        for other in top(likeness, limit).tolist():
            theirs = self.known_genres(other)
            shared = ", ".join([genre for genre in genres if genre in theirs][:3])
            reason = f"shares {shared}" if shared else "close in genres"
            found.append(Alike(other, self.names[other], float(likeness[other]), theirs, (reason,)))
        return found

    def _blocks(self) -> range:
        return range(0, len(self), _BLOCK)

    def alike(self, artist: str | int, limit: int = 10) -> list[Alike]:
        """Return at most ``limit`` artists with a :meth:`likeness` above 0, best first; none for an unknown artist.

        Artists of the list whom no table has are compared by the list's genres.
        """
        if isinstance(artist, str):
            exact = self.find_exact(artist)
            if exact is None and (alike := self._like_listed(artist, limit)):
                return alike
            index = self.find(artist) if exact is None else exact
        else:
            index = artist
        if index is None:
            return []
        likeness = self.likeness(index)
        likeness[index] = -np.inf
        return [
            self._alike(index, int(other), float(likeness[other]))
            for other in top(likeness, limit)
            if likeness[other] > 0
        ]

    def alike_to_several(self, artists: Sequence[int], without: Collection[int], limit: int = 10) -> list[Alike]:
        """Return at most ``limit`` artists who are among the closest ones of at least one of ``artists``, best first.

        Artists in ``without``, which holds ``artists``, too, are left out. The best one has the greatest sum of
        :meth:`likeness` to those of ``artists`` that it is close to. For the next ones, these count half, so that one
        scene does not fill the list. ``similarity`` is the mean likeness, and ``reasons`` names the two nearest.
        """
        close: dict[int, dict[int, float]] = defaultdict(dict)
        for artist in artists:
            for alike in self.alike(artist, _CLOSEST):
                if alike.index not in without:
                    close[alike.index][artist] = alike.similarity
        counts = dict.fromkeys(artists, 1.0)
        found: list[Alike] = []
        while close and len(found) < limit:
            best = max(close, key=lambda index: sum(counts[to] * near for to, near in close[index].items()))
            to = close.pop(best)
            counts |= {artist: counts[artist] / 2 for artist in to}
            nearest = sorted(to, key=lambda artist: -to[artist])[:2]
            reason = f"like {' and '.join(self.names[artist] for artist in nearest)}"
            found.append(Alike(best, self.names[best], sum(to.values()) / len(to), self.genres(best), (reason,)))
        return found

    def _alike(self, index: int, other: int, similarity: float) -> Alike:
        theirs = self.known_genres(other)
        shared = tuple(genre for genre in self.known_genres(index) if genre in theirs)
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
        # Who is placed by the genres of the list may have neither sound nor playlists here.
        placed = self.placed.has_any(index, other)
        return tuple(found) or ("close in genres" if placed else "close in genres, sound and shared playlists",)


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


class UnitRows:
    """Makes :func:`unit_rows` of (n, d) ``vectors`` as they are read: kept, they would take four times the memory."""

    def __init__(self, vectors: npt.NDArray[np.int8]) -> None:
        self._vectors = vectors

    def __len__(self) -> int:
        return len(self._vectors)

    def __getitem__(self, rows: npt.NDArray[Any] | slice) -> npt.NDArray[np.float32]:
        return unit_rows(self._vectors[rows])


def _other_the(key: str) -> str:
    return key.removeprefix("the ") if key.startswith("the ") else f"the {key}"
