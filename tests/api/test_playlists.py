"""Uploads and playlists over real HTTP semantics: a file becomes rows, and stays its browser's own."""

import io
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from jobs.worker import execute
from services.playlists.playlists import remove_tracks
from services.viewer import Viewer
from store.database import Database
from store.domain import MAX_PEOPLE
from tests.api.conftest import limit_work

FILE = """Track URI,Track Name,Album Name,Artist Name(s),Release Date,Duration (ms),Popularity,Explicit,Added By,Added At,Genres,Record Label,Danceability,Energy,Key,Loudness,Mode,Speechiness,Acousticness,Instrumentalness,Liveness,Valence,Tempo,Time Signature
spotify:track:0000000000000000000001,Slow Kites,Kites,Nadia Verholt,2001,200000,40,false,ann,2024-01-01T00:00:00Z,,X,0.5,0.4,1,-9,1,0.05,0.1,0,0.1,0.5,100,4
spotify:track:0000000000000000000002,Gravel Choir,Kites,Nadia Verholt,2001,210000,41,false,bob,2024-01-02T00:00:00Z,,X,0.6,0.8,2,-5,0,0.05,0.1,0,0.1,0.6,120,4
spotify:episode:0000000000000000000003,A Talk,,,,,,,bob,2024-01-02T00:00:00Z,,,,,,,,,,,,,,
"""  # noqa: E501


def send(client: FlaskClient, content: bytes | str, name: str = "kites.csv") -> dict:
    data = content.encode() if isinstance(content, str) else content
    answer = client.post("/api/uploads", data={"file": (io.BytesIO(data), name)})
    assert answer.status_code == 202, answer.json
    return answer.json["run"]


def ended(client: FlaskClient, run_id: str, seconds: float = 60) -> dict:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        run = client.get(f"/api/runs/{run_id}").json
        if run["state"] in {"done", "failed"}:
            return run
        time.sleep(0.1)
    pytest.fail("the import did not end")


def test_an_uploaded_playlist_arrives_with_its_summary(empty_client: FlaskClient) -> None:
    run = ended(empty_client, send(empty_client, FILE)["id"])
    assert run["state"] == "done", run
    assert (run["requested"], run["stored"], run["known"], sum(run["skipped"].values())) == (3, 2, 0, 1)
    page = empty_client.get(f"/data?playlist={run['playlist_id']}").json
    assert page["playlist"]["name"] == "kites"
    assert {contributor["id"]: contributor["count"] for contributor in page["playlist"]["contributors"]} == {
        "ann": 1,
        "bob": 1,
    }
    assert [(track["title"], track["added_by"]) for track in page["tracks"]] == [
        ("Slow Kites", "ann"),
        ("Gravel Choir", "bob"),
    ]
    assert page["tracks"][1]["features"]["energy"] == 0.8
    found = empty_client.get("/api/search?q=gravel").json["tracks"]
    assert [one["title"] for one in found] == ["Gravel Choir"]


def test_progress_is_streamed_until_the_end(empty_client: FlaskClient) -> None:
    run = send(empty_client, FILE)
    text = empty_client.get(f"/api/runs/{run['id']}/events").text
    events = [block.split("\ndata: ") for block in text.strip().split("\n\n") if not block.startswith(":")]
    assert [name for name, _ in events][-1] == "event: done"
    assert json.loads(events[-1][1])["state"] == "done"


def test_a_file_that_is_none_fails_with_a_reason_and_leaves_nothing(empty_client: FlaskClient) -> None:
    run = ended(empty_client, send(empty_client, b"\x89PNG\r\n\x1a\n" + bytes(500))["id"])
    assert run["state"] == "failed"
    assert run["error"]["message"]
    assert run["error"]["hint"]
    assert empty_client.get("/api/playlists").json["playlists"] == []


