"""The genre network and how it is fitted: a table of name-piece vectors, and a Keras network behind it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from ml.genre_encoder import AUDIO_WIDTH, Floats, columns_of
from ml.text_features import PARTS, Vocabulary, hashes
from ml.train.genre_data import TrackTable
from store.domain import AUDIO_FEATURES

layers = keras.layers


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a training run is made of. Shares and rates are 0 to 1; the rest are counts."""

    pieces: int = 120_000  # name pieces kept, those of most artists first
    least_artists: int = 3  # a piece of fewer artists says nothing about anybody else's music
    width: int = 64  # numbers per piece
    hidden: int = 384
    epochs: int = 4
    batch: int = 1024
    rate: float = 1e-3
    dropout: float = 0.5
    piece_dropout: float = 0.45  # on average; each track draws its own
    audio_dropout: float = 0.2  # tracks trained without any audio feature
    part_dropout: float = 0.12  # each of title, artists and album
    names_dropout: float = 0.1  # tracks trained without any name
    feature_dropout: float = 0.04
    year_dropout: float = 0.5
    first_share: float = 0.7  # of the target on the label that scores count
    micro_share: float = 0.3  # weight of the microgenre loss
    least_micro: int = 40  # training tracks of a microgenre
    seed: int = 1


@dataclass(frozen=True)
class Bags:
    """Each track's name pieces as rows of the vocabulary: per part a CSR of ``start`` (n + 1,) and ``rows``."""

    start: Sequence[npt.NDArray[np.intp]]
    rows: Sequence[npt.NDArray[np.int32]]

    def of(self, part: int, tracks: npt.NDArray[np.intp]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.intp]]:
        """Return the pieces of ``tracks`` and, beside each, which of ``tracks`` it belongs to."""
        first, last = self.start[part][tracks], self.start[part][tracks + 1]
        counts = last - first
        offsets = np.repeat(first - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts)
        return self.rows[part][offsets + np.arange(counts.sum())], np.repeat(np.arange(len(tracks)), counts)


def hash_names(table: TrackTable) -> tuple[list[npt.NDArray[np.intp]], list[npt.NDArray[np.uint32]]]:
    """Return per part the number of pieces of each track, and all pieces one after the other."""
    counts = [np.zeros(len(table), np.intp) for _ in PARTS]
    found: list[list[int]] = [[] for _ in PARTS]
    for row in range(len(table)):
        for part, names in enumerate(table.names(row)):
            pieces = hashes(names, part)
            counts[part][row] = len(pieces)
            found[part].extend(pieces)
    return counts, [np.array(f, np.uint32) for f in found]


def choose_pieces(
    table: TrackTable,
    counts: Sequence[npt.NDArray],
    pieces: Sequence[npt.NDArray],
    use: npt.NDArray[np.bool_],
    s: Settings,
) -> tuple[Vocabulary, Floats]:
    """Return the pieces that most artists of the tracks in ``use`` share, and each one's weight (its rarity)."""
    artists = np.unique([a[0] if a else "" for a in table.artists], return_inverse=True)[1].astype(np.uint64)
    known, spread = [], []
    for count, piece in zip(counts, pieces, strict=True):
        track = np.repeat(np.arange(len(table)), count)
        wanted = use[track]
        pairs = np.unique((piece[wanted].astype(np.uint64) << np.uint64(32)) | artists[track[wanted]])
        values, artists_of = np.unique((pairs >> np.uint64(32)).astype(np.uint32), return_counts=True)
        known.append(values)
        spread.append(artists_of)
    every, counted = np.concatenate(known), np.concatenate(spread)
    best = np.argsort(-counted, kind="stable")[: s.pieces]
    best = best[counted[best] >= s.least_artists]
    order = np.unique(every[best], return_index=True)[1]
    rarity = np.log(len(np.unique(artists[use])) / counted[best][order])
    return Vocabulary(every[best][order]), np.maximum(rarity, 0.1).astype(np.float32)


