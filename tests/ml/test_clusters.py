"""Clusters of sound: found in an invented world, saved, loaded, values."""

from pathlib import Path

import joblib
import numpy as np
import pytest

from ml import artefacts
from ml.artists.model import ArtistEmbedding
from ml.clusters.model import Clusters, elbow
from ml.clusters.train.study import Settings
from ml.clusters.train.train import fit, save
from ml.neighbours.model import Neighbours
from ml.sound import coordinates
from ml.taxonomy.model import Taxonomy
from ml.train.sound_data import SoundTable, balanced
from store.catalogue.builder import build_collection
from store.catalogue.catalogue import Catalogue
from store.domain import AUDIO_FEATURES, AudioFeatures, Track

# Three sounds that no ear confuses: danceability to time signature, in the order of AUDIO_FEATURES.
SOUNDS = {
    "metal": (0.3, 0.95, 4, -4.0, 0, 0.08, 0.001, 0.1, 0.2, 0.3, 150.0, 240_000, 4),
    "piano": (0.3, 0.05, 0, -25.0, 1, 0.04, 0.98, 0.9, 0.1, 0.2, 80.0, 180_000, 4),
    "hip-hop": (0.9, 0.6, 7, -7.0, 1, 0.35, 0.2, 0.0, 0.1, 0.7, 95.0, 200_000, 4),
}
SETTINGS = Settings(per_genre=12, subsample=8, scored=6, preferences=(20, 4, 0.002, 0.0005), refits=1, max_iter=400)


