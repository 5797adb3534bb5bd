"""How a file would be read, as the page shows it before the import."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

UNKNOWN = "Kanto,Artisto,Dauxro\nWaterloo,ABBA,2:45\nFernando,ABBA,4:12\n"
TABLE = "track_id,track_name,artists,danceability,energy\n0000vdREvCVMxbQTkS888c,A,B,0.5,0.5\n"


def preview(client: FlaskClient, content: str | bytes, name: str = "list.csv", **options: Any) -> Any:
    body = content.encode() if isinstance(content, str) else content
    data = {"file": (io.BytesIO(body), name), "options": json.dumps(options)}
    return client.post("/api/uploads/preview", data=data)


def shown(*arguments: Any, **options: Any) -> dict[str, Any]:
    answer = preview(*arguments, **options)
    assert answer.status_code == 200, answer.get_json()
    found = answer.get_json()["preview"]
    assert isinstance(found, dict)
    return found


def read_as(found: dict[str, Any]) -> dict[str, str]:
    return {column["heading"]: column["field"] for column in found["columns"]}


def test_a_file_that_is_understood_leaves_no_doubt(client: FlaskClient) -> None:
    found = shown(client, "Titel,Interpret,Dauer\nWaterloo,ABBA,2:45\n")
    assert (found["kind"], found["doubts"], found["problem"]) == ("list", [], None)
    assert read_as(found) == {"Titel": "title", "Interpret": "artists", "Dauer": "length"}
    [track] = found["tracks"]
    assert (track["title"], track["artists"], track["length_ms"]) == ("Waterloo", ["ABBA"], 165_000)


def test_unknown_headings_are_a_doubt_that_columns_answer(client: FlaskClient) -> None:
    asked = shown(client, UNKNOWN)
    assert asked["kind"] is None
    assert "Say which ones" in asked["doubts"][0]
    assert asked["problem"]
    assert asked["columns"][0]["cells"] == ["Waterloo", "Fernando"]
    answered = shown(client, UNKNOWN, columns={"title": 1, "artists": 2, "length": 3})
    assert (answered["doubts"], answered["problem"]) == ([], None)
    assert [track["length_ms"] for track in answered["tracks"]] == [165_000, 252_000]


def test_a_file_without_headings_keeps_its_first_row(client: FlaskClient) -> None:
    found = shown(client, "ABBA;Waterloo\nQueen;Innuendo\n", has_headings=False, columns={"artists": 1, "title": 2})
    assert [column["heading"] for column in found["columns"]] == ["Column 1", "Column 2"]
    assert [track["title"] for track in found["tracks"]] == ["Waterloo", "Innuendo"]


def test_a_title_alone_may_hold_the_artist(client: FlaskClient) -> None:
    found = shown(client, "Video,Kanal\nABBA - Waterloo,x\n", columns={"title": 1})
    assert [(track["title"], track["artists"]) for track in found["tracks"]] == [("Waterloo", ["ABBA"])]


def test_a_doubtful_encoding_can_be_chosen(client: FlaskClient) -> None:
    content = "Title,Artist\nSueño,Sigur Rós\n".encode("cp1252")
    asked = shown(client, content)
    assert asked["encoding"] == "cp1252"
    assert "fits nearly as well" in asked["doubts"][0]
    chosen = shown(client, content, encoding="cp1251")
    assert chosen["doubts"] == []
    assert chosen["tracks"][0]["title"] != "Sueño"


def test_a_table_with_audio_features_is_either(client: FlaskClient) -> None:
    asked = shown(client, TABLE)
    assert asked["may_be_table"] is True
    assert "audio features" in asked["doubts"][0]
    assert shown(client, TABLE, read_as="playlist")["doubts"] == []


def test_the_last_row_of_a_part_is_left_out(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.playlists.previews.PREVIEW_BYTES", 40)
    found = shown(client, "Title,Artist\nWaterloo,ABBA\nÜber,Wölfe und Füchse\n")
    assert (found["encoding"], len(found["tracks"])) == ("utf-8-sig", 1)


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n", b'{"playlists": []}', b"Title,Artist\n"])
def test_of_what_cannot_be_read_only_the_problem_is_told(client: FlaskClient, content: bytes) -> None:
    found = shown(client, content)
    assert found["problem"]
    assert found["doubts"] == found["columns"] == found["tracks"] == []


@pytest.mark.parametrize(
    ("content", "options", "status", "code"),
    [
        (b"a,b\nc,d\n", {"encoding": "rot13"}, 422, "unknown_encoding"),
        (b"a,b\nc,d\n", {"columns": {"title": 9}}, 422, "no_such_column"),
        (b"a,b\nc,d\n", {"columns": {"nonsense": 1}}, 400, "bad_request"),
    ],
)
def test_what_cannot_be_chosen_is_refused(
    client: FlaskClient, content: bytes, options: dict[str, Any], status: int, code: str
) -> None:
    answer = preview(client, content, **options)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (status, code)


def test_only_the_operator_brings_a_table(
    configured: Callable[..., FlaskClient], tmp_path: Path, database_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.sources.uploads.spawn_worker", lambda *_: None)
    for key, status in (("", 202), ("sesame", 403)):
        client = configured(tmp_path, database_uri, operator_key=key)
        data = {"file": (io.BytesIO(TABLE.encode()), "t.csv"), "options": '{"read_as": "table"}'}
        assert client.post("/api/uploads", data=data).status_code == status
        assert shown(client, TABLE)["may_be_table"] is (not key)
