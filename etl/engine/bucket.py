"""Rate limit and daily budget of one credential of one source, kept in the store so that all processes share it.

The bucket is a generic cell rate algorithm (GCRA, ITU-T I.371). Its state is one number, the theoretical arrival
time of the next request. A process reserves a turn by moving that time on with compare-and-set, and sleeps until
its turn comes. So turns are fair, and no two processes take the same one.
"""

import math
import random
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from etl.engine.clock import Clock
from etl.providers.base import FaultKind, Rate, SourceFault
from store.database import Database

COLLECTION = "sources"
DAY_S = 86_400.0
_HOUR_S = 3600
# A request made in one hour counts in the 24 that follow, so that no 24 hours see more than the budget.
_COUNTED_HOURS = 25
# Longest pause taken from a Retry-After header, and longest pause guessed without one.
_LONGEST_S = 7 * DAY_S
_LONGEST_GUESS_S = 900.0
_SILENCES = 3
# A turn that leaves less time than this for the call itself is not worth waiting for.
_CALL_S = 0.2
# A turn farther away than this was reserved before the clock was set back.
_FARTHEST_TURN_S = 3600.0
# The clock skew is stored again if it has changed by more than the time that an answer takes.
_SKEW_STEP_S = 30.0


class GateFault(SourceFault):
    """A fault that the bucket has already recorded. ``again`` is true if one more attempt may help."""

    def __init__(self, kind: FaultKind, message: str, hint: str = "", *, again: bool = False, **more: Any) -> None:
        super().__init__(kind, message, hint, **more)
        self.again = again


