"""The genre network and its training: first the audio experts, then the whole network with the subwords' vectors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from scipy.optimize import minimize
from scipy.sparse import csr_matrix
from scipy.special import logsumexp

from ml.genre.encoder import COLUMNS, FACTS, AudioScaler, Floats
from ml.genre.text_features import PARTS
from ml.genre.train.data import Rows
from ml.genre.train.subwords import Bags, NameBatch, SubwordVectors
from store.domain import AUDIO_FEATURES

layers = keras.layers
Weights = list[npt.NDArray[np.float32]]  # of a Keras model, in its order
# Inputs of the experts that are trained separately. "by_audio" never sees year and popularity: the expert that does is
# poor if they are unknown.
SEEN = {"by_audio": AUDIO_FEATURES, "by_numbers": COLUMNS}
BROAD = "broad_by_numbers"  # an expert of the broad genres, also trained separately, with all numbers as inputs
EXPERTS = ("by_audio", "by_numbers", "by_names", "by_both")  # the layers whose logits are summed
BROAD_EXPERTS = (BROAD, "broad")  # the second is a head of the network, trained with it
_AT_ONCE = 2048  # tracks whose logits are computed together
OUTPUTS = ("experts", *BROAD_EXPERTS, "micro")  # the outputs of the shipped network, in this order


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Hyperparameters of a training run. Shares, rates and probabilities are 0 to 1; the rest are counts."""

    subwords: int = 100_000
    width: int = 64  # dimensions of a subword's vector
    hidden: int = 256  # 384 is not significantly better and takes twice the time to serve
    audio_epochs: int = 12
    audio_batch: int = 512
    epochs: int = 5
    batch: int = 1024
    audio_rate: float = 2e-3
    rate: float = 1e-3
    subword_rate: float = 0.05
    audio_dropout: float = 0.2  # share of units
    names_dropout: float = 0.4  # share of units
    hide_subwords: float = 0.5  # mean share of hidden subwords; each track draws its own
    hide_audio: float = 0.35  # share of tracks without any audio feature
    hide_part: float = 0.2  # probability to hide the title, the artists, the album
    hide_names: float = 0.08  # share of tracks without any name
    hide_feature: float = 0.04
    few_features: float = (
        0.1  # share of tracks that lose a random share of features, as if somebody typed a few numbers
    )
    hide_year: float = 0.5
    hide_popularity: float = 0.4
    hide_explicit: float = 0.4
    first_share: float = 0.7  # share of the target for the first label, which the scores count
    micro_share: float = 0.5  # weight of the microgenre loss
    broad_share: float = 0.3  # weight of the loss of the broad genres
    product: bool = True  # if False, the loss trains the expert "by_both" alone
    least_micro: int = 40  # least training tracks of a microgenre
    seed: int = 1


@dataclass(kw_only=True)
class Task:
    """All arrays of a training run; row ``i`` is track ``i`` in each.

    ``genre`` (n, genres) and each of ``heads`` (n, its labels) hold target distributions, zero where a track has
    none; ``train`` are the rows to learn from, which have at least one target.
    """

    scaler: AudioScaler
    audio: Floats
    bags: Bags
    weight: Floats
    genre: Floats
    heads: Mapping[str, csr_matrix]
    train: Rows
    settings: Settings
    rng: np.random.Generator = field(init=False)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.settings.seed)
        self._columns = {name: self.scaler.columns(name) for name in COLUMNS}

    def restart(self) -> None:
        """Reset all random generators to the seed, so that results do not depend on what was trained before."""
        keras.utils.set_random_seed(self.settings.seed)
        self.rng = np.random.default_rng(self.settings.seed)

    def shown(self, *names: str) -> Floats:
        """Return the (width,) mask of the columns of these features and facts."""
        mask = np.zeros(self.scaler.width, np.float32)
        for name in names:
            mask[self._columns[name]] = 1.0
        return mask

    def whole(self, tracks: Rows) -> NameBatch:
        """Return the names of ``tracks`` with nothing left out."""
        return NameBatch.gather(self.bags, self.weight, tracks)

    def thinned_names(self, tracks: Rows, hidden: npt.NDArray[np.bool_]) -> NameBatch:
        """Return the names of ``tracks`` with random subwords and parts left out, and all of them where ``hidden``."""
        s, shown = self.settings, []
        for part in range(len(PARTS)):
            owner = self.bags.of(part, tracks)[1]
            kept = (self.rng.random(len(tracks)) >= s.hide_part) & ~hidden
            share = 2.0 * s.hide_subwords * self.rng.random(len(tracks))
            shown.append(kept[owner] & (self.rng.random(len(owner)) >= share[owner]))
        return NameBatch.gather(self.bags, self.weight, tracks, shown)

    def thinned_audio(self, tracks: Rows, hidden: npt.NDArray[np.bool_]) -> Floats:
        """Return the audio input of ``tracks`` with random numbers left out, and all features where ``hidden``."""
        s, n, audio = self.settings, len(tracks), self.audio[tracks]
        few = self.rng.random(n) < s.few_features
        share = np.where(few, self.rng.random(n), s.hide_feature)
        for name in COLUMNS:
            rate = getattr(s, f"hide_{name}") if name in FACTS else share
            gone = self.rng.random(n) < rate if name in FACTS else (self.rng.random(n) < rate) | hidden
            audio[np.ix_(gone, self._columns[name])] = 0.0
        return audio