def test_a_playlist_belongs_to_the_browser_that_brought_it(
    configured: Callable[..., FlaskClient], tmp_path: Path, database_uri: str
) -> None:
    mine = configured(tmp_path, database_uri)
    other = mine.application.test_client()
    run = ended(mine, send(mine, FILE)["id"])
    playlist = run["playlist_id"]
    assert [playlist["id"] for playlist in mine.get("/api/playlists").json["playlists"]] == [playlist]
    assert other.get("/api/playlists").json["playlists"] == []
    assert other.get(f"/api/runs/{run['id']}").status_code == 404
    assert other.get(f"/data?playlist={playlist}").status_code == 200, "its address is the way to share it"
    assert other.delete(f"/api/playlists/{playlist}").status_code == 403
    assert mine.delete(f"/api/playlists/{playlist}").status_code == 204
    assert mine.get(f"/data?playlist={playlist}").status_code == 404


def test_rows_come_in_pages(empty_client: FlaskClient) -> None:
    playlist = ended(empty_client, send(empty_client, FILE)["id"])["playlist_id"]
    pages = [empty_client.get(f"/data?playlist={playlist}&page={n}&page_size=1").json for n in (1, 2, 3)]
    assert [page["pages"] for page in pages] == [2, 2, 2]
    assert [[row["position"] for row in page["tracks"]] for page in pages] == [[0], [1], []]


def test_uploads_that_cannot_be_taken(
    empty_client: FlaskClient, configured: Callable[..., FlaskClient], tmp_path: Path, database_uri: str
) -> None:
    assert empty_client.post("/api/uploads").status_code == 400
    small = configured(tmp_path, database_uri, max_upload_bytes=1000)
    answer = small.post("/api/uploads", data={"file": (io.BytesIO(bytes(5000)), "big.csv")})
    assert (answer.status_code, answer.json["error"]["code"]) == (413, "too_large")
    assert not list((tmp_path / "uploads").glob("*/*"))


def test_another_site_may_not_change_anything(empty_client: FlaskClient) -> None:
    answer = empty_client.post("/api/uploads", headers={"Origin": "https://elsewhere.example"})
    assert (answer.status_code, answer.json["error"]["code"]) == (403, "foreign_origin")


def test_a_playlist_that_the_operator_imported_is_everybodys(
    configured: Callable[..., FlaskClient], tmp_path: Path, database_uri: str, database: Database
) -> None:
    from store.runs import Run

    file = tmp_path / "kites.csv"
    file.write_text(FILE)
    run = Run(name=file.name, source=str(file))
    database.put_run(run)
    assert execute(database, tmp_path, run.id) == "done"
    client = configured(tmp_path, database_uri)
    (playlist,) = client.get("/api/playlists").json["playlists"]
    assert playlist["mine"] is False
    assert client.delete(f"/api/playlists/{playlist['id']}").status_code == 403


def test_tracks_are_taken_out_and_many_are_kept_as_a_playlist(
    configured: Callable[..., FlaskClient], tmp_path: Path, database_uri: str
) -> None:
    mine = configured(tmp_path, database_uri)
    other = mine.application.test_client()
    playlist = ended(mine, send(mine, FILE)["id"])["playlist_id"]
    ids = [track["id"] for track in mine.get(f"/data?playlist={playlist}").json["tracks"]]

    made = mine.post("/api/playlists", json={"name": "Twice many", "tracks": [{"id": one} for one in ids] * 300})
    assert made.status_code == 201
    last = mine.get(f"/data?playlist={made.json['playlist']['id']}&page=2&page_size=500").json
    assert [track["position"] for track in last["tracks"]] == list(range(500, 600))

    limit_work(mine, rows_each=700)  # 600 are kept, and a short playlist counts as 20
    refused = mine.post("/api/playlists", json={"name": "More", "tracks": [{"id": ids[0]}] * 81})
    assert (refused.status_code, refused.json["error"]["code"]) == (429, "too_many_runs")
    limit_work(mine, rows_each=620)
    assert mine.post("/api/playlists", json={"name": "None", "tracks": []}).status_code == 429
    assert mine.post(f"/api/playlists/{playlist}/tracks", json={"track": ids[0]}).status_code == 429

    address = f"/api/playlists/{playlist}/remove"
    assert other.post(address, json={"tracks": ids[:1]}).status_code == 403
    assert mine.post(address, json={"tracks": []}).status_code == 422
    gone = mine.post(address, json={"tracks": [ids[0], "not-in-it"]})
    assert gone.status_code == 200
    assert gone.json["playlist"]["item_count"] == 1
    assert [person["id"] for person in gone.json["playlist"]["contributors"]] == ["bob"]
    assert [track["id"] for track in mine.get(f"/data?playlist={playlist}").json["tracks"]] == ids[1:]


