import gzip
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from etl.imports.storing.tables import import_table
from ml import artefacts
from ml.artists.model import ArtistEmbedding
from ml.artists.train.embedding import ArtistModel
from ml.neighbours import model
from ml.neighbours.company import ARTIST_POWER, UNKNOWN_ARTIST, SegmentArtists
from ml.neighbours.model import Neighbours, NothingToCompare, Weights, weights_from
from ml.neighbours.reasons import differences, reasons
from ml.sound import AXES, SoundIndex, coordinates, difference, factors_of, squared_distances
from store.catalogue.builder import build_own, build_public
from store.catalogue.catalogue import Catalogue, Snapshot
from store.domain import AUDIO_FEATURES, AudioFeatures, Track
from tests.ml.artist_world import METAL, SMALL, world
from tests.store.catalogues import FEATURES, a_track, catalogue_of


@pytest.fixture(scope="module")
def artists() -> ArtistEmbedding:
    return ArtistModel(SMALL).fit(world()).export(world(), "test")


@pytest.fixture
def neighbours(artists: ArtistEmbedding) -> Neighbours:
    return Neighbours(artists)


def sounding(**changed: float) -> AudioFeatures:
    return AudioFeatures(values={**FEATURES.values, **changed}, source="test")


def without(*names: str) -> AudioFeatures:
    return AudioFeatures(values={n: v for n, v in FEATURES.values.items() if n not in names}, source="test")


def titles_of(snapshot: Snapshot, found: list) -> list[str]:
    return [snapshot.track(one.ref).title for one in found]


def test_nearer_in_one_feature_comes_first(tmp_path: Path, neighbours: Neighbours) -> None:
    seed = a_track(1, "Seed", "Nobody A", features=sounding(energy=0.5))
    others = [
        a_track(2 + i, f"Energy {e}", f"Nobody {i}", features=sounding(energy=e))
        for i, e in enumerate((0.9, 0.55, 0.7))
    ]
    snapshot = catalogue_of(tmp_path, seed, *others)
    found = neighbours.recommend(snapshot, seed)
    assert titles_of(snapshot, found) == ["Energy 0.55", "Energy 0.7", "Energy 0.9"]
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert all(0 <= one.score <= 1 for one in found)


def test_artists_alike_decide_where_the_seed_has_no_features(tmp_path: Path, neighbours: Neighbours) -> None:
    seed = Track(id="", title="Unheard", artists=("Metallica",))
    tracks = [a_track(1, "Jazz", "Miles Davis"), a_track(2, "Metal", "Megadeth"), a_track(3, "Unknown", "Nobody")]
    snapshot = catalogue_of(tmp_path, *tracks)
    found = neighbours.recommend(snapshot, seed)
    assert titles_of(snapshot, found)[0] == "Metal"
    assert found[0].reasons[0] == "Playlists hold both Metallica and Megadeth"
    assert found[0].differences == ()


def test_of_equally_close_artists_one_of_the_same_family_goes_better(tmp_path: Path) -> None:
    embedding = ArtistModel(SMALL).fit(world()).export(world(), "test")
    embedding.arrays["vectors"][:] = embedding.arrays["vectors"][0]  # all in one place, as one odd list would put them
    embedding.arrays["together_closeness"][:] = 0
    seed = a_track(1, "Seed", "Metallica")
    snapshot = catalogue_of(tmp_path, seed, a_track(2, "Jazz", "Miles Davis"), a_track(3, "Metal", "Megadeth"))
    found = Neighbours(embedding).recommend(snapshot, seed)
    assert titles_of(snapshot, found) == ["Metal", "Jazz"]
    assert found[0].score - found[1].score > 0.2


@pytest.mark.parametrize(
    ("title", "listed"),
    [
        ("Summer Song", ["Paper Moons"]),
        ("Last Christmas", ["Paper Moons", "Merry Xmas Everybody"]),
        ("Feliz Navidad", ["Paper Moons", "Merry Xmas Everybody"]),
        ("Rudolph the Red-Nosed Reindeer", ["Paper Moons", "Merry Xmas Everybody"]),
    ],
)
def test_songs_of_christmas_go_with_each_other_only(
    tmp_path: Path, neighbours: Neighbours, title: str, listed: list[str]
) -> None:
    seed = a_track(1, title, "Slayer")
    others = a_track(2, "Paper Moons", "Megadeth"), a_track(3, "Merry Xmas Everybody", "Anthrax")
    snapshot = catalogue_of(tmp_path, seed, *others)
    assert sorted(titles_of(snapshot, neighbours.recommend(snapshot, seed))) == sorted(listed)


