"""Questions and answers: remembered, asked in batches, and never in another's place."""

from datetime import timedelta

import pytest

from etl.engine import Status
from etl.providers.base import FaultKind, Identity, LookupQuery, Need, Setting, SourceFeatures
from tests.etl.engine.conftest import Engines, HandClock, Provider, Reply, Server, by_isrc, by_text, knows_everything

INVENTED = "invented"


def test_a_found_answer_carries_source_time_and_licence_and_is_asked_once(
    engines: Engines, server: Server, clock: HandClock
) -> None:
    engine = engines(clock=clock)
    first = engine.ask(INVENTED, Need.FEATURES, by_isrc("A1"))
    assert first.status is Status.FOUND
    assert first.value == SourceFeatures(values={"energy": 0.2})
    assert (first.source, first.licence, first.fetched_at) == (INVENTED, "CC0", clock.now())
    assert not first.cached
    clock.at += 60
    second = engine.ask(INVENTED, Need.FEATURES, by_isrc("A1"))
    assert (second.value, second.fetched_at, second.cached) == (first.value, first.fetched_at, True)
    assert len(server.paths) == 1


def test_found_not_found_and_failed_are_forgotten_at_their_own_times(
    engines: Engines, server: Server, clock: HandClock
) -> None:
    engine = engines(clock=clock)

    def ask(text: str) -> Status:
        return engine.ask(INVENTED, Need.SEARCH, by_text(text)).status

    assert ask("known") is Status.FOUND
    assert ask("unknown") is Status.NOT_FOUND
    server.does = lambda reply: reply.send(200, b"<html>")
    assert ask("broken") is Status.FAILED
    server.does = lambda reply: reply.send(200, {"known": ["known", "unknown", "broken"]})
    assert [ask("known"), ask("unknown"), ask("broken")] == [Status.FOUND, Status.NOT_FOUND, Status.FAILED]
    assert len(server.paths) == 3
    clock.at += timedelta(minutes=11).total_seconds()
    assert [ask("unknown"), ask("broken")] == [Status.NOT_FOUND, Status.FOUND]
    clock.at += timedelta(days=8).total_seconds()
    assert ask("unknown") is Status.NOT_FOUND
    assert len(server.paths) == 4
    assert ask("known") is Status.FOUND
    assert len(server.paths) == 5
    clock.at += timedelta(days=7).total_seconds()
    assert ask("unknown") is Status.FOUND


def test_an_off_source_is_never_contacted(engines: Engines, server: Server) -> None:
    engine = engines(switch=False)
    assert engine.on(Need.FEATURES) == []
    assert engine.ask(INVENTED, Need.FEATURES, by_isrc("A1")).status is Status.OFF
    engine.sources.switch([INVENTED])
    assert engine.on(Need.FEATURES) == [INVENTED]
    assert engine.ask(INVENTED, Need.FEATURES, by_isrc("A1")).status is Status.FOUND
    engine.sources.switch([])
    assert engine.ask(INVENTED, Need.FEATURES, by_isrc("A1")).status is Status.OFF
    assert len(server.paths) == 1


def test_the_environment_rules_over_the_listener(engines: Engines) -> None:
    providers = (Provider("one"), Provider("two"))
    engine = engines(*providers, switch=False, sources=frozenset({"two"}))
    assert engine.on(Need.FEATURES) == ["two"]
    assert engine.sources.decided()
    assert not engines(*providers, switch=False).sources.decided()


def test_only_unknown_questions_are_asked_in_full_batches(engines: Engines, server: Server) -> None:
    engine = engines()
    engine.ask(INVENTED, Need.FEATURES, by_isrc("B"))
    wanted = [by_isrc(one) for one in ("A", "B", "unknown", "D", "A")]
    answers = engine.ask_many(INVENTED, Need.FEATURES, [*wanted, LookupQuery(identity=Identity(title="no id"))])
    assert [answer.status.value for answer in answers] == ["found", "found", "not_found", "found", "found", "cannot"]
    assert [answer.cached for answer in answers[:2]] == [False, True]
    assert [path.split("&")[0] for path in server.paths[1:]] == ["/features?ids=A%2Cunknown", "/features?ids=D"]


