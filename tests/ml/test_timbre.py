"""The timbre model: its parts by hand, its training on invented segments, and what is served of it."""

import json
from dataclasses import replace
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from ml import artefacts, jobs
from ml.needs import TooLittle
from ml.registry import ModelRegistry
from ml.timbre.model import (
    LEAST_SEGMENTS,
    STATISTICS,
    TimbreLibrary,
    TimbreModel,
    TwoStepScaler,
    alike,
    covariances,
    extended_statistics,
    middle,
    moments,
)
from store.catalogue.catalogue import Catalogue
from store.database import Database
from store.domain import Analysis
from store.facts import Provenance, put_segments
from tests.ml.timbre_world import timbre, write_data

# Keras' own __array__, which NumPy 2 warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

PROVENANCE = Provenance(source="invented", fetched_at=None, licence="none", brought_by="a test")


def store(database: Database, name: str, number: int, segments: int = 120) -> None:
    rows = tuple(map(tuple, timbre(number, segments).tolist()))
    times = tuple(0.25 * at for at in range(segments))
    put_segments(database, name, PROVENANCE, Analysis(start=times, duration=(0.25,) * segments, timbre=rows))


def test_the_middle_of_long_tracks_and_zeros_around_short_ones() -> None:
    rows = np.arange(24.0).reshape(-1, 1) * np.ones(12)
    assert middle(rows, 4)[:, 0].tolist() == [10, 11, 12, 13]
    assert middle(rows[1:4], 6)[:, 0].tolist() == [0, 1, 2, 3, 0, 0]
    assert middle(rows, 24).shape == (24, 12)


def test_statistics_are_those_of_numpy() -> None:
    rows = timbre(1).astype(float)
    assert np.allclose(moments(rows), [*rows.mean(axis=0), *rows.var(axis=0)])
    both = covariances(rows)
    assert both.shape == (90,)
    assert np.isclose(both[12], rows[:, 0].var(ddof=1))
    statistics = extended_statistics(rows)
    assert statistics.shape == (210,)
    assert np.isclose(statistics[24], np.corrcoef(rows[:, 0], rows[:, 1])[0, 1])
    assert np.allclose(statistics[126:138], np.median(rows, axis=0))
    # The order in time is part of it, unlike with the others.
    shuffled = np.random.default_rng(0).permutation(rows)
    assert np.allclose(moments(shuffled), moments(rows))
    assert not np.allclose(extended_statistics(shuffled)[102:114], statistics[90:102])


def test_constant_timbre_has_finite_statistics() -> None:
    for statistics in STATISTICS.values():
        assert np.isfinite(statistics(np.full((LEAST_SEGMENTS, 12), 7.0))).all()


