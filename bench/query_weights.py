"""Searches for weights of ml/artists/query.py, and prints their score beside that of the weights in use.

    python -m bench.query_weights [--tracks 6000]       (needs the training data: ../shared/data or TASTEMAP_DATA)

The sample is drawn as in bench/artists.py: tracks of one artist, with chances by popularity. To these come songs of
songs.csv.gz by well-known artists whose name is one short or common word (Nas, Queen). The artists are parted into two
halves; the weights are chosen on the one, and both are reported. A query is the artist and the title in both orders,
without a separator, as they are and with one letter of the artist missing. It is right if the artist is. A title alone
is right if no artist is found in it. The score is the mean of the shares, in which those with the artist first and
titles alone count twice. Each weight in turn takes the best of a few values near to it, until none is better.
`known_title` is not chosen: it needs a catalogue (bench/resolution.py). The weights in use were found in this way, and
then a wrong letter was made dearer, until the queries of tests/ml/test_artists.py and bench/resolution.py were right.
"""

import argparse
import gzip
import random
import zlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from bench._cost import DATA, Meter, finish
from bench.artists import SEED, phrasings, sample_tracks
from ml import artefacts
from ml.artists.model import ArtistEmbedding
from ml.artists.query import WEIGHTS, Candidate, Weights, candidates
from store.text import normalise, plain_title

# How much each sample counts: people more often type the artist first, and a name found where none is meant misleads.
PHRASINGS = {
    "artist title": 2,
    "title artist": 1,
    "artist title, lower case, one letter missing": 2,
    "title artist, lower case, one letter missing": 1,
}
ALONE = "title alone"
# The samples of artists of one word, each with its phrasing.
WORDS = {"artist of one word, title": "artist title", "title, artist of one word": "title artist"}
COUNTS = PHRASINGS | {ALONE: 2} | {name: PHRASINGS[order] for name, order in WORDS.items()}
WELL_KNOWN, SHORT, SONGS_OF_ONE = 0.35, 4, 6
STEPS = (-0.2, -0.1, -0.05, -0.02, 0.02, 0.05, 0.1, 0.2)
CHOSEN = tuple(name for name in asdict(WEIGHTS) if name != "known_title")
LEAST_GAIN = 2e-4  # of the score, for a weight to be changed


@dataclass(frozen=True)
class Sample:
    """The candidates of queries of one phrasing, and whether each is of the right artist.

    ``start`` (queries,) is the number of each query's first candidate. A query without candidates is left out but
    counted in ``queries``.
    """

    found: Sequence[Candidate]
    right: npt.NDArray[np.bool_]
    start: npt.NDArray[np.intp]
    queries: int

    def share(self, weights: Weights, *, alone: bool) -> float:
        """Return the share of queries with the right artist, or, of titles ``alone``, of those with no artist."""
        scores = np.array([candidate.score(weights) for candidate in self.found])
        best = np.maximum.reduceat(scores, self.start)
        if alone:
            return 1.0 - float((best > weights.least).sum()) / self.queries
        of_best = scores == np.repeat(best, np.diff(self.start, append=len(scores)))
        return (
            float(np.bitwise_or.reduceat(of_best & self.right, self.start)[best > weights.least].sum()) / self.queries
        )


def sample(artists: ArtistEmbedding, queries: Sequence[tuple[str, str]]) -> Sample:
    """Return the candidates of ``queries``, pairs of the text and of the artist meant."""
    found, right, start = list[Candidate](), list[bool](), list[int]()
    for query, artist in queries:
        meant, here = artists.find(artist), list(candidates(artists, query))
        if here:
            start.append(len(found))
        found += here
        right += [artists.find(candidate.artist) == meant for candidate in here]
    return Sample(found, np.array(right, bool), np.array(start, np.intp), len(queries))


