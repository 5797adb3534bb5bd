"""How often recordings that sound alike are of one album: musicnn beside MFCC statistics and the timbre models.

    python -m bench.sound_alikes FOLDER [--fetch] [--timbre | --choose]

FOLDER keeps freely licensed music of Debian's packages as excerpts of thirty seconds, by album. With --fetch they are
brought there, with the wheel of musicnn, which `python -m ml train tagger --data FOLDER` converts: that takes apt and
dpkg (Debian or Ubuntu), pip, and the category [audio] of the Pipfile. With --timbre our own analysis of the excerpts is
scored, too: its statistics, and the autoencoder of ml.timbre trained on them. With --choose, shrinkages and weights of
ml.tagger.alike are tried instead, on the albums and on the music of nine games. Exit code 1 where what is served has
less than 1.4 times the precision of MFCC statistics, plain or standardised.
"""

import argparse
import subprocess
import sys
import tempfile
import wave
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path

import numpy as np

from bench._cost import Meter, call_times, finish
from etl.audio.analyser import analyse
from etl.audio.decoding import UnreadableSound, mono_blocks
from ml import artefacts
from ml.tagger.alike import SHRINK, WEIGHTS, SoundSpace
from ml.tagger.mel import RATE
from ml.tagger.model import MusicTagger, Sound
from ml.tagger.train.scores import (
    BASELINE,
    OURS,
    SCALED,
    Excerpt,
    compare,
    format_table,
    listen,
    read_excerpts,
    same_album,
    score,
    summed_up,
)
from ml.timbre.model import moments
from ml.timbre.train.network import Settings, fit
from ml.train.card import markdown_table

TARGET = 1.4
# Album -> Debian's package, and which of its files are of the album: the packages of main that are called music, whose
# files lie open (those of nexuiz-music and ufoai-music lie in archives), and fretsonfire's songs.
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
# On these, too, the weights of what is served were chosen: the music of nine games, each of several composers.
_GAMES = "btanks extremetuxracer freedroidrpg hedgewars lugaru megaglest supertux warmux zaz"
CHOOSING = {name: (f"{name}-data", "*.ogg") for name in _GAMES.split()}
_MOST_OF_GAME, _LEAST_BYTES = 40, 300_000  # a smaller file is a noise of the game
_SHRINKS, _TRIED = (0.2, 0.5, 0.8), (0.0, 0.25, 0.5, 1.0)
_SHOWN = 10
_SECONDS = 30


def fetch_wheel(folder: Path) -> None:
    """Bring the wheel of musicnn if it is not in ``folder`` yet."""
    if not list(folder.glob("musicnn-*.whl")):
        download = ["download", "--quiet", "--no-deps", "musicnn==0.1.0", "--dest", str(folder)]
        subprocess.run([sys.executable, "-m", "pip", *download], check=True)


def fetch(folder: Path, all_albums: Mapping[str, tuple[str, str]]) -> None:
    """Bring the excerpts that are not in ``folder`` yet; of games (:data:`CHOOSING`) those of thirty seconds alone."""
    folder.mkdir(parents=True, exist_ok=True)
    for package in dict.fromkeys(package for package, _ in all_albums.values()):
        albums = {album: files for album, (other, files) in all_albums.items() if other == package}
        albums = {album: files for album, files in albums.items() if not (folder / "excerpts" / album).is_dir()}
        if albums:
            with tempfile.TemporaryDirectory() as unpacked:
                subprocess.run(["apt-get", "download", "--quiet", package], cwd=unpacked, check=True)
                [archive] = Path(unpacked).glob("*.deb")
                subprocess.run(["dpkg", "-x", archive, unpacked], check=True)
                for album, files in albums.items():
                    paths = sorted(path for path in Path(unpacked).rglob(files) if not path.is_symlink())
                    if all_albums is CHOOSING:
                        paths = [path for path in paths if path.stat().st_size > _LEAST_BYTES][:_MOST_OF_GAME]
                    _cut(album, paths, folder, whole=all_albums is CHOOSING)


