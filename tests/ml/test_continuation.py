"""What comes next depends on what is there, on its name and, where lists are known, on the company songs keep."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ml import artefacts, jobs
from ml.artists import ArtistEmbedding
from ml.continuation import METHODS, RANKED_BY, Asked, Continuation, Knowledge, Listened
from ml.jobs import Job, TooLittle
from ml.listened import Knn, Lists
from ml.shelf import Shelf
from ml.train import continuation_own
from ml.train.continuation_data import Listing, group_of
from ml.train.continuation_own import OwnList, build
from ml.train.continuation_protocol import measures, questions, ratio
from ml.train.continuation_ranker import as_trees, fit_ranker
from ml.train.continuation_world import Ranked
from ml.trees import Trees
from store.catalogue import Catalogue, Snapshot
from store.database import Database
from store.domain import Playlist, PlaylistItem, Track
from store.segment import recording_hash
from store.text import recording_key
from tests.ml.continuation_world import BY_ID, JAZZ, METAL, TRACKS, playlists, snapshot

METAL_SEEDS, JAZZ_SEEDS = TRACKS[:8], TRACKS[48:56]


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return snapshot(tmp_path_factory.mktemp("catalogue"))


@pytest.fixture(scope="module")
def embedding() -> ArtistEmbedding:
    return ArtistEmbedding.load(artefacts.active("artists"))


@pytest.fixture(scope="module")
def shipped(embedding: ArtistEmbedding) -> Continuation:
    return Continuation.load(artefacts.active("continuation"), embedding)


def artists_of(model: Continuation, catalogue: Snapshot, asked: Asked) -> set[str]:
    return {catalogue.track(one.ref).artists[0] for one in model.next(catalogue, asked, limit=12)}


def test_the_answer_depends_on_the_seeds(shipped: Continuation, catalogue: Snapshot) -> None:
    assert artists_of(shipped, catalogue, Asked(tracks=METAL_SEEDS)) <= set(METAL)
    assert artists_of(shipped, catalogue, Asked(tracks=JAZZ_SEEDS)) <= set(JAZZ)


def test_without_seeds_the_name_speaks(shipped: Continuation, catalogue: Snapshot) -> None:
    metal, jazz = (
        [ref for ref, _ in shipped.ranked(catalogue, Asked(tracks=(), name=name))] for name in ("Heavy Metal", "Jazz")
    )
    assert metal != jazz
    assert catalogue.track(jazz[0]).artists[0] in JAZZ


def test_artists_nobody_knows_are_placed_by_sound(shipped: Continuation, catalogue: Snapshot) -> None:
    strangers = [replace(track, artists=("Zzyqx Qqvx",), title=f"Other {i}") for i, track in enumerate(METAL_SEEDS)]
    found = [catalogue.track(ref).artists[0] for ref, _ in shipped.ranked(catalogue, Asked(tracks=strangers))[:10]]
    assert set(found) <= set(METAL)


def test_nothing_of_the_playlist_comes_back_and_the_cap_holds(shipped: Continuation, catalogue: Snapshot) -> None:
    found = shipped.next(catalogue, Asked(tracks=METAL_SEEDS), limit=40, exclude={"slayer5"}, artist_cap=4)
    ids = [catalogue.track(one.ref).id for one in found]
    assert len(set(ids)) == len(ids)
    assert not {track.id for track in METAL_SEEDS} & set(ids)
    assert "slayer5" not in ids
    assert max(sum(catalogue.track(one.ref).artists[0] == name for one in found) for name in METAL) == 4
    scores = [one.score for one in found]
    assert scores == sorted(scores, reverse=True)


def test_reasons_name_songs_that_are_there(shipped: Continuation, catalogue: Snapshot) -> None:
    for one in shipped.next(catalogue, Asked(tracks=METAL_SEEDS), limit=5):
        assert one.reason.startswith("goes with ")
        assert sum(track.title in one.reason for track in METAL_SEEDS) >= 2


def test_lists_are_heard_and_muted_ones_are_not(
    shipped: Continuation, embedding: ArtistEmbedding, catalogue: Snapshot
) -> None:
    unlikely = [*METAL_SEEDS[:4], *JAZZ_SEEDS[:4]]
    lists = [own("Odd", [*METAL_SEEDS[:4], *JAZZ_SEEDS[:4]]), own("Other", TRACKS[90:])]
    model = Continuation("own", shipped.knowledge, embedding, build(lists, embedding))

    def first(muted: tuple[int, ...]) -> str:
        ref, _ = model.ranked(catalogue, Asked(tracks=unlikely[:7], muted=muted), "user-knn")[0]
        return catalogue.track(ref).id

    assert first(()) == unlikely[7].id
    assert model.ranked(catalogue, Asked(tracks=unlikely[:7], muted=(0,)), "user-knn")[0][1] == 0.0


def own(name: str, tracks: list[Track]) -> OwnList:
    recordings = [recording_hash(recording_key(t.title, t.artists[0])) for t in tracks]
    return OwnList(name=name, recordings=recordings, artists=[t.artists[0] for t in tracks], tracks=tracks)


def test_what_is_saved_says_the_same(
    shipped: Continuation, embedding: ArtistEmbedding, catalogue: Snapshot, tmp_path: Path
) -> None:
    listened = build([own(name, tracks) for name, tracks in playlists()], embedding)
    folder = tmp_path / "continuation" / "mine"
    written = [*shipped.knowledge.save(folder), *listened.save(folder)]
    artefacts.register("continuation", "mine", written, tmp_path)
    before = Continuation("mine", shipped.knowledge, embedding, listened)
    after = Continuation("mine", Knowledge.load(folder), embedding, Listened.load(folder))
    asked = Asked(tracks=METAL_SEEDS, name="Loud Evening")
    for method in METHODS:
        assert before.ranked(catalogue, asked, method) == after.ranked(catalogue, asked, method)


def test_item_knn_is_the_cosine_of_columns() -> None:
    held = np.array([[1, 1, 0, 0], [1, 1, 1, 0], [0, 0, 1, 1], [0, 1, 0, 1]], float)
    lists = Lists.of([np.flatnonzero(row) for row in held], 4)
    unit = held / np.linalg.norm(held, axis=0)
    assert np.allclose(lists.item_neighbours(np.array([0, 2])), (unit.T @ unit)[[0, 2]].sum(axis=0))
    without = Lists.of([np.flatnonzero(row) for row in held[:3]], 4)
    assert np.allclose(
        lists.muting(np.array([3])).item_neighbours(np.array([0, 2])), without.item_neighbours(np.array([0, 2]))
    )
    plain = Knn(rarity=0.0, length=0.5, sharpness=1.0)
    like = held[:, [0, 2]].sum(axis=1) / np.sqrt(held.sum(axis=1))
    assert np.allclose(lists.neighbours(np.array([0, 2]), plain), like @ held)


def test_measures_are_the_challenges() -> None:
    precision, gain, clicks = measures(np.array([9, 1, 8, 2]), np.array([1, 2]))
    assert precision == 0.5
    assert gain == pytest.approx((1 / np.log2(3) + 1 / np.log2(5)) / (1 + 1 / np.log2(3)))
    assert clicks == 0
    assert measures(np.arange(500), np.array([25]))[2] == 2
    assert measures(np.arange(500), np.array([777])) == (0.0, 0.0, 51.0)


def test_ratios_are_paired() -> None:
    values = np.random.default_rng(1).random(50)
    told = ratio(1.5 * values, values)
    assert (told.low, told.high) == (pytest.approx(1.5), pytest.approx(1.5))


def test_questions_keep_seeds_and_hidden_apart_and_groups_together() -> None:
    songs = np.arange(40, dtype=np.int32)
    lists = [
        Listing(
            name="x", source="editorial", group=f"g{at % 2}", split="train", fold=0, songs=songs, held=songs,
            shares=np.ones(40, np.float32),
        )
        for at in range(4)
    ]  # fmt: skip
    asked = questions(lists)
    assert [one.group for one in asked] == ["g0", "g1"]
    assert all(set(one.seeds) | set(one.hidden) == set(songs) and len(one.seeds) == 20 for one in asked)
    assert all(len(one.seeds) == 5 for one in questions(lists, 5))
    assert questions(lists, 100) == []


def test_one_playlist_is_one_group_on_whatever_way_it_came() -> None:
    name = "37i9dQZF1DXcZDD7cfEKhW"
    assert len({group_of("editorial", f"browse_{name}"), group_of("tidytuesday", f"tt_{name}")}) == 1
    assert group_of("spotify_archive", name) == group_of("editorial", f"mood_{name}")
    assert group_of("triplej", "Chatback") != group_of("wfmu", "Chatback")


@pytest.mark.parametrize("kind", list(RANKED_BY))
def test_exported_trees_are_the_fitted_ones(kind: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    tables = []
    for _ in range(5):
        columns = rng.normal(size=(80, len(RANKED_BY["playlists"]))).astype(np.float32)
        tables.append(Ranked(songs=np.arange(80), columns=columns, hit=columns[:, 0] + rng.normal(size=80) > 1))
    model = fit_ranker(tables, kind, rounds=10)
    trees = as_trees(model)
    trees.save(tmp_path / "trees.npz")
    columns = rng.normal(size=(50, len(RANKED_BY[kind]))).astype(np.float32)
    decided = Trees.load(tmp_path / "trees.npz").decide(columns)
    assert np.allclose(decided, model.decision_function(columns))
    up = columns.copy()
    up[:, 0] += 1.0  # the first column may only count for a song
    assert (trees.decide(up) >= decided).all()


@pytest.fixture
def job(database: Database, catalogue: Snapshot, tmp_path: Path) -> Job:
    place = Catalogue(catalogue.segments[0].directory.parents[1])
    shelf = Shelf(artefacts.MODELS, tmp_path / "models")
    return Job(database=database, catalogue=place, shelf=shelf, var=tmp_path, owner="me")


def bring(database: Database, name: str, ids: list[str]) -> None:
    playlist = Playlist(id=name.replace(" ", "-"), name=name, owner="me", item_count=len(ids), complete=True)
    database.put_tracks([BY_ID[track_id] for track_id in ids])
    database.put_page(playlist.id, 0, [PlaylistItem(position=at, track_id=one) for at, one in enumerate(ids)])
    database.put_playlist(playlist)


def test_training_on_own_playlists_serves_what_wins_there(job: Job, embedding: ArtistEmbedding) -> None:
    assert jobs.JOBS["continuation"] == "ml.train.continuation_own:train_own"
    for name, tracks in playlists():
        bring(job.database, name, [track.id for track in tracks])
    result = continuation_own.train_own(job)
    scores = {row["model"]: row["ndcg"] for row in result["table"]}
    assert scores.keys() == set(METHODS)
    assert scores[result["served"]] == max(scores.values()) == result["served_score"]["ndcg"]
    assert scores["user-knn"] > scores["popularity"]
    assert job.shelf.active_version("continuation") != result["version"]
    model = Continuation.load(job.shelf.folder("continuation", result["version"]), embedding)
    assert model.method == result["served"]
    found = model.next(job.catalogue.current(), Asked(tracks=METAL_SEEDS), limit=5)
    assert {job.catalogue.current().track(one.ref).artists[0] for one in found} <= set(METAL)


def test_too_few_playlists_are_told(job: Job) -> None:
    bring(job.database, "Alone", [track.id for track in METAL_SEEDS])
    with pytest.raises(TooLittle, match="0 playlists"):
        continuation_own.train_own(job)
