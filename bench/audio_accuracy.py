"""Accuracy of the analyser: tempo, key, meter, beats, loudness; and its segments compared with real analyses.

    python -m bench.audio_accuracy [--of-each 3] [--seed 11] [--chorales 36] [FOLDER]

Music of known tempo and key: songs made in code (rendered by FluidSynth with --midi, where it is installed, else by our
own synthesiser), and the 28 tracks of the package immich-memories-music, whose LICENSE-MUSIC states what the generator
was told. --chorales takes chorales of Bach from the corpus of music21 (pip install --target DIR music21, then
PYTHONPATH=DIR), rendered by FluidSynth: their key is that of the signature whose tonic is the last note of the bass,
and where it is neither, the chorale is left out. FOLDER may hold further music with a notes.mid beside it, such as
Debian's fretsonfire-songs-muldjord: tempo alone.
Tempo: within 4 %; and up to a factor of 2 or 3. Key: exact; MIREX counts a fifth .5, the relative .3, the parallel .2.
Beats: F-measure of mir_eval, from the fifth second on. Loudness: pyloudnorm. Perceptual attributes are scored in the
card of a calibration (``python -m ml train perception``).
Exit code 1 where tempo is below .77 (.90 up to octave), key below .87 over all, or loudness off by 0.1 LU.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
import struct
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Any

import mir_eval
import numpy as np
import numpy.typing as npt
import pyloudnorm
import soundfile

from bench import _songs
from bench._cost import DATA, Meter, finish
from etl.audio.analyser import analyse

_NAMES = {"C": 0, "Db": 1, "D": 2, "Eb": 3, "E": 4, "F": 5, "Gb": 6, "G": 7, "Ab": 8, "A": 9, "Bb": 10, "B": 11}
_STATED = re.compile(r"(\w+)_(acoustic|electronic)_(\w+)\.opus +(\d+) bpm +(\w+) (major|minor)")
_FACTORS = (1, 2, 3, 1 / 2, 1 / 3)
_TEMPO, _OCTAVE, _KEY, _LUFS = 0.77, 0.90, 0.87, 0.1


@dataclass(frozen=True, kw_only=True)
class Truth:
    """A file and what is known of it."""

    path: Path
    bpm: float
    key: tuple[int, int] | None = None
    meter: int | None = None
    beats: npt.NDArray[np.float64] | None = None


def made(folder: Path, of_each: int, seed: int, midi: bool) -> Iterator[Truth]:
    """Yield songs made in code."""
    for song in _songs.songs(of_each, seed):
        path = (
            _songs.render(song, folder) if midi else _songs.write(folder / f"{song.name}.wav", _songs.synthesise(song))
        )
        yield Truth(path=path, bpm=song.bpm, key=(song.key, song.mode), meter=song.meter, beats=song.beats)


def packaged() -> Iterator[Truth]:
    """Yield the tracks of immich-memories-music; none where it is not installed."""
    try:
        listed = {path.name: Path(str(path.locate())) for path in files("immich-memories-music") or ()}
    except PackageNotFoundError:
        return
    for mood, kind, take, bpm, tonic, mode in _STATED.findall(listed["LICENSE-MUSIC"].read_text()):
        path = listed[f"{mood}_{kind}_{take}.opus"]
        yield Truth(path=path, bpm=float(bpm), key=(_NAMES[tonic], int(mode == "major")), meter=4)


def chorales(folder: Path, count: int, seed: int) -> Iterator[Truth]:
    """Yield those of ``count`` chorales of four voices whose key is clear."""
    from music21 import corpus, tempo

    rng = random.Random(seed)
    scores = [path for path in sorted(corpus.getComposer("bach")) if path.suffix == ".mxl"]
    for path in sorted(rng.sample(scores, count)):
        score, bpm = corpus.parse(path), rng.choice((66, 72, 80, 88, 96, 104))
        sharps = {signature.sharps for signature in score.recurse().getElementsByClass("KeySignature")}
        if len(score.parts) < 4 or len(sharps) != 1:
            continue
        last = score.parts[-1].recurse().notes[-1].pitches[0].pitchClass
        major = 7 * sharps.pop() % 12
        if last not in (major, (major + 9) % 12):
            continue
        score.insert(0, tempo.MetronomeMark(number=bpm))
        score.write("midi", folder / "chorale.mid")
        sound = _songs.render_midi(folder / "chorale.mid", folder / f"{path.stem}.wav")
        yield Truth(path=sound, bpm=bpm, key=(last, int(last == major)))


def with_notes(folder: Path) -> Iterator[Truth]:
    """Yield each song.ogg that has a notes.mid beside it, with the first tempo that this names."""
    for notes in sorted(folder.rglob("notes.mid")):
        if (song := notes.with_name("song.ogg")).is_file():
            content = notes.read_bytes()
            at = content.find(b"\xff\x51\x03") + 3
            yield Truth(path=song, bpm=60e6 / struct.unpack(">I", b"\0" + content[at : at + 3])[0])


def mirex(found: tuple[int, int], truth: tuple[int, int]) -> float:
    """Return the score of a key by the weights of MIREX's audio key detection."""
    step = (found[0] - truth[0]) % 12
    if found[1] == truth[1]:
        return {0: 1.0, 7: 0.5}.get(step, 0.0)
    return {0: 0.2, 9 if truth[1] else 3: 0.3}.get(step, 0.0)


