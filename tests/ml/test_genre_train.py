"""From a table to answers: train, export, load, predict, on an invented world, in seconds."""

from pathlib import Path

import keras
import numpy as np
import pytest

from ml import artefacts
from ml.__main__ import main
from ml.genre import GenreInput, GenrePredictor
from ml.taxonomy import Taxonomy
from ml.train import genre
from ml.train.export import ExportError, export, to_litert
from ml.train.genre_data import DataMissingError, read
from tests.ml.genre_world import GENRES, SMALL, make_data, make_models

# Keras 3.15 converts tensors in a way that NumPy 2 warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_data(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def trained(data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    models = make_models(tmp_path_factory.mktemp("models"))
    return models, dict(genre.train(data, models, settings=SMALL, say=lambda line: None))


def test_it_beats_the_majority_on_artists_it_never_saw(trained: tuple[Path, dict]) -> None:
    _, results = trained
    assert results["genre model"].top1 > 0.8 > results["majority"].top1
    assert results["genre model, names alone"].top1 > 0.6
    assert results["genre model, audio alone"].top1 > 0.6
    assert set(results) >= {"MLP, eight audio features", "random forest, 13 audio features", "linear, names alone"}


def test_the_written_artefact_answers_as_the_trained_network(trained: tuple[Path, dict], data: Path) -> None:
    table, taxonomy = read(data), Taxonomy.active()
    again = genre.fit(table, taxonomy, SMALL, lambda line: None)
    inputs = [table.input(row) for row in range(0, len(table), 7)]
    served = GenrePredictor.active(trained[0]).predict(inputs)
    # Trained twice from one seed, served once by Keras and once by LiteRT from the files.
    np.testing.assert_allclose(again.predictor(taxonomy).predict(inputs), served, atol=1e-5)


def test_the_card_says_what_it_learnt_from_and_is_listed(trained: tuple[Path, dict]) -> None:
    folder = artefacts.active("genre", trained[0])
    card = artefacts.verified(folder / "card.md").read_text()
    for expected in ("developer terms", "random forest", "git revision", "seed 1", "Where it loses", "majority"):
        assert expected in card
    assert [v.task for v in artefacts.versions(trained[0]) if v.active] == ["genre", "taxonomy"]


def test_any_part_alone_is_answered(trained: tuple[Path, dict]) -> None:
    predictor = GenrePredictor.active(trained[0])
    named = predictor.predict([GenreInput(title="Sanfona Saudade")])[0]
    heard = predictor.predict([GenreInput(features={"energy": 0.97, "loudness": -4.0, "danceability": 0.3})])[0]
    assert predictor.genres[named.argmax()] == GENRES[2]
    assert predictor.genres[heard.argmax()] == GENRES[1]


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
    with pytest.raises(DataMissingError):
        read(tmp_path)
    assert main(["train", "genre", "--data", str(tmp_path), "--models", str(make_models(tmp_path / "models"))]) == 2
    assert "TASTEMAP_DATA" in capsys.readouterr().err


def test_list_names_the_active_version(trained: tuple[Path, dict], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--models", str(trained[0])]) == 0
    assert genre.VERSION in capsys.readouterr().out
