"""Accuracy of the analyser: tempo, key, meter, beats, loudness; and its segments compared with real analyses.

    python -m bench.audio_accuracy [--of-each 3] [--seed 11] [--chorales 36] [FOLDER]

The music has a known tempo and key:
- Songs made in code. Our own synthesiser renders them; with --midi FluidSynth does, if it is installed.
- The 28 tracks of the package immich-memories-music. Its LICENSE-MUSIC states their tempo and key.
- With --chorales: chorales of Bach from the corpus of music21 (pip install --target DIR music21, then PYTHONPATH=DIR),
  rendered by FluidSynth. A key signature allows one major and one minor key; the key taken is the one whose tonic is
  the last note of the bass. A chorale that ends on another note is left out.
- FOLDER: songs (song.ogg) with a notes.mid beside them, such as Debian's fretsonfire-songs-muldjord; tempo only.

Tempo is right within 4 %; "octave" also accepts a factor of 2 or 3. Key must be exact; "mirex" gives .5 for a fifth, .3
for the relative key and .2 for the parallel one. Beats have the F-measure of mir_eval from the fifth second on.
Loudness is compared with pyloudnorm. Perceptual attributes are scored in the card of a calibration
(``python -m ml train perception``).
Exit code 1 if over all files tempo is below .77 (.90 with octaves) or key below .87, or if a loudness is off by more
than 0.1 LU.
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
    """A sound file and its true tempo, and where known its key (tonic, mode), meter and beats in seconds."""

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
    """Yield the tracks of immich-memories-music; nothing if the package is not installed."""
    try:
        listed = {path.name: Path(str(path.locate())) for path in files("immich-memories-music") or ()}
    except PackageNotFoundError:
        return
    for mood, kind, take, bpm, tonic, mode in _STATED.findall(listed["LICENSE-MUSIC"].read_text()):
        path = listed[f"{mood}_{kind}_{take}.opus"]
        yield Truth(path=path, bpm=float(bpm), key=(_NAMES[tonic], int(mode == "major")), meter=4)


def chorales(folder: Path, count: int, seed: int) -> Iterator[Truth]:
    """Draw ``count`` chorales and yield those of four voices or more whose key is clear."""
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
    """Yield each song.ogg with a notes.mid beside it; its tempo is the first one in the notes.mid."""
    for notes in sorted(folder.rglob("notes.mid")):
        if (song := notes.with_name("song.ogg")).is_file():
            content = notes.read_bytes()
            at = content.find(b"\xff\x51\x03") + 3
            yield Truth(path=song, bpm=60e6 / struct.unpack(">I", b"\0" + content[at : at + 3])[0])


def mirex(found: tuple[int, int], truth: tuple[int, int]) -> float:
    """Return the score of a key (tonic, mode) by the weights of MIREX's audio key detection."""
    step = (found[0] - truth[0]) % 12
    if found[1] == truth[1]:
        return {0: 1.0, 7: 0.5}.get(step, 0.0)
    return {0: 0.2, 9 if truth[1] else 3: 0.3}.get(step, 0.0)


def scores_of(truths: Iterable[Truth]) -> dict[str, list[float]]:
    """Return by measure the scores of the files; also collect the segments found, in ``_OURS``."""
    found: dict[str, list[float]] = {}

    def add(name: str, value: float) -> None:
        found.setdefault(name, []).append(float(value))

    for truth in truths:
        analysis = analyse(truth.path)
        values = analysis.features.values
        ratio = values.get("tempo", 0.0) / truth.bpm
        add("tempo", abs(ratio - 1) < 0.04)
        add("octave", any(abs(ratio / factor - 1) < 0.04 for factor in _FACTORS))
        if truth.key:
            key = (int(values.get("key", -1)), int(values.get("mode", -1)))
            add("key", key == truth.key)
            add("mirex", mirex(key, truth.key))
        if truth.meter:
            add(f"in {truth.meter}", values.get("time_signature") == truth.meter)
        if truth.beats is not None and analysis.analysis:
            ours = np.array([beat["start"] for beat in analysis.analysis["beats"]])
            add("beats F", mir_eval.beat.f_measure(*map(mir_eval.beat.trim_beats, (truth.beats, ours))))
        samples, rate = soundfile.read(truth.path)
        add("LU off", abs(pyloudnorm.Meter(rate).integrated_loudness(samples) - values["loudness"]))
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
    """Print the quartiles of our segments beside those of the real analyses, which are of other music."""
    real: dict[str, list[float]] = {}
    for path in sorted((DATA / "analysis").glob("*.json.gz")):
        _collect(json.loads(gzip.decompress(path.read_bytes())), real)
    print(f"\n{'quartiles of':24}{'ours':>24}{'real analyses':>28}")
    for name, values in _OURS.items():
        parts = [np.quantile(v, (0.25, 0.5, 0.75)) for v in (values, real.get(name, [np.nan]))]
        print(f"{name:24}" + "    ".join("".join(f"{v:8.2f}" for v in part) for part in parts))


def main() -> int:
    """Print the tables; return the exit code given above."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--of-each", type=int, default=3, help="songs of each of the twelve styles")
    options.add_argument("--seed", type=int, default=11, help="of the songs; weights were chosen with other seeds")
    options.add_argument("--midi", action="store_true", help="let FluidSynth render the songs, which takes minutes")
    options.add_argument("--chorales", type=int, default=0, help="chorales of Bach, from music21's corpus")
    options.add_argument("folder", nargs="?", type=Path, help="a folder of songs, each with a notes.mid")
    arguments = options.parse_args()
    meter, tables = Meter(), {}
    with tempfile.TemporaryDirectory() as name:
        tables["made in code"] = scores_of(made(Path(name), arguments.of_each, arguments.seed, arguments.midi))
        if arguments.chorales:
            tables["chorales"] = scores_of(chorales(Path(name), arguments.chorales, arguments.seed))
    _OURS.clear()  # compare segments of real music only
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