def test_a_failed_batch_leaves_the_others_their_answers(engines: Engines, server: Server) -> None:
    def fails_for_c(reply: Reply) -> None:
        known = reply.query["ids"].split(",")
        reply.send(500, b"") if "C" in known else reply.send(200, {"known": known})

    server.does = fails_for_c
    answers = engines().ask_many(INVENTED, Need.FEATURES, [by_isrc(one) for one in "ABCDE"])
    assert [answer.status.value for answer in answers] == ["found", "found", "failed", "failed", "found"]
    assert answers[2].fault is not None
    assert answers[2].fault.kind is FaultKind.UNREACHABLE


def test_one_bad_question_does_not_cost_its_batch_the_answers(engines: Engines, server: Server) -> None:
    def refuses_x(reply: Reply) -> None:
        known = reply.query["ids"].split(",")
        reply.send(400, {"error": "invalid id"}) if "X" in known else reply.send(200, {"known": known})

    server.does = refuses_x
    answers = engines().ask_many(INVENTED, Need.FEATURES, [by_isrc("X"), by_isrc("B")])
    assert [answer.status.value for answer in answers] == ["failed", "found"]


def test_what_a_source_has_given_up_is_asked_once(engines: Engines, server: Server) -> None:
    server.does = lambda reply: reply.send(200, {"absent": True})
    engine = engines()
    assert engine.ask(INVENTED, Need.GENRES, by_isrc("A")).status is Status.CANNOT
    assert engine.ask(INVENTED, Need.GENRES, by_isrc("B")).status is Status.CANNOT
    assert len(server.paths) == 1
    assert engine.on(Need.GENRES) == []
    assert engine.on(Need.SEARCH) == [INVENTED]
    assert set(engine.states()[0].absent) == {"genres"}
    engine.retry(INVENTED)
    assert engine.on(Need.GENRES) == [INVENTED]


def test_previews_are_asked_for_whenever_somebody_listens(engines: Engines, server: Server) -> None:
    engine = engines()
    for _ in range(2):
        assert not engine.ask(INVENTED, Need.PREVIEW, by_isrc("A")).cached
    assert len(server.paths) == 2


def test_equal_questions_differ_in_what_the_source_does_not_read(engines: Engines, server: Server) -> None:
    engine = engines()
    engine.ask(INVENTED, Need.SEARCH, by_text("Kelp  & Thunder"))
    assert engine.ask(INVENTED, Need.SEARCH, by_text("kelp and thunder")).cached
    assert not engine.ask(INVENTED, Need.SEARCH, LookupQuery(text="Kelp & Thunder", page=1)).cached
    named = Identity(title="Rust Parade", artists=("Iron Almond",), ids={"isrc": "A"})
    engine.ask(INVENTED, Need.FEATURES, LookupQuery(identity=named))
    more = Identity(title="rust parade - Remastered 2011", artists=("Iron Almond",), ids={"isrc": "A", "deezer": "9"})
    assert engine.ask(INVENTED, Need.FEATURES, LookupQuery(identity=more)).cached
    other = Identity(title="Smelter", artists=("Iron Almond",), ids={"isrc": "A"})
    assert not engine.ask(INVENTED, Need.FEATURES, LookupQuery(identity=other)).cached


def test_fresh_passes_over_the_remembered_and_keeps_it_when_that_fails(engines: Engines, server: Server) -> None:
    engine = engines()
    engine.ask(INVENTED, Need.FEATURES, by_isrc("A"))
    assert not engine.ask(INVENTED, Need.FEATURES, by_isrc("A"), fresh=True).cached
    assert len(server.paths) == 2
    server.does = lambda reply: reply.send(500, b"")
    assert engine.ask(INVENTED, Need.FEATURES, by_isrc("A"), fresh=True).status is Status.FAILED
    assert engine.ask(INVENTED, Need.FEATURES, by_isrc("A")).status is Status.FOUND


def test_forgetting_concerns_one_source(engines: Engines, server: Server) -> None:
    engine = engines(Provider("one"), Provider("two"))
    for source in ("one", "two"):
        engine.ask_many(source, Need.FEATURES, [by_isrc(str(number)) for number in range(6)])
    engine.forget("one")
    assert not engine.ask("one", Need.FEATURES, by_isrc("3")).cached
    assert engine.ask("two", Need.FEATURES, by_isrc("3")).cached


