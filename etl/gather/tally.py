"""The counts of a run: of its tracks or rows in all, and of its queries by source and need."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from etl.engine import Answer, Status
from store.runs import Progress

_COLUMNS = ("queries", "found", "not_found", "failed")


class Tally:
    """The counts of one run; they begin with those in its document and are written into it with the cursor."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.requested: int = document["requested"]
        self.stored: int = document["stored"]
        self.known: int = document["known"]
        self.skipped: Counter[str] = Counter(dict(document["skipped"]))
        self._sources: dict[tuple[str, str], dict[str, Any]] = {
            (row["source"], row["need"]): dict(row) for row in document["sources"]
        }

    def count(self, answers: Iterable[Answer]) -> None:
        """Count answers by source; an answer CANNOT does not count, because its query was not sent."""
        for answer in answers:
            if answer.status is Status.CANNOT:
                continue
            row = self._row(answer.source, answer.need)
            row["queries"] += 1
            row[answer.status.value if answer.status in {Status.FOUND, Status.NOT_FOUND} else "failed"] += 1
            if answer.fault is not None:
                row["why"] = answer.fault.message

    def note(self, source: str, need: str, why: str) -> None:
        """Store why a source is not used, or not yet."""
        self._row(source, need)["why"] = why

    def state(self) -> dict[str, Any]:
        """Return the fields of the run's document."""
        return {
            "requested": self.requested,
            "stored": self.stored,
            "known": self.known,
            "skipped": [list(pair) for pair in self.skipped.items()],
            "sources": list(self._sources.values()),
        }

    def progress(self, phase: str, done: int, total: int) -> Progress:
        """Return the run's progress: ``done`` of ``total`` in the run's unit, with the counts so far."""
        return Progress(
            phase=phase,
            done=done,
            total=total,
            requested=self.requested,
            stored=self.stored,
            known=self.known,
            skipped=self.skipped.total(),
        )

    def _row(self, source: str, need: str) -> dict[str, Any]:
        empty = {"source": source, "need": str(need), **dict.fromkeys(_COLUMNS, 0), "why": None}
        return self._sources.setdefault((source, str(need)), empty)
