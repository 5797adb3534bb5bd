"""What comes next depends on what is there, on its name and, where lists are known, on the company songs keep."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from etl.imports.recognise import recognise
from etl.imports.rows.entries import DatasetFile
from etl.imports.storing.playlist_sets import import_slice
from ml import artefacts
from ml.artists.model import ArtistEmbedding
from ml.continuation.interactions import Knn, Lists
from ml.continuation.model import METHODS, Continuation, ContinuationQuery, Knowledge, PlaylistEvidence
from ml.continuation.train import scores as continuation_scores
from ml.continuation.train import user_trained
from ml.continuation.train.card import losses
from ml.continuation.train.data import SongList, group_of
from ml.continuation.train.neural import Corpus, Settings, Trainer, Vocabulary, fit, windows
from ml.continuation.train.protocol import HeldOutQuery, held_out_queries, measures
from ml.continuation.train.ranker import RANKED_BY, as_trees, fit_ranker
from ml.continuation.train.scores import RANKERS, Scores, best_knn
from ml.continuation.train.sets import Numbers, TrainingList, set_lists
from ml.continuation.train.user_trained import build, compare, copies, training_list
from ml.continuation.train.world import Ranked
from ml.jobs import Job
from ml.needs import TooLittle
from ml.registry import ModelRegistry
from ml.tasks import TASKS
from ml.train.bootstrap import ratio
from ml.trees import Trees
from store.catalogue.builder import build_collection
from store.catalogue.catalogue import Catalogue, Snapshot
from store.database import Database
from store.domain import AudioFeatures, Playlist, PlaylistItem, Track
from tests.ml.continuation_world import BY_ID, JAZZ, LOUD, METAL, TRACKS, playlists, snapshot

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


def artists_of(model: Continuation, catalogue: Snapshot, query: ContinuationQuery) -> set[str]:
    return {catalogue.track(suggestion.ref).artists[0] for suggestion in model.next(catalogue, query, limit=12)}


def test_lists_that_are_muted_first_do_not_change_what_others_are_told() -> None:
    held = [np.array(songs) for songs in ([0, 1, 2], [0, 1], [0, 3], [2, 3])]
    whole, other = Lists.of(held, 4), Lists.of(held, 4)
    other.muting(np.array([0, 1])).neighbours(np.array([0]), Knn())
    np.testing.assert_array_equal(other.neighbours(np.array([0]), Knn()), whole.neighbours(np.array([0]), Knn()))


def test_the_answer_depends_on_the_seeds(shipped: Continuation, catalogue: Snapshot) -> None:
    assert artists_of(shipped, catalogue, ContinuationQuery(tracks=METAL_SEEDS)) <= set(METAL)
    assert artists_of(shipped, catalogue, ContinuationQuery(tracks=JAZZ_SEEDS)) <= set(JAZZ)


def test_without_seeds_the_name_speaks(shipped: Continuation, catalogue: Snapshot) -> None:
    metal, jazz = (
        [ref for ref, _ in shipped.ranked(catalogue, ContinuationQuery(tracks=(), name=name))][:20]
        for name in ("Heavy Metal", "Jazz")
    )
    of_metal, of_jazz = (sum(catalogue.track(ref).artists[0] in JAZZ for ref in refs) for refs in (metal, jazz))
    assert of_jazz > of_metal


def test_artists_nobody_knows_are_placed_by_sound(shipped: Continuation, catalogue: Snapshot) -> None:
    strangers = [replace(track, artists=("Zzyqx Qqvx",), title=f"Other {i}") for i, track in enumerate(METAL_SEEDS)]
    found = [
        catalogue.track(ref).artists[0]
        for ref, _ in shipped.ranked(catalogue, ContinuationQuery(tracks=strangers))[:10]
    ]
    assert set(found) <= set(METAL)


def test_nothing_of_the_playlist_comes_back_and_the_cap_holds(shipped: Continuation, catalogue: Snapshot) -> None:
    found = shipped.next(catalogue, ContinuationQuery(tracks=METAL_SEEDS), limit=40, exclude={"slayer5"}, artist_cap=4)
    ids = [catalogue.track(suggestion.ref).id for suggestion in found]
    assert len(set(ids)) == len(ids)
    assert not {track.id for track in METAL_SEEDS} & set(ids)
    assert "slayer5" not in ids
    assert max(sum(catalogue.track(suggestion.ref).artists[0] == name for suggestion in found) for name in METAL) == 4
    scores = [suggestion.score for suggestion in found]
    artists = [catalogue.track(suggestion.ref).artists[0] for suggestion in found]
    for at, last in enumerate(artists[:-1], start=1):
        same = [other for other in range(at, len(found)) if found[other].fits == found[at].fits]
        best = sorted(same, key=lambda other: -scores[other])[:3]
        assert at in best, "best first, or nearly"
        assert artists[at] != last or {artists[other] for other in best} == {last}, "by another artist if one is near"


def test_karaoke_continues_only_a_playlist_that_has_karaoke(shipped: Continuation, tmp_path: Path) -> None:
    def karaoke(at: int) -> Track:
        return replace(TRACKS[at], id=f"karaoke{at}", title=f"{TRACKS[at].title} (Karaoke Version)")

    others = [replace(track, title=f"{track.title} (Karaoke Version)") for track in TRACKS[24:30]]
    build_collection(tmp_path, [*TRACKS[:24], *others])
    catalogue = Catalogue(tmp_path).current()

    def versions(seeds: list[Track]) -> set[str]:
        found = shipped.next(catalogue, ContinuationQuery(tracks=seeds), limit=40, artist_cap=40)
        return {track.title for track in (catalogue.track(one.ref) for one in found) if "Karaoke" in track.title}

    assert not versions(METAL_SEEDS)
    assert versions([*METAL_SEEDS, karaoke(12)])


def test_tracks_without_an_artist_are_not_one_artist_for_the_cap(shipped: Continuation, tmp_path: Path) -> None:
    nameless = [replace(track, id=f"nameless{at}", artists=()) for at, track in enumerate(TRACKS[:24])]
    build_collection(tmp_path, nameless)
    found = shipped.next(Catalogue(tmp_path).current(), ContinuationQuery(tracks=METAL_SEEDS), limit=10, artist_cap=3)
    assert len(found) == 10


def test_reasons_name_songs_that_are_there(shipped: Continuation, catalogue: Snapshot) -> None:
    shouted = [replace(track, artists=(track.artists[0].upper(),)) for track in METAL_SEEDS]
    suggestions = shipped.next(catalogue, ContinuationQuery(tracks=shouted), limit=5)
    assert len(suggestions) == 5
    for suggestion in suggestions:
        assert suggestion.reason.startswith("goes with ")
        assert suggestion.reason.endswith(f"{catalogue.track(suggestion.ref).artists[0]} is in this playlist already")
        assert sum(track.title in suggestion.reason for track in METAL_SEEDS) >= 2


def test_noises_without_a_tempo_are_not_like_songs_of_which_only_names_are_known(
    shipped: Continuation, tmp_path: Path
) -> None:
    fan = AudioFeatures(values={name: value for name, value in LOUD.items() if name != "tempo"}, source="table")
    fans = [
        replace(TRACKS[0], id=f"f{at}", title=f"Fan {at}", artists=(f"Fan {at}",), features=fan) for at in range(20)
    ]
    build_collection(tmp_path, [*TRACKS, *fans])
    names_only = [replace(track, features=None, popularity=None) for track in METAL_SEEDS]
    found = artists_of(shipped, Catalogue(tmp_path).current(), ContinuationQuery(tracks=names_only))
    assert found <= set(METAL)


def test_lists_count_and_muted_ones_do_not(
    shipped: Continuation, embedding: ArtistEmbedding, catalogue: Snapshot
) -> None:
    unlikely = [*METAL_SEEDS[:4], *JAZZ_SEEDS[:4]]
    lists = [own("Odd", [*METAL_SEEDS[:4], *JAZZ_SEEDS[:4]], embedding), own("Other", TRACKS[90:], embedding)]
    model = Continuation("own", shipped.knowledge, embedding, build(lists, len(embedding)))

    def first(muted: tuple[int, ...]) -> str:
        ref, _ = model.ranked(catalogue, ContinuationQuery(tracks=unlikely[:7], muted=muted), "user-knn")[0]
        return catalogue.track(ref).id

    assert first(()) == unlikely[7].id
    assert model.ranked(catalogue, ContinuationQuery(tracks=unlikely[:7], muted=(0,)), "user-knn")[0][1] == 0.0


def test_copies_are_found_among_all_lists_whatever_their_order() -> None:
    songs = np.arange(10)
    lists = [songs, songs[::-1][:8], songs[2:] + 8, np.empty(0, int), songs[:7] + 9]
    assert copies(Lists.of(lists, 20), 0) == [0, 1]
    assert copies(Lists.of(lists, 20), 3) == [3]
    assert copies(Lists.of(lists, 20), 4) == [2, 4]  # six of seven


def test_an_imported_copy_of_a_playlist_does_not_tell_what_is_hidden(
    shipped: Continuation, embedding: ArtistEmbedding, catalogue: Snapshot, job: Job
) -> None:
    found = {}
    # Every other list is of songs that no playlist asked about holds, so only a copy could tell the hidden half.
    mine = [own("A", METAL_SEEDS + JAZZ_SEEDS, embedding)]
    others = [own("B", TRACKS[16 + at : 36 + at], embedding) for at in range(8)]
    copy = replace(mine[0], name="elsewhere", recordings=mine[0].recordings[::-1], artists=mine[0].artists[::-1])
    for name, imported in (("alone", others), ("copied", [*others, replace(copy, tracks=())])):
        lists = [*mine, *imported]
        model = Continuation("own", shipped.knowledge, embedding, build(lists, len(embedding)))
        table = compare(model, catalogue, lists, [0], job)
        found[name] = table["user-knn"][0, :2].tolist()
    assert found["copied"] == found["alone"]


def own(name: str, tracks: list[Track], embedding: ArtistEmbedding) -> TrainingList:
    return training_list(name, tracks, Numbers(embedding))


def test_what_is_saved_says_the_same(
    shipped: Continuation, embedding: ArtistEmbedding, catalogue: Snapshot, tmp_path: Path
) -> None:
    playlist_evidence = build([own(name, tracks, embedding) for name, tracks in playlists()], len(embedding))
    folder = tmp_path / "continuation" / "mine"
    written = [*shipped.knowledge.save(folder), *playlist_evidence.save(folder)]
    artefacts.register("continuation", "mine", written, tmp_path)
    before = Continuation("mine", shipped.knowledge, embedding, playlist_evidence)
    after = Continuation("mine", Knowledge.load(folder), embedding, PlaylistEvidence.load(folder))
    query = ContinuationQuery(tracks=METAL_SEEDS, name="Loud Evening")
    assert len(before.methods()) > 1
    for method in before.methods():
        assert before.ranked(catalogue, query, method) == after.ranked(catalogue, query, method)


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
    found = ratio(1.5 * values, values)
    assert (found.low, found.high) == (pytest.approx(1.5), pytest.approx(1.5))


@pytest.fixture
def scored() -> Scores:
    """Scores of four groups of each of two sources, half hidden, by a mean (R-precision, NDCG, clicks) each."""
    means = {
        RANKERS["ensemble"]: (0.2, 0.4, 1.0),
        RANKERS["playlists"]: (0.21, 0.3, 1.0),
        continuation_scores.CONTENT_ONLY: (0.15, 0.22, 2.0),
        continuation_scores.NEURAL_ALONE: (0.09, 0.21, 3.0),
        continuation_scores.KNN: (0.1, 0.2, 1.5),
        continuation_scores.ITEM_KNN: (0.05, 0.1, 5.0),
        continuation_scores.PLAIN_KNN: (0.1, 0.2, 5.0),
        continuation_scores.BLEND: (0.11, 0.19, 5.0),
        "title words": (0.01, 0.25, 20.0),
    }
    none = np.empty(0, int)
    valid = {"ensemble": np.full((4, 3), 0.4), "playlists": np.full((4, 3), 0.3)}
    found = Scores(valid=valid, country=[(0.9, 0.1)])
    for source in ("radio", "editorial"):
        for group in range(4):
            query = HeldOutQuery(
                at=group, group=f"{source} {group}", source=source, side="test", name="", seeds=none, hidden=none
            )
            found.queries.setdefault("half", []).append(query)
            for name, row in means.items():
                # What ships finds nothing on the radio, and twice as much elsewhere.
                times = 2 * (source != "radio") if name == continuation_scores.CONTENT_ONLY else 1
                found.rows.setdefault("half", {}).setdefault(name, []).append((row[0] * times, *row[1:]))
    return found


def test_targets_are_judged_beside_the_best_rival_and_by_source(scored: Scores) -> None:
    assert best_knn(scored) == [continuation_scores.BLEND, continuation_scores.KNN]
    assert scored.by_source(0)[continuation_scores.CONTENT_ONLY] == {"radio": 0.0, "editorial": pytest.approx(0.3)}
    # In R-precision 0.15 / 0.11 is enough, but some draws have radio alone; in NDCG 0.22 / 0.2 is too little.
    shipped, own = [[False, False, True], [False, True, True]], [[True], [False]]
    met = [met for _, met in continuation_scores.targets(scored)]
    assert met == [*shipped[0], *own[0], *shipped[1], *own[1], True]


def test_what_the_neural_part_adds_is_a_paired_ratio(scored: Scores) -> None:
    assert scored.neural_gain().low == pytest.approx(0.4 / 0.3)


def test_where_what_ships_loses_is_said(scored: Scores) -> None:
    lines = [
        line for _, better in losses(scored) for line in better if f": {continuation_scores.CONTENT_ONLY} 0" in line
    ]
    assert [("NDCG" in line, "title words 0.250" in line) for line in lines if "R-precision" not in line] == [
        (True, True)
    ]
    assert not any(name in line for line in lines for name in RANKERS.values())


def test_questions_keep_seeds_and_hidden_apart_and_groups_together() -> None:
    songs = np.arange(40, dtype=np.int32)
    lists = [
        SongList(
            name="x", source="editorial", group=f"g{at % 2}", side="test", songs=songs, held=songs,
            shares=np.ones(40, np.float32),
        )
        for at in range(4)
    ]  # fmt: skip
    queries = held_out_queries(lists)
    assert [query.group for query in queries] == ["g0", "g1"]
    assert all(set(query.seeds) | set(query.hidden) == set(songs) and len(query.seeds) == 20 for query in queries)
    assert all(len(query.seeds) == 5 for query in held_out_queries(lists, 5))
    assert held_out_queries(lists, 100) == []


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
        columns = rng.normal(size=(80, len(RANKED_BY["ensemble"]))).astype(np.float32)
        tables.append(Ranked(songs=np.arange(80), columns=columns, hit=columns[:, 0] + rng.normal(size=80) > 1))
    model = fit_ranker(tables, kind, max_iter=10)
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
    registry = ModelRegistry(artefacts.MODELS, tmp_path / "models")
    return Job(database=database, catalogue=place, registry=registry, var=tmp_path, owner="me")


def bring(database: Database, name: str, ids: list[str]) -> None:
    playlist = Playlist(id=name.replace(" ", "-"), name=name, owner="me", item_count=len(ids), complete=True)
    database.put_tracks([BY_ID[track_id] for track_id in ids])
    database.put_page(playlist.id, 0, [PlaylistItem(position=at, track_id=one) for at, one in enumerate(ids)])
    database.put_playlist(playlist)


def test_training_on_own_playlists_serves_what_wins_there(job: Job, embedding: ArtistEmbedding) -> None:
    assert TASKS["continuation"].user_training == "ml.continuation.train.user_trained:train_own"
    for name, tracks in playlists():
        bring(job.database, name, [track.id for track in tracks])
    result = user_trained.train_own(job)
    scores = {row["model"]: row["ndcg"] for row in result["table"]}
    assert scores.keys() == set(METHODS)
    assert scores[result["served"]] == max(scores.values()) == result["served_score"]["ndcg"]
    assert scores["user-knn"] > scores["popularity"]
    assert job.registry.active_version("continuation") != result["version"]
    model = Continuation.load(job.registry.folder("continuation", result["version"]), embedding)
    assert model.method == result["served"]
    catalogue = job.catalogue.current()
    found = model.next(catalogue, ContinuationQuery(tracks=METAL_SEEDS), limit=5)
    assert {catalogue.track(suggestion.ref).artists[0] for suggestion in found} <= set(METAL)


def bring_slice(folder: Path, lists: list[list[Track]]) -> None:
    """Import playlists as a slice of the Million Playlist Dataset, under ids of their own."""
    document = {
        "info": {"slice": "0-999", "version": "v1"},
        "playlists": [
            {
                "name": f"Slice {pid}",
                "pid": pid,
                "collaborative": "false",
                "modified_at": 1_493_424_000,
                "num_followers": 1,
                "tracks": [
                    {
                        "pos": at,
                        "track_uri": f"spotify:track:{'0' * 10}{track.id:x>12}",
                        "track_name": track.title,
                        "artist_name": track.artists[0],
                        "album_name": track.album,
                        "duration_ms": 200_000,
                    }
                    for at, track in enumerate(tracks)
                ],
            }
            for pid, tracks in enumerate(lists)
        ],
    }
    path = folder / "mpd.slice.0-999.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    found = recognise(path)
    assert isinstance(found, DatasetFile)
    import_slice(found.source, found.sha256, found.size, folder / "playlists", lambda progress: None)


def test_imported_slices_of_the_dataset_are_learnt_from(job: Job, embedding: ArtistEmbedding) -> None:
    strangers = [replace(track, id=f"far{at}", title=f"Far {at}") for at, track in enumerate(TRACKS[:4])]
    nameless = replace(TRACKS[5], id="nameless", title="")
    rng = np.random.default_rng(2)
    sliced = [[TRACKS[i] for i in scene[rng.permutation(48)[:20]]] for scene in (np.arange(48), np.arange(48, 96)) * 6]
    bring_slice(job.var, [*sliced, [*TRACKS[:6], *strangers, nameless], strangers])
    for name, tracks in playlists()[3:9]:
        bring(job.database, name, [track.id for track in tracks])
    numbers = Numbers(embedding)
    lists = list(set_lists(job.var / "playlists", numbers))
    assert [playlist.name for playlist in lists] == [f"Slice {at}" for at in range(14)]
    wanted = own("", [*TRACKS[:6], *strangers], embedding)
    assert lists[12].recordings.tolist() == wanted.recordings.tolist()
    assert lists[12].artists.tolist() == wanted.artists.tolist()
    assert len(list(set_lists(job.var / "playlists", numbers, most=5))) == 5

    result = user_trained.train_own(job)
    assert "20 lists learnt" in result["split"]
    model = Continuation.load(job.registry.folder("continuation", result["version"]), embedding)
    assert model.playlist_evidence is not None
    # Four songs that are in no catalogue are in two lists of the slice each.
    strange = model.playlist_evidence.numbers(lists[13].recordings)
    assert model.playlist_evidence.index.songs.count[strange].tolist() == [2] * 4
    assert list(user_trained.imported_lists(replace(job, request={"options": {"sets": False}}), numbers)) == []


def test_too_few_playlists_are_an_error(job: Job) -> None:
    bring(job.database, "Alone", [track.id for track in METAL_SEEDS])
    with pytest.raises(TooLittle, match="0 playlists"):
        user_trained.train_own(job)


def company(lists: int = 40, songs: int = 60) -> Corpus:
    """Return lists of two scenes whose artists and facts say nothing of them; a third of the songs are in no list."""
    rng = np.random.default_rng(1)
    scenes = np.split(np.arange(songs), 3)[:2]
    return Corpus(
        lists=[rng.permutation(scenes[at % 2])[:12] for at in range(lists)],
        shares=[None] * lists,
        ordered=[False] * lists,
        groups=np.arange(lists),
        artist=np.full(songs, -1),
        places=np.zeros((1, 4), np.float32),
        known=np.ones((songs, 1), np.float32),
        pool=np.arange(songs),
    )


SMALL = Settings(width=8, hidden=8, batch=32, negatives=30, epochs=6)


def scores_of(trainer: Trainer, seeds: list[int]) -> np.ndarray:
    corpus, neural, given = trainer.corpus, trainer.neural(), np.array(seeds)
    query_scores = neural.scores_for(given, corpus.artist[given], corpus.known[given], corpus.places)
    return query_scores.of_songs(np.arange(len(corpus.artist)), corpus.artist, corpus.known)


def test_the_neural_answer_depends_on_the_seeds() -> None:
    trainer, epochs = fit(company(), SMALL)
    assert epochs == 6
    for seeds, right in (([0, 1, 2], 0), ([20, 21, 22], 1)):
        scores = scores_of(trainer, seeds)
        assert (
            scores[3 + 20 * right : 20 + 20 * right].mean()
            > scores[3 + 20 * (1 - right) : 20 + 20 * (1 - right)].mean()
        )
        assert scores[40:].max() < scores[3 + 20 * right : 20 + 20 * right].mean()


def test_training_stops_at_the_best_of_the_validation_and_goes_back_to_it() -> None:
    scores = iter([0.1, 0.5, 0.3, 0.2, 0.9])
    seen = []
    trainer, epochs = fit(company(), SMALL, score=lambda neural: seen.append(neural.rows.copy()) or next(scores))
    assert epochs == 2
    assert len(seen) == 2 + SMALL.patience
    assert np.array_equal(trainer.neural().rows, seen[1])
    assert not np.array_equal(seen[1], seen[2])


def test_artists_and_facts_speak_for_songs_in_no_list() -> None:
    corpus = company()
    artist = np.arange(60) % 20 // 10 + 2 * (np.arange(60) // 20)  # two artists in each scene
    artist[40:50], artist[50:] = 0, 2  # and the songs in no list are by one of each
    places = np.random.default_rng(1).normal(size=(4, 4)).astype(np.float32)
    trainer, _ = fit(replace(corpus, artist=artist, places=places), replace(SMALL, epochs=10))
    scores = scores_of(trainer, [0, 1, 11])
    assert scores[40:50].mean() > scores[50:].mean()


def test_windows_are_followed_by_what_comes_next() -> None:
    songs, rng = np.arange(100, 140), np.random.default_rng(1)
    in_order = replace(SMALL, in_order=1.0, most_seeds=5, targets=3)
    for seeds, targets in windows(songs, None, True, 10, in_order, rng):
        assert 1 <= len(seeds) <= 5
        assert 1 <= len(targets) <= 3
        both = np.concatenate([seeds, targets])
        assert np.array_equal(both, np.arange(both[0], both[0] + len(both)))
    mixed = list(windows(songs, None, False, 10, in_order, rng))
    assert len(mixed) == 10
    assert any((np.diff(seeds) != 1).any() for seeds, _ in mixed)
    assert list(windows(songs, np.zeros(40), False, 10, in_order, rng)) == []


def test_negatives_come_as_often_as_is_said() -> None:
    vocabulary, rng = Vocabulary(company(), SMALL), np.random.default_rng(1)
    often = np.zeros(60)
    for _ in range(2000):
        songs, chances = vocabulary.negatives(rng)
        often[songs] += 1
    expected = np.zeros(60)
    songs, chances = vocabulary.negatives(rng)
    expected[songs] = np.exp(chances)
    assert np.abs(often[songs] / 2000 - expected[songs]).max() < 0.05
    assert often[:40].sum() > often[40:].sum()


def test_without_lists_nothing_is_learnt() -> None:
    corpus = replace(company(), lists=[], shares=[], ordered=[], groups=np.empty(0, np.int64))
    trainer, _ = fit(corpus, replace(SMALL, epochs=1))
    assert len(trainer.neural().rows) == 1
    assert np.isfinite(scores_of(trainer, [0, 1])).all()


def test_a_step_touches_only_the_rows_in_it() -> None:
    corpus = company()
    trainer = Trainer(corpus, replace(SMALL, negatives=2, uniform=0.0))
    before = trainer.neural().rows.copy()
    trainer.step([(0, corpus.lists[0][:2], corpus.lists[0][2:4])])
    changed = np.flatnonzero((trainer.neural().rows != before).any(axis=1))
    assert 0 < len(changed) <= 4 + 2 + 1  # its seeds, its targets, the negatives, and what fills the seeds up
    assert not trainer.neural().rows[-1].any()
