"""The addresses of the page: each answers with its shell; at others a browser is told, and so is a program."""

import pytest
from flask.testing import FlaskClient

from api.page import PARTS

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
KNOWN = ["/", "/track/a%2Fb", "/track?q=x", "/playlists", "/playlist/7", "/library", "/settings"]
KNOWN += [f"/playlist/7/{part}" for part in PARTS["playlist"]]
KNOWN += [f"/{view}/{part}" for view in ("library", "settings") for part in PARTS[view]]
UNKNOWN = ["/nowhere", "/library/nowhere", "/settings/nowhere", "/playlist/7/nowhere", "/playlist", "/lab"]


@pytest.mark.parametrize("path", KNOWN)
def test_the_page_is_at_each_of_its_addresses(client: FlaskClient, path: str) -> None:
    answer = client.get(path, headers=BROWSER)
    assert answer.status_code == 200
    assert b'<div id="app"' in answer.data
    assert (b'<input id="search"' in answer.data) == (path == "/")
    assert (b'href="/api/playlists/7/columns?start=0"' in answer.data) == path.startswith("/playlist/")


@pytest.mark.parametrize("path", UNKNOWN)
def test_at_another_address_a_browser_gets_the_page_that_says_so(client: FlaskClient, path: str) -> None:
    answer = client.get(path, headers=BROWSER)
    assert answer.status_code == 404
    assert b'<div id="app"' in answer.data
    assert "Content-Security-Policy" in answer.headers


@pytest.mark.parametrize(("path", "accept"), [("/nowhere", "*/*"), ("/api/nowhere", BROWSER["Accept"])])
def test_a_program_gets_the_usual_error(client: FlaskClient, path: str, accept: str) -> None:
    answer = client.get(path, headers={"Accept": accept})
    assert answer.status_code == 404
    assert answer.get_json()["error"]["code"] == "not_found"


def test_the_given_routes_stay_data(client: FlaskClient) -> None:
    for path in ("/data", "/api/openapi.json", "/healthz"):
        assert client.get(path, headers=BROWSER).is_json, path
