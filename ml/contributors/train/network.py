"""The network that tells contributors apart: built from the settings, stopped early on held-out artists."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Self

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from sklearn.model_selection import StratifiedGroupKFold

from ml.contributors.model import Blocks, InputScaler, calibrate
from ml.contributors.train.settings import Settings
from ml.genre.encoder import Floats
from ml.genre.heads import softmax

Rows = npt.NDArray[np.intp]
Progress = Callable[[], None]
_PENULTIMATE = "penultimate"
_TEMPERATURES = np.geomspace(0.4, 4.0, 93)
# A threshold needs at least this many answers on validation.
_LEAST_ANSWERS = 8
# "Probably" means: more likely than all others together.
_LEAST_PROBABLE = 0.5


@dataclass(frozen=True, kw_only=True)
class Tracks:
    """n tracks to learn from: blocks (n, width), who added each (n,), and its first artist as a number (n,)."""

    blocks: Blocks
    who: Rows
    artist: Rows

    def __len__(self) -> int:
        return len(self.who)

    def of(self, rows: Rows) -> Self:
        blocks = {name: block[rows] for name, block in self.blocks.items()}
        return replace(self, blocks=blocks, who=self.who[rows], artist=self.artist[rows])

    def folds(self, count: int, seed: int) -> Iterator[tuple[Rows, Rows]]:
        """Yield (training rows, held-out rows): no artist in both, each person's share about the same in all folds."""
        folds = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
        for learn, held in folds.split(self.who, self.who, self.artist):
            if len(held):
                yield learn, held


class Trainer:
    """Trains networks of one architecture; the graph is traced once, and each training starts from new weights.

    ``Model.fit`` is not used, because its overhead would take most of the time with networks this small.
    """

    def __init__(self, width: int, people: int, settings: Settings) -> None:
        self.settings = settings
        self._shape = (width, people)
        # Set the seed first: dropout layers draw theirs when they are built.
        keras.utils.set_random_seed(settings.seed)
        self.network = build(width, people, settings)
        self._optimiser = keras.optimizers.AdamW(settings.learning_rate, weight_decay=settings.weight_decay)
        self._optimiser.build(self.network.trainable_variables)
        weights = {id(weight) for weight in self.network.weights}
        seeds = [variable for variable in self.network.variables if id(variable) not in weights]  # of the dropout
        self._state = [(variable, variable.numpy()) for variable in (*self._optimiser.variables, *seeds)]
        shapes = ((None,), (None, None), (None,))
        signature = [tf.TensorSpec((None, width), tf.float32), *(tf.TensorSpec(shape, tf.int32) for shape in shapes)]
        self._epoch = tf.function(self._learn, input_signature=signature)

    def _learn(self, inputs: tf.Tensor, who: tf.Tensor, batches: tf.Tensor, check: tf.Tensor) -> tf.Tensor:
        """Take a step for each row of ``batches``, then return the log-loss of the rows ``check``."""
        for rows in batches:
            with tf.GradientTape() as tape:
                loss = self._loss(inputs, who, rows, training=True)
            gradients = tape.gradient(loss, self.network.trainable_variables)
            self._optimiser.apply(gradients, self.network.trainable_variables)
        return self._loss(inputs, who, check, training=False)

    def _loss(self, inputs: tf.Tensor, who: tf.Tensor, rows: tf.Tensor, *, training: bool) -> tf.Tensor:
        logits = self.network(tf.gather(inputs, rows), training=training)
        return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(tf.gather(who, rows), logits))

    def train(self, inputs: Floats, who: Rows, learn: Rows, check: Rows, seed: int) -> keras.Model:
        """Return a network fitted on the rows ``learn``, with the weights that had the least log-loss on ``check``."""
        settings, rng = self.settings, np.random.default_rng(seed)
        keras.utils.set_random_seed(seed)
        trained = build(*self._shape, settings)
        self.network.set_weights(trained.get_weights())
        for variable, value in self._state:
            variable.assign(value)
        best, least, since = self.network.get_weights(), np.inf, 0
        given, held = (tf.constant(inputs), tf.constant(who, tf.int32)), tf.constant(check, tf.int32)
        for _ in range(settings.epochs):
            batches = tf.constant(_batches(learn, settings.batch, rng), tf.int32)
            loss = float(self._epoch(*given, batches, held))
            since += 1
            if loss < least:
                best, least, since = self.network.get_weights(), loss, 0
            if since >= settings.patience:
                break
        trained.set_weights(best)
        return trained


# Tracing a graph takes longer than training such a network, so all folds of a run share a trainer.
_trainer = lru_cache(maxsize=1)(Trainer)


