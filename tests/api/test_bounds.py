"""What a request may hold: every route of /api/openapi.json is tried with bodies and addresses that break parsers."""

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api.limits.bounds import LARGEST_BODY, MAX_BODY, MAX_DEPTH
from app import create_app
from config import Config
from tests.api.conftest import configuring

SPEC = create_app(Config(var=Path("unused"))).spec
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, methods in SPEC["paths"].items()
    for method, operation in methods.items()
    if method != "parameters"
}
WITH_JSON = {
    name: one for name, one in OPERATIONS.items() if "application/json" in one.get("requestBody", {}).get("content", {})
}
# Values that parsers, numbers or BSON choke on; each stands alone, as a member, as a name and in a list.
VALUES = ("[" * 1100 + "]" * 1100, "9" * 5000, str(2**70), "-1e400", '"\\ud800"', '"a\\u0000b"', "NaN", "1e300")
BODIES = [
    *VALUES,
    *(f'{{"name": {value}}}' for value in VALUES),
    *(f"[{value}]" for value in VALUES),
    *(f"{{{name}: 1}}" for name in ('"a\\u0000"', '"\\udfff"')),
    *("", "{", "null", "[]", "{}", '"text"', "{'a': 1}", "\ufeff{}"),
]


@pytest.fixture(scope="module")
def client(module_database_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """One installation for all requests of this file: each must leave it fit for those after it."""
    with configuring() as configure:
        yield configure(tmp_path_factory.mktemp("bounds"), module_database_uri)


def sent(client: FlaskClient, name: str, **more: Any) -> TestResponse:
    method, _, path = name.partition(" ")
    return client.open(re.sub(r"{\w+}", "x", path), method=method, **more)


def refused(answer: TestResponse, what: str) -> None:
    """Check that an answer is no fault of ours and, where it is one of theirs, has the one shape."""
    assert answer.status_code < 500, f"{what}: {answer.text}"
    if answer.status_code >= 400:
        assert answer.is_json, what
        assert answer.json["error"].keys() >= {"code", "message", "hint"}, what


@pytest.mark.parametrize("name", WITH_JSON)
def test_no_body_breaks_a_route(client: FlaskClient, name: str) -> None:
    for body in BODIES:
        refused(sent(client, name, data=body, content_type="application/json"), f"{name} {body[:30]}")
    for value in VALUES:  # in the place of each member that the route knows
        for member in members(WITH_JSON[name]):
            body = f'{{"{member}": {value}}}'
            answer = sent(client, name, data=body, content_type="application/json")
            assert 400 <= answer.status_code < 500, f"{name} {body[:60]}: {answer.text}"
            refused(answer, name)


def members(operation: dict[str, Any]) -> Iterator[str]:
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    yield from SPEC["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]["properties"]


@pytest.mark.parametrize("name", OPERATIONS)
def test_no_address_breaks_a_route(client: FlaskClient, name: str) -> None:
    method, _, path = name.partition(" ")
    if path in {"/healthz", "/readyz"}:
        pytest.skip("takes nothing")
    queries = [one["name"] for one in OPERATIONS[name].get("parameters", ()) if one["in"] == "query"]
    for value in (
        "%00",
        "%ED%A0%80",
        "9" * 5000,
        "-1",
        "1e999",
        "..%2f..%2f",
        "%F0%9F%8E%B5" * 90,
    ):
        for query in ("", *(f"?{one}={value}" for one in [*queries, "unknown"])):
            if not query and "{" not in path:
                continue
            address = re.sub(r"{\w+}", value, path) + query
            refused(client.open(address, method=method, json={} if name in WITH_JSON else None), f"{method} {address}")


@pytest.mark.parametrize("name", WITH_JSON)
def test_a_body_is_bounded_before_it_is_parsed(client: FlaskClient, name: str) -> None:
    method, _, path = name.partition(" ")
    rule = re.sub(r"{(\w+)}", r"<\1>", path)
    [endpoint] = [
        r.endpoint for r in client.application.url_map.iter_rules() if r.rule == rule and method in (r.methods or ())
    ]
    most = getattr(client.application.view_functions[endpoint], "max_body", MAX_BODY)
    assert most <= LARGEST_BODY
    body = b'{"name": "' + b"x" * most + b'"}'
    by_length = sent(client, name, data=body, content_type="application/json")
    stream = io.BytesIO(body)  # chunked: nobody says how long it is
    chunked = sent(
        client,
        name,
        input_stream=stream,
        content_type="application/json",
        environ_overrides={"wsgi.input_terminated": True},
    )
    for answer in (by_length, chunked):
        assert (answer.status_code, answer.json["error"]["code"]) == (413, "too_large")


def test_a_body_may_be_as_deep_as_routes_need(client: FlaskClient) -> None:
    for depth, code in ((MAX_DEPTH, "invalid_value"), (MAX_DEPTH + 1, "bad_json")):
        body = '{"x": ' * depth + "1" + "}" * depth
        answer = client.put("/api/never", data=body, content_type="application/json")
        assert answer.json["error"]["code"] == code


@pytest.mark.parametrize("value", VALUES)
def test_no_form_field_breaks_the_upload(client: FlaskClient, value: str) -> None:
    for options in (
        value,
        json.dumps({"encoding": "x\0"}),
        f'{{"columns": {{"title": {value}}}}}',
        f'{{"encoding": {value}}}',
    ):
        for path in ("/api/uploads", "/api/uploads/preview"):
            data = {"file": (io.BytesIO(b"a,b\n"), "x\0.csv"), "options": options}
            answer = client.post(path, data=data)
            assert 400 <= answer.status_code < 500, (path, options[:40])
            refused(answer, path)


@pytest.mark.parametrize("fields", [{f"field{number}": "x" for number in range(1_100)}, {"options": "x" * 505_000}])
def test_a_form_is_refused_for_its_fields_and_not_for_its_size(client: FlaskClient, fields: dict[str, str]) -> None:
    data = fields | {"file": (io.BytesIO(b"Title,Artist\n"), "list.csv")}
    answer = client.post("/api/uploads", data=data)
    assert (answer.status_code, answer.json["error"]["message"].split(",")[0]) == (413, "The form has too many fields")


def test_no_link_and_no_origin_breaks_a_route(client: FlaskClient) -> None:
    for link in ("http://[", "https://[x]/track/1", "https://open.spotify.com]/track/1"):
        for path in ("/api/search", "/genre-predict"):
            refused(client.get(path, query_string={"q": link}), f"{path} {link}")
        refused(client.put("/api/never", json={"tracks": []}, headers={"Origin": link}), f"Origin {link}")


@pytest.mark.parametrize("host", ["[", "[::1", "a b", "a]", "\u00e4.example", "x:99999999"])
def test_no_name_of_the_server_breaks_a_route(client: FlaskClient, host: str) -> None:
    answer = client.get("/api/status", headers={"Host": host})
    assert answer.status_code in {200, 400, 421}
    refused(answer, host)