def _cut(album: str, paths: Sequence[Path], folder: Path, *, whole: bool) -> None:
    """Write the middle of each file, ``whole`` ones alone; the folder of the album appears when all are there."""
    partial, finished = (folder / name / album for name in ("partial", "excerpts"))
    partial.mkdir(parents=True, exist_ok=True)
    for path in paths:
        if not path.is_file():
            continue
        try:
            samples = np.concatenate([*mono_blocks(path, RATE)])
        except UnreadableSound as fault:
            print(f"left out: {fault.message}")
            continue
        if whole and len(samples) < _SECONDS * RATE:
            continue
        start = max(0, (len(samples) - _SECONDS * RATE) // 2)
        name = path.parent.name if path.name == "song.ogg" else path.stem
        np.save(partial / f"{name}.npy", samples[start : start + _SECONDS * RATE].astype(np.float16))
    finished.parent.mkdir(exist_ok=True)
    partial.rename(finished)


def choose(
    excerpts: Sequence[Excerpt], sounds: Sequence[Sound], games: Sequence[Excerpt], others: Sequence[Sound]
) -> None:
    """Print the scores of the best shrinkages and weights, and what choosing them without each album in turn gives.

    They are chosen by the precision over all queries, those of ``games`` too.
    """
    grid = [one for one in product(_SHRINKS, *[_TRIED] * len(WEIGHTS)) if max(one[1:]) == 1.0]
    albums, of_games = ([one.album for one in some] for some in (excerpts, games))
    right = np.stack([same_album(albums, _placed(sounds, one)) for one in grid])
    elsewhere = np.stack([same_album(of_games, _placed(others, one)).mean(axis=1) for one in grid])
    shares, held_out = np.hstack([right.mean(axis=2), elsewhere]), np.empty(right.shape[1:], bool)
    for album in set(albums):
        out = np.array([one == album for one in albums])
        rest = ~np.append(out, np.zeros(len(games), bool))
        held_out[out] = right[shares[:, rest].mean(axis=1).argmax()][out]
    rows = sorted(
        (
            (*one, every.mean(), here.mean(), there.mean())
            for one, every, here, there in zip(grid, shares, right, elsewhere, strict=True)
        ),
        key=lambda row: -row[-3],
    )
    headings = ("shrinkage", "parts", "tags", "texture", "all", "albums", "games")
    served = [row for row in rows if row[:-3] == (SHRINK, *WEIGHTS)]
    print(
        f"{len(games)} excerpts of {len(set(of_games))} games\n\n{markdown_table(headings, rows[:_SHOWN] + served)}\n"
    )
    print("the last row is served; chosen without the album of the query:", summed_up(albums, held_out))


def _placed(sounds: Sequence[Sound], chosen: Sequence[float]) -> np.ndarray:
    shrink, *weights = chosen
    return SoundSpace.of([str(at) for at in range(len(sounds))], sounds, weights, shrink).vectors


def timbre_vectors(excerpts: Sequence[Excerpt]) -> Iterator[tuple[str, np.ndarray]]:
    """Yield vectors (n, d) by our own segments: their statistics, and the latent of the autoencoder of ml.timbre."""
    timbres = [_timbre_of(excerpt) for excerpt in excerpts]
    means = np.stack([moments(timbre) for timbre in timbres])
    yield "timbre, mean and variance, standardised", (means - means.mean(axis=0)) / (means.std(axis=0) + 1e-9)
    yield "timbre, autoencoder (Conv1D and LSTM, latent of 32)", fit(timbres, Settings(latent=32)).encode(timbres)


def _timbre_of(excerpt: Excerpt) -> np.ndarray:
    """Return the timbre (n, 12) of the segments that our analyser finds."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        with wave.open(file.name, "wb") as sound:
            sound.setparams((1, 2, RATE, 0, "NONE", ""))
            sound.writeframes((np.clip(excerpt.samples, -1, 1) * 32_767).astype("<i2").tobytes())
        analysis = analyse(file.name).analysis
    assert analysis is not None
    return np.array([segment["timbre"] for segment in analysis["segments"]], np.float32)


def main() -> int:
    """Print the table and the cost; see above for the exit code."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder", type=Path)
    options.add_argument("--fetch", action="store_true", help="bring what is missing in the folder")
    options.add_argument("--timbre", action="store_true", help="score our own analysis, too")
    options.add_argument("--choose", action="store_true", help="try weights on other music instead")
    arguments = options.parse_args()
    folder, choosing = arguments.folder, arguments.folder / "choosing"
    if arguments.fetch:
        fetch(folder, ALBUMS)
        fetch_wheel(folder)
        if arguments.choose:
            fetch(choosing, CHOOSING)
    meter, excerpts = Meter(), read_excerpts(folder)
    tagger = MusicTagger.load(artefacts.active("tagger"))
    sounds = listen(excerpts, tagger, folder)
    if arguments.choose:
        games = read_excerpts(choosing)
        choose(excerpts, sounds, games, listen(games, tagger, choosing))
        return 0
    results = compare(excerpts, sounds)
    of = [excerpt.album for excerpt in excerpts]
    if arguments.timbre:
        results |= {name: score(of, rows) for name, rows in timbre_vectors(excerpts)}
    print(f"{tagger.version}, {len(excerpts)} excerpts of {len(set(of))} albums\n\n{format_table(results)}\n")
    print("an excerpt:", call_times(lambda excerpt: tagger.predict([excerpt.samples]), excerpts[:10]))
    times = {name: results[OURS].album_p5 / results[name].album_p5 for name in (SCALED, BASELINE)}
    targets = [
        (f"{TARGET} times the precision of {name} ({found:.2f})", found >= TARGET) for name, found in times.items()
    ]
    return finish(meter, "none", targets)


if __name__ == "__main__":
    raise SystemExit(main())
