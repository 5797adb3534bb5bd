"""Tracks with both the descriptors of one's own file and the audio features of a provider."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from store.audio.files import AudioFile, audio_files
from store.database import Database
from store.documents import reports_by_source, track_from
from store.domain import AUDIO_FEATURES, SHOWN_ONLY
from store.facts import OWN_AUDIO

# The attributes that are learnt; loudness is one, since providers do not measure it by BS.1770.
TARGETS = (
    "danceability",
    "energy",
    "speechiness",
    "acousticness",
    "instrumentalness",
    "liveness",
    "valence",
    "loudness",
)
_PAGE = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """A track: its first artist, the descriptors of its file, and the audio features from ``source``, by name."""

    track_id: str
    artist: str
    descriptors: Mapping[str, float]
    values: Mapping[str, float]
    source: str

    def uncalibrated(self, name: str) -> float | None:
        """Return the analyser's own estimate of the attribute ``name``."""
        return self.descriptors.get("loudness" if name == "loudness" else f"guess_{name}")


def pairs(database: Database) -> Iterator[Pair]:
    """Yield a pair for each track with both.

    Values that may only be shown (:data:`store.domain.SHOWN_ONLY`) are left out.
    """
    files: dict[str, AudioFile] = {}
    for file in audio_files(database):
        if file.track_id and file.descriptors and not file.gone:
            files.setdefault(file.track_id, file)
    ids = sorted(files)
    for start in range(0, len(ids), _PAGE):
        for track_id, document in database.track_documents(ids[start : start + _PAGE]).items():
            usable = [
                report
                for report in reports_by_source(document, "features")
                if report["source"] not in SHOWN_ONLY and not report["source"].startswith(OWN_AUDIO)
            ]
            best = max(usable, key=lambda report: len(_values(report)), default=None)
            if best is not None and _values(best):
                yield Pair(
                    track_id=track_id,
                    artist=next(iter(track_from(document).artists), track_id),
                    descriptors=files[track_id].descriptors,
                    values=_values(best),
                    source=best["source"],
                )


def _values(report: Mapping[str, object]) -> dict[str, float]:
    values = report.get("values") or {}
    assert isinstance(values, Mapping)
    return {name: float(values[name]) for name in TARGETS if values.get(name) is not None}


assert set(TARGETS) <= set(AUDIO_FEATURES)
