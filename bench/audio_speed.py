"""Speed and memory of the analyser, for songs of four minutes and for a mix of two hours.

    python -m bench.audio_speed [--no-mix]

The songs are made in code, as MP3, M4A, Opus and FLAC. Times are of processor time, of one thread in a fresh process.
Exit code 1 if the whole analysis takes more than 1/12 of the song's length, if tempo, key, loudness and segments alone
take more than 1/25 of it, if two analyses at once differ from two in turn, or if the mix needs more than 600 MB.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench import _songs
from bench._cost import Meter, finish

_KINDS = {"mp3": "libmp3lame", "m4a": "aac", "opus": "libopus", "flac": "flac"}
_SONG_S, _MIX_S = 240, 7200
_ALL, _ALONE, _MIX_MB = 12.0, 25.0, 600.0
# Runs in its own process. It prints CPU seconds without the imports, peak resident memory in kB, and the features.
# The peak is read from /proc, because on Linux a child's ru_maxrss starts with its parent's peak.
_ONE = """
import pathlib, re, sys, time
from etl.audio.analyser import analyse
begun = time.process_time()
found = analyse(sys.argv[1], full=sys.argv[2] == "all")
taken = time.process_time() - begun
peak = re.search(r"VmHWM:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text()).group(1)
print(taken, peak, found.features.values)
"""


def music(seconds: float) -> npt.NDArray[np.float32]:
    """Return (2, n) samples: a song made in code, repeated; a little noise makes the channels differ."""
    song = _songs.synthesise(next(iter(_songs.songs(1))))
    n = round(seconds * _songs.RATE)
    whole = np.tile(song, n // len(song) + 1)[:n]
    noise = np.random.default_rng(1).standard_normal(len(song)).astype(np.float32) * 0.003
    return np.stack([whole, whole + np.tile(noise, n // len(song) + 1)[:n]])


def encode(path: Path, samples: npt.NDArray[np.float32], codec: str, repeats: int = 1) -> Path:
    """Write (2, n) samples ``repeats`` times with an encoder of FFmpeg."""
    import av

    rate = 48_000 if codec == "libopus" else _songs.RATE
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout="stereo")
        convert = av.AudioResampler(stream.format, "stereo", rate, frame_size=stream.frame_size or None)
        for _ in range(repeats):
            frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="stereo")
            frame.sample_rate = _songs.RATE
            for part in convert.resample(frame):
                container.mux(stream.encode(part))
        for part in convert.resample(None):
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    return path


def measured(path: Path, what: str) -> tuple[float, float, str]:
    """Analyse ``path`` in a fresh process: ``what`` is "all" or "features"; return CPU seconds, MB and the features."""
    alone = os.environ | dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    command = [sys.executable, "-c", _ONE, str(path), what]
    said = subprocess.run(command, check=True, capture_output=True, text=True, env=alone).stdout
    seconds, memory, found = said.split(" ", 2)
    return float(seconds), int(memory) * 1024 / 1e6, found


def main() -> int:
    """Print the table; return the exit code given above."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--no-mix", action="store_true", help="leave out the mix of two hours")
    arguments = options.parse_args()
    meter, targets = Meter(), []
    with tempfile.TemporaryDirectory() as name:
        folder, song = Path(name), music(_SONG_S)
        files = [encode(folder / f"song.{kind}", song, codec) for kind, codec in _KINDS.items()]
        print(f"{'':8}{'all: s':>8}{'x':>6}{'features: s':>13}{'x':>6}{'MB':>7}")
        for path in files:
            whole, memory, _ = measured(path, "all")
            alone, _, _ = measured(path, "features")
            row = f"{whole:8.2f}{_SONG_S / whole:6.0f}{alone:13.2f}{_SONG_S / alone:6.0f}{memory:7.0f}"
            print(f"{path.suffix[1:]:8}{row}", flush=True)
            targets.append((f"{path.suffix[1:]}: {_ALL:.0f} times real time for everything", _SONG_S / whole >= _ALL))
            targets.append((f"{path.suffix[1:]}: {_ALONE:.0f} times for the features", _SONG_S / alone >= _ALONE))
        with ThreadPoolExecutor(2) as pool:
            side_by_side = list(pool.map(lambda path: measured(path, "all")[2], files[:2]))
        same = side_by_side == [measured(path, "all")[2] for path in files[:2]]
        targets.append(("two files at once give what they give in turn", same))
        if not arguments.no_mix:
            mix = encode(folder / "mix.mp3", song, "libmp3lame", _MIX_S // _SONG_S)
            seconds, memory, _ = measured(mix, "all")
            print(f"a mix of {_MIX_S / 3600:.0f} h: {seconds:.0f} s ({_MIX_S / seconds:.0f} x), {memory:.0f} MB")
            targets.append((f"the mix within {_MIX_MB:.0f} MB", memory <= _MIX_MB))
    return finish(meter, "none", targets)


if __name__ == "__main__":
    raise SystemExit(main())
