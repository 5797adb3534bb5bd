"""Trains the neural part of playlist continuation, with a sampled softmax over all songs.

Each epoch draws ten windows of seeds from every list; the targets are the songs that follow. The softmax is estimated
from songs drawn log-uniformly by rank of frequency and uniformly, with each logit corrected by the logarithm of the
song's expected count (S. Jean et al., "On using very large target vocabulary for neural machine translation", 2015;
X. Yi et al., "Sampling-bias-corrected neural modeling for large corpus item recommendations", 2019). A step reads and
updates only the rows of its songs, by AdaGrad with one state per row (J. Duchi, E. Hazan and Y. Singer, "Adaptive
subgradient methods", 2011; M. Naumov et al., "Deep learning recommendation model", 2019). The rarer a song is, the more
often its row is dropped, and always if no other list holds it. This trains the maps of artists and facts for songs in
no list (after M. Volkovs, G. Yu and T. Poutanen, "DropoutNet", 2017).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from ml.continuation.interactions import Ints
from ml.continuation.train.songs import Floats, Neural

layers = keras.layers

FEWEST_SONGS = 4  # of a training list
_FEWEST_HELD = 2  # lists that hold a song or an artist with a row
_BARRED = np.float32(-1e9)
_WHOLE, _TABLE = tf.TensorSpec([None], tf.int64), tf.TensorSpec([None, None], tf.int64)
_REAL = tf.TensorSpec([None, None], tf.float32)
# The signature of a step's inputs, so that it is traced once for batches of any size.
_STEP_SIGNATURE = [_WHOLE] * 3 + [_REAL] + [_TABLE, _REAL] * 2 + [_WHOLE, tf.TensorSpec([None], tf.float32), _REAL]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Hyperparameters; ``rate`` is the learning rate of the rows, ``dense_rate`` that of all other weights.

    These two, ``width`` and ``batch`` were chosen on a quarter of all lists, some of which are now among the scored
    ones. The number of epochs, at most ``epochs``, is chosen on validation groups.
    """

    width: int = 64
    hidden: int = 128
    batch: int = 128
    negatives: int = 2000
    uniform: float = 0.3  # share of uniform negatives; the others are log-uniform by frequency
    windows: int = 10  # per list and epoch
    most_seeds: int = 24
    targets: int = 10
    in_order: float = 0.5  # share of windows of an ordered list that keep its order; the others are shuffled
    group_power: float = 0.5  # lists of a group of n have windows in proportion to n ** -this
    rate: float = 0.1
    dense_rate: float = 2e-3
    spread: float = 0.05  # standard deviation of the initial rows
    epochs: int = 9
    patience: int = 2  # epochs without a better validation score


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """L lists over n songs.

    ``shares[i]`` are the probabilities with which the songs of ``lists[i]`` are in it, ``None`` for 1; ``ordered[i]``
    if somebody chose their order. ``groups`` (L,) numbers the groups of lists. ``artist`` (n,) are numbers in
    ``places`` (A, p) or -1, ``known`` (n, f) are :func:`ml.continuation.train.songs.facts`, ``pool`` the songs of the
    softmax.
    """

    lists: Sequence[Ints]
    shares: Sequence[npt.NDArray[np.floating[Any]] | None]
    ordered: Sequence[bool]
    groups: Ints
    artist: Ints
    places: Floats
    known: Floats
    pool: Ints


