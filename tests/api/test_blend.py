"""POST /api/blend, what is never wanted again, and playlists of one's own."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient

from store.catalogue.builder import build_collection
from store.database import Database
from store.domain import Playlist, PlaylistItem, Track
from tests.api.conftest import CALM, LOUD, TRACKS, a_track


@pytest.fixture
def shared_list(client: FlaskClient, database: Database) -> str:
    """A playlist of two people, one calm, one loud, as the operator imported it."""
    rows = [("calm1", "ann"), ("metal1", "ben"), ("calm2", "ann"), ("unknown", "cy")]
    database.put_tracks([a_track("calm1", "Paper Moons", "Nadia Verholt", CALM)])
    database.put_tracks([Track(id="unknown", title="Nobody Knows", artists=("Zzyqx Qqvx",), source="test")])
    items = [PlaylistItem(position=at, track_id=one, added_by=by) for at, (one, by) in enumerate(rows)]
    database.put_page("both", 0, items)
    people = {"ann": 2, "ben": 1, "cy": 1}
    database.put_playlist(Playlist(id="both", name="Both", item_count=len(rows), contributors=people, complete=True))
    return "both"


def blended(client: FlaskClient, **wish: Any) -> dict[str, Any]:
    answer = client.post("/api/blend", json=wish)
    assert answer.status_code == 200, answer.json
    return dict(answer.json)


def test_each_pick_says_for_whom_and_why(client: FlaskClient, shared_list: str) -> None:
    answer = blended(client, playlist=shared_list, length=4)
    assert {person["id"] for person in answer["people"]} == {"ann", "ben"}
    assert [person["id"] for person in answer["not_compared"]] == ["cy"]
    assert all(person["hardly_known"] for person in answer["people"]), "two tracks are few"
    for pick in answer["tracks"]:
        assert pick["person"]["id"] in {"ann", "ben"}
        assert pick["satisfaction"].keys() == {"ann", "ben"}
        assert pick["reasons"]
        assert pick["like"]["id"] in {"calm1", "calm2", "metal1"}
    assert {track["id"] for track in answer["tracks"]} & {"metal3", "metal4", "metal5"}
    known = {"calm1", "calm2", "metal1", "metal2"}
    assert not known & {track["id"] for track in answer["tracks"]}, "known ones, other editions included, stay out"
    assert [person["id"] for person in answer["fairness"]] == [person["id"] for person in answer["average"]]
    assert sum(person["picks"] for person in answer["fairness"]) == len(answer["tracks"])


def test_where_there_is_nothing_else_the_list_is_of_what_they_have(
    configured: Callable[..., FlaskClient], tmp_path: Path, database_uri: str, shared_list: str
) -> None:
    theirs = {"calm1", "calm2", "metal1"}
    build_collection(tmp_path / "catalogue", [track for track in TRACKS if track.id in theirs])
    client = configured(tmp_path, database_uri)
    answer = blended(client, playlist=shared_list, length=3, artist_cap=3)
    assert {track["id"] for track in answer["tracks"]} == theirs
    assert answer["note"].startswith("There are no other tracks here yet")
    # What nobody wants is still in no list.
    assert client.post("/api/blend", json={"playlist": shared_list, "never": sorted(theirs)}).status_code == 422


def test_tracks_of_another_length_stay_out_and_are_counted(
    configured: Callable[..., FlaskClient], tmp_path: Path, database_uri: str, shared_list: str
) -> None:
    timed = [replace(track, duration_ms=(60_000, 900_000)[at % 2]) for at, track in enumerate(TRACKS)]
    build_collection(tmp_path / "catalogue", timed)
    wish = {"playlist": shared_list, "filters": {"shortest_s": 30, "longest_s": 300}}
    answer = blended(configured(tmp_path, database_uri), **wish)
    assert {track["duration_ms"] for track in answer["tracks"]} == {60_000}
    assert answer["left_out"]["length"] > 0


def test_people_weights_and_playlists_as_people(client: FlaskClient, shared_list: str) -> None:
    answer = blended(client, playlist=shared_list, people=["ben"], length=2)
    assert [person["id"] for person in answer["people"]] == ["ben"]
    answer = blended(client, playlist=shared_list, length=2, weights={"ben": 1})
    assert {person["id"]: person["picks"] for person in answer["fairness"]} == {"ann": 0, "ben": 2}
    answer = blended(client, playlists=[shared_list], length=2, filters={"known": False})
    assert [(person["id"], person["name"]) for person in answer["people"]] == [("both", "Both")]


def test_never_again_is_remembered_for_the_browser_alone(client: FlaskClient, shared_list: str) -> None:
    first = blended(client, playlist=shared_list, length=3)["tracks"][0]["id"]
    answer = client.put("/api/never", json={"tracks": [first, first, "gone"]}).json
    assert [track["id"] for track in answer["tracks"]] == [first, "gone"]
    assert answer["tracks"][0]["title"]
    assert first not in [track["id"] for track in blended(client, playlist=shared_list, length=3)["tracks"]]
    other = client.application.test_client()
    assert other.get("/api/never").json == {"tracks": [], "not_now": []}
    assert first in [track["id"] for track in blended(other, playlist=shared_list, length=3)["tracks"]]
    assert first not in [track["id"] for track in blended(other, playlist=shared_list, never=[first])["tracks"]]
    assert client.put("/api/never", json={"tracks": []}).json == {"tracks": [], "not_now": []}


def test_what_is_not_wanted_now_comes_back_after_thirty_days(
    client: FlaskClient, shared_list: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = start = datetime(2026, 1, 1, tzinfo=UTC)
    monkeypatch.setattr("services.playlists.never.datetime", SimpleNamespace(now=lambda _zone: now))
    first = blended(client, playlist=shared_list, length=3)["tracks"][0]["id"]
    (entry,) = client.put("/api/never", json={"tracks": [], "not_now": [first]}).json["not_now"]
    assert (entry["track"]["id"], bool(entry["track"]["title"])) == (first, True)
    assert datetime.fromisoformat(entry["until"]) == start + timedelta(days=30)
    assert first not in [track["id"] for track in blended(client, playlist=shared_list, length=3)["tracks"]]
    now = start + timedelta(days=1)
    again = client.put("/api/never", json={"tracks": ["gone"], "not_now": [first, "new"]}).json["not_now"]
    assert again[0] == entry, "said again, it does not begin anew"
    assert client.put("/api/never", json={"tracks": []}).json["not_now"] == again, "not named, it stays"
    now = start + timedelta(days=30)
    assert [one["track"]["id"] for one in client.get("/api/never").json["not_now"]] == ["new"]
    assert first in [track["id"] for track in blended(client, playlist=shared_list, length=3)["tracks"]]


def test_a_list_becomes_a_playlist_of_mine_and_goes_out_as_one(client: FlaskClient, shared_list: str) -> None:
    answer = blended(client, playlist=shared_list, length=3)
    tracks = [{"id": track["id"], "person": track["person"]["id"]} for track in answer["tracks"]]
    ann = {"name": "Ann", "colour": "#c94f00", "shape": "star"}
    made = client.post("/api/playlists", json={"name": "For both", "tracks": tracks, "people": {"ann": ann}})
    assert made.status_code == 201
    playlist = made.json["playlist"]
    assert (playlist["name"], playlist["item_count"], playlist["mine"]) == ("For both", len(tracks), True)
    assert playlist["id"] in [playlist["id"] for playlist in client.get("/api/playlists").json["playlists"]]
    page = client.get(f"/data?playlist={playlist['id']}").json
    assert [track["id"] for track in page["tracks"]] == [track["id"] for track in tracks]
    assert [track["added_by"] for track in page["tracks"]] == [track["person"] for track in tracks]
    people = {person["id"]: {name: person[name] for name in ann} for person in page["playlist"]["contributors"]}
    assert people["ann"] == ann, "whoever a track is for stays who they are"
    assert page["playlist"]["made_for"] is True
    assert answer["tracks"][0]["title"] in client.get(f"/api/playlists/{playlist['id']}/export?format=csv").text
    assert client.delete(f"/api/playlists/{playlist['id']}").status_code == 204


@pytest.mark.parametrize(
    ("wish", "status", "code"),
    [
        ({}, 400, "bad_request"),
        ({"playlist": "both", "playlists": ["both"]}, 400, "bad_request"),
        ({"playlist": "nothing"}, 404, "not_found"),
        ({"playlist": "both", "people": ["stranger"]}, 404, "not_found"),
        ({"playlist": "both", "weights": {"stranger": 1}}, 404, "not_found"),
        ({"playlist": "both", "weights": {"ann": 0}}, 422, "invalid_value"),
        ({"playlist": "both", "people": ["cy"]}, 422, "no_features"),
        ({"playlist": "both", "method": "dictator"}, 422, "invalid_value"),
        ({"playlist": "both", "length": 0}, 422, "invalid_value"),
        ({"playlist": "both", "novelty": 2}, 422, "invalid_value"),
        ({"playlist": "both", "filters": {"loud": True}}, 422, "invalid_value"),
        ({"playlist": "both", "filters": {"longest_s": -1}}, 422, "invalid_value"),
        ({"playlist": "both", "filters": {"shortest_s": 61, "longest_s": 60}}, 422, "invalid_value"),
    ],
)
def test_each_fault_has_its_own_status(
    client: FlaskClient, shared_list: str, wish: dict[str, Any], status: int, code: str
) -> None:
    answer = client.post("/api/blend", json=wish)
    assert (answer.status_code, answer.json["error"]["code"]) == (status, code), answer.json
    assert answer.json["error"]["hint"]


def test_a_playlist_needs_tracks_that_are_known(client: FlaskClient) -> None:
    assert client.post("/api/playlists", json={"name": "x", "tracks": [{"id": "nobody"}]}).status_code == 404
    assert client.post("/api/playlists", json={"name": "", "tracks": [{"id": "calm1"}]}).status_code == 422


def test_an_empty_installation_says_what_is_missing(
    configured: Callable[..., FlaskClient], tmp_path: Path, database_uri: str, database: Database
) -> None:
    database.put_tracks([a_track("metal1", "Anvil Choir", "Iron Almond", LOUD)])
    database.put_page("one", 0, [PlaylistItem(position=0, track_id="metal1")])
    database.put_playlist(Playlist(id="one", name="One", item_count=1, complete=True))
    answer = configured(tmp_path, database_uri).post("/api/blend", json={"playlist": "one"})
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "no_features")
