"""Several threads and processes share limits and answers, and survive each other's death."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from etl.engine import Status
from etl.engine.bucket import Bucket
from etl.engine.clock import Clock
from etl.providers.base import Need, Rate
from store.database import Database
from tests.etl.engine.conftest import Engines, Provider, Reply, Server, by_isrc, knows_everything

ROOT = Path(__file__).resolve().parents[3]
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(database_uri: str, server: Server, tmp_path: Path) -> Iterator[Start]:
    """Start processes that ask (see asking_process.py); kill them at the end."""
    started: list[subprocess.Popen[str]] = []

    def start(*isrcs: str, per_second: float = 1000.0) -> subprocess.Popen[str]:
        arguments = [database_uri, server.url, str(tmp_path), str(per_second), *isrcs]
        command = [sys.executable, "-m", "tests.etl.engine.asking_process", *arguments]
        started.append(
            subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def slowly(reply: Reply) -> None:
    time.sleep(0.2)  # long enough for the others to arrive
    knows_everything(reply)


def await_ready(processes: list[subprocess.Popen[str]]) -> list[subprocess.Popen[str]]:
    """Return the processes once they wait for their beginning."""
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    return processes


def statuses(processes: list[subprocess.Popen[str]]) -> list[str]:
    """Let the processes, which are ready, begin together; return what they print after that."""
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
    return [word for process in processes for word in process.communicate(timeout=60)[0].split()]


def test_eight_threads_ask_once(engines: Engines, server: Server) -> None:
    server.does = slowly
    engine = engines()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: engine.ask("invented", Need.FEATURES, by_isrc("A")), range(8)))
    assert {answer.status for answer in answers} == {Status.FOUND}
    assert sum(not answer.cached for answer in answers) == 1
    assert len(server.paths) == 1


def test_two_processes_ask_once(engines: Engines, server: Server, start: Start) -> None:
    engines()  # switches the source on
    server.does = slowly
    assert statuses(await_ready([start("A", "B"), start("A", "B")])) == ["found"] * 4
    assert len(server.paths) == 2


def test_two_processes_share_one_bucket(engines: Engines, server: Server, start: Start) -> None:
    engines(Provider(rate=Rate(per_second=10.0)))
    arrivals: list[float] = []

    def notes_the_time(reply: Reply) -> None:
        arrivals.append(time.monotonic())
        knows_everything(reply)

    server.does = notes_the_time
    processes = await_ready([start(*(f"{name}{number}" for number in range(5)), per_second=10.0) for name in "AB"])
    began = time.monotonic()
    assert statuses(processes) == ["found"] * 10
    # Ten turns a tenth of a second apart, whoever takes them; were there two buckets, it would be half as long. A busy
    # machine delays arrivals, also the first one: it makes the time since the beginning only longer.
    assert max(arrivals) - began > 0.8


def test_turns_are_taken_once_each(database: Database) -> None:
    """Four threads, each with a bucket of its own as four processes have, and a clock that nobody moves."""

    class Standing(Clock):
        slept: list[float] = []  # noqa: RUF012 - of this test alone

        def time(self) -> float:
            return 1_800_000_000.0

        def monotonic(self) -> float:
            return 0.0

        def sleep(self, seconds: float) -> None:
            if seconds >= 1.0:
                self.slept.append(seconds)

    clock = Standing()

    def take(_: int) -> None:
        bucket = Bucket(database, "shared/default", "Shared", Rate(per_second=0.5), clock)
        for _ in range(5):
            bucket.take(1000.0)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(take, range(4)))
    assert sorted(clock.slept) == [2.0 * turn for turn in range(1, 20)]


def test_the_lease_of_a_killed_process_is_taken_over(engines: Engines, server: Server, start: Start) -> None:
    engine = engines()
    holder = start("-", "A")
    assert holder.stdout is not None
    assert holder.stdout.readline().count(":") == 3
    waiting = engine.ask("invented", Need.FEATURES, by_isrc("A"), within_s=0.3)
    assert waiting.status is Status.FAILED
    assert server.paths == []
    holder.kill()
    assert engine.ask("invented", Need.FEATURES, by_isrc("A")).status is Status.FOUND


def test_a_lease_that_has_run_out_is_taken_over(engines: Engines, server: Server) -> None:
    engine = engines()
    engine.ask("invented", Need.FEATURES, by_isrc("A"))
    changes = {"status": "pending", "lease": "another-machine:1:1:x", "lease_until": Clock().now(-1.0)}
    engine._database.change_document("lookups", engine._database.names_where("lookups", {})[0], changes)
    assert engine.ask("invented", Need.FEATURES, by_isrc("A")).status is Status.FOUND
    assert len(server.paths) == 2


def test_a_thread_whose_question_is_being_asked_gets_that_answer(engines: Engines, server: Server) -> None:
    arrived, go_on = threading.Event(), threading.Event()

    def waits(reply: Reply) -> None:
        arrived.set()
        go_on.wait(10)
        knows_everything(reply)

    server.does = waits
    engine = engines()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(engine.ask_many, "invented", Need.FEATURES, [by_isrc("A"), by_isrc("B")])
        assert arrived.wait(10)
        second = pool.submit(engine.ask_many, "invented", Need.FEATURES, [by_isrc("B"), by_isrc("C")])
        while len(server.paths) < 2:  # C goes out while B is waited for
            time.sleep(0.01)
        go_on.set()
        assert [one.status for one in (*first.result(), *second.result())] == [Status.FOUND] * 4
    assert sorted(path.split("&")[0] for path in server.paths) == ["/features?ids=A%2CB", "/features?ids=C"]