@pytest.mark.parametrize(
    "unwanted", ["Paper Moons (Karaoke Version)", "Paper Moons - Sped Up", "Paper Moons - Interlude"]
)
def test_imitations_sped_up_tracks_and_interludes_go_with_their_kind_only(
    tmp_path: Path, neighbours: Neighbours, unwanted: str
) -> None:
    seed, other = a_track(1, "Summer Song", "Slayer"), a_track(2, unwanted, "Megadeth")
    snapshot = catalogue_of(tmp_path, seed, other, a_track(3, "Harbour", "Anthrax"))
    assert titles_of(snapshot, neighbours.recommend(snapshot, seed)) == ["Harbour"]
    of_its_kind = replace(seed, title=unwanted.replace("Paper Moons", "Summer Song"))
    assert len(neighbours.recommend(snapshot, of_its_kind)) == 2


def test_of_artists_of_one_family_those_who_share_a_genre_and_are_well_known_go_better(
    artists: ArtistEmbedding,
) -> None:
    company = SegmentArtists(artists, np.arange(len(artists), dtype=np.int32))
    alike, shared = company.scores(0, None), dict(zip(*(part.tolist() for part in artists.shared.of(0)), strict=True))
    metal = [index for index in range(len(artists)) if artists.names[index] in METAL and index]
    assert shared == pytest.approx(dict.fromkeys([*metal, 0, artists.find_exact("Basement Metal")], 1.0))
    assert len(set(alike[metal].tolist())) == len(metal), "what several kinds of likeness agree on still has an order"
    assert alike[metal].max() < 1


def test_artists_laid_out_for_a_segment_compare_as_in_the_embedding(artists: ArtistEmbedding) -> None:
    company, seed = SegmentArtists(artists, np.array([-1, *range(1, len(artists))], np.int32)), 0
    np.testing.assert_allclose(company.agreement(seed), artists.agreement(seed)[1:], atol=1e-6)
    cosines = artists.similarities(artists.unit(seed))[1:]
    np.testing.assert_allclose(company.cosine_scores(seed, None), np.maximum(cosines, 0) ** ARTIST_POWER, atol=1e-5)
    scores = company.scores(seed, None)
    assert scores[0] == np.float32(UNKNOWN_ARTIST)
    assert 0 < scores[1:].max() <= 1


def test_sound_decides_where_the_artist_is_unknown(tmp_path: Path, neighbours: Neighbours) -> None:
    seed = a_track(1, "Seed", "Nobody")
    snapshot = catalogue_of(
        tmp_path,
        seed,
        a_track(2, "Far", "Metallica", features=sounding(energy=0.1, loudness=-30)),
        a_track(3, "Near", "Slayer"),
    )
    assert titles_of(snapshot, neighbours.recommend(snapshot, seed)) == ["Near", "Far"]


def test_nothing_to_compare_is_said(tmp_path: Path, neighbours: Neighbours) -> None:
    snapshot = catalogue_of(tmp_path, a_track(1, "Any", "Metallica"))
    with pytest.raises(NothingToCompare):
        neighbours.recommend(snapshot, Track(id="x", title="Unheard", artists=("Nobody",)))
    with pytest.raises(NothingToCompare):
        neighbours.recommend(
            snapshot,
            Track(id="x", title="Unheard", artists=(), features=AudioFeatures(values={"key": 3}, source="test")),
        )


