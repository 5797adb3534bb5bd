"""Deezer: its objects translated, its errors inside HTTP 200 told apart."""

from datetime import UTC, datetime, timedelta

import pytest

from etl.providers.base import FaultKind, LookupQuery, Need, NotThere, SourceFault
from etl.providers.deezer import track_of
from etl.providers.translation import Object
from tests.etl.providers.conftest import Ask, about
from tests.fake_services.deezer import busy, error, quota
from tests.fake_services.faults import replying
from tests.fake_services.fixtures import FakeServices
from tests.fake_services.world import KARAOKE, ORIGINAL, UNKNOWN_SOUND

# As recorded in 2019 and 2026, with invented names.
TRACK = {
    "id": 3135,
    "readable": True,
    "title": "Harder Louder",
    "isrc": "zz-dum-00-00059",
    "link": "https://www.deezer.com/track/3135",
    "duration": 224,
    "rank": 760033,
    "release_date": "2001-03-07",
    "explicit_lyrics": False,
    "bpm": 123,
    "contributors": [{"id": 27, "name": "Two Robots"}, {"id": 28, "name": "Third Robot"}],
    "artist": {"id": 27, "name": "Two Robots", "type": "artist"},
    "album": {"id": 302127, "title": "Invention", "type": "album"},
    "type": "track",
}


def test_a_track_object_is_translated() -> None:
    found = track_of(Object(TRACK))
    assert found is not None
    known = found.identity
    assert (known.title, known.artists, known.album) == ("Harder Louder", ("Two Robots", "Third Robot"), "Invention")
    assert (known.year, known.duration_ms) == (2001, 224_000)
    assert known.ids == {"isrc": "ZZDUM0000059", "deezer": "3135", "deezer_artist": "27", "deezer_album": "302127"}
    assert found.popularity == pytest.approx(76.0033)
    assert found.explicit is False


@pytest.mark.parametrize(
    "change",
    [
        {"rank": 0, "duration": 0, "release_date": "0000-00-00", "isrc": ""},
        {"rank": "many", "duration": None, "release_date": 2001, "isrc": None},
        {"rank": 5_000_000, "duration": -3, "release_date": "soon", "isrc": "unknown"},
    ],
)
def test_what_cannot_be_is_missing(change: dict[str, object]) -> None:
    found = track_of(Object({**TRACK, **change}))
    assert found is not None
    assert found.popularity is None
    assert (found.identity.duration_ms, found.identity.year) == (None, None)
    assert "isrc" not in found.identity.ids


def test_search_finds_ids_and_isrc_page_by_page(ask: Ask, fake_services: FakeServices) -> None:
    song = fake_services.world.song("Rust and Ivy")
    [found] = ask("deezer", Need.SEARCH, LookupQuery(text=" rust and ivy tin orchard "))
    assert found.identity.ids["isrc"] == song.isrc
    assert found.identity.ids["deezer"] == str(song.deezer)
    assert ask("deezer", Need.SEARCH, LookupQuery(text="rust and ivy", page=1)) == ()
    first, second = fake_services.deezer.requests_to("/search")
    assert (first.query["index"], second.query["index"]) == ("0", first.query["limit"])


def test_a_track_is_found_by_its_own_id(ask: Ask, fake_services: FakeServices) -> None:
    song = fake_services.world.song("Marzipan Motorway")
    found = ask("deezer", Need.TRACK, about(song, "deezer", "isrc", title=False))
    assert (found.identity.title, found.identity.artists) == (song.title, ("Velvet Causeway", "Lumi Ferrando"))


def test_an_odd_duplicate_under_the_isrc_is_not_taken_for_the_track(ask: Ask, fake_services: FakeServices) -> None:
    original, karaoke = (fake_services.world.song(title) for title in (ORIGINAL, KARAOKE))
    assert original.isrc == karaoke.isrc
    with pytest.raises(NotThere, match="Karaoke"):
        ask("deezer", Need.TRACK, about(original, "isrc"))
    assert ask("deezer", Need.TRACK, about(karaoke, "isrc")).identity.ids["deezer"] == str(karaoke.deezer)


def test_genres_are_the_albums(ask: Ask, fake_services: FakeServices) -> None:
    song = fake_services.world.song("Hedgerow")
    by_album = ask("deezer", Need.GENRES, about(song, "deezer_album"))
    by_isrc = ask("deezer", Need.GENRES, about(song, "isrc"))
    assert by_album == by_isrc
    assert [(tag.name, tag.level) for tag in by_album] == [("Folk", "album")]


