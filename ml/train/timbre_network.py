"""The Conv1D + LSTM autoencoder over a track's segments, whose latent of two is the map."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import keras
import numpy as np
from keras import layers

from ml.timbre import TIMBRES, Floats, TwoStepScaler, middle

_FILTERS = (16, 32, 64)  # each followed by pooling in pairs
_LSTM = 128


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How the autoencoder is trained; a step is a batch of one random stretch of every track (at most ``batch``)."""

    latent: int = 2
    length: int = 256  # segments, a multiple of 8: about a minute of music
    steps: int = 150
    batch: int = 64
    rate: float = 2e-3
    seed: int = 1


def build(latent: int, length: int) -> tuple[keras.Model, keras.Model]:
    """Return (encoder, autoencoder); the encoder maps (n, length, 12) scaled segments to (n, latent)."""
    heard = given = keras.Input((length, TIMBRES), name="segments")
    for filters in _FILTERS:
        heard = layers.Conv1D(filters, 5, padding="same", activation="relu")(heard)
        heard = layers.MaxPooling1D(2)(heard)
    # Unrolled: as a loop LiteRT takes it at a batch of one only.
    heard = layers.LSTM(_LSTM, unroll=True)(heard)
    code = layers.Dense(latent, name="latent")(heard)
    encoder = keras.Model(given, code, name="encoder")
    short = length // 2 ** len(_FILTERS)
    made = layers.RepeatVector(short)(layers.Dense(_LSTM, activation="relu")(code))
    made = layers.LSTM(_LSTM, return_sequences=True)(made)
    for filters in reversed(_FILTERS):
        made = layers.UpSampling1D(2)(made)
        made = layers.Conv1D(filters, 5, padding="same", activation="relu")(made)
    made = layers.Conv1D(TIMBRES, 5, padding="same")(made)
    return encoder, keras.Model(given, made, name="autoencoder")


@dataclass(frozen=True)
class Fitted:
    """A trained autoencoder with the scaling in front of it; ``loss`` is the last mean squared error."""

    scaler: TwoStepScaler
    encoder: keras.Model
    loss: float

    def encode(self, timbres: Sequence[Floats]) -> Floats:
        """Return the (n, latent) of tracks by their middle portions."""
        length = self.encoder.input_shape[1]
        rows = np.stack([self.scaler.transform(middle(timbre, length)) for timbre in timbres])
        return np.asarray(self.encoder(rows, training=False))


def fit(timbres: Sequence[Floats], settings: Settings, say: Callable[[int, int], None] | None = None) -> Fitted:
    """Train on random stretches of the tracks; ``say(step, steps)`` tells how far it is."""
    keras.utils.set_random_seed(settings.seed)
    rng = np.random.default_rng(settings.seed)
    scaler = TwoStepScaler.fit(timbres)
    scaled = [scaler.transform(timbre) for timbre in timbres]
    encoder, model = build(settings.latent, settings.length)
    model.compile(keras.optimizers.Adam(settings.rate), "mse")
    loss = float("nan")
    for step in range(settings.steps):
        some = rng.permutation(len(scaled))[: settings.batch]
        batch = np.stack([_stretch(scaled[i], settings.length, rng) for i in some])
        loss = float(model.train_on_batch(batch, batch))
        if say:
            say(step + 1, settings.steps)
    return Fitted(scaler, encoder, loss)


def _stretch(rows: Floats, length: int, rng: np.random.Generator) -> Floats:
    start = int(rng.integers(0, max(1, len(rows) - length + 1)))
    return middle(rows[start : start + length], length)
