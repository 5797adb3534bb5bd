"""gunicorn with our worker class, over real sockets: slow connections hold no thread, and end by a deadline."""

import contextlib
import errno
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from types import SimpleNamespace

import pytest
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser

from config import LARGEST_BODY, MEGABYTE, ROOT
from server import worker
from server.channel import Channel, Parser
from store.mongo import embedded

THREADS = 2
# Deadlines short enough to be waited for, and room for few connections; they are module constants of ours.
SETTINGS = """
import server.channel, server.worker
server.channel.HEADER_SECONDS = server.channel.GRACE_SECONDS = {seconds}
server.channel.KEEP_ALIVE_SECONDS = {seconds}
server.worker._OTHER_FILES = 40
bind, workers, threads, worker_class = "127.0.0.1:{port}", 1, {threads}, "server.worker.BufferedWorker"
worker_connections, graceful_timeout, control_socket_disable, loglevel = 64, 5, True, "error"
"""
APP = """
import time
asked = []
def app(environ, start_response):
    path, size = environ["PATH_INFO"], 0
    asked.append(path)
    if path == "/sleep":
        time.sleep(60)
    if path == "/events":
        start_response("200 OK", [("Content-Type", "text/event-stream; charset=utf-8")])
        return iter(lambda: time.sleep(0.1) or b":", None)
    if path == "/healthz":
        size = asked.count(path)
    while block := environ["wsgi.input"].read(65536):
        size += len(block)
    body = b"x" * ({"/large": 50, "/some": 4}[path] << 20) if path in {"/large", "/some"} else str(size).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
"""


def serve(folder: Path, seconds: float, app: str = APP, more: str = "") -> tuple[subprocess.Popen[bytes], int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    (folder / "settings.py").write_text(SETTINGS.format(seconds=seconds, port=port, threads=THREADS) + more)
    (folder / "small_app.py").write_text(app)
    command = [sys.executable, "-m", "gunicorn", "--config", str(folder / "settings.py"), "small_app:app"]
    environment = os.environ | {"PYTHONPATH": f"{folder}{os.pathsep}{ROOT}", "TASTEMAP_MAX_UPLOAD_MB": "8"}
    process = subprocess.Popen(command, env=environment, cwd=folder)
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            answer(port, "/").read()
            return process, port
        time.sleep(0.05)
    process.kill()
    raise AssertionError("gunicorn does not answer")


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Callable[[float], int]]:
    """Start it with deadlines of so many seconds; return its port."""
    processes = []

    def start(seconds: float = 600.0) -> int:
        process, port = serve(tmp_path, seconds)
        processes.append(process)
        return port

    yield start
    for process in processes:
        process.terminate()
        assert process.wait(60) == 0


def answer(
    port: int, path: str, method: str = "GET", body: object = None, *, sender: str = "", **headers: str
) -> HTTPResponse:
    connection = HTTPConnection("127.0.0.1", port, timeout=60, source_address=(sender, 0))
    connection.request(method, path, body=body, headers=headers)  # type: ignore[arg-type]
    assert connection.sock is not None
    opened.append(connection.sock)
    return connection.getresponse()


opened: list[socket.socket] = []


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    while opened:
        opened.pop().close()


def begun(port: int, head: str) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), 60)
    opened.append(connection)
    connection.sendall(head.encode())
    return connection


HEADERS = "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "
BODY = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc"
FORM = "multipart/form-data; boundary=x"
POST = "POST / HTTP/1.1\r\nHost: x\r\n"
CHUNKS = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"


@pytest.mark.parametrize("head", [HEADERS, BODY, CHUNKS, ""])
def test_slow_requests_hold_no_thread_and_no_place(served: Callable[..., int], head: str) -> None:
    port = served()
    slow = [begun(port, head) for _ in range(200)]  # there is room for 64
    for _ in range(6):
        assert answer(port, "/").read() == b"0"
        slow.append(begun(port, head))
    for connection in slow:
        with contextlib.suppress(OSError):
            connection.send(b"a")
    assert answer(port, "/", "POST", b"abc").read() == b"3"