def test_a_piece_comes_once_in_whatever_version_and_the_seeds_own_never(tmp_path: Path, neighbours: Neighbours) -> None:
    seed = a_track(1, "One", "Metallica")
    snapshot = catalogue_of(
        tmp_path, seed, a_track(2, "One - Remastered 2018", "Metallica"), a_track(3, "Peace Sells", "Megadeth"),
        a_track(4, "Peace Sells - 2011 Remaster", "Megadeth"), a_track(5, "Trust", "Megadeth"),
        a_track(6, "One - Live", "Metallica"), a_track(7, "Peace Sells (Demo)", "Megadeth"),
    )  # fmt: skip
    for query in (seed, snapshot.find(seed.id), replace(seed, id="")):
        found = titles_of(snapshot, neighbours.recommend(snapshot, query))
        assert sorted(title.split(" - ")[0].split(" (")[0] for title in found) == ["Peace Sells", "Trust"]


@pytest.mark.parametrize("cap", [1, 2, 3])
def test_the_artist_cap_holds_for_the_seeds_artist_too(tmp_path: Path, neighbours: Neighbours, cap: int) -> None:
    tracks = [
        a_track(10 * i + j, f"Song {i} {j}", name) for i, name in enumerate(("Metallica", "Megadeth")) for j in range(5)
    ]
    snapshot = catalogue_of(tmp_path, *tracks)
    found = neighbours.recommend(snapshot, tracks[0], artist_cap=cap)
    assert Counter(snapshot.track(one.ref).artists[0] for one in found) == {"Metallica": cap, "Megadeth": cap}


def test_excluded_tracks_and_their_other_editions_stay_out(tmp_path: Path, neighbours: Neighbours) -> None:
    tracks = [
        a_track(1, "Seed", "Metallica"),
        a_track(2, "Trust", "Megadeth"),
        a_track(3, "Trust - Mono", "Megadeth"),
        a_track(4, "Sweating Bullets", "Megadeth"),
    ]
    snapshot = catalogue_of(tmp_path, *tracks)
    assert titles_of(snapshot, neighbours.recommend(snapshot, tracks[0], exclude={tracks[2].id, "unknown id"})) == [
        "Sweating Bullets"
    ]


@pytest.mark.parametrize(("limit", "cap"), [(0, 2), (51, 2), (5, 0)])
def test_limits_out_of_range_are_refused(tmp_path: Path, neighbours: Neighbours, limit: int, cap: int) -> None:
    track = a_track(1, "Any", "Metallica")
    with pytest.raises(ValueError, match="limit"):
        neighbours.recommend(catalogue_of(tmp_path, track), track, limit=limit, artist_cap=cap)


def test_a_long_list_is_filled_past_many_tracks_of_one_artist(tmp_path: Path, neighbours: Neighbours) -> None:
    many = [a_track(i, f"Song {i}", "Metallica") for i in range(1, 400)]
    far = [a_track(1000 + i, f"Far {i}", f"Nobody {i}", features=sounding(energy=0.1)) for i in range(20)]
    snapshot = catalogue_of(tmp_path, *many, *far)
    assert len(neighbours.recommend(snapshot, many[0], limit=20)) == 20


