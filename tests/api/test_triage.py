"""Sorting a heap into one's own playlists: proposals, decisions, undo, and what a kill leaves."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from services.triage import sorting
from store.database import PAGE_ITEMS, Database
from store.domain import Playlist, PlaylistItem
from store.playlists import triages
from tests.api.conftest import CALM, LOUD, a_track

HEAP = ("metal5", "calm2", "same1", "same2", "silent", "metal2")


def made(client: FlaskClient, name: str, ids: tuple[str, ...], by: str | None = None) -> str:
    rows = [{"id": id_, "person": by} for id_ in ids]
    people = {by: {"name": "Ann"}} if by else {}
    answer = client.post("/api/playlists", json={"name": name, "tracks": rows, "people": people})
    assert answer.status_code == 201, answer.json
    return str(answer.json["playlist"]["id"])


class World:
    """A browser with a loud and a calm playlist and a heap; ``act`` posts and returns the answer."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.loud = made(client, "Loud", ("metal1", "metal3", "metal4"), "ann")
        self.calm = made(client, "Calm", ("calm1",), "ann")
        self.heap = made(client, "Liked songs", HEAP)
        self.address = f"/api/playlists/{self.heap}/triage"

    def start(self, **more: Any) -> dict[str, Any]:
        answer = self.client.put(self.address, json={"playlists": [self.loud, self.calm], **more})
        assert answer.status_code == 200, answer.json
        return dict(answer.json["triage"])

    def state(self, **query: Any) -> dict[str, Any]:
        answer = self.client.get(self.address, query_string=query)
        assert answer.status_code == 200, answer.json
        return dict(answer.json["triage"])

    def decide(self, *decisions: tuple[str, str, str | None], status: int = 200) -> dict[str, Any]:
        body = [{"track": track, "action": action, "playlist": playlist} for track, action, playlist in decisions]
        answer = self.client.post(f"{self.address}/decisions", json={"decisions": body})
        assert answer.status_code == status, answer.json
        return dict(answer.json.get("triage", {}))

    def undo(self) -> dict[str, Any]:
        answer = self.client.post(f"{self.address}/undo")
        assert answer.status_code == 200, answer.json
        return dict(answer.json["triage"])

    def rows(self, playlist: str) -> list[dict[str, Any]]:
        return list(self.client.get("/data", query_string={"playlist": playlist}).json["tracks"])

    def ids(self, playlist: str) -> list[str]:
        return [row["id"] for row in self.rows(playlist)]


@pytest.fixture
def world(client: FlaskClient) -> World:
    return World(client)


def card(state: dict[str, Any], track: str) -> dict[str, Any]:
    return next(one for one in state["cards"] if one["id"] == track)


def test_each_track_gets_a_playlist_with_a_confidence_and_reasons(world: World) -> None:
    state = world.start()
    assert state["total"] == len(HEAP)
    assert (state["already"], state["left"]) == (1, 5), "metal2 is another edition of metal1"
    loud = card(state, "metal5")
    assert loud["playlist"]["name"] == "Loud"
    assert loud["reasons"][0] == "2 songs of Iron Almond are there"
    assert {row["playlist"] and row["playlist"]["name"] for row in loud["others"]} == {"Calm", None}
    assert loud["confidence"] + sum(row["confidence"] for row in loud["others"]) == pytest.approx(1, abs=0.01)
    assert card(state, "same1")["playlist"]["name"] == "Calm"
    belong = [one["confidence"] for one in state["cards"] if one["playlist"]]
    assert belong == sorted(belong, reverse=True), "the surest come first"
    assert state["sure"]["50"] == sum(confidence >= 0.5 for confidence in belong)
    assert [one["id"] for one in world.state(at_least=belong[0])["cards"]] == [state["cards"][0]["id"]]


def test_accepted_tracks_are_added_and_undo_takes_them_out(world: World) -> None:
    world.start()
    state = world.decide(("metal5", "accept", world.loud))
    assert world.ids(world.loud) == ["metal1", "metal3", "metal4", "metal5"]
    row = world.rows(world.loud)[-1]
    assert row["added_by"] == "ann", "the one who has added most"
    assert row["added_at"]
    summary = next(one for one in world.client.get("/api/playlists").json["playlists"] if one["id"] == world.loud)
    assert (summary["item_count"], summary["contributors"][0]["count"]) == (4, 4)
    assert state["last"] == {
        "action": "accept",
        "tracks": 1,
        "title": "Furnace Hymn",
        "playlist": {"id": world.loud, "name": "Loud"},
    }
    assert (state["accepted"], state["left"]) == (1, 4)
    assert state["playlists"][0]["accepted"] == 1
    state = world.undo()
    assert world.ids(world.loud) == ["metal1", "metal3", "metal4"]
    assert (state["accepted"], state["left"], state["last"]) == (0, 5, None)
    assert world.client.post(f"{world.address}/undo").status_code == 409


