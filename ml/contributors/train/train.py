"""Trains the model of who added a track: for a playlist, or on one listener's likes to score the method."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.manifold import TSNE

from ml.artefacts import verified_json
from ml.artists.model import ArtistEmbedding
from ml.contributors.model import HARD_TO_SAY, TASK, TrackInputs, probably, task_of
from ml.contributors.train import baselines, scores
from ml.contributors.train import card as cards
from ml.contributors.train.data import AddedTracks, read_likes, read_playlist, read_shared
from ml.contributors.train.network import ContributorsFit, Progress, Rows, Tracks, fit
from ml.contributors.train.scores import Scores, Study, format_confusion, format_table
from ml.contributors.train.settings import Settings, read
from ml.genre.encoder import Floats
from ml.genre.model import GenrePredictor
from ml.jobs import Job
from ml.registry import ModelRegistry
from ml.scores import digest_of, reliability, score_rows
from ml.train.background import Scored, served_now
from ml.train.export import export
from ml.train.publish import publish

VERSION = "2026.11.3"
NETWORK = "network"
BOOSTER, BOOSTER_ALL = "gradient booster, audio", "gradient booster, same inputs"
ABLATIONS = (("audio",), ("audio", "genre"), ("audio", "artist"), ("genre", "artist"))
_PROOF_ROWS = 256
# The most points of the t-SNE map (2,000 take about ten seconds), and its perplexity.
_MOST_POINTS, _PERPLEXITY = 2_000, 30.0

Report = Callable[[str], None]


@dataclass(frozen=True)
class HeldOutAnswers:
    """Predictions for every track by a model that has not learnt from its artist.

    Attributes
    ----------
    odds : np.ndarray
        (n, people) probabilities.
    answers : np.ndarray
        (n,) who "probably" added each, -1 where the model is unsure.
    fold : np.ndarray
        (n,) the fold that a track was held out in.
    seconds : float
        Processor time of a training, mean of the folds.
    """

    odds: Floats
    answers: Rows
    fold: Rows
    seconds: float

    def scores(self, who: Rows) -> Scores:
        return scores.score(self.odds, who, self.fold, self.seconds)


def cross_validate(tracks: Tracks, people: int, settings: Settings, done: Progress) -> HeldOutAnswers:
    """Predict each fold with a model fitted on the others, from its early stopping to its threshold."""
    odds = np.zeros((len(tracks), people), np.float32)
    answers, fold = np.full(len(tracks), HARD_TO_SAY), np.zeros(len(tracks), int)
    taken = []
    for number, (learn, held) in enumerate(tracks.folds(settings.folds, settings.seed)):
        fold[held] = number
        started = time.process_time()
        made = fit(tracks.of(learn), people, settings, done)
        taken.append(time.process_time() - started)
        odds[held] = made.predict(tracks.of(held).blocks)
        answers[held] = probably(odds[held], made.threshold)
    return HeldOutAnswers(odds, answers, fold, float(np.mean(taken)))


def compare(tracks: Tracks, people: int, settings: Settings, *, same_inputs: bool) -> dict[str, HeldOutAnswers]:
    """Predict the same folds with the baselines: on audio, and with ``same_inputs`` a booster on all inputs."""
    audio = replace(tracks, blocks={"audio": tracks.blocks["audio"]})
    plans: dict[str, tuple[Tracks, Any, Any]] = {
        "nearest neighbours, audio": (audio, baselines.nearest, baselines.NEIGHBOURS),
        BOOSTER: (audio, baselines.booster, baselines.BOOSTERS),
    }
    if same_inputs:
        plans[BOOSTER_ALL] = (tracks, baselines.booster, baselines.WIDE_BOOSTERS)
    folds = list(tracks.folds(settings.folds, settings.seed))
    shares, fold = np.zeros((len(tracks), people), np.float32), np.zeros(len(tracks), int)
    for number, (learn, held) in enumerate(folds):
        shares[held], fold[held] = baselines.constant(tracks.of(learn), people, len(held)), number
    held_out = {
        "chance": HeldOutAnswers(shares, baselines.drawn(shares, settings.seed), fold, 0.0),
        "majority": HeldOutAnswers(shares, shares.argmax(axis=1), fold, 0.0),
    }
    for name, (given, make, choices) in plans.items():
        odds, taken, scaled = np.zeros_like(shares), [], make is baselines.nearest
        for learn, held in folds:
            parts = given.of(learn), given.of(held)
            odds[held], seconds = baselines.tuned(make, choices, *parts, people, settings.seed, scaled=scaled)
            taken.append(seconds)
        held_out[name] = HeldOutAnswers(odds, odds.argmax(axis=1), fold, float(np.mean(taken)))
    return held_out


def table_of(held: Mapping[str, HeldOutAnswers], who: Rows) -> dict[str, Scores]:
    """Score each; F1 and accuracy of chance come from answers drawn at random, since its odds equal the majority's."""
    table = {name: answers.scores(who) for name, answers in held.items()}
    if "chance" in table:
        guesses = np.eye(held["chance"].odds.shape[1], dtype=np.float32)[held["chance"].answers]
        drawn = scores.score(guesses, who, held["chance"].fold)
        table["chance"] = replace(table["chance"], f1=drawn.f1, accuracy=drawn.accuracy)
    return table


