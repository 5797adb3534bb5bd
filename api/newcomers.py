"""Limits the new sessions of an address: whoever drops the cookie must not get fresh limits of a session each time.

Each process counts for itself, and in bounded memory.
"""

import math
import threading
import time
from collections import OrderedDict

from api.lockout import network_of
from store.errors import TastemapError

HOUR = 3600.0
_ADDRESSES = 10_000


class TooManySessions(TastemapError):  # noqa: N818 - a rule
    """Too many browsers are new here at this address; ``retry_after_s`` says when the next may come, in seconds."""

    code = "too_many_sessions"

    def __init__(self, seconds: float) -> None:
        self.retry_after_s = math.ceil(seconds)
        hint = f"Keep this site's cookie, or try again in {self.retry_after_s} seconds."
        super().__init__("Too many new browsers have come from your address.", hint)


class Newcomers:
    """New sessions by address: ``most`` at once, and as many again over each hour."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # how many may come, and when that was so
        self._lock = threading.Lock()

    def admit(self, address: str | None) -> None:
        """Count a new session; raises TooManySessions where its address has opened all that it may for now."""
        now, network = time.monotonic(), network_of(address)
        with self._lock:
            left, at = self._left.pop(network, (float(self._most), now))
            left = min(left + (now - at) * self._most / HOUR, float(self._most))
            admitted = left >= 1.0
            self._left[network] = (left - admitted, now)
            if len(self._left) > _ADDRESSES:
                self._left.popitem(last=False)
        if not admitted:
            raise TooManySessions((1.0 - left) * HOUR / self._most)
