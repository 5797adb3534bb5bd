"""The neural part of playlist continuation: embeddings of songs, and the network that turns seeds into a query.

A song's embedding is the sum of a row of its own, where several lists hold it, of one of its artist's, and of what its
artist's place and its facts say, so that a song in no list has one too. Mean and variance of the seeds' embeddings go
through the network; a song scores the product of its embedding with the answer. Everything but the network is linear in
the embedding, so a catalogue is scored without ever being embedded: one product with the table of rows, one with the
artists' places, one with the facts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.artefacts import verified
from ml.continuation.features import Artists, Background, Columns
from ml.litert import LiteRTNetwork

Ints = npt.NDArray[np.integer[Any]]
Floats = npt.NDArray[np.float32]
Network = Callable[[Floats, Floats, Floats], Floats]

FILES = ("neural.npy", "neural.npz", "neural.tflite")


def facts(columns: Columns, artists: Artists, background: Background) -> Floats:
    """Return (n, 20) facts about songs apart from their artist's place; an unknown one has a flag and counts 0."""
    popularity = np.nan_to_num(columns.popularity / 100.0, nan=0.2)
    known = columns.artist >= 0
    prior = np.where(known, artists.prior[columns.artist], 0.0)
    sound = (columns.filled_sound - background.sound_mean) / np.sqrt(background.sound_variance) * 0.3
    sound[columns.lacks_sound] = 0.0
    rest = [columns.lacks_sound, np.isnan(columns.popularity), popularity, 2 * popularity**2, prior, prior**2, known]
    return np.column_stack([sound, *rest, np.ones(len(columns))]).astype(np.float32)


@dataclass(frozen=True, kw_only=True)
class NeuralScores:
    """The parts of all scores for one playlist: by recording of the lists, by artist, and by fact."""

    of_song: Floats
    of_artist: Floats
    of_fact: Floats

    def of_songs(self, listed: Ints, artist: Ints, known: Floats) -> Floats:
        """Return (m,) scores: ``listed`` and ``artist`` (m,) numbers, -1 = none, ``known`` (m, f) :func:`facts`."""
        own = np.where(listed >= 0, self.of_song[listed], np.float32(0.0)) if len(self.of_song) else np.float32(0.0)
        found: Floats = known @ self.of_fact + own + np.where(artist >= 0, self.of_artist[artist], np.float32(0.0))
        return found


@dataclass(frozen=True, kw_only=True)
class Neural:
    """Embeddings of d numbers and, in the last column, what a song scores with anybody.

    ``rows`` (r + 1, d + 1), may be mapped, are those of songs and artists, zeros last; ``song_row`` (n,) and
    ``artist_row`` (A,) point into it. ``place`` (p, d + 1) and ``fact`` (f, d + 1) are what artists' places and facts
    add. ``network`` takes mean and variance (m, d) and size (m, 1) of m playlists, and gives queries (m, d).
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
        own = self.rows[np.where(listed >= 0, self.song_row[listed], none)] if len(self.song_row) else 0.0
        artists = self.rows[np.where(artist >= 0, self.artist_row[artist], none)]
        placed = np.where(artist[:, None] >= 0, places[artist], np.float32(0.0)) @ self.place
        return np.asarray(own + artists + placed + known @ self.fact, np.float32)

    def scores_for(self, listed: Ints, artist: Ints, known: Floats, places: Floats) -> NeuralScores:
        """Return what goes with these seeds; arguments as in :meth:`embed`."""
        query = np.append(self.network(*summary(self.embed(listed, artist, known, places)[:, :-1])), np.float32(1.0))
        by_row = self.rows @ query
        return NeuralScores(
            of_song=by_row[self.song_row],
            of_artist=by_row[self.artist_row] + places @ (self.place @ query),
            of_fact=self.fact @ query,
        )

    def save(self, directory: Path) -> list[Path]:
        """Write the arrays; ``neural.tflite`` is written beside them by whoever has the network in Keras."""
        directory.mkdir(parents=True, exist_ok=True)
        written = [directory / name for name in FILES[:2]]
        np.save(written[0], self.rows)
        np.savez_compressed(
            written[1], song_row=self.song_row, artist_row=self.artist_row, place=self.place, fact=self.fact
        )
        return written

    @classmethod
    def load(cls, directory: Path) -> Neural:
        """Read what was saved, the rows mapped; raises ml.artefacts.ArtefactError for what is absent or changed."""
        table, arrays, network = (verified(directory / name) for name in FILES)
        with np.load(arrays, allow_pickle=False) as stored:
            return cls(rows=np.load(table, mmap_mode="r"), network=LiteRTNetwork(network.read_bytes()), **stored)


def summary(embedded: Floats) -> tuple[Floats, Floats, Floats]:
    """Return mean (1, d), variance (1, d) and size (1, 1) of (m, d) seeds, as the network takes them."""
    size = np.array([[np.log1p(len(embedded)) / 4.0]], np.float32)
    if not len(embedded):
        return np.zeros((1, embedded.shape[1]), np.float32), np.zeros((1, embedded.shape[1]), np.float32), size
    return embedded.mean(axis=0, keepdims=True), embedded.var(axis=0, keepdims=True), size
