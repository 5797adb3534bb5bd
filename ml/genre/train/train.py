"""Trains the genre model on a table of labelled tracks; no artist is in two of train, valid and test."""

import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from scipy.sparse import csr_matrix

from ml import artefacts
from ml.genre.encoder import AudioScaler, Floats, NameEmbedding
from ml.genre.heads import TINY, combine
from ml.genre.model import BASES, GenrePredictor
from ml.genre.text_features import PARTS, Vocabulary
from ml.genre.train import baselines
from ml.genre.train import card as genre_card
from ml.genre.train.ablation import hidden, retrained
from ml.genre.train.boosting import TEXT_ON, text_scores, tuned_booster
from ml.genre.train.card import Report
from ml.genre.train.data import (
    TABLE,
    Answers,
    TrackTable,
    answers_of,
    even,
    first_artists,
    first_columns,
    read,
    targets,
)
from ml.genre.train.heads import (
    BROAD_HEADINGS,
    MICRO_HEADINGS,
    TITLES,
    broad_results,
    calibrate,
    head_names,
    micro_results,
    uncalibrated,
    views,
)
from ml.genre.train.network import (
    BROAD,
    EXPERTS,
    Fitted,
    Settings,
    Task,
    expert,
    fit_broad,
    fit_experts,
    fit_weights,
    probabilities_of,
)
from ml.genre.train.record import save_records
from ml.genre.train.scores import Scores, format_table, score
from ml.genre.train.subwords import choose_subwords, hash_names, index_names, profiles_of
from ml.scores import reliability
from ml.taxonomy.model import Taxonomy
from ml.train.card import Origin, command
from ml.train.export import export
from ml.train.publish import add_scores, publish
from ml.train.stages import NOT_KEPT, Stages, fingerprint
from store.disk import replacing

VERSION = "2026.11.4"
SERVED = "genre model"  # its row among the scores
QUICK = Settings(subwords=20_000, width=16, hidden=64, audio_epochs=2, epochs=1)
_PROOF_ROWS = 512  # rows on which LiteRT is compared with Keras
_EVEN_WEIGHTS = {basis: [1.0] * len(EXPERTS) for basis in BASES}

Rows = npt.NDArray[np.intp]
Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class GenreFit:
    """A trained model: what serving needs, and the arrays on which baselines are fitted (``task``)."""

    task: Task
    names: NameEmbedding
    network: keras.Model
    settings: dict[str, Any]

    def predictor(self, taxonomy: Taxonomy) -> GenrePredictor:
        """Return a predictor that runs the Keras network."""

        def run(audio: Floats, bags: Floats) -> Floats:
            return np.asarray(self.network([audio, bags], training=False))

        return GenrePredictor(self.settings, self.task.scaler, self.names, run, taxonomy)


def prepare(table: TrackTable, taxonomy: Taxonomy, settings: Settings) -> tuple[Task, Vocabulary]:
    """Turn the table into the arrays of a training run; scaler and vocabulary are fitted on the training tracks."""
    genre = targets(table, taxonomy.genres, settings.first_share)
    names = head_names(table, taxonomy, settings.least_micro)
    heads = {name: even(getattr(table, name), labels) for name, labels in names.items()}
    has_target = [genre.any(axis=1), *(head.getnnz(axis=1) > 0 for head in heads.values())]
    learn = (table.split == "train") & np.any(has_target, axis=0)
    scaler = AudioScaler().fit(table.values[learn])
    counts, subwords = hash_names(table)
    artists = first_artists(table, learn)
    profiles = [profiles_of(artists, csr_matrix(genre)), *(profiles_of(artists, head) for head in heads.values())]
    vocabulary, weight = choose_subwords(artists, counts, subwords, profiles, settings.subwords)
    task = Task(
        scaler=scaler,
        audio=scaler.transform(table.values),
        bags=index_names(vocabulary, counts, subwords),
        weight=weight,
        genre=genre,
        heads=heads,
        train=np.flatnonzero(learn),
        settings=settings,
    )
    return task, vocabulary