def index_names(vocabulary: Vocabulary, counts: Sequence[npt.NDArray], pieces: Sequence[npt.NDArray]) -> Bags:
    """Look every piece up, dropping those not kept."""
    start, rows = [], []
    for count, piece in zip(counts, pieces, strict=True):
        found = vocabulary.rows(piece)
        kept = found >= 0
        track = np.repeat(np.arange(len(count)), count)[kept]
        start.append(np.concatenate([[0], np.cumsum(np.bincount(track, minlength=len(count)))]))
        rows.append(found[kept])
    return Bags(start, rows)


def build(width: int, hidden: int, genres: int, micro: int, dropout: float) -> keras.Model:
    """Return the network (audio, bags) -> (genre logits, microgenre logits).

    Genre logits are the sum of experts: audio, names linearly, names through a hidden layer, and both jointly;
    so a part that is missing (all zeros) leaves the others' say as it is.
    """
    audio = keras.Input((AUDIO_WIDTH,), name="audio")
    bags = keras.Input((len(PARTS) * width,), name="bags")
    heard = layers.Dropout(0.1)(layers.Dense(256, activation="gelu")(audio))
    heard = layers.Dropout(0.2)(layers.Dense(256, activation="gelu")(heard))
    named = layers.Dropout(dropout)(bags)
    read = layers.Dropout(dropout)(layers.Dense(hidden, activation="gelu")(named))
    joint = layers.Dense(hidden, activation="gelu")(layers.Concatenate()([heard, read]))
    joint = layers.Dropout(dropout)(joint)
    experts = [layers.Dense(genres)(x) for x in (heard, named, read, joint)]
    aside = layers.Dense(micro, name="micro")(layers.Concatenate()([heard, named, read, joint]))
    return keras.Model([audio, bags], [layers.Add(name="genre")(experts), aside])


def probabilities_of(network: keras.Model) -> keras.Model:
    """Return what ships: (audio, bags) -> uncalibrated genre probabilities, without the microgenres."""
    return keras.Model(network.inputs, layers.Softmax(name="probabilities")(network.outputs[0]))


@dataclass(kw_only=True)
class Task:
    """All arrays of a training run; row ``i`` is track ``i`` in each."""

    audio: Floats
    bags: Bags
    weight: Floats
    genre: Floats
    micro: Sequence[npt.NDArray[np.int32]]
    micro_count: int
    train: npt.NDArray[np.intp]
    settings: Settings
    rng: np.random.Generator = field(init=False)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.settings.seed)

    def names(self, tracks: npt.NDArray[np.intp], keep: npt.NDArray[np.bool_], drop: float) -> tf.SparseTensor:
        """Return the (3 * n, pieces) matrix whose product with the table is the bags, part after part.

        ``keep`` (3, n) says which parts are shown; ``drop`` is the mean share of pieces left out.
        """
        rows, columns, values = [], [], []
        for part in range(len(PARTS)):
            piece, owner = self.bags.of(part, tracks)
            shown = keep[part][owner]
            if drop:
                shown &= self.rng.random(len(piece)) >= (2.0 * drop * self.rng.random(len(tracks)))[owner]
            piece, owner = piece[shown], owner[shown]
            mass = np.bincount(owner, weights=self.weight[piece] ** 2, minlength=len(tracks))
            rows.append(part * len(tracks) + owner)
            columns.append(piece)
            values.append(self.weight[piece] / np.sqrt(mass)[owner])
        places = np.stack([np.concatenate(rows), np.concatenate(columns)], axis=1).astype(np.int64)
        return tf.SparseTensor(places, np.concatenate(values).astype(np.float32), (3 * len(tracks), len(self.weight)))

    def whole(self, tracks: npt.NDArray[np.intp]) -> tuple[tf.SparseTensor, Floats]:
        """Return the inputs of ``tracks`` with nothing left out."""
        return self.names(tracks, np.ones((3, len(tracks)), bool), 0.0), self.audio[tracks]

    def thinned(self, tracks: npt.NDArray[np.intp]) -> tuple[tf.SparseTensor, Floats]:
        """Return the inputs of ``tracks`` with parts left out at random, as users and sources leave them out."""
        s, n = self.settings, len(tracks)
        keep = self.rng.random((3, n)) >= s.part_dropout
        draw = self.rng.random(n)
        keep[:, draw >= 1.0 - s.names_dropout] = False
        audio = self.audio[tracks]
        for feature in AUDIO_FEATURES:
            audio[np.ix_(self.rng.random(n) < s.feature_dropout, columns_of(feature))] = 0.0
        audio[draw < s.audio_dropout, : AUDIO_WIDTH - 2] = 0.0
        audio[np.ix_(self.rng.random(n) < s.year_dropout, columns_of("year"))] = 0.0
        return self.names(tracks, keep, s.piece_dropout), audio

    def micro_targets(self, tracks: npt.NDArray[np.intp]) -> Floats:
        """Return (n, microgenres) distributions, zero rows where none is known."""
        wanted = np.zeros((len(tracks), self.micro_count), np.float32)
        for row, track in enumerate(tracks):
            if len(self.micro[track]):
                wanted[row, self.micro[track]] = 1.0 / len(self.micro[track])
        return wanted


