"""Contributors get names and colours, from those who may give them, and keep them."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from jobs.worker import execute
from store.database import Database
from store.domain import Person, Playlist
from store.runs import Run
from tests.etl.exports import lists
from tests.etl.exports.lists import ODD

ANN = {"name": "Ann", "colour": "#0065a8", "shape": "star"}


@pytest.fixture
def everybodys(database: Database) -> Playlist:
    """A playlist that the operator imported, with two people and two rows of nobody's."""
    lists.store(database, ODD)
    database.change_document("playlists", "0123456789abcdef01234567", {"owner": None})
    playlist = database.playlist("0123456789abcdef01234567")
    assert playlist is not None
    return playlist


def put(client: FlaskClient, playlist: Playlist, people: dict[str, Any]) -> Any:
    return client.put(f"/api/playlists/{playlist.id}/people", json={"people": people})


def people_of(client: FlaskClient, playlist: Playlist) -> dict[str, tuple[str | None, str | None]]:
    answer = client.get(f"/data?playlist={playlist.id}").json["playlist"]
    return {contributor["id"]: (contributor["name"], contributor["colour"]) for contributor in answer["contributors"]}


def test_names_are_given_one_by_one_and_taken_back(empty_client: FlaskClient, everybodys: Playlist) -> None:
    assert people_of(empty_client, everybodys) == {"q": (None, None), "wanda %41": (None, None)}
    answer = put(empty_client, everybodys, {"q": ANN})
    assert answer.status_code == 200, answer.json
    assert answer.json["playlist"]["nameable"] is True
    put(empty_client, everybodys, {"wanda %41": {"name": "  Wanda\nFlint ", "colour": "#ABCDEF"}})
    assert people_of(empty_client, everybodys) == {"q": ("Ann", "#0065a8"), "wanda %41": ("Wanda Flint", "#abcdef")}
    put(empty_client, everybodys, {"q": {"name": None, "colour": None}})
    assert people_of(empty_client, everybodys) == {"q": (None, None), "wanda %41": ("Wanda Flint", "#abcdef")}


@pytest.mark.parametrize(
    ("people", "status"),
    [
        ({"nobody": ANN}, 404),
        ({"q" * 257: ANN}, 422),
        ({f"q{number}": ANN for number in range(1001)}, 422),
        ({"q": {"name": "x" * 61}}, 422),
        ({"q": {"colour": "red"}}, 422),
        ({"q": {"shape": "ring"}}, 422),
        ({"q": {"colour": "#0065a8\n"}}, 422),
        ({"q": {"name": 7}}, 422),
        ({"q": {"nickname": "x"}}, 422),
        ({"q": None}, 422),
        (None, 422),
    ],
)
def test_what_is_no_person(empty_client: FlaskClient, everybodys: Playlist, people: Any, status: int) -> None:
    answer = put(empty_client, everybodys, people)
    assert answer.status_code == status
    assert answer.json["error"]["message"]
    assert people_of(empty_client, everybodys)["q"] == (None, None)


def test_a_playlist_of_another_browser_is_named_there(empty_client: FlaskClient, database: Database) -> None:
    playlist = lists.store(database, ODD)
    answer = put(empty_client, playlist, {"q": ANN})
    assert (answer.status_code, answer.json["error"]["code"]) == (403, "not_yours")
    assert people_of(empty_client, playlist)["q"] == (None, None)
    assert empty_client.put("/api/playlists/nosuch/people", json={"people": {}}).status_code == 404


def test_an_import_that_comes_again_keeps_the_names(database: Database) -> None:
    playlist = lists.store(database, ODD)
    database.put_people(playlist.id, {"q": Person(name="Ann")})
    lists.store(database, ODD)
    again = database.playlist(playlist.id)
    assert again is not None
    assert again.people == {"q": Person(name="Ann")}


def test_a_playlist_is_renamed_by_who_may_and_keeps_its_name(
    empty_client: FlaskClient, everybodys: Playlist, database: Database
) -> None:
    path = f"/api/playlists/{everybodys.id}/name"
    answer = empty_client.put(path, json={"name": "  Our\n summer "})
    assert (answer.status_code, answer.json["playlist"]["name"]) == (200, "Our summer")
    lists.store(database, ODD)  # the same file comes again, and puts another owner in
    assert empty_client.get(f"/data?playlist={everybodys.id}").json["playlist"]["name"] == "Our summer"
    assert (refused := empty_client.put(path, json={"name": "Theirs"})).status_code == 403, refused.json
    again = database.playlist(everybodys.id)
    assert again is not None
    assert again.name == "Our summer"
    for wrong in ("", " \n", "x" * 201, None, 7):
        assert empty_client.put(path, json={"name": wrong}).status_code == 422
    assert empty_client.put("/api/playlists/nosuch/name", json={"name": "x"}).status_code == 404


def test_names_go_out_with_our_own_json_and_come_back(
    empty_client: FlaskClient, everybodys: Playlist, database: Database, tmp_path: Any
) -> None:
    put(empty_client, everybodys, {"q": ANN})
    content = empty_client.get(f"/api/playlists/{everybodys.id}/export?format=json").data
    assert json.loads(content)["playlist"]["people"] == {"q": ANN}
    file = tmp_path / "list.json"
    file.write_bytes(content)
    run = Run(name=file.name, source=str(file))
    database.put_run(run)
    assert execute(database, tmp_path, run.id) == "done"
    ended = database.get_run(run.id)
    assert ended is not None
    copy = database.playlist(ended.playlist_id)
    assert copy is not None
    assert copy.people == {"q": Person(name="Ann", colour="#0065a8", shape="star")}
