"""GET /api/playlists/<id>/next: tracks with reasons, the method and what it scored."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from store.catalogue.builder import build_collection
from store.database import Database
from store.domain import Playlist, PlaylistItem
from tests.ml.continuation_world import JAZZ, METAL, TRACKS


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
    assert answer["artists"] == [], "as many tracks as were wanted"
    assert not {track.id for track in TRACKS[:8]} & set(ids)
    assert "slayer5" not in ids
    assert {track["artists"][0] for track in answer["tracks"]} <= set(METAL)
    assert all("goes with" in track["reason"] and 0 <= track["score"] <= 1 for track in answer["tracks"])


def test_what_is_never_wanted_stays_out_and_features_come_along(client: FlaskClient) -> None:
    first = client.get("/api/playlists/loud/next?limit=5").get_json()["tracks"]
    client.put("/api/never", json={"tracks": [first[0]["id"]]})
    again = client.get("/api/playlists/loud/next?limit=5").get_json()["tracks"]
    assert first[0]["id"] not in {track["id"] for track in again}, "never again"
    assert all(track["features"] for track in again)


def test_families_and_long_tracks_are_left_out_before_the_ranking(client: FlaskClient) -> None:
    def artists(query: str) -> set[str]:
        tracks = client.get(f"/api/playlists/loud/next?limit=10&artist_cap=50{query}").get_json()["tracks"]
        assert len(tracks) == 10
        return {track["artists"][0] for track in tracks}

    families = client.get("/api/playlists/loud/next?limit=1").get_json()["families"]
    assert {"metal", "jazz & blues"} <= set(families)
    assert artists("") <= set(METAL)
    assert artists("&without=metal|classical") <= set(JAZZ), "a list as long, of what is left"
    assert artists("&longest_s=300&without=jazz %26 blues") <= set(METAL), "jazz lasts 320 s, metal 240"
    none = client.get("/api/playlists/loud/next?longest_s=200").get_json()
    assert (none["tracks"], none["note"][:4]) == ([], "None")
    strange = client.get("/api/playlists/loud/next?without=polka")
    assert (strange.status_code, "polka" in strange.get_json()["error"]["message"]) == (422, True)
    assert client.get("/api/playlists/loud/next?longest_s=0").status_code in {400, 422}


def test_the_name_of_a_playlist_without_tracks_says_what_comes_first(client: FlaskClient) -> None:
    def begun(name: str) -> str:
        return client.post("/api/playlists", json={"name": name, "tracks": []}).get_json()["playlist"]["id"]

    answer = client.get(f"/api/playlists/{begun('My Jazz and Anthrax')}/next?artist_cap=50&limit=40").get_json()
    assert (answer["method"], answer["method_score"], answer["scores"]) == ("name", None, [])
    artists = [track["artists"][0] for track in answer["tracks"]]
    assert artists[:12] == ["Anthrax"] * 12, "a named artist counts more than a genre"
    assert len(artists) == 40
    assert set(artists[12:]) <= set(JAZZ)
    assert answer["tracks"][0]["reason"] == "the playlist's name says “jazz” and “anthrax”"
    only = client.get(f"/api/playlists/{begun('Jazz')}/next?without=jazz %26 blues|classical").get_json()
    assert only["tracks"] == []
    silent = client.get(f"/api/playlists/{begun('For the new one')}/next").get_json()["error"]
    assert silent["code"] == "no_seeds"
    assert "holds no genre and no artist" in silent["message"]


def test_novelty_brings_up_what_few_know(
    configured: Callable[..., FlaskClient], tmp_path: Path, client: FlaskClient, database_uri: str
) -> None:
    last = client.get("/api/playlists/loud/next?limit=10").get_json()["tracks"][-1]["id"]
    known = [replace(track, popularity=1.0 if track.id == last else 90.0) for track in TRACKS]
    build_collection(tmp_path / "catalogue", known)
    anew = configured(tmp_path, database_uri)
    place = {}
    for novelty in (0, 1):
        tracks = anew.get(f"/api/playlists/loud/next?limit=10&novelty={novelty}").get_json()["tracks"]
        place[novelty] = [*(track["id"] for track in tracks), last].index(last)
    assert place[1] < place[0]


def test_without_other_tracks_it_says_why_there_is_no_list(
    configured: Callable[..., FlaskClient], tmp_path: Path, database: Database, database_uri: str
) -> None:
    build_collection(tmp_path / "catalogue", TRACKS[:8])
    database.put_tracks(TRACKS[:8])
    database.put_page("all", 0, [PlaylistItem(position=at, track_id=one.id) for at, one in enumerate(TRACKS[:8])])
    database.put_playlist(Playlist(id="all", name="Everything", item_count=8, complete=True))
    answer = configured(tmp_path, database_uri).get("/api/playlists/all/next").get_json()
    assert answer["tracks"] == []
    assert "in this playlist already" in answer["note"]
    assert "catalogue" in answer["note"]
    artists = answer["artists"]
    assert len(artists) == 12
    assert not {one["name"] for one in artists} & {name for track in TRACKS[:8] for name in track.artists}
    assert all(one["reasons"][0].startswith("like ") for one in artists)


def test_faults_say_what_to_do(client: FlaskClient) -> None:
    absent = client.get("/api/playlists/nowhere/next")
    assert (absent.status_code, absent.get_json()["error"]["code"]) == (404, "not_found")
    empty = client.get("/api/playlists/empty/next")
    assert (empty.status_code, empty.get_json()["error"]["code"]) == (422, "no_seeds")
    assert client.get("/api/playlists/loud/next?limit=0").status_code in {400, 422}


def test_what_does_not_fit_is_told_from_what_does(client: FlaskClient) -> None:
    alike = client.get("/api/playlists/loud/next?limit=5").get_json()
    assert [track["fits"] for track in alike["tracks"]] == [True] * 5
    assert alike["note"] is None
    apart = client.get("/api/playlists/loud/next?limit=5&without=metal").get_json()
    assert [track["fits"] for track in apart["tracks"]] == [False] * 5, "jazz after thrash"
    assert apart["note"].startswith("None of these 5 tracks fits: of tracks that fit, one in 5 was in the hidden half")
    assert len(apart["artists"]) == 12, "artists that go with it instead"
    both = client.get("/api/playlists/loud/next?limit=100&artist_cap=50&novelty=1").get_json()
    told = [track["fits"] for track in both["tracks"]]
    assert set(told) == {True, False}
    assert told == sorted(told, reverse=True), "what fits comes first, little known or not"
    assert f"Only {sum(told)} of these {len(told)} tracks fit" in both["note"]
