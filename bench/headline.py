"""The headline of a track as people meet it: sixty famous tracks, and the thousand most popular ones as typed.

    python -m bench.headline [--tracks 1000]

The famous tracks (bench/_famous.py) are typed as title and artist, once on an empty installation, where only what ships
answers, and once with the whole table imported; an answer is wrong if it is none of the genres accepted beforehand. A
headline contradicts the known genres of the artist, shown in the same answer, if they have families and none of them is
its own. The popular tracks are typed into an installation with the whole table. Exit code 1 where a target is missed.
"""

import argparse
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bench._cost import Meter, finish
from bench._famous import FAMOUS
from bench.catalogue import full_catalogue
from config import Config
from services.container import Services
from services.errors import ServiceError
from services.genre import GenreAnswer, predict
from services.viewer import Viewer
from store.catalogue.catalogue import Catalogue

MOST_WRONG, MOST_CONTRADICTING = 6, 0.08


def answer(services: Services, title: str, artist: str) -> GenreAnswer | None:
    """Return the answer to a typed title and artist, ``None`` for none."""
    query: dict[str, Any] = {"track": title, "artist": artist}
    try:
        body = predict(services, query, Viewer("bench")).body
    except ServiceError as error:
        print(f"  {title}, {artist}: {error.message}")
        return None
    assert isinstance(body, GenreAnswer)
    return body


def famous(services: Services) -> tuple[int, int]:
    """Ask for the famous tracks, print wrong answers, and return how many are wrong and how many of these are sure."""
    wrong = sure = 0
    for track in FAMOUS:
        found = answer(services, track.title, track.artist)
        if found is None or found.genre not in track.genres:
            wrong += 1
            if found is not None:
                sure += found.confidence != "low"
                print(f"  {track.title}, {track.artist}: {_shown(found)}")
    print(f"{wrong} of {len(FAMOUS)} wrong, {sure} of them with medium or high confidence")
    return wrong, sure


def _shown(found: GenreAnswer) -> str:
    return f"{found.genre} ({found.confidence}, {found.probability:.2f}). {found.reason}"


def contradictions(services: Services, tracks: Iterable[tuple[str, str]]) -> float:
    """Return the share of tracks with known genres of the artist whose headline is of no family of theirs."""
    asked = contradicting = 0
    confidences: Counter[str] = Counter()
    for title, artist in tracks:
        found = answer(services, title, artist)
        if found is None or not found.known_genres.artist:
            continue
        families = {services.genre.taxonomy.family_of(name) for name in found.known_genres.artist} - {None}
        if not families:
            continue
        asked += 1
        confidences[found.confidence] += 1
        if found.family not in families:
            contradicting += 1
            if contradicting <= 10:
                print(f"  {title}, {artist}: {_shown(found)} Known for: {', '.join(found.known_genres.artist[:4])}")
    print(f"{contradicting} of {asked} headlines contradict the artist's known genres; confidence: {dict(confidences)}")
    return contradicting / max(asked, 1)


def popular(var: Path, count: int) -> list[tuple[str, str]]:
    """Return title and first artist of the most popular tracks, one for each recording."""
    segment = Catalogue(var / "catalogue").current().segment("public")
    found: dict[int, tuple[str, str]] = {}
    for row in range(len(segment)):
        track = segment.track(row)
        if track.title and track.artists:
            found.setdefault(int(segment.recording_code[row]), (track.title, track.artists[0]))
        if len(found) == count:
            break
    return list(found.values())


def main() -> int:
    """Print the answers that are wrong or contradict, and the targets."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--tracks", type=int, default=1000)
    arguments = options.parse_args()
    meter = Meter()
    with tempfile.TemporaryDirectory() as empty:
        services = Services(Config(var=Path(empty)))
        print("An empty installation")
        wrong, sure = famous(services)
        services.close()
    with full_catalogue() as var:
        services = Services(Config(var=var))
        print("\nWith the whole table")
        famous(services)
        share = contradictions(services, popular(var, arguments.tracks))
        services.close()
    targets = [
        (f"at most {MOST_WRONG} famous tracks wrong on an empty installation: {wrong}", wrong <= MOST_WRONG),
        (f"none of them with medium or high confidence: {sure}", sure == 0),
        (
            f"headlines that contradict the artist below {MOST_CONTRADICTING:.0%}: {share:.1%}",
            share < MOST_CONTRADICTING,
        ),
    ]
    return finish(meter, "none", targets)


if __name__ == "__main__":
    raise SystemExit(main())