class Vocabulary:
    """The rows of songs and artists, their numbers of lists, and the draws of negatives."""

    def __init__(self, corpus: Corpus, settings: Settings) -> None:
        self.count = np.zeros(len(corpus.artist), np.int64)
        self.artist_count = np.zeros(len(corpus.places), np.int64)
        for songs in corpus.lists:
            self.count[songs] += 1
            artists = np.unique(corpus.artist[songs])
            self.artist_count[artists[artists >= 0]] += 1
        often = np.flatnonzero(self.count >= _FEWEST_HELD)
        artists = np.flatnonzero(self.artist_count >= _FEWEST_HELD)
        self.size = len(often) + len(artists)
        self.song_row = np.full(len(self.count), self.size, np.int32)
        self.song_row[often] = np.arange(len(often))
        self.artist_row = np.full(len(self.artist_count), self.size, np.int32)
        self.artist_row[artists] = len(often) + np.arange(len(artists))
        self._order = corpus.pool[np.lexsort((corpus.pool, -self.count[corpus.pool]))]
        self._settings = settings

    def negatives(self, rng: np.random.Generator) -> tuple[Ints, Floats]:
        """Return distinct songs (k,) and the logarithms (k,) of the probabilities with which they are drawn."""
        n, wanted, uniform = len(self._order), self._settings.negatives, self._settings.uniform
        ranks = np.minimum(np.exp(rng.random(wanted) * np.log(n + 1)).astype(np.int64) - 1, n - 1)
        ranks = np.unique(np.where(rng.random(wanted) < uniform, rng.integers(0, n, wanted), ranks))
        chance = (1 - uniform) * np.log((ranks + 2.0) / (ranks + 1.0)) / np.log(n + 1) + uniform / n
        return self._order[ranks], np.log(-np.expm1(wanted * np.log1p(-chance))).astype(np.float32)

    def rows(self, songs: Ints, artist: Ints, rng: np.random.Generator) -> tuple[Ints, Ints]:
        """Return the rows of songs and of their artists; rows are dropped at random, rare ones more often."""
        mine = np.where(rng.random(len(songs)) * self.count[songs] < 1.0, self.size, self.song_row[songs])
        count = np.where(artist >= 0, self.artist_count[artist], 0)
        theirs = np.where(rng.random(len(songs)) * count < 0.5, self.size, self.artist_row[artist])
        return mine, theirs


def windows(
    songs: Ints,
    shares: npt.NDArray[np.floating[Any]] | None,
    ordered: bool,
    count: int,
    settings: Settings,
    rng: np.random.Generator,
) -> Iterator[tuple[Ints, Ints]]:
    """Yield at most ``count`` pairs of seeds and the songs that follow them, at random positions of the list."""
    for _ in range(count):
        played = songs if shares is None else songs[rng.random(len(songs)) < shares]
        if not (ordered and rng.random() < settings.in_order):
            played = rng.permutation(played)
        if len(played) < 2:
            continue
        most = min(len(played) - 1, settings.most_seeds)
        # Half of the lengths are log-uniform, for short beginnings, half are uniform.
        cut = int((most + 1) ** rng.random()) if rng.random() < 0.5 else int(rng.integers(1, most + 1))
        start = int(rng.integers(0, len(played) - cut))
        yield played[start : start + cut], played[start + cut : start + cut + settings.targets]


def _padded(songs: Sequence[Ints], most: int) -> tuple[Ints, Floats]:
    """Return songs padded to (b, most), and their mask."""
    mask = np.arange(most) < np.array(list(map(len, songs)))[:, None]
    found = np.zeros(mask.shape, np.int64)
    found[mask] = np.concatenate(songs)
    return found, mask.astype(np.float32)


def network(settings: Settings) -> keras.Model:
    """Return the network from mean, variance and size of the seeds to a query.

    The query is the mean, scaled by a factor that depends on the number of seeds, plus a change that follows from all
    three inputs.
    """
    mean, variance = keras.Input((settings.width,)), keras.Input((settings.width,))
    size = keras.Input((1,))
    branches = [
        layers.Dense(settings.hidden, "relu")(mean),
        layers.Dense(settings.hidden, "relu")(layers.Rescaling(10.0)(variance)),
        size,
    ]
    change = layers.Dense(settings.width, kernel_initializer=keras.initializers.RandomNormal(stddev=0.01))
    scale = layers.Dense(1, "softplus", kernel_initializer="zeros", bias_initializer="ones")
    scaled = layers.Multiply()([mean, scale(layers.Dense(16, "relu")(size))])
    return keras.Model([mean, variance, size], layers.Add()([scaled, change(layers.Concatenate()(branches))]))


