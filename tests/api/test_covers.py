"""Covers: fetched by the server from the sources that may be used, kept on disk within bounds, and nothing before."""

import shutil
from collections.abc import Callable, Collection
from contextlib import ExitStack
from contextvars import copy_context
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from etl.lookup import lookup, slots
from etl.lookup.slots import Slots
from services.sound import covers
from store import disk
from tests.fake_services.deezer import PICTURE
from tests.fake_services.faults import cut, replying
from tests.fake_services.fixtures import FakeServices
from tests.fake_services.server import Happening

Asking = Callable[[Collection[str]], FlaskClient]


@pytest.fixture
def asking(
    configured: Callable[..., FlaskClient], catalogue_folder: Path, database_uri: str, fake_services: FakeServices
) -> Asking:
    return lambda on: configured(catalogue_folder, database_uri, sources=on, source_urls=fake_services.urls)


def covers_of(client: FlaskClient, services: FakeServices, count: int = 1) -> list[str]:
    """Look songs of the sources up, so that they are known; return the addresses of their covers."""
    songs = [song for song in services.world.songs[3:] if not song.absent][:count]
    found = [client.get(f"/genre-predict?track={song.title}&artist={song.artist.name}").json for song in songs]
    return [f"/api/covers/{answer['track']['id']}" for answer in found]


def test_nothing_is_sent_where_no_source_may_be_used(asking: Asking, fake_services: FakeServices) -> None:
    client = asking([])
    address = f"/api/covers/{client.get('/api/search?q=a').json['tracks'][0]['id']}"
    assert client.get(address).status_code == 204
    assert fake_services.request_count() == 0


def test_a_cover_comes_through_us_once_and_is_kept(asking: Asking, fake_services: FakeServices) -> None:
    client = asking(["deezer"])
    [address] = covers_of(client, fake_services)
    answer = client.get(address)
    assert (answer.status_code, answer.content_type, answer.data) == (200, "image/png", PICTURE)
    assert "private" in answer.headers["Cache-Control"]
    before = fake_services.request_count()
    assert client.get(address).data == PICTURE
    assert fake_services.request_count() == before
    assert client.delete("/api/sources/deezer/answers").status_code == 204
    assert client.get(address).data == PICTURE
    assert fake_services.request_count() > before


def test_what_is_no_picture_is_not_shown(asking: Asking, fake_services: FakeServices) -> None:
    client = asking(["itunes"])
    [address] = covers_of(client, fake_services)
    answer = client.get(address)
    assert (answer.status_code, answer.data) == (204, b"")
    assert any("/image/" in request.path for request in fake_services.itunes.requests)
    assert covers.picture_in(PICTURE + bytes(covers.MOST_BYTES_EACH)) is None


@pytest.mark.parametrize(
    ("url", "theirs"),
    [
        ("https://e-cdns-images.dzcdn.net/images/cover/1/250x250.jpg", True),
        ("https://elsewhere.example\\@a.dzcdn.net/cover.jpg", False),  # requests goes to the host before the backslash
        ("https://127.0.0.1:80\\.dzcdn.net/", False),
        ("https://elsewhere.example/.dzcdn.net", False),
        ("https://a.dzcdn.net@elsewhere.example/", False),
        ("https://a.dzcdn.net:22/", False),
        ("http://a.dzcdn.net/", False),
        ("https://adzcdn.net/", False),
    ],
)
def test_a_picture_is_fetched_from_the_hosts_of_its_source(url: str, theirs: bool) -> None:
    assert covers.is_on_host(url, ".dzcdn.net") == theirs


