"""Trains K-means for every family of genres, each with its own scaler and number of clusters.

``python -m ml train families``; on the user's tracks, :func:`train_own`. :func:`fit` asserts that every occurring
family has a model: in the original study, which listed fixed numbers of clusters by genre, a misspelt name left a third
of the tracks without one.
"""

from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import numpy.typing as npt
from sklearn.cluster import KMeans
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from ml import artefacts, histograms
from ml.clusters.model import elbow
from ml.clusters.train.scores import nearest
from ml.families.model import Families, FamilyModel
from ml.families.train import card as families_card
from ml.families.train.card import CAUTION, DATA
from ml.families.train.scores import Ints, Scores, format_table, mean, score
from ml.families.train.study import QUICK, ClusterCountChoice, FamiliesFit, Settings
from ml.jobs import Job
from ml.needs import FAMILY_TRACKS as LEAST_TRACKS
from ml.needs import TooLittle
from ml.scores import digest_of, score_rows
from ml.sound import coordinates
from ml.taxonomy.model import Taxonomy
from ml.train.background import MAY_KNOW, Scored, served_now
from ml.train.card import USER_TRAINED, Origin, command
from ml.train.publish import publish
from ml.train.sound_data import SoundTable, from_snapshot, read

TASK = "families"
VERSION = "2026.11.1"
ALL = "all"  # the name of the histograms of all tracks together
OURS = "own scaler, own k"  # what is served, among the scores
Report = Callable[[str, int, int], None]
Places = npt.NDArray[np.float32]


def fit(
    table: SoundTable, taxonomy: Taxonomy, version: str, settings: Settings, seed: int, report: Report
) -> FamiliesFit:
    """Choose a number of clusters for every family on ``valid``, fit on ``train``, score on ``test``.

    A family without tracks in ``train`` is fitted on all its tracks.
    """
    members = table.members(taxonomy)
    overall = unclustered(StandardScaler().fit(coordinates(table.values[table.rows("train")])))
    record, models, choices = {}, {}, {}
    results: dict[str, dict[str, Scores]] = {}
    for at, (family, rows) in enumerate(members.items()):
        report(f"clusters of {family}", at, len(members))
        known = {split: rows[(table.split[rows] == split) & table.whole[rows]] for split in ("train", "valid", "test")}
        learnt = known["train"] if len(known["train"]) else rows[table.whole[rows]]
        if not len(learnt):
            continue  # no track of the family has all features
        scaler = StandardScaler().fit(coordinates(table.values[learnt]))
        choices[family] = _choose(table, unclustered(scaler), learnt, known["valid"], settings, seed)
        record[family], models[family] = _fitted(table, scaler, learnt, choices[family].clusters, settings, seed)
        if len(known["test"]) > 1:
            scored = _compare(table, models[family], overall, learnt, known["test"], settings, seed)
            for name, scores in scored.items():
                results.setdefault(name, {})[family] = scores
    missing = occurring_families(table, taxonomy) - models.keys()
    assert not missing, f"families without a model: {', '.join(sorted(missing))}"
    settings_of_version = {
        "version": version,
        "taxonomy": taxonomy.version,
        "choices": {family: asdict(choice) for family, choice in choices.items()},
    }
    train = table.split == "train"
    by_family = {family: table.values[rows[train[rows]]] for family, rows in members.items()}
    counted = {name: histograms.count(values) for name, values in ({ALL: table.values[train]} | by_family).items()}
    return FamiliesFit(
        families=Families(settings_of_version, models, counted, taxonomy),
        record=record,
        choices=choices,
        results=results,
    )


def occurring_families(table: SoundTable, taxonomy: Taxonomy) -> set[str]:
    """Return the families of the tracks whose features are all known."""
    return {family for family, rows in table.members(taxonomy).items() if table.whole[rows].any()}


def unclustered(scaler: StandardScaler) -> FamilyModel:
    """Return a model that scales like the fitted ``scaler`` and has no clusters."""
    deviation = np.maximum(scaler.scale_, 1e-6).astype(np.float32)
    none = np.zeros((0, len(deviation)), np.float32), np.zeros(0, np.int64)
    return FamilyModel(mean=scaler.mean_.astype(np.float32), deviation=deviation, centres=none[0], counts=none[1])


def _sample(rows: Ints, count: int, seed: int) -> Ints:
    return np.random.default_rng(seed).permutation(rows)[:count]


