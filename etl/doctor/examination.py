"""Findings of checks, and running many checks at once within a time limit."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from store.errors import StoreError

log = logging.getLogger(__name__)


class State(StrEnum):
    """The state of something: fine, worth a look, broken, or not in use."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Check:
    """One finding. ``area`` is a source's name or ``store``, ``disk``, ``models``, ``catalogue``, ``setup``.

    ``name`` distinguishes it from the others of its area. ``remedy`` says what to do; it is empty if nothing needs to
    be done.
    """

    area: str
    name: str
    state: State
    message: str
    remedy: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Examiner:
    """Checks one ``area`` and yields each finding as soon as it is known."""

    area: str
    look: Callable[[], Iterable[Check]]


def examine(examiners: Sequence[Examiner], within_s: float) -> list[Check]:
    """Return the findings of all examiners, in their order; after ``within_s`` seconds, no more are waited for.

    Each examiner has its own thread: one that hangs neither stops the others nor the end of the process.
    """
    found: queue.Queue[tuple[int, Check | None]] = queue.Queue()
    for number, examiner in enumerate(examiners):
        threading.Thread(target=_look, args=(number, examiner, found), daemon=True, name=f"doctor {number}").start()
    checks: list[list[Check]] = [[] for _ in examiners]
    busy = set(range(len(examiners)))
    until = time.monotonic() + within_s
    while busy:
        try:
            number, check = found.get(timeout=max(until - time.monotonic(), 0))
        except queue.Empty:
            break
        if check is None:
            busy.discard(number)
        else:
            checks[number].append(check)
    message, remedy = f"Not everything could be checked within {within_s:g} s.", "Check again later."
    for number in busy:
        checks[number].append(Check(examiners[number].area, "time", State.WARNING, message, remedy))
    return [check for of_one in checks for check in of_one]


def _look(number: int, examiner: Examiner, found: queue.Queue[tuple[int, Check | None]]) -> None:
    area = examiner.area
    try:
        for check in examiner.look():
            found.put((number, check))
    except StoreError as fault:
        found.put((number, Check(area, "store", State.FAULT, fault.message, fault.hint)))
    except Exception as fault:  # a bug in one check must not stop the others
        log.exception("checking %s", area)
        message = f"Could not be checked: {type(fault).__name__}: {fault}"
        remedy = "This is a bug of Tastemap; the log has the details."
        found.put((number, Check(area, "doctor", State.FAULT, message, remedy)))
    finally:
        found.put((number, None))