def build_alone(name: str, shown: Floats, hidden: int, genres: int, dropout: float) -> keras.Model:
    """Return an expert of numbers: audio -> (hidden layer, genre logits); it sees the columns of the mask ``shown``."""
    audio = keras.Input(shown.shape, name="audio")
    inner = layers.Rescaling(shown)(audio)
    inner = layers.Dropout(dropout)(layers.Dense(hidden, activation="gelu")(inner))
    inner = layers.Dropout(dropout)(layers.Dense(hidden, activation="gelu")(inner))
    return keras.Model(audio, [inner, layers.Dense(genres, name=name)(inner)], name=f"{name}_expert")


def build(
    alone: Mapping[str, keras.Model], width: int, hidden: int, heads: Mapping[str, int], dropout: float
) -> keras.Model:
    """Return the network (audio, bags) -> logits by name: "genre", "experts" (n, experts, genres), and of ``heads``.

    The genre logits are the sum of the experts' logits (Hinton, "Products of experts", 1999), so that a missing part of
    the input leaves the other experts unchanged. The experts are those trained ``alone``, one linear in the names, and
    one of all inputs. ``heads`` maps the names of further outputs to their numbers of labels.
    """
    audio = keras.Input(alone["by_audio"].input_shape[1:], name="audio")
    bags = keras.Input((len(PARTS) * width,), name="bags")
    audio_layers, by_numbers = zip(*(alone[name](audio) for name in SEEN), strict=True)
    named = layers.Dropout(dropout)(bags)
    name_layer = layers.Dropout(dropout)(layers.Dense(hidden, activation="gelu")(named))
    joint = layers.Dense(hidden, activation="gelu")(layers.Concatenate()([*audio_layers, name_layer]))
    joint = layers.Dropout(dropout)(joint)
    genres = by_numbers[0].shape[-1]
    other_experts = zip(EXPERTS[len(alone) :], (named, joint), strict=True)
    experts = [*by_numbers, *(layers.Dense(genres, name=name)(inner) for name, inner in other_experts)]
    head_inputs = layers.Concatenate()([named, joint])
    each = layers.Concatenate(axis=1)([layers.Reshape((1, genres))(logits) for logits in experts])
    head_logits = {name: layers.Dense(count, name=name)(head_inputs) for name, count in heads.items()}
    return keras.Model([audio, bags], {"genre": layers.Add(name="genre")(experts), "experts": each, **head_logits})


def probabilities_of(network: keras.Model, broad: keras.Model | None) -> keras.Model:
    """Return the network that ships: (audio, bags) -> probabilities of each expert and each head, concatenated.

    ``broad`` is the expert of the broad genres that is trained alone, ``None`` without broad genres.
    """
    logits = dict(network.output)
    if broad is not None:
        logits[BROAD] = broad(network.inputs[0])[1]
    joined = layers.Concatenate(name="probabilities")
    outputs = [layers.Flatten()(layers.Softmax()(logits[name])) for name in OUTPUTS if name in logits]
    return keras.Model(network.inputs, outputs[0] if len(outputs) == 1 else joined(outputs))


