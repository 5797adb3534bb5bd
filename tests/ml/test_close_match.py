"""What goes with a track, and what is merely the nearest there is."""

from dataclasses import replace

import pytest

from ml.artists.model import ArtistEmbedding
from ml.artists.train.embedding import ArtistModel
from ml.neighbours.close_match import LEAST, is_close_match, likeness
from ml.neighbours.model import weights_from
from store.domain import AudioFeatures, Track
from tests.ml.artist_world import SMALL, world
from tests.store.catalogues import FEATURES, a_track

BOTH = {"sound", "artist"}
FAR = AudioFeatures(values={**FEATURES.values, "energy": 0.0, "danceability": 0.0, "valence": 0.0}, source="test")


@pytest.fixture(scope="module")
def artists() -> ArtistEmbedding:
    return ArtistModel(SMALL).fit(world()).export(world(), "test")


def near(number: int, artist: str) -> Track:
    return a_track(number, f"Near {number}", artist, features=FEATURES)


def far(number: int, artist: str) -> Track:
    return a_track(number, f"Far {number}", artist, features=FAR)


def test_alike_in_sound_where_only_that_is_known(artists: ArtistEmbedding) -> None:
    seed = near(1, "Nobody A")
    assert likeness(seed, near(2, "Nobody B"), artists, BOTH) == (1.0, frozenset({"sound"}))
    assert is_close_match(seed, near(2, "Nobody B"), artists)
    assert not is_close_match(seed, far(3, "Nobody C"), artists)
    assert not is_close_match(seed, replace(near(4, "Nobody D"), features=None), artists)


def test_by_the_same_artist_or_of_one_genre_however_it_sounds(artists: ArtistEmbedding) -> None:
    seed = replace(near(1, "Nobody A"), artist_genres=("Slow-core",))
    assert is_close_match(seed, far(2, "nobody a"), artists)
    assert is_close_match(seed, replace(far(3, "Nobody B"), labels=("slow core",)), artists)
    weights = weights_from("artist:0,genre:0")
    assert not is_close_match(seed, far(2, "nobody a"), artists, weights)
    assert not is_close_match(seed, replace(far(3, "Nobody B"), labels=("slow core",)), artists, weights)


def test_artists_alike_make_up_for_a_sound_that_is_not(artists: ArtistEmbedding) -> None:
    seed, alike = far(1, "Metallica"), artists.names[artists.alike("Metallica")[0].index]
    other = near(2, alike)
    value, by = likeness(seed, other, artists, BOTH)
    assert by == BOTH
    assert value >= LEAST[by]
    assert is_close_match(seed, other, artists)
    assert not is_close_match(seed, other, artists, weights_from("artist:0"))
