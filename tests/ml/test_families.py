"""K-means per family: every family that occurs has a model, and picks come from the track's own clusters."""

from dataclasses import replace
from pathlib import Path

import joblib
import numpy as np
import pytest

from ml import artefacts, histograms
from ml.families.model import Families, NoSound
from ml.families.train.study import QUICK, FamiliesFit
from ml.families.train.train import fit, save, train_own
from ml.jobs import Job
from ml.needs import TooLittle
from ml.registry import ModelRegistry
from ml.taxonomy.model import Taxonomy
from ml.train.sound_data import from_snapshot
from store.catalogue.builder import build_collection
from store.catalogue.catalogue import Catalogue, Snapshot
from store.database import Database
from store.domain import AUDIO_FEATURES, AudioFeatures, Track
from store.feature_rows import feature_rows
from tests.ml.test_clusters import SOUNDS, invented


def silent(phase: str, done: int, total: int) -> None:
    """Tell nobody."""


@pytest.fixture(scope="module")
def fitted() -> FamiliesFit:
    table = invented(80)
    return fit(table, Taxonomy.active(), "test", replace(QUICK, per_cluster=10), 1, silent)


def of(genre: str, number: int, **more: object) -> Track:
    sound = dict(zip(AUDIO_FEATURES, SOUNDS[genre], strict=True)) | {"tempo": 90.0 + number}
    return Track(
        id=f"{genre}{number}",
        title=f"{genre} number {number}",
        artists=(f"{genre} artist {number}",),
        labels=(genre,),
        features=AudioFeatures(values=sound, source="test"),
        source="test",
        **more,  # type: ignore[arg-type]
    )


TRACKS = [of(genre, number) for genre in SOUNDS for number in range(30)]
BOTH = replace(of("metal", 99), labels=("metal",), artist_genres=("classic rock", "qqvx zzyqx"))


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    folder = tmp_path_factory.mktemp("catalogue")
    rocky = [replace(of("metal", 200 + at), labels=(), artist_genres=("classic rock",)) for at in range(5)]
    build_collection(folder, [*TRACKS, *rocky, BOTH, Track(id="silent", title="S", artists=("Z",), source="test")])
    return Catalogue(folder).current()


def test_every_family_that_occurs_has_a_model_with_a_scaler_of_its_own() -> None:
    table = invented(40)
    genres = list(table.genres)
    genres[0] = ("metal", "disco")  # one track alone: the study's misspelt name left such a family without a model
    found = fit(replace(table, genres=genres), Taxonomy.active(), "test", QUICK, 1, silent).families
    wanted = {found.taxonomy.family_of(name) for names in genres for name in names}
    assert set(found.models) == wanted
    assert len(wanted) == 4
    means = [model.mean for model in found.models.values()]
    assert not np.allclose(means[0], means[1])


def test_saved_and_loaded_it_is_the_same_and_equals_the_pipelines_of_record(
    fitted: FamiliesFit, tmp_path: Path
) -> None:
    taxonomy = artefacts.active("taxonomy")
    artefacts.register("taxonomy", taxonomy.name, artefacts.copy_version(taxonomy, tmp_path), tmp_path)
    directory = tmp_path / "families" / "test"
    artefacts.register("families", "test", save(fitted, directory), tmp_path)
    loaded = Families.load(directory)
    values = invented().values
    record = joblib.load(directory / "families.joblib")
    for family, model in fitted.families.models.items():
        scaled = loaded.models[family].scale(values)
        np.testing.assert_array_equal(model.assign(model.scale(values)), loaded.models[family].assign(scaled))
        np.testing.assert_array_equal(record[family][-1].predict(scaled), loaded.models[family].assign(scaled))
        np.testing.assert_array_equal(loaded.histograms[family]["key"], fitted.families.histograms[family]["key"])
    sample = next(iter(loaded.histograms.values()))
    assert sample["mode"].sum() == 240


def test_a_track_is_in_all_its_families_and_each_gives_a_pick_of_the_same_cluster(snapshot: Snapshot) -> None:
    families = Families.load(artefacts.active("families"))
    known = families.families_of((*BOTH.labels, *BOTH.artist_genres))
    assert set(known) == {"metal", "rock"}
    picks = families.pick(snapshot, BOTH, known, draw=3)
    assert [pick.family for pick in picks] == list(known)
    for pick in picks:
        other = snapshot.track(pick.ref)
        assert other.id != BOTH.id
        assert pick.family in families.families_of((*other.labels, *other.artist_genres))
        model = families.models[pick.family]
        rows = feature_rows(track.features for track in (BOTH, other))
        assert model.assign(model.scale(rows)).tolist() == [pick.cluster] * 2
    assert len({pick.ref for pick in picks}) == len(picks)


def test_equal_seeds_draw_equal_picks_and_others_draw_others(snapshot: Snapshot) -> None:
    families = Families.load(artefacts.active("families"))
    seed = TRACKS[0]

    def drawn(draw: int) -> list[str]:
        return [snapshot.track(picked.ref).id for picked in families.pick(snapshot, seed, ["metal"], draw=draw)]

    assert drawn(1) == drawn(1)
    assert len({tuple(drawn(draw)) for draw in range(8)}) > 1


