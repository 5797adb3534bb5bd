"""Reads JSPF, the JSON form of XSPF (https://xspf.org/jspf), with ListenBrainz's extension for who added what when."""

from collections.abc import Iterable, Iterator
from typing import Any

from etl.exports.jspf import EXTENSION
from etl.exports.rows import RECORDING
from etl.imports.reading.json_file import elements, listed, under
from etl.imports.rows.album_details import album_details, mbid_of, web_address
from etl.imports.rows.entries import Begin, Entry, Row, linked_row, named_track
from etl.imports.tastemap_json import read_item
from etl.values import iso_instant, spotify_id, text, whole

# https://musicbrainz.org/doc/jspf
_TRACK = "https://musicbrainz.org/doc/jspf#track"
_ISRC = "isrc:"


def is_jspf(document: Any) -> bool:
    """Return whether ``document`` is one playlist, or several in ListenBrainz's form."""
    return any(isinstance(under(entry, "playlist", "track"), list) for entry in _documents(document))


def playlists(document: Any, source: str) -> Iterator[Entry]:
    """Yield the playlists with their rows."""
    for entry in _documents(document):
        playlist = under(entry, "playlist")
        yield Begin(name=text(under(playlist, "title")))
        for number, track in enumerate(listed(playlist, "track"), start=1):
            yield _row(track, number, source)


def _documents(document: Any) -> Iterable[Any]:
    return elements(document) or listed(document, "playlists") or [document]


def _row(entry: Any, number: int, source: str) -> Row:
    ours = listed(under(entry, "extension"), EXTENSION)
    if ours and isinstance(ours[0], dict):  # our own export has all values in its extension
        track = {"title": entry.get("title"), "album": entry.get("album"), "duration_ms": entry.get("duration")}
        return read_item(number, ours[0] | {"track": ours[0] | track})
    return _foreign_row(entry, number, source)


def _foreign_row(entry: Any, number: int, source: str) -> Row:
    more = under(entry, "extension", _TRACK)
    addresses = _texts(under(entry, "identifier")) + _texts(under(entry, "location"))
    credits = [under(artist, "artist_credit_name") for artist in listed(under(more, "additional_metadata"), "artists")]
    track = named_track(
        under(entry, "title"),
        credits if any(map(text, credits)) else under(entry, "creator"),
        source=source,
        uri=next((address for address in addresses if spotify_id(address)), None),
        album=under(entry, "album"),
        duration_ms=under(entry, "duration"),
        isrc=next((code[len(_ISRC) :] for code in addresses if code.lower().startswith(_ISRC)), None),
        ids=mbid_of(next((address[len(RECORDING) :] for address in addresses if address.startswith(RECORDING)), None)),
        artist_uris=tuple(_texts(under(more, "artist_identifiers"))),
        details=album_details(
            uri=text(under(more, "release_identifier")),
            cover_url=web_address(under(entry, "image")),
            track_number=whole(under(entry, "trackNum")),
        ),
    )
    if track is None:
        return linked_row(number, addresses, source, "no title")
    return Row(
        line=number,
        track=track,
        added_by=text(under(more, "added_by")),
        added_at=iso_instant(under(more, "added_at")),
    )


def _texts(value: Any) -> list[str]:
    """Return one text, or a list of texts, as a list."""
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, str)]