class Fitted:
    """A table of piece vectors and the network behind it, while they are trained together."""

    def __init__(self, task: Task) -> None:
        s = task.settings
        keras.utils.set_random_seed(s.seed)
        tf.config.experimental.enable_op_determinism()
        self.task = task
        self.network = build(s.width, s.hidden, task.genre.shape[1], task.micro_count, s.dropout)
        start = np.random.default_rng(s.seed).normal(0.0, 0.05, (len(task.weight), s.width))
        self.table = keras.Variable(start.astype(np.float32), name="pieces")
        steps = s.epochs * self._steps()
        schedule = keras.optimizers.schedules.CosineDecay(
            0.0, steps, alpha=0.02, warmup_target=s.rate, warmup_steps=min(200, steps // 4)
        )
        self.optimiser = keras.optimizers.Adam(schedule)
        self._variables = [self.table, *self.network.trainable_variables]
        self.optimiser.build(self._variables)
        self._step = tf.function(self._descend, reduce_retracing=True)

    def _steps(self) -> int:
        return max(1, len(self.task.train) // self.task.settings.batch)

    def bag(self, names: tf.SparseTensor) -> tf.Tensor:
        """Return (n, 3 * width) bags."""
        width = self.table.shape[1]
        flat = tf.reshape(tf.sparse.sparse_dense_matmul(names, self.table.value), (len(PARTS), -1, width))
        return tf.reshape(tf.transpose(flat, (1, 0, 2)), (-1, len(PARTS) * width))

    def _descend(self, names: tf.SparseTensor, audio: tf.Tensor, genre: tf.Tensor, micro: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            logits, aside = self.network([audio, self.bag(names)], training=True)
            # A track without labels has an all-zero target, hence no loss.
            loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(genre, logits))
            loss += self.task.settings.micro_share * tf.reduce_mean(
                tf.nn.softmax_cross_entropy_with_logits(micro, aside)
            )
        self.optimiser.apply(tape.gradient(loss, self._variables), self._variables)
        return loss

    def epochs(self) -> Iterator[float]:
        """Train; yield the mean loss after each epoch."""
        task, batch = self.task, min(self.task.settings.batch, len(self.task.train))
        for _ in range(task.settings.epochs):
            order, losses = task.rng.permutation(task.train), []
            for step in range(self._steps()):
                tracks = order[step * batch : (step + 1) * batch]
                names, audio = task.thinned(tracks)
                losses.append(self._step(names, audio, task.genre[tracks], task.micro_targets(tracks)))
            yield float(np.mean([float(loss) for loss in losses]))

    def vectors(self) -> Floats:
        """Return the table with each piece's weight multiplied in, as serving sums it."""
        return self.table.numpy() * self.task.weight[:, None]
