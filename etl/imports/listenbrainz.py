"""ListenBrainz's export: one listen a line (``listens/2024/5.jsonl`` in its zip)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from etl.imports.entries import named_track
from etl.imports.history import History
from etl.imports.json_file import under
from etl.imports.values import from_epoch, spotify_id, whole


def is_listen(value: Any) -> bool:
    """Say whether this is one listen."""
    return isinstance(under(value, "track_metadata"), dict)


def listen(history: History, listens: Iterable[tuple[int, Any]], source: str) -> None:
    """Count listens, each with its line."""
    for line, one in listens:
        named = under(one, "track_metadata")
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
            history.play(line, track, from_epoch(whole(under(one, "listened_at"))))


def _length(more: Any) -> int | None:
    milliseconds = whole(under(more, "duration_ms"))
    seconds = whole(under(more, "duration"))
    return milliseconds or (seconds * 1000 if seconds else None)
