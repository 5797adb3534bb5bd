"""Blocks of sound from files of many kinds; and what cannot be read, said in words."""

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import soundfile

from etl.audio import decoding
from etl.audio.decoding import Limits, UnreadableSound, mono_blocks, probe
from tests.etl.audio import sounds

SECONDS = 6
TONE = (0.5 * np.sin(2 * np.pi * 440 * np.arange(44_100 * SECONDS) / 44_100)).astype(np.float32)
KINDS = {"mp3": "libmp3lame", "m4a": "aac", "opus": "libopus", "flac": "flac", "ogg": "libopus", "wav": "pcm_s16le"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the tone in every format."""
    made = tmp_path_factory.mktemp("kinds")
    for suffix, codec in KINDS.items():
        sounds.encode(made / f"tone.{suffix}", TONE, codec, 48_000 if codec == "libopus" else 44_100)
    return made


def decoded(path: Path, rate: int = 16_000, **limits: float) -> sounds.Samples:
    return np.concatenate(list(mono_blocks(path, rate, Limits(**limits))))  # type: ignore[arg-type]


def refusal(path: Path, **limits: float) -> UnreadableSound:
    with pytest.raises(UnreadableSound) as caught:
        decoded(path, **limits)
    assert path.name in caught.value.message
    return caught.value


@pytest.mark.parametrize("suffix", KINDS)
def test_every_format_gives_mono_blocks_at_the_rate_that_is_asked_for(folder: Path, suffix: str) -> None:
    whole = decoded(folder / f"tone.{suffix}")
    assert whole.dtype == np.float32
    length = SECONDS * 44_100 / (48_000 if KINDS[suffix] == "libopus" else 44_100)
    assert len(whole) == pytest.approx(16_000 * length, abs=2_000)
    middle = whole[20_000:60_000]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    pitch = 440 * SECONDS / length
    assert spectrum.argmax() * 16_000 / len(middle) == pytest.approx(pitch, abs=0.5)
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.06)


@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_without_pyav_soundfile_reads_the_same(folder: Path, suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = decoded(folder / f"tone.{suffix}")
    monkeypatch.setattr(decoding, "missing_packages", lambda: ("av",))
    assert type(decoding._open(folder / f"tone.{suffix}", Limits())) is decoding._SoundFile
    found = decoded(folder / f"tone.{suffix}")
    n = min(len(found), len(expected))
    assert n > 80_000
    assert np.abs(found[:n] - expected[:n]).max() < 2e-2


def test_what_ffmpeg_refuses_is_tried_with_libsndfile(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "tone.voc", TONE, 44_100)  # not among the formats that FFmpeg may open
    assert probe(tmp_path / "tone.voc").container == "voc"
    assert len(decoded(tmp_path / "tone.voc")) == pytest.approx(16_000 * SECONDS, abs=2_000)


def test_without_packages_it_says_what_to_install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "missing_packages", lambda: ("av", "soundfile"))
    with pytest.raises(UnreadableSound, match="pipenv sync --categories") as caught:
        decoded(folder / "tone.wav")
    assert caught.value.code == "missing_packages"


@pytest.mark.parametrize("suffix", ["m4a", "flac", "wav", "ogg", "opus"])
def test_a_file_that_is_cut_off_is_refused(folder: Path, tmp_path: Path, suffix: str) -> None:
    content = (folder / f"tone.{suffix}").read_bytes()
    path = tmp_path / f"cut.{suffix}"
    path.write_bytes(content[: len(content) * 6 // 10])
    assert refusal(path).code == "truncated"


def test_what_is_no_sound_is_refused_by_name(tmp_path: Path) -> None:
    for name, content, code in (
        ("empty.mp3", b"", "empty"),
        ("text.mp3", b"This is a letter.\n" * 500, "no_sound"),
        ("picture.flac", b"\x89PNG\r\n\x1a\n" + bytes(4000), "no_sound"),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        assert refusal(path).code == code
    assert refusal(tmp_path / "absent.mp3").code == "no_file"


def test_a_list_of_addresses_is_not_followed(folder: Path, tmp_path: Path) -> None:
    for text in (
        f"#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\n{folder / 'tone.mp3'}\n#EXT-X-ENDLIST\n",
        f"ffconcat version 1.0\nfile '{folder / 'tone.mp3'}'\n",
    ):
        path = tmp_path / "list.mp3"
        path.write_text(text)
        assert refusal(path).code == "no_sound"


def test_too_many_channels_and_too_few_samples_are_refused(tmp_path: Path) -> None:
    part = TONE[:20_000]
    assert refusal(sounds.write_wav(tmp_path / "many.wav", part, 44_100, channels=32)).code == "channels"
    assert refusal(sounds.write_wav(tmp_path / "phone.wav", part, 8_000)).code == "sample_rate"
    assert probe(sounds.write_wav(tmp_path / "six.wav", part, 44_100, channels=6)).channels == 6
    assert len(decoded(tmp_path / "six.wav")) == pytest.approx(20_000 * 16 / 44.1, abs=2)


def test_a_bomb_ends_at_the_limit_whatever_it_states(tmp_path: Path) -> None:
    path = sounds.encode(tmp_path / "bomb.flac", np.zeros(44_100 * 60, np.float32), "flac")
    assert path.stat().st_size < 200_000
    assert refusal(path, max_seconds=30).code == "too_long"
    content = bytearray(path.read_bytes())
    content[21] &= 0xF0  # STREAMINFO's 36 bits of total samples: unknown
    content[22:26] = bytes(4)
    path.write_bytes(content)
    assert refusal(path, max_seconds=30).code == "too_long"
    assert refusal(path, max_bytes=1000).code == "too_big"


def test_a_protected_file_is_named_as_such(folder: Path, tmp_path: Path) -> None:
    content = (folder / "tone.m4a").read_bytes()
    path = tmp_path / "shop.m4a"
    path.write_bytes(content.replace(b"mp4a", b"drms"))
    assert refusal(path).code == "encrypted"


def test_noise_within_a_file_is_survived_or_refused_in_words(folder: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    for suffix in KINDS:
        content = bytearray((folder / f"tone.{suffix}").read_bytes())
        for at in rng.integers(200, len(content), len(content) // 50):
            content[at] = int(rng.integers(256))
        path = tmp_path / f"noisy.{suffix}"
        path.write_bytes(content)
        with suppress(UnreadableSound):
            assert np.isfinite(decoded(path)).all()
