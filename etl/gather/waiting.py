"""What a run does about sources that may not be used for a while, or not at all."""

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from etl.gather.source_client import SHORT_WAIT_S, Blocked, SourceClient, SourceClosed
from etl.gather.tally import Tally
from etl.providers.base import Need
from store.runs import Postponed

# A source that has put a run to sleep this often, without an answer in between, is left out of the rest.
_MOST_SLEEPS = 3
# So long a run that a browser started goes on while other runs wait for the process that does them.
TURN_S = 15 * 60.0


def fresh_waiting() -> dict[str, Any]:
    """Return the members of a run's cursor that :class:`Waiting` keeps there."""
    return {"out": [], "sleeps": []}


class Waiting:
    """Keeps which sources are asleep (in memory) and which are left out (in ``cursor``, which ``record`` stores)."""

    def __init__(self, client: SourceClient, tally: Tally, cursor: dict[str, Any], record: Callable[[], None]) -> None:
        self._client = client
        self._tally = tally
        self._cursor = cursor
        self._record = record
        self._begun, self._did = time.monotonic(), False
        self.asleep: dict[str, Blocked] = {}

    def attempt(self, source: str, need: Need, do: Callable[[], Blocked | None]) -> Blocked | None:
        """Call ``do``, which queries ``source``; return what blocks the source, None if nothing does.

        ``do`` is not called while the source is asleep. It is not called either if the source is left out for good:
        then None is returned, see :meth:`is_out`.

        Raises
        ------
        Postponed
            The run has had its turn (:data:`TURN_S`) and other runs wait.
        """
        if self._did and time.monotonic() - self._begun >= TURN_S and self._client.others_wait():
            raise Postponed("waiting for its next turn", datetime.now(UTC))
        asleep = self.asleep.get(source)
        if self.is_out(source, need):
            return None
        if asleep and asleep.until > datetime.now(UTC):
            return asleep
        try:
            blocked = do()
        except Blocked as blocked:
            if self._sleeps().get(source, 0) >= _MOST_SLEEPS:
                self._leave_out(source, need, blocked.why)
                return None
            self._tally.note(source, need, blocked.why)
            self.asleep[source] = blocked
            return blocked
        except SourceClosed as closed:
            self._leave_out(source, need, closed.why)
            return None
        self._did = True
        if blocked is None:
            self._put_sleeps({name: times for name, times in self._sleeps().items() if name != source})
        return blocked

    def is_out(self, source: str, need: Need) -> bool:
        """Return whether this run no longer uses the source for ``need``."""
        return [source, need.value] in self._cursor["out"]

    def until_again(self, blocking: Iterable[Blocked]) -> None:
        """Wait for the first of the blocked sources; raises Postponed if that takes longer than SHORT_WAIT_S."""
        blocking = list(blocking)
        first = min(blocking, key=lambda blocked: blocked.until)
        title = self._client.title(first.source)
        seconds = (first.until - datetime.now(UTC)).total_seconds()
        if seconds <= SHORT_WAIT_S:
            self._client.wait(seconds, f"waiting for {title}")
            return
        # One that sleeps for a day has not failed again when the run is woken for another.
        soon = first.until + timedelta(seconds=SHORT_WAIT_S)
        sleeping = {blocked.source for blocked in blocking if blocked.until <= soon}
        self._put_sleeps(self._sleeps() | {source: self._sleeps().get(source, 0) + 1 for source in sleeping})
        self._record()
        raise Postponed(f"waiting for {title}: {first.why}", first.until)

    def _sleeps(self) -> dict[str, int]:
        return dict(self._cursor["sleeps"])

    def _put_sleeps(self, sleeps: dict[str, int]) -> None:
        self._cursor["sleeps"] = [list(pair) for pair in sleeps.items()]

    def _leave_out(self, source: str, need: Need, why: str) -> None:
        self._cursor["out"] += [[source, need.value]]
        self._tally.note(source, need, why)
