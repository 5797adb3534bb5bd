"""The Conv1D + LSTM autoencoder over a track's segments; its two latent numbers are the map."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from keras import layers

from ml.timbre.model import TIMBRES, TwoStepScaler, middle
from store.feature_rows import Floats

_FILTERS = (16, 32, 64)  # of the convolutions, each followed by pooling of pairs
_LSTM = 128
_TEMPERATURE = 0.1


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How the networks are trained; a step's batch is a random stretch of each of at most ``batch`` tracks."""

    latent: int = 2
    length: int = 256  # segments, a multiple of 8: about a minute of music
    steps: int = 150
    batch: int = 64
    learning_rate: float = 2e-3
    seed: int = 1


def build(latent: int, length: int) -> tuple[keras.Model, keras.Model]:
    """Return (encoder, autoencoder); the encoder maps (n, length, 12) scaled segments to (n, latent)."""
    encoded = inputs = keras.Input((length, TIMBRES), name="segments")
    for filters in _FILTERS:
        encoded = layers.Conv1D(filters, 5, padding="same", activation="relu")(encoded)
        encoded = layers.MaxPooling1D(2)(encoded)
    # Unrolled, because LiteRT runs an LSTM loop only with a batch of one.
    encoded = layers.LSTM(_LSTM, unroll=True)(encoded)
    code = layers.Dense(latent, name="latent")(encoded)
    encoder = keras.Model(inputs, code, name="encoder")
    short = length // 2 ** len(_FILTERS)
    decoded = layers.RepeatVector(short)(layers.Dense(_LSTM, activation="relu")(code))
    decoded = layers.LSTM(_LSTM, return_sequences=True)(decoded)
    for filters in reversed(_FILTERS):
        decoded = layers.UpSampling1D(2)(decoded)
        decoded = layers.Conv1D(filters, 5, padding="same", activation="relu")(decoded)
    decoded = layers.Conv1D(TIMBRES, 5, padding="same")(decoded)
    return encoder, keras.Model(inputs, decoded, name="autoencoder")


@dataclass(frozen=True)
class EncoderFit:
    """A trained encoder with its scaler; ``loss`` is that of the last step."""

    scaler: TwoStepScaler
    encoder: keras.Model
    loss: float

    def encode(self, timbres: Sequence[Floats]) -> Floats:
        """Return (n, latent) from the middle segments of n tracks."""
        length = self.encoder.input_shape[1]
        rows = np.stack([self.scaler.transform(middle(timbre, length)) for timbre in timbres])
        return np.asarray(self.encoder(rows, training=False))


def fit(timbres: Sequence[Floats], settings: Settings, report: Callable[[int, int], None] | None = None) -> EncoderFit:
    """Train the autoencoder on random stretches of the tracks; calls ``report(step, steps)`` after each step."""
    keras.utils.set_random_seed(settings.seed)
    encoder, model = build(settings.latent, settings.length)
    model.compile(keras.optimizers.Adam(settings.learning_rate), "mse")
    stretches = _Stretches(timbres, settings)
    loss = float("nan")
    for step in range(settings.steps):
        (batch,) = stretches.draw(1)
        loss = float(model.train_on_batch(batch, batch))
        if report:
            report(step + 1, settings.steps)
    return EncoderFit(stretches.scaler, encoder, loss)


def fit_contrastive(timbres: Sequence[Floats], settings: Settings) -> EncoderFit:
    """Train the encoder alone, so that two stretches of a track are nearer to each other than to other tracks'.

    The loss is InfoNCE (van den Oord et al., 2018), in both directions as in SimCLR (Chen et al., ICML 2020).
    """
    keras.utils.set_random_seed(settings.seed)
    encoder, _ = build(settings.latent, settings.length)
    optimiser = keras.optimizers.Adam(settings.learning_rate)
    optimiser.build(encoder.trainable_variables)

    @tf.function(reduce_retracing=True)
    def step(first: tf.Tensor, second: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            vectors, others = (tf.math.l2_normalize(encoder(rows, training=True), axis=1) for rows in (first, second))
            cosines = tf.matmul(vectors, others, transpose_b=True) / _TEMPERATURE
            labels = tf.range(tf.shape(cosines)[0])
            losses = [
                tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
                for logits in (cosines, tf.transpose(cosines))
            ]
            loss = tf.reduce_mean(losses)
        optimiser.apply(tape.gradient(loss, encoder.trainable_variables), encoder.trainable_variables)
        return loss

    stretches = _Stretches(timbres, settings)
    loss = float("nan")
    for _ in range(settings.steps):
        loss = float(step(*stretches.draw(2)))
    return EncoderFit(stretches.scaler, encoder, loss)


class _Stretches:
    """Random stretches of scaled tracks, of the network's input length."""

    def __init__(self, timbres: Sequence[Floats], settings: Settings) -> None:
        self.scaler = TwoStepScaler.fit(timbres)
        self._settings, self._rng = settings, np.random.default_rng(settings.seed)
        self._scaled = [self.scaler.transform(timbre) for timbre in timbres]

    def draw(self, times: int) -> list[npt.NDArray[np.float32]]:
        """Return ``times`` batches (n, length, 12) of the same tracks in the same order."""
        drawn = self._rng.permutation(len(self._scaled))[: self._settings.batch]
        return [np.stack([self._stretch(self._scaled[i]) for i in drawn]) for _ in range(times)]

    def _stretch(self, rows: npt.NDArray[np.float32]) -> Floats:
        length = self._settings.length
        start = int(self._rng.integers(0, max(1, len(rows) - length + 1)))
        return middle(rows[start : start + length], length)
