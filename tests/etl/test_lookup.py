"""Looking up a track nobody has imported, against services that answer, answer wrongly, or do not answer."""

from collections.abc import Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from config import Config
from etl.engine import Answer, Engine, Status
from etl.identity import identity_of, track_id
from etl.lookup import lookup, slots
from etl.lookup.lookup import LookedUp, LookupClock, settle, store_looked_up
from etl.providers.base import Identity, LookupQuery, Need, Provider, Rate
from etl.providers.registry import PROVIDERS
from store.database import Database
from tests.fake_services.faults import cut, garbage, held, limited, replying, unavailable
from tests.fake_services.fixtures import FakeServices
from tests.fake_services.server import Happening
from tests.fake_services.world import KARAOKE, Song
from tests.lookup_clock import PATIENCE_S, StillClock

ALL = {Need.FEATURES, Need.GENRES, Need.SIMILAR}
KEYLESS = ("deezer", "itunes", "musicbrainz", "listenbrainz", "listenbrainz_labs", "acousticbrainz", "reccobeats")
LONG = 85_771


class Started(StillClock):
    """A clock that says when a look-up waits for its sources."""

    def __init__(self) -> None:
        super().__init__()
        self.waits = Event()

    def first_done(self, futures: Collection[Future[Answer]], within_s: float) -> set[Future[Answer]]:
        self.waits.set()
        return super().first_done(futures, within_s)


def look_up(engine: Engine, query: LookupQuery, needs: Collection[Need], clock: LookupClock | None = None) -> LookedUp:
    """Look a track up with time enough for every source that answers, however slow the machine is."""
    return lookup.look_up(engine, query, needs, within_s=PATIENCE_S, clock=clock or StillClock())


def hurried(provider: Provider) -> Provider:
    """Return a provider that need not wait its turn: the bucket has tests of its own."""
    about = replace(provider.about, rate=Rate(per_second=1000.0, burst=1000))
    made: Provider = type(type(provider).__name__, (type(provider),), {"about": about})()
    return made


@pytest.fixture
def engine(database: Database, fake_services: FakeServices, tmp_path: Path) -> Iterator[Engine]:
    """An engine whose keyless sources are all on."""
    fake_services.lift_limits()
    providers = {name: hurried(PROVIDERS[name]) for name in KEYLESS}
    engine = Engine(database, Config(var=tmp_path, source_urls=fake_services.urls), providers=providers)
    engine.sources.switch(KEYLESS)
    yield engine
    for service in fake_services.all:
        service.stopping.set()
    settle()
    engine.close()


def typed(text: str) -> LookupQuery:
    return LookupQuery(text=text)


def ids_of(song: Song) -> dict[str, str]:
    return {"isrc": song.isrc, "mbid": song.mbid, "spotify": song.spotify}


def failures(found: LookedUp) -> dict[str, Status]:
    return {step.source: step.status for step in found.trail if step.status in {Status.FAILED, Status.LIMITED}}


@pytest.mark.parametrize(
    "words",
    ["Neon Estuary Velvet Causeway", "velvet causeway neon estuary", "velvet causeway: estuary neon", "Neon Estuary"],
)
def test_typed_words_lead_to_ids_and_these_to_everything(
    engine: Engine, fake_services: FakeServices, words: str
) -> None:
    song = fake_services.world.song("Neon Estuary")
    found = look_up(engine, typed(words), ALL)
    assert found.identity.title == "Neon Estuary"
    assert found.identity.ids.items() >= ids_of(song).items()
    assert list(found.features) == ["reccobeats", "acousticbrainz"]
    assert {"musicbrainz", "deezer"} <= set(found.genres)
    assert {"reccobeats", "listenbrainz_labs", "deezer"} == set(found.similar)
    assert failures(found) == {}


