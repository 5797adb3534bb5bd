"""Train the model that tells who added a track: for a playlist, or on one listener's likes to see what it is worth."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.manifold import TSNE

from ml import artefacts
from ml.artefacts import verified
from ml.artists.model import ArtistEmbedding
from ml.contributors.model import TASK, TrackInputs, task_of
from ml.contributors.train import baselines, scores
from ml.contributors.train import card as cards
from ml.contributors.train.data import AddedTracks, read_likes, read_playlist, read_shared
from ml.contributors.train.network import ContributorsFit, Progress, Rows, Tracks, fit
from ml.contributors.train.scores import Scores, format_confusion, format_table
from ml.contributors.train.settings import Settings, read
from ml.contributors.train.study import Study
from ml.genre.encoder import Floats
from ml.genre.model import GenrePredictor
from ml.jobs import Job
from ml.registry import ModelRegistry
from ml.scores import digest_of
from ml.scores import write as write_figures
from ml.train.background import Scored, served_now
from ml.train.export import export

VERSION = "2026.11.1"
NETWORK = "network"
BOOSTER, BOOSTER_ALL = "gradient booster, audio", "gradient booster, same inputs"
ABLATIONS = (("audio",), ("audio", "genre"), ("audio", "artist"), ("genre", "artist"))
_PROOF_ROWS = 256
# Points of the picture: t-SNE of 2,000 takes some ten seconds.
_MOST_POINTS, _PERPLEXITY = 2_000, 30.0
_NOT_SURE = -1

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class HeldOutAnswers:
    """Odds (n, people) of every track by models that learnt from other artists, and what was answered, -1 not sure.

    ``fold`` (n,) is the number of the fold that a track was held out in, ``seconds`` are the mean of the folds'
    processor time.
    """

    odds: Floats
    answers: Rows
    fold: Rows
    seconds: float

    def scores(self, who: Rows) -> Scores:
        return scores.score(self.odds, who, self.fold, self.seconds)


def cross_validate(tracks: Tracks, people: int, settings: Settings, done: Progress) -> HeldOutAnswers:
    """Fit on all folds but one and ask about that one, in turn; stopping, temperature and threshold never see it."""
    odds = np.zeros((len(tracks), people), np.float32)
    answers, fold = np.full(len(tracks), _NOT_SURE), np.zeros(len(tracks), int)
    taken = []
    for number, (learn, held) in enumerate(tracks.folds(settings.folds, settings.seed)):
        fold[held] = number
        started = time.process_time()
        made = fit(tracks.of(learn), people, settings, done)
        taken.append(time.process_time() - started)
        odds[held] = made.predict(tracks.of(held).blocks)
        best = odds[held].argmax(axis=1)
        answers[held] = np.where(odds[held].max(axis=1) >= made.threshold, best, _NOT_SURE)
    return HeldOutAnswers(odds=odds, answers=answers, fold=fold, seconds=float(np.mean(taken)))


def compare(tracks: Tracks, people: int, settings: Settings, *, same_inputs: bool) -> dict[str, HeldOutAnswers]:
    """Ask the plain models about the same folds: those of the audio features, and a booster on all inputs if wanted."""
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
    found = {
        "chance": HeldOutAnswers(odds=shares, answers=baselines.drawn(shares, settings.seed), fold=fold, seconds=0.0),
        "majority": HeldOutAnswers(odds=shares, answers=shares.argmax(axis=1), fold=fold, seconds=0.0),
    }
    for name, (given, make, choices) in plans.items():
        odds, taken = np.zeros_like(shares), []
        for learn, held in folds:
            odds[held], seconds = baselines.tuned(
                make,
                choices,
                given.of(learn),
                given.of(held),
                people,
                settings.seed,
                scaled=make is baselines.nearest,
            )
            taken.append(seconds)
        found[name] = HeldOutAnswers(odds=odds, answers=odds.argmax(axis=1), fold=fold, seconds=float(np.mean(taken)))
    return found


def table_of(held: Mapping[str, HeldOutAnswers], who: Rows) -> dict[str, Scores]:
    """Score each; chance by what it drew, for its odds are the majority's."""
    table = {name: answers.scores(who) for name, answers in held.items()}
    if "chance" in table:
        guesses = np.eye(held["chance"].odds.shape[1], dtype=np.float32)[held["chance"].answers]
        drawn = scores.score(guesses, who, held["chance"].fold)
        table["chance"] = replace(table["chance"], f1=drawn.f1, accuracy=drawn.accuracy)
    return table


