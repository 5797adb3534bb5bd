"""Measures a track and finds its segments, beats and key, before they are written in any form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from etl.audio.decoding import Decoding, Limits, SoundFormat
from etl.audio.frames import RATE, Floats, FrameReader, Frames
from etl.audio.loudness import LoudnessMeter
from etl.audio.resampling import Resampler
from etl.audio.rhythm import Rhythm, find_rhythm
from etl.audio.segments import Segments, find_segments
from etl.audio.tonality import Key, find_key, folded, tuning
from etl.audio.voice import RATE as VOICE_RATE
from etl.audio.voice import VoiceMeter, has_voice_detector


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """Measurements made while a file was decoded: ``loudness`` in LUFS, ``voice`` as of VoiceMeter.shares."""

    format: SoundFormat
    frames: Frames
    loudness: float
    voice: Mapping[str, float] | None


def measure(path: Path | str, limits: Limits, *, voice: bool = False) -> Measured:
    """Decode a file once and measure it meanwhile.

    Raises etl.audio.decoding.UnreadableSound if the file cannot be decoded, or exceeds ``limits``.
    """
    reader = FrameReader()
    with Decoding(path, limits) as decoding:
        found = decoding.format
        meter = LoudnessMeter(found.rate, found.channels, found.layout)
        resampler = Resampler(found.rate, RATE)
        voice_meter = VoiceMeter() if voice and has_voice_detector() else None
        voice_resampler = Resampler(found.rate, VOICE_RATE)
        for block in decoding:
            meter.push(block)
            mono = block.mean(axis=0, dtype=np.float32)
            reader.push(resampler.push(mono))
            if voice_meter:
                voice_meter.push(voice_resampler.push(mono))
    reader.push(resampler.finish())
    return Measured(
        format=found,
        frames=reader.finish(),
        loudness=meter.integrated(),
        voice=voice_meter.shares() if voice_meter else None,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Music:
    """A track: ``chroma`` and ``bass`` are (k, 12) for the frames of pitches; ``key`` is None if there is no pitch."""

    measured: Measured
    segments: Segments
    rhythm: Rhythm
    key: Key | None
    chroma: Floats
    bass: Floats

    @property
    def seconds(self) -> float:
        return self.measured.frames.seconds


def understand(measured: Measured) -> Music:
    """Return the track with its segments, beats and key."""
    frames = measured.frames
    shift = tuning(frames.pitches)
    chroma, bass = folded(frames.pitches, shift), folded(frames.bass, shift)
    return Music(
        measured=measured,
        segments=find_segments(frames, chroma),
        rhythm=find_rhythm(frames),
        key=find_key(chroma, bass, ends=True),
        chroma=chroma,
        bass=bass,
    )