def fit(
    table: TrackTable,
    taxonomy: Taxonomy,
    settings: Settings,
    say: Say,
    version: str = VERSION,
    stages: Stages = NOT_KEPT,
) -> GenreFit:
    """Train on the table's ``train`` rows and calibrate on its ``valid`` rows."""
    task, vocabulary = prepare(table, taxonomy, settings)
    labels = ", ".join(f"{head.shape[1]} of {name}" for name, head in task.heads.items())
    say(f"{len(task.train)} tracks to learn from, {len(vocabulary)} subwords, labels: {labels}")
    tf.config.experimental.enable_op_determinism()
    valid = table.rows("valid")
    experts = stages.run("experts of sound and numbers", fit_experts, task)
    learnt = stages.run("network", lambda: Fitted(task, experts).fit(valid, say).weights())
    broad = stages.run("expert of broad genres", fit_broad, task)
    fitted = Fitted(task, experts).restore(learnt)
    made = GenreFit(
        task=task,
        names=NameEmbedding.quantised(vocabulary, fitted.vectors(), task.weight),
        network=probabilities_of(
            fitted.network, None if broad is None else expert(task, BROAD, task.heads["broad"].shape[1], broad)
        ),
        settings={
            "version": version,
            "taxonomy": taxonomy.version,
            "genres": list(taxonomy.genres),
            "weights": _EVEN_WEIGHTS,
            **uncalibrated(head_names(table, taxonomy, settings.least_micro)),
            **statistics(table, taxonomy.genres),
        },
    )
    calibrated = stages.run("calibration", _calibrated, made.predictor(taxonomy), table, valid)
    return replace(made, settings={**made.settings, **calibrated})


def _calibrated(predictor: GenrePredictor, table: TrackTable, valid: Rows) -> dict[str, Any]:
    weights = calibration(predictor, table, valid) if len(valid) else _EVEN_WEIGHTS
    return {"weights": weights, **calibrate(predictor, table)}


def calibration(predictor: GenrePredictor, table: TrackTable, rows: Rows) -> dict[str, list[float]]:
    """Return for each basis the weights of the experts that give the least log-loss on ``rows``."""
    answers = first_columns(table.labels, rows, predictor.genres)
    return {
        basis: fit_weights(np.log(np.maximum(np.moveaxis(predictor.experts(encoded)[0], 1, 0), TINY)), answers)
        .round(4)
        .tolist()
        for basis, encoded in views(predictor, table, rows)
    }


def statistics(table: TrackTable, genres: tuple[str, ...]) -> dict[str, list]:
    """Return 101 quantiles of each feature over the training tracks, and each genre's mean of each feature."""
    train = table.rows("train")
    quantiles = np.nanquantile(table.sound[train].astype(float), np.linspace(0, 1, 101), axis=0).T
    means = []
    for genre in genres:
        rows = [row for row in train if genre in table.labels[row]]
        known = table.sound[rows].astype(float)
        counts = (~np.isnan(known)).sum(axis=0)
        sums = np.nansum(known, axis=0)
        means.append([round(s / c, 5) if c else None for s, c in zip(sums.tolist(), counts.tolist(), strict=True)])
    return {"quantiles": quantiles.round(5).tolist(), "genre_means": means}


def save(made: GenreFit, folder: Path, proof: Rows) -> list[Path]:
    """Write the files that serving reads, and the Keras network; return the paths.

    Raises ml.train.export.ExportError if the outputs of LiteRT and of Keras differ on the ``proof`` rows.
    """
    folder.mkdir(parents=True, exist_ok=True)
    bags = np.asarray(bags_of(made, proof), np.float32)
    gap = export(made.network, folder / "genre.tflite", [made.task.audio[proof], bags])
    made.network.save(folder / "genre.keras")
    made.task.scaler.save(folder / "scaler.json")
    settings = {**made.settings, "litert_difference": gap, "keras": keras.__version__}
    (folder / "genre.json").write_text(json.dumps(settings) + "\n")
    written = made.names.save(folder) + save_records(made.task.scaler, settings["genres"], folder)
    return [*written, *(folder / name for name in ("genre.tflite", "genre.keras", "scaler.json", "genre.json"))]


def exported(made: GenreFit, proof: Rows) -> dict[str, bytes]:
    """Return the contents of the files of a version by their names; raises what :func:`save` does."""
    with tempfile.TemporaryDirectory() as folder:
        return {path.name: path.read_bytes() for path in save(made, Path(folder), proof)}


