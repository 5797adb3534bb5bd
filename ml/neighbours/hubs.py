"""Hub correction: distances measured in how far apart tracks usually lie where the two of them are.

In many dimensions some points come to be among the nearest of a great many others (hubs), and some of none
(anti-hubs). Local scaling undoes it: d(x, y) / sqrt(s(x) s(y)), with s the mean distance to a point's own nearest, the
form NICDM of D. Schnitzer et al., "Local and global scaling reduce hubs in space" (JMLR 13, 2012). Here the nearest are
sought among a fixed sample, so that 200,000 tracks take seconds instead of hours, and distances are squared.
"""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.artists.model import ArtistEmbedding, unit_rows
from ml.sound import SHARES, coordinates
from store.catalogue.catalogue import Segment

Floats = npt.NDArray[np.floating[Any]]

SAMPLE = 1000
# Of the sample, hence the nearest hundredth of everything.
NEAREST = 10
# The power of the scales of artists; 1 would be all of the correction, and evener still, but people put tracks of
# artists from crowded places together: on held-out playlists (`valid`, 1,307 seeds) 0.5 and 1 hit less than none.
ARTISTS = 0.25
# With fewer references a mean of ten says nothing about a neighbourhood.
LEAST = 100
_SAME = 1e-4  # squared distance at which a reference is the point itself or another edition of it
_BLOCK = 2048  # points at a time: 8 MB of distances
_SEED = 1


class LocalScaling:
    """How sparse the surroundings of a point are, by a sample of (s, d) ``references`` without gaps.

    ``shares`` (d,) of the whole weight stand behind the columns (equal ones if ``None``): the distance of a point with
    gaps is taken over the columns that it knows.
    """

    def __init__(self, references: Floats, shares: Floats | None = None) -> None:
        columns = references.shape[1]
        self._shares = (np.full(columns, 1 / columns) if shares is None else shares).astype(np.float32)
        self._minus_twice, self._squares = -2 * references.T, np.square(references.T)
        self._usual = 1.0
        if len(references) >= LEAST:
            self._usual = float(np.median(self.scales(references)))

    def scales(self, points: Floats) -> npt.NDArray[np.float32]:
        """Return (n,): mean squared distance of (n, d) ``points`` to their nearest references, 1 being the usual one.

        1 where nothing is known of a point (all NaN), or where the sample is too small to tell.
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
        return np.where(count > 0, mean / self._usual, 1.0)


class Hubs:
    """Local scales of sounds and of artists, by tracks drawn from one segment: 1.2 MB for 220,000 tracks.

    Those of sounds are for the usual weights of the features, and stand in for those of weights of one's own.

    Parameters
    ----------
    segment : Segment
        From which the sample is drawn.
    artist_of : np.ndarray
        (number of the segment's artists,) their places in ``artists``, -1 where they have none.
    artists : ArtistEmbedding

    Attributes
    ----------
    artists : np.ndarray
        (n,) scale of every artist of the embedding, to the power of ``ARTISTS``.
    """

    def __init__(self, segment: Segment, artist_of: npt.NDArray[np.int32], artists: ArtistEmbedding) -> None:
        self.drawn_from = segment.directory
        rows = np.flatnonzero(~np.isnan(segment.features).any(axis=1))
        drawn = np.sort(np.random.default_rng(_SEED).permutation(rows)[:SAMPLE])
        self._sound = LocalScaling(coordinates(segment.features[drawn]), SHARES)
        known = artist_of[segment.artist_code[drawn]]
        company = LocalScaling(unit_rows(artists.vectors[known[known >= 0]]))
        blocks = (unit_rows(artists.vectors[at : at + _BLOCK]) for at in range(0, len(artists), _BLOCK))
        self.artists = np.concatenate([company.scales(block) for block in blocks]) ** np.float32(ARTISTS)
        self._rows: dict[str, tuple[Path, npt.NDArray[np.float32]]] = {}
        self._lock = Lock()

    def of_place(self, place: npt.NDArray[np.float32]) -> float:
        """Return the scale of one sound (12,)."""
        return float(self._sound.scales(place[None])[0])

    def of_rows(self, segment: Segment) -> npt.NDArray[np.float32]:
        """Return (n,) scales of a segment's rows; worked out once, the newest generation of each segment is kept."""
        with self._lock:
            directory, scales = self._rows.get(segment.name, (None, None))
            if scales is None or directory != segment.directory:
                scales = self._sound.scales(coordinates(segment.features))
                self._rows[segment.name] = segment.directory, scales
            return scales
