"""Reads any JSON with a list of objects that have a title and an artist, such as answers of services.

The objects become the rows of a sheet with their keys as headings; a nested object becomes its name. So they are read
like a CSV file with these headings.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from etl.imports.reading.bytes import Watch
from etl.imports.reading.inspected import Form, InspectedFile
from etl.imports.reading.json_file import LongList
from etl.imports.rows.entries import Begin, Entry
from etl.imports.sheets.sheet import Sheet
from etl.imports.sheets.track_rows import RowReader
from etl.values import text
from store.runs import ImportProblem

# How deep a list of tracks may be nested; answers of services have it no deeper.
_MAX_DEPTH = 4
# A row has a cell for each heading, also where the object lacks that member.
_MAX_CELLS = 10_000_000
# The keys of objects that contain a track: Spotify's items, Apple's attributes.
_WRAPPERS = ("track", "song", "item", "attributes")
# The keys of an object's name; Last.fm's dates are objects, too.
_NAMES = ("name", "title", "uts", "#text", "displayName")


def sniff(file: InspectedFile) -> bool:
    """Return whether ``file`` holds a list of objects with a title and an artist."""
    return file.form is Form.JSON and file.once(sheet_of).layout is not None


def read(file: InspectedFile, source: str, moment: datetime, watch: Watch | None) -> Iterator[Entry]:
    """Yield the tracks of the list."""
    sheet = file.once(sheet_of)
    reader = RowReader(sheet, source, moment)
    document = file.document
    named = text(document.get("title") or document.get("name")) if isinstance(document, dict) else None
    yield Begin(name=named)
    for number, cells in enumerate(sheet.sample, start=1):
        yield reader.row(number, cells)
    file.seen_whole(watch)


def sheet_of(file: InspectedFile) -> Sheet:
    """Return the list of tracks in a JSON document as a sheet, all rows of which are its sample."""
    found = _listed(file.document)
    # Made twice, because all of them at once would take as much memory as the document.
    headings = list(dict.fromkeys(key for entry in found for key in _flat(entry)))
    if len(headings) * len(found) > _MAX_CELLS:
        message = f"The objects in {file.name} have {len(headings):,} different members."
        raise ImportProblem("too_large", message, "Import a file in which all tracks have the same few members.")
    return Sheet.of_rows(headings, [[cells.get(key, "") for key in headings] for cells in map(_flat, found)])


def _listed(value: Any, depth: int = 0) -> list[dict[str, Any]]:
    """Return the first list of objects in ``value``."""
    if isinstance(value, LongList):
        raise ImportProblem("too_large", "The list holds too many values to be read at once.", "Import it in parts.")
    if isinstance(value, list):
        objects = [entry for entry in value if isinstance(entry, dict)]
        return objects if objects and len(objects) * 2 > len(value) else []
    inner = list(value.values()) if isinstance(value, dict) and depth < _MAX_DEPTH else []
    listed = next((found for part in inner if (found := _listed(part, depth + 1))), [])
    # The objects may also be the values of an object with ids as keys; then they have the same keys.
    alike = len(inner) > 1 and all(isinstance(part, dict) and part.keys() == inner[0].keys() for part in inner)
    return listed or (inner if alike else [])


def _flat(entry: Mapping[str, Any]) -> dict[str, str]:
    wrapped: dict[str, Any] = next((entry[name] for name in _WRAPPERS if isinstance(entry.get(name), dict)), {})
    values = {**entry, **wrapped}
    # Other members of nested objects: the date of an album, the ISRC among external ids.
    inner = {
        f"{key} {name}": value
        for key, found in values.items()
        if isinstance(found, dict) and key not in _WRAPPERS
        for name, value in found.items()
        if not isinstance(value, (dict, list))
    }
    return {key: cell for key, value in {**inner, **values}.items() if (cell := _cell(value))}


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (str, int, float)):
        return str(value)
    if isinstance(value, list):
        return ";".join(filter(None, map(_cell, value)))
    if isinstance(value, dict):
        return next((cell for name in _NAMES if (cell := _cell(value.get(name)))), "")
    return ""