def scores_of(truths: Iterable[Truth]) -> dict[str, list[float]]:
    """Return the scores of each file, by measure."""
    found: dict[str, list[float]] = {}

    def add(name: str, value: float) -> None:
        found.setdefault(name, []).append(float(value))

    for truth in truths:
        analysis = analyse(truth.path)
        told = analysis.features.values
        ratio = told.get("tempo", 0.0) / truth.bpm
        add("tempo", abs(ratio - 1) < 0.04)
        add("octave", any(abs(ratio / factor - 1) < 0.04 for factor in _FACTORS))
        if truth.key:
            key = (int(told.get("key", -1)), int(told.get("mode", -1)))
            add("key", key == truth.key)
            add("mirex", mirex(key, truth.key))
        if truth.meter:
            add(f"in {truth.meter}", told.get("time_signature") == truth.meter)
        if truth.beats is not None and analysis.analysis:
            ours = np.array([beat["start"] for beat in analysis.analysis["beats"]])
            add("beats F", mir_eval.beat.f_measure(*map(mir_eval.beat.trim_beats, (truth.beats, ours))))
        samples, rate = soundfile.read(truth.path)
        add("LU off", abs(pyloudnorm.Meter(rate).integrated_loudness(samples) - told["loudness"]))
        add("_segments", 0)
        _collect(analysis.analysis or {})
    return found


_OURS: dict[str, list[float]] = {}


def _collect(analysis: dict[str, Any], into: dict[str, list[float]] | None = None) -> None:
    into = _OURS if into is None else into
    segments = analysis["segments"]
    if not segments or "duration" not in segments[0]:
        return
    seconds = analysis["track"]["duration"]
    numbers = {
        "segments a second": [len(segments) / seconds],
        "seconds of a section": [seconds / len(analysis["sections"])],
        "confidence": [s["confidence"] for s in segments],
        "loudness_max, dB": [s["loudness_max"] for s in segments],
        "rise, dB": [s["loudness_max"] - s["loudness_start"] for s in segments],
        "mean of 12 pitches": [sum(s["pitches"]) / 12 for s in segments],
    }
    numbers |= {f"timbre {k + 1}": [s["timbre"][k] for s in segments] for k in range(12)}
    for name, values in numbers.items():
        into.setdefault(name, []).extend(values)


def report_segments() -> None:
    """Print the distributions of our segments and of those of the real analyses, of other music."""
    real: dict[str, list[float]] = {}
    for path in sorted((DATA / "analysis").glob("*.json.gz")):
        _collect(json.loads(gzip.decompress(path.read_bytes())), real)
    print(f"\n{'quartiles of':24}{'ours':>24}{'real analyses':>28}")
    for name, values in _OURS.items():
        parts = [np.quantile(v, (0.25, 0.5, 0.75)) for v in (values, real.get(name, [np.nan]))]
        print(f"{name:24}" + "    ".join("".join(f"{v:8.2f}" for v in part) for part in parts))


def main() -> int:
    """Print the tables; see above for the exit code."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--of-each", type=int, default=3, help="songs of each of the twelve styles")
    options.add_argument("--seed", type=int, default=11, help="of the songs; weights were chosen on others")
    options.add_argument("--midi", action="store_true", help="let FluidSynth render the songs, which takes minutes")
    options.add_argument("--chorales", type=int, default=0, help="chorales of Bach, from music21's corpus")
    options.add_argument("folder", nargs="?", type=Path, help="a folder of music with notes.mid beside it")
    arguments = options.parse_args()
    meter, tables = Meter(), {}
    with tempfile.TemporaryDirectory() as name:
        tables["made in code"] = scores_of(made(Path(name), arguments.of_each, arguments.seed, arguments.midi))
        if arguments.chorales:
            tables["chorales"] = scores_of(chorales(Path(name), arguments.chorales, arguments.seed))
    _OURS.clear()  # the distributions are of music
    tables["immich-memories"] = scores_of(packaged())
    if arguments.folder:
        tables["with notes.mid"] = scores_of(with_notes(arguments.folder))
    measures = ("tempo", "octave", "key", "mirex", "in 4", "in 3", "beats F", "LU off")
    print(f"{'':18}{'files':>6}" + "".join(f"{measure:>9}" for measure in measures))
    for title, table in tables.items():
        cells = "".join(f"{np.mean(table[m]):9.3f}" if m in table else f"{'-':>9}" for m in measures)
        print(f"{title:18}{len(table.get('tempo', ())):6}{cells}")
    report_segments()
    return finish(meter, str(arguments.seed), _targets(tables))


def _targets(tables: dict[str, dict[str, list[float]]]) -> list[tuple[str, bool]]:
    def mean(measure: str) -> float:
        return float(np.mean([value for table in tables.values() for value in table.get(measure, ())]))

    worst = max(value for table in tables.values() for value in table.get("LU off", ()))
    return [
        (f"tempo {_TEMPO} over all ({mean('tempo'):.3f})", mean("tempo") >= _TEMPO),
        (f"tempo up to octave {_OCTAVE} over all ({mean('octave'):.3f})", mean("octave") >= _OCTAVE),
        (f"key {_KEY} over all ({mean('key'):.3f})", mean("key") >= _KEY),
        (f"loudness within {_LUFS} LU of pyloudnorm (at worst {worst:.3f})", worst <= _LUFS),
    ]


if __name__ == "__main__":
    raise SystemExit(main())
