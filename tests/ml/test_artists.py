from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp

from ml import artefacts
from ml.artists.model import ArtistEmbedding, top
from ml.artists.query import split_query
from ml.artists.train import card
from ml.artists.train import scores as artists_scores
from ml.artists.train.data import comma_names, join_parts, training_lists
from ml.artists.train.embedding import ArtistModel
from ml.artists.train.kinship import kinship
from ml.artists.train.partners import coherence, partners
from ml.taxonomy.model import Taxonomy
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


def test_artists_alike_come_in_the_order_of_the_number_shown(embedding: ArtistEmbedding) -> None:
    for name in NAMES:
        shown = [artist.similarity for artist in embedding.alike(name, len(NAMES))]
        assert shown == sorted(shown, reverse=True)
        assert len(shown) > 1
        assert all(0 < similarity <= 1 for similarity in shown)


def test_of_equal_places_the_artist_of_the_same_family_and_region_is_closer() -> None:
    made = ArtistModel(SMALL).fit(world()).export(world(), "test")
    metallica, megadeth, miles = map(made.find_exact, ("Metallica", "Megadeth", "Miles Davis"))
    assert metallica is not None and megadeth is not None and miles is not None  # noqa: PT018 - for mypy
    made.arrays["vectors"][:] = made.arrays["vectors"][metallica]
    made.arrays["prior"][:] = 0.5
    made.arrays["together_closeness"][:] = 0
    likeness = made.likeness(metallica)
    assert likeness[megadeth] == pytest.approx(likeness[metallica], abs=0.01)
    assert likeness[megadeth] - likeness[miles] > 0.09


def test_an_artist_without_genres_takes_families_and_regions_of_its_neighbours() -> None:
    taxonomy = Taxonomy.active()
    places = np.array([[1, 0], [0.99, 0.14], [0, 1], [0.9, 0.44], [0, 0]])
    genres = np.array([[0, -1], [1, 0], [2, -1], [-1, -1], [-1, -1]], np.int16)
    tracks = np.array([50, 50, 50, 0, 0])
    found = kinship(places, genres, tracks, ["punjabi pop", "punjabi hip hop", "bebop"], taxonomy) / 255
    families, regions = found[:, : len(taxonomy.families)], found[:, len(taxonomy.families) :]
    np.testing.assert_allclose(np.square(families[:4]).sum(axis=1), 1, atol=0.02)
    assert taxonomy.families[int(families[1].argmax())] == "hip hop"
    assert taxonomy.families[int(families[3].argmax())] == taxonomy.families[int(families[0].argmax())]
    punjab = taxonomy.regions.index("south & west asian")
    assert regions[[0, 1, 3]].argmax(axis=1).tolist() == [punjab] * 3
    assert not found[4].any()  # nothing is known of it
    of_one_track = kinship(
        places, genres, np.array([50, 50, 1, 0, 0]), ["punjabi pop", "punjabi hip hop", "bebop"], taxonomy
    )
    jazz = taxonomy.families.index("jazz & blues")
    assert of_one_track[2, jazz] < found[2, jazz] * 255  # one label tells less than fifty


def test_a_list_of_many_families_hardly_makes_artists_of_two_families_partners() -> None:
    kin = np.repeat(np.eye(4), 2, axis=0)  # eight artists, two of each family
    lists = [[0, 1], [0, 2], [0, 2], [0, 1], *[list(range(8))] * 2]
    held = sp.csr_matrix([[float(artist in members) for artist in range(8)] for members in lists])
    np.testing.assert_allclose(coherence(held, kin), [1, 0, 0, 1, 1 / 7, 1 / 7])
    found = partners(held, kin, kept=7, shrinkage=1.0, fewest=2)
    first = slice(*found["together_start"][:2])
    others = found["together_artist"][first].tolist()
    lists_of, closeness = (
        dict(zip(others, found[name][first].tolist(), strict=True)) for name in ("together_lists", "together_closeness")
    )
    assert lists_of[1] == lists_of[2] == 4
    assert others[0] == 1
    assert closeness[1] == pytest.approx(4 / (7 * 5) ** 0.5, abs=0.001)
    # Of another family: the long lists count a seventh, those of two artists nothing.
    assert closeness[2] == pytest.approx((2 / 7) / (7 * 5) ** 0.5, abs=0.001)