def test_two_step_scaling_cuts_outliers_and_fills_the_range() -> None:
    rows = np.concatenate([timbre(1, 400), np.full((1, 12), 1e6, np.float32)])
    scaler = TwoStepScaler.fit([timbre(1, 400), timbre(2, 400)])
    scaled = scaler.transform(rows)
    assert np.abs(scaler.transform(timbre(2, 400))).max() <= 1.0 + 1e-6
    assert np.isfinite(scaled).all()
    assert scaled[-1].max() < 5.0


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A data folder of 24 invented tracks, and the models that a quick training makes of it."""
    pytest.importorskip("tensorflow")
    from ml.timbre.train import train as training

    folder = tmp_path_factory.mktemp("timbre")
    data, models = write_data(folder / "data", 24), folder / "models"
    training.train(data, models, quick=True, networks=False, say=lambda _: None)
    return data, models


@pytest.mark.usefixtures("without_graphs")
def test_training_writes_a_served_version_with_its_card(trained: tuple[Path, Path]) -> None:
    _, models = trained
    versions = artefacts.versions(models)
    assert [(version.task, version.active) for version in versions] == [("timbre", False)]
    folder = models / "timbre" / versions[0].name
    model = TimbreModel.load(folder)
    card = artefacts.verified(folder / "card.md").read_text()
    for said in ("24 tracks", "1 left out", "Licence caution", "Where it loses", "served**", "95 %"):
        assert said in card
    scores = json.loads(artefacts.verified(folder / "scores.json").read_text())
    assert {"model", "halves @1", "quarters @10", "15 s @1"} <= set(scores["table"][0])
    assert model.scores["baselines"][0]["model"].startswith("moments")
    placed = {str(number): model.predict(timbre(number)) for number in range(24)}
    # Another take of a track's sound is nearest to it.
    again = model.predict(timbre(5)[:100])
    assert max(placed, key=lambda name: float(placed[name].vector @ again.vector)) == "5"
    assert len({tuple(spot.spot.tolist()) for spot in placed.values()}) == 24
    with pytest.raises(ValueError, match="too few"):
        model.predict(timbre(1)[: LEAST_SEGMENTS - 1])


def test_the_baseline_is_served_where_the_embedding_is_not_better(trained: tuple[Path, Path]) -> None:
    from ml.timbre.train import train as training
    from ml.timbre.train.card import verdict
    from ml.timbre.train.data import read

    segments = read(trained[0])
    perfect = {kind: np.zeros((24, 2), np.intp) for kind in ("halves", "quarters", "15 s")}
    found = dict.fromkeys((training.OURS, training.PLAIN, training.COVARIANCES), perfect)
    equal = training.choose(segments.timbres, found, 1)
    assert equal.statistics == "moments"
    assert training.scores_of(found, training.PLAIN)["served"]["model"] == training.PLAIN
    assert "moments are served" in verdict({"statistics": "moments", "gain": [1.0, 1.0, 1.0]})
    third = {kind: np.repeat([[0, 0], [5, 5], [5, 5]], 8, axis=0) for kind in perfect}
    better = training.choose(segments.timbres, {**found, training.PLAIN: third}, 1)
    assert better.statistics == "described"
    assert "below 1.3" in verdict({"statistics": "described", "gain": [1.5, 1.2, 1.7]})
    assert "below 1.3" not in verdict({"statistics": "described", "gain": [3.0, 2.0, 4.0]})


def test_the_contrastive_network_learns_which_stretches_belong_together() -> None:
    pytest.importorskip("tensorflow")
    from ml.timbre.train.network import Settings, fit_contrastive

    timbres = [timbre(number) for number in range(8)]
    first, last = (fit_contrastive(timbres, Settings(latent=4, length=32, steps=steps)) for steps in (1, 25))
    assert last.loss < first.loss
    assert last.encode(timbres).shape == (8, 4)


def test_no_track_is_asked_of_what_has_learnt_from_it() -> None:
    pytest.importorskip("tensorflow")
    from ml.timbre.train.scores import cross_validate

    timbres = [np.full((80, 12), float(number)) for number in range(9)]
    queried: list[int] = []

    def learn(tracks: np.ndarray) -> object:
        hidden = sorted(set(range(9)) - set(tracks.tolist()))
        queried.extend(hidden)

        # Knows by heart what it has learnt from, and takes everything else for the same.
        def embed(parts: list[np.ndarray]) -> np.ndarray:
            return np.array([np.eye(10)[9 if int(p[0, 0]) in hidden else int(p[0, 0])] for p in parts])

        return embed

    ranks = cross_validate(timbres, learn, folds=3, seed=1)  # type: ignore[arg-type]
    assert sorted(queried) == list(range(9))
    assert (ranks["halves"] == 2).all()  # three look the same: the right one counts as the last of them


def test_intervals_and_ratios_by_hand() -> None:
    pytest.importorskip("tensorflow")
    from ml.timbre.train.scores import ratio, recall

    good = np.array([[0, 0]] * 8 + [[3, 12]] * 2)
    poor = np.array([[0, 0]] * 4 + [[3, 12]] * 6)
    assert recall(good, 1, 1).mean == pytest.approx(0.8)
    assert recall(good, 10, 1).mean == pytest.approx(0.9)
    assert recall(good, 1, 1).low < 0.8 < recall(good, 1, 1).high
    assert ratio(good, poor, 1).mean == pytest.approx(2.0)
    assert ratio(good, good, 1).low == ratio(good, good, 1).high == pytest.approx(1.0)


def test_a_library_hears_each_track_once_and_again_when_it_changes(trained: tuple[Path, Path]) -> None:
    models = trained[1]
    library = TimbreLibrary(TimbreModel.load(models / "timbre" / artefacts.versions(models)[0].name))
    sounds, read = {"a": 1, "b": 2, "c": 3}, []

    def segments(name: str) -> np.ndarray | None:
        read.append(name)
        return None if name == "gone" else timbre(sounds[name], 20 if name == "c" else 120)

    placed = library.update({"a": 1, "b": 1, "c": 1, "gone": 1}, segments)
    assert set(placed) == {"a", "b"}
    workers = [Thread(target=library.update, args=({"a": 1, "b": 2}, segments)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert read == ["a", "b", "c", "gone", "b"]
    assert [name for name, _ in alike(placed, "a", 5)] == ["b"]


@pytest.mark.usefixtures("without_graphs")
def test_own_training_wants_twenty_tracks_and_leaves_what_is_served(database: Database, tmp_path: Path) -> None:
    pytest.importorskip("tensorflow")
    from ml.timbre.train.train import train_own

    phases: list[str] = []
    job = jobs.Job(
        database=database,
        catalogue=Catalogue(tmp_path / "catalogue"),
        registry=ModelRegistry(artefacts.MODELS, tmp_path / "models"),
        var=tmp_path,
        request={"task": "timbre", "options": {"quick": True}},
        say=lambda phase, done=0, total=None: phases.append(phase),
    )
    for number in range(21):
        store(database, f"t{number}", number, 20 if number > 18 else 120)
    with pytest.raises(TooLittle) as little:
        train_own(job)
    assert little.value.message.startswith("19 tracks")
    store(database, "t20", 20)
    store(database, "t19", 19)
    with pytest.raises(TooLittle):  # none of them is known to be popular
        train_own(replace(job, request={"options": {"min_popularity": 10}}))
    served = job.registry.active_version("timbre")
    result = train_own(job)
    assert result["tracks"] == 21
    assert job.registry.is_user_trained("timbre", result["version"])
    assert job.registry.active_version("timbre") == served
    assert "training the map" in phases
    job.registry.activate("timbre", result["version"])
    assert TimbreModel.load(job.registry.active("timbre")).version == result["version"]


@pytest.mark.shared
def test_what_ships_beats_the_plain_statistics_on_tracks_left_out(shared_data: Path) -> None:
    pytest.importorskip("tensorflow")
    from ml.timbre.train import network as timbre_network
    from ml.timbre.train import train as training
    from ml.timbre.train.data import read
    from ml.timbre.train.scores import ratio

    model = TimbreModel.load(artefacts.active("timbre"))
    found = training.compare(read(shared_data).timbres, timbre_network.Settings(), networks=False, say=lambda _: None)
    gain = ratio(found[training.OURS]["halves"], found[training.PLAIN]["halves"], 1)
    assert (gain.mean >= training.ENOUGH) == (model.projection.statistics == "described")
