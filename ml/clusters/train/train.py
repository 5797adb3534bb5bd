"""Finds the clusters of sound, and scores them and their baselines: ``python -m ml train clusters``.

Affinity propagation considers every pair of tracks: 10,000 tracks need 100 million messages per iteration, three arrays
of 400 MB. It therefore runs on a subsample, balanced over the genres; the other tracks are assigned to the nearest
exemplar.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import numpy.typing as npt
from sklearn.cluster import AffinityPropagation, KMeans

from ml import artefacts
from ml.clusters.model import Clusters, elbow
from ml.clusters.train import card as clusters_card
from ml.clusters.train.scores import Ints, Sample, Scores, agreement, format_table, nearest, score
from ml.clusters.train.study import QUICK, ClustersFit, Settings, SweepStep
from ml.scores import figures_of, score_rows
from ml.sound import coordinates
from ml.taxonomy.model import Taxonomy
from ml.train.card import better_than
from ml.train.publish import publish
from ml.train.sound_data import SoundTable, balanced, read

TASK = "clusters"
VERSION = "2026.11.1"
OURS = "affinity propagation"
Places = npt.NDArray[np.float32]
Report = Callable[[str], None]


class _World:
    """The samples of one run to learn from and to score on."""

    def __init__(self, table: SoundTable, taxonomy: Taxonomy, settings: Settings, seed: int) -> None:
        self.table, self.taxonomy = table, taxonomy
        self.genre = {name: at for at, name in enumerate(taxonomy.genres)}
        self.family = {name: at for at, name in enumerate(taxonomy.families)}
        self.rows = balanced(table, "train", settings.per_genre, seed, self.genre)
        self.subsample = balanced(table, "train", settings.subsample, seed, self.genre)
        self.others = [
            balanced(table, "train", settings.subsample, seed + 1 + at, self.genre) for at in range(settings.refits)
        ]
        self.train = self.sample(self.rows)
        self.valid, self.test = (
            self.sample(balanced(table, split, settings.scored, seed, self.genre)) for split in ("valid", "test")
        )

    def places(self, rows: Ints) -> Places:
        return coordinates(self.table.values[rows])

    def sample(self, rows: Ints) -> Sample:
        first = [self.table.labels[row][0] for row in rows]
        return Sample(
            places=self.places(rows),
            genre=np.array([self.genre[name] for name in first]),
            family=np.array([self.family[str(self.taxonomy.family_of(name))] for name in first]),
        )


def fit(
    table: SoundTable, taxonomy: Taxonomy, version: str, settings: Settings, seed: int, report: Report
) -> ClustersFit:
    """Sweep the preference, choose it at the elbow on ``valid``, and score the clusters on ``test``."""
    world = _World(table, taxonomy, settings, seed)
    subsample = world.places(world.subsample)
    median = _median_similarity(subsample, seed)
    sweep: list[SweepStep] = []
    models: list[AffinityPropagation] = []
    for at, multiple in enumerate(settings.preferences):
        report(f"preference {at + 1} of {len(settings.preferences)}")
        model = _propagate(subsample, multiple * median, settings, seed)
        if len(models) and len(model.cluster_centers_) <= len(models[-1].cluster_centers_):
            continue  # a lower preference gave as many clusters
        models.append(model)
        valid, test = (_scored(world, sample, model.cluster_centers_) for sample in (world.valid, world.test))
        sweep.append(SweepStep(preference=float(model.preference), n_iter=int(model.n_iter_), valid=valid, test=test))
    chosen = elbow([step.valid.clusters for step in sweep], [step.valid.spread for step in sweep])
    model = models[chosen]
    order = np.argsort(-np.bincount(nearest(world.train.places, model.cluster_centers_)), kind="stable")
    model.cluster_centers_ = model.cluster_centers_[order]
    model.cluster_centers_indices_ = model.cluster_centers_indices_[order]
    report("baselines")
    return ClustersFit(
        clusters=_clusters(world, model, sweep, chosen, version),
        model=model,
        sweep=sweep,
        chosen=chosen,
        results=_compare(world, model, settings, seed),
        points=len(world.rows),
        subsample=len(world.subsample),
    )


def _propagate(places: Places, preference: float, settings: Settings, seed: int) -> AffinityPropagation:
    model = AffinityPropagation(
        preference=preference, damping=settings.damping, max_iter=settings.max_iter, random_state=seed
    ).fit(places)
    if not len(model.cluster_centers_):
        raise RuntimeError(f"preference {preference:.1f}: no convergence in {settings.max_iter} iterations")
    # Drop what would be saved needlessly: the similarities of all pairs, the clusters of the training tracks.
    del model.affinity_matrix_, model.labels_
    return model


def _median_similarity(places: Places, seed: int) -> float:
    rng = np.random.default_rng(seed)
    first, second = (places[rng.integers(0, len(places), 50_000)] for _ in range(2))
    return -float(np.median(np.square(first - second).sum(axis=1)))


def _scored(world: _World, held_out: Sample, centres: Places) -> Scores:
    learnt = nearest(world.train.places, centres)
    return score(world.train, learnt, held_out, nearest(held_out.places, centres), centres)


def _compare(world: _World, model: AffinityPropagation, settings: Settings, seed: int) -> dict[str, Scores]:
    """Return the scores on ``test`` of the chosen clusters, and of k-means and chance with as many clusters."""
    count = len(model.cluster_centers_)
    refits = [_propagate(world.places(rows), float(model.preference), settings, seed) for rows in world.others]
    ours = [model.cluster_centers_, *(refit.cluster_centers_ for refit in refits)]
    means = [_means(world.places(rows), count, seed) for rows in (world.subsample, *world.others)]
    rng = np.random.default_rng(seed)
    chance = [rng.integers(0, count, len(sample.places)) for sample in (world.train, world.test)]
    ends = _centres(world.train.places, chance[0], count)
    stable = {
        name: agreement([nearest(world.test.places, centres) for centres in fits])
        for name, fits in (("ours", ours), ("means", means))
    }
    return {
        OURS: replace(_scored(world, world.test, ours[0]), stability=stable["ours"]),
        "k-means, same tracks": replace(_scored(world, world.test, means[0]), stability=stable["means"]),
        "k-means, all points": _scored(world, world.test, _means(world.train.places, count, seed)),
        "at random": replace(score(world.train, chance[0], world.test, chance[1], ends), stability=0.0),
    }


def _means(places: Places, count: int, seed: int) -> Places:
    return KMeans(count, n_init=3, random_state=seed).fit(places).cluster_centers_


def _centres(places: Places, cluster: Ints, count: int) -> Places:
    return np.stack([places[cluster == at].mean(axis=0) if (cluster == at).any() else places[0] for at in range(count)])


def _clusters(world: _World, model: AffinityPropagation, sweep: list[SweepStep], chosen: int, version: str) -> Clusters:
    rows = world.table.rows("train")
    cluster = nearest(world.places(rows), model.cluster_centers_)
    genres = np.zeros((len(world.genre), len(model.cluster_centers_)), np.int32)
    families = np.zeros((len(world.family), len(model.cluster_centers_)), np.int32)
    for row, number in zip(rows, cluster, strict=True):
        known = {name for name in world.table.labels[row] if name in world.genre}
        for name in known:
            genres[world.genre[name], number] += 1
        for family in {world.taxonomy.family_of(name) for name in known}:
            families[world.family[str(family)], number] += 1
    settings: dict[str, Any] = {
        "version": version,
        "taxonomy": world.taxonomy.version,
        "genres": list(world.genre),
        "families": list(world.family),
        "heard": len(world.subsample),  # the file's key for the subsample
        "points": len(world.rows),
        "sweep": [
            {"preference": round(step.preference, 2), **figures_of(step.test), "rounds": step.n_iter}
            | {"valid_spread": round(step.valid.spread, 4), "elbow": at == chosen}
            for at, step in enumerate(sweep)
        ],
    }
    return Clusters(settings, world.table.values[world.subsample[model.cluster_centers_indices_]], genres, families)


def save(found: ClustersFit, directory: Path) -> list[Path]:
    """Check that artefact and fitted estimator assign the exemplars alike; write both and return the paths."""
    written, exemplars = found.clusters.save(directory), found.clusters.exemplars
    expected = nearest(coordinates(exemplars), found.model.cluster_centers_)
    np.testing.assert_array_equal(found.clusters.assign(exemplars), expected)
    record = directory / "clusters.joblib"
    joblib.dump(found.model, record)
    return [*written, record]


def train(data: Path, models: Path, *, seed: int = 1, quick: bool = False) -> None:
    """Fit on ``train``, choose the preference on ``valid``, score on ``test``; write ``models/clusters/<version>``.

    ``quick`` uses fewer tracks and writes a separate version that is not activated.

    Raises FileNotFoundError if the training table is absent.
    """
    table, taxonomy = read(data), Taxonomy.active(models)
    settings, version = (QUICK, f"{VERSION}-quick") if quick else (Settings(), VERSION)
    found = fit(table, taxonomy, version, settings, seed, partial(print, flush=True))
    directory = models / TASK / version
    written = save(found, directory)
    print(f"\n{TASK} {version} on test\n\n{format_table(found.results)}")
    rows = score_rows(found.results)
    card = clusters_card.write(found, settings, seed, better_than(TASK, rows, OURS))
    publish(directory, written, card, activate=not quick, split="test", table=rows, served=OURS)
    print(f"\n{len(found.clusters)} clusters in {directory}")


def evaluate(data: Path, models: Path, seed: int = 1) -> None:
    """Score the active version and k-means with as many clusters on ``test``.

    Raises FileNotFoundError if the training table is absent; ml.artefacts.ArtefactError if no version is active, or a
    file of it was changed.
    """
    clusters = Clusters.load(artefacts.active(TASK, models))
    world = _World(read(data), Taxonomy.active(models), replace(Settings(), refits=0), seed)
    means = _means(world.places(world.subsample), len(clusters), seed)
    results = {f"{OURS}, as served": clusters.places, "k-means, same tracks": means}
    print(f"\n{TASK} {clusters.version} on test\n")
    print(format_table({name: _scored(world, world.test, centres) for name, centres in results.items()}))