def fit_experts(task: Task) -> dict[str, Weights]:
    """Return the weights of the experts of :data:`SEEN`, each trained alone."""
    task.restart()
    return {name: fit_alone(task, name, task.genre) for name in SEEN}


def fit_broad(task: Task) -> Weights | None:
    """Return the weights of the expert :data:`BROAD`, ``None`` if no track has broad genres."""
    if "broad" not in task.heads:
        return None
    task.restart()
    return fit_alone(task, BROAD, task.heads["broad"].toarray())


def expert(task: Task, name: str, labels: int, weights: Weights | None = None) -> keras.Model:
    """Return the expert ``name`` of :data:`SEEN` or :data:`BROAD`, with the ``weights`` of :func:`fit_alone`."""
    s, seen = task.settings, {**SEEN, BROAD: COLUMNS}[name]
    made = build_alone(name, task.shown(*seen), s.hidden, labels, s.audio_dropout)
    if weights is not None:
        made.set_weights(weights)
    return made


def fit_alone(task: Task, name: str, targets: Floats) -> Weights:
    """Return the weights of an expert trained alone on the training tracks that have ``targets`` (n, k).

    Such an expert needs many epochs, while the expert of names overfits to artists after a few.
    """
    s, made = task.settings, expert(task, name, targets.shape[1])
    labelled = task.train[targets[task.train].any(axis=1)]
    batch = min(s.audio_batch, len(labelled))
    steps = len(labelled) // batch
    optimiser = keras.optimizers.AdamW(
        keras.optimizers.schedules.CosineDecay(s.audio_rate, s.audio_epochs * steps), weight_decay=0.01
    )
    model = keras.Model(made.input, made.outputs[1])
    model.compile(optimiser, keras.losses.CategoricalCrossentropy(from_logits=True))
    everything = np.zeros(batch, bool)
    for _ in range(s.audio_epochs):
        order = task.rng.permutation(labelled)
        for step in range(steps):
            tracks = order[step * batch : (step + 1) * batch]
            model.train_on_batch(task.thinned_audio(tracks, everything), targets[tracks])
    return made.get_weights()


