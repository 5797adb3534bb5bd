from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ml import artefacts
from ml.artists.model import ArtistEmbedding, top
from ml.artists.query import split_query
from ml.artists.train import card
from ml.artists.train import scores as artists_scores
from ml.artists.train.data import comma_names, join_parts, training_lists
from ml.artists.train.embedding import ArtistModel
from tests.ml.artist_world import JAZZ, METAL, NAMES, SMALL, world


@pytest.fixture(scope="module")
def embedding() -> ArtistEmbedding:
    return ArtistModel(SMALL).fit(world()).export(world(), "test")


def test_artists_of_one_scene_are_alike(embedding: ArtistEmbedding) -> None:
    for name in METAL:
        alike = embedding.alike(name, 4)
        assert len(alike) == 4
        assert {artist.name for artist in alike} <= {*METAL, "Basement Metal"} - {name}
        assert all(artist.similarity > 0.5 and artist.genres == ("metal",) for artist in alike)


def test_an_artist_in_no_playlist_gets_a_place_by_genre_and_sound(embedding: ArtistEmbedding) -> None:
    assert {artist.name for artist in embedding.alike("Cellar Jazz", 5)} == set(JAZZ)


def test_reasons_name_what_is_shared(embedding: ArtistEmbedding) -> None:
    reasons = {artist.name: artist.reasons for artist in embedding.alike("Metallica", 6)}
    assert reasons["Megadeth"] == ("often in the same playlists", "shares metal")
    assert "in the same playlists" not in " ".join(reasons["Basement Metal"])
    metallica, megadeth, miles = map(embedding.find_exact, ("Metallica", "Megadeth", "Miles Davis"))
    assert metallica is not None
    assert megadeth is not None
    assert miles is not None
    assert embedding.lists_together(metallica, megadeth) == 3
    assert embedding.lists_together(metallica, miles) == 0


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("METALLICA", "Metallica"),
        ("Haunted", "The Haunted"),
        ("the miles davis", "Miles Davis"),
        ("haunted band", "The Haunted"),
        ("Metalica", "Metallica"),
        ("Mgeadeth", "Megadeth"),
        ("Nina Simonne", "Nina Simone"),
        ("Somebody Else", None),
        ("Slaye", None),  # too few letters for "Slayer" to be sure
        ("", None),
    ],
)
def test_find(embedding: ArtistEmbedding, typed: str, meant: str | None) -> None:
    found = embedding.find(typed)
    if typed == "Slaye":
        assert found is None or embedding.names[found] == "Slayer"
    else:
        assert (None if found is None else embedding.names[found]) == meant


@pytest.mark.parametrize(
    ("query", "split"),
    [
        ("Metallica Enter Sandman", ("Metallica", "Enter Sandman")),
        ("Enter Sandman Metallica", ("Metallica", "Enter Sandman")),
        ("enter sandman metalica", ("Metallica", "enter sandman")),
        ("So What by Miles Davis", ("Miles Davis", "So What")),
        ("Miles Davis - So What", ("Miles Davis", "So What")),
        ("So What - Miles Davis", ("Miles Davis", "So What")),
        ("Miles Davis: So What", ("Miles Davis", "So What")),
        ("Stand by Me Nina Simone", ("Nina Simone", "Stand by Me")),
        ("haunted hollow ground", ("The Haunted", "hollow ground")),
        ("Metallica", None),
        ("Miles Davis", None),
        ("a song of nobody", None),
        ("", None),
    ],
)
def test_split_query(embedding: ArtistEmbedding, query: str, split: tuple[str, str] | None) -> None:
    found = split_query(embedding, query)
    assert (found and (found.artist, found.title)) == split


def test_genres_of_an_unknown_artist_are_none(embedding: ArtistEmbedding) -> None:
    assert embedding.genres("Somebody Else") == ()
    assert embedding.alike("Somebody Else") == []


def test_saved_and_loaded_it_is_the_same(embedding: ArtistEmbedding, tmp_path: Path) -> None:
    directory = tmp_path / "artists" / "test"
    artefacts.register("artists", "test", embedding.save(directory), tmp_path)
    loaded = ArtistEmbedding.load(directory)
    assert loaded.version == "test"
    for name in NAMES:
        assert loaded.alike(name) == embedding.alike(name)
        assert loaded.find(name) == embedding.find(name)
    (directory / "vectors.npy").write_bytes(b"other")
    with pytest.raises(artefacts.ArtefactError):
        ArtistEmbedding.load(directory)


def test_same_seed_same_places() -> None:
    one, other = (ArtistModel(SMALL, seed=3).fit(world()).places_ for _ in range(2))
    np.testing.assert_array_equal(one, other)


def test_held_out_lists_are_predicted_better_than_by_popularity(
    embedding: ArtistEmbedding, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(artists_scores, "AT", 5)
    results = artists_scores.compare(embedding, world(), "test", seed=1)
    served, popularity = results["artist embedding, as served"], results["popularity"]
    assert served["all"].mean == pytest.approx(1.0)
    assert served["cold"].mean == pytest.approx(1.0)
    assert served["all"].count == 2
    assert popularity["all"].mean < 0.7


def test_only_training_lists_are_learnt_from() -> None:
    data = world()
    assert len(training_lists(data.listings)) == 10
    without = ArtistModel(SMALL).fit(data).lists_
    assert without[10] == without[11] == 0


def test_names_with_a_comma_are_kept_whole() -> None:
    counts = {
        "Tyler, The Creator": 9,
        "Tyler, The Creator, Kali Uchis": 2,
        "Kali Uchis": 5,
        "Kali Uchis, SZA": 4,
        "SZA": 9,
    }
    whole, bare = comma_names(counts)
    assert whole == {("Tyler", "The Creator")}
    assert bare == {"Tyler": "Tyler, The Creator"}
    assert join_parts(("Tyler", "The Creator", "Kali Uchis"), whole) == ["Tyler, The Creator", "Kali Uchis"]


def test_top_orders_equal_scores_by_position() -> None:
    assert top(np.array([1.0, 3.0, 3.0, 2.0]), 3).tolist() == [1, 2, 3]
    assert top(np.array([1.0]), 5).tolist() == [0]
    assert top(np.array([]), 5).tolist() == []


@pytest.mark.parametrize("name", ["Metallica", "Johann Sebastian Bach", "Bad Bunny"])
def test_the_shipped_embedding_knows_well_known_artists(name: str) -> None:
    shipped = ArtistEmbedding.load(artefacts.active("artists"))
    index = shipped.find(name)
    assert index is not None
    assert shipped.names[index] == name
    genres = set(shipped.genres(index))
    related = [artist for artist in shipped.alike(index, 10) if genres & set(artist.genres)]
    assert len(related) >= 6


def test_the_card_tells_what_it_learnt_from_and_where_it_loses() -> None:
    model = ArtistModel(SMALL).fit(world())
    embedding = model.export(world(), "test")
    scored = artists_scores.compare(embedding, world(), "test", 1)
    text = card.write(embedding, model, world(), {"test": scored, "valid": scored})
    for expected in (
        "# Artist embedding test\n",
        "seed 1",
        "popularity, added to the cosine, is 0.2",
        "## Where it loses\n\nMost of",
    ):
        assert expected in text
    better = {**scored, artists_scores.OURS: {k: replace(r, mean=0.0) for k, r in scored[artists_scores.OURS].items()}}
    text = card.write(embedding, model, world(), {"test": better, "valid": scored})
    assert (
        "## Where it loses\n\n- Artists of the playlist found (recall): artist embedding, as served 0.000, better"
        in text
    )
