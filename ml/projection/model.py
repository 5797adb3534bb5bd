"""Maps of tracks in two dimensions that keep neighbours in sound together: storage, faithfulness, new points.

Computed by :mod:`~ml.projection.train.train` from the coordinates of :mod:`ml.sound`, and stored as one file per
playlist (and one for the catalogue) in ``var/projections``.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from store.catalogue.catalogue import OWN, Snapshot
from store.disk import replacing
from store.feature_rows import Floats

CATALOGUE = "catalogue"
METHODS = ("tsne", "umap")
# The number of neighbours that count in the scores, and that place a new point.
NEIGHBOURS = 10
# The most points that the scores compare with all points of the map.
SCORED = 1000
# A neighbour on the map is far in sound if more than this share of all mapped tracks sound more like the track.
FAR_SHARE = 0.25
_SAMPLE_SEED = 1


class NoProjection(Exception):  # noqa: N818 - a state of knowledge, not a fault
    """The map has not been computed, or its file cannot be read."""


@dataclass(frozen=True, kw_only=True)
class Projection:
    """A map of n tracks.

    Attributes
    ----------
    ids, titles, artists : tuple of str
        The tracks, ``artists`` as one string each.
    families : tuple of str
        The family of genres of each, empty where it is unknown.
    places : np.ndarray
        (n, 12) coordinates of the sound (:func:`ml.sound.coordinates`), unknown values filled with the mean.
    maps : dict
        Method ("tsne", "umap") -> (n, 2) float32, within -1 to 1.
    about : dict
        ``made_at``, ``seed``, ``sampled_from`` (number of tracks that the n were drawn from), and by method
        ``seconds``, ``trustworthiness``, ``continuity``.
    """

    ids: tuple[str, ...]
    titles: tuple[str, ...]
    artists: tuple[str, ...]
    families: tuple[str, ...]
    places: npt.NDArray[np.float32]
    maps: dict[str, npt.NDArray[np.float32]]
    about: dict[str, Any]

    def save(self, var: Path, name: str) -> Path:
        """Write the map called ``name`` and return its file; an earlier one is replaced atomically."""
        path = path_of(var, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        texts = json.dumps([self.about, self.ids, self.titles, self.artists, self.families])
        arrays: dict[str, Any] = {f"map_{method}": mapped for method, mapped in self.maps.items()}
        with replacing(path) as file:
            np.savez_compressed(file, about=np.frombuffer(texts.encode(), np.uint8), places=self.places, **arrays)
        return path

    @classmethod
    def load(cls, var: Path, name: str) -> Self:
        """Read the map called ``name``; raises NoProjection if it does not exist or cannot be read."""
        try:
            with np.load(path_of(var, name), allow_pickle=False) as stored:
                about, *texts = json.loads(stored["about"].tobytes())
                maps = {array.removeprefix("map_"): stored[array] for array in stored.files if array.startswith("map_")}
                places = stored["places"]
        except (OSError, ValueError, KeyError) as fault:
            raise NoProjection(f"there is no map of {name}: {fault}") from fault
        ids, titles, artists, families = map(tuple, texts)
        return cls(ids=ids, titles=titles, artists=artists, families=families, places=places, maps=maps, about=about)

    def place(self, places: Floats, method: str) -> npt.NDArray[np.float32]:
        """Return the points (m, 2) of new tracks with the coordinates ``places`` (m, 12) on an existing map.

        A point is the mean of the ten mapped tracks nearest in sound, weighted by the inverse of their squared
        distance. This is the first step of the embedding of new points in P. Poličar et al., "Embedding to reference
        t-SNE space addresses batch effects in single-cell classification" (Machine Learning, 2021).
        """
        filled = np.where(np.isnan(places), self.places.mean(axis=0), places).astype(np.float32)
        count = min(NEIGHBOURS, len(self.places))
        found = np.empty((len(filled), 2), np.float32)
        for at, place in enumerate(filled):
            squared = np.square(self.places - place).sum(axis=1)
            nearest = np.argpartition(squared, count - 1)[:count]
            weight = 1.0 / (squared[nearest] + 1e-6)
            found[at] = (weight[:, None] * self.maps[method][nearest]).sum(axis=0) / weight.sum()
        return found

    def far_neighbours(self, row: int, method: str) -> list[tuple[int, float]]:
        """Return which of the ten tracks nearest to ``row`` on a map are far from it in sound, the nearest first.

        Each comes with the share of all other mapped tracks that sound more like ``row``, above :data:`FAR_SHARE`.
        """
        own_row = np.array([row])
        map_ranks, ranks = _ranks(self.maps[method], own_row)[0], _ranks(self.places, own_row)[0]
        shares = (ranks - 1) / max(len(ranks) - 1, 1)
        nearest = np.argsort(map_ranks)[1 : NEIGHBOURS + 1].tolist()
        return [(at, float(shares[at])) for at in nearest if shares[at] > FAR_SHARE]


def map_of_catalogue(snapshot: Snapshot, owner: str | None) -> str:
    """Return the name of the catalogue's map; an owner with own tracks has a separate map that includes them."""
    has_own = any(segment.name == OWN for segment in snapshot.segments)
    return f"{CATALOGUE} of {owner}" if has_own else CATALOGUE


