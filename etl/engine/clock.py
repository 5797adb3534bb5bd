"""The engine's clock, one object so that tests can replace it."""

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """The machine's clock. Waiting times are measured on ``monotonic``, which is never set back."""

    def time(self) -> float:
        """Return the seconds since 1970, as all processes see them."""
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds))

    def now(self, ahead_s: float = 0.0) -> datetime:
        """Return the time ``ahead_s`` seconds from now, in UTC and whole milliseconds as stored."""
        moment = datetime.fromtimestamp(self.time(), UTC) + timedelta(seconds=ahead_s)
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    def until(self, moment: datetime | None) -> float:
        """Return the seconds until ``moment``, 0 if it has passed or is None."""
        return max(0.0, moment.timestamp() - self.time()) if moment is not None else 0.0
