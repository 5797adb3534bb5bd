"""Scores the genre model with and without the artist expert, on artists whose labels neither has seen; and the cost.

    python -m bench.artist_genre        (needs the training data: ../shared/data or TASTEMAP_DATA)

Exit code 1 if a target is missed, 2 if the training data is missing.
"""

import sys

from bench._cost import DATA, Meter, call_times, finish
from ml import artefacts
from ml.artist_genre.model import ArtistGenres
from ml.artist_genre.train.card import targets_of
from ml.artist_genre.train.train import TASK, evaluate
from ml.artists.model import ArtistEmbedding

ASKED = 2000


def main() -> int:
    """Print the cost of an answer, the tables and the targets."""
    meter = Meter()
    model, artists = ArtistGenres.load(artefacts.active(TASK)), ArtistEmbedding.load(artefacts.active("artists"))
    print("predict, one artist:", call_times(model.predict, [(artists.names[index],) for index in range(ASKED)]))
    try:
        report = evaluate(DATA, artefacts.MODELS)
    except FileNotFoundError as missing:
        print(f"bench: {missing}", file=sys.stderr)
        return 2
    return finish(meter, "1", targets_of(report))


if __name__ == "__main__":
    sys.exit(main())
