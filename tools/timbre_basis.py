"""Computes the timbre components of ``etl/audio/segments.py`` from music files.

    python -m tools.timbre_basis FILE_OR_FOLDER...

They are the principal components of the segments' shapes, with at most 400 segments of each file. Their signs are
chosen so that the coordinates of silence have the same signs as in the Echo Nest's analyses. Timbre of another basis is
not comparable, so raise ``analyser.VERSION`` with a new basis.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from etl.audio import segments
from etl.audio.decoding import LIMITS, SUFFIXES, UnreadableSound
from etl.audio.music import listen

_OF_EACH = 400  # most segments of a file
# Coordinates c2 to c12 of digital silence in the Echo Nest's analyses.
_SILENCE = (171.13, 9.469, -28.48, 57.491, -50.067, 14.833, 5.359, -27.228, 0.973, -10.64, -7.228)


def main() -> int:
    """Write the basis to ``segments.BASIS``; print its share of the variance and the standard deviations."""
    named = [Path(name) for name in sys.argv[1:]]
    files = [f for name in named for f in ([name] if name.is_file() else sorted(name.rglob("*")))]
    rng, rows = np.random.default_rng(1), []
    for file in (file for file in files if file.suffix.lower() in SUFFIXES):
        try:
            frames = listen(file, LIMITS).frames
        except UnreadableSound as fault:
            print(fault, file=sys.stderr)
            continue
        bounds = segments.boundaries(frames)
        found = np.concatenate(list(segments.shapes(frames, bounds[:-1], bounds[1:])))
        rows.append(found[rng.choice(len(found), min(_OF_EACH, len(found)), replace=False)])
    x = np.concatenate(rows).astype(np.float64)
    mean = x.mean(axis=0)
    values, vectors = np.linalg.eigh(np.cov((x - mean).T))
    components = vectors[:, ::-1][:, : len(_SILENCE)].T
    components *= np.sign(-(components @ mean) * np.array(_SILENCE))[:, None]
    np.savez(
        segments.BASIS,
        mean=mean.astype(np.float32),
        components=components.astype(np.float32),
    )
    share = values[::-1][: len(_SILENCE)].sum() / values.sum()
    deviations = ((x - mean) @ components.T).std(axis=0)
    print(f"{len(rows)} files, {len(x)} segments; {share:.0%} of the variance in {len(_SILENCE)} components")
    print("standard deviations:", *(f"{value:.0f}" for value in deviations))
    return 0


if __name__ == "__main__":
    sys.exit(main())
