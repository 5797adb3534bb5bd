"""Spotify's catalogue: real spotipy over the engine, against a server that answers as Spotify does in 2026."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from etl.engine import Answer, Engine, Status
from etl.providers.base import (
    Candidate,
    FaultKind,
    Identity,
    LookupQuery,
    Need,
    SourceFeatures,
)
from store.database import Database
from store.domain import Analysis
from tests.etl.spotify.setting import app_engine, engine_for
from tests.fake_services.faults import cut, garbage, limited, replying
from tests.fake_services.fixtures import FakeServices
from tests.fake_services.spotify import PREMIUM
from tests.fake_services.spotify_openapi import among, operations
from tests.fake_services.world import UNKNOWN_SOUND, base62

NEEDS = (Need.SEARCH, Need.TRACK, Need.FEATURES, Need.SIMILAR, Need.ANALYSIS, Need.GENRE_TRACKS, Need.ARTISTS)


@pytest.fixture
def new(database: Database, tmp_path: Path, fake_services: FakeServices) -> Iterator[Engine]:
    """What a newcomer's app gets."""
    engine = app_engine(database, tmp_path, fake_services)
    yield engine
    engine.close()


@pytest.fixture
def extended(database: Database, tmp_path: Path, fake_services: FakeServices) -> Iterator[Engine]:
    fake_services.spotify_state.app.extended = True
    engine = app_engine(database, tmp_path, fake_services)
    yield engine
    engine.close()


def ask(engine: Engine, need: Need, text: str = "", page: int = 0, **ids: str) -> Answer:
    return engine.ask("spotify", need, LookupQuery(identity=Identity(ids=ids), text=text, page=page))


def titles(answer: Answer) -> list[str]:
    assert answer.status is Status.FOUND, answer.fault
    assert isinstance(answer.value, tuple)
    return [candidate.identity.title for candidate in answer.value if isinstance(candidate, Candidate)]


def test_search_asks_for_as_many_as_a_new_app_gets(new: Engine, fake_services: FakeServices) -> None:
    answer = ask(new, Need.SEARCH, "glass tide marble foxes")
    assert titles(answer) == ["Glass Tide", "Glass Tide - Remastered 2019", "Glass Tide (Live at the Mill)"]
    [request] = fake_services.spotify.requests_to("/search")
    assert (request.query["limit"], request.query["market"]) == ("10", "US")
    assert (answer.licence, answer.cached) == ("Spotify Developer Terms", False)
    assert ask(new, Need.SEARCH, "glass tide marble foxes").cached


def test_a_track_keeps_its_isrc(new: Engine, fake_services: FakeServices) -> None:
    song = fake_services.world.song("Marzipan Motorway")
    answer = ask(new, Need.TRACK, spotify=song.spotify)
    assert isinstance(answer.value, Candidate)
    found = answer.value.identity
    assert (found.title, found.artists) == ("Marzipan Motorway", ("Velvet Causeway", "Lumi Ferrando"))
    assert (found.album, found.year, found.duration_ms) == ("Low Season", 2017, song.duration_ms)
    assert found.ids == {"spotify": song.spotify, "isrc": song.isrc}
    assert answer.value.popularity is None  # Spotify keeps that to itself now


def test_a_track_by_its_isrc_is_a_plain_search(new: Engine, fake_services: FakeServices) -> None:
    song = fake_services.world.song("Winter Tram")
    answer = ask(new, Need.TRACK, isrc=song.isrc)
    assert isinstance(answer.value, Candidate)
    assert answer.value.identity.ids["spotify"] == song.spotify
    assert fake_services.spotify.requests_to("/search")[0].query["q"] == f"isrc:{song.isrc}"


def test_what_spotify_does_not_have(new: Engine) -> None:
    assert ask(new, Need.TRACK, spotify=base62("nothing")).status is Status.NOT_FOUND
    assert ask(new, Need.SEARCH, "xyzzy plugh").status is Status.NOT_FOUND
    assert ask(new, Need.TRACK, spotify="spotify:track:../../me").status is Status.CANNOT


