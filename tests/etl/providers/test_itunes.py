"""iTunes: rows of results translated, its 403 understood."""

import pytest

from etl.providers.base import FaultKind, GenreTag, LookupQuery, Need, SourceFault
from etl.providers.itunes import track_of
from etl.providers.translation import Object
from tests.etl.providers.conftest import Ask, about
from tests.fake_services.faults import replying
from tests.fake_services.fixtures import FakeServices

ROW = {
    "wrapperType": "track",
    "kind": "song",
    "trackId": 1288102536,
    "artistName": "The Remedy",
    "collectionName": "Felines",
    "trackName": "The Dovecats",
    "releaseDate": "1983-10-18T12:00:00Z",
    "trackTimeMillis": 220093,
    "primaryGenreName": "Alternative",
    "trackExplicitness": "cleaned",
}


def test_a_row_is_translated() -> None:
    found = track_of(Object(ROW))
    assert found is not None
    known = found.identity
    assert (known.title, known.artists, known.album) == ("The Dovecats", ("The Remedy",), "Felines")
    assert (known.year, known.duration_ms, known.ids) == (1983, 220_093, {"itunes": "1288102536"})
    assert found.explicit is False
    assert track_of(Object({**ROW, "trackName": " "})) is None


def test_search_looks_for_songs(ask: Ask, fake_services: FakeServices) -> None:
    song = fake_services.world.song("Белый маяк")
    [found] = ask("itunes", Need.SEARCH, LookupQuery(text="белый маяк"))
    assert found.identity.ids == {"itunes": str(song.itunes)}
    [request] = fake_services.itunes.requests_to("/search")
    assert (request.query["media"], request.query["entity"]) == ("music", "song")


def test_track_and_genre_by_its_id(ask: Ask, fake_services: FakeServices) -> None:
    song = fake_services.world.song("Erase Me Twice")
    found = ask("itunes", Need.TRACK, about(song, "itunes", title=False))
    assert (found.identity.title, found.explicit) == ("Erase Me Twice", True)
    assert ask("itunes", Need.GENRES, about(song, "itunes")) == (GenreTag(name="Hip-Hop/Rap"),)


def test_a_preview_names_apple_and_leads_to_the_store(ask: Ask, fake_services: FakeServices) -> None:
    song = fake_services.world.song("Receipts")
    found = ask("itunes", Need.PREVIEW, about(song, "itunes"))
    assert found.url.endswith(".m4a")
    assert found.credit == "provided courtesy of iTunes"
    assert found.link.startswith("https://music.apple.com/")


def test_what_the_store_does_not_have_is_not_found(ask: Ask, fake_services: FakeServices) -> None:
    song = fake_services.world.song("Winter Tram")
    for need in (Need.TRACK, Need.GENRES, Need.PREVIEW):
        assert ask("itunes", need, about(song, "itunes")) is None


def test_its_403_is_a_limit(ask: Ask, fake_services: FakeServices) -> None:
    fake_services.itunes.fail(replying(403, "<html>Forbidden</html>"))
    with pytest.raises(SourceFault) as caught:
        ask("itunes", Need.SEARCH, LookupQuery(text="anything"))
    assert (caught.value.kind, caught.value.retry_after_s) == (FaultKind.LIMITED, 60.0)
