"""Computes audio features, and an audio analysis in Spotify's form, from a file."""

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

# Values of the same version are comparable. Increase it with every change of a measurement.
VERSION = "2026.11.3"
SOURCE = "sound"  # the source of the audio features
_SILENT_LUFS = -69.0
_LEAST_SECONDS = 5.0  # a shorter sound has neither tempo nor key
_SURE_KEY = 0.02


@dataclass(frozen=True, kw_only=True, slots=True)
class SoundAnalysis:
    """The features and the analysis of a file.

    Attributes
    ----------
    features : AudioFeatures
        In Spotify's units; a value that cannot be estimated reliably is missing.
    confidence : mapping
        The confidence of each value in ``features``, 0 to 1.
    descriptors : mapping
        The numbers from which perceptual attributes are estimated (:mod:`etl.audio.descriptors`). Keep them: the
        calibration of :mod:`ml.perception` reads them, so that no file has to be decoded again.
    analysis : dict or None
        Spotify's audio analysis: ``meta``, ``track``, ``bars``, ``beats``, ``tatums``, ``sections``, ``segments``;
        None if it was not requested.
    version : str
        The version of the analyser.
    """

    features: AudioFeatures
    confidence: Mapping[str, float]
    descriptors: Mapping[str, float]
    analysis: dict[str, Any] | None
    version: str = VERSION


def analyse(path: Path | str, *, full: bool = True, limits: Limits = LIMITS) -> SoundAnalysis:
    """Return the features and the analysis of a file.

    Parameters
    ----------
    path : path
        A file in any format that :mod:`etl.audio.decoding` reads.
    full : bool
        Whether to make the analysis and to detect voices, too. If false, speechiness and instrumentalness are missing;
        tempo, key, loudness and segments are found in any case.
    limits : Limits
        Files beyond these limits are not decoded.

    Raises
    ------
    etl.audio.decoding.UnreadableSound
        The file cannot be decoded, or exceeds ``limits``.
    """
    begun = time.time()
    measured = measure(path, limits, voice=full)
    music = understand(measured)
    descriptors = describe(music)
    # Stored with the descriptors, so that a calibration can be compared with the values that it replaces.
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