def not_sure(held: HeldOutAnswers, who: Rows) -> dict[str, float]:
    """Return the share of tracks that are answered and the share of those answers that are right."""
    answered = held.answers != _NOT_SURE
    right = float((held.answers == who)[answered].mean()) if answered.any() else 0.0
    return {"answered": round(float(answered.mean()), 4), "right": round(right, 4)}


def picture(hidden: Floats, who: Rows, seed: int) -> tuple[Rows, Floats]:
    """Return at most 2,000 rows, drawn at random, and their places (n, 2) by t-SNE of the penultimate layer."""
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.permutation(len(who))[:_MOST_POINTS])
    perplexity = min(_PERPLEXITY, (len(rows) - 1) / 3)
    places = TSNE(perplexity=perplexity, init="pca", random_state=seed).fit_transform(hidden[rows])
    return rows, np.asarray(places, np.float32)


def reader_of(registry: ModelRegistry, inputs: tuple[str, ...]) -> TrackInputs:
    """Return what reads tracks, with the served models of genre and artists where ``inputs`` want them."""
    genre = GenrePredictor.load(registry.active("genre")) if "genre" in inputs else None
    artists = ArtistEmbedding.load(registry.active("artists")) if "artist" in inputs else None
    return TrackInputs(inputs, genre, artists)


def described(
    made: ContributorsFit, reader: TrackInputs, added: AddedTracks, version: str, settings: Settings
) -> dict[str, Any]:
    """Return ``contributors.json``, which :class:`ml.contributors.model.Contributors` reads beside the network."""
    return {
        "version": version,
        "people": list(added.people),
        "inputs": list(settings.inputs),
        "genre": reader.genre.version if reader.genre else None,
        "artists": reader.artists.version if reader.artists else None,
        "temperature": made.temperature,
        "threshold": made.threshold,
        "sure": settings.sure,
        "scaler": made.scaler.as_json(),
    }


def train_own(job: Job) -> dict[str, Any]:
    """Learn from a playlist who adds what; the first model of a playlist is served at once, later ones when chosen.

    Raises
    ------
    ml.jobs.TooLittle, ml.jobs.BadOption
        There are not two people with enough tracks; the options are not what they may be.
    """
    settings = read(options=job.request.get("options"))
    job.say("reading the playlist")
    added = read_playlist(job, settings)
    people = len(added.people)
    # Audio for the plain models, whatever the network looks at.
    reader = reader_of(job.registry, settings.inputs)
    tracks = added.tracks(
        TrackInputs((*settings.inputs, *({"audio"} - {*settings.inputs})), reader.genre, reader.artists)
    )
    wanted = replace(tracks, blocks={name: tracks.blocks[name] for name in settings.inputs})
    steps = iter(range(1, settings.trainings + 1))

    def done() -> None:
        job.say("training", next(steps, settings.trainings), settings.trainings)

    held_out = cross_validate(wanted, people, settings, done)
    made = fit(wanted, people, settings, done)
    job.say("fitting the plain models")
    held = compare(tracks, people, settings, same_inputs=False) | {NETWORK: held_out}
    table = table_of(held, added.who)
    task, version = task_of(str(job.request["playlist"])), job.new_version()
    more = _held_out_scores(job, task, added, tracks, settings)
    job.say("drawing the picture")
    page = page_of(added, held_out, made, wanted, table, settings)
    folder = job.models / task / version
    files = save(made, folder, described(made, reader, added, version, settings), wanted)
    (folder / "who_added.json").write_text(json.dumps(page) + "\n", encoding="utf-8")
    card = cards.user_trained(version, added, settings, made, table, page["not_sure"])
    files += [folder / "who_added.json", *write_scores(folder, table, card, **more)]
    first = not any(listed.task == task for listed in job.registry.versions())
    artefacts.register(task, version, files, folder.parents[1], activate=first)
    return {
        "task": task,
        "version": version,
        "served": first,
        "table": scores.as_table(table),
        "before": more["before"],
    }