def test_the_next_proposals_follow_from_what_was_decided(world: World) -> None:
    before = card(world.start(), "same1")
    assert before["playlist"]["name"] == "Calm"
    refused = card(world.decide(("same1", "reject", world.calm)), "same1")
    assert refused["playlist"] is None or refused["playlist"]["name"] == "Loud"
    assert world.calm not in {row["playlist"] and row["playlist"]["id"] for row in refused["others"]}
    world.undo()
    calm = card(world.state(), "calm2")["confidence"]
    later = card(world.decide(("same1", "accept", world.calm)), "calm2")
    assert later["confidence"] != calm
    assert card(world.undo(), "calm2")["confidence"] == calm, "as if it had never been"
    none = [card(world.state(), "same2"), card(world.decide(("silent", "none", None)), "same2")]
    shares = [one["confidence"] if one["playlist"] is None else _of_none(one) for one in none]
    assert shares[1] > shares[0], "who leaves one out is likelier to leave others out"


def _of_none(one: dict[str, Any]) -> float:
    return float(next(row["confidence"] for row in one["others"] if row["playlist"] is None))


def test_skipped_tracks_come_last_and_stay(world: World) -> None:
    first = world.start()["cards"][0]["id"]
    state = world.decide((first, "skip", None))
    assert state["cards"][-1]["id"] == first
    assert state["cards"][-1]["skipped"]
    assert (state["left"], state["skipped"]) == (5, 1)
    assert world.decide((first, "accept", world.loud))["skipped"] == 0


def test_all_above_a_confidence_are_one_step(world: World) -> None:
    state = world.start()
    wanted = {one["id"] for one in state["cards"] if one["playlist"] and one["confidence"] >= 0.5}
    assert len(wanted) > 1
    state = dict(world.client.post(f"{world.address}/accept", json={"at_least": 0.5}).json["triage"])
    assert state["last"]["tracks"] == len(wanted) == state["accepted"]
    assert wanted <= {*world.ids(world.loud), *world.ids(world.calm)}
    assert world.undo()["accepted"] == 0
    assert not wanted & {*world.ids(world.loud), *world.ids(world.calm)}


@pytest.mark.parametrize(
    ("decisions", "status"),
    [
        ([("metal1", "accept", "loud")], 404),
        ([("metal2", "none", None)], 409),
        ([("metal5", "accept", None)], 400),
        ([("metal5", "none", "loud")], 400),
        ([("metal5", "accept", "elsewhere")], 404),
        ([("metal5", "none", None), ("metal5", "none", None)], 400),
    ],
)
def test_what_cannot_be_decided_changes_nothing(
    world: World, decisions: list[tuple[str, str, str | None]], status: int
) -> None:
    world.start()
    given = [(track, action, world.loud if name == "loud" else name) for track, action, name in decisions]
    world.decide(*given, status=status)
    assert world.state()["last"] is None
    assert world.ids(world.loud) == ["metal1", "metal3", "metal4"]


def test_only_ones_own_playlists_are_added_to(world: World, database: Database) -> None:
    other = world.client.application.test_client()
    theirs = made(other, "Theirs", ("metal1",))
    for playlists, status in (([theirs], 403), ([world.heap], 400), (["nothing"], 404), ([], 422)):
        assert world.client.put(world.address, json={"playlists": playlists}).status_code == status
    world.start()
    assert other.get(world.address).json == {"triage": None}, "nobody sees what another browser decides"
    assert other.post(f"{world.address}/undo").json["error"]["code"] == "not_begun"
    database.put_playlist(Playlist(id="arriving", name="New", owner=None))
    assert world.client.put(world.address, json={"playlists": ["arriving"]}).status_code == 403


def test_a_triage_goes_on_in_another_process_and_can_be_forgotten(
    world: World, configured: Callable[..., FlaskClient], catalogue_folder: Any, database_uri: str
) -> None:
    world.start()
    state = world.decide(("metal5", "accept", world.loud), ("calm2", "reject", world.calm))
    again = configured(catalogue_folder, database_uri)
    again.set_cookie("tastemap_session", world.client.get_cookie("tastemap_session").value)  # type: ignore[union-attr]
    assert again.get(world.address).json == {"triage": state}
    assert world.start(person="ben")["person"] == "ben", "other choices leave the decisions alone"
    assert world.state()["accepted"] == 1
    assert world.client.delete(world.address).status_code == 204
    assert world.client.get(world.address).json == {"triage": None}
    assert world.ids(world.loud)[-1] == "metal5"


