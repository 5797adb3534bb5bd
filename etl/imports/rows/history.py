"""A listening history as a playlist: each track once, most played first, dated by the first play."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from etl.imports.rows.entries import MAX_ROWS, Begin, Entry, Row
from store.domain import Track
from store.runs import ImportProblem

AGAIN = "played again (counted as a further play)"
TOO_SHORT = "played for less than 30 seconds"
# The least time that Spotify counts as a stream; without it, skipped tracks would lead the list.
MIN_PLAYED_MS = 30_000
# All are in memory, about a kilobyte each.
MAX_TRACKS = 150_000
_FAR = datetime.max.replace(tzinfo=UTC)


class History:
    """Counts plays in any order; memory grows with the number of distinct tracks only."""

    def __init__(self) -> None:
        self._tracks: dict[str, Track] = {}
        self._plays: Counter[str] = Counter()
        self._first: dict[str, datetime] = {}
        self._left_out: Counter[str] = Counter()
        self._examples: dict[str, int] = {}
        self._unread: Counter[str] = Counter()
        self._count = 0

    def play(self, line: int, track: Track, played_at: datetime | None, times: int = 1) -> None:
        """Count plays of ``track``, and take its album if earlier plays had none."""
        self._bounded()
        known = self._tracks.setdefault(track.id, track)
        if len(self._tracks) > MAX_TRACKS:
            message = f"The history holds more than {MAX_TRACKS:,} different tracks."
            raise ImportProblem("too_large", message, "Import it in parts.")
        if self._plays[track.id]:
            self._leave_out(line, AGAIN)
            if known.album is None and track.album is not None:
                self._tracks[track.id] = track
        self._plays[track.id] += times
        if played_at is not None:
            self._first[track.id] = min(played_at, self._first.get(track.id, _FAR))

    def skip(self, line: int, reason: str) -> None:
        """Count a row that is not a play of a track."""
        self._bounded()
        self._leave_out(line, reason)

    def note_unread(self, heading: str) -> None:
        """Count a cell below ``heading`` that cannot be read."""
        self._unread[heading] += 1

    def rows(self) -> Iterator[Row]:
        """Yield the tracks by plays and then by first play, and then the skipped rows."""
        order = sorted(self._tracks, key=lambda name: (-self._plays[name], self._first.get(name, _FAR), name))
        for number, name in enumerate(order, start=1):
            yield Row(
                line=number,
                track=self._tracks[name],
                added_at=self._first.get(name),
                plays=self._plays[name],
                unread=tuple(self._unread.items()) if number == 1 else (),
            )
        for reason, times in self._left_out.items():
            yield Row(line=self._examples[reason], reason=reason, times=times)

    def _leave_out(self, line: int, reason: str) -> None:
        self._left_out[reason] += 1
        self._examples.setdefault(reason, line)

    def _bounded(self) -> None:
        self._count += 1
        if self._count > MAX_ROWS:
            raise ImportProblem("too_large", f"The history holds more than {MAX_ROWS:,} plays.", "Import it in parts.")


def history_entries(count: Callable[[History], None], name: str | None = None) -> Iterator[Entry]:
    """Yield the plays that ``count`` counts as one playlist."""
    history = History()
    count(history)
    yield Begin(name=name)
    yield from history.rows()
