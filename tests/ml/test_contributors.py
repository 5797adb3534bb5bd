"""From a playlist to "who added it": an invented playlist of two tastes, the shipped genre and artist models."""

import json
from pathlib import Path

import numpy as np
import pytest

from ml import artefacts
from ml.__main__ import main
from ml.contributors.model import HARD_TO_SAY, Contributors, InputScaler, is_known, probably, task_of
from ml.contributors.train import train as contributors
from ml.contributors.train.data import SHARED, read_playlist, read_shared
from ml.contributors.train.network import Tracks, best_temperature, fit, threshold_of
from ml.contributors.train.scores import auc, confusion, difference, format_confusion
from ml.contributors.train.settings import read
from ml.genre.model import GenreInput
from ml.jobs import BadOption, Job
from ml.needs import TooLittle
from ml.registry import ModelRegistry, card_of, scores_of
from store.catalogue.catalogue import Catalogue
from store.database import Database
from store.domain import AUDIO_FEATURES, PlaylistItem
from tests.ml.contributors_world import ANN, BOB, SMALL, store_playlist

# Keras 3.15 converts tensors in a way that NumPy 2 warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")


def a_job(database: Database, folder: Path, playlist: str, **options: object) -> Job:
    return Job(
        database=database,
        catalogue=Catalogue(folder / "catalogue"),
        registry=ModelRegistry(local=folder / "models"),
        var=folder,
        request={"task": "contributors", "playlist": playlist, "options": {**SMALL, **options}},
    )


def test_two_tastes_are_told_apart_and_the_first_model_is_served(database: Database, tmp_path: Path) -> None:
    playlist = store_playlist(database)
    job = a_job(database, tmp_path, playlist)
    result = contributors.train_own(job)
    table = {scored["model"]: scored for scored in result["table"]}
    assert table["network"]["auc"] > 0.9
    assert table["majority"]["auc"] == table["chance"]["auc"] == 0.5
    assert set(table) == {"chance", "majority", "nearest neighbours, audio", "gradient booster, audio", "network"}

    model = Contributors.load(job.registry.active(task_of(playlist)))
    reader = contributors.reader_of(job.registry, model.inputs)
    assert (model.genre_version, model.artists_version) == (reader.genre.version, reader.artists.version)
    loud = GenreInput(title="Rust", artists=("Nobody Known",), features={"energy": 0.95, "loudness": -4.0})
    calm = GenreInput(title="Snow", artists=("Nobody Known",), features={"energy": 0.05, "loudness": -25.0})
    odds = model.predict(reader.blocks([loud, calm]))
    np.testing.assert_allclose(odds.sum(axis=1), 1.0, atol=1e-5)
    assert [model.people[i] for i in odds.argmax(axis=1)] == [ANN, BOB]
    assert not is_known(reader.blocks([GenreInput()]))

    page = json.loads((job.registry.active(task_of(playlist)) / "who_added.json").read_text())
    assert [person["tracks"] for person in page["people"]] == [24, 24]
    assert np.sum(page["confusion"]) == len(page["points"]) == page["points_of"] == 48

    assert result["served"] is True


def test_what_everybody_may_read_names_nobody(database: Database, tmp_path: Path) -> None:
    playlist = store_playlist(database)
    job, task = a_job(database, tmp_path, playlist, inputs=["audio"]), task_of(playlist)
    before = tmp_path / "models" / task / "own-0" / "card.md"
    before.parent.mkdir(parents=True)
    before.write_text("# the first")
    artefacts.register(task, "own-0", [before], tmp_path / "models")
    result = contributors.train_own(job)
    version = result["version"]
    assert (result["served"], job.registry.active_version(task)) == (False, "own-0"), "served when it is chosen"
    public = task + card_of(job.registry, task, version) + json.dumps(scores_of(job.registry, task, version))
    for secret in (ANN, BOB, playlist, "Invented Band", "Song"):
        assert secret not in public
    job.registry.forget(task)
    assert not (tmp_path / "models" / task).exists()
    assert [version for version in job.registry.versions() if version.task == task] == []


