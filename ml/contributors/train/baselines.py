"""The network's baselines: chance, majority, nearest neighbours and a tuned gradient booster."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.neighbors import KNeighborsClassifier

from ml.contributors.model import InputScaler
from ml.contributors.train.network import Rows, Tracks, log_loss
from ml.genre.encoder import Floats

# (n_estimators, max_depth, learning_rate, max_features); each fold chooses among them on held-out artists.
BOOSTERS = ((100, 3, 0.1, None), (150, 4, 0.05, None), (200, 4, 0.05, "sqrt"), (400, 3, 0.03, "sqrt"))
# With 170 features, trying all of them at every split takes ten times as long, without a gain.
WIDE_BOOSTERS = (*BOOSTERS[2:], (150, 6, 0.05, "sqrt"))
NEIGHBOURS = (5, 15, 30, 60)
# The most tracks times people for which a booster is tuned. Above it the first settings are used: a booster fits trees
# for each person.
TUNED_WORK = 20_000

Make = Callable[[Any], Any]


def booster(settings: Any) -> GradientBoostingClassifier:
    chosen = dict(zip(("n_estimators", "max_depth", "learning_rate", "max_features"), settings, strict=True))
    return GradientBoostingClassifier(**chosen, subsample=0.8, min_samples_leaf=10, random_state=1)


def nearest(count: int) -> KNeighborsClassifier:
    return KNeighborsClassifier(count, weights="distance")


def constant(tracks: Tracks, people: int, held: int) -> Floats:
    """Return (held, people): each person's share of ``tracks``, the same for every held-out track."""
    shares = np.bincount(tracks.who, minlength=people) / len(tracks)
    return np.tile(shares, (held, 1)).astype(np.float32)


def tuned(
    make: Make, choices: Sequence[Any], tracks: Tracks, held: Tracks, people: int, seed: int, *, scaled: bool
) -> tuple[Floats, float]:
    """Choose settings on held-out artists of ``tracks``, then fit on all of them.

    Parameters
    ----------
    make : callable
        From settings to an untrained classifier.
    choices : sequence
        The settings to choose from, by log-loss.
    held : Tracks
        The tracks to predict.
    scaled : bool
        Scale the inputs as the network does (standard, one-hot); trees do better without.

    Returns
    -------
    odds : np.ndarray
        (held, people) probabilities.
    seconds : float
        Processor time of the last fit.
    """
    scaler = InputScaler(one_hot=scaled, scaling="standard" if scaled else "none").fit(tracks.blocks)
    inputs, held_inputs = scaler.transform(tracks.blocks), scaler.transform(held.blocks)
    learn, check = next(tracks.folds(4, seed))
    if make is booster and len(tracks) * people > TUNED_WORK:
        choices = choices[:1]
    losses = [
        log_loss(_odds(make(choice).fit(inputs[learn], tracks.who[learn]), inputs[check], people), tracks.who[check])
        for choice in choices
        # k neighbours need k rows.
        if len(choices) > 1 and not (isinstance(choice, int) and choice > len(learn))
    ]
    choice = choices[int(np.argmin(losses))] if losses else choices[0]
    started = time.process_time()
    model = make(choice).fit(inputs, tracks.who)
    seconds = time.process_time() - started
    return _odds(model, held_inputs, people), seconds


def _odds(model: Any, inputs: Floats, people: int) -> Floats:
    """Return (n, people) probabilities; 0 for a person without training tracks."""
    odds = np.zeros((len(inputs), people), np.float32)
    odds[:, model.classes_] = model.predict_proba(inputs)
    return odds


def drawn(odds: Floats, seed: int) -> Rows:
    """Return (n,) answers drawn at random with the probabilities ``odds``."""
    rng = np.random.default_rng(seed)
    return (rng.random((len(odds), 1)) > odds.cumsum(axis=1)).sum(axis=1).clip(max=odds.shape[1] - 1)
