"""Hub correction: the formula, its gaps, and that recommendations fall more evenly by it."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from ml.artists.model import ArtistEmbedding
from ml.artists.train.embedding import ArtistModel
from ml.neighbours.hubs import LEAST, NEAREST, LocalScaling
from ml.neighbours.model import Neighbours
from store.domain import AUDIO_FEATURES, AudioFeatures, Track
from tests.ml.artist_world import SMALL, world
from tests.store.catalogues import FEATURES, a_track, catalogue_of


@pytest.fixture(scope="module")
def artists() -> ArtistEmbedding:
    return ArtistModel(SMALL).fit(world()).export(world(), "test")


def tracks_around_one_middle(count: int) -> list[Track]:
    """Sounds that are normal in every feature: those near the middle are everybody's neighbours."""
    rng = np.random.default_rng(3)
    tracks = []
    for number in range(count):
        shares = np.clip(rng.normal(0.5, 0.15, len(AUDIO_FEATURES)), 0.01, 0.99)
        values = dict(zip(AUDIO_FEATURES, shares.tolist(), strict=True))
        changed = {"tempo": 60 + 120 * values["tempo"], "loudness": -30 * values["loudness"], "duration_ms": 2e5}
        fixed = {name: FEATURES.values[name] for name in ("key", "mode", "time_signature")}
        features = AudioFeatures(values=values | changed | fixed, source="test")
        tracks.append(a_track(number + 1, f"Song {number}", f"Nobody {number}", features=features))
    return tracks


def skewness(counts: np.ndarray) -> float:
    return float(((counts - counts.mean()) ** 3).mean() / counts.std() ** 3)


def test_the_scale_is_the_mean_distance_to_the_nearest_but_not_to_itself() -> None:
    points = np.random.default_rng(1).normal(size=(300, 5)).astype(np.float32)
    squared = np.square(points[:, None] - points[None]).sum(axis=2)
    nearest = np.sort(squared, axis=1)[:, 1:NEAREST].mean(axis=1)
    scales = LocalScaling(points).scales(points)
    np.testing.assert_allclose(scales, nearest / np.median(nearest), rtol=1e-3)
    elsewhere = points[:1] + 10
    assert LocalScaling(points).scales(elsewhere)[0] > scales.max()


def test_unknown_columns_are_ignored_and_unknown_points_have_scale_one() -> None:
    points = np.random.default_rng(1).normal(size=(300, 5)).astype(np.float32)
    gaps = np.full((3, 5), np.nan, np.float32)
    gaps[0], gaps[1, :3] = points[0], points[0, :3]
    whole, partial, unknown = LocalScaling(points).scales(gaps)
    median = LocalScaling(points)._median
    squared = np.sort(np.square(points[:, :3] - points[0, :3]).sum(axis=1))[1:NEAREST]
    assert partial == pytest.approx(squared.mean() / 0.6 / median, rel=1e-3)
    # Another number of rows may be multiplied by another routine, which rounds otherwise.
    assert whole == pytest.approx(LocalScaling(points).scales(points[:1])[0], rel=1e-6)
    assert unknown == 1
    assert LocalScaling(points[: LEAST - 1]).scales(points[:4]).tolist() == [1.0] * 4


def test_lists_fall_more_evenly_and_an_explanation_stays_true(tmp_path: Path, artists: ArtistEmbedding) -> None:
    tracks = tracks_around_one_middle(250)
    snapshot = catalogue_of(tmp_path, *tracks)
    neighbours = Neighbours(artists)
    occurrences = {True: Counter[int](), False: Counter[int]()}
    for corrected, counted in occurrences.items():
        for track in tracks:
            counted.update(pick.ref.row for pick in neighbours.recommend(snapshot, track, corrected=corrected))
    even, uneven = (np.array([occurrences[how][row] for row in range(250)]) for how in (True, False))
    assert skewness(even) < 0.6 * skewness(uneven)
    assert (even == 0).sum() < (uneven == 0).sum()
    by_place = {pick.ref: pick for pick in neighbours.recommend(snapshot, tracks[0], limit=50, corrected=False)}
    both = [pick for pick in neighbours.recommend(snapshot, tracks[0], limit=50) if pick.ref in by_place]
    assert both
    for pick in both:
        assert (pick.reasons, pick.differences) == (by_place[pick.ref].reasons, by_place[pick.ref].differences)


def test_a_few_tracks_are_left_as_they_are(tmp_path: Path, artists: ArtistEmbedding) -> None:
    tracks = tracks_around_one_middle(LEAST - 1)
    snapshot, neighbours = catalogue_of(tmp_path, *tracks), Neighbours(artists)
    assert neighbours.recommend(snapshot, tracks[0]) == neighbours.recommend(snapshot, tracks[0], corrected=False)


def test_a_new_generation_has_scales_of_its_own(tmp_path: Path, artists: ArtistEmbedding) -> None:
    tracks, neighbours = tracks_around_one_middle(300), Neighbours(artists)
    for count in (150, 300):
        snapshot = catalogue_of(tmp_path, *tracks[:count])
        assert neighbours.recommend(snapshot, tracks[0]) == Neighbours(artists).recommend(snapshot, tracks[0])
