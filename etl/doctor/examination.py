"""What a check says, and how many of them are made at once within a bounded time."""

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
    """How something is: as it should be, worth a look, broken, or not in use."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Check:
    """One finding. ``area`` is a source's name or ``store``, ``disk``, ``models``, ``catalogue``, ``setup``.

    ``name`` distinguishes it from the others of its area. ``remedy`` says in plain words what to do; it is empty
    where nothing need be done.
    """

    area: str
    name: str
    state: State
    message: str
    remedy: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Examiner:
    """Something that looks at one ``area`` and yields what it finds, each finding as soon as it has it."""

    area: str
    look: Callable[[], Iterable[Check]]


def examine(examiners: Sequence[Examiner], within_s: float) -> list[Check]:
    """Return what all examiners found, in their order; those that take longer than ``within_s`` are cut short.

    Each has a thread of its own: one that hangs neither stops the others nor keeps the process from ending.
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
    message, remedy = f"Not all was looked at within {within_s:g} s.", "Look again later; what was found stands here."
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
    except Exception as fault:  # a doctor that falls ill says so and goes on with the next patient
        log.exception("looking at %s", area)
        message = f"Could not be looked at: {type(fault).__name__}: {fault}"
        remedy = "This is a fault of ours; the log has the details."
        found.put((number, Check(area, "doctor", State.FAULT, message, remedy)))
    finally:
        found.put((number, None))