@pytest.mark.parametrize("broken", ["put_page", "change_document"])
@pytest.mark.parametrize("kind", ["accept", "undo"])
def test_what_a_killed_process_had_decided_is_carried_out(
    world: World, monkeypatch: pytest.MonkeyPatch, broken: str, kind: str
) -> None:
    world.start()
    if kind == "undo":
        world.decide(("metal5", "accept", world.loud))

    class Killed(BaseException):
        pass

    def kill(*arguments: Any, **_more: Any) -> None:
        raise Killed

    real = Database.change_document

    def kill_behind_the_page(self: Database, collection: str, *rest: Any, **more: Any) -> bool:
        if collection == "playlists":
            raise Killed
        return real(self, collection, *rest, **more)

    with monkeypatch.context() as patch:
        patch.setattr(Database, broken, kill if broken == "put_page" else kill_behind_the_page)
        with pytest.raises(Killed):
            world.undo() if kind == "undo" else world.decide(("metal5", "accept", world.loud))
    state = world.state()
    assert state["accepted"] == (kind == "accept")
    assert world.ids(world.loud) == ["metal1", "metal3", "metal4", *(["metal5"] if kind == "accept" else [])]


def test_what_is_deleted_is_gone(world: World, database: Database) -> None:
    world.start()
    state = world.decide(("calm2", "accept", world.calm))
    assert world.client.delete(f"/api/playlists/{world.calm}").status_code == 204
    assert [one["id"] for one in world.state()["playlists"]] == [world.loud]
    assert world.undo()["left"] == state["left"] + 1
    world.client.delete(f"/api/playlists/{world.loud}")
    assert world.client.get(world.address).json == {"triage": None}
    world.client.delete(f"/api/playlists/{world.heap}")
    assert world.client.get(world.address).status_code == 404
    assert database.documents_where("triages", {}) == database.documents_where("triage_pages", {}) == []


def test_a_heap_that_is_brought_in_again_may_have_lost_tracks(world: World, database: Database) -> None:
    world.start()
    world.decide(("metal5", "accept", world.loud), ("calm2", "reject", world.calm))
    stored = database.playlist(world.heap)
    assert stored
    database.put_page(world.heap, 0, database.playlist_items(world.heap)[2:])
    database.put_playlist(replace(stored, item_count=len(HEAP) - 2))
    state = world.state()
    assert (state["total"], state["left"]) == (4, 3)
    assert world.undo()["last"] is None
    assert "metal5" not in world.ids(world.loud)


def test_a_playlist_that_is_brought_in_again_keeps_what_was_accepted(world: World, database: Database) -> None:
    world.start()
    world.decide(("metal5", "accept", world.loud))
    stored = database.playlist(world.loud)
    assert stored
    database.put_page(world.loud, 0, database.playlist_items(world.loud)[:3])
    database.put_playlist(replace(stored, item_count=3))
    assert world.state()["accepted"] == 1
    assert world.ids(world.loud)[-1] == "metal5"


def test_a_long_heap_is_read_to_its_bound(world: World, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sorting, "MOST_HEAP", PAGE_ITEMS)
    tracks = [a_track(f"t{n}", f"Song {n}", "Iron Almond", LOUD if n % 2 else CALM) for n in range(PAGE_ITEMS + 5)]
    database.put_tracks(tracks)
    items = [PlaylistItem(position=n, track_id=track.id) for n, track in enumerate(tracks)]
    for page in (0, 1):
        database.put_page("long", page, items[page * PAGE_ITEMS : (page + 1) * PAGE_ITEMS])
    database.put_playlist(Playlist(id="long", name="History", item_count=len(items), complete=True))
    world.address = "/api/playlists/long/triage"
    state = world.start()
    assert (state["total"], state["left_out"]) == (PAGE_ITEMS, 5)
    state = dict(world.client.post(f"{world.address}/accept", json={"at_least": 0.0}).json["triage"])
    assert state["accepted"] > PAGE_ITEMS // 4
    assert len(world.ids(world.loud)) + len(world.ids(world.calm)) == 4 + state["accepted"]
    assert triages.find_triage(database, triages.triage_id(_owner(database), "long"))
    assert world.undo()["accepted"] == 0
    assert len(world.ids(world.loud)) + len(world.ids(world.calm)) == 4


def _owner(database: Database) -> str:
    return str(next(one["owner"] for one in database.documents_where("triages", {})))
