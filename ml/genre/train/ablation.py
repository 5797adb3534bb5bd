"""Ablations of the genre model: hides a part of the trained model's input, or trains without a part."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ml.genre.encoder import COLUMNS, FACTS
from ml.genre.heads import combine, softmax
from ml.genre.model import Encoded, GenrePredictor
from ml.genre.text_features import PARTS
from ml.genre.train.data import Answers, TrackTable
from ml.genre.train.network import EXPERTS, Fitted, Task, fit_experts, fit_weights
from ml.genre.train.scores import Scores, score
from ml.train.stages import Stages
from store.domain import AUDIO_FEATURES

# Each variant is trained for fewer epochs: compare it with the first variant, not with the model that ships.
SHORT = {"audio_epochs": 3, "epochs": 1}
RETRAINED: dict[str, dict[str, Any]] = {
    "nothing left out": {},
    "no loss of microgenres (subwords still chosen by them)": {"micro_share": 0.0},
    "the expert by_both answers alone (it still reads the two trained before it)": {"product": False},
}


def hidden(predictor: GenrePredictor, table: TrackTable, answers: Answers) -> dict[str, Scores]:
    """Score the trained model on the test tracks with each part of the input hidden, and each expert alone.

    The model can cope with hidden inputs: training hid each part of some tracks.
    """
    whole = predictor.encode([table.input(row) for row in answers.test])
    found = {
        f"{part} hidden": score(predictor.of_encoded(encoded), answers.of_test)
        for part, encoded in _without_each(predictor, whole)
    }
    experts = predictor.experts(whole)[0]
    equal = combine(experts, np.ones_like(experts[:, :, 0]))
    found["all experts, equal weights (no calibration)"] = score(equal, answers.of_test)
    for number, name in enumerate(EXPERTS):
        found[f"the expert {name} alone"] = score(experts[:, number], answers.of_test)
    return found


def _without_each(predictor: GenrePredictor, whole: Encoded) -> Iterator[tuple[str, Encoded]]:
    """Yield the whole inputs, and those without each part, by the name of what is left out."""
    yield "nothing", whole
    numbers: dict[str, tuple[str, ...]] = {name: (name,) for name in FACTS}
    numbers |= {"year, popularity and explicit": FACTS, "audio features": AUDIO_FEATURES, "all numbers": COLUMNS}
    for part, names in numbers.items():
        audio = whole.audio.copy()
        audio[:, np.concatenate([predictor.scaler.columns(name) for name in names])] = 0.0
        yield part, Encoded(audio, whole.bags)
    width = whole.bags.shape[1] // len(PARTS)
    for number, part in enumerate(PARTS):
        bags = whole.bags.copy()
        bags[:, number * width : (number + 1) * width] = 0.0
        yield part, Encoded(whole.audio, bags)
    yield "all names", Encoded(whole.audio, 0.0 * whole.bags)


def retrained(task: Task, answers: Answers, say: Callable[[str], None], stages: Stages) -> dict[str, Scores]:
    """Train each of :data:`RETRAINED` and score it on the test tracks; the experts' weights are fitted on valid ones.

    The variants differ only in the loss: subwords and training tracks are the task's, and the epoch is chosen by the
    product of all experts.
    """
    found = {}
    for name, changes in RETRAINED.items():
        found[name] = stages.run(f"trained with {name}", _retrained, task, answers, changes)
        say(f"{name}: top-1 {found[name].top1:.3f}")
    return found


def _retrained(task: Task, answers: Answers, changes: Mapping[str, Any]) -> Scores:
    settings = replace(task.settings, **{k: min(v, getattr(task.settings, k)) for k, v in SHORT.items()})
    changed = replace(task, settings=replace(settings, **changes))
    fitted = Fitted(changed, fit_experts(changed)).fit(answers.valid, lambda line: None)
    valid, test = (fitted.logits(rows) for rows in (answers.valid, answers.test))
    kept = slice(None) if changed.settings.product else slice(-1, None)
    weights = fit_weights(valid[kept], answers.of_valid)
    return score(softmax(np.tensordot(weights, test[kept], axes=1)), answers.of_test)
