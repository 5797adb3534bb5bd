"""Links, URIs and ids in the place of words: in search, /genre-predict and /recommend."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from etl.lookup.lookup import settle
from store.catalogue.builder import build_collection
from store.database import Database
from tests.api.conftest import LOUD, TRACKS, a_track
from tests.fake_services.fixtures import FakeServices

ID = "4u7EnebtmKWzUH433cf5Qv"
MBID = "b1a9c0e9-d987-4042-ae91-78d6a3267d69"
UNKNOWN = "0000000000000000000009"


@pytest.fixture
def linked(
    configured: Callable[..., FlaskClient], database_uri: str, database: Database, tmp_path: Path
) -> FlaskClient:
    build_collection(tmp_path / "catalogue", [*TRACKS, a_track(ID, "Tin Procession", "Iron Almond", LOUD)])
    named = a_track("local-1", "Rust", "Kelp", LOUD)
    stored = replace(named, ids={"deezer": "77", "mbid": MBID}, isrc="ZZINV2600101")
    database.put_tracks([stored])
    return configured(tmp_path, database_uri)


@pytest.mark.parametrize(
    ("words", "title"),
    [
        (f"spotify:track:{ID}", "Tin Procession"),
        (f"https://open.spotify.com/intl-de/track/{ID}?si=1", "Tin Procession"),
        (ID, "Tin Procession"),
        ("https://www.deezer.com/de/track/77", "Rust"),
        (f"https://musicbrainz.org/recording/{MBID}", "Rust"),
        (MBID, "Rust"),
        ("ZZ-INV-26-00101", "Rust"),
    ],
)
def test_a_link_names_its_track(linked: FlaskClient, words: str, title: str) -> None:
    query = {"q": words}
    assert [track["title"] for track in linked.get("/api/search", query_string=query).json["tracks"]] == [title]
    answer = linked.get("/genre-predict", query_string=query).json
    assert (answer["track"]["title"], answer["match"]["kind"]) == (title, "id")
    recommended = linked.get("/recommend", query_string=query)
    assert recommended.status_code == 200
    assert recommended.json["seed"]["title"] == title


@pytest.mark.parametrize("address", ["/api/search", "/genre-predict", "/recommend"])
@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (f"spotify:track:{UNKNOWN}", 404, UNKNOWN),
        ("https://music.youtube.com/watch?v=fJ9rUzIMcZQ", 404, "YouTube"),
        (f"https://open.spotify.com/playlist/{ID}", 422, "a playlist at Spotify"),
        ("https://www.deezer.com/album/302127", 422, "an album at Deezer"),
    ],
)
def test_a_link_that_names_no_track_here_is_told(
    linked: FlaskClient, address: str, words: str, status: int, said: str
) -> None:
    answer = linked.get(address, query_string={"q": words})
    assert answer.status_code == status
    assert said in answer.json["error"]["message"]
    assert answer.json["error"]["hint"]


@pytest.fixture
def asking(
    configured: Callable[..., FlaskClient], catalogue_folder: Path, database_uri: str, fake_services: FakeServices
) -> Iterator[FlaskClient]:
    sources = frozenset({"deezer", "itunes", "reccobeats"})
    yield configured(catalogue_folder, database_uri, sources=sources, source_urls=fake_services.urls)
    settle()


@pytest.mark.parametrize(
    "form", ["https://www.deezer.com/track/{deezer}", "https://music.apple.com/us/song/x/{itunes}"]
)
def test_sources_tell_whose_link_it_is(asking: FlaskClient, fake_services: FakeServices, form: str) -> None:
    song = fake_services.world.song("Neon Estuary")
    words = form.format(deezer=song.deezer, itunes=song.itunes)
    answer = asking.get("/genre-predict", query_string={"q": words}).json
    assert answer["track"]["title"] == song.title
    assert [track["title"] for track in asking.get("/api/search", query_string={"q": words}).json["tracks"]] == [
        song.title
    ]
