"""Reads Tastemap's full CSV (:mod:`etl.exports.full_csv`); columns are found by their headings."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from etl.exports.exportify import FEATURES
from etl.exports.full_csv import MARKS
from etl.imports.reading.bytes import Watch
from etl.imports.reading.inspected import InspectedFile
from etl.imports.rows.entries import Begin, Entry
from etl.imports.tastemap_json import read_item
from etl.values import boolean_cell

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?", re.IGNORECASE)


def sniff(file: InspectedFile) -> bool:
    """Return whether ``file`` has the headings that only the full CSV has."""
    return file.sheet is not None and {heading.strip() for heading in file.sheet.headings} >= MARKS


def read(file: InspectedFile, _source: str, _moment: datetime, watch: Watch | None) -> Iterator[Entry]:
    """Yield the one playlist with its rows."""
    yield Begin()
    sheet = file.as_sheet()
    headings = [heading.strip() for heading in sheet.headings]
    for line, cells in sheet.rows(watch):
        yield read_item(line, _item(dict(zip(headings, cells, strict=False))))


def parts_of(text: str | None, joint: str = ";") -> list[str]:
    """Return the values that :func:`etl.exports.full_csv.joined` has joined."""
    escaped = re.findall(rf"((?:[^\\{joint}]|\\.)*)({joint}|$)", text or "", re.DOTALL)
    values = [re.sub(r"\\(.)", r"\1", value, flags=re.DOTALL) for value, _ in escaped]
    return [value for value in values if value]


def _item(cells: Mapping[str, str]) -> dict[str, Any]:
    """Return the row as an item of Tastemap's JSON (:mod:`etl.exports.tastemap_json`)."""
    return {
        "added_by": cells.get("Added By"),
        "added_at": cells.get("Added At"),
        "plays": _number(cells.get("Plays")),
        "file": cells.get("File"),
        "track": _track(cells),
    }


def _track(cells: Mapping[str, str]) -> dict[str, Any]:
    ids = (id_.partition(":") for id_ in parts_of(cells.get("IDs")))
    return {
        "id": cells.get("Track ID"),
        "title": cells.get("Track Name"),
        "artists": parts_of(cells.get("Artist Name(s)")),
        "album": cells.get("Album Name"),
        "year": _number(cells.get("Year")),
        "duration_ms": _number(cells.get("Length (ms)")),
        "isrc": cells.get("ISRC"),
        "popularity": _number(cells.get("Popularity")),
        "explicit": boolean_cell(cells.get("Explicit", "")),
        "labels": parts_of(cells.get("Track Genres")),
        "artist_genres": parts_of(cells.get("Genres"), ","),
        "source": cells.get("Track Source"),
        "ids": {namespace: value for namespace, _, value in ids},
        "artist_uris": parts_of(cells.get("Artist URIs")),
        "album_details": _album(cells),
        "features": _features(cells),
    }


def _album(cells: Mapping[str, str]) -> dict[str, Any]:
    return {
        "released": cells.get("Release Date"),
        "record_label": cells.get("Record Label"),
        "artists": parts_of(cells.get("Album Artists")),
        "artist_uris": parts_of(cells.get("Album Artist URIs")),
        "uri": cells.get("Album URI"),
        "cover_url": cells.get("Album Image URL"),
        "disc_number": _number(cells.get("Disc Number")),
        "track_number": _number(cells.get("Track Number")),
    }


def _features(cells: Mapping[str, str]) -> dict[str, Any]:
    values = {name: _number(cells.get(name.replace("_", " ").title())) for name in FEATURES}
    return {
        "values": values | {"duration_ms": _number(cells.get("Features Length (ms)"))},
        "source": cells.get("Features Source"),
        "fetched_at": cells.get("Features Fetched At"),
        "licence": cells.get("Features Licence"),
        "confidence": _number(cells.get("Features Confidence")),
    }


def _number(cell: str | None) -> float | None:
    return float(cell) if cell and _NUMBER.fullmatch(cell) else None
