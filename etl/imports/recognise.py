"""Recognises files, by their contents first, and by their names if the contents are ambiguous."""

import re
from pathlib import Path

from etl.imports.reading.bytes import Watch
from etl.imports.reading.inspected import InspectedFile
from etl.imports.reading.read_options import NO_OPTIONS, ReadOptions
from etl.imports.registry import READERS, READERS_OF_COLUMNS
from etl.imports.rows.entries import Recognised
from store.runs import ImportProblem

# The files of a folder that are imported. Of JSON files, these are only those with known names, an analysis named by
# the id of its track, and gzipped ones, which are data; others (Payments.json, package.json) are ignored.
_NAMES = re.compile(
    r"(?i)\.(csv|tsv|txt|m3u8?|pls|[jx]spf|scrobbler\.log)(\.gz)?$|(^|/)watch-history\.json$|\.jspf\.json$|library[^/]*\.xml$"
    r"|(^|/)(playlist\d*|yourlibrary|streaming_?history_?(audio|music)?_?[\d_-]*|endsong_\d+)\.json$"
    r"|(^|/)(mpd\.slice\.[\d-]+|[0-9A-Za-z]{22}|[^/]*analysis[^/]*)\.json$|\.json\.gz$|\.jsonl(\.gz)?$|(^|/)(my_spotify_data|listenbrainz)[^/]*\.zip$"
)
_JSON_HINT = (
    "Known are Spotify's Playlist1.json, YourLibrary.json and streaming histories, ListenBrainz listens, JSPF "
    "playlists, the history of YouTube Music, and any list of objects with a title and an artist; audio analyses and "
    "slices of the Million Playlist Dataset, too."
)


def may_be_ours(name: str) -> bool:
    """Return whether a file of a folder may be importable, judged by its name."""
    return bool(_NAMES.search(name))


def recognise(path: Path, watch: Watch | None = None, options: ReadOptions = NO_OPTIONS) -> Recognised:
    """Return the kind of the file at ``path``, with its reader. The file is read once as a whole, for its digest.

    A file for which ``options`` name columns is a list of tracks.

    Raises ImportProblem if it cannot be imported; the message names its kind.
    """
    return recognised(InspectedFile(path, watch, options))


def recognised(file: InspectedFile) -> Recognised:
    """Return the kind of ``file``, like :func:`recognise`."""
    for reader in READERS_OF_COLUMNS if file.options.chooses_columns else READERS:
        if reader.sniff(file):
            return reader.recognised(file)
    raise ImportProblem(
        "not_a_playlist", f"{file.name} is {file.form.value}, but not a known playlist format.", _JSON_HINT
    )
