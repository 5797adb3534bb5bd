"""Dates and times as spreadsheets and programs write them; the order of day and month is that of the file."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from etl.values import from_epoch, iso_instant

_CLOCK = (
    r"(?:(?:,|T|\s|at|um|à|kl\.?|-)*(?P<hour>\d{1,2})[:h.](?P<minute>\d\d)(?:[:.](?P<second>\d\d)(?:[.,]\d+)?)?"
    r"\s*(?P<half>[ap]\.?\s?m\.?)?\s*(?P<zone>Z|UTC|GMT|[+-]\d\d:?\d\d)?)?"
)
_NUMBERS = re.compile(
    rf"(?P<first>\d{{1,2}})(?P<mark>[./-])\s?(?P<second_>\d{{1,2}})[./-]\s?(?P<year>\d{{4}}|\d\d)\.?{_CLOCK}", re.I
)
_YEAR_FIRST = re.compile(
    rf"(?P<year>\d{{4}})\s?[./年년-]\s?(?P<month>\d{{1,2}})\s?[./月월-]\s?(?P<day>\d{{1,2}})[.日일]?{_CLOCK}", re.I
)
_DAY_NAMED = re.compile(
    rf"(?:[^\W\d]+\.?,?\s+)?(?P<day>\d{{1,2}})(?:\.|er|st|nd|rd|th)?[\s-]+(?:de\s+)?(?P<name>[^\W\d]+)\.?,?[\s-]+(?:de\s+)?"
    rf"(?P<year>\d{{4}}|\d\d)(?:\s?г\.)?{_CLOCK}",
    re.I,
)
_MONTH_NAMED = re.compile(
    rf"(?P<name>[^\W\d]+)\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}}){_CLOCK}", re.I
)
# The beginnings of the months' names: English, German, French, Spanish, Italian, Portuguese, Dutch, Russian, Polish.
_MONTHS = (
    ("jan", "jän", "ene", "gen", "янв", "sty"),
    ("feb", "fév", "fev", "фев", "lut"),
    ("mar", "mär", "mrz", "maa", "мар"),
    ("apr", "avr", "abr", "апр", "kwi"),
    ("may", "mai", "mag", "mei", "май", "мая", "maj"),
    ("jun", "juin", "giu", "июн", "cze"),
    ("jul", "juil", "lug", "июл", "lip"),
    ("aug", "aoû", "aou", "ago", "авг", "sie"),
    ("sep", "set", "сен", "wrz"),
    ("oct", "okt", "ott", "out", "окт", "paź", "paz"),
    ("nov", "ноя", "lis"),
    ("dec", "dez", "déc", "dic", "дек", "gru"),
)
# Spotify's date of additions from before it stored dates.
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
# Excel counts days from this one.
_EXCEL = datetime(1899, 12, 30, tzinfo=UTC)
_EXCEL_DAYS = re.compile(r"[2-7]\d{4}(?:[.,]\d+)?")


@dataclass(frozen=True, slots=True)
class DateOrder:
    """Whether 1/2/2024 is the first of February; ``certain`` is false if no date of the file shows it."""

    day_first: bool = True
    certain: bool = True

    @classmethod
    def of(cls, cells: Iterable[str], day_first: bool | None = None) -> "DateOrder":
        """Return the order in ``cells``; ``day_first`` is what else the file says, if they do not show it."""
        days = months = undecided = padded = 0
        american = False
        for cell in cells:
            found = _NUMBERS.fullmatch(cell.strip())
            if not found:
                continue
            first, second = int(found["first"]), int(found["second_"])
            days += first > 12 or found["mark"] == "."
            months += second > 12
            undecided += first <= 12 and second <= 12 and found["mark"] != "." and first != second
            american = american or bool(found["half"])
            padded += len(found["first"]) == 2 and len(found["second_"]) == 2
        if days or months:
            return cls(days >= months)
        if not undecided:
            return cls()
        if day_first is not None:
            return cls(day_first)
        # Excel writes 1/2/2024 in the United States, 01/02/2024 in most of Europe.
        return cls(not american and bool(padded), american)

    def instant(self, text: str) -> datetime | None:
        """Return a date or time in UTC; ``None`` for all else and for 1970-01-01. Without a time zone it is UTC."""
        text = " ".join(text.split())
        instant = _epoch(text) or iso_instant(text.removesuffix(" UTC")) or self._written(text)
        return None if instant == _NEVER else instant

    def _written(self, text: str) -> datetime | None:
        for pattern in (_NUMBERS, _YEAR_FIRST, _DAY_NAMED, _MONTH_NAMED):
            found = pattern.fullmatch(text)
            if found:
                return self._of_parts(found.groupdict())
        return None

    def _of_parts(self, parts: dict[str, str | None]) -> datetime | None:
        if parts.get("first"):
            first, second = int(parts["first"] or 0), int(parts["second_"] or 0)
            # A month of 13 is a day, whatever the other dates of the file are.
            day, month = (first, second) if (self.day_first and second <= 12) or first > 12 else (second, first)
        else:
            day, month = int(parts["day"] or 0), int(parts.get("month") or 0) or _month(parts.get("name") or "")
        try:
            moment = datetime(_year(parts["year"] or ""), month, day, *_clock(parts), tzinfo=_zone(parts["zone"]))
            return moment.astimezone(UTC)
        except (ValueError, OverflowError):
            return None


def has_clock(text: str) -> bool:
    """Return whether a date has a time of day, or is a Unix time stamp."""
    return bool(re.search(r"\d[:h]\d\d", text)) or _epoch(text.strip()) is not None


def _epoch(text: str) -> datetime | None:
    if re.fullmatch(r"\d{9,16}", text):
        number = int(text)
        while number > 1 << 33:
            number //= 1000
        return from_epoch(number)
    if _EXCEL_DAYS.fullmatch(text):
        return _EXCEL + timedelta(seconds=round(float(text.replace(",", ".")) * 86_400))
    return None


def _month(name: str) -> int:
    lower = name.lower()
    # "juin" and "juil" before "jun" and "jul": the longest beginning counts.
    fits = [(len(start), at) for at, starts in enumerate(_MONTHS, 1) for start in starts if lower.startswith(start)]
    return max(fits)[1] if fits else 0


def _year(text: str) -> int:
    year = int(text)
    if len(text) == 4:
        return year
    return year + (2000 if year <= datetime.now(UTC).year % 100 + 1 else 1900)


def _clock(parts: dict[str, str | None]) -> tuple[int, int, int]:
    if parts["hour"] is None:
        return 0, 0, 0
    hour = int(parts["hour"])
    if parts["half"]:
        hour = hour % 12 + 12 * (parts["half"][0] in "pP")
    return hour, int(parts["minute"] or 0), int(parts["second"] or 0)


def _zone(text: str | None) -> timezone:
    if not text or text[0] not in "+-":
        return UTC
    digits = text[1:].replace(":", "")
    away = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-away if text[0] == "-" else away)
