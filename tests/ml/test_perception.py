"""Calibration: learnt from pairs alone, scored on artists held out, and refused where there is too little."""

from pathlib import Path

import numpy as np
import pytest

from config import Config
from ml import __main__ as command_line
from ml import artefacts
from ml.jobs import Job
from ml.needs import PAIRS, Available, TooLittle, perception
from ml.perception.model import Perception
from ml.perception.pairs import pairs
from ml.perception.train.train import MEAN, OURS, explained, rank_correlation, train_own
from ml.registry import ModelRegistry, NoSuchVersion, card_of, scores_of
from store.audio.files import AudioFile, put_audio_file
from store.catalogue.catalogue import Catalogue, Snapshot
from store.database import Database
from store.domain import AudioFeatures, Track
from store.facts import OWN_AUDIO, put_features, put_own_sound


def bring(database: Database, count: int, *, source: str = "reccobeats", seed: int = 1) -> None:
    """Store tracks with a file each: energy goes with loudness and attack, valence with nothing."""
    rng = np.random.default_rng(seed)
    for number in range(count):
        track = Track(id=f"{source}-{seed}-{number}", title=f"Song {number}", artists=(f"Band {number // 3}",))
        database.put_tracks([track], "run")
        descriptors = {f"timbre_mean_{k}": float(rng.normal(0, 20)) for k in range(1, 8)}
        descriptors |= {
            "loudness": float(rng.uniform(-25, -6)),
            "attack": float(rng.uniform(3, 12)),
            "guess_energy": 0.9,
        }
        line = 0.3 * (descriptors["loudness"] + 14) + 0.3 * (descriptors["attack"] - 7) + rng.normal(0, 0.2)
        values = {
            "energy": float(1 / (1 + np.exp(-line))),
            "valence": float(rng.uniform(0, 1)),
            "loudness": descriptors["loudness"] + 3.0,
            "tempo": 120.0,
        }
        own = AudioFeatures(values={"energy": 0.9, "loudness": descriptors["loudness"]}, source=f"{OWN_AUDIO}, test")
        put_own_sound(database, track.id, own, "run")
        put_features(database, track.id, AudioFeatures(values=values, source=source), "run")
        file = AudioFile(
            root="/music",
            path=f"{source}/{seed}/{number}.mp3",
            size=1,
            modified_ns=1,
            track_id=track.id,
            descriptors=descriptors,
        )
        put_audio_file(database, file)


def a_job(database: Database, root: Path) -> Job:
    registry = ModelRegistry(local=root / "models")
    return Job(database=database, catalogue=Catalogue(root / "catalogue"), registry=registry, var=root)


def test_pairs_are_what_may_be_learnt_from(database: Database) -> None:
    bring(database, 3)
    bring(database, 2, source="spotify")  # shown only
    found = list(pairs(database))
    assert {pair.track_id for pair in found} == {f"reccobeats-1-{number}" for number in range(3)}
    assert set(found[0].values) == {"energy", "valence", "loudness"}
    assert found[0].uncalibrated("energy") == 0.9
    assert found[0].uncalibrated("valence") is None
    available = Available(database=database, snapshot=Snapshot(), owner=None, playlist=None)
    assert not perception(available).enough
    assert "There are 3." in perception(available).found


def test_too_few_pairs_are_refused_in_words(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bring(database, 4)
    with pytest.raises(TooLittle, match="4 tracks have both"):
        train_own(a_job(database, tmp_path))

    class Lent:  # the command closes the database that it opens
        def __getattr__(self, name: str) -> object:
            return getattr(database, name) if name != "close" else lambda: None

    monkeypatch.setattr("ml.jobs.open_database", lambda *_args, **_more: Lent())
    monkeypatch.setattr(Config, "from_env", classmethod(lambda cls: Config(var=tmp_path)))
    assert command_line.main(["train", "perception"]) == 1
    assert f"needs {PAIRS} tracks with both" in capsys.readouterr().err


def test_it_tells_what_can_be_learnt_and_nothing_else(database: Database, tmp_path: Path) -> None:
    bring(database, 90)
    job = a_job(database, tmp_path)
    result = train_own(job)
    assert set(result["attributes"]) == {"energy", "loudness"}
    rows = {row["model"]: row for row in result["table"]}
    assert rows[OURS]["rank"] > 0.5 > rows[MEAN]["rank"]
    registry = ModelRegistry(local=tmp_path / "models")
    version = result["version"]
    with pytest.raises(NoSuchVersion):  # serving is the user's decision
        registry.active_version("perception")
    card = card_of(registry, "perception", version)
    assert "## Where it loses" in card
    assert "valence" in card.split("Left out:")[1]
    scores = scores_of(registry, "perception", version)
    assert scores is not None
    assert scores["served"] == OURS

    model = Perception.load(registry.folder("perception", version))
    for pair in list(pairs(database))[:20]:
        told = model.predict(pair.descriptors)
        assert set(told) == {"energy", "loudness"}
        assert told["energy"] == pytest.approx(pair.values["energy"], abs=0.25)
        assert told["loudness"] == pytest.approx(pair.values["loudness"], abs=1.0)
    assert set(model.predict({})) == {"energy", "loudness"}
    assert 0.5 < model.confidence["energy"] <= 1

    path = registry.folder("perception", version) / "perception.json"
    path.write_text(path.read_text().replace("centre", "center"))
    with pytest.raises(artefacts.ArtefactError):
        Perception.load(path.parent)


def test_the_scores_are_those_of_the_books() -> None:
    truth = np.array([1.0, 2.0, 3.0, 4.0])
    assert rank_correlation(truth, truth**3) == pytest.approx(1.0)
    assert rank_correlation(truth, -truth) == pytest.approx(-1.0)
    assert rank_correlation(truth, np.array([1.0, 1.0, 2.0, 2.0])) == pytest.approx(0.894, abs=1e-3)
    assert explained(truth, truth) == 1.0
    assert explained(truth, np.full(4, 2.5)) == 0.0