def build(width: int, people: int, settings: Settings) -> keras.Model:
    """Return an untrained network from (n, width) inputs to (n, people) logits."""
    inputs = keras.Input((width,))
    hidden = keras.layers.Dropout(settings.input_dropout)(inputs)
    for number, units in enumerate(settings.layers, 1):
        name = _PENULTIMATE if number == len(settings.layers) else f"hidden_{number}"
        hidden = keras.layers.Dense(units, activation=settings.activation, name=name)(hidden)
        hidden = keras.layers.Dropout(settings.dropout)(hidden)
    return keras.Model(inputs, keras.layers.Dense(people, name="logits")(hidden))


def _batches(rows: Rows, size: int, rng: np.random.Generator) -> Rows:
    """Return the rows shuffled, (batches, size); the last batch is filled with rows drawn again."""
    size = min(size, len(rows))
    missing = -len(rows) % size
    return np.concatenate([rng.permutation(rows), rng.choice(rows, missing)]).reshape(-1, size)


@dataclass(frozen=True, kw_only=True)
class ContributorsFit:
    """An ensemble: the ``members`` are averaged; temperature and threshold come from their validation rows."""

    scaler: InputScaler
    members: tuple[keras.Model, ...]
    temperature: float
    threshold: float | None
    people: int

    def network(self) -> keras.Model:
        """Return one network from (n, width) inputs to uncalibrated probabilities (n, people)."""
        inputs = keras.Input((self.scaler.width,))
        average = keras.layers.Average()([member(inputs) for member in self.members])
        return keras.Model(inputs, keras.layers.Softmax()(average))

    def predict(self, blocks: Blocks) -> Floats:
        """Return calibrated probabilities (n, people)."""
        inputs = self.scaler.transform(blocks)
        logits = np.mean([np.asarray(member(inputs, training=False)) for member in self.members], axis=0)
        return calibrate(softmax(logits), self.temperature)

    def penultimate(self, blocks: Blocks) -> Floats:
        """Return (n, units): the last hidden layers of all members, concatenated."""
        inputs = self.scaler.transform(blocks)
        parts = [keras.Model(member.input, member.get_layer(_PENULTIMATE).output) for member in self.members]
        return np.hstack([np.asarray(part(inputs, training=False)) for part in parts])


def fit(tracks: Tracks, people: int, settings: Settings, done: Progress) -> ContributorsFit:
    """Train each member without its own validation artists, and calibrate on the validation artists of all.

    ``done`` is called after each member.
    """
    scaler = InputScaler(one_hot=settings.one_hot, scaling=settings.scaling).fit(tracks.blocks)
    inputs = scaler.transform(tracks.blocks)
    trainer = _trainer(scaler.width, people, settings)
    members, validation = [], np.zeros((len(tracks), people), np.float32)
    for number, (learn, check) in enumerate(tracks.folds(settings.members, settings.seed)):
        members.append(trainer.train(inputs, tracks.who, learn, check, settings.seed + number))
        validation[check] = softmax(np.asarray(members[-1](inputs[check], training=False)))
        done()
    temperature = best_temperature(validation, tracks.who)
    threshold = threshold_of(calibrate(validation, temperature), tracks.who, settings.probable)
    return ContributorsFit(
        scaler=scaler, members=tuple(members), temperature=temperature, threshold=threshold, people=people
    )


def best_temperature(odds: Floats, who: Rows) -> float:
    """Return the temperature of least log-loss (Guo et al., "On calibration of modern neural networks", ICML 2017)."""
    losses = [log_loss(calibrate(odds, float(t)), who) for t in _TEMPERATURES]
    return round(float(_TEMPERATURES[int(np.argmin(losses))]), 4)


def threshold_of(odds: Floats, who: Rows, probable: float) -> float | None:
    """Return the lowest threshold, 0.5 or more, at which a share of ``probable`` (0 to 1) of the answers is right.

    ``None`` if there is no such threshold with at least eight answers.
    """
    top, right = odds.max(axis=1), odds.argmax(axis=1) == who
    order = np.argsort(-top, kind="stable")
    counts = np.arange(1, len(order) + 1)
    holds = (np.cumsum(right[order]) / counts >= probable) & (counts >= _LEAST_ANSWERS)
    return max(_LEAST_PROBABLE, round(float(top[order[np.flatnonzero(holds)[-1]]]), 4)) if holds.any() else None


def log_loss(odds: Floats, who: Rows) -> float:
    """Return the mean negative log-likelihood in nats."""
    return float(-np.log(np.maximum(odds[np.arange(len(who)), who], 1e-12)).mean())
