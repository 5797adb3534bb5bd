"""Scores weights of the headline genre beside those in use: on labelled `valid` tracks and on famous tracks.

    python -m bench.headline_weights        (needs the training data: ../shared/data or TASTEMAP_DATA)

The weights are the constants at the head of services/subject/headline.py. Each line has the top-1, the top-3, the
macro-F1 and the calibration error on `valid`, labels withheld, for typed titles and artists and for all inputs, and how
many of the first list of bench/_famous.py get a wrong headline on an empty installation. The weights in use have the
fewest wrong headlines and, of those, the least sum of both calibration errors. Neither `test` nor the second list of
famous tracks takes part.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import product
from pathlib import Path

from bench._cost import DATA, Meter, finish
from bench.headline import ASKED, famous, served
from config import Config
from ml.artist_genre.train.scores import TITLES, shown
from ml.genre.train.data import first_columns, read, rows_of
from ml.genre.train.scores import Scores, score
from services.container import Services
from services.subject import headline

NAMES = ("POOLED", "READ", "NEARLY")
IN_USE = tuple(getattr(headline, name) for name in NAMES)
OTHERS = tuple(product((0.5, 0.6, 0.7), (0.35, 0.45, 0.55), (0.8, 1.0)))


@contextmanager
def weights(values: Sequence[float]) -> Iterator[None]:
    """Answer with other values of the constants called NAMES."""
    try:
        for name, value in zip(NAMES, values, strict=True):
            setattr(headline, name, value)
        yield
    finally:
        for name, value in zip(NAMES, IN_USE, strict=True):
            setattr(headline, name, value)


def line(values: Sequence[float], scores: Sequence[Scores], wrong: int) -> str:
    figures = " | ".join(f"{one.top1:.4f} {one.top3:.4f} {one.macro_f1:.4f} {one.ece:.4f}" for one in scores)
    return f"{' '.join(f'{value:6.2f}' for value in values)} | {figures} | {wrong}"


def main() -> int:
    """Print the figures of the weights in use and of the others; return 0."""
    meter, table = Meter(), read(DATA)
    rows = rows_of(table, "valid", table.labels)
    with tempfile.TemporaryDirectory() as empty:
        services = Services(Config(var=Path(empty)))
        answers = first_columns(table.labels, rows, services.genre.genres)
        tracks = [[shown(table.input(row), inputs) for row in rows] for inputs in ASKED]
        alone = [services.genre.predict_encoded(services.genre.encode(given)) for given in tracks]
        print(f"{', '.join(NAMES)} | {' | '.join(TITLES[one] for one in ASKED)}: top-1, top-3, macro-F1, ECE | wrong")
        for values in dict.fromkeys([IN_USE, *OTHERS]):
            with weights(values):
                scores = [
                    score(served(services, given, one), answers) for given, one in zip(tracks, alone, strict=True)
                ]
                wrong, _ = famous(services)
                print(line(values, scores, wrong), "in use" if values == IN_USE else "", flush=True)
        services.close()
    return finish(meter, "none", [])


if __name__ == "__main__":
    raise SystemExit(main())
