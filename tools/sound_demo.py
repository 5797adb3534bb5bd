"""Write the sound demo's playlist: ``python -m tools.sound_demo`` analyses the tracks of its package.

The makers state the mood of each track, and whether it is acoustic or electronic. Who added what is invented.
"""

import json
import sys
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from etl.audio.analyser import VERSION, analyse
from etl.demo.sound import PREFIX, SOUND_DEMO
from etl.exports.tastemap_json import FORMAT
from etl.exports.tastemap_json import VERSION as FORMAT_VERSION
from etl.library.examine import analyser_source

ARTIST = "Immich Memories Music"
LICENCE = "MIT (the package immich-memories-music; made with ACE-Step 1.5)"
# Who likes what: mood, and kind of sound where it matters to them.
TASTES = {
    "Gita": ("calm", "tender acoustic"),
    "Hugo": ("energetic", "happy electronic"),
    "Ines": ("happy acoustic", "tender electronic"),
    "Jun": ("nostalgic",),
}
_FIRST = datetime(2025, 3, 1, 18, 0, tzinfo=UTC)


def main() -> None:
    package = find_spec("immich_memories_music")
    if package is None or not package.origin:
        sys.exit("The package immich-memories-music is not installed.")
    root = Path(package.origin).parent / "tracks"
    paths = sorted(path.relative_to(root).as_posix() for path in root.rglob("*.opus"))
    items = [item(at, root, path) for at, path in enumerate(by_turns(paths))]
    head = {"format": FORMAT, "version": FORMAT_VERSION, "playlist": {"name": "Four listeners (sound demo)"}}
    rows = ",\n".join(json.dumps(one, ensure_ascii=False) for one in items)
    SOUND_DEMO.write_text(json.dumps(head)[:-1] + f', "items": [\n{rows}\n]}}\n')
    print(f"{len(items)} tracks, {SOUND_DEMO.stat().st_size / 1000:.0f} kB, analyser {VERSION}")


def person_of(path: str) -> str:
    """Return who added the track at ``path``."""
    mood, kind = named(path)[:2]
    return next(person for person, tastes in TASTES.items() if {mood, f"{mood} {kind}"} & set(tastes))


def named(path: str) -> tuple[str, str, str]:
    """Return the mood, the kind and the number of a file such as ``calm/calm_acoustic_s411.opus``."""
    mood, kind, number = Path(path).stem.split("_")
    return mood, kind, number.removeprefix("s")


def by_turns(paths: list[str]) -> list[str]:
    """Return ``paths`` as if the four added a track each in turn."""
    of = {person: [path for path in paths if person_of(path) == person] for person in TASTES}
    most = max(map(len, of.values()))
    return [tracks[turn] for turn in range(most) for tracks in of.values() if turn < len(tracks)]


def item(at: int, root: Path, path: str) -> dict[str, Any]:
    """Return the row of a track: its names, who added it, and what the analyser finds."""
    mood, kind, number = named(path)
    sound = analyse(root / path)
    values = {name: round(value, 4) for name, value in sound.features.values.items()}
    track = {
        "id": f"{PREFIX}{Path(path).stem}",
        "title": f"{mood.capitalize()} {kind} {number}",
        "artists": [ARTIST],
        "album": f"{mood.capitalize()} music",
        "year": 2026,
        "duration_ms": int(values["duration_ms"]),
        "labels": [kind],
        "source": LICENCE,
        "ids": {"demo": path},
        "features": {"values": values, "source": analyser_source(sound.version), "licence": LICENCE},
    }
    added = _FIRST + timedelta(days=3 * at, minutes=37 * at)
    return {"position": at, "added_by": person_of(path), "added_at": added.isoformat(), "track": track}


if __name__ == "__main__":
    main()