def test_an_artist_in_no_playlist_gets_a_place_by_genre_and_sound(embedding: ArtistEmbedding) -> None:
    assert {artist.name for artist in embedding.alike("Cellar Jazz", 5)} == set(JAZZ)


def test_artists_like_several_are_like_most_of_them_and_none_of_them(embedding: ArtistEmbedding) -> None:
    given = [embedding.find_exact(name) for name in ("Metallica", "Slayer", "Nina Simone")]
    seeds = [artist for artist in given if artist is not None]
    found = embedding.alike_to_several(seeds, {*seeds}, 5)
    assert not {artist.index for artist in found} & set(seeds)
    assert {artist.name for artist in found[:3]} <= {*METAL, "Basement Metal"}, "two of the three are metal"
    assert set(found[0].reasons[0].removeprefix("like ").split(" and ")) == {"Metallica", "Slayer"}
    some = {artist.index for artist in found[:2]}
    assert not {artist.index for artist in embedding.alike_to_several(seeds, {*seeds} | some)} & some
    assert embedding.alike_to_several([], ()) == []


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


@pytest.mark.parametrize(("artist", "genre"), [("Garth Brooks", "country"), ("Sex Pistols", "punk")])
def test_an_artist_whose_genres_are_written_by_hand_is_among_artists_of_these(artist: str, genre: str) -> None:
    """The tables have two tracks of Garth Brooks, without genres: he stood among singers of karaoke."""
    known = ArtistEmbedding.load(artefacts.active("artists"))
    assert not known.genres(artist)
    alike = known.alike(artist)
    assert sum(any(genre in name for name in known.genres(other.index)) for other in alike) >= 4
    said = [reason for other in alike for reason in other.reasons]
    assert not any("sound" in reason for reason in said), "nothing is known of it"
    assert any(genre in reason for reason in said)
    index = known.find_exact(artist)
    assert index is not None
    np.testing.assert_allclose(known.similarities(known.unit(index))[index], 1.0, atol=1e-5)
    np.testing.assert_allclose(known.agreement(index)[index], 1.0, atol=0.02)


@pytest.mark.parametrize(
    ("artist", "among"),
    [
        ("Umm Kulthum", {"Fairuz", "Abdel Halim Hafez"}),  # no table has a track
        ("Claude François", {"Joe Dassin", "Jacques Brel"}),
        ("Cesária Évora", {"Ildo Lobo"}),  # the tables file worship under "world"
        ("Khaled", {"Rachid Taha"}),  # one track is labelled "spanish"
    ],
)
def test_an_artist_of_the_list_is_among_those_of_its_genres(artist: str, among: set[str]) -> None:
    known = ArtistEmbedding.load(artefacts.active("artists"))
    alike = known.alike(artist)
    assert among <= {other.name for other in alike}
    assert all("playlists" not in reason for other in alike for reason in other.reasons)
    assert not {"Jenn Johnson", "Ozuna"} & {other.name for other in alike}


def test_a_listed_artist_whom_no_table_has_is_compared_as_the_most_similar_one() -> None:
    known = ArtistEmbedding.load(artefacts.active("artists"))
    assert known.find_exact("Umm Kulthum") is None
    stand_in = known.stand_in("Umm Kulthum")
    assert stand_in is not None
    assert known.names[stand_in] == known.alike("Umm Kulthum", 1)[0].name
    assert known.stand_in("Nobody At All") is None


def test_a_first_genre_that_the_list_does_not_have_places_nobody() -> None:
    """The tables file Víctor Jara under singer-songwriter first, beside singers of India and Indonesia."""
    known = ArtistEmbedding.load(artefacts.active("artists"))
    jara = known.find_exact("Víctor Jara")
    assert jara is not None
    assert "Silvio Rodríguez" in [alike.name for alike in known.alike(jara, 3)]