def _held_out_scores(job: Job, task: str, added: AddedTracks, tracks: Tracks, settings: Settings) -> dict[str, Any]:
    """Return what ``scores.json`` says of the folds, with the figures of the settings served now on the same folds.

    The served version itself has learnt from most of these tracks: so its settings are asked, trained without them.
    """
    on = digest_of([*added.ids, *added.who.tolist(), settings.folds, settings.seed])

    def score_served(folder: Path) -> Scored:
        kept = json.loads(verified(folder / "who_added.json").read_text(encoding="utf-8")).get("options")
        if kept is None:
            return None, "It was made before settings were kept, and has learnt from the tracks that are asked about."
        theirs = replace(read(options=kept), folds=settings.folds, seed=settings.seed)
        if theirs == settings:
            return None, "It has the same settings and learnt from an earlier state of the playlist."
        blocks = added.tracks(reader_of(job.registry, theirs.inputs)).blocks
        held = cross_validate(replace(tracks, blocks=blocks), len(added.people), theirs, _quiet)
        return asdict(held.scores(added.who)), "Its settings, trained anew without the tracks that are asked about."

    return {
        "split": f"{len(added.ids)} tracks of the playlist in {settings.folds} folds, no artist in two",
        "on": on,
        "before": served_now(job, task, on, score_served),
    }


def page_of(
    added: AddedTracks,
    held: HeldOutAnswers,
    made: ContributorsFit,
    tracks: Tracks,
    table: Mapping[str, Scores],
    settings: Settings,
) -> dict[str, Any]:
    """Return ``who_added.json``: all that the page shows of a model. Tracks by id; their names stay in the store."""
    rows, places = picture(made.penultimate(tracks.blocks), added.who, settings.seed)
    people = len(added.people)
    return {
        "people": [{"id": p, "tracks": int((added.who == i).sum())} for i, p in enumerate(added.people)],
        "left_out": added.left_out,
        "scores": scores.as_table(table),
        "confusion": scores.confusion(held.answers, added.who, people).tolist(),
        "not_sure": {"threshold": made.threshold, "sure": settings.sure, **not_sure(held, added.who)},
        "settings": settings.describe(),
        "options": asdict(settings),
        "points_of": len(added.ids),
        "points": [_point(added, held, row, place) for row, place in zip(rows.tolist(), places.tolist(), strict=True)],
    }


def _point(added: AddedTracks, held: HeldOutAnswers, row: int, place: list[float]) -> list[Any]:
    odds = [round(float(value), 3) for value in held.odds[row]]
    return [added.ids[row], *(round(value, 2) for value in place), int(added.who[row]), int(held.answers[row]), odds]


def save(made: ContributorsFit, folder: Path, settings: dict[str, Any], tracks: Tracks) -> list[Path]:
    """Write what serving reads; raises ml.train.export.ExportError where LiteRT answers differently."""
    folder.mkdir(parents=True, exist_ok=True)
    proof = made.scaler.transform(tracks.of(np.arange(min(_PROOF_ROWS, len(tracks)))).blocks)
    network, numbers = folder / "contributors.tflite", folder / "contributors.json"
    gap = export(made.network(), network, [proof])
    numbers.write_text(json.dumps({**settings, "litert_difference": gap}) + "\n", encoding="utf-8")
    return [network, numbers]