class Bucket:
    """The turns, the wake-up time and the daily budget of one credential; ``name`` is its document's ``_id``."""

    def __init__(self, database: Database, name: str, title: str, rate: Rate, clock: Clock) -> None:
        self._database = database
        self._name = name
        self._title = title
        self._rate = rate
        self._clock = clock
        self._struggling = False
        self._skew_s = 0.0

    def take(self, patience_s: float) -> None:
        """Return when it is our turn, after at most ``patience_s`` seconds.

        Raises SourceFault (LIMITED) at once if the turn or the wake-up is farther away than that.
        """
        end = self._clock.monotonic() + patience_s
        while True:
            document = self._document()
            asleep = self.asleep(document)
            if asleep is not None:
                until, why = asleep
                wait_s = self._clock.until(until)
                self._within(wait_s, end, why)
                self._clock.sleep(wait_s)
                continue
            turn_s = self._reserve(document, end)
            if turn_s is None:  # another process was faster
                self._clock.sleep(random.uniform(0.0, 0.01))  # noqa: S311 - no secret
                continue
            self._clock.sleep(turn_s)
            # While we slept, the source may have limited a request that was sent before ours.
            if not turn_s or self.asleep(self._document()) is None:
                return

    def asleep(self, document: Mapping[str, Any]) -> tuple[datetime, str] | None:
        """Return until when the credential of ``document`` must not be used, and why; None if it may be used."""
        until = document["blocked_until"]
        # A time farther ahead than any that we write was stored before the clock was set back.
        if 0.0 < self._clock.until(until) <= _LONGEST_S:
            return until, document["blocked_why"]
        until = self._spent_until(document)
        if until is not None:
            return until, f"the daily budget of {self._rate.daily} requests is used up"
        return None

    def _spent_until(self, document: Mapping[str, Any]) -> datetime | None:
        """Return when enough of the counted requests are a day old; None if the budget has room."""
        hours = counted_hours(document, self._clock)
        over = sum(hours.values()) - (self._rate.daily or math.inf)
        for hour in sorted(hours):
            if over < 0:
                break
            over -= hours[hour]
            if over < 0:
                return _forgotten_at(hour)
        return None

    def wait_s(self) -> float:
        """Return in how many seconds a request could be sent."""
        document = self._document()
        until, _ = self.asleep(document) or (None, "")
        return max(self._clock.until(until), self._turn_in(document)[0])

    def note_limit(self, why: str, retry_after_s: float | None) -> float:
        """Send no requests for ``retry_after_s`` seconds; without it, for longer after each refusal in a row.

        A pause that ends later is not shortened. Returns the seconds until the pause ends.
        """
        self._struggling = True
        while True:
            document = self._document()
            guess_s = min(_LONGEST_GUESS_S, 2.0 ** min(document["strikes"], 20))
            until = self._clock.now(min(_LONGEST_S, max(1.0, guess_s if retry_after_s is None else retry_after_s)))
            before = document["blocked_until"]
            # Requests that were under way at the first refusal count as one refusal.
            changes: dict[str, Any] = {"strikes": document["strikes"] + (not self._clock.until(before))}
            if before is None or before < until:
                changes |= {"blocked_until": until, "blocked_why": why}
            if self._change(document, changes):
                return self._clock.until(max(until, before or until))

    def note_silence(self) -> None:
        """Pause a source that has not answered several queries in a row."""
        strikes = self._document()["strikes"]
        if strikes + 1 < _SILENCES:
            self._database.change_document(COLLECTION, self._name, {}, add={"strikes": 1})
        else:
            self.note_limit("it does not answer", min(_LONGEST_GUESS_S, 2.0 ** (strikes + 2 - _SILENCES)))

    def note_ok(self) -> None:
        """Note an answer: the next pause is a short one again."""
        if self._struggling:
            self._struggling = False
            self._database.change_document(COLLECTION, self._name, {"strikes": 0})

    def note_clock(self, theirs: datetime) -> None:
        """Store how far our clock is ahead of the source's, for the doctor."""
        skew_s = self._clock.time() - theirs.timestamp()
        if abs(skew_s - self._skew_s) > _SKEW_STEP_S:
            self._skew_s = skew_s
            self._database.change_document(COLLECTION, self._name, {"skew_s": skew_s})

    def _reserve(self, document: dict[str, Any], end: float) -> float | None:
        """Take the next turn and return the seconds until then; None if the document has changed meanwhile."""
        wait_s, following = self._turn_in(document)
        self._within(wait_s, end, "")
        changes: dict[str, Any] = {"tat": following}
        if self._rate.daily is not None:
            hours = counted_hours(document, self._clock)
            hour = int((self._clock.time() + wait_s) // _HOUR_S)
            hours[hour] = hours.get(hour, 0) + 1
            changes["hours"] = {str(hour): count for hour, count in hours.items()}
        return wait_s if self._change(document, changes) else None

    def _turn_in(self, document: dict[str, Any]) -> tuple[float, float]:
        """Return in how many seconds the next turn comes, and the arrival time once that is taken."""
        now = self._clock.time()
        interval_s = 1.0 / self._rate.per_second
        arrival = document["tat"] if document["tat"] - now < _FARTHEST_TURN_S else now
        return max(0.0, arrival - (self._rate.burst - 1) * interval_s - now), max(arrival, now) + interval_s

    def _change(self, document: dict[str, Any], changes: dict[str, Any]) -> bool:
        changes["version"] = document["version"] + 1
        where = {"version": document["version"]}
        return self._database.change_document(COLLECTION, self._name, changes, where=where)

    def _within(self, wait_s: float, end: float, why: str) -> None:
        if wait_s and self._clock.monotonic() + wait_s + _CALL_S >= end:
            raise GateFault(
                FaultKind.LIMITED,
                f"{self._title} is not used before {self._clock.now(wait_s):%-d %B %Y, %H:%M:%S UTC}"
                + (f": {why}." if why else ", to stay within its rate limit."),
                "Nothing needs to be done; other sources are used meanwhile.",
                retry_after_s=wait_s,
            )

    def _document(self) -> dict[str, Any]:
        document = self._database.get_document(COLLECTION, self._name)
        if document is None:
            document = fresh_bucket(self._name)
            if not self._database.insert_document(COLLECTION, document):
                return self._document()
        self._struggling = self._struggling or document["strikes"] > 0
        self._skew_s = document.get("skew_s", 0.0)
        return document


def fresh_bucket(name: str) -> dict[str, Any]:
    """Return the document of a credential that has not been used."""
    return {"_id": name, "version": 0, "tat": 0.0, "blocked_until": None, "blocked_why": "", "strikes": 0}


def counted_hours(document: Mapping[str, Any], clock: Clock) -> dict[int, int]:
    """Return how many requests count towards the daily budget, by the hour (since 1970) in which they were sent."""
    this_hour = int(clock.time() // _HOUR_S)
    hours = {int(hour): count for hour, count in document.get("hours", {}).items()}
    # Hours in the future were counted before the clock was set back.
    return {hour: count for hour, count in hours.items() if this_hour - _COUNTED_HOURS < hour <= this_hour + 1}


def budget_used(document: Mapping[str, Any], clock: Clock) -> tuple[int, datetime | None]:
    """Return how many requests count, and when the oldest of them no longer counts (None without any)."""
    hours = counted_hours(document, clock)
    return sum(hours.values()), _forgotten_at(min(hours)) if hours else None


def _forgotten_at(hour: int) -> datetime:
    return datetime.fromtimestamp((hour + _COUNTED_HOURS) * _HOUR_S, UTC)
