"""JSPF, the JSON form of XSPF (https://xspf.org/jspf), with ListenBrainz's extension for who added what when."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from etl.exports.jspf import EXTENSION
from etl.imports.entries import Begin, Entry, Row, named_track
from etl.imports.reading.json_file import listed, under
from etl.imports.tastemap_json import read_item
from etl.values import iso_instant, spotify_id, text

# https://musicbrainz.org/doc/jspf
_TRACK = "https://musicbrainz.org/doc/jspf#track"
_ISRC = "isrc:"


def is_jspf(document: Any) -> bool:
    """Say whether ``document`` is one playlist, or several as ListenBrainz lists them."""
    return any(isinstance(under(one, "playlist", "track"), list) for one in _documents(document))


def playlists(document: Any, source: str) -> Iterator[Entry]:
    """Yield the playlists with their rows."""
    for one in _documents(document):
        playlist = under(one, "playlist")
        yield Begin(name=text(under(playlist, "title")))
        for place, track in enumerate(listed(playlist, "track"), start=1):
            yield _row(track, place, source)


def _documents(document: Any) -> list[Any]:
    if isinstance(document, list):
        return document
    return listed(document, "playlists") or [document]


def _row(one: Any, place: int, source: str) -> Row:
    ours = listed(under(one, "extension"), EXTENSION)
    if ours and isinstance(ours[0], dict):  # our own export: nothing of it is lost
        track = {"title": one.get("title"), "album": one.get("album"), "duration_ms": one.get("duration")}
        return read_item(place, ours[0] | {"track": ours[0] | track})
    return _foreign_row(one, place, source)


def _foreign_row(one: Any, place: int, source: str) -> Row:
    more = under(one, "extension", _TRACK)
    addresses = _texts(under(one, "identifier")) + _texts(under(one, "location"))
    credits = [under(artist, "artist_credit_name") for artist in listed(under(more, "additional_metadata"), "artists")]
    track = named_track(
        under(one, "title"),
        credits if any(map(text, credits)) else under(one, "creator"),
        source=source,
        uri=next((address for address in addresses if spotify_id(address)), None),
        album=under(one, "album"),
        duration_ms=under(one, "duration"),
        isrc=next((code[len(_ISRC) :] for code in addresses if code.lower().startswith(_ISRC)), None),
    )
    if track is None:
        return Row(line=place, reason="no title")
    return Row(
        line=place,
        track=track,
        added_by=text(under(more, "added_by")),
        added_at=iso_instant(under(more, "added_at")),
    )


def _texts(value: Any) -> list[str]:
    """Return what may be one text or a list of them as a list."""
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]
