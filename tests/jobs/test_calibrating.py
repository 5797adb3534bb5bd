"""What a served calibration makes of the audio features of one's own files."""

from pathlib import Path

from jobs.calibrating import new_calibration
from jobs.worker import execute
from ml.jobs import Job
from ml.perception.model import Perception
from ml.perception.pairs import pairs
from ml.perception.train.train import train_own
from ml.registry import ModelRegistry
from store.catalogue.catalogue import Catalogue
from store.database import Database
from store.documents import reports_by_source
from store.facts import OWN_AUDIO
from tests.ml.test_perception import bring


def own_of(database: Database, track_id: str) -> dict[str, object]:
    document = database.track_documents([track_id])[track_id]
    return next(one for one in reports_by_source(document, "features") if one["source"].startswith(OWN_AUDIO))


def calibrated(database: Database, var: Path) -> None:
    run = new_calibration()
    database.put_run(run)
    assert execute(database, var, run.id) == "done", database.get_run(run.id)


def test_a_served_calibration_replaces_what_the_analyser_told_once(database: Database, tmp_path: Path) -> None:
    bring(database, 60)
    pair = next(iter(pairs(database)))
    before = own_of(database, pair.track_id)
    registry = ModelRegistry(local=tmp_path / "models")
    job = Job(database=database, catalogue=Catalogue(tmp_path / "catalogue"), registry=registry, var=tmp_path)
    version = train_own(job)["version"]
    calibrated(database, tmp_path)  # none is served
    assert own_of(database, pair.track_id) == before

    registry.activate("perception", version)
    calibrated(database, tmp_path)
    after = own_of(database, pair.track_id)
    assert after["source"] == f"{before['source']}, calibrated by {version}"
    told = Perception.load(registry.folder("perception", version)).predict(pair.descriptors)
    assert told.items() <= after["values"].items()
    assert told["energy"] != before["values"]["energy"]
    # The provider's values stay in front, and the calibration is not learnt from.
    assert database.get_track(pair.track_id).features.source == "reccobeats"
    assert next(iter(pairs(database))).uncalibrated("energy") == 0.9
    calibrated(database, tmp_path)
    assert own_of(database, pair.track_id) == after
