"""How a file writes numbers, lengths and dates, judged by its cells; headings and delimiters hardly show it."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median

from etl.imports.sheets.dates import BUDDHIST, LATEST_YEAR, DateOrder
from etl.values import year_within
from store.domain import FEATURE_BOUNDS

# How programs write a missing value.
MISSING = frozenset({"", "undefined", "null", "none", "nan", "n/a", "na", "-", "\u2013", "\u2014", "?"})
# What spreadsheets and databases write for a wrong or missing value; none of these is a name.
ERRORS = frozenset(
    {"#n/a", "#nv", "#value!", "#ref!", "#div/0!", "#name?", "#num!", "#null!", "\\n", "(null)", "<null>"}
)
_BLANKS = re.compile(r"[\s\u00a0\u202f'\u2019]+")
# A number with one mark followed by three digits may be 1,234 or 1.234.
_UNDECIDED = re.compile(r"[-+]?[1-9]\d{0,2}[.,]\d{3}")
_WRITTEN = re.compile(r"[-+]?\d[\d.,]*(?:e[-+]?\d+)?%?", re.I)
_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,4}):(\d\d)(?:[.,]\d+)?")
_POINTED = re.compile(r"[0-5]?\d[.,][0-5]\d")
_WORDS = re.compile(r"(?:pt)?(?:(\d+)h[a-z]*)?(?:(\d+)m(?!s)[a-z]*)?(?:(\d+)(?:[.,]\d+)?s[a-z]*)?", re.I)
_MS = re.compile(r"\b(?:ms|msec|millis|milliseconds|millisekunden)\b")
_SECONDS = re.compile(r"\b(?:s|sec|secs|seconds|sekunden|secondes|segundos)\b")
_MINUTES = re.compile(r"\b(?:m|min|mins|minutes|minuten|minutos|minuti)\b")
# In no list are half of the songs shorter than ten seconds.
_LEAST_MS = 10_000
_LEAST_SECONDS = 20
# The largest length as a spreadsheet's fraction of a day; 0.002 is three minutes.
_MOST_DAYS = 0.2
_MINUTE, _DAY = 60_000, 86_400_000
_FRACTIONS = frozenset(name for name, bounds in FEATURE_BOUNDS.items() if bounds == (0, 1) and name != "mode")
_DATES = ("added_at", "released")


def is_missing(cell: str) -> bool:
    """Return whether a cell is empty or has a program's word for a missing value."""
    return cell.strip().lower() in MISSING | ERRORS


