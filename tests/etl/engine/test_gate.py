"""The gate: what a source may send, and what of it reaches whom."""

import gzip
import logging
from contextlib import suppress
from threading import Event
from typing import Any

import pytest

from etl.engine import Answer, Engine, Status
from etl.engine.gate import MAX_BODY_BYTES
from etl.providers.base import FaultKind, Need, NotThere, Setting, SourceFault
from tests.etl.engine.conftest import Engines, HandClock, Provider, Reply, Server, by_text, knows_everything

INVENTED = "invented"


def ask(engine: Engine, text: str = "a", **more: Any) -> Answer:
    return engine.ask(INVENTED, Need.SEARCH, by_text(text), **more)


def kind(answer: Answer) -> FaultKind:
    assert answer.status is Status.FAILED
    assert answer.fault is not None
    return answer.fault.kind


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Bad Gateway</html>",
        b'{"known": [',
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b"null",
        b'{"known": 7}',
        b"[]",
    ],
)
def test_garbage_is_a_fault_of_the_source(
    engines: Engines, server: Server, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    server.does = lambda reply: reply.send(200, body)
    engine = engines()
    assert kind(ask(engine)) is FaultKind.GARBLED
    state = engine.states()[0]
    assert state.state == "failing"
    assert state.last_error is not None
    assert "Invented" in state.last_error.message


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, FaultKind.GARBLED),
        (401, FaultKind.REFUSED),
        (403, FaultKind.REFUSED),
        (500, FaultKind.UNREACHABLE),
        (502, FaultKind.UNREACHABLE),
    ],
)
def test_statuses_become_faults(engines: Engines, server: Server, status: int, expected: FaultKind) -> None:
    server.does = lambda reply: reply.send(status, b"plain words")
    assert kind(ask(engines())) is expected
    assert len(server.paths) == 1


def test_404_is_an_answer(engines: Engines, server: Server) -> None:
    server.does = lambda reply: reply.send(404, b"nothing here")
    engine = engines()
    assert ask(engine).status is Status.NOT_FOUND
    assert ask(engine).cached
    with pytest.raises(NotThere):
        engine.channel(INVENTED).get("anything")


def test_a_cut_connection_is_tried_again(engines: Engines, server: Server) -> None:
    cuts = [True]

    def cut_once(reply: Reply) -> None:
        reply.cut() if cuts and cuts.pop() else knows_everything(reply)

    server.does = cut_once
    assert ask(engines()).status is Status.FOUND
    server.does = Reply.cut
    assert kind(ask(engines(), "b")) is FaultKind.UNREACHABLE
    assert len(server.paths) == 2 + 3


def test_nobody_there(engines: Engines) -> None:
    engine = engines(source_urls={INVENTED: "http://127.0.0.1:9"})
    assert kind(ask(engine)) is FaultKind.UNREACHABLE


@pytest.mark.parametrize("trickles", [False, True])
def test_an_answer_beyond_the_time_is_not_waited_for(engines: Engines, server: Server, trickles: bool) -> None:
    let_go = Event()

    def dawdle(reply: Reply) -> None:
        handler = reply.handler
        handler.close_connection = True
        if trickles:
            handler.send_response(200)
            handler.send_header("Content-Length", "100000")
            handler.end_headers()
        while not let_go.wait(0.02):
            if trickles:
                handler.wfile.write(b" ")

    server.does = dawdle
    try:
        engine = engines()
        assert kind(ask(engine, within_s=0.3)) is FaultKind.UNREACHABLE
    finally:
        let_go.set()
    # It had hardly any time, so the next question may find it well.
    server.does = knows_everything
    assert ask(engine).status is Status.FOUND


def test_a_huge_answer_is_not_read_to_its_end(engines: Engines, server: Server) -> None:
    sent = []

    def flood(reply: Reply) -> None:
        handler = reply.handler
        handler.send_response(200)
        handler.send_header("Content-Encoding", "gzip")
        body = gzip.compress(b" " * (8 * MAX_BODY_BYTES), 1)
        sent.append(len(body))
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.close_connection = True
        with suppress(OSError):
            handler.wfile.write(body)

    server.does = flood
    answer = ask(engines())
    assert kind(answer) is FaultKind.GARBLED
    assert answer.fault is not None
    assert "10 MB" in answer.fault.message
    assert sent[0] < MAX_BODY_BYTES


