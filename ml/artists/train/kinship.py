"""The families of genres and the regions that an artist belongs to, by the artist's own genres and the neighbours'."""

import numpy as np
import numpy.typing as npt

from ml.taxonomy.model import Taxonomy
from store.feature_rows import Floats

# Weights of an artist's first to fourth genre.
_BY_RANK = np.array([1.0, 0.8, 0.6, 0.5])
# An artist's own genres are averaged with those of the _NEIGHBOURS nearest artists that have some. The neighbours are
# weighted by exp(-_SHARPNESS * distance) and count as much as _EVIDENCE own tracks. All three were chosen on `valid`.
_NEIGHBOURS, _SHARPNESS, _EVIDENCE = 20, 30.0, 1.0
_REGION_UNTOLD = 0.7  # share of the weight of genres without a region that goes to the neighbours' regions
_BLOCK = 512


def regions_of(taxonomy: Taxonomy) -> tuple[str, ...]:
    """Return the regions, among them "anywhere" for genres such as rock."""
    return (*taxonomy.regions, "anywhere")


def kinship(
    places: Floats, genres: npt.NDArray[np.int16], tracks: Floats, names: list[str], taxonomy: Taxonomy
) -> npt.NDArray[np.uint8]:
    """Return (n, families + regions) uint8: 255 times the square root of each family's and each region's share.

    The product of two rows, over 255 squared, is thus the sum of two Bhattacharyya coefficients (each 0 to 1): that of
    the families and that of the regions. ``places`` (n, d) are unit rows, ``genres`` (n, 4) codes in ``names`` or -1,
    ``tracks`` (n,) the number of tracks with the artist's first genre: one label alone is weak evidence. Artists with
    neither genres nor a vector have zeros.
    """
    families = _shares(genres, [taxonomy.family_of(name) for name in names], taxonomy.families)
    regions = _shares(genres, [taxonomy.region_of(name) or "anywhere" for name in names], regions_of(taxonomy))
    own = np.hstack([families, regions]) * (families.sum(axis=1, keepdims=True) > 0)
    known, placed = own.sum(axis=1) > 0, np.abs(places).sum(axis=1) > 0
    weight = np.repeat(np.where(known, tracks / (tracks + _EVIDENCE), 0.0)[:, None], own.shape[1], axis=1)
    # "hip hop" does not show where an artist is from, but the neighbours may.
    weight[:, families.shape[1] :] *= 1 - _REGION_UNTOLD * regions[:, -1:]
    weight[~placed] = 1.0
    rows, pool = np.flatnonzero(placed), np.flatnonzero(known & placed)
    shares = weight * own
    if len(pool) > 1:
        shares[rows] += (1 - weight[rows]) * _of_neighbours(places, rows, pool, own)
    return np.round(np.sqrt(shares) * 255).astype(np.uint8)


def _shares(genres: npt.NDArray[np.int16], belongs: list[str | None], names: tuple[str, ...]) -> Floats:
    """Return (n, names) shares, 1 in sum, of the families or regions of each artist's genres; zeros if unknown."""
    column = np.array([names.index(name) if name in names else -1 for name in belongs] + [-1])
    found = np.zeros((len(genres), len(names)))
    for rank, weight in enumerate(_BY_RANK[: genres.shape[1]]):
        of_rank = column[genres[:, rank]]  # code -1 reads the last entry
        rows = np.flatnonzero(of_rank >= 0)
        found[rows, of_rank[rows]] += weight
    return found / np.maximum(found.sum(axis=1, keepdims=True), 1e-9)


def _of_neighbours(places: Floats, rows: npt.NDArray[np.intp], pool: npt.NDArray[np.intp], shares: Floats) -> Floats:
    """Return (rows, columns): the weighted mean of ``shares`` over each row's nearest others of ``pool``."""
    wide = places.astype(np.float32)
    others, nearest = wide[pool], min(_NEIGHBOURS, len(pool) - 1)
    found = np.empty((len(rows), shares.shape[1]))
    for at in range(0, len(rows), _BLOCK):
        cosines = wide[rows[at : at + _BLOCK]] @ others.T
        cosines[rows[at : at + _BLOCK, None] == pool] = -1.0  # an artist is no neighbour of itself
        best = np.argpartition(-cosines, nearest - 1, axis=1)[:, :nearest]
        weights = np.exp(_SHARPNESS * (np.take_along_axis(cosines, best, 1) - 1.0))
        weights /= weights.sum(axis=1, keepdims=True)
        found[at : at + _BLOCK] = np.einsum("ij,ijk->ik", weights, shares[pool[best]])
    return found
