"""The sound demo: 28 tracks of the package immich-memories-music (MIT), which four invented people share.

The audio stays in the package. What lies here is a playlist in our own JSON with what our analyser found in the
tracks; ``python -m tools.sound_demo`` writes it. The people, their tastes and their dates are invented.
"""

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from store.domain import Track

SOUND_DEMO = Path(__file__).with_name("Four listeners (sound demo).json")
PREFIX = "demo-"
_PACKAGE = "immich_memories_music"


class DemoAudio:
    """The files of the demo, by the ids of their tracks."""

    def __init__(self, root: Path, paths: dict[str, str]) -> None:
        self.root, self._paths = root, paths

    def find(self, track: Track) -> str | None:
        """Return the id of the file of a track, which is the track's."""
        return track.id if track.id in self._paths else None

    def path_of(self, name: str) -> str | None:
        """Return the path, below ``root``, of the file with this id."""
        return self._paths.get(name)


@cache
def demo_audio() -> DemoAudio | None:
    """Return the files of the demo, None where their package is not installed."""
    found = find_spec(_PACKAGE)
    if found is None or not found.origin or not SOUND_DEMO.exists():
        return None
    items = json.loads(SOUND_DEMO.read_text())["items"]
    root = Path(found.origin).resolve().parent / "tracks"
    return DemoAudio(root, {item["track"]["id"]: item["track"]["ids"]["demo"] for item in items})