@pytest.mark.parametrize("trickles", [False, True])
def test_a_redirect_with_a_body_without_an_end_is_not_read_to_it(
    engines: Engines, server: Server, trickles: bool
) -> None:
    let_go, sent, limit = Event(), [], 1_000 if trickles else 8 * MAX_BODY_BYTES

    def flood(reply: Reply) -> None:
        handler = reply.handler
        handler.close_connection = True
        handler.send_response(302)
        handler.send_header("Location", "/moved")
        handler.end_headers()
        with suppress(OSError):  # when we hang up
            while sum(sent) < limit and not let_go.is_set():
                sent.append(handler.wfile.write(b" " if trickles else b" " * 65_536))
                if trickles:
                    let_go.wait(0.02)

    server.does = flood
    try:
        answer = ask(engines(), within_s=0.5 if trickles else 60.0)
    finally:
        let_go.set()
    assert kind(answer) is (FaultKind.UNREACHABLE if trickles else FaultKind.GARBLED)
    assert sum(sent) < limit


HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
ENDLESS = {
    "status": (b"HTTP/1.1 200 ", b"O"),
    "header": (HEAD + b"X-Slow: ", b"x"),
    "interim": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "body": (HEAD + b"\r\n", b" "),
    "length": (HEAD + b"Content-Length: 100000000000\r\n\r\n", b" "),
    "chunk": (CHUNKED + b"1; ", b"x"),
    "trailer": (CHUNKED + b"0\r\n", b"X: y\r\n"),
    # Blocks without contents: bytes without an end that unpack to nothing.
    "packed": (HEAD + b"Content-Encoding: deflate\r\n\r\n", b"\0\0\0\xff\xff"),
}


def pour(server: Server, head: bytes, more: bytes, limit: int, let_go: Event, pause_s: float = 0.0) -> list[int]:
    """Let the server send ``head`` and then ``more`` again and again; return the list that gets how much it sends."""
    sent: list[int] = []

    def flood(reply: Reply) -> None:
        reply.handler.close_connection = True
        with suppress(OSError):  # when we hang up
            reply.handler.wfile.write(head)
            while sum(sent) < limit and not let_go.wait(pause_s):
                sent.append(reply.handler.wfile.write(more))

    server.does = flood
    return sent


@pytest.mark.parametrize("part", ENDLESS)
def test_no_part_of_an_answer_may_trickle_beyond_the_time(engines: Engines, server: Server, part: str) -> None:
    head, more = ENDLESS[part]
    let_go, limit = Event(), 600 * len(more)
    sent = pour(server, head, more, limit, let_go, 0.02)
    try:
        assert kind(ask(engines(), within_s=0.5)) is FaultKind.UNREACHABLE
    finally:
        let_go.set()
    assert sum(sent) < limit