def test_a_seed_draws_for_each_track_anew_among_the_nearest_and_popular(
    snapshot: Snapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    families = Families.load(artefacts.active("families"))

    def drawn(of_snapshot: Snapshot, seed: Track, draw: int) -> Track:
        return of_snapshot.track(families.pick(of_snapshot, seed, ["metal"], draw=draw)[0].ref)

    assert any(
        drawn(snapshot, TRACKS[0], draw) != drawn(snapshot, replace(TRACKS[0], id="x"), draw) for draw in range(8)
    )
    known = [replace(track, popularity=100.0 if at % 2 else 0.0) for at, track in enumerate(TRACKS)]
    build_collection(tmp_path, [*known, replace(known[1], id="live", title="metal number 1 - Live", popularity=100.0)])
    popular = Catalogue(tmp_path).current()
    picks = [drawn(popular, of("metal", 10), draw) for draw in range(40)]
    assert sum(bool(pick.popularity) for pick in picks) > 35
    monkeypatch.setattr("ml.families.model.DRAWN_FROM", 4)
    near = {drawn(snapshot, of("metal", 10), draw).id for draw in range(20)}
    assert near <= {f"metal{number}" for number in (8, 9, 11, 12, 7, 13)}


def test_the_nearest_is_the_nearest_and_what_is_excluded_never_comes(snapshot: Snapshot) -> None:
    families = Families.load(artefacts.active("families"))
    seed = of("metal", 10)
    first = families.pick(snapshot, seed, ["metal"], kind="nearest")[0]
    assert snapshot.track(first.ref).id in {"metal9", "metal11"}
    one = snapshot.track(first.ref).id
    again = families.pick(snapshot, seed, ["metal"], kind="nearest", exclude={one})[0]
    assert snapshot.track(again.ref).id in {"metal9", "metal11"} - {one}
    assert again.distance >= first.distance


def test_without_sound_there_is_no_pick(snapshot: Snapshot) -> None:
    families = Families.load(artefacts.active("families"))
    with pytest.raises(NoSound):
        families.pick(snapshot, replace(BOTH, features=None), ["metal"])
    assert families.pick(snapshot, BOTH, ["no such family"]) == []


def test_histograms_count_every_known_value_once_and_ends_take_what_lies_beyond() -> None:
    values = np.full((4, 13), np.nan, np.float32)
    loudness = AUDIO_FEATURES.index("loudness")
    values[:3, loudness] = (-60.0, 10.0, -20.5)
    counts = histograms.count(values)
    assert counts["loudness"].sum() == 3
    assert counts["loudness"][0] == counts["loudness"][-1] == 1
    assert counts["energy"].sum() == 0
    summary = histograms.summary(values)
    assert (summary["loudness"]["known"], summary["loudness"]["median"]) == (3, -20.5)
    assert summary["energy"] == {"known": 0, "mean": None, "median": None, "deviation": None}


def a_job(database: Database, folder: Path, tracks: list[Track]) -> Job:
    build_collection(folder / "catalogue", tracks)
    registry = ModelRegistry(local=folder / "models")
    return Job(
        database=database,
        catalogue=Catalogue(folder / "catalogue"),
        registry=registry,
        var=folder,
        request={"task": "families", "options": {"quick": True}},
    )


def test_training_on_ones_own_makes_a_version_that_is_not_served_until_chosen(
    database: Database, tmp_path: Path
) -> None:
    api = [replace(of("piano", 500 + at), labels=("disco",), source="spotify") for at in range(60)]
    job = a_job(database, tmp_path, [*TRACKS, *api])
    result = train_own(job)
    assert set(result["families"]) == {Taxonomy.active().family_of(genre) for genre in SOUNDS}
    assert result["tracks"] == len(TRACKS)
    before = job.registry.active_version("families")
    assert before != result["version"]
    job.registry.activate("families", result["version"])
    assert Families.load(job.registry.active("families")).version == result["version"]


def test_too_little_of_ones_own_is_said(database: Database, tmp_path: Path) -> None:
    for tracks in ([replace(TRACKS[0], labels=())], TRACKS[:10]):
        with pytest.raises(TooLittle, match="tracks with both a genre and audio features"):
            train_own(a_job(database, tmp_path / str(len(tracks)), tracks))


def test_what_ships_has_a_model_and_histograms_for_every_family() -> None:
    families = Families.load(artefacts.active("families"))
    assert set(families.models) == set(Taxonomy.active().families)
    assert set(families.histograms) == {"all", *families.models}
    assert len({len(model.centres) for model in families.models.values()}) > 1
    assert all((model.counts > 0).all() for model in families.models.values())


def test_spotifys_answers_are_not_learnt_from(tmp_path: Path) -> None:
    spotify = AudioFeatures(values=dict(zip(AUDIO_FEATURES, SOUNDS["metal"], strict=True)), source="spotify")
    build_collection(tmp_path, [TRACKS[0], replace(TRACKS[1], features=spotify)])
    assert len(from_snapshot(Catalogue(tmp_path).current())) == 1