@dataclass(frozen=True, kw_only=True, slots=True)
class Convention:
    """How one file writes its values.

    Attributes
    ----------
    decimal : str
        The decimal mark.
    dates : DateOrder
    unit_ms : int
        Milliseconds in one unit of a length that is a number (milliseconds, seconds, minutes or days).
    minutes_as_hours : bool
        Whether a spreadsheet has taken 3:42 as hours and minutes, and writes 3:42:00.
    percent : frozenset of str
        The features that are written from 0 to 100 instead of 0 to 1.
    points_as_colons : bool
        Whether lengths are written 3.42 for 3:42.
    """

    decimal: str = "."
    dates: DateOrder = field(default_factory=DateOrder)
    unit_ms: int = 1
    minutes_as_hours: bool = False
    percent: frozenset[str] = frozenset()
    points_as_colons: bool = False

    @classmethod
    def of(cls, cells: Mapping[str, Sequence[str]], *, delimiter: str = ",", length_heading: str = "") -> "Convention":
        """Return the convention of a file with these ``cells`` by field, a sample of its rows."""
        numbers = [cell for name, column in cells.items() if name in FEATURE_BOUNDS for cell in column]
        lengths = [cell for cell in cells.get("length", ()) if not is_missing(cell)]
        votes = [mark for cell in (*numbers, *lengths) if (mark := _decimal_mark(cell))]
        commas = votes.count(",")
        decimal = "," if commas * 2 > len(votes) or (not votes and delimiter == ";") else "."
        european = True if decimal == "," or delimiter == ";" else None
        plain = cls(decimal=decimal)
        return cls(
            decimal=decimal,
            dates=DateOrder.of((cell for name in _DATES for cell in cells.get(name, ())), european),
            unit_ms=_unit(length_heading, [n for cell in lengths if (n := plain.number(cell)) is not None]),
            minutes_as_hours=_taken_for_hours(lengths),
            percent=_in_percent(plain, cells),
            points_as_colons=bool(lengths) and all(_POINTED.fullmatch(cell.strip()) for cell in lengths),
        )

    def number(self, cell: str) -> float | None:
        """Return a number written with this file's marks, None if the cell has none."""
        text = _BLANKS.sub("", cell).replace("\u2212", "-")
        if not _WRITTEN.fullmatch(text):
            return None
        scale = 0.01 if text.endswith("%") else 1
        text = text.removesuffix("%")
        group = "." if self.decimal == "," else ","
        mark, between = re.escape(self.decimal), re.escape(group)
        # India groups by two: 2,22,000.
        if re.fullmatch(rf"[-+]?[1-9]\d{{0,2}}(?:{between}\d{{2,3}})*{between}\d{{3}}(?:{mark}\d*)?", text):
            text = text.replace(group, "")
        elif self.decimal not in text:  # one mark of the other kind that cannot group thousands
            text = text.replace(group, self.decimal, 1)
        try:
            number = float(text.replace(self.decimal, ".")) * scale
        except ValueError:
            return None
        return number if math.isfinite(number) else None

    def feature(self, name: str, cell: str) -> float | None:
        """Return an audio feature within its bounds."""
        number = self.number(cell)
        if number is not None and name in self.percent and not cell.strip().endswith("%"):
            number /= 100
        return within(name, number)

    def length_ms(self, cell: str) -> int | None:
        """Return a length (3:42, 1:02:03, 222, 222000, 3m 42s) in milliseconds within its bounds."""
        text = _BLANKS.sub("", cell)
        if self.points_as_colons:
            text = re.sub("[.,]", ":", text)
        clock = _CLOCK.fullmatch(text)
        words = _WORDS.fullmatch(text)
        if clock:
            hours, minutes, seconds = (int(part or 0) for part in clock.groups())
            if self.minutes_as_hours and clock[1]:
                hours, minutes, seconds = 0, hours, minutes
            found: float | None = 1000 * (3600 * hours + 60 * minutes + seconds)
        elif words and any(words.groups()):
            hours, minutes, seconds = (int(part or 0) for part in words.groups())
            found = 1000 * (3600 * hours + 60 * minutes + seconds)
        else:
            in_ms = text.lower().endswith("ms")
            number = self.number(text[:-2] if in_ms else text)
            found = None if number is None else number * (1 if in_ms else self.unit_ms)
            if found is not None and self.unit_ms == _DAY:  # spreadsheets write six digits of a day
                found = float(round(found))
        value = within("duration_ms", found)
        return None if value is None else int(value)

    def instant(self, cell: str) -> datetime | None:
        """Return a date or time in UTC."""
        return self.dates.instant(cell)

    def year(self, cell: str, latest: int) -> int | None:
        """Return the year of a date at any precision ("1979", "1979-04", "15.02.1979"), from 1860 to ``latest`` + 1."""
        text = cell.strip()
        found = re.match(r"\d{4}(?!\d)", text) or re.search(r"(?<!\d)\d{4}(?!\d)", text)
        if found:
            year = int(found[0])
            return year_within(year - BUDDHIST if year > LATEST_YEAR else year, latest)
        instant = self.instant(text)
        return year_within(instant.year if instant else None, latest)


def within(name: str, value: float | None) -> float | None:
    """Return ``value`` if it is within the bounds of the feature ``name``."""
    low, high = FEATURE_BOUNDS[name]
    return value if value is not None and low <= value <= high else None


def _decimal_mark(cell: str) -> str | None:
    """Return the decimal mark of a number, None if the number does not show it."""
    text = _BLANKS.sub("", cell)
    marks = [mark for mark in text if mark in ".,"]
    if not marks or not _WRITTEN.fullmatch(text) or _UNDECIDED.fullmatch(text):
        return None
    if len(set(marks)) == 2:
        return marks[-1]
    return marks[0] if len(marks) == 1 else ("," if marks[0] == "." else ".")


def _unit(heading: str, numbers: Sequence[float]) -> int:
    if _MS.search(heading):
        return 1
    middle = median(numbers) if numbers else _LEAST_MS
    if 0 < middle < _MOST_DAYS:
        return _DAY
    if _SECONDS.search(heading):
        return 1000
    if _MINUTES.search(heading) or middle < _LEAST_SECONDS:
        return _MINUTE
    return 1000 if middle < _LEAST_MS else 1


def _taken_for_hours(lengths: Sequence[str]) -> bool:
    clocks = [clock for cell in lengths if (clock := _CLOCK.fullmatch(cell.strip()))]
    return bool(clocks) and all(clock[1] and int(clock[1]) and clock[3] == "00" for clock in clocks)


def _in_percent(plain: Convention, cells: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """Return the features in percent: whole numbers up to 100, if most of one column are above 1."""
    numbers = {
        name: [number for cell in cells[name] if (number := plain.number(cell)) is not None]
        for name in _FRACTIONS & cells.keys()
    }
    whole = {name for name, column in numbers.items() if all(n.is_integer() and 0 <= n <= 100 for n in column)}
    shown = any(sum(number > 1 for number in numbers[name]) * 2 > len(numbers[name]) for name in whole)
    return frozenset(whole) if shown else frozenset()
