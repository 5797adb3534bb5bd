"""The plain models beside the network: chance, majority, nearest neighbours and a tuned gradient booster."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.neighbors import KNeighborsClassifier

from ml.contributors.model import InputScaler
from ml.contributors.train.network import Rows, Tracks, log_loss
from ml.genre.encoder import Floats

# (trees, depth, learning rate, features a split may look at): each fold chooses on artists of its own.
BOOSTERS = ((100, 3, 0.1, None), (150, 4, 0.05, None), (200, 4, 0.05, "sqrt"), (400, 3, 0.03, "sqrt"))
# All features at every split cost ten times the time where there are 170 of them, and bring nothing.
WIDE_BOOSTERS = (*BOOSTERS[2:], (150, 6, 0.05, "sqrt"))
NEIGHBOURS = (5, 15, 30, 60)
# Trees are fitted per person; beyond this many rows times people a booster takes its first settings, untuned.
TUNED_WORK = 20_000

Make = Callable[[Any], Any]


def booster(settings: Any, seed: int = 1) -> GradientBoostingClassifier:
    trees, depth, rate, features = settings
    return GradientBoostingClassifier(
        n_estimators=trees,
        max_depth=depth,
        learning_rate=rate,
        max_features=features,
        subsample=0.8,
        min_samples_leaf=10,
        random_state=seed,
    )


def nearest(count: int) -> KNeighborsClassifier:
    return KNeighborsClassifier(count, weights="distance")


def constant(tracks: Tracks, people: int, held: int) -> Floats:
    """Return the people's shares as the odds of ``held`` tracks: the majority is the answer."""
    shares = np.bincount(tracks.who, minlength=people) / len(tracks)
    return np.tile(shares, (held, 1)).astype(np.float32)


def tuned(
    make: Make, choices: Sequence[Any], tracks: Tracks, held: Tracks, people: int, seed: int, *, scaled: bool
) -> tuple[Floats, float]:
    """Choose on held-out artists of ``tracks``, fit on all of them; return odds of ``held`` and that fit's seconds of
    processor time.

    ``scaled`` inputs are as the network's (standard, one-hot); trees are better off with the numbers as they are.
    """
    scaler = InputScaler(one_hot=scaled, scaling="standard" if scaled else "none").fit(tracks.blocks)
    inputs, asked = scaler.transform(tracks.blocks), scaler.transform(held.blocks)
    learn, check = next(tracks.folds(4, seed))
    if make is booster and len(tracks) * people > TUNED_WORK:
        choices = choices[:1]
    losses = [
        log_loss(_odds(make(choice).fit(inputs[learn], tracks.who[learn]), inputs[check], people), tracks.who[check])
        for choice in choices
        if len(choices) > 1 and fits(choice, len(learn))
    ]
    choice = choices[int(np.argmin(losses))] if losses else choices[0]
    started = time.process_time()
    model = make(choice).fit(inputs, tracks.who)
    seconds = time.process_time() - started
    return _odds(model, asked, people), seconds


def fits(choice: Any, rows: int) -> bool:
    """Tell whether there are as many rows as a number of neighbours asks for."""
    return not isinstance(choice, int) or choice <= rows


def _odds(model: Any, inputs: Floats, people: int) -> Floats:
    """Return (n, people) odds; a person whom the model never saw gets none."""
    odds = np.zeros((len(inputs), people), np.float32)
    odds[:, model.classes_] = model.predict_proba(inputs)
    return odds


def drawn(odds: Floats, seed: int) -> Rows:
    """Return an answer for each track, drawn by the odds: what chance says."""
    rng = np.random.default_rng(seed)
    return (rng.random((len(odds), 1)) > odds.cumsum(axis=1)).sum(axis=1).clip(max=odds.shape[1] - 1)