def test_expired_answers_are_swept_out_and_the_others_stay(engines: Engines, clock: HandClock) -> None:
    engine = engines(clock=clock)
    engine.sweep()
    engine.ask(INVENTED, Need.SEARCH, by_text("found"))
    engine.ask(INVENTED, Need.SEARCH, by_text("unknown"))
    clock.at += timedelta(days=8).total_seconds()
    engine.sweep()
    documents = engine._database.documents_where("lookups", {})
    assert [document["status"] for document in documents] == ["not_found"]


def test_what_expired_before_anybody_swept_goes_too(engines: Engines, clock: HandClock) -> None:
    engine = engines(clock=clock)
    engine.ask(INVENTED, Need.SEARCH, by_text("found"))
    clock.at += timedelta(days=300).total_seconds()
    engine.ask(INVENTED, Need.SEARCH, by_text("another"))
    engine.sweep()
    assert len(engine._database.names_where("lookups", {})) == 1
    assert engine.ask(INVENTED, Need.SEARCH, by_text("another")).cached


def test_a_failure_says_when_it_is_asked_again(engines: Engines, server: Server, clock: HandClock) -> None:
    engine = engines(clock=clock)
    server.does = lambda reply: reply.send(500, b"")
    again = clock.now(600)
    for cached in (False, True):
        answer = engine.ask(INVENTED, Need.FEATURES, by_isrc("A"))
        assert (answer.status, answer.cached) == (Status.FAILED, cached)
        assert answer.fault is not None
        assert answer.fault.retry_at == again
        clock.at += 60
    clock.at = again.timestamp()
    server.does = knows_everything
    assert engine.ask(INVENTED, Need.FEATURES, by_isrc("A")).status is Status.FOUND


@pytest.mark.parametrize("days", [365, -365])
def test_a_clock_that_was_wrong_keeps_no_failure_and_no_lease(
    engines: Engines, server: Server, clock: HandClock, days: int
) -> None:
    engine, right = engines(clock=clock), clock.at
    clock.at += timedelta(days=days).total_seconds()
    server.does = lambda reply: reply.send(500, b"")
    assert engine.ask(INVENTED, Need.FEATURES, by_isrc("A")).status is Status.FAILED
    fresh = engine._cache.claim("features:invented:abc", Need.FEATURES, {}, 60.0)
    assert fresh
    clock.at = right
    server.does = knows_everything
    assert engine.ask(INVENTED, Need.FEATURES, by_isrc("A")).status is Status.FOUND
    assert engine._cache.claim("features:invented:abc", Need.FEATURES, {}, 60.0)


def test_new_settings_give_what_failed_another_chance(engines: Engines, server: Server, clock: HandClock) -> None:
    server.does = lambda reply: (
        reply.send(200, {"known": ["A"]}) if reply.query.get("token") == "right" else reply.send(401, b"who?")
    )
    engine = engines(clock=clock)
    refused = engine.ask(INVENTED, Need.FEATURES, by_isrc("A"))
    assert refused.fault is not None
    assert refused.fault.kind is FaultKind.REFUSED
    assert engine.states()[0].state == "failing"
    clock.at += 1
    engine.put_settings(INVENTED, {"token": "right"})
    assert engine.ask(INVENTED, Need.FEATURES, by_isrc("A")).status is Status.FOUND
    assert engine.states()[0].state == "ready"


def test_a_source_that_needs_a_key_is_not_asked_without(engines: Engines, server: Server) -> None:
    engine = engines(Provider(settings=(Setting(name="token", label="Token", required=True, secret=True),)))
    answer = engine.ask(INVENTED, Need.FEATURES, by_isrc("A"))
    assert answer.status is Status.CANNOT
    assert answer.fault is not None
    assert "Token" in answer.fault.message
    assert engine.states()[0].state == "needs_key"
    assert server.paths == []


def test_trying_again_leaves_settings_alone_that_nobody_can_read(engines: Engines) -> None:
    engines(secret_key="one").put_settings(INVENTED, {"token": "t"})
    stranger = engines(secret_key="two")
    stranger.retry(INVENTED)
    assert stranger.states()[0].state == "needs_key"
    assert engines(secret_key="one").settings(INVENTED) == {"token": "t"}
    stranger.put_settings(INVENTED, {"token": "new"})
    assert stranger.settings(INVENTED) == {"token": "new"}