def invented(per_split: int = 12) -> SoundTable:
    """Return ``per_split`` tracks of each sound in each split, two of an artist."""
    rng = np.random.default_rng(5)
    values, labels, artist, split = [], [], [], []
    for at, where in enumerate(("train", "valid", "test")):
        for genre, sound in SOUNDS.items():
            for number in range(per_split):
                noise = rng.normal(1.0, 0.03, len(sound))
                values.append(np.array(sound) * np.where(np.isin(AUDIO_FEATURES, ["key", "mode"]), 1.0, noise))
                labels.append((genre,))
                artist.append(1000 * at + 100 * list(SOUNDS).index(genre) + number // 2)
                split.append(where)
    clipped = np.clip(np.array(values, np.float32), None, [1, 1, 11, 10, 1, 1, 1, 1, 1, 1, 300, 1e8, 7])
    return SoundTable(
        values=clipped.astype(np.float32),
        labels=labels,
        genres=labels,
        artist=np.array(artist),
        split=np.array(split),
    )


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[Clusters, Path]:
    fitted = fit(invented(), Taxonomy.active(), "test", SETTINGS, 1, lambda line: None)
    models = tmp_path_factory.mktemp("models")
    directory = models / "clusters" / "test"
    artefacts.register("clusters", "test", save(fitted, directory), models)
    assert fitted.results["affinity propagation"].purity > fitted.results["at random"].purity
    assert fitted.results["affinity propagation"].silhouette > fitted.results["at random"].silhouette
    return Clusters.load(directory), directory


def test_each_sound_has_clusters_of_its_own_on_unheard_artists(found: tuple[Clusters, Path]) -> None:
    clusters, _ = found
    table = invented()
    rows = table.rows("test")
    cluster = clusters.assign(table.values[rows])
    by_genre = {
        genre: {c for c, row in zip(cluster, rows, strict=True) if table.labels[row][0] == genre} for genre in SOUNDS
    }
    assert len(clusters) >= 3
    assert sum(map(len, by_genre.values())) == len(set().union(*by_genre.values()))


def test_the_sweep_marks_one_elbow_and_more_clusters_with_each_preference(found: tuple[Clusters, Path]) -> None:
    sweep = found[0].settings["sweep"]
    assert sum(step["elbow"] for step in sweep) == 1
    assert [step["preference"] for step in sweep] == sorted(step["preference"] for step in sweep)
    assert [step["clusters"] for step in sweep] == sorted({step["clusters"] for step in sweep})
    assert next(step["clusters"] for step in sweep if step["elbow"]) == len(found[0])
    assert {"silhouette", "purity", "family_purity"} <= sweep[0].keys()


def test_what_ships_says_what_the_estimator_of_record_says(found: tuple[Clusters, Path]) -> None:
    clusters, directory = found
    record = joblib.load(directory / "clusters.joblib")
    assert not hasattr(record, "affinity_matrix_")
    values = invented().values
    np.testing.assert_array_equal(record.predict(coordinates(values)), clusters.assign(values))


def test_the_heat_map_counts_every_labelled_training_track(found: tuple[Clusters, Path]) -> None:
    clusters, _ = found
    assert clusters.genre_counts.sum() == clusters.family_counts.sum() == 36
    shares = clusters.shares("genre")
    occurring = clusters.genre_counts.sum(axis=1) > 0
    np.testing.assert_allclose(shares[occurring].sum(axis=1), 1.0)
    assert (shares[~occurring] == 0).all()


def test_a_track_falls_to_the_nearest_exemplar_and_an_unheard_one_nowhere(found: tuple[Clusters, Path]) -> None:
    clusters, _ = found
    at_exemplar = clusters.predict(AudioFeatures(values=clusters.features(1), source="test"))
    assert at_exemplar is not None
    assert at_exemplar.clusters[0] == 1
    assert at_exemplar.distances[0] < 0.01
    assert list(at_exemplar.distances) == sorted(at_exemplar.distances)
    assert clusters.predict(AudioFeatures(values={"mode": 1.0}, source="test")) is None
    assert clusters.assign(np.full((1, 13), np.nan, np.float32)).tolist() == [-1]


def test_a_catalogue_names_the_exemplars_it_holds(found: tuple[Clusters, Path], tmp_path: Path) -> None:
    clusters, _ = found
    held = AudioFeatures(values=clusters.features(0), source="test")
    far = AudioFeatures(
        values=clusters.features(0) | {"energy": 0.5, "valence": 1.0, "speechiness": 0.9}, source="test"
    )
    tracks = [
        Track(id="far", title="Far", artists=("A",), features=far, source="test"),
        Track(id="held", title="Held", artists=("B",), features=held, source="test"),
        Track(id="silent", title="Silent", artists=("C",), source="test"),
    ]
    build_collection(tmp_path, tracks)
    snapshot = Catalogue(tmp_path).current()
    here = clusters.in_catalogue(snapshot, Neighbours(ArtistEmbedding.load(artefacts.active("artists"))).sound)
    assert here.nearest[0] is not None
    assert snapshot.track(here.nearest[0][0]).id == "held"
    assert here.nearest[0][1] < 0.01
    assert None in here.nearest
    assert sum(here.counts) == 2


def test_a_balanced_draw_takes_as_many_of_each_genre_and_starts_evenly() -> None:
    table = invented()
    rows = balanced(table, "train", 5, 1, {genre: at for at, genre in enumerate(SOUNDS)})
    assert len(rows) == len(set(rows)) == 15
    assert {table.labels[row][0] for row in rows[:3]} == set(SOUNDS)
    assert set(table.split[rows]) == {"train"}


@pytest.mark.parametrize(("down", "at"), [((10, 2, 1, 0.5, 0), 1), ((10, 8, 3, 2.5, 2), 2)])
def test_the_elbow_is_farthest_below_the_chord(down: tuple[float, ...], at: int) -> None:
    assert elbow((0, 1, 2, 3, 4), down) == at


def test_the_shipped_version_is_what_its_card_says() -> None:
    clusters = Clusters.load(artefacts.active("clusters"))
    card = (artefacts.active("clusters") / "card.md").read_text()
    assert f"{len(clusters)} clusters of sound" in card
    assert f"| {len(clusters)} |" in card
    assert sum(step["elbow"] for step in clusters.settings["sweep"]) == 1
    assert (clusters.genre_counts.sum(axis=1) > 0).all()
