"""Limits the new sessions of an address, so that nobody gets new limits by deleting the cookie again and again.

Each process counts separately, in bounded memory.
"""

import math
import threading
import time
from collections import OrderedDict

from server.addresses import network_of
from store.errors import TastemapError

HOUR = 3600.0
_ADDRESSES = 10_000


class TooManySessions(TastemapError):  # noqa: N818 - a limit, not a fault
    """An address has opened too many sessions; after ``retry_after_s`` seconds it may open another."""

    code = "too_many_sessions"

    def __init__(self, seconds: float) -> None:
        self.retry_after_s = math.ceil(seconds)
        hint = f"Keep this site's cookie, or try again in {self.retry_after_s} seconds."
        super().__init__("Too many new browsers have come from your address.", hint)


class Newcomers:
    """Counts new sessions by address: each may open ``most`` at once, and as many again spread over each hour."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # how many sessions are left, as of when
        self._lock = threading.Lock()

    def admit(self, address: str | None) -> None:
        """Count a new session; raises TooManySessions if its address has none left."""
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
