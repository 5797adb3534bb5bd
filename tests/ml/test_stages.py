"""A training that is killed and resumed, again and again, makes what it makes in one go: on invented data."""

import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd
import pytest

from ml import artefacts
from ml.__main__ import main
from ml.artists.train import train as artists
from ml.continuation.train import train as continuation
from ml.genre.model import GenreInput, GenrePredictor
from ml.genre.train import train as genre
from ml.train import stages as stages_module
from ml.train.stages import CannotResume, Stages, fingerprint
from store.disk import replacing
from tests.ml.genre_world import SMALL, frame, make_data, make_models, predict_all

# Keras 3.15 converts tensors in a way that NumPy 2 warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
SAME = {"data": "d", "settings": "s", "code": "abc 123"}
TINY = replace(SMALL, audio_epochs=1, epochs=1)


class Killed(BaseException):
    """Stands for a process that ends."""


def resumed(train: Callable[..., Any], patch: pytest.MonkeyPatch, every: int) -> int:
    """Kill a training after each ``every``-th stage, resume it until it ends, and count the kills."""
    stages = count(1)

    @contextmanager
    def killing(path: Path) -> Iterator[BinaryIO]:
        with replacing(path) as file:
            yield file
        if next(stages) % every == 0:
            raise Killed

    patch.setattr(stages_module, "replacing", killing)
    patch.setattr(stages_module, "revision", lambda: "abc")  # somebody may commit while the tests run
    patch.setattr(stages_module, "_CODE", ())
    for killed in range(50):
        try:
            train(resume=killed > 0)
        except Killed:
            continue
        return killed
    raise AssertionError("it never ends")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tracks, songs and playlists of 100 artists."""
    folder, rng = tmp_path_factory.mktemp("data"), np.random.default_rng(1)
    tracks = frame(600).assign(popularity=lambda rows: np.arange(len(rows)) % 100, seed_genres="drift")
    tracks.to_csv(folder / "tracks.csv.gz", index=False)
    songs = pd.DataFrame(
        {"song_id": range(600), "title": tracks["track_name"] + tracks.index.astype(str), "artist": tracks["artist"]}
    )
    songs.to_csv(folder / "songs.csv.gz", index=False)
    with gzip.open(folder / "playlists.jsonl.gz", "wt", encoding="utf-8") as lines:
        for at in range(60):
            drawn = rng.choice(np.arange(at % 3, 600, 3), 24, replace=False).tolist()
            split = {0: "test", 1: "valid"}.get(at % 5, "train")
            playlist = {"pid": f"p{at}", "source": "editorial", "group": f"g{at}", "split": split, "date": None}
            lines.write(json.dumps(playlist | {"name": "Evening", "ordered": False, "song_ids": drawn}) + "\n")
    return folder


def files_of(task: str, models: Path) -> dict[str, bytes]:
    """Return the files of the newest version of a task, except what has a date in it."""
    folder = next(path for path in (models / task).iterdir() if path.is_dir())
    dated = {".md", ".keras", ".tflite"}
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.suffix not in dated}


@pytest.mark.filterwarnings("ignore:Even though the `tf.config.experimental_run_functions_eagerly`:UserWarning")
@pytest.mark.usefixtures("without_graphs")
def test_the_genre_model_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, parts = make_models(tmp_path / "whole"), make_models(tmp_path / "parts")
    train = partial(genre.train, make_data(tmp_path), quick=True, settings=TINY, say=lambda line: None)
    train(whole)
    assert resumed(partial(train, parts), monkeypatch, every=4) == 3
    one, other = (GenrePredictor.active(models) for models in (whole, parts))
    tracks = [GenreInput(title="Frost Grave", features={"energy": 0.97}), GenreInput(title="Sanfona")]
    for expected, found in zip(*(vars(predict_all(p, tracks)).values() for p in (one, other)), strict=True):
        np.testing.assert_array_equal(found, expected)
    assert files_of("genre", parts) == files_of("genre", whole)
    assert [path.name for path in (parts / "genre").iterdir()] == [one.version]  # what was kept is removed


@pytest.mark.usefixtures("without_graphs")
def test_artists_and_continuation_are_the_same(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, parts = make_models(tmp_path / "whole"), make_models(tmp_path / "parts")
    monkeypatch.setattr(continuation, "QUICK", replace(continuation.QUICK, learnt=4, scored=2))
    for task, module, killed in (("artists", artists, 3), ("continuation", continuation, 6)):
        train = partial(module.train, data, quick=True)
        train(whole)
        with monkeypatch.context() as patch:
            assert resumed(partial(train, parts), patch, every=1) == killed
        assert files_of(task, parts) == files_of(task, whole)
        assert len([path for path in (parts / task).iterdir() if path.suffix == ".stages"]) == 0
        for models in (whole, parts):
            version = next(v for v in artefacts.versions(models) if v.task == task)
            with artefacts.editing(models) as manifest:
                manifest["active"][task] = version.name


def test_a_finished_stage_is_not_done_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done: list[str] = []

    def make(name: str) -> dict[str, Any]:
        done.append(name)
        return {"name": name, "values": np.arange(3)}

    first = Stages.begin(tmp_path / "v.stages", SAME, resume=False)
    first.run("one", make, "one")
    (tmp_path / "v.stages" / "two.joblib.partial").write_bytes(b"half")  # killed while it was written
    again = Stages.begin(tmp_path / "v.stages", SAME, resume=True)
    kept = [again.run(name, make, name)["name"] for name in ("one", "two")]
    assert (kept, done) == (["one", "two"], ["one", "two"])
    assert "stage one: kept" in capsys.readouterr().out
    with pytest.raises(ValueError, match="two stages are called one"):
        again.run("one", make, "one")
    anew = Stages.begin(tmp_path / "v.stages", SAME, resume=False)
    anew.run("one", make, "one")
    assert done == ["one", "two", "one"]
    anew.finish()
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("part", "words"), [("data", "the training data"), ("settings", "the settings"), ("code", "the code")]
)
def test_what_has_changed_is_not_resumed(tmp_path: Path, part: str, words: str) -> None:
    Stages.begin(tmp_path / "v.stages", SAME, resume=False).run("one", int)
    with pytest.raises(CannotResume, match=f"Nothing is resumed: {words} changed .* revision abc"):
        Stages.begin(tmp_path / "v.stages", SAME | {part: "def 456"}, resume=True)
    assert (tmp_path / "v.stages" / "one.joblib").exists()


def test_the_fingerprint_is_of_data_settings_and_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = tmp_path / "table"
    table.write_text("a")
    first = fingerprint([table], {"seed": 1})
    assert fingerprint([table], {"seed": 1}) == first
    table.write_text("b")
    other = fingerprint([table], {"seed": 2})
    assert [part for part in first if first[part] != other[part]] == ["data", "settings"]
    monkeypatch.setattr(stages_module, "_CODE", ("store",))
    assert fingerprint([table], {"seed": 2})["code"] != other["code"]


def test_a_training_in_one_go_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "taxonomy", "--resume"]) == 1
    assert "taxonomy is trained in one go. Train it without --resume." in capsys.readouterr().err
