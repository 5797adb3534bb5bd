"""What a run has asked for and what became of it: in all, and by source and need."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from etl.engine import Answer, Status

_COLUMNS = ("queries", "found", "not_found", "failed")


class Tally:
    """The counts of one run, begun from those in its document and written into it with the cursor, in one write."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.requested: int = document["requested"]
        self.stored: int = document["stored"]
        self.known: int = document["known"]
        self.skipped: Counter[str] = Counter(dict(document["skipped"]))
        self._sources: dict[tuple[str, str], dict[str, Any]] = {
            (row["source"], row["need"]): dict(row) for row in document["sources"]
        }

    def count(self, answers: Iterable[Answer]) -> None:
        """Count answers by source; a question that the source cannot answer was never asked."""
        for answer in answers:
            if answer.status is Status.CANNOT:
                continue
            row = self._row(answer.source, answer.need)
            row["queries"] += 1
            row[answer.status.value if answer.status in {Status.FOUND, Status.NOT_FOUND} else "failed"] += 1
            if answer.fault is not None:
                row["why"] = answer.fault.message

    def note(self, source: str, need: str, why: str) -> None:
        """Say why a source is not asked, or not yet."""
        self._row(source, need)["why"] = why

    def state(self) -> dict[str, Any]:
        """Return the fields of a run's document."""
        return {
            "requested": self.requested,
            "stored": self.stored,
            "known": self.known,
            "skipped": [list(pair) for pair in self.skipped.items()],
            "sources": list(self._sources.values()),
        }

    def _row(self, source: str, need: str) -> dict[str, Any]:
        empty = {"source": source, "need": str(need), **dict.fromkeys(_COLUMNS, 0), "why": None}
        return self._sources.setdefault((source, str(need)), empty)
