"""Writes the sound demo: ``python -m tools.sound_demo``. It runs the analyser and the tagger on its tracks.

The tracks are those of immich-memories-music. Its makers state the mood of each track, and whether it is acoustic or
electronic. The people who added the tracks are invented.
"""

import json
import sys
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from etl.audio.analyser import VERSION, SoundAnalysis, analyse
from etl.audio.decoding import mono_blocks
from etl.demo.sound import ARRAYS, PREFIX, SOUND_DEMO, DemoSound, save_sounds
from etl.exports.tastemap_json import FORMAT
from etl.exports.tastemap_json import VERSION as FORMAT_VERSION
from etl.library.examine import analyser_source
from ml import artefacts
from ml.tagger.model import TASK, MusicTagger

ARTIST = "Immich Memories Music"
LICENCE = "MIT (the package immich-memories-music; made with ACE-Step 1.5)"
SOURCE = "immich-memories-music (MIT; made with ACE-Step 1.5)"
# The moods that each person likes; some of them only with one kind of sound.
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
    tagger = MusicTagger.load(artefacts.active(TASK))
    items, sounds = [], {}
    for at, path in enumerate(by_turns(paths)):
        analysis = analyse(root / path)
        items.append(item(at, path, analysis))
        sounds[items[-1]["track"]["id"]] = sound_of(root / path, analysis, tagger)
    save_sounds(sounds)
    head = {"format": FORMAT, "version": FORMAT_VERSION, "playlist": {"name": "Four listeners (sound demo)"}}
    rows = ",\n".join(json.dumps(one, ensure_ascii=False) for one in items)
    SOUND_DEMO.write_text(json.dumps(head)[:-1] + f', "items": [\n{rows}\n]}}\n')
    size = sum(file.stat().st_size for file in (SOUND_DEMO, ARRAYS)) / 1000
    print(f"{len(items)} tracks, {size:.0f} kB, analyser {VERSION}, tagger {tagger.version}")


def person_of(path: str) -> str:
    """Return the person who added the track at ``path``."""
    mood, kind = named(path)[:2]
    return next(person for person, tastes in TASTES.items() if {mood, f"{mood} {kind}"} & set(tastes))


def named(path: str) -> tuple[str, str, str]:
    """Return the mood, the kind and the number of a file such as ``calm/calm_acoustic_s411.opus``."""
    mood, kind, number = Path(path).stem.split("_")
    return mood, kind, number.removeprefix("s")


def by_turns(paths: list[str]) -> list[str]:
    """Return ``paths`` in an order in which the four people add tracks in turn."""
    by_person = {person: [path for path in paths if person_of(path) == person] for person in TASTES}
    most = max(map(len, by_person.values()))
    return [tracks[turn] for turn in range(most) for tracks in by_person.values() if turn < len(tracks)]


def sound_of(path: Path, analysis: SoundAnalysis, tagger: MusicTagger) -> DemoSound:
    """Return what the demo holds of the sound of a track: the timbre of its segments and the tagger's results."""
    assert analysis.analysis is not None
    heard = tagger.predict(mono_blocks(path, tagger.rate))
    return DemoSound(
        duration_ms=int(analysis.features.values["duration_ms"]),
        timbre=np.array([segment["timbre"] for segment in analysis.analysis["segments"]], np.float32),
        parts=heard.parts.astype(np.float32),
        tags=heard.tags.astype(np.float32),
        analyser=analyser_source(analysis.version),
        tagger=tagger.version,
    )


def item(at: int, path: str, sound: SoundAnalysis) -> dict[str, Any]:
    """Return the playlist row of a track: its names, the person who added it, and its audio features."""
    mood, kind, number = named(path)
    values = {name: round(value, 4) for name, value in sorted(sound.features.values.items())}
    track = {
        "id": f"{PREFIX}{Path(path).stem}",
        "title": f"{mood.capitalize()} {kind} {number}",
        "artists": [ARTIST],
        "album": f"{mood.capitalize()} music",
        "year": 2026,
        "duration_ms": int(values["duration_ms"]),
        "labels": [kind],
        "source": SOURCE,
        "ids": {"demo": path},
        "features": {"values": values, "source": analyser_source(sound.version), "licence": LICENCE},
    }
    added = _FIRST + timedelta(days=3 * at, minutes=37 * at)
    return {"position": at, "added_by": person_of(path), "added_at": added.isoformat(), "track": track}


if __name__ == "__main__":
    main()