def test_who_does_not_read_an_answer_holds_no_thread(served: Callable[..., int]) -> None:
    port = served()
    slow = [begun(port, "GET /large HTTP/1.1\r\nHost: x\r\n\r\n") for _ in range(2 * THREADS)]
    for connection in slow:
        assert connection.recv(1) == b"H"  # it is being answered
    assert answer(port, "/").read() == b"0"


def test_who_does_not_read_an_answer_holds_no_place(served: Callable[..., int]) -> None:
    port = served()
    for _ in range(80):  # there is room for 64
        connection = socket.socket()
        opened.append(connection)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", port))
        connection.sendall(b"GET /some HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer(port, "/").read() == b"0"


@pytest.mark.parametrize(("head", "status"), [(HEADERS, b"408"), (BODY, b"408"), (CHUNKS, b"408"), ("", b"")])
def test_slow_requests_end_by_a_deadline(served: Callable[..., int], head: str, status: bytes) -> None:
    connection = begun(served(0.5), head)
    received = b"".join(iter(lambda: connection.recv(65536), b""))
    assert received[9:12] == status
    if status:
        assert json.loads(received.partition(b"\r\n\r\n")[2])["error"]["code"] == "too_slow"


def test_who_does_not_read_an_answer_is_dropped(served: Callable[..., int]) -> None:
    port = served(0.5)

    def bytes_after(pause: float) -> int:
        connection = begun(port, "GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(pause)
        received = 0
        with contextlib.suppress(ConnectionResetError):
            while block := connection.recv(1 << 20):
                received += len(block)
        return received

    assert any(bytes_after(pause) < 50 << 20 for pause in (3, 30, 120))  # a slow machine is given longer


def test_health_answers_while_all_threads_work(served: Callable[..., int]) -> None:
    port = served()
    upload = f"POST /sleep HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM}\r\nContent-Length: 3\r\n\r\nabc"
    for _ in range(8):
        begun(port, upload)
    # Those who bring no file do not wait for those who do.
    assert answer(port, "/").status == 200
    for _ in range(THREADS):
        begun(port, "GET /sleep HTTP/1.1\r\nHost: x\r\n\r\n")
    for _ in range(2):
        health = answer(port, "/healthz")
        assert (health.status, health.read()) == (200, b"1")  # what the application said when it was first asked
    # One visitor's requests leave threads to others.
    assert answer(port, "/", sender="127.0.0.2").status == 200
    assert answer(port, "/", "POST", b"abc", sender="127.0.0.2", **{"Content-Type": FORM}).status == 200


@pytest.mark.parametrize(
    ("headers", "behind_proxy", "visitor"),
    [
        ({}, True, "10.0.0.1"),
        ({"X_FORWARDED_FOR": "198.51.100.7"}, False, "10.0.0.1"),  # anybody may send it
        ({"X_FORWARDED_FOR": "192.0.2.9, 198.51.100.7"}, True, "198.51.100.7"),  # the proxy adds the last one
        ({"X_FORWARDED_FOR": "2001:db8::5:6"}, True, "2001:db8::/64"),
    ],
)
def test_a_visitor_is_a_network(headers: dict[str, str], behind_proxy: bool, visitor: str) -> None:
    channel = SimpleNamespace(_first=SimpleNamespace(headers=headers), addr=("10.0.0.1", 5))
    assert Channel.visitor(channel, behind_proxy) == visitor  # type: ignore[arg-type]


def test_a_large_file_goes_through_and_what_is_larger_is_refused_in_words(served: Callable[..., int]) -> None:
    port = served()
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    size = 6 * MEGABYTE
    assert answer(port, "/", "POST", b"x" * size, **form).read() == str(size).encode()
    blocks = (b"y" * MEGABYTE for _ in range(6))
    assert answer(port, "/", "POST", blocks, **form).read() == str(size).encode()
    too_large = [
        answer(port, "/", "POST", b"x" * (10 * MEGABYTE), **form),
        answer(port, "/", "POST", b"x" * (LARGEST_BODY + 1), **{"Content-Type": "application/json"}),
        answer(port, "/", "POST", iter([b"x" * (LARGEST_BODY + 1)])),
    ]
    for refused in too_large:
        assert (refused.status, json.loads(refused.read())["error"]["code"]) == (413, "too_large")
    assert answer(port, "/", "POST", b"x" * LARGEST_BODY).read() == str(LARGEST_BODY).encode()


def test_what_is_no_http_is_refused_in_the_one_shape(served: Callable[..., int]) -> None:
    port = served()
    for text, status in (
        ("GET\r\n\r\n", b"400"),
        ("GET / HTTP/1.1\r\nContent-Length: abc\r\n\r\n", b"400"),
        (f"GET / HTTP/1.1\r\nX: {'a' * 70_000}\r\n\r\n", b"431"),
        ("GET / HTTP/1.1\r\n" + "a:b\r\n" * 101 + "\r\n", b"431"),
        # A proxy may see another end of the body, or another host, than we do.
        (f"{POST}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"400"),
        (f"{POST}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", b"400"),
        (f"{POST}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"400"),
        (f"{POST}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", b"400"),
        (f"{POST}Transfer-Encoding: gzip\r\n\r\n", b"400"),
        ("POST / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"400"),
        ("GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", b"400"),
        ("GET / HTTP/1.1\r\nHost: x\r\n y\r\n\r\n", b"400"),
        (f"{POST}Content-Length: {'1' * 5_000}\r\n\r\n", b"400"),
    ):
        connection = begun(port, text)
        received = b"".join(iter(lambda: connection.recv(65536), b""))  # noqa: B023
        assert received[9:12] == status
        assert json.loads(received.partition(b"\r\n\r\n")[2])["error"].keys() == {"code", "message", "hint"}


@pytest.mark.parametrize(
    ("length", "status"),
    [
        (None, b"200"),
        ("3", b"100"),
        ("0", b"200"),
        ("+3", b"400"),
        (str(LARGEST_BODY + 1), b"413"),
        ("9" * 5_000, b"400"),
    ],
)
def test_who_brings_a_body_that_is_taken_is_told_to_go_on(
    served: Callable[..., int], length: str | None, status: bytes
) -> None:
    header = "" if length is None else f"Content-Length: {length}\r\n"
    connection = begun(served(), f"{POST}Connection: close\r\nExpect: 100-continue\r\n{header}\r\n")
    received = connection.recv(12, socket.MSG_WAITALL)
    assert received == b"HTTP/1.1 " + status
    if status == b"100":
        connection.sendall(b"abc")
        assert b"".join(iter(lambda: connection.recv(65536), b"")).endswith(b"3")


def test_a_connection_is_closed_for_who_asks_it_among_other_things(served: Callable[..., int]) -> None:
    connection = begun(served(), "GET /?close HTTP/1.1\r\nHost: x\r\nConnection: TE, Close\r\n\r\n")
    connection.settimeout(60)  # which is less than the deadlines of the server
    received = b"".join(iter(lambda: connection.recv(65536), b""))
    assert received.startswith(b"HTTP/1.1 200")


def test_blank_lines_keep_no_connection(served: Callable[..., int]) -> None:
    connection = begun(served(0.5), "")
    ended = threading.Event()

    def send() -> None:
        with contextlib.suppress(OSError):
            while not ended.wait(0.05):
                connection.sendall(b"\r\n")

    sender = threading.Thread(target=send)
    sender.start()
    connection.settimeout(30)
    try:
        with contextlib.suppress(ConnectionError):
            assert connection.recv(1) == b""
    finally:
        ended.set()
        sender.join()


def test_blank_lines_before_a_request_are_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    parser = Parser(Adjustments())
    parsed: list[bytes] = []
    monkeypatch.setattr(HTTPRequestParser, "received", lambda _self, data: parsed.append(data) or len(data))
    assert parser.received(b"\r\n" * 4_000 + b"GET") == 8_003
    assert parsed == [b"GET"]
    lines = Parser(Adjustments())
    assert (lines.received(b"\r\n" * 4_000), lines.empty, lines.completed) == (8_000, True, True)
    assert parsed == [b"GET"]


def test_a_body_that_the_disk_has_no_room_for_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: object) -> None:
        raise OSError(code, os.strerror(code))

    for code in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
        parser = Parser(Adjustments())
        parser.received(b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n")
        monkeypatch.setattr(parser.body_rcv, "received", full)
        if code == errno.EIO:
            with pytest.raises(OSError, match="error"):
                parser.received(b"body")
        else:
            assert parser.received(b"body") == 4
            assert (parser.error.code, parser.completed) == (507, True)


def test_an_answer_is_one_block_and_the_loop_does_not_spin_while_a_thread_sends_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def application(_environ: object, start_response: Callable[..., object]) -> list[bytes]:
        start_response("200 OK", [("Content-Length", "4")])
        return [b"body"]

    def send(channel: Channel, data: bytes, do_close: bool) -> int:
        sent.append((data, channel.writable()))
        return len(data)

    sent: list[tuple[bytes, bool]] = []
    monkeypatch.setattr(HTTPChannel, "send", send)
    server = SimpleNamespace(
        **{"application": application, "adj": Adjustments(ident=None), "server_name": "x", "effective_port": 80},
        **{"active_channels": {}, "add_task": lambda _channel: None, "pull_trigger": lambda: None},
    )
    ours, theirs = socket.socketpair()
    opened.extend((ours, theirs))
    channel = Channel(server, ours, ("127.0.0.1", 1), server.adj, map={})
    channel.received(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    channel.service()
    assert sent[0][0].endswith(b"\r\n\r\nbody")
    assert not any(writable for _, writable in sent)
    channel.total_outbufs_len = 1
    assert channel.writable()  # the loop sends what a thread could not


def test_an_answer_that_is_under_way_is_given_before_it_stops(tmp_path: Path) -> None:
    process, port = serve(tmp_path, 600.0)
    begun(port, HEADERS)  # waits for nothing that comes
    large = begun(port, "GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert large.recv(1) == b"H"
    reader = threading.Thread(target=process.send_signal, args=(signal.SIGTERM,))
    reader.start()
    received = 1 + sum(len(block) for block in iter(lambda: large.recv(1 << 20), b""))
    assert received > 50 << 20
    assert process.wait(60) == 0
    reader.join()


def test_a_stream_of_events_does_not_delay_the_stop(tmp_path: Path) -> None:
    process, port = serve(tmp_path, 600.0, more="graceful_timeout = 600\n")
    events = begun(port, "GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
    assert events.recv(1) == b"H"
    process.terminate()
    assert process.wait(60) == 0


def test_all_steps_of_a_stop_together_take_less_than_ten_seconds() -> None:
    show = "import runpy; print(runpy.run_path('gunicorn.conf.py')['graceful_timeout'])"
    answering = int(subprocess.check_output([sys.executable, "-c", show], cwd=ROOT))
    # The master kills workers after graceful_timeout; a second is left for the ends of the processes.
    assert answering + embedded.STOP_SECONDS + embedded.KILL_SECONDS <= 10 - 1
    assert 0 < worker._EXIT_SECONDS < answering


def test_a_process_that_hangs_before_it_serves_is_replaced(tmp_path: Path) -> None:
    stuck = "import pathlib, time\nif not (f := pathlib.Path('tried')).exists():\n    f.touch()\n    time.sleep(600)\n"
    process, _ = serve(tmp_path, 600.0, stuck + APP, "timeout = 5\n")
    process.terminate()
    assert process.wait(60) == 0