def test_too_little_says_what_to_bring(database: Database, tmp_path: Path) -> None:
    playlist = store_playlist(database, tracks_of={ANN: 24, BOB: 5})
    with pytest.raises(TooLittle, match="24, 5"):
        contributors.train_own(a_job(database, tmp_path, playlist))
    with pytest.raises(TooLittle, match="No playlist is chosen"):
        contributors.train_own(a_job(database, tmp_path, "none"))


def test_features_that_are_only_to_be_shown_are_not_learnt_from(database: Database, tmp_path: Path) -> None:
    playlist = store_playlist(database, source="spotify")
    added = read_playlist(a_job(database, tmp_path, playlist), read(options=SMALL))
    assert len(added.inputs) == 48
    assert not any(known.features for known in added.inputs)


def test_a_track_of_several_people_counts_for_the_first(database: Database, tmp_path: Path) -> None:
    playlist = store_playlist(database)
    items = database.playlist_items(playlist)
    twice = PlaylistItem(position=len(items), track_id=items[0].track_id, added_by=BOB)
    database.put_page(playlist, 0, [*items, twice])
    database.grow_playlist(playlist, len(items) + 1)
    added = read_playlist(a_job(database, tmp_path, playlist), read(options=SMALL))
    assert np.bincount(added.who).tolist() == [24, 24]


def test_no_artist_is_on_both_sides() -> None:
    rng = np.random.default_rng(3)
    artist = rng.integers(0, 20, 100)
    tracks = Tracks(blocks={"audio": np.zeros((100, 13), np.float32)}, who=rng.integers(0, 3, 100), artist=artist)
    seen = []
    for learn, held in tracks.folds(4, 1):
        assert not set(artist[learn]) & set(artist[held])
        seen += held.tolist()
    assert sorted(seen) == list(range(100))


def test_the_threshold_is_the_lowest_from_which_answers_are_right_often_enough() -> None:
    top = np.linspace(0.99, 0.51, 20)
    odds = np.stack([top, 1 - top], axis=1).astype(np.float32)
    who = np.array([0] * 10 + [1] * 10)
    assert threshold_of(odds, who, 0.9) == pytest.approx(top[10], abs=1e-3)  # 10 of 11 are right
    assert threshold_of(odds, who, 0.5) == pytest.approx(top[19], abs=1e-3)
    assert threshold_of(odds, 1 - who, 0.9) is None
    three = np.array([[0.4, 0.3, 0.3]] * 20, np.float32)
    assert threshold_of(three, np.zeros(20, int), 0.8) == 0.5, "probably is more than all the others together"
    assert probably(np.array([[0.4, 0.3, 0.3], [0.5, 0.2, 0.3]]), 0.5).tolist() == [HARD_TO_SAY, 0]
    assert probably(three, None).tolist() == [HARD_TO_SAY] * 20


def test_odds_that_are_too_sure_are_cooled() -> None:
    rng = np.random.default_rng(0)
    who = (rng.random(2000) < 0.7).astype(int)  # says 0.99 of what is right in 0.7 of all cases
    odds = np.tile(np.array([[0.01, 0.99]], np.float32), (2000, 1))
    assert best_temperature(odds, who) > 2


def test_the_area_is_taken_within_each_fold() -> None:
    fold = np.repeat([0, 1], 10)
    who = (np.arange(20) % 10 < np.where(fold == 0, 8, 2)).astype(int)
    # What a model says that is_known the shares of the other fold alone: pooled, the ranks would all be wrong.
    shares = np.where(fold == 0, 0.2, 0.8)
    constant = np.stack([1 - shares, shares], axis=1).astype(np.float32)
    assert auc(constant, who, fold) == 0.5
    right = np.stack([1 - who, who], axis=1).astype(np.float32)
    assert auc(right, who, fold) == 1.0
    assert difference(right, constant, who, fold, artist=np.arange(20)) == (0.5, 0.5, 0.5)
    many = np.full((20, 3), 1 / 3, np.float32)
    assert auc(many, who, fold) == 0.5, "of somebody who is in no fold nothing is said"
    assert np.isnan(auc(constant[:8], who[:8], fold[:8])), "nobody else is there"


def test_confusion_has_a_column_for_hard_to_say() -> None:
    table = confusion(np.array([0, 1, -1, 1]), np.array([0, 0, 1, 1]), 2)
    assert table.tolist() == [[1, 1, 0], [0, 1, 1]]


