"""ListenBrainz's export: one listen a line (``listens/2024/5.jsonl`` in its zip)."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from etl.imports.entries import Entry, named_track
from etl.imports.history import History, history_entries
from etl.imports.inspected import Form, InspectedFile
from etl.imports.reading.bytes import Watch
from etl.imports.reading.json_file import lines, under
from etl.values import from_epoch, spotify_id, whole

LISTENS = re.compile(r"(?i)(^|/)listens(/\d+/\d+)?\.jsonl$")


def is_listen(value: Any) -> bool:
    """Return whether this is one listen."""
    return isinstance(under(value, "track_metadata"), dict)


def sniff_lines(file: InspectedFile) -> bool:
    """Return whether ``file`` holds a listen a line."""
    first, more, _ = file.start.partition(b"\n")
    named = bool(more) and bool(LISTENS.search(file.name))
    return file.form is Form.JSON and file.start.startswith(b"{") and (b'"track_metadata"' in first or named)


def read_lines(file: InspectedFile, source: str, _moment: datetime, watch: Watch | None) -> Iterator[Entry]:
    """Yield the history of a file with a listen a line."""
    yield from history_entries(lambda history: listen(history, lines(file.source, watch), source))


def sniff_list(file: InspectedFile) -> bool:
    """Return whether ``file`` is a JSON list of listens."""
    document = file.document
    return isinstance(document, list) and bool(document) and is_listen(document[0])


def read_list(file: InspectedFile, source: str, _moment: datetime, watch: Watch | None) -> Iterator[Entry]:
    """Yield the history of a JSON list of listens."""
    file.seen_whole(watch)
    yield from history_entries(lambda history: listen(history, enumerate(file.document, start=1), source))


def listen(history: History, listens: Iterable[tuple[int, Any]], source: str) -> None:
    """Count listens, each with its line."""
    for line, entry in listens:
        named = under(entry, "track_metadata")
        more = under(named, "additional_info")
        track = named_track(
            under(named, "track_name"),
            under(named, "artist_name"),
            source=source,
            uri=next((uri for key in ("spotify_id", "origin_url") if spotify_id(uri := under(more, key))), None),
            album=under(named, "release_name"),
            duration_ms=_length(more),
            isrc=under(more, "isrc"),
        )
        if track is None:
            history.skip(line, "no title" if named else "not a listen")
        else:
            history.play(line, track, from_epoch(whole(under(entry, "listened_at"))))


def _length(more: Any) -> int | None:
    milliseconds = whole(under(more, "duration_ms"))
    seconds = whole(under(more, "duration"))
    return milliseconds or (seconds * 1000 if seconds else None)
