"""Reads audio analyses in the form of Spotify's Web API: the segments of one track, and its id if the file has it."""

from pathlib import PurePath
from typing import Any

from etl.analysis import BOUND, analysis_of
from etl.identity import SPOTIFY_ID
from etl.imports.reading.json_file import listed, under
from store.domain import Analysis, Track, local_track_id
from store.runs import ImportProblem

_MAX_NAME = 200
_HINT = "Import the file as the service gave it: an object with a list of segments, each with timbre and pitches."


def is_analysis(document: Any) -> bool:
    """Return whether a JSON document is an audio analysis."""
    segments = listed(document, "segments")
    return bool(segments) and isinstance(segments[0], dict) and "timbre" in segments[0]


def read_analysis(document: Any, name: str) -> tuple[str, Track | None, Analysis]:
    """Return the track's id, the track and its segments; id and names are from the document, else from the file name.

    The track is None if the document has a Spotify id but no names, which a playlist may add later. A segment without a
    duration ends where the next one begins.

    Raises ImportProblem if a segment is invalid (``malformed``).
    """
    segments = listed(document, "segments")
    try:
        made = analysis_of(segments, under(document, "track", "duration") or under(segments[-1], "start"))
    except ValueError as fault:
        raise ImportProblem("malformed", f"{name} has an invalid segment: {fault}.", _HINT) from fault
    return (*_track(document, name), made)


def _track(document: Any, name: str) -> tuple[str, Track | None]:
    stem = PurePath(name).name.removesuffix(".gz").removesuffix(".json")[:_MAX_NAME]
    candidates = (under(document, "track", "id"), under(document, "id"), stem)
    spotify_id = next((given for given in candidates if isinstance(given, str) and SPOTIFY_ID.fullmatch(given)), None)
    title = _text(document, "title") or ("" if SPOTIFY_ID.fullmatch(stem) else stem)
    if spotify_id and not title:
        return spotify_id, None
    artist = _text(document, "artist")
    artists = (artist,) if artist else ()
    seconds = under(document, "track", "duration")
    length = round(1000 * seconds) if isinstance(seconds, int | float) and 0 < seconds < BOUND else None
    track_id = spotify_id or local_track_id(title, artists, None, length)
    return track_id, Track(id=track_id, title=title, artists=artists, duration_ms=length, source=f"file: {name}")


def _text(document: Any, key: str) -> str | None:
    for part in ("meta", "track"):
        value = under(document, part, key)
        if isinstance(value, str) and value.strip():
            return " ".join(value.split())[:_MAX_NAME]
    return None