@pytest.mark.parametrize("scaling", ["standard", "minmax", "none"])
@pytest.mark.parametrize("one_hot", [True, False])
def test_scaled_inputs_survive_the_file_and_unknown_is_zero(scaling: str, one_hot: bool) -> None:
    rng = np.random.default_rng(1)
    audio = rng.random((30, 13)).astype(np.float32) + 1
    audio[:, 12], audio[0] = 4.0, np.nan  # one feature that never varies, one unknown track
    scaler = InputScaler(one_hot=one_hot, scaling=scaling).fit({"audio": audio})
    scaled = scaler.transform({"audio": audio})
    assert scaled.shape == (30, scaler.width)
    assert not scaled[0].any()
    assert np.isfinite(scaled).all()
    again = InputScaler.from_json(json.loads(json.dumps(scaler.as_json())))
    np.testing.assert_array_equal(again.transform({"audio": audio}), scaled)


@pytest.mark.parametrize(
    "options",
    [
        {"layer": [3]},
        {"layers": []},
        {"layers": [0]},
        {"layers": [None]},
        {"layers": 32},
        {"activation": "open"},
        {"learning_rate": "fast"},
        {"dropout": 1.5},
        {"inputs": ["smell"]},
        {"inputs": [["audio"]]},
        {"one_hot": 1},
        {"scaling": "robust"},
        {"scaling": []},
        {"folds": 1},
        {"seed": True},
    ],
)
def test_options_that_cannot_be_are_refused_by_name(options: dict[str, object]) -> None:
    with pytest.raises(BadOption, match=next(iter(options))):
        read(options=options)


def test_without_the_likes_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    models = tmp_path / "models"
    for task in ("genre", "artists", "taxonomy"):
        artefacts.register(task, "1", [], models)
    assert main(["train", "contributors", "--data", str(tmp_path), "--models", str(models)]) == 2
    assert "TASTEMAP_DATA" in capsys.readouterr().err


@pytest.mark.shared
def test_the_shipped_figures_keep_the_mark(shared_data: Path) -> None:
    written = json.loads((artefacts.active("contributors") / "scores.json").read_text())
    table = {scored["model"]: scored for scored in written["table"]}
    assert table["network"]["auc"] >= table["gradient booster, audio"]["auc"] + 0.02


def test_equal_seeds_train_equal_networks_however_many_were_trained_before() -> None:
    rng = np.random.default_rng(1)
    tracks = Tracks(blocks={"audio": rng.random((60, 13))}, who=np.arange(60) % 3, artist=np.arange(60) // 2)
    settings = read(options={**SMALL, "inputs": ["audio"], "members": 2})
    one, other = (fit(tracks, 3, settings, lambda: None).predict(tracks.blocks) for _ in range(2))
    np.testing.assert_array_equal(one, other)


def test_a_playlist_of_many_people_is_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / SHARED
    path.parent.mkdir()
    people = ["ann"] * 21 + ["bob"] * 22 + ["cy"] * 3 + [""]
    names = [name.replace("_", " ").title() for name in AUDIO_FEATURES if name != "duration_ms"]
    rows = [f"t{at},Song {at},Band {at},200000,{who}," + ",".join(["0.5"] * 11) + "," for at, who in enumerate(people)]
    heading = "Track ID,Track Name,Artist Name(s),Duration (ms),Added By," + ",".join(names)
    path.write_text("\n".join([heading, *rows, rows[0]]) + "\n")
    added = read_shared(tmp_path, read())
    assert (added.people, added.too_few) == (("bob", "ann"), {"cy": 3})
    assert np.bincount(added.who).tolist() == [22, 21]
    assert added.inputs[0].artists == ("Band 0",)
    assert added.inputs[0].features["duration_ms"] == 200_000
    assert "time_signature" not in added.inputs[0].features, "an empty cell is unknown"


def test_the_confusion_matrix_has_a_column_for_hard_to_say() -> None:
    counts = confusion(np.array([0, 1, -1]), np.array([0, 0, 1]), 2).tolist()
    assert format_confusion(("ann", "bob"), counts).splitlines()[2:] == ["| ann | 1 | 1 | 0 |", "| bob | 0 | 0 | 1 |"]
