"""Details of albums in files: the date of release at its precision, numbers, addresses."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from etl.identity import MBID, SPOTIFY_ID
from etl.values import year_within
from store.domain import AlbumDetails

# The largest number of a disc or track; a larger one is an error of the file.
MAX_NUMBER = 9_999
_DATE = re.compile(r"(\d{4})(?:-(\d\d?)(?:-(\d\d?))?)?(?:[T ].*)?")
_DAY_FIRST = re.compile(r"(\d\d?)\.(\d\d?)\.(\d{4})")
_ADDRESS = re.compile(r"https?://[^\s\"<>]{1,2000}")


def album_details(
    *,
    released: str | None = None,
    record_label: str | None = None,
    artists: Sequence[str] = (),
    artist_uris: Sequence[str] = (),
    uri: str | None = None,
    cover_url: str | None = None,
    disc_number: int | None = None,
    track_number: int | None = None,
) -> AlbumDetails | None:
    """Return the details of an album, ``None`` if nothing is known."""
    details = AlbumDetails(
        released=released,
        record_label=record_label or None,
        artists=tuple(artists),
        artist_uris=tuple(artist_uris),
        uri=uri or None,
        cover_url=cover_url,
        disc_number=disc_number,
        track_number=track_number,
    )
    return None if details == AlbumDetails() else details


def precise_date(value: Any, latest: int = date.max.year - 1) -> str | None:
    """Return a date of release as precisely as ``value`` has it: ``1979``, ``1979-11`` or ``1979-11-30``.

    A month or a day that does not exist is left out; None if the year is before 1860 or after ``latest`` + 1.
    """
    text = value.strip() if isinstance(value, str) else ""
    day_first = _DAY_FIRST.fullmatch(text)
    found = _DATE.fullmatch("-".join(reversed(day_first.groups())) if day_first else text)
    if found is None:
        return None
    year, month, day = (int(part) if part else 0 for part in found.groups())
    if year_within(year, latest) is None:
        return None
    try:
        return date(year, month, day or 1).isoformat()[: 10 if day else 7]
    except ValueError:
        return f"{year}-{month:02}" if 1 <= month <= 12 else f"{year}"


def web_address(value: Any) -> str | None:
    """Return ``value`` if it is an http or https address."""
    return value if isinstance(value, str) and _ADDRESS.fullmatch(value) else None


def mbid_of(value: Any) -> dict[str, str]:
    """Return the id of a recording at MusicBrainz as ids by namespace; none if ``value`` is not one."""
    mbid = value.strip().lower() if isinstance(value, str) else ""
    return {"mbid": mbid} if MBID.fullmatch(mbid) else {}


def cell_number(cell: str) -> int | None:
    """Return the number of a disc or track in a cell such as ``3`` or ``3/12``."""
    found = re.match(r"0*([1-9]\d{0,3})(?:\.0)?(?:\s*/\s*\d+)?$", cell.strip())
    return int(found[1]) if found else None


def spotify_uris(kind: str, cell: str) -> tuple[str, ...]:
    """Return the URIs ``spotify:KIND:ID`` of a cell that holds ids or URIs, joined by commas or semicolons."""
    ids = (part.strip().rpartition(":")[2] for part in re.split("[,;]", cell))
    return tuple(f"spotify:{kind}:{id_}" for id_ in ids if SPOTIFY_ID.fullmatch(id_))
