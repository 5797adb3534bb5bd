"""Applies the served calibration of :mod:`ml.perception` to the audio features of the user's own files.

The descriptors of every file are stored, so nothing is decoded again. The run follows a scan, and a change of the
served version.
"""

from __future__ import annotations

from config import Config
from etl.task import Task
from ml.perception.model import TASK, Perception
from ml.registry import ModelRegistry, NoSuchVersion
from store.audio.files import AudioFile, audio_files
from store.database import Database
from store.domain import AudioFeatures
from store.facts import CALIBRATED, own_sound_report, put_own_sound
from store.runs import Progress, Run

_REPORT_EVERY = 100


def new_calibration(owner: str | None = None) -> Run:
    """Return the run that calibrates all analysed files."""
    return Run(kind="calibrate", name="Calibrate your own files", owner=owner, request={}, unit="tracks", cursor={})


def run(task: Task) -> None:
    """Calibrate every file that the served version has not calibrated yet, if any version is served."""
    try:
        model = Perception.load(ModelRegistry(Config().models, task.var / "models").active(TASK))
    except NoSuchVersion:
        return
    files = [file for file in audio_files(task.database) if file.track_id and file.descriptors and not file.gone]
    for done, file in enumerate(files):
        calibrate(task.database, file, model, task.run.id)
        if done % _REPORT_EVERY == 0:
            task.report(Progress(phase="calibrating", done=done, total=len(files)))


def calibrate(database: Database, file: AudioFile, model: Perception, run_id: str) -> bool:
    """Replace a file's values by those that ``model`` predicts; return whether anything changed.

    Attributes that the model does not predict keep the analyser's values.
    """
    assert file.track_id
    document = database.track_documents([file.track_id]).get(file.track_id, {})
    own = own_sound_report(document)
    if own is None or own["source"].endswith(CALIBRATED + model.version):
        return False
    plain = {name.removeprefix("guess_"): v for name, v in file.descriptors.items() if name.startswith("guess_")}
    plain |= {"loudness": file.descriptors["loudness"]} if "loudness" in own["values"] else {}
    predicted = model.predict(file.descriptors) if "loudness" in own["values"] else {}  # a silent file has none
    kept = {name: value for name, value in own["values"].items() if name not in model.weights}
    changed = {
        **own,
        "values": {**kept, **plain, **predicted},
        "source": own["source"].partition(CALIBRATED)[0] + CALIBRATED + model.version,
    }
    put_own_sound(database, file.track_id, AudioFeatures(**changed), run_id)
    return True
