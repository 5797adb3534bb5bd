"""Small playlist files in every dialect, written by the tests themselves."""

import csv
import io
from collections.abc import Iterable, Sequence

from etl.imports.sheets.layout import FEATURE_COLUMNS

FEATURE_HEADINGS = [name.replace("_", " ").title() for name in FEATURE_COLUMNS]
FEATURES = ["0.488", "0.87", "6", "-4.185", "0", "0.0421", "0.00353", "0", "0.484", "0.211", "110.072", "4"]
NET = [
    *("Track URI", "Track Name", "Album Name", "Artist Name(s)", "Release Date", "Duration (ms)", "Popularity"),
    *("Explicit", "Added By", "Added At", "Genres", "Record Label", *FEATURE_HEADINGS),
]
NET_2024 = ["Track ID", *NET[1:7], *NET[8:]]
CLASSIC_BASE = [
    *("Track URI", "Track Name", "Artist URI(s)", "Artist Name(s)", "Album URI", "Album Name", "Album Artist URI(s)"),
    *("Album Artist Name(s)", "Album Release Date", "Album Image URL", "Disc Number", "Track Number"),
    *("Track Duration (ms)", "Track Preview URL", "Explicit", "Popularity", "ISRC", "Added By", "Added At"),
]
CLASSIC = [*CLASSIC_BASE, "Artist Genres", *FEATURE_HEADINGS, "Album Genres", "Label", "Copyrights"]


def spotify_id(number: int) -> str:
    return f"{number:022d}"


def net_row(number: int, **changes: str) -> list[str]:
    """A row of exportify.net as it writes today; ``changes`` are by heading, blanks as underscores."""
    row = [
        *(f"spotify:track:{spotify_id(number)}", f"Song {number}", f"Album {number % 50}", "First;Tyler, The Creator"),
        *("2003-03-25", str(180_000 + number), "53", "false", f"user_{number % 3}", "2024-10-23T15:37:43Z"),
        *("nu metal,rock", "Some Label", *FEATURES),
    ]
    for heading, cell in changes.items():
        row[NET.index(heading.replace("_", " "))] = cell
    return row


def net_2024_row(number: int, artists: str = "First,Tyler, The Creator") -> list[str]:
    row = net_row(number)
    return [spotify_id(number), *row[1:3], artists, *row[4:7], *row[8:]]


def classic_row(number: int, genres: bool = True, features: bool = True, album: bool = True) -> list[str]:
    """A row of the classic exporter, without the cells of the optional blocks that are left out."""
    return [
        *(f"spotify:track:{spotify_id(number)}", f"Song {number}", "spotify:artist:a, spotify:artist:b"),
        *("Choir of King's College\\, Cambridge, First", "spotify:album:x", f"Album {number}", "spotify:artist:a"),
        *("First", "1979", "https://i.example/x", "1", "22", "230333", "", "true", "32", "USRC17908239"),
        *("spotify:user:some%20body", "2017-02-15T09:37:22Z"),
        *(["rock,art rock"] if genres else []),
        *(FEATURES if features else []),
        *(["", "Label", "C 1979"] if album else []),
    ]


def text(
    rows: Iterable[Sequence[str]], delimiter: str = ",", newline: str = "\n", quote: int = csv.QUOTE_MINIMAL
) -> str:
    target = io.StringIO()
    csv.writer(target, delimiter=delimiter, lineterminator=newline, quoting=quote).writerows(rows)
    return target.getvalue()


def playlist(count: int, start: int = 0) -> str:
    """A file of ``count`` rows in today's dialect."""
    return text([NET, *(net_row(number) for number in range(start, start + count))])
