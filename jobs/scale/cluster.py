"""A Dask cluster (see :mod:`jobs.scale.workers`): https://distributed.dask.org

Its scheduler and workers must be started in a folder with this program, by its Python, so that they can import its
functions. If a worker is lost, Dask gives its items to another one.
"""

import ipaddress
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from config import VERSION
from jobs.scale.workers import Item, Outcome, Result, ScaleError, Workers, attempt, deadly

if TYPE_CHECKING:
    from distributed import Client

_PATIENCE_SECONDS = 15
_START = "In the project's folder: .venv/bin/python -m distributed.cli.dask_scheduler, then one or more times "
_START += ".venv/bin/python -m distributed.cli.dask_worker tcp://HOST:8786 --nworkers auto --nthreads 1"


class Cluster(Workers):
    """The workers behind the scheduler at ``address``.

    Raises ScaleError if Dask is not installed; no scheduler answers; there is no worker, or one with another version of
    this program.
    """

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client
        except ModuleNotFoundError as fault:
            raise ScaleError(
                "Dask is not installed here.", 'On the server: .tools/bin/pipenv sync --categories "packages cluster"'
            ) from fault
        self.remote = not _is_here(address)
        try:
            self._client = Client(address, timeout=_PATIENCE_SECONDS, set_as_default=False)
        except (OSError, ValueError) as fault:
            raise ScaleError(f"No Dask scheduler answers at {address}: {fault}", _START) from fault
        try:
            self.count = _check(self._client)
        except BaseException:
            self._client.close()
            raise

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        from distributed import Future, KilledWorker, as_completed

        waiting = iter(items)
        jobs: dict[object, Item] = {}
        given_up: list[Item] = []

        def submit(item: Item) -> "Future[Any]":
            future = self._client.submit(attempt, function, item, pure=False)
            jobs[future.key] = item
            return future

        # Twice as many items as workers are submitted, so that no worker waits for the next one.
        first = [submit(item) for item in islice(waiting, 2 * self.count)]
        under_way = as_completed(first, loop=self._client.loop)
        for future in under_way:
            item = jobs.pop(future.key)
            for following in islice(waiting, 1):
                under_way.add(submit(following))
            try:
                outcome: Outcome[Result] = future.result()
            except KilledWorker:
                given_up.append(item)
            except Exception as fault:  # a fault of the cluster: those of the function are in the outcome
                raise ScaleError(
                    f"The cluster failed: {fault}", "What is done stays done. On the server: python -m etl resume"
                ) from fault
            else:
                yield outcome.get()
        if given_up:
            raise deadly(given_up)

    def __exit__(self, *fault: object) -> None:
        self._client.close()


def _check(client: "Client") -> int:
    """Return how many items the workers do at a time; raises ScaleError if they cannot load this program."""
    try:
        client.wait_for_workers(1, timeout=_PATIENCE_SECONDS)
    except TimeoutError as fault:
        raise ScaleError("The cluster has no workers.", _START) from fault
    versions: dict[str, Any] = client.run(_version, on_error="return")
    others = {repr(version) for version in versions.values() if version != VERSION}
    if others:
        raise ScaleError(f"The workers do not have Tastemap {VERSION}: {', '.join(sorted(others))}.", _START)
    try:
        client.submit(_version, pure=False).result()
    except Exception as fault:  # Dask raises several classes here
        raise ScaleError("The scheduler cannot load this program.", _START) from fault
    threads: dict[str, int] = client.nthreads()
    return max(1, sum(threads.values()))


def _version() -> str:
    return VERSION


def _is_here(address: str) -> bool:
    host = urlsplit(address if "//" in address else f"tcp://{address}").hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
