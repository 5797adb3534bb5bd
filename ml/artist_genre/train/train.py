"""Trains the artist expert and its weights beside the served genre model: ``python -m ml train artist_genre``."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ml import artefacts
from ml.artist_genre.model import KNOWN_BY, ArtistGenres
from ml.artist_genre.train import card as expert_card
from ml.artist_genre.train.data import ArtistTable, Settings, read
from ml.artist_genre.train.expert import fit
from ml.artist_genre.train.scores import HEADS, Report, choose_reading, held_out, score_all, weigh
from ml.genre.model import GenrePredictor
from ml.scores import score_rows
from ml.taxonomy.model import Taxonomy
from ml.train.publish import publish

TASK = "artist_genre"
VERSION = "2026.11.2"
Say = Callable[[str], None]


def calibrate(model: ArtistGenres, table: ArtistTable, predictor: GenrePredictor) -> ArtistGenres:
    """Return the model with the weights of its parts (reading and pool) chosen on the ``valid`` artists."""
    model = choose_reading(model, table, held_out(model, table, predictor, "valid", "genre"))
    heads = [head for head in HEADS if head == "genre" or (predictor.broad and model.broad == predictor.broad)]
    pool = {head: weigh(held_out(model, table, predictor, "valid", head)) for head in heads}
    return model.with_settings(pool=pool, genre=predictor.version)


def train(data: Path, models: Path, *, seed: int = 1, quick: bool = False, say: Say = print) -> Report:
    """Fit, weigh, write ``models/artist_genre/<version>``, score it on ``test`` and write its card.

    ``quick`` takes few iterations and writes a version that is not made active.

    Raises FileNotFoundError if a training file is absent; ml.artefacts.ArtefactError if there is no genre model to pool
    it with.
    """
    settings = Settings(seed=seed)
    settings = replace(settings, iterations=5) if quick else settings
    predictor = GenrePredictor.active(models)
    table = read(data, settings)
    counts = ", ".join(f"{(table.known_by == at).sum()} known by {word}" for at, word in enumerate(KNOWN_BY))
    say(f"{len(table.keys)} artists: {counts}")
    model = fit(table, Taxonomy.active(models), settings, VERSION + "-quick" * quick)
    model = calibrate(model, table, predictor)
    folder = models / TASK / model.version
    written = model.save(folder)
    artefacts.register(TASK, model.version, written, models, activate=False)  # served once it is scored
    report = score_all(ArtistGenres.load(folder), table, predictor)
    say(expert_card.tables(report))
    card = expert_card.write(model, table, settings, report)
    tables = {name: score_rows(getattr(report, name)) for name in ("broad", "gains")}
    rows = score_rows(report.genres)
    publish(folder, written, card, activate=not quick, split="test", table=rows, served=expert_card.SERVED, **tables)
    return report


def evaluate(data: Path, models: Path, *, say: Say = print) -> Report:
    """Score the active version beside the served genre model; raises what :func:`train` does."""
    model = ArtistGenres.load(artefacts.active(TASK, models))
    report = score_all(model, read(data, Settings()), GenrePredictor.active(models))
    say(expert_card.tables(report))
    return report