def test_names_in_two_fields_are_typed_words_too(engine: Engine, fake_services: FakeServices) -> None:
    query = LookupQuery(
        text="receipts kite & ledger", identity=Identity(title="receipts", artists=("kite & ledger",), year=1066)
    )
    found = look_up(engine, query, {Need.FEATURES})
    assert (found.identity.title, found.identity.artists) == ("Receipts", ("Kite & Ledger",))
    assert found.confidence > 0.9
    assert found.similar == {}
    assert not fake_services.deezer.requests_to("/artist/.*")


def test_a_track_of_ours_keeps_its_names_and_gets_what_it_lacks(
    engine: Engine, database: Database, fake_services: FakeServices
) -> None:
    song = fake_services.world.song("Receipts")
    ours = Identity(title="RECEIPTS", artists=("Kite and Ledger",), duration_ms=song.duration_ms)
    found = look_up(engine, LookupQuery(identity=ours), ALL)
    assert (found.identity.title, found.identity.artists) == (ours.title, ours.artists)
    assert found.identity.ids.items() >= ids_of(song).items()


def test_look_ups_at_a_time_have_a_bound_and_the_one_beyond_it_does_not_wait(
    engine: Engine, fake_services: FakeServices
) -> None:
    let_go = Event()
    for service in fake_services.all:
        service.fail(held(let_go), times=None)
    networks = ["192.0.2.1"] * 6 + ["192.0.2.2"] * 2
    clocks = [Started() for _ in networks]

    def of(network: str, title: str, clock: Started) -> LookedUp:
        slots.network.set(network)
        return look_up(engine, typed(title), ALL, clock)

    with ThreadPoolExecutor(len(networks) + 1) as threads:
        looking = []
        try:
            for at, (network, clock) in enumerate(zip(networks, clocks, strict=True)):
                looking.append(threads.submit(of, network, f"Receipts {at}", clock))
                assert clock.waits.wait(PATIENCE_S)
                if at == 5:  # it has two thirds, and another network has room
                    more = threads.submit(of, network, "Neon Estuary", Started()).result()
                    assert all(answer.fault and "was not asked" in answer.fault.message for answer in more.trail)
            beyond = Started()
            found = threads.submit(of, "192.0.2.3", "Neon Estuary", beyond).result()
            assert not beyond.waits.is_set()
            assert found.trail
            assert all(answer.fault and "was not asked" in answer.fault.message for answer in found.trail)
            assert not any("Estuary" in request.path for service in fake_services.all for request in service.requests)
        finally:
            let_go.set()
        for one in looking:
            one.result()
    fake_services.deezer.heal()
    assert look_up(engine, typed("Neon Estuary"), ALL).identity.title == "Neon Estuary"


@pytest.mark.parametrize("namespace", ["isrc", "spotify"])
def test_an_id_alone_is_enough(engine: Engine, fake_services: FakeServices, namespace: str) -> None:
    song = fake_services.world.song("Receipts")
    found = look_up(engine, LookupQuery(identity=Identity(ids={namespace: ids_of(song)[namespace]})), ALL)
    assert found.identity.title == "Receipts"
    assert found.identity.ids.items() >= ids_of(song).items()
    assert found.features
    assert found.confidence == 1.0


def test_the_karaoke_version_under_the_originals_isrc_is_not_taken_for_it(
    engine: Engine, database: Database, fake_services: FakeServices
) -> None:
    """Deezer gives the karaoke version for the ISRC, and the search finds four recordings of one name."""
    original = fake_services.world.song("Glass Tide")
    found = look_up(engine, typed("Glass Tide Marble Foxes"), ALL)
    assert found.identity.title == "Glass Tide"
    assert found.identity.ids.items() >= ids_of(original).items()
    by_isrc = look_up(engine, LookupQuery(identity=identity_of(store_looked_up(database, found))), ALL)
    assert by_isrc.identity.ids.items() >= ids_of(original).items()
    sung = look_up(engine, typed("Glass Tide karaoke Nobody's Cousins"), set())
    assert sung.identity.title == KARAOKE
    live = look_up(engine, typed("marble foxes glass tide live at the mill"), set())
    assert live.identity.title == "Glass Tide (Live at the Mill)"


