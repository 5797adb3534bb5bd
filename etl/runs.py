"""One import of one file: what it reports while it goes on and what it reckons at its end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


class ImportProblem(Exception):  # noqa: N818 - a fault of the file, told to the person who brought it
    """A file that cannot be imported: ``code`` for programs, ``message`` and ``hint`` for people."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """Where a run stands: ``done`` of ``total`` bytes (``total`` None when unknown) and the counts so far."""

    phase: str
    done: int = 0
    total: int | None = None
    asked: int = 0
    stored: int = 0
    known: int = 0
    skipped: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Skipped:
    """One row that was left out: its line in the file (1 = the headings) and the reason in words."""

    line: int
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Reckoning:
    """The end of a run: every row asked for is stored, already known or skipped for a reason.

    ``asked == stored + known + sum(skipped.values())``; ``examples`` holds at most twenty skipped rows;
    ``emptied`` counts by feature the values out of bounds that were taken as missing.
    """

    asked: int = 0
    stored: int = 0
    known: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    examples: tuple[Skipped, ...] = ()
    emptied: Mapping[str, int] = field(default_factory=dict)
