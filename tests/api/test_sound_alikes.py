"""Sound-alikes among one's own files over HTTP: after a scan, for a track, on the way to another, and twice."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
from flask.testing import FlaskClient

from jobs.sound_alikes import lacking
from store.database import Database
from tests.api.test_playlists import ended
from tests.music_files import RATE, tones, write_wav


def noise() -> np.ndarray:
    return (6_000 * np.random.default_rng(3).normal(size=6 * RATE)).clip(-32_767, 32_767).astype(np.int16)


def test_files_are_compared_by_their_sound(
    configured: Callable[..., FlaskClient], tmp_path: Path, database_uri: str, database: Database
) -> None:
    (tmp_path / "var").mkdir()
    client, folder = configured(tmp_path / "var", database_uri), tmp_path / "music"
    one = write_wav(folder / "Nadia Verholt - Ebb.wav", tones(hz=220))
    write_wav(folder / "Nadia Verholt - Flow.wav", tones(hz=247))
    write_wav(folder / "Rauschen - Weiss.wav", noise())
    write_wav(folder / "Rauschen - Kurz.wav", tones(seconds=0.3))
    shutil.copy(one, folder / "Nadia Verholt - Ebb (copy).wav")
    ended(client, client.post("/api/library/scan", json={"folder": str(folder)}).json["run"]["id"])
    # The scan has queued it; an equal run is not queued twice.
    run = ended(client, client.post("/api/sound").json["run"]["id"])
    assert (run["kind"], run["state"]) == ("sounds", "done")

    state = client.get("/api/sound").json
    assert (state["lacking"], state["listening"]) == (0, True)
    assert [sorted(same["paths"]) for same in state["same"]] == [
        ["Nadia Verholt - Ebb (copy).wav", "Nadia Verholt - Ebb.wav"]
    ]
    ids = {t["title"]: t["id"] for q in ("ebb", "flow", "weiss", "kurz") for t in found(client, q)}
    alike = client.get("/api/sound/alike", query_string={"track_id": ids["Ebb"]}).json
    assert alike["track"]["title"] == "Ebb"
    scores = {track["title"]: track["score"] for track in alike["alike"]}
    assert "Ebb" not in scores
    assert scores["Flow"] > scores["Weiss"]
    way = client.get("/api/sound/path", query_string={"start": ids["Ebb"], "end": ids["Weiss"]}).json["tracks"]
    assert (way[0]["title"], way[-1]["title"]) == ("Ebb", "Weiss")
    genre = client.get("/genre-predict", query_string={"track_id": ids["Ebb"], "explain": "true"}).json
    assert genre["sound_tags"]["title"] == "From the sound (musicnn)"
    # The analyser's own estimates tell no genre: what is heard in the file does.
    assert (genre["decided_by"], genre["why"]["features"], genre["note"]) == ("tags", [], None)
    assert "audio" not in genre["basis"]
    assert {value["name"] for value in genre["features"]} >= {"energy", "tempo"}
    silent = client.get("/genre-predict", query_string={"track_id": ids["Kurz"]}).json
    assert silent["decided_by"] != "audio"
    assert genre["sound_tags"]["genres"]

    # A track that is known but cannot be compared is no error.
    missing = client.get("/api/sound/alike", query_string={"track_id": ids["Kurz"]})
    assert (missing.status_code, missing.json["alike"], missing.json["track"]["title"]) == (200, [], "Kurz")
    assert "analysed" in missing.json["reason"]
    assert alike["alike"]
    assert client.get("/api/sound/alike", query_string={"track_id": ids["Ebb"]}).json["reason"] is None
    nowhere = client.get("/api/sound/path", query_string={"start": ids["Kurz"], "end": ids["Weiss"]})
    assert (nowhere.status_code, nowhere.json["error"]["code"]) == (404, "no_sound")
    stranger = configured(tmp_path / "var", database_uri, operator_key="secret")
    assert stranger.get("/api/sound").json["recordings"] == 0
    assert stranger.post("/api/sound").status_code == 403
    strange = stranger.get("/api/sound/alike", query_string={"track_id": ids["Ebb"]}).json
    assert (strange["alike"], strange["recordings"], bool(strange["reason"])) == ([], 0, True)
    assert stranger.get("/genre-predict", query_string={"track_id": ids["Ebb"]}).json["sound_tags"] is None

    # Another file in its place is listened to anew.
    write_wav(one, tones(hz=500))
    ended(client, client.post("/api/library/scan", json={"folder": str(folder)}).json["run"]["id"])
    ended(client, client.post("/api/sound").json["run"]["id"])
    assert client.get("/api/sound").json["same"] == []
    assert lacking(database, state["version"]) == []


def found(client: FlaskClient, q: str) -> list[dict]:
    return client.get("/api/search", query_string={"q": q}).json["tracks"]
