"""The tracks of the operator's own files: searched, sorted, a page at a time."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.container import Services
from services.views import TrackSummary
from store.audio.files import AudioFile, audio_files
from store.database import Database
from store.domain import Track
from store.text import normalise

NAMES = ("title", "artist", "album")
FEATURES = ("duration_ms", "tempo", "energy", "valence", "danceability", "loudness")
SORTS = (*NAMES, *FEATURES)


@dataclass(frozen=True, kw_only=True)
class OwnTrack(TrackSummary):
    """A file's track: its ``path`` below the folder that was scanned, and its audio features by name."""

    path: str
    features: dict[str, float]


@dataclass(frozen=True, kw_only=True)
class OwnTracks:
    """A page of the ``found`` files, of ``total`` files that are tracks."""

    total: int
    found: int
    page: int
    pages: int
    tracks: list[OwnTrack]


@dataclass(frozen=True, slots=True)
class _Row:
    """What a file is searched and sorted by; ``values`` are in the order of :data:`SORTS`, None if unknown."""

    track_id: str
    path: str
    text: str
    values: tuple[str | float | None, ...]


def own_tracks(
    services: Services, q: str, sort: str, page: int, page_size: int, *, descending: bool = False
) -> OwnTracks:
    """Return page ``page`` (from 1) of the files whose title, artists, album or path hold each word of ``q``.

    ``sort`` is one of :data:`SORTS`; files whose value is unknown come last.
    """
    rows: list[_Row] = services.sounds.get("list", services.audio.stamp(), lambda: _rows(services.database))
    words, at = normalise(q).split(), SORTS.index(sort)
    found = [row for row in rows if all(word in row.text for word in words)]
    known = [row for row in found if row.values[at] is not None]
    known.sort(key=lambda row: row.values[at], reverse=descending)  # type: ignore[arg-type,return-value]
    ordered = known + [row for row in found if row.values[at] is None]
    shown = ordered[(page - 1) * page_size : page * page_size]
    tracks = services.database.get_tracks([row.track_id for row in shown])
    return OwnTracks(
        total=len(rows),
        found=len(found),
        page=page,
        pages=max(1, -(-len(found) // page_size)),
        tracks=[
            OwnTrack.of(track, path=row.path, features=dict(track.feature_values))
            for row in shown
            if (track := tracks.get(row.track_id))
        ],
    )


def _rows(database: Database) -> list[_Row]:
    """Return every file that is a track, sorted by title."""
    files = [file for file in audio_files(database) if file.track_id and not file.problem and not file.gone]
    tracks = database.get_tracks([file.track_id or "" for file in files])
    pairs = ((file, tracks.get(file.track_id or "")) for file in files)
    return sorted((_row(file, track) for file, track in pairs if track), key=lambda row: str(row.values[0]))


def _row(file: AudioFile, track: Track) -> _Row:
    names = [normalise(name or "") or None for name in (track.title, ", ".join(track.artists), track.album)]
    features: Mapping[str, float] = track.feature_values
    known = {"duration_ms": track.duration_ms, **features}
    text = " ".join([*filter(None, names), normalise(file.path)])
    values = (*names, *(known.get(name) for name in FEATURES))
    return _Row(file.track_id or "", file.path, text, values)
