"""The neural part of playlist continuation: embeddings of songs, and the network that turns seeds into a query.

A song's embedding is the sum of a row for the song (if several lists hold it), a row for its artist, and linear maps of
its artist's vector and of its facts, so that songs in no list have an embedding, too. The network maps mean and
variance of the seeds' embeddings to a query; a song's score is the dot product of its embedding with the query. The
score is linear in the embedding, so a catalogue is scored without computing embeddings: by products of the query with
the table of rows, with the artists' vectors and with the facts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.continuation.features import Artists, Background, Columns
from ml.continuation.interactions import Ints

Floats = npt.NDArray[np.float32]
Network = Callable[[Floats, Floats, Floats], Floats]


def facts(columns: Columns, artists: Artists, background: Background) -> Floats:
    """Return (n, 20) facts of songs besides their artist's vector; unknown values are 0 and marked by flags."""
    popularity = np.nan_to_num(columns.popularity / 100.0, nan=0.2)
    known = columns.artist >= 0
    prior = np.where(known, artists.prior[columns.artist], 0.0)
    sound = (columns.filled_sound - background.sound_mean) / np.sqrt(background.sound_variance) * 0.3
    sound[columns.lacks_sound] = 0.0
    rest = [columns.lacks_sound, np.isnan(columns.popularity), popularity, 2 * popularity**2, prior, prior**2, known]
    return np.column_stack([sound, *rest, np.ones(len(columns))]).astype(np.float32)


@dataclass(frozen=True, kw_only=True)
class NeuralScores:
    """The summands of the scores for one playlist: by recording of the lists, by artist, and by fact."""

    of_song: Floats
    of_artist: Floats
    of_fact: Floats

    def of_songs(self, listed: Ints, artist: Ints, known: Floats) -> Floats:
        """Return (m,) scores: ``listed`` and ``artist`` (m,) numbers, -1 = none, ``known`` (m, f) :func:`facts`."""
        zero = np.float32(0.0)
        by_song = np.where(listed >= 0, self.of_song[listed], zero) if len(self.of_song) else zero
        found: Floats = known @ self.of_fact + by_song + np.where(artist >= 0, self.of_artist[artist], zero)
        return found


@dataclass(frozen=True, kw_only=True)
class Neural:
    """Embeddings of d numbers and, in the last column, a bias.

    ``rows`` (r + 1, d + 1), possibly memory-mapped, are those of songs and artists, the last one zeros; ``song_row``
    (n,) and ``artist_row`` (A,) are indices into it. ``place`` (p, d + 1) and ``fact`` (f, d + 1) are the linear maps
    of artists' places and facts. ``network`` maps mean and variance (m, d) and size (m, 1) of m playlists to queries
    (m, d).
    """

    rows: Floats
    song_row: Ints
    artist_row: Ints
    place: Floats
    fact: Floats
    network: Network

    def embed(self, listed: Ints, artist: Ints, known: Floats, places: Floats) -> Floats:
        """Return (m, d + 1) embeddings of songs; arguments as in :meth:`NeuralScores.of_songs`, ``places`` (A, p)."""
        none = len(self.rows) - 1
        song_part = self.rows[np.where(listed >= 0, self.song_row[listed], none)] if len(self.song_row) else 0.0
        artists = self.rows[np.where(artist >= 0, self.artist_row[artist], none)]
        placed = np.where(artist[:, None] >= 0, places[artist], np.float32(0.0)) @ self.place
        return np.asarray(song_part + artists + placed + known @ self.fact, np.float32)

    def scores_for(self, listed: Ints, artist: Ints, known: Floats, places: Floats) -> NeuralScores:
        """Return the scores for the seeds; arguments as in :meth:`embed`."""
        query = np.append(self.network(*summary(self.embed(listed, artist, known, places)[:, :-1])), np.float32(1.0))
        by_row = self.rows @ query
        return NeuralScores(
            of_song=by_row[self.song_row],
            of_artist=by_row[self.artist_row] + places @ (self.place @ query),
            of_fact=self.fact @ query,
        )


def summary(embedded: Floats) -> tuple[Floats, Floats, Floats]:
    """Return mean (1, d), variance (1, d) and size (1, 1) of (m, d) seeds, as the network takes them."""
    size = np.array([[np.log1p(len(embedded)) / 4.0]], np.float32)
    if not len(embedded):
        return np.zeros((1, embedded.shape[1]), np.float32), np.zeros((1, embedded.shape[1]), np.float32), size
    return embedded.mean(axis=0, keepdims=True), embedded.var(axis=0, keepdims=True), size
