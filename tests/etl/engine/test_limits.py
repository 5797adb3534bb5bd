"""Limits: turns, pauses that sources ask for, budgets, several credentials. The clock is the test's."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from etl.engine import Answer, Engine, Status
from etl.providers.base import FaultKind, Need, Rate, SourceFault
from tests.etl.engine.conftest import Engines, HandClock, Provider, Reply, Server, by_isrc, by_text, knows_everything

INVENTED = "invented"
SLOW = Rate(per_second=2.0, burst=2)


def once(status: int, body: Any = b"", **headers: str) -> Any:
    """Answer the first request so, and the later ones as usual."""
    left = [True]

    def does(reply: Reply) -> None:
        if left:
            left.clear()
            reply.send(status, body, **headers)
        else:
            knows_everything(reply)

    return does


def ask(engine: Engine, isrc: str = "A", **more: Any) -> Answer:
    return engine.ask(INVENTED, Need.FEATURES, by_isrc(isrc), **more)


def retry_at(answer: Answer) -> datetime:
    assert answer.status is Status.LIMITED
    assert answer.fault is not None
    assert answer.fault.kind is FaultKind.LIMITED
    assert answer.fault.retry_at is not None
    return answer.fault.retry_at


def test_turns_come_at_the_rate_after_the_burst(engines: Engines, clock: HandClock) -> None:
    engine = engines(Provider(rate=SLOW), clock=clock)
    for number in range(5):
        assert ask(engine, str(number)).status is Status.FOUND
    assert clock.slept[:2] == [0.0, 0.0]
    assert clock.slept[2:] == pytest.approx([0.5, 0.5, 0.5], abs=0.01)
    clock.at += 10
    clock.slept.clear()
    assert [ask(engine, str(number)).status for number in (10, 11)] == [Status.FOUND, Status.FOUND]
    assert sum(clock.slept) == 0.0


def test_a_turn_beyond_the_time_is_refused_at_once_and_not_taken(
    engines: Engines, server: Server, clock: HandClock
) -> None:
    engine = engines(Provider(rate=Rate(per_second=0.1)), clock=clock)
    assert ask(engine, "A").status is Status.FOUND
    begun = clock.now()
    for _ in range(3):
        assert retry_at(ask(engine, "B", within_s=3.0)) == begun + timedelta(seconds=10)
    assert clock.now() == begun
    assert ask(engine, "B", within_s=11.0).status is Status.FOUND
    assert clock.now() == begun + timedelta(seconds=10)
    assert len(server.paths) == 2


def test_a_short_pause_is_waited_for(engines: Engines, server: Server, clock: HandClock) -> None:
    server.does = once(429, Retry_After="4")
    begun = clock.at
    assert ask(engines(clock=clock)).status is Status.FOUND
    assert clock.at - begun == pytest.approx(4.0, abs=0.01)
    assert len(server.paths) == 2


@pytest.mark.parametrize(("status", "seconds"), [(429, 85_771), (429, 86_400), (503, 3600)])
def test_a_long_pause_blocks_nobody_and_survives_a_restart(
    engines: Engines, server: Server, clock: HandClock, status: int, seconds: int
) -> None:
    server.does = lambda reply: reply.send(status, b"", Retry_After=str(seconds))
    wake_up = clock.now(seconds)
    assert retry_at(ask(engines(clock=clock))) == wake_up
    again = engines(clock=clock)
    server.does = knows_everything
    assert retry_at(ask(again, "B")) == wake_up
    state = again.states()[0]
    assert (state.state, state.blocked_until) == ("waiting", wake_up)
    assert state.blocked_why
    assert clock.slept == [0.0]
    assert len(server.paths) == 1
    clock.at += seconds
    assert ask(again, "B").status is Status.FOUND
    assert again.states()[0].state == "ready"


def test_a_pause_may_be_a_date(engines: Engines, server: Server, clock: HandClock) -> None:
    until = datetime.fromtimestamp(clock.at, UTC).replace(microsecond=0) + timedelta(hours=5)
    server.does = lambda reply: reply.send(429, b"", Retry_After=format_datetime(until, usegmt=True))
    assert retry_at(ask(engines(clock=clock))) == until


@pytest.mark.parametrize("nonsense", ["soon", "-3", "nan", "inf", "", "Thu, 99 Foo 2026"])
def test_a_pause_that_means_nothing_doubles_with_each_refusal(
    engines: Engines, server: Server, clock: HandClock, nonsense: str
) -> None:
    server.does = lambda reply: reply.send(503, b"", Retry_After=nonsense)
    engine = engines(clock=clock)
    pauses = []
    for _ in range(3):
        clock.at = retry_at(ask(engine, within_s=0.5)).timestamp()
        pauses.append(clock.at)
    assert pauses[2] - pauses[1] == pytest.approx(2 * (pauses[1] - 1_800_000_000 - 1), abs=0.1)
    server.does = knows_everything
    assert ask(engine).status is Status.FOUND
    server.does = lambda reply: reply.send(503, b"")
    begun = clock.at
    assert retry_at(ask(engine, "B", within_s=0.5)).timestamp() - begun == pytest.approx(1.0, abs=0.1)


def test_an_exhausted_quota_without_a_time_is_tried_again_after_an_hour(
    engines: Engines, server: Server, clock: HandClock
) -> None:
    server.does = lambda reply: reply.send(429, {"error": {"status": 429, "reason": "QUOTA_EXCEEDED"}})
    engine = engines(clock=clock)
    assert retry_at(ask(engine)) == clock.now(3600)
    assert engine.states()[0].blocked_why == "its quota is used up"


def test_a_shorter_pause_does_not_shorten_a_longer_one(engines: Engines, server: Server, clock: HandClock) -> None:
    engine = engines(clock=clock)
    channel = engine.channel(INVENTED, within_s=1.0)
    wake_up = clock.now(3600)
    server.does = lambda reply: (
        channel.session.bucket.note_limit("said another process", 3600.0),
        reply.send(429, b"", Retry_After="2"),
    )[0]
    with pytest.raises(SourceFault):
        channel.get("anything")
    assert engine.states()[0].blocked_until == wake_up


def test_a_limit_inside_a_good_answer_is_a_limit(engines: Engines, server: Server, clock: HandClock) -> None:
    server.does = once(200, {"error": "Quota limit exceeded"})
    begun = clock.at
    assert ask(engines(clock=clock)).status is Status.FOUND
    assert clock.at - begun == pytest.approx(5.0, abs=0.01)
    server.does = once(200, {"error": "Quota limit exceeded"})
    answer = ask(engines(clock=clock), "B", within_s=3.0)
    assert retry_at(answer) == clock.now(5)


def test_a_used_up_budget_comes_back_after_a_day(engines: Engines, server: Server, clock: HandClock) -> None:
    engine = engines(Provider(rate=Rate(per_second=100.0, burst=100, daily=3)), clock=clock)
    reset = clock.now(25 * 3600)  # of the hour that they were made in, which has just begun
    assert [ask(engine, one).status for one in "ABC"] == [Status.FOUND] * 3
    assert retry_at(ask(engine, "D")) == reset
    state = engine.states()[0]
    assert state.budget is not None
    assert (state.state, state.budget.limit, state.budget.used, state.budget.resets_at) == ("waiting", 3, 3, reset)
    assert ask(engine, "A").cached
    clock.at = reset.timestamp()
    assert ask(engine, "D").status is Status.FOUND
    state = engine.states()[0]
    assert state.budget is not None
    assert (state.state, state.budget.used) == ("ready", 1)


def test_no_24_hours_see_more_than_the_budget(engines: Engines, server: Server, clock: HandClock) -> None:
    """A window that began with the first request let nearly twice as many through about its end."""
    engine = engines(Provider(rate=Rate(per_second=100.0, burst=100, daily=10)), clock=clock)
    begun, made = clock.at, list[float]()
    clock.at += 1800.0
    for number in range(400):
        if number == 1:
            clock.at = begun + 23.9 * 3600
        if ask(engine, str(number), within_s=1.0).status is Status.FOUND:
            made.append(clock.at)
        clock.at += 360.0
    assert len(made) == len(server.paths) > 20
    assert max(sum(at <= other < at + 86_400 for other in made) for at in made) == 10


def test_the_next_credential_takes_over(engines: Engines, server: Server, clock: HandClock) -> None:
    def refuses_the_first(reply: Reply) -> None:
        if reply.query["token"] == "one":
            reply.send(429, b"", Retry_After="86400")
        else:
            knows_everything(reply)

    server.does = refuses_the_first
    engine = engines(clock=clock)
    engine.put_settings(INVENTED, {"token": "one"})
    engine.put_settings(INVENTED, {"token": "two"}, credential="spare")
    assert ask(engine).status is Status.FOUND
    assert engine.states()[0].state == "ready"
    assert engine.channel(INVENTED).credential == "spare"
    engine.sources.pool(INVENTED, False)
    assert ask(engine, "B").status is Status.LIMITED
    assert engine.states()[0].state == "waiting"


def credentials(engine: Engine) -> list[str]:
    return list(engine.sources.credential_names("spotify", engine.sources.get("spotify")))


def test_spotify_credentials_do_not_take_over_unless_told_to(engines: Engines, server: Server) -> None:
    engine = engines(Provider("spotify"))
    for name in ("default", "spare"):
        engine.put_settings("spotify", {"token": name}, credential=name)
    assert credentials(engine) == ["default"]
    engine.sources.pool("spotify", True)
    assert credentials(engine) == ["default", "spare"]


def test_after_a_limit_the_rest_of_many_questions_is_not_asked(
    engines: Engines, server: Server, clock: HandClock
) -> None:
    server.does = lambda reply: reply.send(429, b"", Retry_After="900")
    engine = engines(clock=clock)
    answers = engine.ask_many(INVENTED, Need.SEARCH, [by_text(str(number)) for number in range(20)])
    assert {retry_at(answer) for answer in answers} == {clock.now(900)}
    assert len(server.paths) == 1
    assert engine._database.names_where("lookups", {}) == []


def test_a_clock_set_back_does_not_block_for_years(engines: Engines, server: Server, clock: HandClock) -> None:
    engine = engines(Provider(rate=Rate(per_second=1.0, daily=2)), clock=clock)
    ask(engine, "A")
    ask(engine, "B")
    clock.at -= timedelta(days=400).total_seconds()
    assert ask(engine, "C").status is Status.FOUND


def test_a_source_that_does_not_answer_is_left_alone_for_longer_and_longer(
    engines: Engines, server: Server, clock: HandClock
) -> None:
    server.does = lambda reply: reply.send(502, b"")
    engine = engines(clock=clock)
    assert [ask(engine, one).status for one in "ABC"] == [Status.FAILED] * 3
    assert retry_at(ask(engine, "D", within_s=1.5)) == clock.now(2)
    assert engine.states()[0].blocked_why == "it does not answer"
    assert ask(engine, "D").status is Status.FAILED
    assert retry_at(ask(engine, "E", within_s=2.5)) == clock.now(4)
    assert len(server.paths) == 4
    server.does = knows_everything
    assert ask(engine, "E").status is Status.FOUND
    server.does = lambda reply: reply.send(502, b"")
    assert [ask(engine, one).status for one in "FG"] == [Status.FAILED] * 2
    assert engine.states()[0].state == "failing"


def test_refusals_of_what_was_under_way_together_count_once(engines: Engines, clock: HandClock) -> None:
    buckets = [engines(clock=clock).channel(INVENTED).session.bucket for _ in range(5)]
    assert [round(bucket.note_limit("busy", None), 3) for bucket in buckets] == [1.0, 2.0, 2.0, 2.0, 2.0]


def test_the_difference_of_the_clocks_is_known(engines: Engines, server: Server, clock: HandClock) -> None:
    engine = engines(clock=clock)
    date = datetime.fromtimestamp(clock.at, UTC) - timedelta(minutes=10)

    def knows_the_time(reply: Reply) -> None:
        reply.handler.date_time_string = lambda *_: format_datetime(date, usegmt=True)  # type: ignore[method-assign]
        knows_everything(reply)

    server.does = knows_the_time
    ask(engine)
    assert engine.states()[0].clock_skew_s == pytest.approx(600, abs=1)