def test_a_source_that_knows_the_isrc_as_something_else_adds_nothing(
    engine: Engine, fake_services: FakeServices
) -> None:
    song, other = fake_services.world.song("Receipts"), fake_services.world.song("Hedgerow")
    fake_services.world.songs.remove(song)
    fake_services.world.songs.remove(other)
    fake_services.world.songs += [replace(other, isrc=song.isrc)]
    ours = Identity(title=song.title, artists=(song.artist.name,), ids={"isrc": song.isrc})
    found = look_up(engine, LookupQuery(identity=ours), ALL)
    assert found.identity == ours
    assert {step.status for step in found.trail if step.need is Need.TRACK} == {Status.NOT_FOUND}
    assert found.features == {}  # ReccoBeats has some under this ISRC, but they are the other's


def test_an_answer_about_another_recording_is_not_believed(engine: Engine, fake_services: FakeServices) -> None:
    song, other = fake_services.world.song("Receipts"), fake_services.world.song("Hedgerow")
    fake_services.reccobeats.fail(
        replying(200, {"content": [{"id": "x", "trackTitle": other.title, "artists": [], "isrc": song.isrc}]}),
        times=None,
        path="/v1/track",
    )
    engine.sources.switch({"deezer", "reccobeats"})
    found = look_up(engine, typed("Receipts Kite & Ledger"), {Need.FEATURES})
    assert found.identity.title == song.title
    assert "reccobeats" not in found.identity.ids
    assert found.features == {}


FAULTS: dict[str, Happening] = {
    "503": unavailable(60),
    "cut": cut(),
    "garbage": garbage(),
    "429 for a day": limited(LONG),
}


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        *((source, "429 for a day") for source in KEYLESS),
        *((source, fault) for source in ("deezer", "reccobeats") for fault in list(FAULTS)[:3]),
    ],
)
def test_each_source_may_fail_in_its_turn(engine: Engine, fake_services: FakeServices, source: str, fault: str) -> None:
    service = getattr(fake_services, source)
    service.fail(FAULTS[fault], times=None)
    song = fake_services.world.song("Neon Estuary")
    found = look_up(engine, typed("Neon Estuary Velvet Causeway"), ALL)
    assert found.identity.title == song.title
    assert found.genres
    assert found.similar
    assert set(found.features) == {"reccobeats", "acousticbrainz"} - {source} - (
        {"acousticbrainz"} if source == "musicbrainz" and not found.identity.ids.get("mbid") else set()
    )
    failed = failures(found)
    assert set(failed) == {source}
    if fault == "429 for a day":
        answer = next(step for step in found.trail if step.source == source)
        assert answer.status is Status.LIMITED
        assert answer.fault is not None
        assert answer.fault.retry_at is not None


def test_one_that_is_too_slow_is_left_out_and_its_answer_kept(engine: Engine, fake_services: FakeServices) -> None:
    release = Event()
    fake_services.reccobeats.fail(held(release), times=None, path="/v1/audio-features")
    clock = StillClock(late=lambda: len(fake_services.reccobeats.requests_to("/v1/audio-features")))
    words = typed("Neon Estuary Velvet Causeway")
    found = look_up(engine, words, ALL, clock)
    assert list(found.features) == ["acousticbrainz"]
    late = next(step for step in found.trail if step.need is Need.FEATURES and step.source == "reccobeats")
    assert late.status is Status.FAILED
    assert late.fault is not None
    assert "in time" in late.fault.message
    release.set()
    settle()
    before = len(fake_services.reccobeats.requests_to("/v1/audio-features"))
    again = look_up(engine, words, ALL)
    assert list(again.features) == ["reccobeats", "acousticbrainz"]
    assert len(fake_services.reccobeats.requests_to("/v1/audio-features")) == before