def shares_of(held: HeldOutAnswers, who: Rows) -> dict[str, float]:
    """Return the share of tracks "answered" and the share of those answers that are "right", each 0 to 1."""
    answered = held.answers != HARD_TO_SAY
    right = float((held.answers == who)[answered].mean()) if answered.any() else 0.0
    return {"answered": round(float(answered.mean()), 4), "right": round(right, 4)}


def tsne_map(hidden: Floats, seed: int) -> tuple[Rows, Floats]:
    """Return at most 2,000 rows of ``hidden`` (n, units), drawn at random, and their t-SNE (rows, 2).

    L. van der Maaten and G. Hinton, "Visualizing data using t-SNE" (JMLR 2008).
    """
    rows = np.sort(np.random.default_rng(seed).permutation(len(hidden))[:_MOST_POINTS])
    perplexity = min(_PERPLEXITY, (len(rows) - 1) / 3)
    points = TSNE(perplexity=perplexity, init="pca", random_state=seed).fit_transform(hidden[rows])
    return rows, np.asarray(points, np.float32)


def reader_of(registry: ModelRegistry, inputs: tuple[str, ...]) -> TrackInputs:
    """Return the reader of ``inputs``, with the served models of genre and artists where they are needed."""
    genre = GenrePredictor.load(registry.active("genre")) if "genre" in inputs else None
    artists = ArtistEmbedding.load(registry.active("artists")) if "artist" in inputs else None
    return TrackInputs(inputs, genre, artists)


def artefact_settings(
    made: ContributorsFit, reader: TrackInputs, added: AddedTracks, version: str, settings: Settings
) -> dict[str, Any]:
    """Return the content of ``contributors.json``, which :class:`ml.contributors.model.Contributors` reads."""
    return {
        "version": version,
        "people": list(added.people),
        "inputs": list(settings.inputs),
        "genre": reader.genre.version if reader.genre else None,
        "artists": reader.artists.version if reader.artists else None,
        "temperature": made.temperature,
        "threshold": made.threshold,
        "scaler": made.scaler.as_json(),
    }


