"""Checks the headline genre that people get for a typed track: 60 famous tracks and the 1,000 most popular ones.

    python -m bench.headline [--tracks 1000]        (needs the training data: ../shared/data or TASTEMAP_DATA)

The first list of bench/_famous.py is asked for by title and artist, first on an empty installation and then with the
whole table imported, and so is the third; on the empty one the first two are also typed in one line. An answer is wrong
if it is not among the genres that the list accepts. The popular tracks are asked for with the whole table. A headline
contradicts the artist's known genres, shown in the same answer, if their families are known and its own is not among
them. The served probabilities are scored on labelled `valid` and `test` tracks; no model in use has seen the labels of
their artists. Exit code 1 if a target is missed.
"""

import argparse
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from bench._cost import DATA, Meter, finish
from bench._famous import FAMOUS, FURTHER, LATER, Famous
from bench.catalogue import full_catalogue
from config import Config
from ml.artist_genre.train.card import targets_of_genres
from ml.artist_genre.train.scores import TITLES, shown
from ml.genre.encoder import Floats
from ml.genre.model import GenreInput, GenrePrediction
from ml.genre.train.data import first_columns, read, rows_of
from ml.genre.train.scores import format_table, score
from services.container import Services
from services.errors import ServiceError
from services.genre import GenreAnswer, predict
from services.subject.families import KnownGenres
from services.subject.headline import Headline
from services.viewer import Viewer
from store.catalogue.catalogue import Catalogue

MOST_WRONG, MOST_CONTRADICTING = 6, 0.08
ASKED = ("typed", "all")  # how much of a labelled track the model is given
# Powers of the served probabilities: they show whether another temperature would calibrate them better.
POWERS = (0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3)
# No known genres: a labelled track's own genres come from its labels, which are the answer.
UNFILED = KnownGenres(track=(), artist=(), track_source=None, source=None, by_source=[])


def answer(services: Services, query: Mapping[str, str]) -> GenreAnswer | None:
    """Return the answer to a query of :func:`services.subject.resolve.resolve`, or None (and print why)."""
    try:
        body = predict(services, query, Viewer("bench")).body
    except ServiceError as error:
        print(f"  {', '.join(query.values())}: {error.message}")
        return None
    assert isinstance(body, GenreAnswer)
    return body


def famous(services: Services, tracks: Sequence[Famous] = FAMOUS, *, in_a_line: bool = False) -> tuple[int, int]:
    """Ask for famous tracks and print the wrong answers.

    With ``in_a_line`` each is typed as one text, in turn with the artist and with the title first. Return how many
    answers are wrong, and how many of these have medium or high confidence.
    """
    wrong = sure = 0
    for number, track in enumerate(tracks):
        names = [track.artist, track.title][:: -1 if number % 2 else 1]
        found = answer(services, {"q": " ".join(names)} if in_a_line else _names(track.title, track.artist))
        if found is None or found.genre not in track.genres:
            wrong += 1
            if found is not None:
                sure += found.confidence != "low"
                print(f"  {track.title}, {track.artist}: {_shown(found)}")
    typed = "typed in a line" if in_a_line else "by title and artist"
    print(f"{wrong} of {len(tracks)} asked for {typed} wrong, {sure} of them with medium or high confidence")
    return wrong, sure


def _names(title: str, artist: str) -> dict[str, str]:
    return {"track": title, "artist": artist}


def _shown(found: GenreAnswer) -> str:
    return f"{found.genre} ({found.confidence}, {found.probability:.2f}). {found.reason}"


def contradictions(services: Services, tracks: Iterable[tuple[str, str]]) -> float:
    """Return the share of headlines that contradict the artist's known genres, of those with known families."""
    asked = contradicting = 0
    confidences: Counter[str] = Counter()
    for title, artist in tracks:
        found = answer(services, _names(title, artist))
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
    """Return title and first artist of the ``count`` most popular recordings."""
    segment = Catalogue(var / "catalogue").current().segment("public")
    found: dict[int, tuple[str, str]] = {}
    for row in range(len(segment)):
        track = segment.track(row)
        if track.title and track.artists:
            found.setdefault(int(segment.recording_code[row]), (track.title, track.artists[0]))
        if len(found) == count:
            break
    return list(found.values())


def labelled(services: Services) -> list[tuple[str, bool]]:
    """Print the scores of the served probabilities on labelled tracks; return the targets for those of `test`."""
    table, scores = read(DATA), {}
    for split in ("valid", "test"):
        rows = rows_of(table, split, table.labels)
        answers = first_columns(table.labels, rows, services.genre.genres)
        for inputs in ASKED:
            tracks = [shown(table.input(row), inputs) for row in rows]
            alone = services.genre.predict_encoded(services.genre.encode(tracks))
            found = served(services, tracks, alone)
            scores[f"{split}, {TITLES[inputs]}"] = score(found, answers)
            if split == "valid":
                errors = (f"{power}: {score(powered(found, power), answers).ece:.3f}" for power in POWERS)
                print(f"ECE on valid, {TITLES[inputs]}, by the power of the probabilities: {', '.join(errors)}")
    print(format_table(scores))
    of_test = {inputs: f"test, {TITLES[inputs]}" for inputs in ASKED}
    return [target for inputs, name in of_test.items() for target in targets_of_genres(name, inputs, scores[name])]


def served(services: Services, tracks: Sequence[GenreInput], alone: GenrePrediction) -> Floats:
    """Return the (n, 114) probabilities of the genres as served; ``alone`` are the genre model's."""
    found = np.empty_like(alone.genre)
    for row, track in enumerate(tracks):
        one = GenrePrediction(genre=alone.genre[[row]], broad=alone.broad[[row]], micro=alone.micro[[row]])
        found[row] = Headline.of(services.artist_genre, track, UNFILED).revise(one).genre[0]
    return found


def powered(probabilities: Floats, power: float) -> Floats:
    """Return the (n, k) probabilities raised to ``power``, each row scaled to the sum 1."""
    found = probabilities**power
    return found / found.sum(axis=1, keepdims=True)


def main() -> int:
    """Print the wrong answers, the contradictions, the scores and the targets; return the exit code given above."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--tracks", type=int, default=1000)
    arguments = options.parse_args()
    meter = Meter()
    with tempfile.TemporaryDirectory() as empty:
        services = Services(Config(var=Path(empty)))
        print("An empty installation")
        wrong, sure = famous(services)
        famous(services, in_a_line=True)
        further, _ = famous(services, FURTHER, in_a_line=True)
        famous(services, LATER)
        print("\nLabelled tracks, their labels withheld")
        of_labelled = labelled(services)
        services.close()
    with full_catalogue() as var:
        services = Services(Config(var=var))
        print("\nWith the whole table")
        famous(services)
        famous(services, LATER)
        share = contradictions(services, popular(var, arguments.tracks))
        services.close()
    targets = [
        (f"at most {MOST_WRONG} famous tracks wrong on an empty installation: {wrong}", wrong <= MOST_WRONG),
        (f"none of them with medium or high confidence: {sure}", sure == 0),
        (f"at most {MOST_WRONG} of the second list, typed in a line: {further}", further <= MOST_WRONG),
        (
            f"headlines that contradict the artist below {MOST_CONTRADICTING:.0%}: {share:.1%}",
            share < MOST_CONTRADICTING,
        ),
        *of_labelled,
    ]
    return finish(meter, "none", targets)


if __name__ == "__main__":
    raise SystemExit(main())
