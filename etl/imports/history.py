"""A listening history as a playlist: each track once, those played most first, dated by the first play."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from etl.imports.entries import MAX_ROWS, Begin, Entry, Row
from store.domain import Track
from store.runs import ImportProblem

AGAIN = "played again (counted as a further play)"
TOO_SHORT = "played for less than 30 seconds"
# What Spotify itself counts as a stream; without it, skipping through an album would lead the list.
MIN_PLAYED_MS = 30_000
_FAR = datetime.max.replace(tzinfo=UTC)


class History:
    """Counts plays as they come, in any order; memory grows with the distinct tracks alone."""

    def __init__(self) -> None:
        self._tracks: dict[str, Track] = {}
        self._plays: Counter[str] = Counter()
        self._first: dict[str, datetime] = {}
        self._left_out: Counter[str] = Counter()
        self._examples: dict[str, int] = {}
        self._count = 0

    def play(self, line: int, track: Track, played_at: datetime | None) -> None:
        """Count one play of ``track``; what an earlier one did not say of it is taken from this one."""
        self._bounded()
        known = self._tracks.setdefault(track.id, track)
        if self._plays[track.id]:
            self._leave_out(line, AGAIN)
            if known.album is None and track.album is not None:
                self._tracks[track.id] = track
        self._plays[track.id] += 1
        if played_at is not None:
            self._first[track.id] = min(played_at, self._first.get(track.id, _FAR))

    def skip(self, line: int, reason: str) -> None:
        """Count a row that is no play of a track."""
        self._bounded()
        self._leave_out(line, reason)

    def rows(self) -> Iterator[Row]:
        """Yield the tracks, most played first and then in the order of first play, and then what was left out."""
        order = sorted(self._tracks, key=lambda one: (-self._plays[one], self._first.get(one, _FAR), one))
        for place, name in enumerate(order, start=1):
            track = self._tracks[name]
            yield Row(line=place, track=track, added_at=self._first.get(name), plays=self._plays[name])
        for reason, times in self._left_out.items():
            yield Row(line=self._examples[reason], reason=reason, times=times)

    def _leave_out(self, line: int, reason: str) -> None:
        self._left_out[reason] += 1
        self._examples.setdefault(reason, line)

    def _bounded(self) -> None:
        self._count += 1
        if self._count > MAX_ROWS:
            raise ImportProblem("too_large", f"The history holds more than {MAX_ROWS:,} plays.", "Bring it in parts.")


def history_entries(count: Callable[[History], None], name: str | None = None) -> Iterator[Entry]:
    """Yield the history that ``count`` has counted as one playlist."""
    history = History()
    count(history)
    yield Begin(name=name)
    yield from history.rows()
