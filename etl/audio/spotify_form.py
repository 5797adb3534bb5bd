"""Writes the audio analysis in the form of Spotify's Web API."""

from __future__ import annotations

import platform
import time
from typing import Any

import numpy as np

from etl.audio.frames import BAND_HOP, PITCH_HOP, RATE
from etl.audio.music import Music
from etl.audio.rhythm import Rhythm
from etl.audio.sections import find_sections
from etl.audio.tonality import find_key
from store.feature_rows import Floats

_FADE_DB = 12.0  # below the median level, a track has not faded in
_FADE_S = 0.4


def analysis_document(music: Music, version: str, begun: float) -> dict[str, Any]:
    """Return ``meta``, ``track``, ``bars``, ``beats``, ``tatums``, ``sections``, ``segments``.

    ``begun`` is the time at which the analysis began, in seconds since the epoch. Missing values are written like
    Spotify's: tempo 0, key -1, mode -1, time signature 0, each with confidence 0.
    """
    beats = _intervals(music.rhythm.beats, music.rhythm.strengths)
    bars = _bars(music.rhythm)
    sections = _sections(music)
    return {
        "meta": {
            "analyzer_version": f"tastemap {version}",
            "platform": platform.system(),
            "detailed_status": "OK",
            "status_code": 0,
            "timestamp": int(begun),
            "analysis_time": round(time.time() - begun, 5),
            "input_process": f"{music.measured.format.codec} {music.measured.format.rate}->{RATE}",
        },
        "track": _track(music),
        "bars": bars,
        "beats": beats,
        "tatums": _tatums(music.rhythm),
        "sections": sections,
        "segments": music.segments.documents(),
    }


def _track(music: Music) -> dict[str, Any]:
    rhythm, key = music.rhythm, music.key
    fade_in, fade_out = _fades(music)
    return {
        "num_samples": music.measured.frames.samples,
        "duration": round(music.seconds, 5),
        "sample_md5": "",
        "offset_seconds": 0,
        "window_seconds": 0,
        "analysis_sample_rate": RATE,
        "analysis_channels": 1,
        "end_of_fade_in": fade_in,
        "start_of_fade_out": fade_out,
        "loudness": round(max(-60.0, music.measured.loudness), 3),
        "tempo": round(rhythm.tempo or 0.0, 3),
        "tempo_confidence": round(rhythm.confidence, 3),
        "time_signature": rhythm.meter or 0,
        "time_signature_confidence": round(rhythm.meter_confidence, 3),
        "key": key.pitch_class if key else -1,
        "key_confidence": round(key.confidence, 3) if key else 0.0,
        "mode": key.mode if key else -1,
        "mode_confidence": round(key.mode_confidence, 3) if key else 0.0,
    }


def _fades(music: Music) -> tuple[float, float]:
    """Return the end of the fade-in and the start of the fade-out, in seconds."""
    level = music.measured.frames.level
    width = max(1, round(_FADE_S * RATE / BAND_HOP))
    whole = len(level) // width * width
    if not whole:
        return 0.0, round(music.seconds, 5)
    means = level[:whole].reshape(-1, width).mean(axis=1)
    loud = np.flatnonzero(means >= np.median(means) - _FADE_DB)
    seconds = width * BAND_HOP / RATE
    end = min(music.seconds, (int(loud[-1]) + 1) * seconds)
    return round(int(loud[0]) * seconds, 5), round(music.seconds if loud[-1] == len(means) - 1 else end, 5)


def _intervals(starts: Floats, confidence: Floats) -> list[dict[str, float]]:
    """Return intervals that end where the next begins; the last is as long as the one before."""
    if len(starts) < 2:
        return []
    lengths = np.diff(starts)
    rows = zip(starts.tolist(), [*lengths.tolist(), float(lengths[-1])], confidence.tolist(), strict=True)
    return [{"start": round(s, 5), "duration": round(d, 5), "confidence": round(c, 3)} for s, d, c in rows]


def _bars(rhythm: Rhythm) -> list[dict[str, float]]:
    if rhythm.meter is None:
        return []
    chosen = slice(rhythm.first_downbeat, None, rhythm.meter)
    return _intervals(rhythm.beats[chosen], rhythm.strengths[chosen] * rhythm.meter_confidence)


def _tatums(rhythm: Rhythm) -> list[dict[str, float]]:
    if len(rhythm.beats) < 2:
        return []
    lengths = np.append(np.diff(rhythm.beats), rhythm.beats[-1] - rhythm.beats[-2])
    shares = np.arange(rhythm.division) / rhythm.division
    starts = (rhythm.beats[:, None] + lengths[:, None] * shares).ravel()
    return _intervals(starts, np.repeat(rhythm.strengths, rhythm.division))


def _sections(music: Music) -> list[dict[str, Any]]:
    starts, confidences = find_sections(music.segments, music.seconds)
    ends = np.append(starts[1:], music.seconds)
    return [
        {"start": round(start, 5), "duration": round(end - start, 5), "confidence": round(sure, 3)}
        | _of_section(music, start, end)
        for start, end, sure in zip(starts.tolist(), ends.tolist(), confidences.tolist(), strict=True)
    ]


def _of_section(music: Music, start: float, end: float) -> dict[str, Any]:
    rhythm = music.rhythm
    frames = slice(int(start * RATE / PITCH_HOP), max(int(end * RATE / PITCH_HOP), int(start * RATE / PITCH_HOP) + 1))
    key = find_key(music.chroma[frames], music.bass[frames])
    level = music.measured.frames.level[int(start * RATE / BAND_HOP) : int(end * RATE / BAND_HOP) + 1]
    gaps = np.diff(rhythm.beats[(rhythm.beats >= start) & (rhythm.beats < end)])
    return {
        "loudness": round(float(level.mean()) if len(level) else -60.0, 3),
        "tempo": round(60.0 / float(gaps.mean()), 3) if len(gaps) else round(rhythm.tempo or 0.0, 3),
        "tempo_confidence": round(rhythm.confidence, 3) if len(gaps) else 0.0,
        "key": key.pitch_class if key else -1,
        "key_confidence": round(key.confidence, 3) if key else 0.0,
        "mode": key.mode if key else -1,
        "mode_confidence": round(key.mode_confidence, 3) if key else 0.0,
        "time_signature": rhythm.meter or 0,
        "time_signature_confidence": round(rhythm.meter_confidence, 3),
    }
