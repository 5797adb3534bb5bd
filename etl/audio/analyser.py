"""Audio features and an audio analysis in Spotify's form, computed from a file."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from etl.audio.decoding import LIMITS, Limits
from etl.audio.descriptors import describe
from etl.audio.music import Music, measure, understand
from etl.audio.perception import CONFIDENCE, perceive
from etl.audio.spotify_form import analysis_document
from store.domain import FEATURE_BOUNDS, AudioFeatures

# Values of one version are comparable with each other: raise it with every change of what is measured.
VERSION = "2026.11.3"
SOURCE = "sound"  # the source of the audio features
_SILENT_LUFS = -69.0
_LEAST_SECONDS = 5.0  # a shorter sound has neither tempo nor key
_SURE_KEY = 0.02


@dataclass(frozen=True, kw_only=True, slots=True)
class SoundAnalysis:
    """What the sound of a file tells.

    Attributes
    ----------
    features : AudioFeatures
        In Spotify's units; a value that cannot be estimated honestly has no entry.
    confidence : mapping
        Of each value in ``features``, 0 to 1.
    descriptors : mapping
        The numbers that perceptual attributes are estimated from (:mod:`etl.audio.descriptors`). Keep them: the
        calibration of :mod:`ml.perception` reads them, so no file has to be decoded again.
    analysis : dict or None
        Spotify's audio analysis: ``meta``, ``track``, ``bars``, ``beats``, ``tatums``, ``sections``, ``segments``;
        None if it was not asked for.
    version : str
        Of the analyser.
    """

    features: AudioFeatures
    confidence: Mapping[str, float]
    descriptors: Mapping[str, float]
    analysis: dict[str, Any] | None
    version: str = VERSION


def analyse(path: Path | str, *, full: bool = True, limits: Limits = LIMITS) -> SoundAnalysis:
    """Return what the sound of a file tells.

    Parameters
    ----------
    path : path
        A file in any format that :mod:`etl.audio.decoding` reads.
    full : bool
        Whether to make the analysis and to look for voices too. Without, tempo, key, loudness and segments are found
        all the same, and speechiness and instrumentalness are missing.
    limits : Limits
        What is not decoded.

    Raises
    ------
    etl.audio.decoding.UnreadableSound
        The file cannot be decoded, or is not decoded for its size.
    """
    begun = time.time()
    measured = measure(path, limits, voice=full)
    music = understand(measured)
    descriptors = describe(music)
    # Kept with the descriptors, so that a calibration is compared with what it replaces.
    descriptors |= {f"guess_{name}": value for name, value in perceive(descriptors).items()}
    values, confidence = _values(music, descriptors)
    return SoundAnalysis(
        features=AudioFeatures(values=values, source=SOURCE),
        confidence=confidence,
        descriptors=descriptors,
        analysis=analysis_document(music, VERSION, begun) if full else None,
    )


def _values(music: Music, descriptors: Mapping[str, float]) -> tuple[dict[str, float], dict[str, float]]:
    """Return the audio features and the confidence of each."""
    found: dict[str, tuple[float, float]] = {"duration_ms": (round(1000 * music.seconds), 1.0)}
    silent = music.measured.loudness <= _SILENT_LUFS
    if not silent:
        found["loudness"] = (round(music.measured.loudness, 3), 1.0)
    if not silent and music.seconds >= _LEAST_SECONDS:
        rhythm, key = music.rhythm, music.key
        if rhythm.tempo is not None:
            found["tempo"] = (round(rhythm.tempo, 3), rhythm.confidence)
            if rhythm.meter is not None:
                found["time_signature"] = (rhythm.meter, rhythm.meter_confidence)
        if key is not None and key.confidence >= _SURE_KEY:
            found["key"] = (key.pitch_class, key.confidence)
            found["mode"] = (key.mode, key.mode_confidence)
        found |= {
            name: (descriptors[f"guess_{name}"], sure)
            for name, sure in CONFIDENCE.items()
            if f"guess_{name}" in descriptors
        }
    usable = {
        name: pair for name, pair in found.items() if FEATURE_BOUNDS[name][0] <= pair[0] <= FEATURE_BOUNDS[name][1]
    }
    return (
        {name: float(value) for name, (value, _) in usable.items()},
        {name: round(float(sure), 3) for name, (_, sure) in usable.items()},
    )