def test_genres_and_artists_by_searching(new: Engine, fake_services: FakeServices) -> None:
    jazz = titles(ask(new, Need.GENRE_TRACKS, "Jazz"))
    assert "Blue Umbrella" in jazz
    assert fake_services.spotify.requests_to("/search")[0].query["q"] == 'genre:"jazz"'
    answer = ask(new, Need.ARTISTS, "or")  # a term of the harvest
    assert isinstance(answer.value, tuple)
    assert {candidate.name for candidate in answer.value} == {"The Tin Orchard", "Orla Quintet"}
    assert ask(new, Need.GENRE_TRACKS, "jazz", page=100).status is Status.NOT_FOUND  # as far as search reaches


@pytest.mark.parametrize("need", [Need.FEATURES, Need.SIMILAR, Need.ANALYSIS])
def test_a_new_app_never_asks_for_what_is_closed(new: Engine, fake_services: FakeServices, need: Need) -> None:
    song = fake_services.world.song("Glass Tide")
    assert "spotify" in new.on(need)
    answer = ask(new, need, spotify=song.spotify)
    assert answer.fault is not None
    assert answer.fault.kind is FaultKind.ABSENT
    assert "extended access" in answer.fault.message
    assert fake_services.spotify.requests == []
    assert "spotify" not in new.on(need)


@pytest.mark.shared
def test_no_deprecated_operation_is_called_for_a_new_app(
    new: Engine, fake_services: FakeServices, shared_data: Path
) -> None:
    song = fake_services.world.song("Glass Tide")
    for need in NEEDS:
        ask(new, need, "rock", spotify=song.spotify, isrc=song.isrc)
    description = shared_data / "spotify-openapi.yml"
    requests = fake_services.spotify.requests
    assert among(operations(description, deprecated=True), requests) == []
    assert len(among(operations(description, deprecated=False), requests)) == len(requests) == 4


@pytest.mark.shared
def test_the_fake_refuses_every_deprecated_operation(
    new: Engine, fake_services: FakeServices, shared_data: Path
) -> None:
    """Else the test above would prove little."""
    import requests

    token = fake_services.spotify_state.issue("wanda", frozenset())["access_token"]
    deprecated = operations(shared_data / "spotify-openapi.yml", deprecated=True)
    assert deprecated
    for method, pattern in deprecated:
        path = pattern.pattern.replace("[^/]+", base62("x")).replace("\\", "")
        url, headers = fake_services.spotify.url + path, {"Authorization": f"Bearer {token}"}
        answer = requests.request(method, url, headers=headers, timeout=5)
        assert answer.status_code in {403, 404}, f"{method} {path}"


def test_an_extended_app_gets_audio_features_in_one_call(extended: Engine, fake_services: FakeServices) -> None:
    songs = [fake_services.world.song(title) for title in ("Glass Tide", UNKNOWN_SOUND, "Tidal Clockwork")]
    queries = [LookupQuery(identity=Identity(ids={"spotify": song.spotify})) for song in songs]
    known, unknown, keyless = extended.ask_many("spotify", Need.FEATURES, queries)
    assert isinstance(known.value, SourceFeatures)
    assert known.value.values == pytest.approx(songs[0].features)
    assert unknown.status is Status.NOT_FOUND
    assert isinstance(keyless.value, SourceFeatures)
    assert "key" not in keyless.value.values  # -1: Spotify did not find one
    assert len(fake_services.spotify.requests_to("/audio-features/?")) == 1