def path_of(var: Path, name: str) -> Path:
    """Return the file of a map; ``name`` is a playlist's id or that of :func:`map_of_catalogue`."""
    return var / "projections" / f"{hashlib.sha256(name.encode()).hexdigest()[:24]}.npz"


def faithfulness(places: Floats, mapped: Floats, neighbours: int = NEIGHBOURS) -> tuple[float, float]:
    """Return trustworthiness and continuity of a map, each 0 to 1 (a random map has about 0.5).

    J. Venna and S. Kaski, "Neighborhood preservation in nonlinear projection methods" (ICANN 2001): trustworthiness
    falls with points that are neighbours only on the map, continuity with neighbours that the map separates. Both are
    computed on at most 1,000 of the points against all of them.

    Parameters
    ----------
    places : np.ndarray
        (n, d) original points.
    mapped : np.ndarray
        (n, 2) points of the map.
    neighbours : int
        Size of the neighbourhoods, from 1 and below n / 2.

    Raises
    ------
    ValueError
        ``neighbours`` is out of its range.
    """
    total = len(places)
    if not 0 < neighbours < total / 2:
        raise ValueError(f"{neighbours} neighbours of {total} points: fewer than half are needed")
    sample = np.random.default_rng(_SAMPLE_SEED).permutation(total)[:SCORED]
    scale = 2.0 / (len(sample) * neighbours * (2 * total - 3 * neighbours - 1))
    intruding = missing = 0.0
    for block in np.array_split(sample, -(-len(sample) // 100)):
        ranks, map_ranks = _ranks(places, block), _ranks(mapped, block)
        intruding += np.maximum(ranks - neighbours, 0)[(map_ranks > 0) & (map_ranks <= neighbours)].sum()
        missing += np.maximum(map_ranks - neighbours, 0)[(ranks > 0) & (ranks <= neighbours)].sum()
    return 1.0 - scale * intruding, 1.0 - scale * missing


def _ranks(points: Floats, sample: npt.NDArray[np.intp]) -> npt.NDArray[np.int64]:
    """Return (m, n): the rank of every point by distance from each of the rows ``sample`` (m,), itself 0."""
    doubles = points.astype(np.float64)
    squared = np.square(doubles).sum(axis=1)[None, :] - 2 * doubles[sample] @ doubles.T
    squared[np.arange(len(sample)), sample] = -np.inf
    order = squared.argsort(axis=1, kind="stable")
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(len(points))[None, :].repeat(len(sample), axis=0), axis=1)
    return ranks
