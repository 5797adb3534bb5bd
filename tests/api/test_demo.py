"""The demo: one press brings it in as the browser's own, and deleting it takes it away."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from flask.testing import FlaskClient

from app import create_app
from config import Config
from etl.audio.analyser import analyse
from etl.audio.decoding import missing_packages, mono_blocks
from etl.demo.sound import PREFIX, SOUND_DEMO, demo_audio, demo_sounds
from etl.library.examine import analyser_source
from ml import artefacts
from ml.tagger.model import MusicTagger
from tests.api.test_playlists import ended

PEOPLE = {"Ana": 26, "Bo": 26, "Chiyo": 26, "Dele": 26, "Elif": 26, "Frances": 25}


def test_the_demo_comes_and_goes(empty_client: FlaskClient) -> None:
    assert empty_client.get("/api/status").json["demo"] is True
    run, of_sound = (ended(empty_client, each["id"]) for each in empty_client.post("/api/demo").json["runs"])
    assert (run["state"], run["skipped"], run["unread"]) == ("done", {}, {})
    no_synthetic_tracks_with_songs(empty_client, run["playlist_id"], of_sound["playlist_id"])
    page = empty_client.get("/data", query_string={"playlist": run["playlist_id"], "page_size": 500}).json
    assert page["playlist"]["name"] == "Six friends (demo)"
    assert {one["id"]: one["count"] for one in page["playlist"]["contributors"]} == PEOPLE
    rows = page["tracks"]
    assert all(row["added_at"] and not row["features"] for row in rows)
    # The map by artists is its first map: nearly everybody has a place on it.
    assert sum(row["artist_point"] is not None for row in rows) > 0.95 * len(rows)
    # One press takes both playlists away.
    assert empty_client.delete("/api/demo").status_code == 204
    assert empty_client.get("/api/playlists").json["playlists"] == []
    assert empty_client.delete("/api/demo").status_code == 204


def no_synthetic_tracks_with_songs(client: FlaskClient, songs: str, synthetic: str) -> None:
    """Check that what a program made for the sound demo is recommended beside the sound demo only."""
    answer = client.get(f"/api/playlists/{songs}/next").json
    assert (answer["tracks"], "in this playlist already" in answer["note"]) == ([], True)
    of_song = client.get("/recommend?q=so what miles davis&limit=50").json["tracks"]
    blended = client.post("/api/blend", json={"playlist": songs, "filters": {"known": False}, "length": 100}).json
    for tracks in (of_song, blended["tracks"]):
        assert tracks
        assert not [track for track in tracks if track["id"].startswith(PREFIX)]
    of_synthetic = client.get("/recommend?q=calm acoustic 1").json["tracks"]
    assert [track for track in of_synthetic if track["id"].startswith(PREFIX)]
    among = client.post("/api/blend", json={"playlist": synthetic, "filters": {"known": False}}).json["tracks"]
    assert [track for track in among if track["id"].startswith(PREFIX)]


def test_four_people_share_tracks_that_play_for_everybody(
    configured: Callable[..., FlaskClient], tmp_path: Path, database_uri: str
) -> None:
    if demo_audio() is None:
        pytest.skip("the package immich-memories-music is not installed")
    client = configured(tmp_path, database_uri, operator_key="secret")
    run = ended(client, client.post("/api/demo").json["runs"][1]["id"])
    assert (run["state"], run["stored"], run["skipped"]) == ("done", 28, {})
    rows = client.get("/data", query_string={"playlist": run["playlist_id"]}).json["tracks"]
    assert len({row["added_by"] for row in rows}) == 4
    assert all(row["features"]["tempo"] and "energy" in row["features"] for row in rows)
    for row in rows:
        with client.get(row["audio_url"], headers={"Range": "bytes=0-3"}) as played:
            assert (played.status_code, played.data, played.mimetype) == (206, b"OggS", "audio/ogg")
    # What ships of their sound is compared, for whoever has imported them.
    calm = next(row["id"] for row in rows if row["title"] == "Calm acoustic 1")
    party = next(row["id"] for row in rows if row["title"] == "Energetic electronic 2")
    assert client.get("/api/status").json["analysed"] is True
    assert {point["id"] for point in client.get("/api/timbre/map").json["tracks"]} == {row["id"] for row in rows}
    timbre = client.get("/api/timbre/alike", query_string={"track_id": calm, "limit": 50}).json["alike"]
    near = client.get("/api/sound/alike", query_string={"track_id": calm, "limit": 50}).json
    for found in (timbre, near["alike"]):
        assert len(found) == 27
        assert next(at for at, one in enumerate(found) if one["id"] == party) > 13
    assert client.get("/api/sound").json["recordings"] == 28
    way = client.get("/api/sound/path", query_string={"start": calm, "end": party}).json["tracks"]
    assert (way[0]["id"], way[-1]["id"], len(way) > 2) == (calm, party, True)
    heard = client.get("/genre-predict", query_string={"track_id": calm}).json["sound_tags"]
    assert heard["genres"]
    stranger = configured(tmp_path, database_uri, operator_key="secret")
    assert stranger.get("/api/timbre/map").json["tracks"] == []
    assert stranger.get("/api/sound/alike", query_string={"track_id": calm}).status_code == 404
    silent = configured(tmp_path, database_uri, demo=False)
    assert silent.get(rows[0]["audio_url"]).status_code in {403, 404}
    assert client.delete("/api/demo").status_code == 204
    assert client.get("/api/timbre/map").json["tracks"] == []
    assert client.get("/api/sound").json["recordings"] == 0


def test_what_ships_with_the_sound_demo_is_what_the_analyser_gives() -> None:
    if missing_packages() or demo_audio() is None:
        pytest.skip("the category audio or the package immich-memories-music is not installed")
    items = json.loads(SOUND_DEMO.read_text())["items"]
    assert {item["track"]["features"]["source"] for item in items} == {analyser_source()}  # python -m tools.sound_demo
    tagger, sounds = MusicTagger.load(artefacts.active("tagger")), demo_sounds()
    assert [*sounds] == [item["track"]["id"] for item in items]
    assert {sound.tagger for sound in sounds.values()} == {tagger.version}
    for item in items[::14]:
        path = demo_audio().root / item["track"]["ids"]["demo"]
        found, shipped = analyse(path), sounds[item["track"]["id"]]
        assert found.features.values == pytest.approx(item["track"]["features"]["values"], rel=0.02, abs=0.005)
        timbre = np.array([segment["timbre"] for segment in found.analysis["segments"]])
        assert shipped.analyser == analyser_source()
        assert shipped.timbre == pytest.approx(timbre, rel=0.01, abs=0.1)
    heard = tagger.predict(mono_blocks(path, tagger.rate))
    assert shipped.parts == pytest.approx(heard.parts, rel=0.01, abs=0.01)
    assert shipped.tags == pytest.approx(heard.tags, rel=0.01, abs=0.01)


def test_the_operator_may_take_it_out(tmp_path: Path) -> None:
    client = create_app(Config.from_env({"TASTEMAP_DEMO": "0", "TASTEMAP_VAR": str(tmp_path)})).test_client()
    refused = client.post("/api/demo")
    assert (refused.status_code, refused.json["error"]["code"]) == (404, "not_found")
