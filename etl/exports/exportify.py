"""CSV as exportify.net writes it today, with the ISRC under exportify.app's heading behind its columns.

Readers find columns by name. Everything exportify.net has is there under its heading and in its order; what both
call the same (Track URI, Track Name, Artist Name(s), Album Name, Explicit, Popularity, Added By, Added At) serves
readers of either. exportify.app's columns of URIs and pictures are left out: nothing here knows them, and
"Artist URI(s)" would announce its other way to join artists. Artists are joined by ";", which is why a name that
holds one comes back as two. Labels of a track and the source of its features have no column.

Cells that begin with =, +, - or @ are written as they are. The customary apostrophe in front of them would be read
back as part of the name by every reader of such files: by ours, by other services that take them and by notebooks.
Loudness is negative, and there are albums called "=" and "+". The file goes from program to program and is served
as a download of type text/csv; a spreadsheet should import it with its columns as text (docs/formats.md).
"""

import csv
import io
from collections.abc import Iterator

from etl.exports.rows import ExportRow, Pages, instant, track_uri
from store.domain import AUDIO_FEATURES, Playlist

# In the order of exportify.net, which is that of AUDIO_FEATURES; the duration has its own column.
_FEATURES = tuple(name for name in AUDIO_FEATURES if name != "duration_ms")
HEADINGS = (
    *("Track URI", "Track Name", "Album Name", "Artist Name(s)", "Release Date", "Duration (ms)", "Popularity"),
    *("Explicit", "Added By", "Added At", "Genres", "Record Label"),
    *(name.replace("_", " ").title() for name in _FEATURES),
    "ISRC",
)


def write_exportify(_playlist: Playlist, pages: Pages) -> Iterator[bytes]:
    """Yield the file: UTF-8 without a byte order mark, like exportify.net's."""
    target = io.StringIO()
    # With both characters in the line's end, the writer quotes cells that hold either.
    writer = csv.writer(target, lineterminator="\r\n")
    writer.writerow(HEADINGS)
    yield _taken(target)
    for page in pages:
        writer.writerows(map(_cells, page))
        yield _taken(target)


def _taken(target: io.StringIO) -> bytes:
    text = target.getvalue()
    target.seek(0)
    target.truncate()
    return text.encode()


def _cells(row: ExportRow) -> list[str]:
    track, values = row.track, row.track.features.values if row.track.features else {}
    duration = track.duration_ms if track.duration_ms is not None else values.get("duration_ms")
    return [
        track_uri(track),
        track.title,
        track.album or "",
        ";".join(track.artists),
        _number(track.year),
        _number(duration),
        _number(track.popularity),
        "" if track.explicit is None else str(track.explicit).lower(),
        # Readers take the percent encoding of exportify.app's user URIs away.
        (row.item.added_by or "").replace("%", "%25"),
        instant(row.item.added_at) or "",
        ",".join(track.artist_genres),
        "",
        *(_number(values.get(name)) for name in _FEATURES),
        track.isrc or "",
    ]


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return str(int(value)) if value == int(value) else repr(value)
