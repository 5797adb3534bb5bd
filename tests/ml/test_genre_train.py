"""From a table to answers: train, export, load, predict, on an invented world, in seconds."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from ml import artefacts
from ml.__main__ import main
from ml.genre.model import GenreInput, GenrePredictor
from ml.genre.train import ablation as genre_ablation
from ml.genre.train import boosting as genre_boosting
from ml.genre.train import train as genre
from ml.genre.train.card import Report, shipped_origin
from ml.genre.train.data import answers_of, from_frame, read
from ml.taxonomy.model import Taxonomy
from ml.train.export import ExportError, export, to_litert
from ml.train.stages import NOT_KEPT
from tests.ml.genre_world import GENRES, MICRO, SMALL, frame, make_data, make_models, predict_all

# Keras 3.15 converts tensors in a way that NumPy 2 warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_data(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_models(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def made(data: Path, models: Path) -> Iterator[list[genre.GenreFit]]:
    """What is trained below, before it is written."""
    kept, fit = [], genre.fit

    def keep(*given: Any) -> genre.GenreFit:
        kept.append(fit(*given))
        return kept[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(genre, "fit", keep)
        yield kept


@pytest.fixture(scope="module")
def trained(data: Path, models: Path, made: list[genre.GenreFit]) -> tuple[Path, dict]:
    return models, dict(genre.train(data, models, quick=True, settings=SMALL, say=lambda line: None))


def test_it_beats_the_majority_on_artists_it_never_saw(trained: tuple[Path, dict]) -> None:
    _, results = trained
    assert results["genre model"].top1 > 0.8 > results["majority"].top1
    assert results["genre model, names alone"].top1 > 0.6
    assert results["genre model, audio alone"].top1 > 0.6
    assert set(results) >= {"MLP, eight audio features", "random forest, 13 audio features", "linear, names alone"}


def test_the_written_artefact_answers_as_the_trained_network(
    trained: tuple[Path, dict], made: list[genre.GenreFit], data: Path
) -> None:
    table = read(data)
    inputs = [table.input(row) for row in range(0, len(table), 7)]
    served = GenrePredictor.active(trained[0]).predict(inputs)
    # Once by Keras as it was trained, once by LiteRT from the files.
    np.testing.assert_allclose(made[0].predictor(Taxonomy.active()).predict(inputs), served, atol=1e-5)


def test_the_card_says_what_it_learnt_from_and_is_listed(trained: tuple[Path, dict]) -> None:
    folder = artefacts.active("genre", trained[0])
    card = artefacts.verified(folder / "card.md").read_text()
    for expected in ("developer terms", "random forest", "git revision", "seed 1", "Where it loses", "majority"):
        assert expected in card
    assert [v.task for v in artefacts.versions(trained[0]) if v.active] == ["genre", "taxonomy"]


def test_any_part_alone_is_answered(trained: tuple[Path, dict]) -> None:
    predictor = GenrePredictor.active(trained[0])
    named = predictor.predict([GenreInput(title="Sanfona Saudade")])[0]
    by_sound = predictor.predict([GenreInput(features={"energy": 0.97, "loudness": -4.0, "danceability": 0.3})])[0]
    assert predictor.genres[named.argmax()] == GENRES[2]
    assert predictor.genres[by_sound.argmax()] == GENRES[1]


def test_microgenres_and_broad_genres_are_told_beside_the_genre(trained: tuple[Path, dict]) -> None:
    predictor = GenrePredictor.active(trained[0])
    loud = {"energy": 0.97, "loudness": -4.0, "danceability": 0.3}
    predicted = predict_all(
        predictor, [GenreInput(title="Frost Grave", features=loud), GenreInput(title="Sanfona Saudade")]
    )
    np.testing.assert_allclose(predicted.broad.sum(axis=1), 1.0, atol=1e-5)
    assert [predictor.broad[column] for column in predicted.broad.argmax(axis=1)] == ["loud", "quiet"]
    likeliest = [predictor.microgenres[column] for column in predicted.micro.argmax(axis=1)]
    assert likeliest == [MICRO["black-metal"], MICRO["forro"]]


def test_the_figures_of_every_table_are_kept(trained: tuple[Path, dict]) -> None:
    kept = json.loads(artefacts.verified(artefacts.active("genre", trained[0]) / "scores.json").read_text())
    assert {row["model"]: row["macro"] for row in kept["micro"]}["genre model"] > 0.8
    assert {row["model"]: row["single"] for row in kept["broad"]}["genre model"] > 0.8
    parts = {row["model"]: row["nll"] for row in kept["hidden"]}
    assert parts["nothing hidden"] < parts["all names hidden"]
    assert parts["nothing hidden"] < parts["all numbers hidden"]


def test_the_slow_comparisons_are_made_on_artists_apart(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(genre_boosting, "MAX_ITER", 3)
    monkeypatch.setattr(genre_boosting, "_FEW", 2)
    monkeypatch.setattr(genre_ablation, "RETRAINED", {"one network": {"product": False}})
    monkeypatch.setattr(genre_ablation, "SHORT", {})
    table, settings = read(data), replace(SMALL, audio_epochs=4)
    task, _ = genre.prepare(table, Taxonomy.active(), settings)
    answers = answers_of(table, table.labels, GENRES)
    text = genre_boosting.text_scores(task.bags, task.weight, answers, table.artists, seed=1)
    known = ~np.isnan(text.columns).any(axis=1)
    assert set(np.flatnonzero(known)) == {*answers.train, *answers.valid, *answers.test}
    assert (text.test.argmax(axis=1) == answers.of_test).mean() > 0.8
    boosted = genre_boosting.tuned_booster(table.sound, answers, seed=1)
    assert (boosted.test.argmax(axis=1) == answers.of_test).mean() > 0.8
    assert boosted.chosen.startswith("3 iterations (the cap) of ")
    everything = answers_of(table, table.labels, Taxonomy.active().genres)
    parts = genre_ablation.retrained(task, everything, lambda line: None, NOT_KEPT)
    majority = np.bincount(answers.of_test).max() / len(answers.test)
    assert parts["one network"].top1 > majority + 0.3
    assert parts["one network"].nll < np.log(3)  # and surer than one who knows only which genres there are


@pytest.mark.filterwarnings("ignore:Even though the `tf.config.experimental_run_functions_eagerly`:UserWarning")
@pytest.mark.usefixtures("without_graphs")
def test_microgenres_that_tracks_alone_are_labelled_with_are_learnt_and_not_scored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a catalogue with labels, where nothing is known of artists; and nothing is served before it is scored."""
    table = from_frame(frame(90))
    table = replace(table, of_artist=[()] * len(table), micro=table.labels, broad=[()] * len(table))
    models, settings = make_models(tmp_path / "models"), replace(SMALL, audio_epochs=1, epochs=1)
    served: list[str] = []
    score_all = genre.score_all

    def watch(*given: Any, **named: Any) -> Report:
        served.extend(version.task for version in artefacts.versions(models) if version.active)
        return score_all(*given, **named)

    monkeypatch.setattr(genre, "score_all", watch)
    genre.publish_trained(table, models, "mine", settings, shipped_origin("the Library"), lambda line: None)
    assert served == ["taxonomy"]
    folder = artefacts.active("genre", models)
    assert folder.name == "mine"
    kept = json.loads((folder / "scores.json").read_text())
    assert (kept["micro"], kept["broad"]) == ([], [])
    assert set(GenrePredictor.load(folder).microgenres) == set(GENRES)
    assert "None: too few tracks have any." in (folder / "card.md").read_text()


