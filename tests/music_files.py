"""Small files of sound, made for tests: tones in a rhythm, with tags and covers."""

import struct
import wave
from pathlib import Path

import numpy as np

RATE = 22_050
# A picture of one pixel.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


def tones(seconds: float = 6.0, hz: float = 220.0, bpm: float = 120.0) -> np.ndarray:
    """Return a chord that is struck on each beat, (n,) int16."""
    time = np.arange(int(seconds * RATE)) / RATE
    struck = np.exp(-6 * (time % (60 / bpm)))
    chord = sum(np.sin(2 * np.pi * hz * ratio * time) for ratio in (1, 1.25, 1.5))
    return (8_000 * struck * chord / 3).astype(np.int16)


def write_wav(path: Path, samples: np.ndarray | None = None, *, rate: int = RATE, channels: int = 1) -> Path:
    """Write ``samples`` (default: :func:`tones`) to a WAV file, the same in each channel."""
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = tones() if samples is None else samples
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.repeat(samples, channels).tobytes())
    return path


def write_mp3(path: Path, samples: np.ndarray | None = None, *, cover: bytes = b"", **tags: str) -> Path:
    """Write an MP3 with ID3 tags by the names of their frames, such as ``TIT2``, and a cover in PNG."""
    import av

    path.parent.mkdir(parents=True, exist_ok=True)
    samples = tones() if samples is None else samples
    with av.open(str(path), "w", format="mp3", options={"id3v2_version": "0", "write_xing": "1"}) as container:
        stream = container.add_stream("libmp3lame", rate=RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16p", layout="mono")
        frame.sample_rate = RATE
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)
    path.write_bytes(id3(cover, **tags) + path.read_bytes())
    return path


def id3(cover: bytes = b"", **tags: str) -> bytes:
    """Return an ID3v2.3 tag: text frames by their names, ``mbid`` as MusicBrainz Picard writes it, a cover."""
    frames = [(name, b"\x01" + text.encode("utf-16")) for name, text in tags.items() if name != "mbid"]
    if mbid := tags.get("mbid"):
        frames.append(("UFID", b"http://musicbrainz.org\x00" + mbid.encode()))
        frames.append(("TXXX", b"\x00MusicBrainz Track Id\x00" + mbid.encode()))
    if cover:
        frames.append(("APIC", b"\x00image/png\x00\x03\x00" + cover))
    body = b"".join(name.encode() + struct.pack(">IH", len(data), 0) + data for name, data in frames)
    size = len(body)
    return b"ID3\x03\x00\x00" + bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0)) + body
