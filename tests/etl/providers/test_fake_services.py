"""The fakes themselves: what befalls a client, as other tests rely on it."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import requests

from tests.fake_services.faults import change, cut, garbage, limited, slow, unavailable
from tests.fake_services.fixtures import FakeServices


@pytest.fixture
def client() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


def test_what_was_asked_is_recorded(fake_services: FakeServices, client: requests.Session) -> None:
    deezer = fake_services.deezer
    client.get(f"{deezer.url}/search", params={"q": "hedgerow", "limit": "5"}, headers={"X-Who": "me"})
    [request] = deezer.requests_to("/search")
    assert (request.query, request.headers["x-who"]) == ({"q": "hedgerow", "limit": "5"}, "me")
    assert fake_services.request_count() == 1


def test_faults_come_in_their_order_and_pass(fake_services: FakeServices, client: requests.Session) -> None:
    labs = fake_services.listenbrainz_labs
    labs.fail(limited(85_771, reason="QUOTA_EXCEEDED"), times=2, path="/recording-search/.*")
    labs.fail(limited(datetime(2026, 11, 22, 12, tzinfo=UTC)), path="/similar-recordings/json")
    url = f"{labs.url}/recording-search/json?query=hedgerow"
    first, second, third = (client.get(url) for _ in range(3))
    assert first.status_code == second.status_code == 429
    assert first.headers["Retry-After"] == "85771"
    assert first.json()["error"]["reason"] == "QUOTA_EXCEEDED"
    assert third.json()[0]["recording_name"] == "Hedgerow"
    dated = client.get(f"{labs.url}/similar-recordings/json")
    assert dated.headers["Retry-After"] == "Sun, 22 Nov 2026 12:00:00 GMT"


def test_until_it_is_healed(fake_services: FakeServices, client: requests.Session) -> None:
    itunes = fake_services.itunes
    itunes.fail(unavailable(), times=None)
    assert [client.get(f"{itunes.url}/search?term=receipts").status_code for _ in range(3)] == [503, 503, 503]
    itunes.heal()
    assert client.get(f"{itunes.url}/search?term=receipts").status_code == 200


def test_a_cut_connection_ends_in_the_body(fake_services: FakeServices, client: requests.Session) -> None:
    fake_services.deezer.fail(cut())
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        client.get(f"{fake_services.deezer.url}/genre")
    assert client.get(f"{fake_services.deezer.url}/genre").status_code == 200


def test_a_slow_answer_outlasts_the_client(fake_services: FakeServices, client: requests.Session) -> None:
    fake_services.deezer.fail(slow(30))
    with pytest.raises(requests.exceptions.ReadTimeout):
        client.get(f"{fake_services.deezer.url}/genre", timeout=0.05)


def test_garbage_is_no_json(fake_services: FakeServices, client: requests.Session) -> None:
    fake_services.reccobeats.fail(garbage())
    with pytest.raises(requests.exceptions.JSONDecodeError):
        client.get(f"{fake_services.reccobeats.url}/v1/track?ids=x").json()


def test_a_page_may_change_while_it_is_read(fake_services: FakeServices, client: requests.Session) -> None:
    world, deezer = fake_services.world, fake_services.deezer
    deezer.fail(change(lambda: world.songs.remove(world.song("Glass Tide"))), path="/search", skip=1)
    url = f"{deezer.url}/search?q=glass+tide&limit=2"
    first, second = client.get(url).json(), client.get(f"{url}&index=2").json()
    assert (first["total"], second["total"]) == (4, 3)
    assert [row["title"] for row in second["data"]] == ["Glass Tide (Karaoke Version)"]


def test_a_stopped_service_refuses(fake_services: FakeServices, client: requests.Session) -> None:
    url = fake_services.deezer.url
    fake_services.deezer.stop()
    with pytest.raises(requests.exceptions.ConnectionError):
        client.get(f"{url}/genre")


def test_limits_are_the_services_own(fake_services: FakeServices, client: requests.Session) -> None:
    deezer, musicbrainz = fake_services.deezer, fake_services.musicbrainz
    answers = [client.get(f"{deezer.url}/genre").json() for _ in range(60)]
    assert answers[0]["data"]
    assert answers[-1]["error"]["code"] == 4
    headers = {"User-Agent": "Tastemap tests (nobody@nowhere.invalid)"}
    codes = [
        client.get(f"{musicbrainz.url}/ws/2/isrc/ZZTM10800000?fmt=json", headers=headers).status_code for _ in range(8)
    ]
    assert (codes[0], codes[-1]) == (200, 503)


def test_musicbrainz_wants_to_know_who_calls(fake_services: FakeServices, client: requests.Session) -> None:
    assert client.get(f"{fake_services.musicbrainz.url}/ws/2/isrc/ZZTM10800000?fmt=json").status_code == 403