def write_scores(
    folder: Path, table: Mapping[str, Scores], card: str, split: str = "artist-disjoint folds", **more: Any
) -> list[Path]:
    """Write the card and ``scores.json``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "card.md").write_text(card, encoding="utf-8")
    figures = write_figures(folder, split=split, table=scores.as_table(table), served=NETWORK, **more)
    return [figures, folder / "card.md"]


def study(
    data: Path, models: Path, settings: Settings, say: Say, *, ablate: bool = True, several: bool = True
) -> Study:
    """Score the network and the plain models on one listener's likes, and on a playlist of ``several`` people.

    ``ablate`` scores the network on some of the inputs, too.

    Raises
    ------
    DataMissingError
        ``data`` does not hold them.
    """
    added = read_likes(data)
    reader = reader_of(ModelRegistry(models), settings.inputs)
    tracks, people, who = added.tracks(reader), len(added.people), added.who
    held = compare(tracks, people, settings, same_inputs=True)
    say("the plain models are fitted")
    held[NETWORK] = cross_validate(tracks, people, settings, _quiet)
    table = table_of(held, who)
    say(format_table(table))
    differences = {
        name: scores.difference(held[NETWORK].odds, held[name].odds, who, held[name].fold, tracks.artist, settings.seed)
        for name in (BOOSTER, BOOSTER_ALL)
    }
    for name, (gap, low, high) in differences.items():
        say(f"ROC AUC, network minus {name}: {gap:+.3f} (95 % interval {low:+.3f} to {high:+.3f})")
    confused = scores.confusion(held[NETWORK].answers, who, people).tolist()
    say(f"\n{format_confusion(added.people, confused)}\n")
    ablation = {}
    for inputs in ABLATIONS if ablate else ():
        part = replace(tracks, blocks={name: tracks.blocks[name] for name in inputs})
        ablation[" + ".join(inputs)] = cross_validate(part, people, settings, _quiet).scores(who)
    ablation[" + ".join(settings.inputs)] = table[NETWORK]
    if ablate:
        say(format_table(ablation))
    many, count = _several(data, reader, settings, say) if several else ({}, 0)
    return Study(
        table=table,
        ablation=ablation,
        differences=differences,
        confusion=confused,
        not_sure=not_sure(held[NETWORK], who),
        several=many,
        people=count,
    )


def _several(data: Path, reader: TrackInputs, settings: Settings, say: Say) -> tuple[dict[str, Scores], int]:
    """Score network and plain models on a playlist of many people; return the table and how many they are."""
    added = read_shared(data, settings)
    tracks, people = added.tracks(reader), len(added.people)
    held = compare(tracks, people, settings, same_inputs=True)
    held[NETWORK] = cross_validate(tracks, people, settings, _quiet)
    table = table_of(held, added.who)
    say(f"\n{len(added.ids)} tracks of {people} people\n\n{format_table(table)}")
    return table, people


def _quiet() -> None:
    """Tell nobody."""


def train(data: Path, models: Path, *, seed: int = 1, quick: bool = False, say: Say = print) -> Study:
    """Run the study and write its card and scores; no weights: a person's taste is personal.

    Raises
    ------
    ml.contributors.train.data.DataMissingError
        ``data`` does not hold the likes.
    """
    settings = read(options={"seed": seed, **({"folds": 2, "epochs": 4} if quick else {})})
    found = study(data, models, settings, say, ablate=not quick, several=not quick)
    card = cards.shipped(VERSION, found, settings, quick=quick)
    folder = models / TASK / VERSION
    artefacts.register(TASK, VERSION, write_scores(folder, found.table, card), models)
    return found


def evaluate(data: Path, models: Path, *, say: Say = print) -> Mapping[str, Scores]:
    """Run the study again and print it: what ships of it are figures alone."""
    return study(data, models, read(), say, ablate=False, several=False).table