def test_who_leads_a_band_is_meant_as_the_band() -> None:
    known = ArtistEmbedding.load(artefacts.active("artists"))
    marley, wailers = known.find_exact("Bob Marley"), known.find_exact("Bob Marley & The Wailers")
    assert marley is not None
    assert wailers is not None
    assert not known.genres(marley)
    assert known.as_known(marley) == wailers
    assert known.as_known(wailers) == wailers
    beatles = known.find_exact("The Beatles")
    assert beatles is not None
    assert known.as_known(beatles) == beatles, "it leads no band"
    stooges = known.find_exact("Stooges")
    assert stooges is not None
    assert known.names[known.as_known(stooges)] == "The Stooges"
    reading = split_query(known, "Bob Marley Jamming")
    assert reading is not None
    assert (reading.artist, reading.title) == ("Bob Marley & The Wailers", "Jamming")


@pytest.mark.parametrize(
    ("query", "artist"),
    [
        ("Nas N.Y. State of Mind", "Nas"),  # State of Mind, Vitamin C, Light, The Ex and The Moments are artists, too
        ("Can Vitamin C", "Can"),
        ("Common The Light", "Common"),
        ("Mya Case of the Ex", "Mýa"),
        ("Asia Heat of the Moment", "Asia"),
        ("Purple Rain Prince", "Prince"),
        ("Lonely Boy The Black Keys", "The Black Keys"),
        ("Mika Grace Kelly", "MIKA"),
        ("Sweet Ballroom Blitz", "Sweet"),
        ("Accept Balls to the Wall", "Accept"),  # not The Fall
        ("The Thrill Is Gone B.B. King", "B.B. King"),  # not The Thrills
        ("Little By Little Radiohead", "Radiohead"),  # not Little
        ("Umm Kulthum Enta Omri", "Umm Kulthum"),  # known only from the list of well-known artists
        ("bohemian rapsody queen", "Queen"),  # not Bohemia
        ("Under Pressure Queen feat. David Bowie", "Queen"),
        ("Youssou N'Dour 7 Seconds ft Neneh Cherry", "Youssou N'Dour"),
        ("Levitating feat. DaBaby Dua Lipa", "Dua Lipa"),
        ("come as you are nirvana live", "Nirvana"),  # not Live
        ("Gurenge LiSA", "LiSA"),  # nobody else writes the name so
        ("hendrix purple haze", "Jimi Hendrix"),
        ("цой группа крови", "Kino"),  # the last word of another name
        ("acdc back in black", "AC/DC"),  # the words joined
        ("cold play yellow", "Coldplay"),  # or parted
        ("aha take on me", "a-ha"),
        ("rhcp californication", "Red Hot Chili Peppers"),
        ("kanye stronger", "Kanye West"),
        ("elvis crespo suavemente", "Elvis Crespo"),  # not Elvis
        ("eminem & dido - stan", "Eminem"),  # the first of two
        ("someone like you - adele (live at the royal albert hall)", "Adele"),  # not Someone
        ("hello by adele karaoke", "Adele"),
    ],
)
def test_a_title_that_holds_a_name_does_not_hide_the_artist(query: str, artist: str) -> None:
    reading = split_query(ArtistEmbedding.load(artefacts.active("artists")), query)
    assert reading is not None
    assert reading.artist == artist
    assert "the" not in reading.title.lower().split()[-1:]


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
        "the cosine of their places weighs 1, shared playlists 1.2, families 0.5, regions 0.2, popularity 0.3. An",
        "## Where it loses\n\nMost of",
    ):
        assert expected in text
    better = {**scored, artists_scores.OURS: {k: replace(r, mean=0.0) for k, r in scored[artists_scores.OURS].items()}}
    text = card.write(embedding, model, world(), {"test": better, "valid": scored})
    assert (
        "## Where it loses\n\n- Artists of the playlist found (recall): artist embedding, as served 0.000, better"
        in text
    )
