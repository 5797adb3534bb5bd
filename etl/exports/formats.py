"""The registry of file formats for the API, the command line, the page and the tests."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from etl.exports.exportify import write_exportify, write_guarded
from etl.exports.full_csv import write_full_csv
from etl.exports.jspf import write_jspf
from etl.exports.listenbrainz import write_listenbrainz
from etl.exports.m3u8 import write_m3u8
from etl.exports.rows import Pages
from etl.exports.tastemap_json import write_tastemap_json
from store.domain import Playlist

# Characters that some systems do not allow in file names, or that can make a name look like another one.
_UNSAFE = re.compile('[\x00-\x1f\x7f-\x9f/\\\\:*?"<>|\u200e\u200f\u2028-\u202e\u2066-\u2069]+')
# File systems take 255 bytes: room for an ending and for `.partial` is left.
_MAX_NAME_BYTES = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Format:
    """A file format: ``name`` for programs, ``label`` and ``purpose`` (one line) for people.

    ``write`` yields the file's bytes in blocks while it reads pages, and keeps only a few of either in memory.
    """

    name: str
    label: str
    purpose: str
    ending: str
    media_type: str
    write: Callable[[Playlist, Pages], Iterator[bytes]]


def _write_parquet(playlist: Playlist, pages: Pages) -> Iterator[bytes]:
    # Imported here, because pyarrow takes 35 MB.
    from etl.exports.parquet import write_parquet

    return write_parquet(playlist, pages)


FORMATS = {
    format_.name: format_
    for format_ in (
        Format(
            name="csv",
            label="CSV",
            purpose="The columns of exportify.net: for spreadsheets, which run no cell of it, and other music tools.",
            ending=".csv",
            media_type="text/csv; charset=utf-8",
            write=write_guarded,
        ),
        Format(
            name="csv-exact",
            label="CSV, exact",
            purpose="Each cell as exportify.net writes it: for programs. A spreadsheet may run one that begins with =.",
            ending=".csv",
            media_type="text/csv; charset=utf-8",
            write=write_exportify,
        ),
        Format(
            name="csv-full",
            label="CSV, full",
            purpose="Everything that is known here as a table, with its sources, and back into Tastemap without loss.",
            ending=".csv",
            media_type="text/csv; charset=utf-8",
            write=write_full_csv,
        ),
        Format(
            name="m3u8",
            label="M3U8",
            purpose="A plain list for players: names, lengths, and links that open.",
            ending=".m3u8",
            media_type="audio/mpegurl; charset=utf-8",
            write=write_m3u8,
        ),
        Format(
            name="jspf",
            label="JSPF",
            purpose="The open playlist format, for players; our extension keeps the rest.",
            ending=".jspf",
            media_type="application/json",  # JSPF has no registered type of its own
            write=write_jspf,
        ),
        Format(
            name="listenbrainz",
            label="ListenBrainz",
            purpose="JSPF for its import: the recordings whose MusicBrainz id is known, and what was left out.",
            ending=".jspf",
            media_type="application/json",
            write=write_listenbrainz,
        ),
        Format(
            name="json",
            label="JSON",
            purpose="Everything that is known here, for programs and for safekeeping.",
            ending=".json",
            media_type="application/json",
            write=write_tastemap_json,
        ),
        Format(
            name="parquet",
            label="Parquet",
            purpose="Everything as typed columns: for pandas, DuckDB, Spark and R.",
            ending=".parquet",
            media_type="application/vnd.apache.parquet",
            write=_write_parquet,
        ),
    )
}


def file_name(playlist: Playlist, chosen: Format) -> str:
    """Return a name for the file that is safe on every system and close to the playlist's."""
    stem = _UNSAFE.sub(" ", playlist.name).encode()[:_MAX_NAME_BYTES].decode(errors="ignore")
    return (" ".join(stem.split()).strip(" .") or "playlist") + chosen.ending