def test_an_extended_app_gets_analyses_and_recommendations(extended: Engine, fake_services: FakeServices) -> None:
    song = fake_services.world.song("Glass Tide")
    analysis = ask(extended, Need.ANALYSIS, spotify=song.spotify).value
    assert isinstance(analysis, Analysis)
    assert {len(band) for band in analysis.timbre} == {len(row) for row in analysis.pitches} == {12}
    assert len(analysis.start) == len(analysis.duration) == len(analysis.timbre) == 40
    assert titles(ask(extended, Need.SIMILAR, spotify=song.spotify))[0] == "Rust and Ivy"


def test_a_track_that_has_no_analysis_ends_nothing(extended: Engine, fake_services: FakeServices) -> None:
    unknown, song = base62("nothing"), fake_services.world.song("Glass Tide")
    assert ask(extended, Need.ANALYSIS, spotify=unknown).status is Status.NOT_FOUND
    fake_services.spotify.fail(replying(404, {"error": {"status": 404}}), path="/audio-features.*")
    assert ask(extended, Need.FEATURES, spotify=unknown).status is Status.NOT_FOUND
    for need in (Need.ANALYSIS, Need.FEATURES):
        assert "spotify" in extended.on(need)
        assert ask(extended, need, spotify=song.spotify).status is Status.FOUND
    fake_services.spotify.fail(replying(404), path="/recommendations")
    assert ask(extended, Need.SIMILAR, spotify=song.spotify).status is Status.CANNOT
    assert "spotify" not in extended.on(Need.SIMILAR)


def test_a_source_offers_what_its_kind_of_app_gets(new: Engine) -> None:
    def offered() -> set[Need]:
        return {need for state in new.states() if state.name == "spotify" for need in state.needs}

    before = offered()
    assert Need.SEARCH in before
    new.put_settings("spotify", {"tier": "extended"})
    assert offered() - before == {Need.FEATURES, Need.SIMILAR, Need.ANALYSIS}


def test_an_extended_app_gets_a_genre_by_seed_and_else_by_search(extended: Engine, fake_services: FakeServices) -> None:
    assert len(titles(ask(extended, Need.GENRE_TRACKS, "hip hop"))) == 6
    assert fake_services.spotify.requests_to("/recommendations")[0].query["seed_genres"] == "hip-hop"
    assert ask(extended, Need.GENRE_TRACKS, "zeuhl").status is Status.NOT_FOUND
    assert [request.query["q"] for request in fake_services.spotify.requests_to("/search")] == ['genre:"zeuhl"']


def test_an_app_that_is_not_what_it_is_said_to_be(
    database: Database, tmp_path: Path, fake_services: FakeServices
) -> None:
    engine = app_engine(database, tmp_path, fake_services, tier="extended")
    song = fake_services.world.song("Glass Tide")
    for need in (Need.FEATURES, Need.SIMILAR, Need.ANALYSIS):  # 403 without a message, 404, 403
        fault = ask(engine, need, spotify=song.spotify).fault
        assert fault is not None
        assert fault.kind is FaultKind.ABSENT
        assert "spotify" not in engine.on(need)
    engine.close()


@pytest.mark.parametrize("seconds", [4, 85_771])
def test_a_pause_is_kept_and_not_slept_through(new: Engine, fake_services: FakeServices, seconds: int) -> None:
    fake_services.spotify.fail(limited(seconds), times=None)
    answer = new.ask("spotify", Need.SEARCH, LookupQuery(text="hedgerow"), within_s=2.0)
    assert answer.status is Status.LIMITED
    again = new.ask("spotify", Need.SEARCH, LookupQuery(text="receipts"), within_s=1.0)
    assert again.status is Status.LIMITED
    assert len(fake_services.spotify.requests_to("/search")) == 1
    [state] = [state for state in new.states() if state.name == "spotify"]
    assert state.state == "waiting"
    assert state.blocked_until is not None


def test_the_quota_is_told_as_what_it_is(new: Engine, fake_services: FakeServices) -> None:
    fake_services.spotify.fail(limited(None, reason="QUOTA_EXCEEDED"))
    answer = new.ask("spotify", Need.SEARCH, LookupQuery(text="hedgerow"), within_s=2.0)
    assert answer.status is Status.LIMITED
    assert answer.fault is not None
    assert "daily quota" in answer.fault.message
    assert answer.fault.retry_at is not None