def test_rows_are_moved_taken_out_and_put_back_as_they_were(
    configured: Callable[..., FlaskClient], tmp_path: Path, database_uri: str
) -> None:
    mine = configured(tmp_path, database_uri)
    playlist = ended(mine, send(mine, FILE)["id"])["playlist_id"]
    address = f"/api/playlists/{playlist}"

    def rows() -> list[dict[str, Any]]:
        return list(mine.get(f"/data?playlist={playlist}").json["tracks"])

    first, last = before = rows()
    move = {"track": last["id"], "position": 1, "to": 0}
    assert mine.post(f"{address}/move", json=move).status_code == 200
    assert [row["id"] for row in rows()] == [last["id"], first["id"]]
    again = mine.post(f"{address}/move", json=move)
    assert (again.status_code, again.json["error"]["code"]) == (409, "changed"), "another track is there now"
    assert mine.post(f"{address}/move", json={**move, "position": 0, "to": 99}).status_code == 200
    assert rows() == before, "beyond the last one is the end"

    twice = mine.post(f"{address}/restore", json={"rows": [{"position": 2, "track_id": first["id"]}]})
    assert twice.json["playlist"]["item_count"] == 3
    gone = mine.post(f"{address}/remove", json={"tracks": [first["id"]], "positions": [0, 1]}).json
    assert gone["playlist"]["item_count"] == 2, "the same track at another position stays"
    assert [row["position"] for row in gone["removed"]] == [0]
    for _again in range(2):
        back = mine.post(f"{address}/restore", json={"rows": gone["removed"]})
        assert back.json["playlist"]["item_count"] == 3
        assert rows()[:2] == before, "with who added it and when"
    unknown = mine.post(f"{address}/restore", json={"rows": [{"position": 0, "track_id": "nowhere"}]})
    assert unknown.status_code == 404


def test_rows_that_no_playlist_can_hold_are_refused(
    configured: Callable[..., FlaskClient], tmp_path: Path, database_uri: str
) -> None:
    mine = configured(tmp_path, database_uri)
    playlist = ended(mine, send(mine, FILE)["id"])["playlist_id"]
    address = f"/api/playlists/{playlist}"
    row = {"position": 0, "track_id": mine.get(f"/data?playlist={playlist}").json["tracks"][0]["id"]}
    for moment in ("9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"):
        refused = mine.post(f"{address}/restore", json={"rows": [row | {"added_at": moment}]})
        assert (refused.status_code, "out of range" in refused.text) == (422, True)
    crowd = [row | {"position": n, "added_by": f"user {n}"} for n in range(MAX_PEOPLE + 1)]
    refused = mine.post(f"{address}/restore", json={"rows": crowd})
    assert (refused.status_code, "1000 people" in refused.text) == (422, True)
    assert mine.get(f"/data?playlist={playlist}").json["playlist"]["item_count"] == 2


def test_positions_are_looked_up_and_not_compared_one_by_one(
    configured: Callable[..., FlaskClient], tmp_path: Path, database_uri: str
) -> None:
    """Ten thousand positions and a playlist of half a million rows would keep a processor busy for minutes."""
    mine = configured(tmp_path, database_uri)
    playlist = ended(mine, send(mine, FILE)["id"])["playlist_id"]
    ids = [track["id"] for track in mine.get(f"/data?playlist={playlist}").json["tracks"]]
    made = mine.post("/api/playlists", json={"name": "Many", "tracks": [{"id": ids[0]}] * 100}).json["playlist"]["id"]
    compared: list[int] = []

    class Position(int):
        __hash__ = int.__hash__

        def __eq__(self, other: object) -> bool:
            compared.append(self)
            return int(self) == other

    services = mine.application.extensions["tastemap"]
    owner = services.database.playlist(made).owner
    viewer = Viewer(owner=owner, operator=False)
    positions = [Position(number) for number in range(50, 200)]
    _, gone = remove_tracks(services, made, viewer, ids, positions)
    assert len(gone) == 50
    assert len(compared) < 1000
