"""Reads ListenBrainz's export: a listen per line (``listens/2024/5.jsonl`` in its zip), and loved and hated tracks."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from etl.imports.reading.bytes import Watch
from etl.imports.reading.inspected import Form, InspectedFile
from etl.imports.reading.json_file import elements, lines, listed, parse, under
from etl.imports.rows.album_details import mbid_of
from etl.imports.rows.entries import Begin, Entry, Row, linked_track, named_track
from etl.imports.rows.history import History, history_entries
from etl.links import link_in
from etl.values import from_epoch, spotify_id, whole
from store.domain import Track
from store.runs import ImportProblem

LISTENS = re.compile(r"(?i)(^|/)listens(/\d+/\d+)?\.jsonl$")
FEEDBACK = re.compile(r"(?i)(^|/)feedback\.jsonl$")
LOVED = "Loved tracks"
_LOVE, _HATE = 1, -1


def is_listen(value: Any) -> bool:
    """Return whether this is one listen."""
    return isinstance(under(value, "track_metadata"), dict)


def is_feedback(value: Any) -> bool:
    """Return whether this is a loved or hated recording."""
    return isinstance(value, dict) and "score" in value and any(f"recording_{id_}" in value for id_ in ("msid", "mbid"))


def sniff_feedback(file: InspectedFile) -> bool:
    """Return whether ``file`` has a loved or hated recording per line."""
    first = file.start.partition(b"\n")[0]
    if file.form is not Form.JSON or not first.startswith(b"{") or b'"score"' not in first:
        return False
    try:
        return is_feedback(parse(first, file.name))
    except ImportProblem:
        return False


def read_feedback(file: InspectedFile, source: str, _moment: datetime, watch: Watch | None) -> Iterator[Entry]:
    """Yield the loved tracks, and the reasons why the others are left out."""
    yield from feedback(lines(file.source, watch), source)


def feedback(entries: Iterable[tuple[int, Any]], source: str) -> Iterator[Entry]:
    """Yield the loved tracks as one playlist."""
    yield Begin(name=LOVED)
    for line, entry in entries:
        score = whole(under(entry, "score"))
        track = (_track(entry, source) or _by_mbid(entry, source)) if score == _LOVE else None
        reason = "hated" if score == _HATE else "neither loved nor hated" if score != _LOVE else "no title"
        loved_at = from_epoch(whole(under(entry, "created")))
        yield Row(line=line, track=track, added_at=loved_at if track else None, reason="" if track else reason)


def _by_mbid(entry: Any, source: str) -> Track | None:
    link = link_in(str(under(entry, "recording_mbid") or ""), bare=True)
    return linked_track(link, source) if link and link.namespace == "mbid" else None


def sniff_lines(file: InspectedFile) -> bool:
    """Return whether ``file`` has a listen per line."""
    first, more, _ = file.start.partition(b"\n")
    if file.form is not Form.JSON or not first.startswith(b"{"):
        return False
    try:
        is_first = b'"track_metadata"' in first and is_listen(parse(first, file.name))
    except ImportProblem:  # the first line is not a complete JSON value
        is_first = False
    return is_first or (bool(more) and bool(LISTENS.search(file.name)))


def read_lines(file: InspectedFile, source: str, _moment: datetime, watch: Watch | None) -> Iterator[Entry]:
    """Yield the history of a file with a listen per line."""
    yield from history_entries(lambda history: listen(history, lines(file.source, watch), source))


def sniff_list(file: InspectedFile) -> bool:
    """Return whether ``file`` is a JSON list of listens, or an answer of the API with one."""
    return any(map(is_listen, _listens(file.document)))


def _listens(document: Any) -> Iterable[Any]:
    return elements(document) or listed(under(document, "payload") or document, "listens")


def sniff_answer(file: InspectedFile) -> bool:
    """Return whether ``file`` is an answer of the API with loved and hated recordings."""
    return any(map(is_feedback, listed(file.document, "feedback")))


def read_answer(file: InspectedFile, source: str, _moment: datetime, watch: Watch | None) -> Iterator[Entry]:
    """Yield the loved tracks of an answer, and why the others are left out."""
    file.seen_whole(watch)
    yield from feedback(enumerate(listed(file.document, "feedback"), start=1), source)


def read_list(file: InspectedFile, source: str, _moment: datetime, watch: Watch | None) -> Iterator[Entry]:
    """Yield the history of a JSON list of listens."""
    file.seen_whole(watch)
    yield from history_entries(lambda history: listen(history, enumerate(_listens(file.document), start=1), source))


def listen(history: History, listens: Iterable[tuple[int, Any]], source: str) -> None:
    """Count listens, each with its line."""
    for line, entry in listens:
        track = _track(entry, source)
        if track is None:
            history.skip(line, "no title" if under(entry, "track_metadata") else "not a listen")
        else:
            history.play(line, track, from_epoch(whole(under(entry, "listened_at"))))


def _track(entry: Any, source: str) -> Track | None:
    named = under(entry, "track_metadata")
    more = under(named, "additional_info")
    return named_track(
        under(named, "track_name"),
        under(named, "artist_name"),
        source=source,
        uri=next((uri for key in ("spotify_id", "origin_url") if spotify_id(uri := under(more, key))), None),
        album=under(named, "release_name"),
        duration_ms=_length(more),
        isrc=under(more, "isrc"),
        ids=mbid_of(under(named, "mbid_mapping", "recording_mbid") or under(more, "recording_mbid")),
    )


def _length(more: Any) -> int | None:
    milliseconds = whole(under(more, "duration_ms"))
    seconds = whole(under(more, "duration"))
    return milliseconds or (seconds * 1000 if seconds else None)
