"""Reads dates and times as spreadsheets and programs write them; the order of day and month is that of the file."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from etl.values import from_epoch, iso_instant

# Words for the halves of a day, before or after the hour; the second half is afternoon.
_HALVES = {
    **dict.fromkeys(("오후", "下午", "午後", "μμ", "μ.μ.", "du.", "ch", "م", "mu", "odp.", "pm"), 12),
    **dict.fromkeys(("오전", "上午", "午前", "πμ", "π.μ.", "de.", "sa", "ص", "öö", "dop.", "am"), 0),
}
_HALF = "|".join(re.escape(word) for word in _HALVES)
_CLOCK = (
    rf"(?:(?:,|T|\s|at|um|à|kl\.?|-)*(?P<half_before>{_HALF}|[ap]m\b)?\s*(?P<hour>\d{{1,2}})\s?[:h.時时点點시]\s?"
    r"(?P<minute>\d\d)(?:(?:[:.]|[分분]\s?)(?P<second>\d\d)(?:[.,]\d+)?[秒초]?)?[分분]?"
    rf"\s*(?P<half>[ap]\.?\s?m\.?|{_HALF})?\s*(?:Uhr|hrs)?"
    r"\s*(?P<zone>Z|UTC|GMT|(?:GMT|UTC)?[+-]\d\d(?::?\d\d)?)?(?:\s*UTC|\s*\(.+\))?)?"
)
_NUMBERS = re.compile(
    rf"(?P<first>\d{{1,2}})(?P<mark>[./-])\s?(?P<second_>\d{{1,2}})[./-]\s?(?P<year>\d{{4}}|\d\d)\.?{_CLOCK}", re.I
)
_YEAR_FIRST = re.compile(
    rf"(?P<year>\d{{4}})\s?[./年년-]\s?(?P<month>\d{{1,2}})\s?[./月월-]\s?(?P<day>\d{{1,2}})[.日일]?{_CLOCK}", re.I
)
_WEEKDAY = r"(?:[^\W\d]+\.?,?\s+)?"
_DAY_NAMED = re.compile(
    rf"{_WEEKDAY}(?P<day>\d{{1,2}})(?:\.|er|st|nd|rd|th)?[\s-]+(?:de\s+)?(?P<name>[^\W\d]+)\.?,?[\s-]+(?:de\s+)?"
    rf"(?P<year>\d{{4}}|\d\d)(?:\s?[гр]\.)?{_CLOCK}",
    re.I,
)
_MONTH_NAMED = re.compile(
    rf"{_WEEKDAY}(?P<name>[^\W\d]+)\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}}){_CLOCK}", re.I
)
_YEAR_THEN_NAME = re.compile(
    rf"(?P<year>\d{{4}})\.?[\s-]+(?P<name>[^\W\d]+)\.?[\s-]+(?P<day>\d{{1,2}})\.?{_CLOCK}", re.I
)
# The beginnings of the months' names: English, German, French, Spanish, Italian, Portuguese, Dutch, Scandinavian,
# Finnish, Hungarian, Romanian, Turkish, Polish, Czech, Russian, Ukrainian, Greek.
_MONTHS = tuple(
    tuple(line.split())
    for line in (
        "jan jän ene gen ian tam oca sty led янв січ ιαν",
        "feb fév fev fev hel şub lut úno фев лют φεβ",
        "mar mär már mrz maa bře мар бер μαρ μάρ",
        "apr ápr avr abr huh nis kwi dub апр кві απρ",
        "may mai máj mag mei maj tou kvě май мая тра μαΐ μαι μάι",
        "jun jún juin giu iun kes haz cze červ июн чер ιουν",
        "jul júl juil lug iul hei tem lip červenc červenec июл лип ιουλ",
        "aug aoû aou ago agu elo ağu sie srp авг сер αυγ αύγ",
        "sep szep set syy eyl wrz zář сен вер σεπ",
        "oct okt ott out lok eki paź paz říj окт жов οκτ",
        "nov noi marras kas lis ноя лис νοε νοέ",
        "dec dez déc des dic jou ara gru pro дек гру δεκ",
    )
)
# Spotify's date for additions from before it stored dates.
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
# Later years are of Thailand's calendar.
LATEST_YEAR, BUDDHIST = 2400, 543
# Excel counts days from this one.
_EXCEL = datetime(1899, 12, 30, tzinfo=UTC)
_EXCEL_DAYS = re.compile(r"[2-7]\d{4}(?:[.,]\d+)?")


@dataclass(frozen=True, slots=True)
class DateOrder:
    """The order of day and month: whether 1/2/2024 is 1 February; ``certain`` is false if no date shows it."""

    day_first: bool = True
    certain: bool = True

    @classmethod
    def of(cls, cells: Iterable[str], day_first: bool | None = None) -> "DateOrder":
        """Return the order in ``cells``; if they do not show it, ``day_first`` is used if it is given."""
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
            american = american or bool(re.fullmatch(r"(?i)[ap]\.?m\.?", found["half"] or ""))
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
        if instant and instant.year > LATEST_YEAR:
            leaps = instant.month == 2 and instant.day == 29  # leap years differ between the calendars
            instant = None if leaps else instant.replace(year=instant.year - BUDDHIST)
        return None if instant == _NEVER else instant

    def _written(self, text: str) -> datetime | None:
        for pattern in (_NUMBERS, _YEAR_FIRST, _DAY_NAMED, _MONTH_NAMED, _YEAR_THEN_NAME):
            found = pattern.fullmatch(text)
            if found:
                return self._of_parts(found.groupdict())
        return None

    def _of_parts(self, parts: dict[str, str | None]) -> datetime | None:
        if parts.get("first"):
            first, second = int(parts["first"] or 0), int(parts["second_"] or 0)
            # A number above 12 is a day, whatever the other dates of the file show.
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
    return bool(re.search(r"\d\s?[:h時时点點시]\s?\d\d", text)) or _epoch(text.strip()) is not None


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
    if half := (parts["half_before"] or parts["half"] or "").lower():
        hour = hour % 12 + _HALVES.get(half, 12 * half.startswith("p"))
    return hour, int(parts["minute"] or 0), int(parts["second"] or 0)


def _zone(text: str | None) -> timezone:
    found = re.search(r"([+-])(\d\d):?(\d\d)?", text or "")
    if not found:
        return UTC
    away = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    return timezone(-away if found[1] == "-" else away)
