"""The sources through the real engine and database: what their failures become there."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from config import Config
from etl.engine import Answer, Engine, Status
from etl.providers.base import FaultKind, LookupQuery, Need
from store.database import Database
from tests.etl.providers.conftest import about
from tests.fake_services.deezer import quota
from tests.fake_services.faults import cut, garbage, limited, replying, unavailable
from tests.fake_services.fixtures import FakeServices
from tests.fake_services.server import Happening
from tests.fake_services.world import ORIGINAL

SEARCH = LookupQuery(text="hedgerow")


@pytest.fixture
def engine(database: Database, tmp_path: Path, fake_services: FakeServices) -> Iterator[Engine]:
    engine = Engine(database, Config(var=tmp_path, source_urls=fake_services.urls))
    engine.sources.switch(fake_services.urls.keys() & engine.providers().keys())
    yield engine
    engine.close()


def seconds_away(answer: Answer) -> float:
    assert answer.fault is not None
    assert answer.fault.retry_at is not None
    return (answer.fault.retry_at - datetime.now(UTC)) / timedelta(seconds=1)


@pytest.mark.parametrize("source", ["deezer", "itunes", "musicbrainz", "listenbrainz_labs"])
def test_every_search_finds_the_song(engine: Engine, source: str) -> None:
    answer = engine.ask(source, Need.SEARCH, SEARCH)
    assert answer.status is Status.FOUND
    assert isinstance(answer.value, tuple)
    assert [candidate.identity.title for candidate in answer.value] == ["Hedgerow"]  # type: ignore[union-attr]
    assert answer.licence == engine.providers()[source].about.licence
    assert engine.ask(source, Need.SEARCH, SEARCH).cached


def test_from_an_isrc_to_genres_and_features(engine: Engine, fake_services: FakeServices) -> None:
    song = fake_services.world.song("Blue Umbrella")
    recording = engine.ask("musicbrainz", Need.TRACK, about(song, "isrc")).value
    known = LookupQuery(identity=recording.identity)  # type: ignore[union-attr]
    for source, need in (
        ("listenbrainz", Need.GENRES),
        ("acousticbrainz", Need.FEATURES),
        ("reccobeats", Need.FEATURES),
    ):
        assert engine.ask(source, need, known).status is Status.FOUND


@pytest.mark.parametrize(
    ("source", "happening", "least"),
    [
        ("deezer", quota(), 4.0),
        ("itunes", replying(403, "Forbidden"), 50.0),
        ("listenbrainz_labs", limited(85_771), 85_700.0),
        ("musicbrainz", unavailable(retry_after=300), 290.0),
    ],
)
def test_a_limit_becomes_a_wake_up_time(
    engine: Engine, fake_services: FakeServices, source: str, happening: Happening, least: float
) -> None:
    fake = {each.name: each for each in fake_services.all}[source]
    fake.fail(happening)
    first = engine.ask(source, Need.SEARCH, SEARCH, within_s=2.0)
    assert first.status is Status.LIMITED
    assert least < seconds_away(first) <= 86_400
    second = engine.ask(source, Need.SEARCH, LookupQuery(text="receipts"), within_s=2.0)
    assert second.status is Status.LIMITED
    assert len(fake.requests) == 1  # the second was not even sent


@pytest.mark.parametrize(
    ("happening", "kind"),
    [(cut(), FaultKind.UNREACHABLE), (garbage(), FaultKind.GARBLED), (replying(500, "oops"), FaultKind.UNREACHABLE)],
)
def test_what_breaks_is_told(
    engine: Engine, fake_services: FakeServices, happening: Happening, kind: FaultKind
) -> None:
    fake_services.deezer.fail(happening, times=None)
    answer = engine.ask("deezer", Need.SEARCH, SEARCH)
    assert answer.status is Status.FAILED
    assert answer.fault is not None
    assert answer.fault.kind is kind
    assert "Deezer" in answer.fault.message


def test_a_busy_moment_of_musicbrainz_passes_unseen(engine: Engine, fake_services: FakeServices) -> None:
    fake_services.musicbrainz.fail(unavailable())
    assert engine.ask("musicbrainz", Need.SEARCH, SEARCH).status is Status.FOUND
    assert len(fake_services.musicbrainz.requests) == 2


def test_not_found_is_an_answer_of_its_own(engine: Engine, fake_services: FakeServices) -> None:
    absent = about(fake_services.world.song("Sleep Protocol"), "isrc")
    duplicate = about(fake_services.world.song(ORIGINAL), "isrc")
    for source, question in (("musicbrainz", absent), ("deezer", duplicate)):
        assert engine.ask(source, Need.TRACK, question).status is Status.NOT_FOUND
        assert engine.ask(source, Need.TRACK, question).cached


def test_a_hundred_tracks_are_asked_for_in_batches(engine: Engine, fake_services: FakeServices) -> None:
    songs = fake_services.world.on("musicbrainz")
    answers = engine.ask_many("acousticbrainz", Need.FEATURES, [about(song, "mbid") for song in songs])
    assert [answer.status is Status.FOUND for answer in answers] == [
        "acousticbrainz" not in song.absent for song in songs
    ]
    assert len(fake_services.acousticbrainz.requests) == 4


def switched_off(engine: Engine) -> Callable[[str], Answer]:
    engine.sources.switch([])
    return lambda source: engine.ask(source, Need.SEARCH, SEARCH)


def test_nobody_is_asked_who_is_off(engine: Engine, fake_services: FakeServices) -> None:
    ask = switched_off(engine)
    assert {ask(source).status for source in ("deezer", "itunes", "musicbrainz")} == {Status.OFF}
    assert fake_services.request_count() == 0