def train_own(job: Job) -> dict[str, Any]:
    """Train a model of who adds what to a playlist; the first model is served at once, later ones on request.

    Raises ml.needs.TooLittle if there are fewer than two people with enough tracks; ml.jobs.BadOption if an option does
    not exist, or its value is not allowed.
    """
    settings = read(options=job.request.get("options"))
    job.say("reading the playlist")
    added = read_playlist(job, settings)
    people = len(added.people)
    # The baselines need audio, whatever the network's inputs are.
    reader = reader_of(job.registry, settings.inputs)
    inputs = (*settings.inputs, *({"audio"} - {*settings.inputs}))
    tracks = added.tracks(TrackInputs(inputs, reader.genre, reader.artists))
    wanted = replace(tracks, blocks={name: tracks.blocks[name] for name in settings.inputs})
    steps = iter(range(1, settings.trainings + 1))

    def done() -> None:
        job.say("training", next(steps, settings.trainings), settings.trainings)

    held_out = cross_validate(wanted, people, settings, done)
    made = fit(wanted, people, settings, done)
    job.say("fitting the baselines")
    held = compare(tracks, people, settings, same_inputs=False) | {NETWORK: held_out}
    table = table_of(held, added.who)
    task, version = task_of(str(job.request["playlist"])), job.new_version()
    more = _held_out_scores(job, task, added, tracks, settings)
    job.say("computing the map")
    report = training_report(added, held_out, made, wanted, table, settings)
    folder = job.models / task / version
    files = save(made, folder, artefact_settings(made, reader, added, version, settings), wanted)
    (folder / "who_added.json").write_text(json.dumps(report) + "\n", encoding="utf-8")
    card = cards.user_trained(version, added, settings, made, table, shares_of(held_out, added.who))
    files.append(folder / "who_added.json")
    first, rows = not any(listed.task == task for listed in job.registry.versions()), score_rows(table)
    bins = reliability(held_out.odds.max(axis=1), held_out.odds.argmax(axis=1) == added.who)
    publish(folder, files, card, activate=first, table=rows, served=NETWORK, reliability=bins, **more)
    return {"task": task, "version": version, "served": first, "table": rows, "before": more["before"]}


def _held_out_scores(job: Job, task: str, added: AddedTracks, tracks: Tracks, settings: Settings) -> dict[str, Any]:
    """Return the parts of ``scores.json`` about the folds, with the served version's score on the same folds.

    The served version has learnt from most of these tracks. A model with its settings is therefore trained without each
    fold.
    """
    on = digest_of([*added.ids, *added.who.tolist(), settings.folds, settings.seed])

    def score_served(folder: Path) -> Scored:
        kept = verified_json(folder / "who_added.json").get("options")
        if kept is None:
            return None, "It was made before settings were stored, and has learnt from these tracks."
        theirs = replace(read(options=kept), folds=settings.folds, seed=settings.seed)
        if theirs == settings:
            return None, "It has the same settings and learnt from an earlier state of the playlist."
        blocks = added.tracks(reader_of(job.registry, theirs.inputs)).blocks
        held = cross_validate(replace(tracks, blocks=blocks), len(added.people), theirs, _quiet)
        return asdict(held.scores(added.who)), "Its settings, trained anew without the tracks that are scored."

    return {
        "split": f"{len(added.ids)} tracks of the playlist in {settings.folds} folds, no artist in two",
        "on": on,
        "before": served_now(job, task, on, score_served),
    }


def training_report(
    added: AddedTracks,
    held: HeldOutAnswers,
    made: ContributorsFit,
    tracks: Tracks,
    table: Mapping[str, Scores],
    settings: Settings,
) -> dict[str, Any]:
    """Return the content of ``who_added.json``, which the page shows; tracks are named by id alone."""
    rows, points = tsne_map(made.penultimate(tracks.blocks), settings.seed)
    people, odds = len(added.people), held.odds.astype(float).round(3).tolist()
    return {
        "people": [{"id": p, "tracks": int((added.who == i).sum())} for i, p in enumerate(added.people)],
        "too_few": [{"id": p, "tracks": n} for p, n in added.too_few.items()],
        "scores": score_rows(table),
        "confusion": scores.confusion(held.answers, added.who, people).tolist(),
        "probably": {"threshold": made.threshold, "wanted": settings.probable, **shares_of(held, added.who)},
        "settings": settings.describe(),
        "options": asdict(settings),
        "points_of": len(added.ids),
        "points": [
            [added.ids[row], round(x, 2), round(y, 2), int(added.who[row]), int(held.answers[row]), odds[row]]
            for row, (x, y) in zip(rows.tolist(), points.tolist(), strict=True)
        ],
    }