def of_one_word(artists: ArtistEmbedding) -> list[tuple[str, str]]:
    """Return artist and title of songs by well-known artists whose name is one word, short or in many names."""
    with gzip.open(DATA / "songs.csv.gz", "rt", encoding="utf-8") as text:
        table = pd.read_csv(text, usecols=["title", "artist"], dtype=str, keep_default_na=False)
    titles: dict[str, set[str]] = defaultdict(set)
    for title, artist in zip(table["title"], table["artist"], strict=True):
        word = normalise(artist).removeprefix("the ")
        if " " not in word and (len(word) <= SHORT or word in artists.keys.common_words) and normalise(title):
            titles[artist].add(plain_title(title))
    rng, drawn = random.Random(SEED), list[tuple[str, str]]()
    for artist in sorted(titles):
        index = artists.find_exact(artist)
        if index is not None and artists.prior[index] >= WELL_KNOWN:
            songs = sorted(titles[artist])
            drawn += [(artist, title) for title in rng.sample(songs, min(len(songs), SONGS_OF_ONE))]
    return drawn


def samples(
    artists: ArtistEmbedding, pairs: Sequence[tuple[str, str]], words: Sequence[tuple[str, str]]
) -> dict[str, Sample]:
    """Return the samples of COUNTS from (artist, title) pairs; those of ``words`` are by artists of one word."""
    phrase = phrasings(random.Random(SEED))
    made = {name: sample(artists, [(phrase[name](*pair), pair[0]) for pair in pairs]) for name in PHRASINGS}
    made |= {
        name: sample(artists, [(phrase[order](*pair), pair[0]) for pair in words]) for name, order in WORDS.items()
    }
    titles = sorted({title for _, title in pairs if len(normalise(title).split()) > 1})
    return made | {ALONE: sample(artists, [(title, "") for title in titles])}


def shares(made: Mapping[str, Sample], weights: Weights) -> dict[str, float]:
    return {name: drawn.share(weights, alone=name == ALONE) for name, drawn in made.items()}


def mean(found: Mapping[str, float]) -> float:
    """Return the score: the mean of the shares by sample, each of which counts as COUNTS says."""
    return float(np.average([*found.values()], weights=[COUNTS[name] for name in found]))


def chosen(made: Mapping[str, Sample], weights: Weights) -> Weights:
    """Return the weights of the best score that is reached from ``weights`` by changing one after the other."""
    best, score, changed = weights, mean(shares(made, weights)), True
    while changed:
        changed = False
        for name in CHOSEN:
            for value in (max(round(getattr(best, name) + step, 2), 0.0) for step in STEPS):
                trial = replace(best, **{name: value})
                gained = mean(shares(made, trial))
                if gained > score + LEAST_GAIN:
                    best, score, changed = trial, gained, True
    return best


def in_half(pairs: Sequence[tuple[str, str]], half: int) -> list[tuple[str, str]]:
    """Return the pairs whose artist is in one half, 0 or 1."""
    return [pair for pair in pairs if zlib.crc32(normalise(pair[0]).encode()) % 2 == half]


def main() -> int:
    """Print the weights in use and those found, with their scores on both halves; return 0."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--tracks", type=int, default=6000)
    arguments = options.parse_args()
    meter, artists = Meter(), ArtistEmbedding.load(artefacts.active("artists"))
    drawn = (sample_tracks(DATA, arguments.tracks), of_one_word(artists))
    first, second = (samples(artists, *(in_half(pairs, half) for pairs in drawn)) for half in (0, 1))
    for title, weights in (("in use", WEIGHTS), ("found", chosen(first, WEIGHTS))):
        print(f"{title}: {weights}")
        for half, made in (("chosen", first), ("reported", second)):
            found = shares(made, weights)
            each = ", ".join(f"{name} {share:.1%}" for name, share in found.items())
            print(f"  {half}: {mean(found):.4f} ({each})")
    return finish(meter, str(SEED), [])


if __name__ == "__main__":
    raise SystemExit(main())
