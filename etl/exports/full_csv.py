"""CSV with all values of each row and their sources.

The columns of exportify.net come first, as :mod:`etl.exports.exportify` writes them; those of :data:`MORE` follow.
Lists are joined by ";", genres by ","; these characters and backslashes within a value are escaped by a backslash.
:mod:`etl.imports.full_csv` reads the file back without loss; the playlist's name is that of the file.
"""

from collections.abc import Iterable, Iterator

from etl.exports.exportify import BYTE_ORDER_MARK, HEADINGS, exportify_cells, guarded, number_text, quoted
from etl.exports.rows import ExportRow, Pages, instant
from store.domain import AlbumDetails, AudioFeatures, Playlist, Track

MORE = (
    *("Plays", "File", "Track ID", "Year", "Length (ms)", "Track Genres", "Track Source", "ISRC", "IDs", "Artist URIs"),
    *("Album URI", "Album Artists", "Album Artist URIs", "Album Image URL", "Disc Number", "Track Number"),
    *("Features Source", "Features Fetched At", "Features Licence", "Features Confidence", "Features Length (ms)"),
)
FULL_HEADINGS = (*HEADINGS, *MORE)
# The headings by which the reader recognises this format.
MARKS = frozenset({"Track Name", "Track Source", "Features Source"})
_ARTISTS, _GENRES = HEADINGS.index("Artist Name(s)"), HEADINGS.index("Genres")
_NEED_QUOTES = frozenset(',"\r\n')


def write_full_csv(_playlist: Playlist, pages: Pages) -> Iterator[bytes]:
    """Yield the file: UTF-8 with a byte order mark, without cells that a spreadsheet would run."""
    yield f"{BYTE_ORDER_MARK}{','.join(FULL_HEADINGS)}\n".encode()
    for page in pages:
        yield "".join(f"{','.join(map(_cell, _cells(row)))}\n" for row in page).encode()


def _cell(text: str) -> str:
    text = guarded(text)
    return text if _NEED_QUOTES.isdisjoint(text) and text == text.strip() else quoted(text)


def _cells(row: ExportRow) -> list[str]:
    track, own = row.track, exportify_cells(row)
    own[_ARTISTS], own[_GENRES] = joined(track.artists), joined(track.artist_genres, ",")
    return [
        *own,
        number_text(row.item.plays),
        row.item.file or "",
        *_of_track(track),
        *_of_album(track.album_details),
        *_of(track.features),
    ]


def _of_track(track: Track) -> list[str]:
    return [
        track.id,
        number_text(track.year),
        number_text(track.duration_ms),
        joined(track.labels),
        track.source,
        track.isrc or "",
        joined(f"{namespace}:{id_}" for namespace, id_ in track.ids.items()),
        joined(track.artist_uris),
    ]


def _of_album(details: AlbumDetails | None) -> list[str]:
    known = details or AlbumDetails()
    return [
        known.uri or "",
        joined(known.artists),
        joined(known.artist_uris),
        known.cover_url or "",
        number_text(known.disc_number),
        number_text(known.track_number),
    ]


def _of(features: AudioFeatures | None) -> list[str]:
    if features is None:
        return [""] * 5
    duration = features.values.get("duration_ms")
    when, licence = instant(features.fetched_at) or "", features.licence or ""
    return [features.source, when, licence, number_text(features.confidence), number_text(duration)]


def joined(values: Iterable[str], joint: str = ";") -> str:
    """Return the values as one text, which :func:`etl.imports.full_csv.parts_of` splits again."""
    return joint.join(value.replace("\\", "\\\\").replace(joint, f"\\{joint}") for value in values)
