"""Maps: faithful to the neighbours, kept whole, new points among their own, and computed by a run."""

import warnings
from pathlib import Path

import numpy as np
import pytest
from sklearn.manifold import trustworthiness

from ml.jobs import Job
from ml.needs import TooLittle
from ml.projection.model import CATALOGUE, NoProjection, Projection, faithfulness
from ml.projection.train.train import train_own, tsne, umap
from ml.registry import ModelRegistry
from ml.sound import coordinates
from store.catalogue.builder import build_collection
from store.catalogue.catalogue import Catalogue
from store.database import Database
from store.domain import AudioFeatures, Playlist, PlaylistItem, Track
from tests.store.catalogues import FEATURES, a_track


def two_kinds(count: int = 60) -> list[Track]:
    """Half calm, half loud."""
    rng = np.random.default_rng(4)
    tracks = []
    for number in range(count):
        energy = float(np.clip((0.1 if number % 2 else 0.9) + rng.normal(0, 0.03), 0, 1))
        changed = {"energy": energy, "acousticness": 1 - energy, "valence": float(rng.uniform(0.4, 0.6))}
        features = AudioFeatures(values={**FEATURES.values, **changed}, source="test")
        label = ("metal", "classical")[number % 2]
        tracks.append(a_track(number + 1, f"Song {number}", f"Band {number}", features=features, labels=(label,)))
    return tracks


def places_of(tracks: list[Track]) -> np.ndarray:
    return coordinates(np.array([track.features.vector() for track in tracks if track.features], np.float32))


def test_the_scores_are_venna_and_kaskis() -> None:
    rng = np.random.default_rng(1)
    places, mapped = rng.normal(size=(200, 12)), rng.normal(size=(200, 2))
    trust, continuity = faithfulness(places, mapped)
    assert trust == pytest.approx(trustworthiness(places, mapped, n_neighbors=10))
    assert continuity == pytest.approx(trustworthiness(mapped, places, n_neighbors=10))
    assert faithfulness(mapped, 3 * mapped) == (1.0, 1.0)
    with pytest.raises(ValueError, match="neighbours"):
        faithfulness(places[:20], mapped[:20])


@pytest.mark.parametrize("method", [tsne, umap])
def test_what_sounds_alike_lies_together_and_always_in_the_same_place(method) -> None:  # type: ignore[no-untyped-def]
    if method is umap:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of numba, when it is first imported
            pytest.importorskip("umap")
    places = places_of(two_kinds())
    mapped = method(places, 1)
    trust, continuity = faithfulness(places, mapped)
    assert trust > 0.8
    assert continuity > 0.8
    apart = np.linalg.norm(mapped[0::2].mean(axis=0) - mapped[1::2].mean(axis=0))
    assert apart > np.linalg.norm(mapped[0::2] - mapped[0::2].mean(axis=0), axis=1).mean()
    assert np.array_equal(mapped, method(places, 1))


def a_job(database: Database, root: Path, **request: object) -> Job:
    registry = ModelRegistry(local=root / "models")
    return Job(database=database, catalogue=Catalogue(root / "catalogue"), registry=registry, var=root, request=request)


def test_a_run_maps_the_catalogue_and_a_playlist(database: Database, tmp_path: Path) -> None:
    tracks = two_kinds()
    build_collection(tmp_path / "catalogue", tracks)
    result = train_own(a_job(database, tmp_path, options={"methods": ["tsne"], "most": 50}))
    assert (result["tracks"], result["sampled_from"]) == (50, 60)
    assert result["methods"].keys() == {"tsne"}
    mapped = Projection.load(tmp_path, CATALOGUE)
    assert len(mapped.ids) == len(mapped.maps["tsne"]) == 50
    assert len(set(mapped.families)) == 2
    assert np.abs(mapped.maps["tsne"]).max() == pytest.approx(1.0)

    items = [PlaylistItem(position=at, track_id=track.id) for at, track in enumerate(tracks[:40])]
    database.put_page("mine", 0, items)
    database.put_playlist(Playlist(id="mine", name="Mine", item_count=40, complete=True))
    train_own(a_job(database, tmp_path, playlist="mine", options={"methods": ["tsne"]}))
    assert Projection.load(tmp_path, "mine").ids == tuple(track.id for track in tracks[:40])


def test_too_few_tracks_are_said(database: Database, tmp_path: Path) -> None:
    build_collection(tmp_path / "catalogue", two_kinds(10))
    for request in ({}, {"playlist": "nothing"}):
        with pytest.raises(TooLittle, match="audio features"):
            train_own(a_job(database, tmp_path, **request))
    with pytest.raises(TooLittle):
        train_own(a_job(database, tmp_path / "empty"))


def test_new_points_are_placed_among_their_nearest_and_the_map_stays(tmp_path: Path) -> None:
    places = places_of(two_kinds())
    mapped = np.where(np.arange(60)[:, None] % 2, [-0.9, 0.0], [0.9, 0.0]).astype(np.float32)
    text = tuple(map(str, range(60)))
    made = Projection(
        ids=text, titles=text, artists=text, families=text, places=places, maps={"tsne": mapped}, about={}
    )
    made.save(tmp_path, "x")
    read = Projection.load(tmp_path, "x")
    assert (read.ids, read.about) == (made.ids, {})
    placed = read.place(places[:4], "tsne")
    np.testing.assert_allclose(placed, mapped[:4], atol=0.02)
    half_known = places[:1].copy()
    half_known[0, -2:] = np.nan
    np.testing.assert_allclose(read.place(half_known, "tsne"), mapped[:1], atol=0.1)
    np.testing.assert_array_equal(Projection.load(tmp_path, "x").maps["tsne"], mapped)


def test_a_damaged_map_is_none(tmp_path: Path) -> None:
    (tmp_path / "projections").mkdir()
    from ml.projection.model import path_of

    path_of(tmp_path, "x").write_bytes(b"PK nothing")
    for name in ("x", "y"):
        with pytest.raises(NoProjection):
            Projection.load(tmp_path, name)
