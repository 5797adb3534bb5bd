"""One ``map`` for work in this process, in several processes, or on a Dask cluster.

    with workers_from(options) as workers:
        for result in workers.map(function, items):
            ...

Results come as they are ready, in any order. ``function``, items and results must be picklable: ``function`` is defined
at the top of a module, or is a functools.partial of such a function. ``function`` must be idempotent: if a worker dies,
another does its items again. concurrent.futures and Dask do the scheduling.
"""

import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, Protocol, Self, TypeVar

from store.errors import TastemapError

Item = TypeVar("Item")
Result = TypeVar("Result")
# An item that was under way in more than this many workers that died counts as the cause.
MAX_DEATHS = 2


class ScaleError(TastemapError):
    """There are no workers, or an item has ended every worker that did it."""

    code = "no_workers"


class Workers(Protocol):
    """A context manager; leaving it by an exception ends the items under way, like a kill.

    ``count`` is how many items are done at a time; ``remote`` says whether workers may be on other machines.
    """

    count: int
    remote: bool

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """Yield ``function`` of each item, in any order; ``items`` is read only a little ahead.

        Raises
        ------
        ScaleError
            The cluster is lost; or some items ended every worker that did them, and all other items are done.
        Exception
            Whatever ``function`` raises; items that are not done yet are left.
        """
        ...

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *fault: object) -> None:
        return None


class OneCore(Workers):
    """Does everything in this process."""

    count = 1
    remote = False

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        return map(function, items)


# -- what travels between processes -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Outcome(Generic[Result]):
    """The outcome of an item: a result, or an exception of the function.

    An exception is sent as its parts, because pickle would call its class with only ``args``.
    """

    result: Result | None = None
    raised: tuple[type[Exception], tuple[Any, ...], dict[str, Any], str] | None = None

    def get(self) -> Result:
        """Return the result, or raise the function's exception, with the worker's traceback as a note."""
        if self.raised is None:
            return self.result  # type: ignore[return-value]  # None where the function returned that
        kind, arguments, attributes, trace = self.raised
        fault = kind.__new__(kind, *arguments)
        fault.__dict__.update(attributes)
        fault.add_note(f"In a worker:\n{trace}")
        raise fault


def attempt(function: Callable[[Item], Result], item: Item) -> Outcome[Result]:
    """Call ``function`` with ``item`` in a worker, and return the outcome."""
    try:
        return Outcome(function(item))
    except Exception as fault:  # noqa: BLE001 - raised again where the result is taken
        attributes = {name: value for name, value in vars(fault).items() if not name.startswith("_")}
        return Outcome(raised=(type(fault), fault.args, attributes, traceback.format_exc()))


def deadly(items: list[Any]) -> ScaleError:
    """Return the error for ``items`` that have ended every worker that did them."""
    shown = ", ".join(f"{item!s:.80}" for item in items[:3])
    return ScaleError(
        f"One of these ended its worker {MAX_DEATHS + 1} times: {shown} ({len(items)} in all).",
        "Perhaps there is not enough memory for this many at a time: use fewer cores. All others are done.",
        code="deadly_items",
    )
