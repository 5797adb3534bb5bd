"""One track more in a playlist of one's own; and everything deleted that a browser imported."""

from flask.testing import FlaskClient

from tests.api.test_ownership import bring, exportify, found, titles

HERE = "000000000000000000000{}"


def test_a_track_is_added_once_and_to_ones_own_playlist_alone(empty_client: FlaskClient) -> None:
    other = empty_client.application.test_client()
    bring(empty_client, exportify("Slow Kites", "Gravel Choir", "Third Kite"), "whole.csv")
    playlist = bring(empty_client, exportify("Slow Kites"), "begun.csv")
    for _ in range(2):
        answer = empty_client.post(f"/api/playlists/{playlist}/tracks", json={"track": HERE.format(3)})
        assert (answer.status_code, answer.json["playlist"]["item_count"]) == (200, 2)
    assert titles(empty_client, playlist) == ["Slow Kites", "Third Kite"]
    assert empty_client.post(f"/api/playlists/{playlist}/tracks", json={"track": HERE.format(9)}).status_code == 404
    assert other.post(f"/api/playlists/{playlist}/tracks", json={"track": HERE.format(2)}).status_code == 403


def test_everything_is_deleted_and_nothing_of_others(empty_client: FlaskClient) -> None:
    other = empty_client.application.test_client()
    theirs = bring(other, exportify("Their Kite"), "theirs.csv")
    mine = [bring(empty_client, exportify("Slow Kites", "Gravel Choir")[:-1] + "\n" * n, f"{n}.csv") for n in (1, 2)]
    assert empty_client.put("/api/never", json={"tracks": [HERE.format(2)]}).status_code == 200
    assert found(empty_client, "gravel choir")
    answer = empty_client.delete("/api/mine")
    assert (answer.status_code, answer.json) == (200, {"playlists": len(set(mine))})
    assert "tastemap_session=;" in answer.headers["Set-Cookie"]
    for client in (empty_client, other):
        assert client.get(f"/data?playlist={mine[0]}").status_code == 404
        assert not found(client, "gravel choir")
    for path, name in (("/api/playlists", "playlists"), ("/api/never", "tracks"), ("/api/runs", "runs")):
        assert empty_client.get(path).json[name] == [], path
    assert titles(other, theirs) == ["Their Kite"]
    assert empty_client.delete("/api/mine").json == {"playlists": 0}