def test_similar_is_the_artists_radio_without_the_track(ask: Ask, fake_services: FakeServices) -> None:
    song = fake_services.world.song("Neon Estuary")
    found = ask("deezer", Need.SIMILAR, about(song, "deezer"))
    assert found
    assert {track.reason for track in found} == {"artist radio"}
    assert str(song.deezer) not in {track.identity.ids["deezer"] for track in found}


def test_without_a_radio_related_artists_stand_in(ask: Ask, fake_services: FakeServices) -> None:
    song = fake_services.world.song("Neon Estuary")
    fake_services.deezer.without_radio.add(song.artist.deezer)
    found = ask("deezer", Need.SIMILAR, about(song, "deezer"))
    assert {(track.identity.artists[0], track.reason) for track in found} == {("Ion Lagoon", "related artist")}


def test_a_preview_dies_after_a_quarter_of_an_hour(ask: Ask, fake_services: FakeServices) -> None:
    song = fake_services.world.song("Receipts")
    before = datetime.now(UTC)
    found = ask("deezer", Need.PREVIEW, about(song, "deezer"))
    assert before + timedelta(seconds=899) < found.expires_at < datetime.now(UTC) + timedelta(seconds=901)
    assert found.url.startswith(fake_services.deezer.url)
    assert (found.credit, found.link) == ("Deezer", f"https://www.deezer.com/track/{song.deezer}")
    assert ask("deezer", Need.PREVIEW, about(fake_services.world.song(UNKNOWN_SOUND), "deezer")) is None


@pytest.mark.parametrize(
    ("name", "artists"),
    [
        ("Rap / Hip-Hop", {"Kite & Ledger", "MC Palimpsest"}),
        ("hip hop", {"Kite & Ledger", "MC Palimpsest"}),
        ("Electronic", {"Velvet Causeway", "Ion Lagoon"}),
    ],
)
def test_tracks_of_a_genre_come_from_its_chart(ask: Ask, name: str, artists: set[str]) -> None:
    assert {track.identity.artists[0] for track in ask("deezer", Need.GENRE_TRACKS, LookupQuery(text=name))} == artists


def test_a_genre_that_deezer_does_not_have_is_not_guessed(ask: Ask, fake_services: FakeServices) -> None:
    assert ask("deezer", Need.GENRE_TRACKS, LookupQuery(text="hop")) is None
    assert not fake_services.deezer.requests_to("/chart/.*")


def test_artists_are_searched(ask: Ask) -> None:
    [found] = ask("deezer", Need.ARTISTS, LookupQuery(text="brookfield"))
    assert (found.name, found.ids) == ("Hazel Brookfield", {"deezer_artist": "5008"})


@pytest.mark.parametrize("happening", [quota(), busy()])
def test_a_quota_in_a_200_is_a_limit(ask: Ask, fake_services: FakeServices, happening: object) -> None:
    fake_services.deezer.fail(happening)  # type: ignore[arg-type]
    with pytest.raises(SourceFault) as caught:
        ask("deezer", Need.SEARCH, LookupQuery(text="anything"))
    assert (caught.value.kind, caught.value.retry_after_s) == (FaultKind.LIMITED, 5.0)


def test_no_data_is_an_answer(ask: Ask, fake_services: FakeServices) -> None:
    with pytest.raises(NotThere):
        ask("deezer", Need.TRACK, about(fake_services.world.song("Nine Wrong Turns"), "isrc"))


@pytest.mark.parametrize(
    ("code", "kind"),
    [(501, FaultKind.GARBLED), (600, FaultKind.GARBLED), (200, FaultKind.REFUSED), (None, FaultKind.GARBLED)],
)
def test_other_errors_say_what_deezer_said(ask: Ask, fake_services: FakeServices, code: int, kind: FaultKind) -> None:
    fake_services.deezer.fail(lambda service, request: error(code, "Wrong turn"))
    with pytest.raises(SourceFault, match="Wrong turn") as caught:
        ask("deezer", Need.SEARCH, LookupQuery(text="anything"))
    assert caught.value.kind is kind


@pytest.mark.parametrize("body", [[], {"data": 3}, {"data": ["x"]}, {}, None])
def test_wrong_shapes_are_named(ask: Ask, fake_services: FakeServices, body: object) -> None:
    fake_services.deezer.fail(replying(200, body))
    with pytest.raises(SourceFault, match="Deezer answered with something else") as caught:
        ask("deezer", Need.SEARCH, LookupQuery(text="anything"))
    assert caught.value.kind is FaultKind.GARBLED
