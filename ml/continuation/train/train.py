"""Trains playlist continuation and scores it on held-out groups of playlists: ``python -m ml train continuation``."""

from dataclasses import asdict
from pathlib import Path

import joblib
import numpy as np

from ml import artefacts
from ml.artists.model import ArtistEmbedding, unit_rows
from ml.artists.train import data as artists_data
from ml.artists.train.scores import codes_of
from ml.continuation.features import NameWords
from ml.continuation.model import RANKED_BY, Knowledge
from ml.continuation.train import card as continuation_card
from ml.continuation.train.data import ContinuationData, read
from ml.continuation.train.neural import Settings
from ml.continuation.train.protocol import described
from ml.continuation.train.ranker import as_trees
from ml.continuation.train.scores import CONTENT_ONLY, Scores, Size, format_scores, score
from ml.continuation.train.world import Titles, background, by_group, group_shares, name_words
from ml.train.publish import publish
from ml.train.stages import Stages, fingerprint

TASK = "continuation"
VERSION = "2026.11.3"
QUICK = Size(learnt=6, scored=6, per_cut=2, cuts=(0, 5), neural=Settings(epochs=1, windows=1))
SPLIT = "test playlists, in groups apart from those learnt from, half of each hidden"
# Words in the names of fewer groups of playlists do not ship.
_SHIPPED_GROUPS = 3


def train(data: Path, models: Path, *, seed: int = 1, quick: bool = False, resume: bool = False) -> None:
    """Fit the rankers, score them beside the baselines, write ``models/continuation/<version>`` and its card.

    The active version of ``artists`` gives the vectors of artists. ``resume`` continues a stopped training after its
    last finished stage.

    Raises FileNotFoundError if a training file is absent; ml.artefacts.ArtefactError if no version of ``artists`` is
    active; ml.train.stages.CannotResume if the data, the settings or the code changed since.
    """
    size = QUICK if quick else Size()
    depends = {**asdict(size), "seed": seed, "artists": artefacts.active("artists", models).name}
    folder = models / TASK / f"{_version(quick)}.stages"
    stages = Stages.begin(folder, fingerprint([data / name for name in artists_data.FILES], depends), resume=resume)
    known = read(data, artists_data.read(data), seed=seed)
    ship(known, score(known, size, seed, stages=stages), models, seed=seed, quick=quick)
    stages.finish()


def _version(quick: bool) -> str:
    return f"{VERSION}-quick" if quick else VERSION


def ship(data: ContinuationData, scores: Scores, models: Path, *, seed: int = 1, quick: bool = False) -> None:
    """Write and register the version with the rankers of ``scores``."""
    version = _version(quick)
    directory = models / TASK / version
    fitted = {kind: scores.rankers[kind] for kind in RANKED_BY}
    embedding = ArtistEmbedding.load(artefacts.active("artists", models))
    knowledge = Knowledge(
        rankers={kind: as_trees(model) for kind, model in fitted.items()},
        background=background(data.songs, Titles(data.titles)),
        names=_shipped_names(data, embedding),
        artists_version=embedding.version,
    )
    written = [*knowledge.save(directory), directory / "rankers.joblib"]
    joblib.dump(fitted, written[-1], compress=3)
    figures = described(scores.as_table("half"), CONTENT_ONLY, len(scores.queries["half"]))
    card = continuation_card.write(version, data, scores, knowledge, seed)
    more = {"split": SPLIT, "served": "content", "artists_version": embedding.version}
    publish(directory, written, card, activate=not quick, **figures, **more)
    print(format_scores(scores))
    print(f"\n{sum(path.stat().st_size for path in written) / 1e6:.1f} MB in {directory}")


def _shipped_names(data: ContinuationData, embedding: ArtistEmbedding) -> NameWords:
    """Return the words of names that ship with the rankers, with vectors of the shipped artist embedding."""
    places = np.zeros((len(data.known.keys), embedding.vectors.shape[1]), np.float32)
    places[codes_of(embedding, data.known)] = unit_rows(embedding.vectors)
    groups = by_group(data.lists)
    names = name_words(data.lists, groups, group_shares(data.lists, groups, data.songs, places))
    kept = [(word, row) for word, row in names.index.items() if names.groups[row] >= _SHIPPED_GROUPS]
    rows = [row for _, row in kept]
    index = {word: at for at, (word, _) in enumerate(kept)}
    return NameWords(index, names.groups[rows], names.place[rows], names.sound[rows])


def evaluate(data: Path, models: Path) -> None:
    """Fit and score again, with the baselines; print the tables and the recorded score of the active version.

    Raises FileNotFoundError if a training file is absent, ml.artefacts.ArtefactError if no version is active.
    """
    active = artefacts.active(TASK, models)
    figures = artefacts.verified_json(active / "scores.json")
    print(f"{TASK} {active.name}, recorded score: {figures['served_score']}\n")
    print(format_scores(score(read(data, artists_data.read(data)), Size())))
