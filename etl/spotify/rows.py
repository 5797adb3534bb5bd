"""Rows of Spotify's lists: what is staged of each, and the track that it becomes.

A row has its track under ``item``, for older apps under ``track``. (The track itself has a boolean ``track``, so the
name alone is no proof.) A top track is the row itself.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from etl.imports.entries import Row, named_track
from etl.imports.reading.json_file import listed, under
from etl.values import boolean, iso_instant, number, text, year_of

WITHDRAWN = "empty row (Spotify has withdrawn the track)"
EPISODE = "podcast episode"
NEITHER = "neither a track nor an episode"
UNNAMED = "no title"
# Rows from before Spotify stored the time have the beginning of 1970.
_FIRST_YEAR = 2006


def kept(row: Any, *, wrapped: bool = True) -> dict[str, Any]:
    """Return what is staged of a row until the whole list has been read: names and ids, or the reason to skip it."""
    item = (under(row, "item") or under(row, "track")) if wrapped else row
    if not isinstance(item, dict):
        return {"reason": WITHDRAWN}
    if item.get("type") == "episode" or item.get("episode") is True:
        return {"reason": EPISODE}
    if item.get("type", "track") != "track":
        return {"reason": NEITHER}
    album = under(item, "album")
    return {
        "title": text(item.get("name")),
        "artists": [text(under(artist, "name")) for artist in listed(item, "artists")],
        "album": text(under(album, "name")),
        "year": year_of(under(album, "release_date")),
        "duration_ms": item.get("duration_ms"),
        "isrc": text(under(under(item, "external_ids"), "isrc")),
        "explicit": boolean(item.get("explicit")),
        "popularity": number(item.get("popularity")),
        # A local file has a URI of its names and no id.
        "uri": None if under(row, "is_local") or not item.get("id") else f"spotify:track:{item['id']}",
        "added_by": text(under(under(row, "added_by"), "id")) if wrapped else None,
        "added_at": text(under(row, "added_at")) if wrapped else None,
    }


def row_from(line: int, row: dict[str, Any], source: str) -> Row:
    """Return the row of what :func:`kept` returned; ``line`` is its number in the list, from 1."""
    if "reason" in row:
        return Row(line=line, reason=row["reason"])
    names = ("uri", "album", "duration_ms", "year", "isrc")
    track = named_track(row["title"], row["artists"], source=source, **{name: row[name] for name in names})
    if track is None:
        return Row(line=line, reason=UNNAMED)
    track = replace(track, explicit=row["explicit"], popularity=row["popularity"])
    return Row(line=line, track=track, added_by=row["added_by"], added_at=_added_at(row["added_at"]))


def _added_at(value: str | None) -> datetime | None:
    moment = iso_instant(value)
    return moment if moment and moment.year >= _FIRST_YEAR else None
