"""What the doctor finds at the sources: fakes on loopback, each made ill in its own way."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from config import Config
from etl.doctor.checks import Opened, Visitor, probe_examiners
from etl.doctor.examination import Check, State, examine
from etl.doctor.sources import look_at_standing, probe_needs
from etl.engine import Engine
from etl.providers.base import LookupQuery, Need
from etl.spotify.login import Redirect
from store.database import Database
from tests.fake_services.faults import garbage, limited, replying
from tests.fake_services.fixtures import FakeServices

VISITOR = Visitor(redirect=Redirect(uri="http://127.0.0.1:8000/callback"))


@pytest.fixture
def engine(database: Database, fake_services: FakeServices, tmp_path: Path) -> Iterator[Engine]:
    """An engine over the fakes, every source off."""
    urls = fake_services.urls | {"spotify": "http://127.0.0.1:9"}
    engine = Engine(database, Config(var=tmp_path, source_urls=urls))
    yield engine
    engine.close()


def standing(engine: Engine, source: str) -> dict[str, Check]:
    (state,) = (state for state in engine.states() if state.name == source)
    return {check.name: check for check in look_at_standing(engine, state)}


def probed(engine: Engine, source: str) -> dict[str, Check]:
    (state,) = (state for state in engine.states() if state.name == source)
    return {check.name: check for check in probe_needs(engine, state, 5.0)}


def states(checks: Iterable[Check]) -> set[State]:
    return {check.state for check in checks}


def test_a_source_that_is_off_is_never_asked(database: Database, engine: Engine, fake_services: FakeServices) -> None:
    found = [check for state in engine.states() for check in look_at_standing(engine, state)]
    assert {check.area for check in found} == set(engine.providers())
    assert states(found) == {State.OFF}
    assert "python -m etl sources on deezer" in standing(engine, "deezer")["state"].remedy
    assert probe_examiners(Opened(database=database, engine=engine), VISITOR) == []
    assert fake_services.request_count() == 0


def test_every_need_of_every_source_that_is_on_is_probed(
    database: Database, engine: Engine, fake_services: FakeServices
) -> None:
    fake_services.lift_limits()
    on = {"deezer", "itunes", "listenbrainz", "listenbrainz_labs", "acousticbrainz", "reccobeats"}
    engine.sources.switch(on)
    examiners = probe_examiners(Opened(database=database, engine=engine), VISITOR)
    checks = examine(examiners, 20)
    assert states(checks) == {State.OK}
    offered = {(name, str(need)) for name in on for need in engine.providers()[name].about.needs}
    assert {(check.area, check.name) for check in checks} == offered
    assert fake_services.musicbrainz.requests == []
    assert standing(engine, "deezer")["state"].message.startswith("Switched on; last answered 20")


def test_a_source_that_is_out_of_order_is_told_apart_from_one_that_does_not_know(
    engine: Engine, fake_services: FakeServices
) -> None:
    engine.sources.switch({"deezer"})
    fake_services.deezer.fail(garbage(), times=None, path="/search")
    checks = probed(engine, "deezer")
    assert (checks["search"].state, checks["track"].state) == (State.FAULT, State.OK)
    assert "does not know the track" in checks["track"].message


def test_a_source_that_asks_to_wait_is_left_alone_until_then(
    database: Database, engine: Engine, fake_services: FakeServices
) -> None:
    engine.sources.switch({"reccobeats"})
    fake_services.reccobeats.fail(limited(85_771))
    check = probed(engine, "reccobeats")["features"]
    assert check.state is State.WARNING
    assert "The next request is 20" in check.remedy
    asleep = standing(engine, "reccobeats")["state"]
    assert (asleep.state, asleep.message[:13]) == (State.WARNING, "Paused until ")
    assert probe_examiners(Opened(database=database, engine=engine), VISITOR) == []
    assert len(fake_services.reccobeats.requests) == 1


def test_what_failed_last_and_works_now_is_well_again(engine: Engine, fake_services: FakeServices) -> None:
    engine.sources.switch({"acousticbrainz"})
    fake_services.acousticbrainz.fail(replying(500), times=None)
    assert probed(engine, "acousticbrainz")["features"].state is State.FAULT
    failed = standing(engine, "acousticbrainz")["state"]
    assert (failed.state, failed.message[:9]) == (State.WARNING, "Failed 20")
    fake_services.acousticbrainz.heal()
    assert probed(engine, "acousticbrainz")["features"].state is State.OK
    assert standing(engine, "acousticbrainz")["state"].state is State.OK


def test_what_a_source_refused_for_good_is_tried_again(engine: Engine, fake_services: FakeServices) -> None:
    engine.sources.switch({"deezer"})
    engine.sources.note_absent("deezer", Need.SEARCH)
    assert "deezer" not in engine.on(Need.SEARCH)
    assert probed(engine, "deezer")["search"].state is State.OK
    assert "deezer" in engine.on(Need.SEARCH)


def test_a_clock_that_is_wrong_is_noticed(engine: Engine, fake_services: FakeServices) -> None:
    engine.sources.switch({"deezer"})
    an_hour_ago = format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True)
    asked = LookupQuery(text="anything")
    fake_services.deezer.fail(replying(200, {"data": []}, Date=an_hour_ago))
    engine.ask("deezer", Need.SEARCH, asked)
    check = standing(engine, "deezer")["clock"]
    assert check.state is State.WARNING
    assert "ahead of" in check.message
    engine.ask("deezer", Need.SEARCH, asked, fresh=True)
    assert "clock" not in standing(engine, "deezer")


def test_credentials_that_cannot_be_decrypted_are_told_and_kept(
    database: Database, engine: Engine, tmp_path: Path
) -> None:
    engine.sources.switch({"spotify"})
    assert standing(engine, "spotify")["state"].state is State.FAULT
    engine.put_settings("spotify", {"client_id": "an id", "client_secret": "a secret"})
    assert standing(engine, "spotify")["credentials"].state is State.OK
    other = Engine(database, Config(var=tmp_path, secret_key="another key"))
    check = standing(other, "spotify")["credentials"]
    assert check.state is State.FAULT
    assert "TASTEMAP_SECRET_KEY" in check.remedy
    other.retry("spotify")
    assert engine.settings("spotify")["client_secret"] == "a secret"
    other.close()


def test_a_budget_that_is_nearly_used_up(database: Database, engine: Engine) -> None:
    engine.sources.switch({"spotify"})
    engine.put_settings("spotify", {"client_id": "an id"})
    assert standing(engine, "spotify")["budget"].state is State.OK
    hour = int(datetime.now(UTC).timestamp() // 3600) - 4
    tomorrow = datetime.fromtimestamp((hour + 25) * 3600, UTC)
    bucket = {"version": 1, "tat": 0.0, "hours": {str(hour): 460}, "blocked_until": None}
    database.put_document("sources", {"_id": "spotify/default", "blocked_why": "", "strikes": 0, **bucket})
    check = standing(engine, "spotify")["budget"]
    assert (check.state, check.message) == (State.WARNING, "460 of the 500 requests of a day are used.")
    assert f"{tomorrow:%Y-%m-%d %H}" in check.remedy