def test_what_is_kept_has_a_bound(asking: Asking, fake_services: FakeServices, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(covers, "MOST_BYTES", int(2.5 * len(PICTURE)))
    client = asking(["deezer"])
    addresses = covers_of(client, fake_services, 4)
    assert len(set(addresses)) == 4
    for address in addresses:
        assert client.get(address).status_code == 200
    folder = client.application.extensions["tastemap"].config.var / "covers" / "deezer"
    assert len(list(folder.iterdir())) == 2


def test_the_folder_is_listed_once_for_many_pictures(
    asking: Asking, fake_services: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two hundred megabytes may be twenty thousand files."""
    looks: list[Path] = []
    monkeypatch.setattr(covers, "MOST_BYTES", 150 * len(PICTURE))
    monkeypatch.setattr(covers, "_kept_since_look", 0)
    monkeypatch.setattr(covers, "_delete_oldest", looks.append)
    client = asking(["deezer"])
    shutil.rmtree(client.application.extensions["tastemap"].config.var / "covers", ignore_errors=True)
    for address in covers_of(client, fake_services, 7):
        assert client.get(address).status_code == 200
    assert len(looks) == 2, "after three pictures each"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"RIFF\x24\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"RIFF\n\n\n\nWEBPVP8L", "image/webp"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", None),
        (b"RIFF\x24\x00\x00\x00AVI LIST", None),
        (b"RIFF<script>alert(1)</script>", None),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", None),
        (b"GIF89a", None),
        (b"", None),
    ],
)
def test_a_picture_is_known_by_its_beginning(content: bytes, kind: str | None) -> None:
    picture = covers.picture_in(content)
    assert (picture and picture.kind) == kind


def test_a_picture_that_cannot_be_kept_is_shown(
    asking: Asking, fake_services: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = asking(["deezer"])
    [address] = covers_of(client, fake_services)
    folder = client.application.extensions["tastemap"].config.var / "covers"
    shutil.rmtree(folder, ignore_errors=True)
    folder.write_bytes(b"")  # nothing can be made below it
    shown = client.get(address).data
    folder.unlink()
    assert shown == PICTURE
    monkeypatch.setattr(disk, "LEAST_FREE_BYTES", 1 << 60)
    assert client.get(address).data == PICTURE
    assert not folder.exists(), "pictures take no room that the database needs"


def test_pictures_are_fetched_by_few_threads(
    asking: Asking, fake_services: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = asking(["deezer"])
    [address] = covers_of(client, fake_services)
    assert client.delete("/api/sources/deezer/answers").status_code == 204
    with monkeypatch.context() as busy:
        busy.setattr(covers, "_slots", Slots(1))
        with covers._slots.slot():
            refused = client.get(address)
            assert (refused.status_code, refused.headers["Cache-Control"]) == (204, "no-store")
        assert client.get(address).data == PICTURE
    assert client.delete("/api/sources/deezer/answers").status_code == 204
    assert client.get(address).data == PICTURE


@pytest.mark.parametrize(
    "happening",
    [
        replying(200, b"<html>Sign in to the hotel's network</html>"),
        replying(200, b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
        replying(200, PICTURE + bytes(20_000_000)),
        replying(200, PICTURE, Content_Encoding="gzip"),
        replying(302, Location="http://10.0.0.1/cover.png"),
        replying(302, Location="file:///etc/passwd"),
        replying(302, Location="http://[::1]:1/cover.png"),
        replying(302, Location="/images/cover/1/250x250.jpg"),
        replying(500),
        cut(PICTURE[:20]),
    ],
)
def test_whatever_a_server_of_pictures_does_the_visitor_gets_a_picture_or_none(
    asking: Asking, fake_services: FakeServices, happening: Happening
) -> None:
    client = asking(["deezer"])
    [address] = covers_of(client, fake_services)
    assert client.delete("/api/sources/deezer/answers").status_code == 204
    fake_services.deezer.fail(happening, path="/images/.*", times=None)
    answer = client.get(address)
    assert (answer.status_code, answer.data) == (204, b"")
    assert answer.headers["Cache-Control"] == "private, max-age=300"
    fake_services.deezer.heal()
    assert not list((client.application.extensions["tastemap"].config.var / "covers" / "deezer").glob("*"))


def test_a_cover_that_was_not_looked_for_is_asked_for_again(
    asking: Asking, fake_services: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = asking(["deezer"])
    [address] = covers_of(client, fake_services)
    assert client.delete("/api/sources/deezer/answers").status_code == 204
    with monkeypatch.context() as busy:
        busy.setattr(lookup, "_slots", Slots(0))
        refused = client.get(address)
        assert (refused.status_code, refused.headers["Cache-Control"]) == (204, "no-store")
    assert client.get(address).data == PICTURE


def test_pictures_of_one_network_leave_room_for_another(asking: Asking, fake_services: FakeServices) -> None:
    client = asking(["deezer"])
    [address] = covers_of(client, fake_services)

    def fetched(network: str) -> bool:
        assert client.delete("/api/sources/deezer/answers").status_code == 204
        return client.get(address, environ_base={"REMOTE_ADDR": network}).status_code == 200

    taken = copy_context()
    taken.run(slots.network.set, "2001:db8:1:2::/64")
    with ExitStack() as held:
        while taken.run(held.enter_context, covers._slots.slot()):
            pass
        assert not fetched("2001:db8:1:2::5")
        assert not fetched("2001:db8:1:2:ffff::1")
        assert fetched("2001:db8:1:3::5")
        assert fetched("192.0.2.7")


def test_another_process_may_delete_pictures_meanwhile(
    asking: Asking, fake_services: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = asking(["deezer"])
    [address] = covers_of(client, fake_services)
    folder = client.application.extensions["tastemap"].config.var / "covers" / "deezer"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    gone = folder / "gone"
    gone.symlink_to(folder / "nowhere")  # listed, and not there when it is looked at
    shown = client.get(address).data
    gone.unlink()  # tests of one process share the folder
    assert shown == PICTURE
