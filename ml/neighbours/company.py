"""How well each artist of a segment goes with one artist; the needed parts of the embedding are laid out for speed."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.artists.model import ArtistEmbedding
from ml.neighbours.hubs import Hubs
from store.catalogue.records import release, spans

Floats32 = npt.NDArray[np.float32]

# Most cosines of artists are high; this exponent spreads them.
ARTIST_POWER = 4
# Weights in the likeness of artists: the share that common families and regions make by themselves, the share of the
# rest that is lost without any in common, and the weights of closeness in shared playlists, of shared genres and of how
# well known the artist is. Chosen on split `valid`: bench/company_weights.py.
_KIN, _APART, _TOGETHER, _SHARED, _KNOWN = 0.25, 0.8, 0.5, 0.35, 0.1
_BEND = 0.8  # see _below_one
# Likeness of a row whose artist is unknown: about that of a random track.
UNKNOWN_ARTIST = 0.05


def _below_one(scores: Floats32) -> Floats32:
    """Return ``scores``, of which those above ``_BEND`` approach 1 without reaching it; the order stays.

    What several kinds of likeness agree on would exceed 1. If all of that were 1, rounding would decide its order.
    """
    high, room = scores > _BEND, np.float32(1 - _BEND)
    scores[high] = 1 - room * np.exp((np.float32(_BEND) - scores[high]) / room)
    return scores


class SegmentArtists:
    """The artists of one segment; 12 MB for the 50,000 artists of 220,000 tracks.

    Artists that the embedding does not know take no memory and no time. In a large table they may be most of them.

    Parameters
    ----------
    artists : ArtistEmbedding
    rows : np.ndarray
        (a,) the artists' rows in the embedding, -1 for those that it does not know.
    """

    def __init__(self, artists: ArtistEmbedding, rows: npt.NDArray[np.int32]) -> None:
        self._artists, self._count = artists, len(rows)
        self._known = np.flatnonzero(rows >= 0)
        self._rows = rows[self._known].astype(np.intp)
        self._by_row = np.argsort(self._rows, kind="stable").astype(np.int32)
        # Where each artist of the embedding begins in `_by_row`; the last number is its end.
        self._start = np.searchsorted(self._rows[self._by_row], np.arange(len(artists) + 1)).astype(np.int32)
        self._places = artists.units(self._rows)
        # Stored by column: an artist has shares in few families, so that most columns can be skipped.
        self._kinship = np.ascontiguousarray(artists.kinship_of(self._rows).T)
        self._prior = artists.prior[self._rows].astype(np.float32)
        release(artists.vectors)
        release(artists.kinship)
        self._scaled_for: tuple[Hubs, Floats32] | None = None

    def scores(self, artist: int, hubs: Hubs | None, cosine: Floats32 | None = None) -> Floats32:
        """Return (a,) how well each goes with the ``artist`` (a row of the embedding), 0 to 1.

        Cosines are corrected by ``hubs`` where they are given. ``cosine`` is its row of :meth:`cosines`, if that is
        known; it is overwritten.
        """
        agreement, scores = self.agreement(artist), self.cosine_scores(artist, hubs, cosine)
        scores *= (1 - _KIN) * (1 - _APART) + (1 - _KIN) * _APART * agreement
        scores += _KIN * np.square(agreement)
        partners, _, closeness = self._artists.partners(artist)
        self._add(scores, partners, np.float32(_TOGETHER) * closeness.astype(np.float32))
        sharing, shared = self._artists.shared.of(artist)
        self._add(scores, sharing, np.float32(_SHARED) * shared)
        scores += np.float32(_KNOWN) * self._prior
        return self.of_all(_below_one(scores))

    def _add(self, scores: Floats32, artists: npt.NDArray[Any], values: Floats32) -> None:
        """Add ``values`` to the ``scores`` of some ``artists``; several names may be of one artist of the embedding."""
        first, end = self._start[artists], self._start[artists + 1]
        scores[self._by_row[spans(first, end - first)]] += np.repeat(values, end - first)

    def of_all(self, scores: Floats32) -> Floats32:
        """Return (a,) the ``scores`` of the known artists, and ``UNKNOWN_ARTIST`` for the others."""
        found = np.full(self._count, UNKNOWN_ARTIST, np.float32)
        found[self._known] = scores
        return found

    def agreement(self, artist: int) -> Floats32:
        """Return (known artists,) how far each agrees with one artist in families and regions, 0 to 1."""
        weights = self._artists.kinship_weights(artist)
        found, part = np.zeros(len(self._rows), np.float32), np.empty(len(self._rows), np.float32)
        for column in np.flatnonzero(weights).tolist():
            found += np.multiply(self._kinship[column], weights[column], out=part)
        return found

    def cosines(self, artists: Sequence[int]) -> Floats32:
        """Return (k, known artists) the cosines with k ``artists``; for many it is faster than one by one."""
        units = self._artists.units(np.asarray(artists, np.intp))
        return np.asarray(units @ self._places.T, np.float32)

    def cosine_scores(self, artist: int, hubs: Hubs | None, cosine: Floats32 | None = None) -> Floats32:
        """Return (known artists,) the cosine with one artist to the power of ``ARTIST_POWER``, 0 if negative."""
        if cosine is None:
            cosine = self._places @ self._artists.unit(artist)
        if hubs is not None:
            # One minus the cosine is half the squared distance.
            np.subtract(1.0, cosine, out=cosine)
            cosine *= self._per_root_of_scale(hubs) / np.sqrt(hubs.artists[artist])
            np.subtract(1.0, cosine, out=cosine)
        np.maximum(cosine, 0.0, out=cosine)
        np.square(cosine, out=cosine)  # np.power takes twenty times as long
        return np.square(cosine, out=cosine)

    def _per_root_of_scale(self, hubs: Hubs) -> Floats32:
        if self._scaled_for is None or self._scaled_for[0] is not hubs:
            self._scaled_for = hubs, (1.0 / np.sqrt(hubs.artists[self._rows])).astype(np.float32)
        return self._scaled_for[1]
