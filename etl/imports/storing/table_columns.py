"""Reads the values in the cells of public track tables."""

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

import numpy as np
import pandas as pd

from etl.imports.sheets.convention import MISSING, Convention
from etl.imports.sheets.headings import normal_heading
from store.domain import AUDIO_FEATURES, FEATURE_BOUNDS
from store.text import split_artists

_YEAR = r"(?<!\d)((?:18|19|20)\d\d)(?!\d)"
_LIST = re.compile(r"\s*\[.*\]\s*$", re.DOTALL)


def artist_splitter(heading: str, sample: Sequence[str]) -> Callable[[str], tuple[str, ...]]:
    """Return the function that splits this table's artist cells, chosen by the heading and the first rows.

    "Tyler, The Creator" must not be split if the table joins names as a Python list or with semicolons, or if the
    column holds one artist (tidytuesday's ``track_artist``). A table merged from others may join in several ways; in
    such a table the commas outnumber the semicolons.
    """
    if any(_LIST.match(cell) for cell in sample):
        return _listed
    semicolons, commas = (sum(mark in cell for cell in sample) for mark in (";", ", "))
    if semicolons > commas or normal_heading(heading) == "track artist":
        return lambda cell: _parts(cell, ";")
    return split_artists


def _listed(cell: str) -> tuple[str, ...]:
    if not _LIST.match(cell):
        return split_artists(cell)
    try:
        names = ast.literal_eval(cell.strip())
    except (ValueError, SyntaxError):
        return _parts(cell.strip()[1:-1].replace("'", "").replace('"', ""), ",")
    return tuple(str(name).strip() for name in names if str(name).strip())


def _parts(cell: str, separator: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part for part in map(str.strip, cell.split(separator)) if part))


@lru_cache(maxsize=1 << 16)
def genres(cell: str) -> tuple[str, ...]:
    """Return the genres of a cell: one, several joined by ``|``, ``;`` or ``,``, or a Python list."""
    if not cell:
        return ()
    if _LIST.match(cell):
        return _listed(cell)
    return _parts(cell, next((mark for mark in "|;," if mark in cell), "|"))


def numbers(column: pd.Series) -> np.ndarray:
    """Return a text column as float64; NaN if a cell is not a finite number."""
    values = pd.to_numeric(column, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def features(frame: pd.DataFrame) -> tuple[np.ndarray, dict[str, int]]:
    """Return the features of ``frame`` as (n, 13) float32, and the number of unusable values of each.

    Values outside :data:`store.domain.FEATURE_BOUNDS` (tempo 0, key -1), absent values and text are NaN.
    """
    values = np.full((len(frame), len(AUDIO_FEATURES)), np.nan, np.float32)
    outside: dict[str, int] = {}
    for at, name in enumerate(AUDIO_FEATURES):
        if name in frame:
            column = numbers(frame[name])
            low, high = FEATURE_BOUNDS[name]
            wrong = (column < low) | (column > high) | _unreadable(frame[name], column)
            if wrong.any():
                outside[name] = int(wrong.sum())
            values[:, at] = np.where(wrong, np.nan, column)
    return values, outside


def convention_of(frame: pd.DataFrame, headings: Mapping[str, str], delimiter: str) -> Convention:
    """Return how the table writes numbers and lengths, judged by the rows of ``frame``; ``headings`` are by field."""
    cells = {name: frame[name].tolist() for name in (*AUDIO_FEATURES, "popularity") if name in frame}
    lengths = {"length": cells.pop("duration_ms")} if "duration_ms" in cells else {}
    heading = normal_heading(headings.get("duration_ms", ""))
    return Convention.of(cells | lengths, delimiter=delimiter, length_heading=heading)


def in_plain_numbers(frame: pd.DataFrame, convention: Convention) -> pd.DataFrame:
    """Return ``frame`` with numbers rewritten in plain form in the columns that pandas cannot read."""
    changed = {}
    for name in (*AUDIO_FEATURES, "popularity"):
        read = _plain_reader(name, convention)
        if name in frame and (name in convention.percent or _needs_reading(name, frame[name], convention)):
            changed[name] = [cell if (number := read(cell)) is None else repr(number) for cell in frame[name].tolist()]
    return frame.assign(**changed) if changed else frame


def _plain_reader(name: str, convention: Convention) -> Callable[[str], float | None]:
    if name == "duration_ms":
        return convention.length_ms
    if name in convention.percent:
        return lambda cell: convention.feature(name, cell)
    return convention.number


def _needs_reading(name: str, column: pd.Series, convention: Convention) -> bool:
    if name == "duration_ms" and convention.unit_ms != 1:
        return True
    if convention.decimal == "," and column.str.contains(r"[.,]").any():
        return True
    return bool(_unreadable(column, numbers(column)).any())


def _unreadable(column: pd.Series, values: np.ndarray) -> np.ndarray:
    """Return which cells hold something that is not a number."""
    empty = np.isnan(values)
    if empty.any():
        empty[empty] = ~column[empty].str.strip().str.lower().isin(MISSING).to_numpy()
    return empty


def years(column: pd.Series) -> pd.Series:
    """Return the year in each date of any format ("2001-04", "9/5/2025"), missing if there is none."""
    return pd.to_numeric(column.str.extract(_YEAR, expand=False), errors="coerce").astype("Int16")
