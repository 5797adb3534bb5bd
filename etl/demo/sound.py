"""The sound demo: 28 tracks of the package immich-memories-music (MIT), which four invented people share.

The audio stays in the package. This folder has a playlist in our JSON with the features that our analyser found, and
arrays with the timbre of the segments and the results of the tagger. ``python -m tools.sound_demo`` writes both. The
people, their tastes and their dates are invented.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from store.domain import Track

SOUND_DEMO = Path(__file__).with_name("Four listeners (sound demo).json")
ARRAYS = SOUND_DEMO.with_suffix(".npz")
PREFIX = "demo-"
_PACKAGE = "immich_memories_music"


class DemoAudio:
    """The files of the demo, by the ids of their tracks."""

    def __init__(self, root: Path, paths: dict[str, str]) -> None:
        self.root, self._paths = root, paths

    def find(self, track: Track) -> str | None:
        """Return the id of the file of a track, which is the track's id; None if there is no such file."""
        return track.id if track.id in self._paths else None

    def path_of(self, name: str) -> str | None:
        """Return the path, below ``root``, of the file with this id."""
        return self._paths.get(name)


@cache
def demo_audio() -> DemoAudio | None:
    """Return the files of the demo, None if their package is not installed."""
    found = find_spec(_PACKAGE)
    if found is None or not found.origin or not SOUND_DEMO.exists():
        return None
    items = json.loads(SOUND_DEMO.read_text())["items"]
    root = Path(found.origin).resolve().parent / "tracks"
    return DemoAudio(root, {item["track"]["id"]: item["track"]["ids"]["demo"] for item in items})


@dataclass(frozen=True, kw_only=True, eq=False)
class DemoSound:
    """The shipped data about the sound of a track.

    Attributes
    ----------
    duration_ms : int
    timbre : np.ndarray
        (n, 12) timbre of its segments, by the ``analyser`` of this source name.
    parts, tags : np.ndarray
        (1 to 4, 400) and (100,), by this version of the ``tagger``; see :mod:`ml.tagger.model`.
    """

    duration_ms: int
    timbre: npt.NDArray[np.float32]
    parts: npt.NDArray[np.float32]
    tags: npt.NDArray[np.float32]
    analyser: str
    tagger: str


@cache
def demo_sounds() -> Mapping[str, DemoSound]:
    """Return the shipped data about the sound of the demo's tracks, by their ids."""
    with np.load(ARRAYS, allow_pickle=False) as stored:
        columns: dict[str, Any] = {name: stored[name] for name in stored.files}
    ends = np.cumsum(columns["segments"])[:-1]
    timbres = np.split(columns["timbre"].astype(np.float32), ends)
    made = {"analyser": str(columns["analyser"]), "tagger": str(columns["tagger"])}
    each = zip(columns["names"], columns["durations_ms"], timbres, columns["parts"], columns["tags"], strict=True)
    return {
        str(name): DemoSound(
            duration_ms=int(duration),
            timbre=timbre,
            parts=parts.astype(np.float32),
            tags=tags.astype(np.float32),
            **made,
        )
        for name, duration, timbre, parts, tags in each
    }


def save_sounds(sounds: Mapping[str, DemoSound]) -> None:
    """Write the shipped data in half precision; all ``sounds`` must have the same versions and four parts."""
    each = list(sounds.values())
    np.savez_compressed(
        ARRAYS,
        names=np.array(list(sounds)),
        durations_ms=np.array([sound.duration_ms for sound in each]),
        segments=np.array([len(sound.timbre) for sound in each]),
        timbre=np.concatenate([sound.timbre for sound in each]).astype("<f2"),
        parts=np.stack([sound.parts for sound in each]).astype("<f2"),
        tags=np.stack([sound.tags for sound in each]).astype("<f2"),
        analyser=np.array(each[0].analyser),
        tagger=np.array(each[0].tagger),
    )
