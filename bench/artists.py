"""Similar artists: recall on held-out playlists against baselines, cost, and how well typed queries are split.

    python -m bench.artists [--tracks 2000]

The served version is scored on the test playlists of TASTEMAP_DATA (default ../shared/data); baselines are fitted in
the same run. The queries are made from tracks of the training table, so the right artist is known. A title alone should
not be split. Exit code 1 if a baseline has at least the recall of the model.
"""

import argparse
import random
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pandas as pd

from bench._cost import DATA, Meter, call_times, finish, peak
from ml import artefacts
from ml.artists.model import ArtistEmbedding
from ml.artists.query import split_query
from ml.artists.train.scores import OWN
from ml.artists.train.train import SCORE_SEED, evaluate
from store.text import normalise, plain_title, split_artists

SEED = 1


def sample_tracks(folder: Path, count: int) -> list[tuple[str, str]]:
    """Draw (artist, title) pairs with chances by popularity; only tracks of one artist, so that one answer is right."""
    columns = ["artist", "track_name", "popularity"]
    table = pd.read_csv(folder / "tracks.csv.gz", usecols=columns, keep_default_na=False, na_values=[""]).dropna()
    table = table[~table["artist"].str.contains(r"[;,]") & (table["popularity"] > 0)]
    drawn = table.sample(count, weights="popularity", random_state=SEED)
    return [(split_artists(a)[0], plain_title(t)) for a, t in zip(drawn["artist"], drawn["track_name"], strict=True)]


def slip(name: str, rng: random.Random) -> str:
    """Return ``name`` without one of its inner letters; a name of less than six letters stays as it is."""
    if len(name) < 6:
        return name
    at = rng.randrange(1, len(name) - 1)
    return name[:at] + name[at + 1 :]


def phrasings(rng: random.Random) -> dict[str, Callable[[str, str], str]]:
    return {
        "artist title": lambda a, t: f"{a} {t}",
        "title artist": lambda a, t: f"{t} {a}",
        "artist - title": lambda a, t: f"{a} - {t}",
        "title by artist": lambda a, t: f"{t} by {a}",
        "artist title, lower case, one letter missing": lambda a, t: f"{slip(a, rng)} {t}".lower(),
        "title artist, lower case, one letter missing": lambda a, t: f"{t} {slip(a, rng)}".lower(),
    }


def report_splits(artists: ArtistEmbedding, pairs: Sequence[tuple[str, str]]) -> None:
    """Print how often each phrasing is split correctly, and how often a title alone is split by mistake."""
    for name, phrase in phrasings(random.Random(SEED)).items():
        right = wrong = 0
        for artist, title in pairs:
            found = split_query(artists, phrase(artist, title))
            good = found is not None and artists.find(found.artist) == artists.find(artist)
            right, wrong = right + good, wrong + (found is not None and not good)
        print(f"{name:<46} right {right / len(pairs):6.1%}  wrong artist {wrong / len(pairs):6.1%}")
    titles = sorted({title for _, title in pairs if len(normalise(title).split()) > 1})
    split_anyway = sum(split_query(artists, title) is not None for title in titles)
    print(
        f"{'title alone (of two words or more)':<46} split though no artist is meant {split_anyway / len(titles):6.1%}"
    )
    print("split_query:", call_times(partial(split_query, artists), (f"{artist} {title}" for artist, title in pairs)))


def main() -> int:
    """Print the cost, how queries are split, and the scores; return the exit code given above."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--tracks", type=int, default=2000)
    arguments = options.parse_args()
    meter, before = Meter(), peak()
    artists = ArtistEmbedding.load(artefacts.active("artists"))
    artists.alike("Metallica")
    print(f"load and first answer: {meter.read().wall:.2f} s, {peak() - before:.0f} MB more at the peak")
    pairs = sample_tracks(DATA, arguments.tracks)
    print("alike:", call_times(artists.alike, [artist for artist, _ in pairs[:500]]))
    report_splits(artists, pairs)
    test = evaluate(DATA, artefacts.MODELS)["test"]
    ours, *others = test.values()
    best = max(one["all"].mean for name, one in zip(list(test)[1:], others, strict=True) if name not in OWN)
    target = f"recall above the best baseline's ({ours['all'].mean:.3f}, {best:.3f})"
    return finish(meter, f"queries {SEED}, recall {SCORE_SEED}", [(target, ours["all"].mean > best)])


if __name__ == "__main__":
    raise SystemExit(main())
