"""GET /api/playlists/<id>/next: tracks with reasons, the method and what it scored."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from store.catalogue.builder import build_collection
from store.database import Database
from store.domain import Playlist, PlaylistItem
from tests.ml.continuation_world import METAL, TRACKS


@pytest.fixture
def client(
    configured: Callable[..., FlaskClient], tmp_path: Path, database: Database, database_uri: str
) -> FlaskClient:
    build_collection(tmp_path / "catalogue", TRACKS)
    database.put_tracks(TRACKS[:8])
    database.put_page("loud", 0, [PlaylistItem(position=at, track_id=one.id) for at, one in enumerate(TRACKS[:8])])
    database.put_playlist(Playlist(id="loud", name="Loud Evening", item_count=8, complete=True))
    database.put_playlist(Playlist(id="empty", name="Nothing yet", item_count=0))
    return configured(tmp_path, database_uri)


def test_what_comes_next_with_reasons_and_scores(client: FlaskClient) -> None:
    answer = client.get("/api/playlists/loud/next?limit=10&exclude=slayer5").get_json()
    assert answer["playlist"]["id"] == "loud"
    assert answer["method"] == "content"
    assert answer["method_score"]["ndcg"] > 0.1
    assert {"ranker, content alone", "user-kNN, tuned"} <= {row["model"] for row in answer["scores"]}
    ids = [track["id"] for track in answer["tracks"]]
    assert len(ids) == 10
    assert not {track.id for track in TRACKS[:8]} & set(ids)
    assert "slayer5" not in ids
    assert {track["artists"][0] for track in answer["tracks"]} <= set(METAL)
    assert all("goes with" in track["reason"] and 0 <= track["score"] <= 1 for track in answer["tracks"])


def test_faults_say_what_to_do(client: FlaskClient) -> None:
    absent = client.get("/api/playlists/nowhere/next")
    assert (absent.status_code, absent.get_json()["error"]["code"]) == (404, "not_found")
    empty = client.get("/api/playlists/empty/next")
    assert (empty.status_code, empty.get_json()["error"]["code"]) == (422, "no_seeds")
    assert client.get("/api/playlists/loud/next?limit=0").status_code in {400, 422}
