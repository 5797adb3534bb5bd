"""Music made in code: tempo, key and meter are known, and it takes a moment."""

import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]
RATE = 22_050


def note(midi: float, seconds: float, rate: int = RATE, *, decay: float = 3.0) -> Samples:
    """Return a plucked tone of five harmonics."""
    t = np.arange(round(seconds * rate)) / rate
    hertz = 440 * 2 ** ((midi - 69) / 12)
    tone = sum(np.sin(2 * np.pi * hertz * h * t) / h for h in range(1, 6))
    return np.asarray(tone * np.exp(-decay * t) * np.minimum(1.0, t / 0.005), np.float32)


def song(
    *, bpm: float = 120.0, tonic: int = 0, major: bool = True, meter: int = 4, bars: int = 8, rate: int = RATE
) -> Samples:
    """Return I-IV-V-I with a bass on the first beat, chords on each beat, and noise as a drum."""
    beat = 60 / bpm
    rng = np.random.default_rng(1)
    out = np.zeros(round((bars * meter * beat + 1.0) * rate), np.float32)
    third = 4 if major else 3

    def add(seconds: float, sound: Samples, gain: float) -> None:
        at = round(seconds * rate)
        part = sound[: len(out) - at]
        out[at : at + len(part)] += gain * part

    for bar in range(bars):
        root = tonic + (0, 5, 7, 0)[bar % 4]
        chord_third = 4 if root == tonic + 7 else third
        for step in range(meter):
            time = (bar * meter + step) * beat
            for interval in (0, chord_third, 7):
                add(time, note(60 + root + interval, beat, rate, decay=5.0), 0.08)
            drum = (rng.standard_normal(round(0.04 * rate)) * np.linspace(1, 0, round(0.04 * rate)) ** 2).astype("f4")
            add(time, drum, 0.12)
        add(bar * meter * beat, note(36 + root, 2 * beat, rate, decay=2.0), 0.4)
    return out


def write_wav(path: Path, samples: Samples, rate: int = RATE, channels: int = 1) -> Path:
    """Write (n,) samples as 16-bit WAV, the same in each channel."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        whole = (np.clip(samples, -1, 1) * 32767).astype("<i2")
        file.writeframes(np.repeat(whole[:, None], channels, axis=1).tobytes())
    return path


def encode(path: Path, samples: Samples, codec: str, rate: int = 44_100) -> Path:
    """Write (n,) samples in the container that the name of ``path`` tells, with an encoder of FFmpeg."""
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout="stereo")
        frame = av.AudioFrame.from_ndarray(np.stack([samples, samples]), format="fltp", layout="stereo")
        frame.sample_rate = rate
        convert = av.AudioResampler(stream.format, "stereo", rate, frame_size=stream.frame_size or None)
        for part in (*convert.resample(frame), *convert.resample(None)):
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    return path
