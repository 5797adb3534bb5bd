"""A list for several people: what must stay out stays out, and each pick says for whom and why."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ml.artists.train.embedding import ArtistModel
from ml.blend.fairness import Method
from ml.blend.model import BlendRequest, Listener, blend, evenly
from ml.guards import caught, is_seasonal, is_spoken
from ml.neighbours.model import Neighbours, NothingToCompare
from store.catalogue.catalogue import Snapshot
from store.domain import AudioFeatures, Track
from tests.ml.artist_world import SMALL, world
from tests.store.catalogues import FEATURES, a_track, catalogue_of

CALM = {"energy": 0.1, "loudness": -25.0, "acousticness": 0.95, "danceability": 0.25}
LOUD = {"energy": 0.95, "loudness": -4.0, "acousticness": 0.01, "danceability": 0.7}


@pytest.fixture(scope="module")
def neighbours() -> Neighbours:
    return Neighbours(ArtistModel(SMALL).fit(world()).export(world(), "test"))


def sounding(base: dict[str, float], shift: float = 0.0) -> AudioFeatures:
    return AudioFeatures(values={**FEATURES.values, **base, "tempo": 120.0 + shift}, source="test")


def many(start: int, word: str, base: dict[str, float], count: int = 30) -> list[Track]:
    return [
        a_track(start + i, f"{word} {i}", f"Band {start + i // 3}", features=sounding(base, i / 3))
        for i in range(count)
    ]


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    odd = [
        a_track(500, "Jingle of Santa", "Band X", features=sounding(CALM)),
        a_track(501, "Talk", "Band Y", features=AudioFeatures(values={**CALM, "speechiness": 0.9}, source="test")),
        a_track(502, "Rude", "Band Z", features=sounding(CALM), explicit=True),
        a_track(503, "Calm 0 - Remastered 2011", "Band 100", features=sounding(CALM)),
        a_track(505, "Calm 0 (Swedish Version)", "Band 100", features=sounding(CALM)),
        a_track(506, "Calm 20 - Live", "Band 106", features=sounding(CALM, 20 / 3)),
        a_track(504, "Unheard Calm", "Band U", features=sounding(CALM), popularity=1.0),
    ]
    return catalogue_of(tmp_path_factory.mktemp("c"), *many(100, "Calm", CALM), *many(200, "Loud", LOUD), *odd)


ANN = Listener("ann", "Ann", tuple(many(100, "Calm", CALM)[:3]))
BEN = Listener("ben", "Ben", tuple(many(200, "Loud", LOUD)[:3]))
ALL = {"spoken": True, "explicit": True, "seasonal": True}


def titles(made: object) -> list[str]:
    return [pick.track.title for pick in made.picks]  # type: ignore[attr-defined]


@pytest.mark.parametrize("method", Method)
def test_guards_known_never_and_the_cap_hold(neighbours: Neighbours, snapshot: Snapshot, method: Method) -> None:
    known = [*ANN.tracks, *BEN.tracks]
    never = {f"id{110:020d}"}
    request = BlendRequest(method=method, length=30, artist_cap=1, guards=ALL, known=known, never=never)
    made = blend(neighbours, snapshot, [ANN, BEN], request)
    picked = [pick.track for pick in made.picks]
    assert not any(caught(track, ALL) for track in picked)
    assert not {track.id for track in picked} & {*never, *(track.id for track in known)}
    assert not {"Calm 0 - Remastered 2011", "Calm 0 (Swedish Version)"} & set(titles(made)), "versions of what is known"
    assert max(Counter(track.artists[0] for track in picked).values()) == 1
    assert made.left_out == {"seasonal": 1, "spoken": 1, "explicit": 1}
    assert made == blend(neighbours, snapshot, [ANN, BEN], request)


def test_filters_come_before_the_ranking_however_much_they_take(neighbours: Neighbours, tmp_path: Path) -> None:
    rude = [replace(track, explicit=True) for track in many(1000, "Rude", CALM, 900)]
    near = [replace(track, popularity=1.0) for track in many(100, "Mild", {**CALM, "energy": 0.4}, 12)]
    crowd = catalogue_of(tmp_path, *rude, *near)
    made = blend(neighbours, crowd, [ANN], BlendRequest(length=8, guards=ALL))
    assert len(made.picks) == 8
    assert all("Mild" in title for title in titles(made))
    assert max(pick.satisfaction[0] for pick in made.picks) == 1.0, "the scale ends at the best that may come"
    assert made.left_out["explicit"] == 900


def test_tracks_of_another_length_stay_out(neighbours: Neighbours, tmp_path: Path) -> None:
    lengths = {"Short": 30_000, "Normal": 200_000, "Long": 1_500_000, "Unknown": None}
    tracks = [
        replace(track, duration_ms=ms)
        for at, (word, ms) in enumerate(lengths.items())
        for track in many(9 * at + 1, word, CALM, 3)
    ]
    made = blend(
        neighbours, catalogue_of(tmp_path, *tracks), [ANN], BlendRequest(length=12, shortest_s=60, longest_s=600)
    )
    assert {title.split()[0] for title in titles(made)} == {"Normal", "Unknown"}
    assert made.left_out == {"length": 6}


def test_tracks_whose_features_tell_another_length_are_not_even_read(
    neighbours: Neighbours, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue = catalogue_of(tmp_path, *many(1, "Normal", CALM), *many(100, "Loud", LOUD, 400))
    read, track = [], Snapshot.track
    monkeypatch.setattr(Snapshot, "track", lambda self, ref: read.append(ref) or track(self, ref))
    with pytest.raises(NothingToCompare):
        blend(neighbours, catalogue, [ANN], BlendRequest(shortest_s=1, longest_s=2))
    assert read == []
    made = blend(neighbours, catalogue, [ANN], BlendRequest(length=5, shortest_s=60, longest_s=600))
    assert (len(made.picks), made.left_out) == (5, {})


def test_without_filters_the_same_tracks_may_come(neighbours: Neighbours, snapshot: Snapshot) -> None:
    made = blend(neighbours, snapshot, [ANN], BlendRequest(length=60, artist_cap=5))
    assert {"Jingle of Santa", "Rude", "Calm 1"} <= set(titles(made))
    assert len({"Calm 20", "Calm 20 - Live"} & set(titles(made))) == 1, "one version of a song"


def test_each_pick_is_to_the_taste_of_its_person(neighbours: Neighbours, snapshot: Snapshot) -> None:
    request = BlendRequest(method=Method.FAIR, length=10, guards=ALL, known=[*ANN.tracks, *BEN.tracks])
    made = blend(neighbours, snapshot, [ANN, BEN], request)
    for pick in made.picks:
        word = ("Calm", "Loud")[pick.person]
        assert word in pick.track.title
        assert pick.seed in (ANN, BEN)[pick.person].tracks
        assert pick.reasons
        assert pick.satisfaction[pick.person] == max(pick.satisfaction)
    assert [share.picks for share in made.shares] == [5, 5]


def test_who_counts_more_has_more_of_the_list(neighbours: Neighbours, snapshot: Snapshot) -> None:
    request = BlendRequest(length=8, weights={"ann": 3, "ben": 1}, known=[*ANN.tracks, *BEN.tracks])
    assert [share.picks for share in blend(neighbours, snapshot, [ANN, BEN], request).shares] == [6, 2]


def test_novelty_brings_up_what_few_know(neighbours: Neighbours, snapshot: Snapshot) -> None:
    lists = [
        blend(neighbours, snapshot, [ANN], BlendRequest(length=8, novelty=novelty, known=ANN.tracks))
        for novelty in (0.0, 1.0)
    ]
    plain, new = (float(np.mean([pick.novelty for pick in made.picks])) for made in lists)
    assert new > plain
    assert titles(lists[1])[0] == "Unheard Calm"


def test_whoever_has_nothing_to_compare_is_named(neighbours: Neighbours, snapshot: Snapshot) -> None:
    unheard = Listener("cy", "Cy", (Track(id="x", title="Unheard", artists=("Nobody at all",)),))
    made = blend(neighbours, snapshot, [ANN, unheard], BlendRequest(length=5))
    assert [member.id for member in made.silent] == ["cy"]
    assert [person.id for person in made.people] == ["ann"]
    with pytest.raises(NothingToCompare):
        blend(neighbours, snapshot, [unheard], BlendRequest())
    with pytest.raises(NothingToCompare):
        blend(neighbours, Snapshot(), [ANN], BlendRequest())


@pytest.mark.parametrize(
    "changed",
    [
        {"length": 0},
        {"length": 101},
        {"artist_cap": 0},
        {"weights": {"nobody": 1.0}},
        {"shortest_s": 61, "longest_s": 60},
    ],
)
def test_what_is_out_of_range_is_refused(neighbours: Neighbours, snapshot: Snapshot, changed: dict) -> None:
    with pytest.raises(ValueError, match=r"range|weights"):
        blend(neighbours, snapshot, [ANN], replace(BlendRequest(), **changed))


@pytest.mark.parametrize(
    ("title", "album", "seasonal"),
    [
        ("White Christmas", None, True),
        ("Stille Nacht, heilige Nacht", None, True),
        ("Let It Snow! Let It Snow!", None, True),
        ("Carol", "A Very XMAS Album", True),
        ("Christmastime", None, True),
        ("Santa Baby", None, True),
        ("Santa Monica", None, False),
        ("Christmastide Road", None, False),
        ("A Winter's Tale", None, False),
        ("Holiday in Cambodia", None, False),
    ],
)
def test_seasonal_titles(title: str, album: str | None, seasonal: bool) -> None:
    assert is_seasonal(Track(id="x", title=title, artists=(), album=album)) is seasonal


def test_spoken_word_by_sound_or_by_name() -> None:
    assert is_spoken(Track(id="x", title="Die Reise - Hörbuch, Teil 1", artists=()))
    assert not is_spoken(Track(id="x", title="Talk", artists=()))
    rap = AudioFeatures(values={"speechiness": 0.4}, source="test")
    assert not is_spoken(Track(id="x", title="Rap", artists=(), features=rap))


def test_seeds_are_taken_evenly() -> None:
    tracks = many(1, "T", CALM, 100)
    chosen = evenly(tracks, 16)
    assert (len(chosen), chosen[0], chosen[-1]) == (16, tracks[0], tracks[-1])
    assert evenly(tracks[:5], 16) == tracks[:5]


def test_the_catalogue_of_nobody(neighbours: Neighbours, tmp_path: Path) -> None:
    only = catalogue_of(tmp_path, *ANN.tracks)
    with pytest.raises(NothingToCompare):
        blend(neighbours, only, [ANN], BlendRequest(known=ANN.tracks))
