"""The demo: one press brings it in as the browser's own, and deleting it takes it away."""

from pathlib import Path

from flask.testing import FlaskClient

from app import create_app
from config import Config
from tests.api.test_playlists import ended

PEOPLE = {"Ana": 26, "Bo": 26, "Chiyo": 26, "Dele": 26, "Elif": 26, "Frances": 25}


def test_the_demo_comes_and_goes(empty_client: FlaskClient) -> None:
    assert empty_client.get("/api/status").json["demo"] is True
    run = ended(empty_client, empty_client.post("/api/demo").json["run"]["id"])
    assert (run["state"], run["skipped"], run["unread"]) == ("done", {}, {})
    page = empty_client.get("/data", query_string={"playlist": run["playlist_id"], "page_size": 500}).json
    assert page["playlist"]["name"] == "Six friends (demo)"
    assert {one["id"]: one["count"] for one in page["playlist"]["contributors"]} == PEOPLE
    rows = page["tracks"]
    assert all(row["added_at"] and not row["features"] for row in rows)
    # The map by artists is its first map: nearly everybody has a place on it.
    assert sum(row["artist_point"] is not None for row in rows) > 0.95 * len(rows)
    assert empty_client.delete(f"/api/playlists/{run['playlist_id']}").status_code == 204
    assert empty_client.get("/api/playlists").json["playlists"] == []


def test_the_operator_may_take_it_out(tmp_path: Path) -> None:
    client = create_app(Config.from_env({"TASTEMAP_DEMO": "0", "TASTEMAP_VAR": str(tmp_path)})).test_client()
    refused = client.post("/api/demo")
    assert (refused.status_code, refused.json["error"]["code"]) == (404, "not_found")
