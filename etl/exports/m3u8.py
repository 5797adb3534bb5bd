"""Extended M3U in UTF-8, for players, and for music libraries that find their own file by artist and title.

After ``#EXTM3U`` and ``#PLAYLIST:name``, each track has these lines::

    #EXTINF:268,Air - All I Need          whole seconds, -1 if unknown; artists joined by ", "
    #EXTALB:Moon Safari
    #EXTGENRE:downtempo;trip hop          of the track if it has any, else of its artists
    /music/Air/03 All I Need.mp3          the listener's own file, else https://open.spotify.com/track/... or where
                                          else it opens: see :func:`etl.exports.rows.address`

The format has no contributors, dates or features, and cannot separate the parts of "A - B - C". We write no
``#EXTART``, because it names an album's artist, and readers that find it take the whole ``#EXTINF`` for the title. Line
breaks within names become spaces.
"""

from collections.abc import Iterator

from etl.exports.rows import ExportRow, Pages, address
from store.domain import Playlist


def write_m3u8(playlist: Playlist, pages: Pages) -> Iterator[bytes]:
    """Yield the file in UTF-8 without a byte order mark."""
    yield f"#EXTM3U\n#PLAYLIST:{_line(playlist.name)}\n".encode()
    for page in pages:
        yield "".join(f"{line}\n" for row in page for line in _entry(row)).encode()


def _entry(row: ExportRow) -> Iterator[str]:
    track = row.track
    seconds = -1 if track.duration_ms is None else round(track.duration_ms / 1000)
    yield f"#EXTINF:{seconds},{_line(' - '.join(filter(None, (', '.join(track.artists), track.title))))}"
    if track.album:
        yield f"#EXTALB:{_line(track.album)}"
    genres = track.labels or track.artist_genres
    if genres:
        yield f"#EXTGENRE:{';'.join(map(_line, genres))}"
    yield row.item.file or address(track)


def _line(text: str) -> str:
    return " ".join(text.split())
