"""Songs made in code, of known tempo, key, meter and beats, as MIDI and as sound.

FluidSynth renders them if it and a sound font are installed (Debian: fluidsynth, fluidr3mono-gm-soundfont). If not, our
own synthesiser does, with plain tones, and noise for drums.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
import wave
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

RATE = 44_100
_FONTS = ("/usr/share/sounds/sf2/FluidR3_GM.sf2", "/usr/share/sounds/sf3/FluidR3Mono_GM.sf3")
_DRUMS = 9  # General MIDI's channel of percussion, counted from 0
_KICK, _SNARE, _CLOSED, _OPEN, _RIDE = 36, 38, 42, 46, 51
_TICKS = 480


class Note(NamedTuple):
    """A note: ``start`` and ``length`` in beats, ``pitch`` and ``velocity`` as in MIDI."""

    channel: int
    start: float
    length: float
    pitch: int
    velocity: int


@dataclass(frozen=True)
class Song:
    """A song: ``key`` 0 is C, ``mode`` 1 is major, ``meter`` is the beats of a bar.

    ``programs`` gives the General MIDI program of each channel.
    """

    name: str
    bpm: float
    key: int
    mode: int
    meter: int
    bars: int
    programs: dict[int, int]
    notes: list[Note] = field(default_factory=list)

    @property
    def beats(self) -> npt.NDArray[np.float64]:
        """Times of the beats in seconds."""
        return np.arange(self.bars * self.meter) * 60 / self.bpm


# Chord progressions of four bars: the scale degree of each chord's root, where 0 is the tonic.
_MAJOR_CHORDS = ((0, 4, 5, 3), (0, 5, 3, 4), (0, 3, 4, 0), (0, 3, 0, 4), (5, 3, 0, 4), (1, 4, 0, 0), (0, 2, 3, 4))
_MINOR_CHORDS = ((0, 5, 2, 6), (0, 3, 4, 0), (0, 6, 5, 4), (0, 3, 0, 4), (0, 5, 3, 4), (0, 6, 5, 6))
_SCALES = {1: (0, 2, 4, 5, 7, 9, 11), 0: (0, 2, 3, 5, 7, 8, 10)}
# By style: lowest and highest tempo, meter, programs of chords, bass and melody (None: no such part), drum pattern.
_STYLES: dict[str, tuple[int, int, int, int, int | None, int | None, str]] = {
    "pop": (92, 128, 4, 4, 33, 80, "rock"),
    "rock": (110, 150, 4, 29, 34, 30, "rock"),
    "ballad": (60, 84, 4, 0, 32, 73, "soft"),
    "electronic": (120, 140, 4, 81, 38, 80, "four"),
    "funk": (96, 116, 4, 27, 36, 61, "funk"),
    "drum and bass": (164, 178, 4, 89, 38, None, "breaks"),
    "waltz": (90, 160, 3, 0, 32, 40, "waltz"),
    "waltz without drums": (84, 130, 3, 24, 32, 73, ""),
    "hymn": (66, 100, 4, 19, 43, 19, ""),
    "guitar": (80, 120, 4, 24, None, 25, ""),
    "swing": (110, 170, 4, 0, 32, 65, "swing"),
    "hip hop": (80, 98, 4, 4, 38, None, "hiphop"),
}


def songs(of_each: int = 4, seed: int = 1) -> Iterator[Song]:
    """Yield ``of_each`` songs of every style, alternately major and minor, each about 40 seconds long."""
    for number, style in enumerate(_STYLES):
        for take in range(of_each):
            yield _song(style, take % 2 == 0, np.random.default_rng([seed, number, take]), take)


def _song(style: str, major: bool, rng: np.random.Generator, take: int) -> Song:
    low, high, meter, chords, bass, melody, drums = _STYLES[style]
    bpm = float(np.round(rng.uniform(low, high), 1))
    bars = max(8, round(40 * bpm / 60 / meter))
    programs = {0: chords} | ({1: bass} if bass is not None else {}) | ({2: melody} if melody is not None else {})
    song = Song(f"{style} {take + 1}", bpm, int(rng.integers(12)), int(major), meter, bars, programs)
    table = _MAJOR_CHORDS if major else _MINOR_CHORDS
    parts = [table[rng.integers(len(table))] for _ in range(2)]
    for bar in range(bars):
        degree = parts[(bar // 8) % 2][bar % 4] if bar < bars - 1 else 0
        _add_chords(song, style, bar, degree)
        if bass is not None:
            _add_bass(song, style, bar, degree)
        if melody is not None:
            _add_melody(song, bar, degree, rng)
        if drums:
            _add_drums(song, drums, bar, rng)
    return song


def _pitch(song: Song, degree: int, octave: int) -> int:
    scale = _SCALES[song.mode]
    step = scale[degree % 7] + (1 if not song.mode and degree % 7 == 6 and octave < 0 else 0)
    return 12 * (octave + 1 + degree // 7) + song.key + step


def _chord(song: Song, degree: int, octave: int) -> list[int]:
    pitches = [_pitch(song, degree + third, octave) for third in (0, 2, 4)]
    if not song.mode and degree == 4:  # the dominant of a minor key has a major third
        pitches[1] += 1
    return pitches


def _add_chords(song: Song, style: str, bar: int, degree: int) -> None:
    start, meter = bar * song.meter, song.meter
    if style in {"ballad", "guitar", "waltz without drums"}:  # broken chords: one note after the other
        pitches = _chord(song, degree, 4)
        order = [0, 1, 2, 1] if meter == 4 else [0, 1, 2]
        for step in range(meter * 2):
            song.notes.append(Note(0, start + step / 2, 0.5, pitches[order[step % len(order)]], 70))
        return
    hits = {
        "waltz": [(1, 0.8), (2, 0.8)],
        "funk": [(0.5, 0.3), (1.75, 0.3), (2.5, 0.3), (3.25, 0.3)],
        "hymn": [(0, 1), (1, 1), (2, 1), (3, 1)],
        "rock": [(k / 2, 0.5) for k in range(8)],
        "swing": [(1, 0.4), (2.67, 0.4)],
        "electronic": [(0.5, 0.4), (1.5, 0.4), (2.5, 0.4), (3.5, 0.4)],
    }.get(style, [(0, 2), (2, 2)])
    for at, length in hits:
        for pitch in _chord(song, degree, 4):
            song.notes.append(Note(0, start + at, length, pitch, 66))


def _add_bass(song: Song, style: str, bar: int, degree: int) -> None:
    start, root = bar * song.meter, _chord(song, degree, 2)[0]
    fifth = _chord(song, degree, 2)[2]
    if song.meter == 3:
        steps = [(0, 1.0, root)]
    elif style == "swing":
        steps = [(0, 1, root), (1, 1, root + 12), (2, 1, fifth), (3, 1, root + 12)]
    elif style in {"rock", "electronic"}:
        steps = [(k / 2, 0.5, root) for k in range(8)]
    elif style == "funk":
        steps = [(0, 0.5, root), (0.75, 0.25, root), (1.5, 0.5, fifth), (2.5, 0.25, root + 12), (3.5, 0.5, root)]
    else:
        steps = [(0, 2.0, root), (2, 2.0, fifth if bar % 2 else root)]
    song.notes.extend(Note(1, start + at, length, pitch, 90) for at, length, pitch in steps)


def _add_melody(song: Song, bar: int, degree: int, rng: np.random.Generator) -> None:
    at = 0.0
    step = degree + int(rng.integers(0, 3)) * 2
    while at < song.meter - 1e-6:
        length = min(float(rng.choice([0.5, 0.5, 1.0, 1.0, 1.5])), song.meter - at)
        if rng.random() < 0.85:
            on_beat = at == int(at)
            tone = degree + 2 * int(rng.integers(0, 3)) if on_beat else step
            song.notes.append(Note(2, bar * song.meter + at, length, _pitch(song, tone, 5), 80))
            step = tone + int(rng.integers(-1, 2))
        at += length


_PATTERNS: dict[str, tuple[tuple[int, tuple[float, ...]], ...]] = {
    "rock": ((_KICK, (0, 2, 2.5)), (_SNARE, (1, 3)), (_CLOSED, tuple(k / 2 for k in range(8)))),
    "soft": ((_KICK, (0, 2)), (_SNARE, (1, 3)), (_RIDE, (0, 1, 2, 3))),
    "four": ((_KICK, (0, 1, 2, 3)), (_SNARE, (1, 3)), (_OPEN, (0.5, 1.5, 2.5, 3.5))),
    "funk": ((_KICK, (0, 0.75, 2.5)), (_SNARE, (1, 3, 3.75)), (_CLOSED, tuple(k / 4 for k in range(16)))),
    "breaks": ((_KICK, (0, 2.5)), (_SNARE, (1, 3)), (_CLOSED, tuple(k / 2 for k in range(8)))),
    "waltz": ((_KICK, (0,)), (_SNARE, (1, 2)), (_CLOSED, (0, 1, 2))),
    "swing": ((_RIDE, (0, 1, 1.67, 2, 3, 3.67)), (_CLOSED, (1, 3)), (_KICK, (0,))),
    "hiphop": ((_KICK, (0, 1.75, 2.5)), (_SNARE, (1, 3)), (_CLOSED, tuple(k / 2 for k in range(8)))),
}


def _add_drums(song: Song, pattern: str, bar: int, rng: np.random.Generator) -> None:
    for pitch, times in _PATTERNS[pattern]:
        for at in times:
            song.notes.append(Note(_DRUMS, bar * song.meter + at, 0.2, pitch, int(rng.integers(75, 105))))


def _length(value: int) -> bytes:
    parts = [value & 0x7F]
    while value := value >> 7:
        parts.append(value & 0x7F | 0x80)
    return bytes(reversed(parts))


def midi(song: Song) -> bytes:
    """Return the song as a Standard MIDI File of one track."""
    events = [(0, bytes([0xC0 | channel, program])) for channel, program in song.programs.items()]
    for note in song.notes:
        begin, end = round(note.start * _TICKS), round((note.start + 0.95 * note.length) * _TICKS)
        events.append((begin, bytes([0x90 | note.channel, note.pitch, note.velocity])))
        events.append((end, bytes([0x80 | note.channel, note.pitch, 0])))
    body = b"\x00\xff\x51\x03" + round(60_000_000 / song.bpm).to_bytes(3, "big")
    now = 0
    for tick, event in sorted(events, key=lambda pair: (pair[0], pair[1][0] & 0xF0 == 0x90)):
        body += _length(tick - now) + event
        now = tick
    body += b"\x00\xff\x2f\x00"
    return struct.pack(">4sIHHH", b"MThd", 6, 0, 1, _TICKS) + b"MTrk" + struct.pack(">I", len(body)) + body


def font() -> str | None:
    """Return the path of a sound font for FluidSynth, or None if the font or FluidSynth is missing."""
    return next((f for f in _FONTS if Path(f).is_file()), None) if shutil.which("fluidsynth") else None


def render_midi(path: Path, out: Path) -> Path:
    """Render a MIDI file with FluidSynth to a WAV file of 44.1 kHz; :func:`font` must have found a font."""
    sound_font = font()
    assert sound_font
    settings = ["-g", "0.6", "-r", str(RATE), "-o", "synth.dynamic-sample-loading=1"]
    command = ["fluidsynth", "-q", "-ni", *settings, "-F", str(out), sound_font, str(path)]
    subprocess.run(command, check=True, capture_output=True)
    return out


def render(song: Song, folder: Path) -> Path:
    """Write the song as a WAV file; return its path."""
    out = folder / f"{song.name}.wav"
    if font():
        source = folder / f"{song.name}.mid"
        source.write_bytes(midi(song))
        return render_midi(source, out)
    return write(out, synthesise(song))


def write(out: Path, samples: npt.NDArray[np.float32]) -> Path:
    """Write samples at RATE as 16-bit WAV."""
    with wave.open(str(out), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return out


def synthesise(song: Song) -> npt.NDArray[np.float32]:
    """Return the song as (n,) samples at RATE from our own synthesiser."""
    rng = np.random.default_rng(1)
    out = np.zeros(round((song.bars * song.meter * 60 / song.bpm + 2.0) * RATE), np.float32)
    for note in song.notes:
        seconds = note.length * 60 / song.bpm
        sound = _drum(note.pitch, rng) if note.channel == _DRUMS else _tone(note.pitch, seconds)
        at = round(note.start * 60 / song.bpm * RATE)
        part = sound[: len(out) - at]
        out[at : at + len(part)] += np.float32(note.velocity / 127 * 0.12) * part
    return out


def _tone(pitch: int, seconds: float) -> npt.NDArray[np.float32]:
    t = np.arange(round((seconds + 0.1) * RATE)) / RATE
    hertz = 440 * 2 ** ((pitch - 69) / 12)
    tone = np.zeros(len(t))
    for harmonic in range(1, 9):
        if harmonic * hertz < RATE / 2:
            tone += np.sin(2 * np.pi * harmonic * hertz * t) * np.exp(-harmonic * t) / harmonic
    envelope = np.minimum(1.0, t / 0.008) * np.clip((seconds + 0.1 - t) / 0.1, 0.0, 1.0)
    return (tone * envelope).astype(np.float32)


def _drum(pitch: int, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    t = np.arange(round(0.25 * RATE)) / RATE
    if pitch == _KICK:
        return (3.0 * np.sin(2 * np.pi * (50 * t + 8 * (1 - np.exp(-30 * t)))) * np.exp(-14 * t)).astype(np.float32)
    decay = {_SNARE: 22, _CLOSED: 70, _OPEN: 12, _RIDE: 10}.get(pitch, 30)
    noise = rng.standard_normal(len(t))
    if pitch != _SNARE:
        noise = np.diff(noise, prepend=0.0)  # brighter
    return (noise * np.exp(-decay * t)).astype(np.float32)
