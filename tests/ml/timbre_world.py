"""Invented segments: each track has a sound of its own that wanders a little."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt


def timbre(number: int, segments: int = 160, *, clear: float = 1.0) -> npt.NDArray[np.float32]:
    """Return (segments, 12) of track ``number``; ``clear`` says how far apart the tracks' sounds are."""
    rng = np.random.default_rng(number)
    spread = np.linspace(30.0, 6.0, 12)
    centre = clear * rng.normal(0.0, spread)
    mixed = np.eye(12) + clear * rng.normal(0.0, 0.3, (12, 12))
    wander = np.cumsum(rng.normal(0.0, 0.05, (segments, 12)), axis=0)
    return ((rng.normal(0.0, 1.0, (segments, 12)) @ mixed + wander) * spread + centre).astype(np.float32)


def analysis(number: int, segments: int = 160, **more: Any) -> dict[str, Any]:
    """Return an audio analysis of track ``number`` in Spotify's form, as far as we read it."""
    rows = timbre(number, segments)
    pitches = np.random.default_rng(number).random((segments, 12))
    return {
        "meta": {"analyzer_version": "0.0.0"},
        "track": {"duration": segments * 0.25, **more},
        "segments": [
            {"start": 0.25 * i, "duration": 0.25, "timbre": rows[i].tolist(), "pitches": pitches[i].tolist()}
            for i in range(segments)
        ],
    }


def write_data(folder: Path, tracks: int) -> Path:
    """Write a data folder with analyses of so many tracks, one of them too short."""
    (folder / "analysis").mkdir(parents=True)
    for number in range(tracks):
        path = folder / "analysis" / f"track-{number:02d}.json"
        path.write_text(json.dumps(analysis(number, 120 + 10 * (number % 4))))
    (folder / "analysis" / "jingle.json").write_text(json.dumps(analysis(99, 12)))
    return folder