def mean_loss(targets: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Return the mean cross-entropy; rows whose target is all zero add no loss and no gradient.

    TensorFlow assumes that targets sum to 1; for a zero row its loss is 0 but its gradient is not.
    """
    weights = tf.reduce_sum(targets, axis=1)
    return tf.reduce_mean(weights * tf.nn.softmax_cross_entropy_with_logits(targets, logits))


class Fitted:
    """Trains the subwords' vectors together with the network that reads them."""

    def __init__(self, task: Task, experts: Mapping[str, Weights]) -> None:
        task.restart()
        s = task.settings
        self.task = task
        alone = {name: expert(task, name, task.genre.shape[1], experts[name]) for name in SEEN}
        labels = {name: targets.shape[1] for name, targets in task.heads.items()}
        self.network = build(alone, s.width, s.hidden, labels, s.names_dropout)
        self.subwords = SubwordVectors(len(task.weight), s.width, s.seed)
        self._shares = {"genre": 1.0, "micro": s.micro_share, "broad": s.broad_share}
        self.batch = min(s.batch, len(task.train))
        self.steps = len(task.train) // self.batch
        self.optimiser = keras.optimizers.Adam(s.rate)
        self.optimiser.build(self.network.trainable_variables)
        self._step: Callable = tf.function(self._descend, reduce_retracing=True)

    def _descend(self, bags: tf.Tensor, audio: tf.Tensor, targets: Mapping[str, tf.Tensor]) -> tuple:
        variables = self.network.trainable_variables
        with tf.GradientTape() as tape:
            tape.watch(bags)
            logits = dict(self.network([audio, bags], training=True))
            if not self.task.settings.product:
                logits["genre"] = logits["experts"][:, -1]
            loss = sum(self._shares[name] * mean_loss(wanted, logits[name]) for name, wanted in targets.items())
        of_bags, *gradients = tape.gradient(loss, [bags, *variables])
        self.optimiser.apply(gradients, variables)
        return loss, of_bags

    def learn(self, tracks: Rows, progress: float) -> float:
        """Take a step on ``tracks``, with the learning rates at ``progress`` (0 to 1) of the run; return the loss."""
        s, draw = self.task.settings, self.task.rng.random(len(tracks))
        names = self.task.thinned_names(tracks, draw < s.hide_names)
        audio = self.task.thinned_audio(tracks, draw >= 1.0 - s.hide_audio)
        pace = min(1.0, progress * 10.0 + 0.02) * (0.5 * (1.0 + np.cos(np.pi * progress)) + 0.02)
        self.optimiser.learning_rate.assign(s.rate * pace)
        loss, gradient = self._step(
            tf.constant(self.subwords.bags(names)),
            tf.constant(audio),
            {
                "genre": tf.constant(self.task.genre[tracks]),
                **{name: tf.constant(targets[tracks].toarray()) for name, targets in self.task.heads.items()},
            },
        )
        self.subwords.descend(names, gradient.numpy(), s.subword_rate * pace)
        return float(loss)

    def epoch(self, number: int) -> float:
        """Train on every track once, as epoch ``number`` from 0; return the mean loss."""
        count = self.task.settings.epochs
        order, losses = self.task.rng.permutation(self.task.train), []
        for step in range(self.steps):
            tracks = order[step * self.batch : (step + 1) * self.batch]
            losses.append(self.learn(tracks, (number * self.steps + step) / (count * self.steps)))
        return float(np.mean(losses))

    def logits(self, tracks: Rows) -> Floats:
        """Return each expert's genre logits, (experts, n, genres), with no inputs left out."""
        found = []
        for start in range(0, len(tracks), _AT_ONCE):
            rows = tracks[start : start + _AT_ONCE]
            bags = self.subwords.bags(self.task.whole(rows))
            found.append(self.network([self.task.audio[rows], bags], training=False)["experts"])
        return np.moveaxis(np.concatenate(found), 1, 0)

    def fit(self, held_out: Rows, say: Callable[[str], None]) -> Fitted:
        """Train; keep the epoch with the best top-1 on ``held_out``, or the last one if that is empty."""
        best, kept = -1.0, None
        for number in range(self.task.settings.epochs):
            loss = self.epoch(number)
            weights, right = self._weigh(held_out) if len(held_out) else (np.ones(len(EXPERTS)), float(number))
            say(f"epoch {number + 1}: loss {loss:.3f}, valid top-1 {right:.4f}, experts' weights {weights.round(2)}")
            if right >= best:
                best, kept = right, self.weights()
        return self.restore(kept) if kept is not None else self

    def weights(self) -> tuple[Floats, Weights]:
        """Return a copy of everything learnt, for :meth:`restore`."""
        return self.subwords.values.copy(), self.network.get_weights()

    def restore(self, weights: tuple[Floats, Weights]) -> Fitted:
        """Restore what :meth:`weights` returned."""
        self.subwords.values, of_network = weights
        self.network.set_weights(of_network)
        return self

    def _weigh(self, tracks: Rows) -> tuple[npt.NDArray[np.float64], float]:
        """Return the experts' weights fitted on ``tracks``, and the top-1 (0 to 1) with them."""
        logits, answers = self.logits(tracks), self.task.genre[tracks].argmax(axis=1)
        found = fit_weights(logits, answers)
        return found, float((np.tensordot(found, logits, axes=1).argmax(axis=1) == answers).mean())

    def vectors(self) -> Floats:
        """Return the subwords' vectors times their weights, (V, D), as serving sums them."""
        return self.subwords.values * self.task.weight[:, None]


def fit_weights(logits: Floats, answers: Rows) -> npt.NDArray[np.float64]:
    """Return the weights of least log-loss for the experts' (experts, n, genres) logits or log-probabilities.

    They correct overconfident experts: that of names overfits to the artists in training.
    """

    def log_loss(weights: npt.NDArray[np.float64]) -> float:
        summed = np.tensordot(weights, logits, axes=1)
        of_answers = summed[np.arange(len(answers)), answers]
        return float((logsumexp(summed, axis=1) - of_answers).mean())

    return minimize(log_loss, np.ones(len(logits)), method="L-BFGS-B", bounds=[(0.0, 3.0)] * len(logits)).x