@pytest.mark.filterwarnings("ignore:Even though the `tf.config.experimental_run_functions_eagerly`:UserWarning")
@pytest.mark.usefixtures("without_graphs")
def test_without_any_of_their_labels_the_heads_are_left_out_and_a_seed_repeats() -> None:
    bare = frame(90).drop(columns=["artist_genres", "playlist_genres"])
    settings = replace(SMALL, audio_epochs=1, epochs=1)
    predictor, again = (
        genre.fit(from_frame(bare), Taxonomy.active(), settings, lambda line: None).predictor(Taxonomy.active())
        for _ in range(2)
    )
    tracks = [GenreInput(title="Frost")]
    predicted = predict_all(predictor, tracks)
    assert (predictor.broad, predictor.microgenres) == ((), ())
    assert (predicted.genre.shape, predicted.broad.shape, predicted.micro.shape) == ((1, 114), (1, 0), (1, 0))
    np.testing.assert_allclose(again.predict(tracks), predicted.genre, atol=1e-5)


def test_a_network_that_litert_runs_differently_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    net = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    other = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    foreign = to_litert(other, [(None, 3)])
    rows = [np.ones((4, 3), np.float32)]
    assert export(net, tmp_path / "good.tflite", rows) <= 1e-5
    monkeypatch.setattr("ml.train.export.to_litert", lambda *_: foreign)
    with pytest.raises(ExportError, match="not written"):
        export(net, tmp_path / "bad.tflite", rows)
    assert [path.name for path in tmp_path.iterdir()] == ["good.tflite"]


def test_without_data_it_says_so_and_exits_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(FileNotFoundError):
        read(tmp_path)
    assert main(["train", "genre", "--data", str(tmp_path), "--models", str(make_models(tmp_path / "models"))]) == 2
    assert "TASTEMAP_DATA" in capsys.readouterr().err


def test_list_names_the_active_version(trained: tuple[Path, dict], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--models", str(trained[0])]) == 0
    assert genre.VERSION in capsys.readouterr().out