def test_when_all_fail_nothing_is_found_and_every_failure_told(engine: Engine, fake_services: FakeServices) -> None:
    for service in fake_services.all:
        service.fail(unavailable(60), times=None)
    found = look_up(engine, typed("Neon Estuary Velvet Causeway"), ALL)
    assert (found.identity, found.confidence, found.candidates) == (Identity(), 0.0, ())
    assert set(failures(found)) == {"deezer", "itunes", "musicbrainz", "listenbrainz_labs"}


def test_what_nobody_knows_is_not_made_up(engine: Engine, fake_services: FakeServices) -> None:
    found = look_up(engine, typed("Zzyqx Qqvx Wwkjh"), ALL)
    assert found.confidence == 0.0
    assert {step.status for step in found.trail} == {Status.NOT_FOUND}
    assert {step.need for step in found.trail} == {Need.SEARCH}


def test_nothing_is_asked_where_nothing_is_on(engine: Engine, fake_services: FakeServices) -> None:
    engine.sources.switch(())
    found = look_up(engine, typed("Neon Estuary Velvet Causeway"), ALL)
    assert found.trail == ()
    assert fake_services.request_count() == 0


def test_a_second_look_up_asks_nobody(engine: Engine, fake_services: FakeServices) -> None:
    first = look_up(engine, typed("Neon Estuary Velvet Causeway"), ALL)
    before = fake_services.request_count()
    again = look_up(engine, typed("velvet causeway neon estuary"), ALL - {Need.GENRES})
    assert again.identity == first.identity
    assert fake_services.request_count() - before <= 4  # the words are others, the ids are not
    assert not [step for step in again.trail if step.need is not Need.SEARCH and not step.cached]


def test_what_was_found_is_stored_with_its_sources(
    engine: Engine, database: Database, fake_services: FakeServices
) -> None:
    song = fake_services.world.song("Neon Estuary")
    found = look_up(engine, typed("Neon Estuary Velvet Causeway"), ALL)
    track = store_looked_up(database, found)
    assert database.get_track(song.spotify) == track
    assert (track.id, track.isrc, track.source) == (song.spotify, song.isrc, "deezer")
    assert track.features is not None
    assert track.features.source == "reccobeats"
    assert track.features.licence
    assert track.features.fetched_at is not None
    assert 0.5 < track.features.confidence < 1.0
    assert track.features.values["energy"] == pytest.approx(song.features["energy"])
    assert {"electronic", "synth-pop"} & {*track.labels, *track.artist_genres}
    assert track.ids["mbid"] == song.mbid


def test_a_track_found_twice_stays_one_though_more_ids_are_known(
    engine: Engine, database: Database, fake_services: FakeServices
) -> None:
    song = fake_services.world.song("Neon Estuary")
    engine.sources.switch({"deezer", "musicbrainz"})
    words = typed("Neon Estuary Velvet Causeway")
    first = store_looked_up(database, look_up(engine, words, set()))
    assert first.id == f"isrc-{song.isrc}"
    engine.sources.switch(KEYLESS)
    full = look_up(engine, words, set())
    assert track_id(full.identity) == song.spotify
    assert store_looked_up(database, full).id == first.id
    assert [track.id for track in database.all_tracks()] == [first.id]


def test_nothing_found_is_nothing_stored(engine: Engine, database: Database) -> None:
    with pytest.raises(ValueError, match="nothing was found"):
        store_looked_up(database, look_up(engine, typed("Zzyqx Qqvx"), ALL))
    assert list(database.all_tracks()) == []


def test_another_recording_under_the_same_isrc_is_not_written_over(
    engine: Engine, database: Database, fake_services: FakeServices
) -> None:
    engine.sources.switch({"deezer"})
    karaoke = store_looked_up(database, look_up(engine, typed("Glass Tide karaoke Nobody's Cousins"), set()))
    original = store_looked_up(database, look_up(engine, typed("Glass Tide Marble Foxes"), {Need.GENRES}))
    assert karaoke.isrc == original.isrc
    assert database.get_track(karaoke.id) == karaoke
    assert database.get_track(original.id) == original
    assert original.title == "Glass Tide"