def _choose(
    table: SoundTable, scaler: FamilyModel, learnt: Ints, held_out: Ints, settings: Settings, seed: int
) -> ClusterCountChoice:
    """Return the number of clusters at the elbow of the held-out tracks' mean squared distance from the centres."""
    room = max(1, len(learnt) // settings.per_cluster)
    counts = tuple(count for count in settings.counts if count <= room)
    places = scaler.scale(table.values[_sample(learnt, settings.tried, seed)])
    held_out_places = scaler.scale(table.values[_sample(held_out, settings.tried, seed)])
    if len(counts) < 3 or len(held_out_places) < 3:
        return ClusterCountChoice(
            clusters=counts[-1] if counts else 1, tried=counts, spread=(), silhouette=(), tracks=len(learnt)
        )
    spread, silhouette = [], []
    for count in counts:
        centres = KMeans(count, n_init=1, random_state=seed).fit(places).cluster_centers_
        cluster = nearest(held_out_places, centres)
        spread.append(float(np.square(held_out_places - centres[cluster]).sum(axis=1).mean()))
        silhouette.append(score(held_out_places, cluster, cluster, count, seed).silhouette)
    return ClusterCountChoice(
        clusters=counts[elbow(counts, spread)],
        tried=counts,
        spread=tuple(round(value, 4) for value in spread),
        silhouette=tuple(round(value, 4) for value in silhouette),
        tracks=len(learnt),
    )


def _fitted(
    table: SoundTable, scaler: StandardScaler, learnt: Ints, count: int, settings: Settings, seed: int
) -> tuple[Pipeline, FamilyModel]:
    plain = unclustered(scaler)
    places = plain.scale(table.values[_sample(learnt, settings.fitted, seed)])
    means = KMeans(count, n_init=settings.n_init, random_state=seed).fit(places)
    sizes = np.bincount(means.labels_, minlength=count)
    order = np.argsort(-sizes, kind="stable")
    means.cluster_centers_ = means.cluster_centers_[order].astype(np.float32)
    del means.labels_  # the clusters of the training tracks must not be stored
    model = replace(plain, centres=means.cluster_centers_, counts=sizes[order].astype(np.int64))
    np.testing.assert_array_equal(model.assign(places[:1000]), means.predict(places[:1000]))
    return make_pipeline(scaler, means), model


def _compare(
    table: SoundTable,
    model: FamilyModel,
    overall: FamilyModel,
    learnt: Ints,
    test_rows: Ints,
    settings: Settings,
    seed: int,
) -> dict[str, Scores]:
    """Return the scores of one family's model and of baselines fitted on the same tracks."""
    count, artist = len(model.centres), table.artist[test_rows]
    places = model.scale(table.values[test_rows])
    sampled = table.values[_sample(learnt, settings.tried, seed)]
    study = min(settings.study, len(sampled))
    shared = overall.scale(sampled)
    rng = np.random.default_rng(seed)

    def among(places: Places, centres: Places) -> Scores:
        return score(places, nearest(places, centres), artist, len(centres), seed)

    def means(places: Places, number: int) -> Places:
        return KMeans(number, n_init=1, random_state=seed).fit(places).cluster_centers_

    return {
        OURS: among(places, model.centres),
        "one scaler for all, same k": among(
            overall.scale(table.values[test_rows]), means(shared, min(count, len(sampled)))
        ),
        f"own scaler, {settings.study} clusters each": among(places, means(model.scale(sampled), study)),
        "at random, same k": score(places, rng.integers(0, count, len(places)), artist, count, seed),
    }


def save(found: FamiliesFit, directory: Path) -> list[Path]:
    """Write the artefact and the scikit-learn pipelines; return the paths."""
    written = found.families.save(directory)
    record = directory / "families.joblib"
    joblib.dump(found.record, record, compress=3)
    return [*written, record]


def _publish(
    found: FamiliesFit, models: Path, settings: Settings, seed: int, origin: Origin, activate: bool, **held_out: Any
) -> Path:
    directory = models / TASK / found.families.version
    written = save(found, directory)
    rows = score_rows({name: mean(by_family) for name, by_family in found.results.items()})
    card = families_card.write(found, settings, seed, origin)
    publish(directory, written, card, activate=activate, table=rows, served=OURS, **({"split": "test"} | held_out))
    return directory


def train(data: Path, models: Path, *, seed: int = 1, quick: bool = False) -> None:
    """Fit every family, score it and write ``models/families/<version>``.

    ``quick`` uses fewer tracks and writes a separate version that is not activated.

    Raises FileNotFoundError if the training table is absent.
    """
    settings, version = (QUICK, f"{VERSION}-quick") if quick else (Settings(), VERSION)
    found = fit(read(data), Taxonomy.active(models), version, settings, seed, _print)
    origin = Origin(command=f"python -m ml {command()}", data=DATA, caution=CAUTION)
    directory = _publish(found, models, settings, seed, origin, not quick)
    means = {name: mean(by_family) for name, by_family in found.results.items()}
    print(f"\n{TASK} {version} on test\n\n{format_table(means)}")
    print(f"\n{len(found.families.models)} families in {directory}")


def evaluate(data: Path, models: Path, seed: int = 1) -> None:
    """Score the active version, family by family, and its baselines on ``test``.

    Raises FileNotFoundError if the training table is absent; ml.artefacts.ArtefactError if no version is active, or a
    file of it was changed.
    """
    families = Families.load(artefacts.active(TASK, models))
    table, settings = read(data), Settings()
    overall = unclustered(StandardScaler().fit(coordinates(table.values[table.rows("train")])))
    results: dict[str, dict[str, Scores]] = {}
    for family, rows in table.members(families.taxonomy).items():
        known = {split: rows[(table.split[rows] == split) & table.whole[rows]] for split in ("train", "test")}
        scored = _compare(table, families.models[family], overall, known["train"], known["test"], settings, seed)
        for name, scores in scored.items():
            results.setdefault(name, {})[family] = scores
    print(f"\n{TASK} {families.version} on test\n")
    print(format_table({name: mean(by_family) for name, by_family in results.items()}))
    print("\n" + format_table(next(iter(results.values())), "family"))


def train_own(job: Job) -> dict[str, Any]:
    """Train on the tracks of this installation's catalogue and return the version, its families and their scores.

    Raises TooLittle if too few tracks have both a genre and a known sound.
    """
    job.say("reading the catalogue")
    shipped = job.registry.active("taxonomy")
    taxonomy = Taxonomy.load(shipped.with_name(f"{shipped.name}.json"))
    table = from_snapshot(job.catalogue.current(job.owner))
    counted = int(table.whole[_distinct(table.members(taxonomy).values())].sum())
    if counted < LEAST_TRACKS:
        raise TooLittle(
            f"The catalogue has {counted} tracks with both a genre and audio features.",
            f"Import a table or playlists with genres and features: at least {LEAST_TRACKS} tracks.",
        )
    models = job.models
    artefacts.register("taxonomy", taxonomy.version, artefacts.copy_version(shipped, models), models, activate=False)
    version = job.new_version()
    settings = QUICK if job.request.get("options", {}).get("quick") else Settings()
    found = fit(table, taxonomy, version, settings, 1, job.say)
    held_out = _held_out(job, table, found)
    _publish(found, models, settings, 1, USER_TRAINED, activate=False, **held_out)
    return {
        "version": version,
        "before": held_out["before"],
        "tracks": counted,
        "families": {family: choice.clusters for family, choice in found.choices.items()},
        "scores": {name: asdict(mean(by_family)) for name, by_family in found.results.items()},
    }


def _distinct(groups: Iterable[Ints]) -> Ints:
    return np.unique(np.concatenate([*groups, np.array([], np.intp)]))


def _held_out(job: Job, table: SoundTable, found: FamiliesFit) -> dict[str, Any]:
    """Return the entries of ``scores.json`` about the test tracks, with the served version's scores on them."""
    members = table.members(found.families.taxonomy)
    test_rows = {
        family: members[family][(table.split[members[family]] == "test") & table.whole[members[family]]]
        for family in found.results.get(OURS, {})
    }
    rows = _distinct(test_rows.values())
    on = digest_of([*test_rows, *sorted(table.values[rows].tolist())])

    def score_served(folder: Path) -> Scored:
        served = Families.load(folder)
        if missing := test_rows.keys() - served.models.keys():
            return None, f"It has no clusters for {', '.join(sorted(missing))}."
        scored = {}
        for family, family_rows in test_rows.items():
            model = served.models[family]
            places = model.scale(table.values[family_rows])
            scored[family] = score(places, model.assign(places), table.artist[family_rows], len(model.centres), 1)
        return asdict(mean(scored)), "" if job.registry.is_user_trained(TASK, folder.name) else MAY_KNOW

    artists = len(np.unique(table.artist[rows]))
    return {
        "split": f"{len(rows):,} tracks of {artists:,} artists, held out of your catalogue; "
        f"mean over {len(test_rows)} families",
        "on": on,
        "before": served_now(job, TASK, on, score_served) if test_rows else None,
    }


def _print(phase: str, done: int, total: int) -> None:
    print(f"{phase} ({done + 1} of {total})", flush=True)
