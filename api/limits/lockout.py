"""Slows down guessing of the operator's key: after some wrong keys an address must wait, longer each time.

Each process counts separately, in bounded memory.
"""

import math
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass

from server.addresses import network_of
from store.errors import TastemapError

FREE_TRIES = 5
_FIRST_WAIT, _LONGEST_WAIT = 30.0, 3600.0
_FORGOTTEN_AFTER = 24 * 3600.0
_ADDRESSES = 1000


class LockedOut(TastemapError):  # noqa: N818 - a limit, not a fault
    """Too many wrong keys came from an address; after ``retry_after_s`` seconds it may try again."""

    code = "locked_out"

    def __init__(self, seconds: float) -> None:
        self.retry_after_s = math.ceil(seconds)
        super().__init__("Too many wrong keys came from your address.", f"Try again in {self.retry_after_s} seconds.")


@dataclass(slots=True)
class _Tries:
    wrong: int = 0
    last: float = 0.0
    until: float = 0.0


class Lockout:
    """Counts wrong keys by address. An IPv6 address counts as its /64 network, which one subscriber has."""

    def __init__(self) -> None:
        self._tries: OrderedDict[str, _Tries] = OrderedDict()
        self._lock = threading.Lock()

    def check(self, address: str | None) -> None:
        """Raise LockedOut while ``address`` has to wait."""
        with self._lock:
            tries = self._tries.get(network_of(address))
            left = tries.until - time.monotonic() if tries else 0.0
        if left > 0:
            raise LockedOut(left)

    def wrong(self, address: str | None) -> None:
        """Count a wrong key."""
        now, network = time.monotonic(), network_of(address)
        with self._lock:
            tries = self._tries.pop(network, _Tries())
            if now - tries.last > _FORGOTTEN_AFTER:
                tries = _Tries()
            tries.wrong, tries.last = tries.wrong + 1, now
            if tries.wrong >= FREE_TRIES:
                tries.until = now + min(_FIRST_WAIT * 2 ** (tries.wrong - FREE_TRIES), _LONGEST_WAIT)
            self._tries[network] = tries
            if len(self._tries) > _ADDRESSES:
                self._tries.popitem(last=False)

    def right(self, address: str | None) -> None:
        """Forget the wrong keys of ``address``."""
        with self._lock:
            self._tries.pop(network_of(address), None)