def save(made: ContributorsFit, folder: Path, settings: dict[str, Any], tracks: Tracks) -> list[Path]:
    """Write the network and its settings.

    Raises ml.train.export.ExportError if LiteRT's output differs from that of Keras.
    """
    folder.mkdir(parents=True, exist_ok=True)
    proof = made.scaler.transform(tracks.of(np.arange(min(_PROOF_ROWS, len(tracks)))).blocks)
    network, numbers = folder / "contributors.tflite", folder / "contributors.json"
    gap = export(made.network(), network, [proof])
    numbers.write_text(json.dumps({**settings, "litert_difference": gap}) + "\n", encoding="utf-8")
    return [network, numbers]


def study(
    data: Path, models: Path, settings: Settings, say: Report, *, ablate: bool = True, several: bool = True
) -> Study:
    """Score the network and the baselines on one listener's likes.

    Parameters
    ----------
    data, models : Path
        Folders of the training data and of the artefacts.
    say : callable
        Called with each line of the report.
    ablate : bool
        Score the network on subsets of the inputs, too.
    several : bool
        Score all models on a playlist of several people, too.

    Raises
    ------
    FileNotFoundError
        ``data`` does not hold the likes or the playlist.
    """
    added = read_likes(data)
    reader = reader_of(ModelRegistry(models), settings.inputs)
    tracks, people, who = added.tracks(reader), len(added.people), added.who
    held = compare(tracks, people, settings, same_inputs=True)
    say("the baselines are fitted")
    held[NETWORK] = cross_validate(tracks, people, settings, _quiet)
    table = table_of(held, who)
    say(format_table(table))
    differences = {
        name: scores.difference(held[NETWORK].odds, held[name].odds, who, held[name].fold, tracks.artist, settings.seed)
        for name in (BOOSTER, BOOSTER_ALL)
    }
    for name, (gap, low, high) in differences.items():
        say(f"ROC AUC, network minus {name}: {gap:+.3f} (95 % interval {low:+.3f} to {high:+.3f})")
    confusion = scores.confusion(held[NETWORK].answers, who, people).tolist()
    say(f"\n{format_confusion(added.people, confusion)}\n")
    ablation = {}
    for inputs in ABLATIONS if ablate else ():
        part = replace(tracks, blocks={name: tracks.blocks[name] for name in inputs})
        ablation[" + ".join(inputs)] = cross_validate(part, people, settings, _quiet).scores(who)
    ablation[" + ".join(settings.inputs)] = table[NETWORK]
    if ablate:
        say(format_table(ablation))
    several_table, n_people = _several(data, reader, settings, say) if several else ({}, 0)
    return Study(
        table=table,
        ablation=ablation,
        differences=differences,
        confusion=confusion,
        probably=shares_of(held[NETWORK], who),
        several=several_table,
        people=n_people,
    )


def _several(data: Path, reader: TrackInputs, settings: Settings, say: Report) -> tuple[dict[str, Scores], int]:
    """Score the network and the baselines on a playlist of several people; return the table and their number."""
    added = read_shared(data, settings)
    tracks, people = added.tracks(reader), len(added.people)
    held = compare(tracks, people, settings, same_inputs=True)
    held[NETWORK] = cross_validate(tracks, people, settings, _quiet)
    table = table_of(held, added.who)
    say(f"\n{len(added.ids)} tracks of {people} people\n\n{format_table(table)}")
    return table, people


def _quiet() -> None:
    """Report no progress."""


def train(data: Path, models: Path, *, seed: int = 1, quick: bool = False, say: Report = print) -> Study:
    """Run the study and write its card and scores, but no weights: they would describe one person's taste.

    Raises FileNotFoundError if ``data`` does not hold the likes.
    """
    settings = read(options={"seed": seed, **({"folds": 2, "epochs": 4} if quick else {})})
    found = study(data, models, settings, say, ablate=not quick, several=not quick)
    card, rows = cards.shipped(VERSION, found, settings, quick=quick), score_rows(found.table)
    publish(models / TASK / VERSION, [], card, activate=True, split="artist-disjoint folds", table=rows, served=NETWORK)
    return found


def evaluate(data: Path, models: Path, *, say: Report = print) -> Mapping[str, Scores]:
    """Run the study again, print it and return its table; no weights ship that could be scored."""
    return study(data, models, read(), say, ablate=False, several=False).table