class Trainer:
    """Trains the rows, the linear maps and the network; :meth:`neural` returns them."""

    def __init__(self, corpus: Corpus, settings: Settings, seed: int = 1) -> None:
        keras.utils.set_random_seed(seed)
        self.corpus, self.settings = corpus, settings
        self.vocabulary = Vocabulary(corpus, settings)
        self._rng = rng = np.random.default_rng(seed)
        d, inputs = settings.width, corpus.places.shape[1]
        rows = rng.standard_normal((self.vocabulary.size + 1, d + 1), np.float32)
        rows *= settings.spread
        rows[:, -1] = rows[-1] = 0.0
        self._rows = tf.Variable(rows)
        self._state = tf.Variable(np.full(len(rows), 1e-6, np.float32))
        given = rng.normal(0, 0.1, (inputs + corpus.known.shape[1], d + 1))
        if d >= inputs:  # an orthogonal map keeps the angles between artists
            given[:inputs, :-1] = np.linalg.qr(rng.normal(size=(d, inputs)))[0].T
        given[:, -1] = 0.0
        self._given = tf.Variable(given.astype(np.float32))
        self.model = network(settings)
        self._optimizer = keras.optimizers.Adam(settings.dense_rate)
        self._step = tf.function(self._learn, input_signature=_STEP_SIGNATURE)
        self._spot = np.full(len(corpus.artist), -1)

    def epoch(self) -> float:
        """Learn from windows of every list, in random order; return the mean loss, or 0 without windows."""
        examples, batch = self._examples() if self.corpus.lists else [], self.settings.batch
        if not examples:
            return 0.0
        starts = range(0, max(1, len(examples) - batch + 1), batch)
        return float(np.mean([self.step(examples[at : at + batch]) for at in starts]))

    def _examples(self) -> list[tuple[int, Ints, Ints]]:
        corpus, rng = self.corpus, self._rng
        size = np.bincount(corpus.groups)[corpus.groups]
        share = size**-self.settings.group_power
        expected = self.settings.windows * np.minimum(share / share.mean(), 3.0)
        found = [
            (at, *window)
            for at, count in enumerate(rng.poisson(expected).tolist())
            for window in windows(corpus.lists[at], corpus.shares[at], corpus.ordered[at], count, self.settings, rng)
        ]
        return [found[at] for at in rng.permutation(len(found))]

    def step(self, examples: Sequence[tuple[int, Ints, Ints]]) -> float:
        """Learn from examples (number of the list, seeds, targets); return the loss in nats."""
        corpus, vocabulary = self.corpus, self.vocabulary
        negatives, chances = vocabulary.negatives(self._rng)
        seeds, seed_mask = _padded([seeds for _, seeds, _ in examples], self.settings.most_seeds)
        targets, target_mask = _padded([targets for _, _, targets in examples], self.settings.targets)
        # From here on, songs are numbered by position among the distinct songs of this step.
        songs, at = np.unique(np.concatenate([seeds.ravel(), targets.ravel(), negatives]), return_inverse=True)
        seeds_at, targets_at, negatives_at = np.split(at, np.cumsum([seeds.size, targets.size]))
        of_seeds, of_targets = seeds_at.reshape(seeds.shape), targets_at.reshape(targets.shape)
        artist = corpus.artist[songs]
        song_rows, artist_rows = vocabulary.rows(songs, artist, self._rng)
        artists, of_artist = np.unique(artist_rows, return_inverse=True)
        given = np.hstack([np.where(artist[:, None] >= 0, corpus.places[artist], 0.0), corpus.known[songs]])
        rows = (song_rows.astype(np.int64), artists.astype(np.int64), of_artist, given.astype(np.float32))
        example = (of_seeds, seed_mask, of_targets, target_mask, negatives_at, chances)
        return float(self._step(*map(tf.constant, (*rows, *example, self._barred(examples, negatives)))))

    def _barred(self, examples: Sequence[tuple[int, Ints, Ints]], negatives: Ints) -> Floats:
        """Return (b, k) terms for the logits of the negatives that exclude the songs of each example's own list."""
        barred = np.zeros((len(examples), len(negatives)), np.float32)
        self._spot[negatives] = np.arange(len(negatives))
        for row, example in enumerate(examples):
            spots = self._spot[self.corpus.lists[example[0]]]
            barred[row, spots[spots >= 0]] = _BARRED
        self._spot[negatives] = -1
        return barred

    def _learn(self, songs, artists, of_artist, given, *example):  # type: ignore[no-untyped-def]
        mine, theirs = tf.gather(self._rows, songs), tf.gather(self._rows, artists)
        dense = [self._given, *self.model.trainable_variables]
        with tf.GradientTape() as tape:
            tape.watch([mine, theirs])
            loss = self._loss(mine + tf.gather(theirs, of_artist) + given @ self._given, *example)
        of_mine, of_theirs, *of_dense = tape.gradient(loss, [mine, theirs, *dense])
        self._optimizer.apply_gradients(zip(of_dense, dense, strict=True))
        self._descend(songs, of_mine)
        self._descend(artists, of_theirs)
        return loss

    def _descend(self, rows, gradient):  # type: ignore[no-untyped-def]
        """Take a step of AdaGrad on these rows, with one state per row; the last row stays zero."""
        gradient = tf.where((rows == self.vocabulary.size)[:, None], 0.0, gradient)
        state = tf.gather(self._state, rows) + tf.reduce_mean(gradient**2, axis=1)
        self._state.scatter_nd_update(rows[:, None], state)
        self._rows.scatter_nd_sub(rows[:, None], self.settings.rate * gradient / tf.sqrt(state)[:, None])

    def _loss(self, embedded, seeds, seed_mask, targets, target_mask, negatives, chances, barred):  # type: ignore[no-untyped-def]
        size = tf.reduce_sum(seed_mask, axis=1, keepdims=True)
        around, mask = tf.gather(embedded[:, :-1], seeds), seed_mask[..., None]
        mean = tf.reduce_sum(around * mask, axis=1) / size
        variance = tf.reduce_sum((around - mean[:, None]) ** 2 * mask, axis=1) / size
        query = self.model([mean, variance, tf.math.log1p(size) / 4.0], training=True)
        drawn, right = tf.gather(embedded, negatives), tf.gather(embedded, targets)
        others = query @ tf.transpose(drawn[:, :-1]) + drawn[:, -1] - chances + barred
        rest = tf.reduce_logsumexp(others, axis=1, keepdims=True)
        score = tf.einsum("bd,btd->bt", query, right[..., :-1]) + right[..., -1]
        surprise = tf.nn.softplus(rest - score) * target_mask
        return tf.reduce_mean(tf.reduce_sum(surprise, axis=1) / tf.reduce_sum(target_mask, axis=1))

    def neural(self) -> Neural:
        """Return the model as trained so far."""
        given, split = self._given.numpy(), self.corpus.places.shape[1]
        return Neural(
            rows=self._rows.numpy(),
            song_row=self.vocabulary.song_row,
            artist_row=self.vocabulary.artist_row,
            place=given[:split],
            fact=given[split:],
            network=lambda *inputs: np.asarray(self.model(list(inputs), training=False)),
        )

    def weights(self) -> list[Any]:
        """Return a copy of everything learnt, for :meth:`restore`."""
        return [self._rows.numpy(), self._given.numpy(), self.model.get_weights()]

    def restore(self, weights: list[Any]) -> None:
        """Restore the weights that :meth:`weights` returned."""
        self._rows.assign(weights[0])
        self._given.assign(weights[1])
        self.model.set_weights(weights[2])


def fit(
    corpus: Corpus, settings: Settings, seed: int = 1, *, score: Callable[[Neural], float] | None = None
) -> tuple[Trainer, int]:
    """Train for all epochs, or until ``score`` has not risen for ``patience`` epochs.

    ``score`` rates a model on validation lists. Returns the trainer with the weights of the best epoch, and its number.
    """
    trainer = Trainer(corpus, settings, seed)
    best, best_epoch, kept = -np.inf, settings.epochs, None
    for epoch in range(1, settings.epochs + 1):
        trainer.epoch()
        reached = -np.inf if score is None else score(trainer.neural())
        if reached > best:
            best, best_epoch, kept = reached, epoch, trainer.weights()
        elif score is not None and epoch - best_epoch >= settings.patience:
            break
    if kept is not None:
        trainer.restore(kept)
    return trainer, best_epoch
