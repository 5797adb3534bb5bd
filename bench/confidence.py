"""How often headlines of each confidence are right, on labelled tracks whose labels are withheld.

    python -m bench.confidence [--split valid]        (needs the training data: ../shared/data or TASTEMAP_DATA)

A headline is right if it is of the family of one of the track's labels; the labels are too noisy to ask for more. The
lines are by what the headline rests on and by its probability. The thresholds at the head of
services/subject/headline.py were chosen on `valid`: "high" holds in nine of ten cases, "medium" in four of five.
"""

import argparse
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np

from bench._cost import DATA, Meter, finish
from bench.headline import ASKED, UNFILED
from config import Config
from ml.artist_genre.train.scores import TITLES, shown
from ml.genre.model import GenrePrediction
from ml.genre.train.data import read, rows_of
from services.container import Services
from services.subject.headline import Headline

LEAST = {"high": 0.9, "medium": 0.8}
BINS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


def main() -> int:
    """Print the shares by probability and by confidence, and the targets; return the exit code."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--split", default="valid", choices=("valid", "test"))
    split = options.parse_args().split
    meter, table = Meter(), read(DATA)
    rows = rows_of(table, split, table.labels)
    by_evidence: dict[tuple[str, float], list[bool]] = defaultdict(list)
    by_confidence: dict[str, list[bool]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as empty:
        services = Services(Config(var=Path(empty)))
        model, family = services.genre, services.genre.taxonomy.family_of
        for inputs in ASKED:
            tracks = [shown(table.input(row), inputs) for row in rows]
            alone = model.predict_encoded(model.encode(tracks))
            for at, (row, track) in enumerate(zip(rows, tracks, strict=True)):
                one = GenrePrediction(genre=alone.genre[[at]], broad=alone.broad[[at]], micro=alone.micro[[at]])
                headline = Headline.of(services.artist_genre, track, UNFILED)
                genre, probability = best(headline.revise(one), model.genres)
                right = family(genre) in {family(label) for label in table.labels[row]}
                bin_of = max(least for least in BINS if least <= probability)
                by_evidence[f"{TITLES[inputs]}, {headline.decided_by(genre)}", bin_of].append(right)
                by_confidence[headline.confidence(genre, probability)].append(right)
        services.close()
    for (name, least), found in sorted(by_evidence.items()):
        print(f"{name:<45} from {least:.1f}: {np.mean(found):.2f} of {len(found)}")
    for name, found in by_confidence.items():
        print(f"{name:<7} {np.mean(found):.3f} of {len(found)} right")
    targets = [
        (f"{name}: right in {least:.0%} or more", float(np.mean(by_confidence[name] or [1])) >= least)
        for name, least in LEAST.items()
    ]
    return finish(meter, "none", targets)


def best(prediction: GenrePrediction, genres: tuple[str, ...]) -> tuple[str, float]:
    """Return the likeliest genre of the first row, and its probability."""
    at = int(prediction.genre[0].argmax())
    return genres[at], float(prediction.genre[0, at])


if __name__ == "__main__":
    raise SystemExit(main())