def test_looking_at_likely_rows_alone_changes_no_answer(
    tmp_path: Path, neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = np.random.default_rng(3)
    known = [neighbours.artists.names[index] for index in range(len(neighbours.artists))]
    tracks = [
        a_track(
            number,
            f"Song {number}",
            known[draw.integers(len(known))] if number % 5 else f"Nobody {number}",
            features=None if number % 7 == 0 else sounding(energy=draw.random(), valence=draw.random()),
            labels=("metal",) if number % 11 == 0 else (),
            popularity=None if number % 13 == 0 else float(draw.integers(101)),
        )
        for number in range(1, 301)
    ]
    snapshot = catalogue_of(tmp_path, *tracks)
    seeds, of_nobody_with_a_label = tracks[::15], tracks[54::55]

    def answers() -> list[tuple[str, float]]:
        found = [neighbours.recommend(snapshot, seed, limit=50, artist_cap=3) for seed in seeds]
        found += [neighbours.recommend(snapshot, seed, limit=2) for seed in of_nobody_with_a_label]
        return [(snapshot.track(one.ref).id, one.score) for of_seed in found for one in of_seed]

    whole, scored = answers(), []
    monkeypatch.setattr(model, "_FEW_ROWS", 0)
    monkeypatch.setattr(model, "_FIRST_ARTISTS", 3)
    monkeypatch.setattr(model, "_FIRST_ROWS", 8)
    likely = Neighbours._likely
    monkeypatch.setattr(Neighbours, "_likely", lambda *given: scored.append(likely(*given)) or scored[-1])
    pruned = answers()
    assert [track_id for track_id, _ in pruned] == [track_id for track_id, _ in whole]
    assert np.allclose([score for _, score in pruned], [score for _, score in whole], atol=1e-5)
    assert min(len(rows) for rows, _, _ in scored) < len(tracks) / 2
    assert len(scored) > len(seeds) + len(of_nobody_with_a_label)  # a second step scores more rows, but not all
    by_label = [len(rows) for rows, _, _ in scored[-len(of_nobody_with_a_label) :]]
    assert min(by_label) < len(tracks) / 2


def test_a_large_segment_may_lack_the_label_of_the_seed(
    tmp_path: Path, neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who had imported thousands of tracks got status 500 for a track of a genre that none of them has."""
    monkeypatch.setattr(model, "_FEW_ROWS", 0)
    seed = a_track(1, "Seed", "Metallica", labels=("metal",))
    build_own(tmp_path, "me", [a_track(3, "Mine", "Megadeth")])
    catalogue_of(tmp_path, seed, a_track(2, "Metal", "Megadeth", labels=("metal",)))
    snapshot = Catalogue(tmp_path).current("me")
    assert titles_of(snapshot, neighbours.recommend(snapshot, seed)) == ["Metal", "Mine"]


def test_the_same_question_has_the_same_answer(tmp_path: Path, artists: ArtistEmbedding) -> None:
    tracks = [a_track(i, f"Song {i}", f"Nobody {i}") for i in range(1, 40)]
    snapshot = catalogue_of(tmp_path, *tracks)
    assert Neighbours(artists).recommend(snapshot, tracks[5]) == Neighbours(artists).recommend(snapshot, tracks[5])


def test_a_new_generation_is_seen(tmp_path: Path, neighbours: Neighbours) -> None:
    seed, first, second = (a_track(i, f"Song {i}", f"Nobody {i}") for i in range(1, 4))
    assert len(neighbours.recommend(catalogue_of(tmp_path, seed, first), seed)) == 1
    assert len(neighbours.recommend(catalogue_of(tmp_path, seed, first, second), seed)) == 2


def test_missing_features_take_no_part(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    features = np.tile(np.array([FEATURES.vector()], np.float32), (50, 1)) * rng.uniform(0.8, 1.2, (50, 13)).astype(
        np.float32
    )
    features[rng.random((50, 13)) < 0.2] = np.nan
    features[7] = np.nan
    seed = coordinates(np.array([without("tempo", "energy").vector()], np.float32))[0]
    index, places = SoundIndex(features), coordinates(features)
    indexed, direct = index.squared_distances(seed), squared_distances(places, seed)
    assert np.isnan(indexed[7])
    np.testing.assert_allclose(indexed, direct, atol=1e-3)
    whole = coordinates(np.array([FEATURES.vector()], np.float32))[0]
    at_once = index.squared_distances_of_all(np.stack([seed, whole]))
    np.testing.assert_allclose(at_once, [direct, squared_distances(places, whole)], atol=1e-3)
    same = coordinates(np.array([without("liveness").vector(), FEATURES.vector()], np.float32))
    assert squared_distances(same, seed).tolist() == pytest.approx([0.0, 0.0])


def test_tempo_is_compared_by_pulse() -> None:
    assert difference("tempo", 70.0, 140.0) == pytest.approx(0.0, abs=1e-6)
    assert abs(difference("tempo", 70.0, 100.0)) > 1
    assert difference("energy", 0.5, 0.76) == pytest.approx(1.0)
    assert difference("key", 0, 7) == 1


@pytest.mark.parametrize(
    ("mine", "theirs", "said"),
    [
        ({"tempo": 123.0}, {"tempo": 125.0}, "Nearly the same tempo (123 and 125 BPM)"),
        ({"tempo": 70.0}, {"tempo": 140.0}, "The same pulse at double the tempo (70 and 140 BPM)"),
        ({"key": 4, "mode": 0}, {"key": 4, "mode": 0}, "Same key: E minor"),
        ({"energy": 0.9}, {"energy": 0.95}, "Both of high energy (0.90 and 0.95)"),
        ({"acousticness": 0.95}, {"acousticness": 0.9}, "Both acoustic (0.95 and 0.90)"),
        ({"valence": 0.5}, {"valence": 0.52}, "Similar valence (0.50 and 0.52)"),
    ],
)
def test_reasons_of_sound(artists: ArtistEmbedding, mine: dict, theirs: dict, said: str) -> None:
    seed, other = (
        Track(id=i, title=i, artists=(i,), features=AudioFeatures(values=v, source="t"))
        for i, v in (("a", mine), ("b", theirs))
    )
    assert reasons(seed, other, artists) == (said,)


def test_what_differs_is_not_given_as_a_reason(artists: ArtistEmbedding) -> None:
    seed = a_track(1, "A", "Nobody A", features=sounding(tempo=100, energy=0.2, valence=0.2, danceability=0.2, key=1))
    other = a_track(2, "B", "Nobody B", features=sounding(tempo=130, energy=0.8, valence=0.8, danceability=0.8, key=2))
    assert reasons(seed, other, artists) == ("The nearest of what is known here",)


def test_reasons_of_artists_and_genres(artists: ArtistEmbedding) -> None:
    seed = Track(
        id="a", title="A", artists=("Metallica", "Guest"), labels=("hard-rock",), artist_genres=("old school thrash",)
    )
    other = Track(id="b", title="B", artists=("Megadeth",), labels=("hard-rock",), artist_genres=("old school thrash",))
    assert reasons(seed, other, artists) == (
        "Playlists hold both Metallica and Megadeth",
        "Both old school thrash and hard rock",
    )
    vague = [replace(track, artist_genres=("rock", "hard rock ballads", "hard")) for track in (seed, other)]
    assert reasons(*vague, artists)[1] == "Both hard rock ballads and metal"  # not hard rock
    assert reasons(seed, replace(other, artists=("Metallica",)), artists)[0] == "Same artist"
    assert reasons(seed, replace(other, artists=("Nobody", "Guest")), artists)[0] == "Both with Guest"


def test_differences_are_of_features_that_both_have() -> None:
    seed, other = a_track(1, "A", "X", features=without("tempo")), a_track(2, "B", "Y", features=without("energy"))
    found = {name: (mine, theirs, apart) for name, mine, theirs, apart in differences(seed, other)}
    assert set(found) == set(AUDIO_FEATURES) - {"tempo", "energy"}
    assert all(mine == theirs and apart == 0 for mine, theirs, apart in found.values())


def test_nearest_labelled_is_exact_and_only_of_the_label(tmp_path: Path, neighbours: Neighbours) -> None:
    rock = [
        a_track(i, f"Rock {i}", f"R {i}", labels=("rock",), features=sounding(energy=0.8 - i / 20)) for i in range(1, 8)
    ]
    jazz = a_track(20, "Jazz", "J", labels=("jazz",))
    snapshot = catalogue_of(tmp_path, *rock, jazz)
    found = neighbours.nearest_labelled(snapshot, sounding(energy=0.8), "rock", limit=3, exclude={rock[1].id})
    assert [snapshot.track(ref).title for ref, _ in found] == ["Rock 1", "Rock 3", "Rock 4"]
    apart = [distance for _, distance in found]
    assert apart == sorted(apart)
    assert neighbours.nearest_labelled(snapshot, sounding(), "polka") == []
    assert neighbours.nearest_labelled(snapshot, AudioFeatures(values={}, source="t"), "rock") == []


def test_weights_decide_what_counts(tmp_path: Path, artists: ArtistEmbedding) -> None:
    seed = a_track(1, "Seed", "Metallica")
    tracks = [
        a_track(2, "Same sound", "Miles Davis"),
        a_track(3, "Same scene", "Slayer", features=sounding(energy=0.2, valence=0.1)),
    ]
    snapshot = catalogue_of(tmp_path, seed, *tracks)
    for weights, first in ((Weights(artist=0.0), "Same sound"), (Weights(sound=0.0), "Same scene")):
        assert titles_of(snapshot, Neighbours(artists, weights).recommend(snapshot, seed))[0] == first


def test_weights_of_ones_own_decide_and_the_reasons_follow(tmp_path: Path, neighbours: Neighbours) -> None:
    seed = a_track(1, "Seed", "Nobody A", features=sounding(tempo=120, energy=0.5))
    tempo = a_track(2, "Same tempo", "Nobody B", features=sounding(tempo=120, energy=0.8))
    energy = a_track(3, "Same energy", "Nobody C", features=sounding(tempo=165, energy=0.5))
    snapshot = catalogue_of(tmp_path, seed, tempo, energy)
    for weights, first, reason in (
        ({"tempo": 10.0, "energy": 0.1}, "Same tempo", "Nearly the same tempo"),
        ({"tempo": 0.0, "energy": 10.0}, "Same energy", "Similar energy"),
    ):
        found = neighbours.recommend(snapshot, seed, weights=weights)
        assert titles_of(snapshot, found)[0] == first
        assert found[0].reasons[0].startswith(reason)
    silent = neighbours.recommend(snapshot, seed, weights={"tempo": 0.0})
    assert not any("tempo" in reason for member in silent for reason in member.reasons)
    unweighted = neighbours.recommend(snapshot, seed)
    assert neighbours.recommend(snapshot, seed, weights={"tempo": 1.0, "artist": 1.0}) == unweighted
    with pytest.raises(NothingToCompare):
        neighbours.recommend(snapshot, seed, weights={"sound": 0.0})
    with pytest.raises(NothingToCompare):
        neighbours.recommend(snapshot, seed, weights=dict.fromkeys(AXES, 0.0))


def test_weighted_distances_of_whole_and_of_partial_rows_agree() -> None:
    rng = np.random.default_rng(5)
    features = np.tile(np.array([FEATURES.vector()], np.float32), (40, 1))
    features *= rng.uniform(0.8, 1.2, features.shape).astype(np.float32)
    seed = coordinates(features[:1])[0]
    factors = factors_of({"tempo": 5.0, "valence": 0.0})
    indexed = SoundIndex(features).squared_distances(seed, factors)
    np.testing.assert_allclose(indexed, squared_distances(coordinates(features), seed, factors), atol=1e-3)
    assert factors_of({"tempo": 1.0, "artist": 3.0}) is None


@pytest.mark.parametrize("wrong", ["tempo", "tempo:", "tempo:-1", "tempo:11", "tempo:nan", "key:1", "tempo:1,tempo:2"])
def test_weights_that_make_no_sense_are_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"weight|number"):
        weights_from(wrong)


def test_weights_are_written_as_pairs() -> None:
    assert weights_from("tempo:2, energy:0.5,artist:0") == {"tempo": 2.0, "energy": 0.5, "artist": 0.0}
    assert weights_from("") == {}


@pytest.mark.shared
def test_what_goes_with_enter_sandman_is_mostly_rock(shared_data: Path, tmp_path: Path) -> None:
    table = tmp_path / "every_sixth.csv.gz"
    with gzip.open(shared_data / "tracks.csv.gz", "rt") as rows, gzip.open(table, "wt", compresslevel=1) as kept:
        kept.writelines(row for at, row in enumerate(rows) if at % 6 == 0 or "Metallica" in row)
    import_table(table, tmp_path, lambda progress: None)
    build_public(tmp_path)
    snapshot = Catalogue(tmp_path).current()
    neighbours = Neighbours(ArtistEmbedding.load(artefacts.active("artists")))
    found = neighbours.recommend(snapshot, snapshot.search("Metallica Enter Sandman", 1)[0].ref, limit=20)
    tracks = [snapshot.track(one.ref) for one in found]
    genres = [" ".join((*t.labels, *t.artist_genres, *neighbours.artists.genres(t.artists[0]))) for t in tracks]
    assert sum("metal" in words or "rock" in words or "grunge" in words for words in genres) >= 16
    assert all(one.reasons for one in found)
    assert len({(t.title.casefold(), t.artists) for t in tracks}) == 20
