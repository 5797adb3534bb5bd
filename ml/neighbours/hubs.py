"""Hub correction by local scaling: a distance is divided by a measure of how sparse its two ends' surroundings are.

In many dimensions some points are among the nearest neighbours of very many others (hubs), and some of none
(anti-hubs). Local scaling reduces this: d(x, y) / sqrt(s(x) s(y)), where s is the mean distance of a point from its own
nearest neighbours. This is NICDM of D. Schnitzer et al., "Local and global scaling reduce hubs in space" (JMLR 13,
2012), with two changes: neighbours come from a fixed sample, so that 200,000 tracks take seconds instead of hours, and
distances are squared.
"""

from pathlib import Path
from threading import Lock

import numpy as np
import numpy.typing as npt

from ml.artists.model import ArtistEmbedding, unit_rows
from ml.sound import SHARES, coordinates
from store.catalogue.catalogue import Segment
from store.catalogue.records import release
from store.feature_rows import Floats

SAMPLE = 1000
NEAREST = 10  # neighbours in the sample, which stand for the nearest hundredth of all tracks
# Exponent of the artists' scales; 1 is the full correction, 0 none. Artists of dense regions really share playlists: on
# held-out playlists (`valid`, 1,307 seeds) exponents 0.5 and 1 had fewer hits than no correction.
ARTISTS = 0.25
# With fewer references, ten of them are too large a share to be a neighbourhood.
LEAST = 100
_SAME = 1e-4  # up to this squared distance, a reference is taken for the point itself or another edition of it
_BLOCK = 2048  # points per block: 8 MB of distances
_SEED = 1


class LocalScaling:
    """Measures how sparse the surroundings of points are.

    Parameters
    ----------
    references : np.ndarray
        (s, d) sample of points without NaN.
    shares : np.ndarray, optional
        (d,) each column's share of the whole weight, 1 in sum; equal by default. For a point with NaN, the distance is
        computed over its known columns.
    """

    def __init__(self, references: Floats, shares: Floats | None = None) -> None:
        columns = references.shape[1]
        self._shares = (np.full(columns, 1 / columns) if shares is None else shares).astype(np.float32)
        self._minus_twice, self._squares = -2 * references.T, np.square(references.T)
        self._median = 1.0
        if len(references) >= LEAST:
            self._median = float(np.median(self.scales(references)))

    def scales(self, points: Floats) -> npt.NDArray[np.float32]:
        """Return (n,): mean squared distance of (n, d) ``points`` from their nearest references; the median is 1.

        It is 1 for a point that is all NaN, and for every point if there are fewer than 100 references.
        """
        found = np.ones(len(points), np.float32)
        if self._squares.shape[1] < LEAST:
            return found
        for at in range(0, len(points), _BLOCK):
            found[at : at + _BLOCK] = self._of_block(points[at : at + _BLOCK])
        return found

    def _of_block(self, points: Floats) -> Floats:
        known = ~np.isnan(points)
        filled, share = np.where(known, points, np.float32(0)), known @ self._shares
        squared = filled @ self._minus_twice
        squared += self._squares.sum(axis=0) if known.all() else known.astype(np.float32) @ self._squares
        squared.partition(NEAREST - 1, axis=1)
        nearest = squared[:, :NEAREST] + np.einsum("ij,ij->i", filled, filled)[:, None]
        others = nearest > _SAME
        count = others.sum(axis=1) * share
        mean = np.where(others, nearest, 0).sum(axis=1) / np.maximum(count, 1e-6)
        return np.where(count > 0, mean / self._median, 1.0)


class Hubs:
    """Local scales of sounds and of artists, from a sample of the tracks of one segment; 1.2 MB for 220,000 tracks.

    The scales of sounds are computed with the default weights of the features, and used with any weights.

    Parameters
    ----------
    segment : Segment
        The segment from which the sample is drawn.
    artist_of : np.ndarray
        (artists of the segment,) their rows in ``artists``, -1 for unknown ones.
    artists : ArtistEmbedding

    Attributes
    ----------
    artists : np.ndarray
        (n,) scale of every artist of the embedding, raised to ``ARTISTS``.
    """

    def __init__(self, segment: Segment, artist_of: npt.NDArray[np.int32], artists: ArtistEmbedding) -> None:
        self.drawn_from = segment.directory
        rows = np.flatnonzero(~np.isnan(segment.features).any(axis=1))
        drawn = np.sort(np.random.default_rng(_SEED).permutation(rows)[:SAMPLE])
        self._sound = LocalScaling(coordinates(segment.features[drawn]), SHARES)
        known = artist_of[segment.artist_code[drawn]]
        scaling = LocalScaling(unit_rows(artists.vectors[known[known >= 0]]))
        blocks = (unit_rows(artists.vectors[at : at + _BLOCK]) for at in range(0, len(artists), _BLOCK))
        self.artists = np.concatenate([scaling.scales(block) for block in blocks]) ** np.float32(ARTISTS)
        self._rows: dict[str, tuple[Path, npt.NDArray[np.float32]]] = {}
        self._lock = Lock()

    def of_coordinates(self, seed: npt.NDArray[np.float32]) -> float:
        """Return the scale of one sound's coordinates (12,)."""
        return float(self._sound.scales(seed[None])[0])

    def of_rows(self, segment: Segment) -> npt.NDArray[np.float32]:
        """Return (n,) scales of a segment's rows, computed once per generation of the segment."""
        with self._lock:
            directory, scales = self._rows.get(segment.name, (None, None))
            if scales is None or directory != segment.directory:
                scales = self._sound.scales(coordinates(segment.features))
                self._rows[segment.name] = segment.directory, scales
                release(segment.features)
            return scales
