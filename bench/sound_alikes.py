"""How often the most similar recordings by sound are of the same album: musicnn against MFCC statistics.

    python -m bench.sound_alikes FOLDER [--fetch] [--timbre]

FOLDER holds excerpts of thirty seconds, by album, of freely licensed music in Debian's packages. --fetch downloads what
is missing there, and the wheel of musicnn, which `python -m ml train tagger --data FOLDER` converts. It needs apt and
dpkg (Debian or Ubuntu), pip, and the category [audio] of the Pipfile. --timbre also scores our own analysis of the
excerpts: its statistics, and the autoencoder of ml.timbre trained on it. Exit code 1 if the served model has less than
1.4 times the precision of MFCC statistics, plain or standardised.
"""

import argparse
import subprocess
import sys
import tempfile
import wave
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from bench._cost import Meter, call_times, finish
from etl.audio.analyser import analyse
from etl.audio.decoding import UnreadableSound, mono_blocks
from ml import artefacts
from ml.tagger.mel import RATE
from ml.tagger.model import MusicTagger
from ml.tagger.train.scores import BASELINE, OURS, SCALED, Excerpt, compare, format_table, listen, read_excerpts, score
from ml.timbre.model import moments
from ml.timbre.train.network import Settings, fit

TARGET = 1.4
# By album: Debian's package, and the pattern of the album's files in it. The packages are those of main with "music" in
# their name (but for nexuiz-music and ufoai-music, whose files are in archives) and fretsonfire's songs.
ALBUMS = {
    "asc": ("asc-music", "*.mp3"),
    "drascula": ("drascula-music", "*.ogg"),
    "hyperrogue (hr3)": ("hyperrogue-music", "hr3-*.ogg"),
    "hyperrogue (Savino)": ("hyperrogue-music", "hr-savino-*.ogg"),
    "hyperrogue (Domina)": ("hyperrogue-music", "hr-domina-*.ogg"),
    "fretsonfire (Muldjord)": ("fretsonfire-songs-muldjord", "song.ogg"),
    "fretsonfire (Sectoid)": ("fretsonfire-songs-sectoid", "song.ogg"),
    "planetblupi": ("planetblupi-music-ogg", "*.ogg"),
    "singularity": ("singularity-music", "*.ogg"),
    "warzone2100 (aftermath)": ("warzone2100-music", "aftermath_soundtrack/*.opus"),
    "warzone2100 (legacy)": ("warzone2100-music", "legacy_soundtrack/*.opus"),
    "wesnoth": ("wesnoth-1.16-music", "*.ogg"),
}
_SECONDS = 30


def fetch(folder: Path) -> None:
    """Download the wheel and the excerpts that are not in ``folder`` yet."""
    folder.mkdir(parents=True, exist_ok=True)
    if not list(folder.glob("musicnn-*.whl")):
        download = ["download", "--quiet", "--no-deps", "musicnn==0.1.0", "--dest", str(folder)]
        subprocess.run([sys.executable, "-m", "pip", *download], check=True)
    for package in dict.fromkeys(package for package, _ in ALBUMS.values()):
        albums = {album: files for album, (other, files) in ALBUMS.items() if other == package}
        albums = {album: files for album, files in albums.items() if not (folder / "excerpts" / album).is_dir()}
        if albums:
            with tempfile.TemporaryDirectory() as unpacked:
                subprocess.run(["apt-get", "download", "--quiet", package], cwd=unpacked, check=True)
                [archive] = Path(unpacked).glob("*.deb")
                subprocess.run(["dpkg", "-x", archive, unpacked], check=True)
                for album, files in albums.items():
                    _cut(album, sorted(Path(unpacked).rglob(files)), folder)


def _cut(album: str, paths: Sequence[Path], folder: Path) -> None:
    """Write the middle of each file; the album's folder is renamed into place when it is complete."""
    partial, whole = (folder / name / album for name in ("partial", "excerpts"))
    partial.mkdir(parents=True, exist_ok=True)
    for path in paths:
        if path.is_symlink() or not path.is_file():
            continue
        try:
            samples = np.concatenate([*mono_blocks(path, RATE)])
        except UnreadableSound as fault:
            print(f"left out: {fault.message}")
            continue
        start = max(0, (len(samples) - _SECONDS * RATE) // 2)
        name = path.parent.name if path.name == "song.ogg" else path.stem
        np.save(partial / f"{name}.npy", samples[start : start + _SECONDS * RATE].astype(np.float16))
    whole.parent.mkdir(exist_ok=True)
    partial.rename(whole)


def timbre_vectors(excerpts: Sequence[Excerpt]) -> Iterator[tuple[str, np.ndarray]]:
    """Yield names and vectors (n, d) from our own segments: their statistics, and the autoencoder's latent vectors."""
    timbres = [_timbre_of(excerpt) for excerpt in excerpts]
    means = np.stack([moments(timbre) for timbre in timbres])
    yield "timbre, mean and variance, standardised", (means - means.mean(axis=0)) / (means.std(axis=0) + 1e-9)
    yield "timbre, autoencoder (Conv1D and LSTM, latent of 32)", fit(timbres, Settings(latent=32)).encode(timbres)


def _timbre_of(excerpt: Excerpt) -> np.ndarray:
    """Return the timbres (n, 12) of the n segments that our analyser finds."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        with wave.open(file.name, "wb") as sound:
            sound.setparams((1, 2, RATE, 0, "NONE", ""))
            sound.writeframes((np.clip(excerpt.samples, -1, 1) * 32_767).astype("<i2").tobytes())
        analysis = analyse(file.name).analysis
    assert analysis is not None
    return np.array([segment["timbre"] for segment in analysis["segments"]], np.float32)


def main() -> int:
    """Print the table and the cost; return the exit code given above."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder", type=Path)
    options.add_argument("--fetch", action="store_true", help="download what is missing in the folder")
    options.add_argument("--timbre", action="store_true", help="score our own analysis, too")
    arguments = options.parse_args()
    if arguments.fetch:
        fetch(arguments.folder)
    meter, excerpts = Meter(), read_excerpts(arguments.folder)
    tagger = MusicTagger.load(artefacts.active("tagger"))
    results = compare(excerpts, listen(excerpts, tagger, arguments.folder))
    albums = [excerpt.album for excerpt in excerpts]
    if arguments.timbre:
        results |= {name: score(albums, rows) for name, rows in timbre_vectors(excerpts)}
    print(f"{tagger.version}, {len(excerpts)} excerpts of {len(set(albums))} albums\n\n{format_table(results)}\n")
    print("an excerpt:", call_times(lambda excerpt: tagger.predict([excerpt.samples]), excerpts[:10]))
    times = {name: results[OURS].album_p5 / results[name].album_p5 for name in (SCALED, BASELINE)}
    targets = [
        (f"{TARGET} times the precision of {name} ({found:.2f})", found >= TARGET) for name, found in times.items()
    ]
    return finish(meter, "none", targets)


if __name__ == "__main__":
    raise SystemExit(main())