def put(contents: Mapping[str, bytes], folder: Path) -> list[Path]:
    """Write the files of a version, each atomically, so that a server's mappings of older files stay valid."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        with replacing(folder / name) as file:
            file.write(content)
    return [folder / name for name in contents]


def bags_of(made: GenreFit, rows: Rows) -> Floats:
    """Return the (n, 3 * width) bags of tracks, computed from the rounded vectors as in serving."""
    batch = made.task.whole(rows)
    unweighted = made.names.vectors()[batch.subwords] / made.task.weight[batch.subwords][:, None]
    return np.hstack(np.split(batch.matrix @ unweighted, len(PARTS))).astype(np.float32)


def evaluate_predictor(predictor: GenrePredictor, table: TrackTable, split: str = "test") -> dict[str, Scores]:
    """Score the predictor on the labelled tracks of a split, for each of :data:`~ml.genre.model.BASES`."""
    rows = table.rows(split)
    answers = first_columns(table.labels, rows, predictor.genres)
    inputs = dict(views(predictor, table, rows))
    return {title: score(predictor.of_encoded(inputs[basis]), answers) for basis, title in TITLES.items()}


def score_baselines(
    task: Task, table: TrackTable, answers: Answers, say: Say, stages: Stages, *, thorough: bool
) -> tuple[dict[str, Scores], dict[str, str]]:
    """Fit the baselines on the labelled training tracks; return their test scores and the boosters' settings.

    Gradient boosters take minutes, so that only a ``thorough`` comparison has them.
    """
    seed = task.settings.seed
    results: dict[str, Scores] = {}

    def note(name: str, probabilities: Floats) -> None:
        results[name] = score(probabilities, answers.of_test)
        say(f"{name}: top-1 {results[name].top1:.3f}")

    plain = (table.sound, answers.train, answers.of_train, answers.test, answers.classes, seed)
    note("majority", baselines.majority(answers.of_train, answers.classes, len(answers.test)))
    note("MLP, eight audio features", stages.run("MLP", baselines.eight_feature_mlp, *plain))
    note("random forest, 13 audio features", stages.run("forest", baselines.forest, *plain))
    if not thorough:
        names = (task.bags, task.weight, answers.train, answers.of_train, answers.test, answers.classes, seed)
        note("linear, names alone", stages.run("linear model of names", baselines.linear_names, *names))
        return results, {}
    sound = stages.run("booster of sound", tuned_booster, table.sound, answers, seed)
    note("gradient booster, 13 audio features", sound.test)
    numbers = stages.run("booster of numbers", tuned_booster, table.values, answers, seed)
    note("gradient booster, audio, year, popularity, explicit", numbers.test)
    text = stages.run("linear model of names", text_scores, task.bags, task.weight, answers, table.artists, seed)
    note("linear, names alone", text.test)
    logs = np.log(np.maximum(np.stack([numbers.valid, text.valid]), 1e-6))
    weights = np.tile(fit_weights(logs, answers.of_valid).astype(np.float32), (len(answers.test), 1))
    note(genre_card.RIVAL, combine(np.stack([numbers.test, np.maximum(text.test, 1e-6)], axis=1), weights))
    values = np.hstack([table.values, text.columns])
    whole = stages.run("booster of numbers and text", tuned_booster, values, answers, seed, most=TEXT_ON)
    note("gradient booster, all numbers and text scores", whole.test)
    chosen = {"audio": sound.chosen, "numbers": numbers.chosen, "numbers and text": whole.chosen}
    say(f"boosters: {chosen}")
    return results, chosen


def train(
    data: Path,
    models: Path,
    *,
    seed: int = 1,
    quick: bool = False,
    resume: bool = False,
    settings: Settings | None = None,
    say: Say = print,
) -> Mapping[str, Scores]:
    """Train, export, register, score and write the card; return the scores by model name.

    ``quick`` trains a small network for one epoch, to try the whole path; ``settings`` take precedence. ``resume``
    continues a stopped training after its last finished stage.

    Raises FileNotFoundError if ``data`` holds no ``tracks.csv.gz``; ml.train.stages.CannotResume if the data, the
    settings or the code changed since.
    """
    settings = replace(settings or (QUICK if quick else Settings()), seed=seed)
    depends = {**asdict(settings), "quick": quick, "taxonomy": Taxonomy.active(models).version}
    folder = models / "genre" / f"{VERSION}.stages"
    stages = Stages.begin(folder, fingerprint([data / TABLE], depends), resume=resume, say=say)
    origin = genre_card.shipped_origin(f"`python -m ml {command()}`, seed {seed}")
    scores = publish_trained(read(data), models, VERSION, settings, origin, say, thorough=not quick, stages=stages)
    stages.finish()
    return scores


def publish_trained(
    table: TrackTable,
    models: Path,
    version: str,
    settings: Settings,
    origin: Origin,
    say: Say,
    *,
    activate: bool = True,
    thorough: bool = False,
    held_out: Mapping[str, Any] = MappingProxyType({"split": "test"}),
    stages: Stages = NOT_KEPT,
) -> Mapping[str, Scores]:
    """Train on a table, write ``models/genre/<version>`` with its card and scores, and return the scores.

    ``held_out`` are the entries of ``scores.json`` about the test rows. With ``activate`` the version is served.
    """
    taxonomy = Taxonomy.active(models)
    made = fit(table, taxonomy, settings, say, version, stages)
    folder = models / "genre" / version
    files = put(stages.run("files", exported, made, table.rows("valid")[:_PROOF_ROWS]), folder)
    artefacts.register("genre", version, files, models, activate=False)  # served once it is scored
    say("scoring")
    predictor = GenrePredictor.load(folder)
    report = score_all(predictor, table, say, task=made.task, thorough=thorough, stages=stages)
    card = genre_card.write(predictor, table, settings, report, origin)
    tables = {name: _rows(getattr(report, name)) for name in ("micro", "broad", "hidden", "retrained")}
    rows = _rows(report.genres)
    pictures = pictures_of(predictor, table)
    publish(folder, files, card, activate=activate, table=rows, served=SERVED, **held_out, **tables, **pictures)
    return report.genres


def score_all(
    predictor: GenrePredictor,
    table: TrackTable,
    say: Say,
    *,
    task: Task | None = None,
    thorough: bool = False,
    stages: Stages = NOT_KEPT,
) -> Report:
    """Score the predictor on the test tracks; with ``task`` fit and score baselines too.

    A ``thorough`` report also has gradient boosters, nearest neighbours and the networks trained without a part.
    """
    answers = answers_of(table, table.labels, predictor.genres)
    plain, chosen = score_baselines(task, table, answers, say, stages, thorough=thorough) if task else ({}, {})
    genres = {**plain, **stages.run("scores of genres", evaluate_predictor, predictor, table)}
    say(format_table(genres))
    micro = stages.run("scores of microgenres", micro_results, predictor, table, task if thorough else None)
    seed = task.settings.seed if task and thorough else None
    broad = stages.run("scores of broad genres", broad_results, predictor, table, seed)
    say(format_table(micro, MICRO_HEADINGS) + "\n" + format_table(broad, BROAD_HEADINGS))
    parts = stages.run("scores with parts hidden", hidden, predictor, table, answers)
    say(format_table(parts))
    return Report(
        genres=genres,
        micro=micro,
        broad=broad,
        hidden=parts,
        retrained=retrained(task, answers, say, stages) if task and thorough else {},
        chosen=chosen,
    )


def _rows(results: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = [{"model": name, **asdict(scores)} for name, scores in results.items()]
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


def evaluate(data: Path, models: Path, *, say: Say = print) -> Mapping[str, Scores]:
    """Score the active version as it is served, and store the data of its plots; raises as :func:`train` does."""
    predictor, table = GenrePredictor.active(models), read(data)
    results = score_all(predictor, table, say).genres
    add_scores(models / "genre" / predictor.version, **pictures_of(predictor, table))
    return results


def pictures_of(predictor: GenrePredictor, table: TrackTable) -> dict[str, Any]:
    """Return the data of two plots for the test tracks: the reliability of the odds, and the confusion of families.

    The true family is that of the track's first genre; the predicted one has the highest probability.
    """
    rows = table.rows("test")
    answers = first_columns(table.labels, rows, predictor.genres)
    odds = predictor.predict([table.input(row) for row in rows])
    family = np.array([predictor.families.index(predictor.taxonomy.family_of(name)) for name in predictor.genres])
    predicted = predictor.family_probabilities(odds).argmax(axis=1)
    counts = np.zeros((len(predictor.families),) * 2, int)
    np.add.at(counts, (family[answers], predicted), 1)
    return {
        "reliability": reliability(odds.max(axis=1), odds.argmax(axis=1) == answers),
        "confusion": {"names": list(predictor.families), "counts": counts.tolist()},
    }