@pytest.mark.parametrize("part", ["interim", "trailer", "packed"])
def test_no_part_of_an_answer_may_be_endless(engines: Engines, server: Server, part: str) -> None:
    head, more = ENDLESS[part]
    limit = 8 * MAX_BODY_BYTES
    sent = pour(server, head, more * (65_536 // len(more)), limit, Event())
    assert kind(ask(engines())) is FaultKind.GARBLED
    assert sum(sent) < limit


def test_redirects_have_no_time_of_their_own(engines: Engines, server: Server) -> None:
    clock = HandClock()

    def slow(reply: Reply) -> None:
        clock.sleep(40.0)
        reply.send(302, b"", Location="/on" + reply.handler.path)

    server.does = slow
    channel = engines(clock=clock).channel(INVENTED, within_s=60.0)
    with pytest.raises(SourceFault):
        channel.get("anything")
    assert len(server.paths) == 2


@pytest.mark.parametrize(
    "location", ["http://[", "//[::1", "/\xff\xfe", "http://x:99999999/", "\\\\x", "gopher:x", "%00"]
)
def test_a_redirect_to_what_is_no_address_is_a_fault_of_the_source(
    engines: Engines, server: Server, location: str
) -> None:
    server.does = lambda reply: reply.send(302, b"", Location=location)
    engine = engines()
    assert kind(ask(engine)) in {FaultKind.GARBLED, FaultKind.UNREACHABLE}
    with pytest.raises(SourceFault):
        engine.channel(INVENTED).get("anything")


@pytest.mark.parametrize("length", ["-1", "many", "99999999999999999999999", "1" * 5_000])
def test_a_wrong_length_is_no_fault_of_ours(engines: Engines, server: Server, length: str) -> None:
    def lie(reply: Reply) -> None:
        reply.handler.close_connection = True
        reply.handler.wfile.write(HEAD + b"Content-Length: " + length.encode() + b'\r\n\r\n{"known": []}')

    server.does = lie
    assert ask(engines()).status in {Status.NOT_FOUND, Status.FAILED}


def test_text_in_a_coding_that_takes_hours_is_not_decoded_by_it(engines: Engines, server: Server) -> None:
    server.does = lambda reply: reply.send(int(reply.query["ids"]), "é".encode(), Content_Type="x; charset=punycode")
    engine = engines()
    for status in ("500", "400"):
        with pytest.raises(SourceFault) as caught:
            engine.channel(INVENTED).get("anything", {"ids": status})
        assert caught.value.body == "é"


def test_a_redirect_is_followed_on_the_same_server_only(engines: Engines, server: Server) -> None:
    def elsewhere(reply: Reply) -> None:
        if reply.query["ids"] == "near":
            reply.send(302, b"", Location="/moved?ids=near2") if "moved" not in reply.handler.path else 0
        if "moved" in reply.handler.path:
            reply.send(200, {"known": ["near"]})
        if reply.query["ids"] == "far":
            reply.send(302, b"", Location=f"http://localhost:{server.url.rsplit(':', 1)[1]}/moved?ids=x")

    server.does = elsewhere
    engine = engines()
    assert ask(engine, "near").status is Status.FOUND
    assert len(server.paths) == 2
    assert kind(ask(engine, "far")) is FaultKind.GARBLED
    assert len(server.paths) == 3
    server.does = lambda reply: reply.send(302, b"", Location=reply.handler.path)
    assert kind(ask(engine, "circle")) is FaultKind.GARBLED


def test_it_says_who_asks(engines: Engines, server: Server) -> None:
    ask(engines(contact="somebody@example.org"))
    agent = server.headers[0]["User-Agent"]
    assert agent.startswith("Tastemap/")
    assert "somebody@example.org" in agent


def test_a_contact_of_the_source_comes_first_and_none_is_invented(engines: Engines, server: Server) -> None:
    provider = Provider(settings=(Setting(name="contact", label="Contact", help="Whom to write to."),))
    ask(engines(provider), "A")
    engine = engines(provider, contact="somebody@example.org")
    for contact in ("else@example.org", "f\u00fcr\r\nX-Evil: 1", None):
        engine.put_settings(INVENTED, {"contact": contact})
        ask(engine, f"{contact}")
    contacts = [headers["User-Agent"].partition(" ")[2] for headers in server.headers]
    assert contacts == ["", "(else@example.org)", "(frX-Evil: 1)", "(somebody@example.org)"]


def test_a_client_library_passes_the_same_gate(engines: Engines, server: Server) -> None:
    engine = engines()
    channel = engine.channel(INVENTED, within_s=2.0)
    server.does = lambda reply: reply.send(403, b"plain words")
    assert channel.session.get(f"{server.url}/me").status_code == 403
    server.does = lambda reply: reply.send(429, {"error": {"reason": "QUOTA_EXCEEDED"}}, Retry_After="85771")
    with pytest.raises(SourceFault) as caught:
        channel.session.get(f"{server.url}/me")
    assert (caught.value.kind, caught.value.status) == (FaultKind.LIMITED, 429)
    assert caught.value.retry_after_s == pytest.approx(85_771, abs=60)
    assert "QUOTA_EXCEEDED" in caught.value.body
    with pytest.raises(SourceFault):
        channel.session.post(f"{server.url}/me")
    assert len(server.paths) == 2


def test_an_off_source_has_no_channel(engines: Engines, server: Server) -> None:
    engine = engines(switch=False)
    with pytest.raises(SourceFault) as caught:
        engine.channel(INVENTED)
    assert caught.value.kind is FaultKind.REFUSED


def test_secrets_reach_neither_messages_nor_the_log(
    engines: Engines, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    server.does = lambda reply: reply.send(401, f"bad token {reply.query['token']}".encode())
    engine = engines()
    engine.put_settings(INVENTED, {"token": "hush-hush"})
    answer = ask(engine)
    assert "hush-hush" in server.paths[0]
    assert answer.fault is not None
    assert "bad token ..." in answer.fault.message
    everything = f"{answer} {engine.states()} {engine._database.documents_where('sources', {})} {caplog.text}"
    assert "hush-hush" not in everything
    assert engine.settings(INVENTED) == {"token": "hush-hush"}


def test_half_characters_do_not_reach_the_store(engines: Engines, server: Server) -> None:
    server.does = lambda reply: reply.send(200, b'{"known": ["a", "\\ud800 \\uD83D\\uDE00"]}')
    found = engines().channel(INVENTED).get("x")
    assert found == {"known": ["a", "? \U0001f600"]}


def test_addresses_of_further_servers_come_with_the_settings(engines: Engines, server: Server) -> None:
    urls = {"spotify": server.url, "spotify_accounts": "http://127.0.0.1:1"}
    channel = engines(Provider("spotify"), source_urls=urls).channel("spotify")
    assert channel.base_url == server.url
    assert channel.settings["accounts_url"] == "http://127.0.0.1:1"
