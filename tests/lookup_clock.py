"""The time of look-ups in tests, which do not depend on the machine's speed."""

from collections.abc import Callable, Collection
from concurrent.futures import FIRST_COMPLETED, Future, wait

from etl.engine import Answer
from etl.lookup.lookup import LookupClock

# More than any answer takes here, and less than the minute for which a busy source asks us to wait.
PATIENCE_S = 30.0


class StillClock(LookupClock):
    """A clock that stands still while answers come, and moves only when all others have answered."""

    def __init__(self, late: Callable[[], int] = lambda: 0) -> None:
        """``late`` says how many of the questions that are outstanding will not be answered in time."""
        self.seconds = 0.0
        self.late = late

    def monotonic(self) -> float:
        return self.seconds

    def first_done(self, futures: Collection[Future[Answer]], within_s: float) -> set[Future[Answer]]:
        if len(futures) <= self.late():
            self.seconds += within_s
            return set()
        return wait(futures, PATIENCE_S, FIRST_COMPLETED).done