def test_premium_has_run_out(new: Engine, fake_services: FakeServices) -> None:
    fake_services.spotify_state.app.premium = False
    fault = ask(new, Need.SEARCH, "hedgerow").fault
    assert fault is not None
    assert (fault.kind, "Premium" in fault.message) == (FaultKind.REFUSED, True)
    assert "few hours" in fault.hint
    assert PREMIUM not in fault.message


def test_a_token_that_was_withdrawn_is_asked_for_again(new: Engine, fake_services: FakeServices) -> None:
    ask(new, Need.SEARCH, "hedgerow")
    fake_services.spotify_state.withdraw()
    assert titles(ask(new, Need.SEARCH, "receipts")) == ["Receipts"]
    assert len(fake_services.spotify_accounts.requests_to("/api/token", "POST")) == 2


def test_a_client_that_spotify_does_not_know(database: Database, tmp_path: Path, fake_services: FakeServices) -> None:
    engine = engine_for(database, tmp_path, fake_services.urls, "another", client_secret="wrong")
    fault = ask(engine, Need.SEARCH, "hedgerow").fault
    assert fault is not None
    assert (fault.kind, "client id" in fault.message) == (FaultKind.REFUSED, True)
    assert "wrong" not in fault.message + fault.hint
    engine.close()


def test_without_a_secret_the_catalogue_is_not_asked(
    database: Database, tmp_path: Path, fake_services: FakeServices
) -> None:
    engine = app_engine(database, tmp_path, fake_services, client_secret=None)
    fault = ask(engine, Need.SEARCH, "hedgerow").fault
    assert fault is not None
    assert "client secret" in fault.message
    assert fake_services.request_count() == 0
    engine.put_settings("spotify", {"client_secret": fake_services.spotify_state.app.client_secret})
    assert titles(ask(engine, Need.SEARCH, "hedgerow")) == ["Hedgerow"]
    engine.close()


@pytest.mark.parametrize(
    ("happening", "kind"),
    [
        (garbage(), FaultKind.GARBLED),
        (garbage(b"[" * 200_000), FaultKind.GARBLED),
        (replying(200, ["a list"]), FaultKind.GARBLED),
        (replying(200, {"tracks": {"items": "none"}}), FaultKind.GARBLED),
        (replying(200, {"tracks": {"items": [1, 2]}}), FaultKind.GARBLED),
        (replying(400, {"error": "Invalid limit"}), FaultKind.GARBLED),
        (replying(400, ["no object"]), FaultKind.GARBLED),
        (replying(400, {"error": None}), FaultKind.GARBLED),
        (replying(403, "<html>Blocked by the school</html>"), FaultKind.ABSENT),
        (replying(502, "<html>Bad gateway</html>"), FaultKind.UNREACHABLE),
        (cut(), FaultKind.UNREACHABLE),
    ],
)
def test_answers_that_are_none(new: Engine, fake_services: FakeServices, happening: object, kind: FaultKind) -> None:
    ask(new, Need.SEARCH, "receipts")  # so that the token is there
    fake_services.spotify.fail(happening, times=None)  # type: ignore[arg-type]
    fault = ask(new, Need.SEARCH, "hedgerow").fault
    assert fault is not None
    assert fault.kind is kind


def test_no_secret_in_what_is_logged(
    new: Engine, fake_services: FakeServices, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"):
        ask(new, Need.SEARCH, "hedgerow")
        fake_services.spotify.fail(replying(400, {"error": {"status": 400, "message": "Invalid limit"}}))
        ask(new, Need.SEARCH, "receipts")
    secrets = [fake_services.spotify_state.app.client_secret, *fake_services.spotify_state.tokens]
    assert not [secret for secret in secrets if secret in caplog.text]
