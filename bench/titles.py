"""Playlist continuation from the name alone, with all songs hidden, compared with popularity.

    python -m bench.titles [--side test]

Each group of playlists is scored by its last list of ten songs or more. The recordings of tracks.csv.gz are ranked in
two ways: by popularity alone, and by the genres and artists in the list's name (ml.continuation.titles), or by
popularity if it has none. Only labels of the 114 genres are used: the other labels are names of playlists that are
scored here. Nothing is trained; the rules were chosen on ``--side valid``. It prints R-precision, NDCG@500, clicks and
the ratio of the NDCGs with a 95 % bootstrap interval over groups. Exit code 1 unless its lower end is above 2.
"""

import argparse
import csv
import gzip
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench._cost import DATA, Meter, finish
from bench.catalogue import full_catalogue
from ml import artefacts
from ml.artists.model import ArtistEmbedding
from ml.continuation.interactions import Ints
from ml.continuation.titles import cues_of, ranked_by_name
from ml.continuation.train.protocol import MEASURES, measures
from ml.taxonomy.model import Taxonomy
from ml.taxonomy.segments import GenresOfSegments
from ml.train.bootstrap import ratio
from store.catalogue.catalogue import Catalogue
from store.catalogue.segment import recording_hash
from store.text import recording_key, split_artists

FEWEST_SONGS, DEPTH, SEED = 10, 1000, 1


def named_lists(folder: Path, side: str) -> Iterator[tuple[str, str, Ints]]:
    """Yield source, name and recordings of the last named list of each group with ten known songs or more."""
    with gzip.open(folder / "songs.csv.gz", "rt", encoding="utf-8", newline="") as text:
        code = {
            row["song_id"]: recording_hash(recording_key(row["title"], (*split_artists(row["artist"]), "")[0]))
            for row in csv.DictReader(text)
        }
    with gzip.open(folder / "playlists.jsonl.gz", "rt", encoding="utf-8") as lines:
        lists = [one for one in map(json.loads, lines) if one["split"] == side and one["name"]]
    last = {}
    for one in lists:
        songs = np.array(sorted({code[str(song)] for song in one["song_ids"] if str(song) in code}), np.int64)
        if len(songs) >= FEWEST_SONGS:
            last[one["group"]] = (one["source"], one["name"], songs)
    yield from last.values()


def main() -> int:
    """Run the benchmark; return the exit code given above."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--side", choices=("valid", "test"), default="test")
    arguments = parser.parse_args()
    meter, taxonomy = Meter(), Taxonomy.active()
    artists = ArtistEmbedding.load(artefacts.active("artists"))
    with full_catalogue() as var:
        snapshot = Catalogue(var / "catalogue").current()
        (segment,) = snapshot.segments  # its rows are ordered by popularity
        genres = GenresOfSegments(taxonomy, artists, labels=taxonomy.genres)
        popular = distinct(segment.recording_code[: 2 * DEPTH])
        rows: dict[str, list[tuple[float, float, float]]] = {"by name": [], "popularity": []}
        sources, spoke = [], 0
        for source, name, hidden in named_lists(arguments.data, arguments.side):
            cues = cues_of(name, snapshot, genres)
            refs = ranked_by_name(cues, snapshot, genres)
            named = segment.recording_code[[ref.row for ref, _ in refs]] if refs else popular
            rows["by name"].append(measures(distinct(np.concatenate([named, popular])), hidden))
            rows["popularity"].append(measures(popular, hidden))
            sources.append(source)
            spoke += bool(cues)
    print(f"{len(sources)} playlists of {arguments.side}; the names of {spoke} have a genre or an artist")
    scores = {name: np.array(values) for name, values in rows.items()}
    for source in ("all", *sorted(set(sources))):
        kept = np.array([source in ("all", one) for one in sources])
        for name, values in scores.items():
            means = zip(MEASURES, values[kept].mean(axis=0), strict=True)
            print(f"{source} ({kept.sum()}), {name}: " + ", ".join(f"{what} {mean:.3f}" for what, mean in means))
    gain = ratio(scores["by name"][:, 1], scores["popularity"][:, 1], seed=SEED)
    print(f"NDCG by name / popularity: {gain}")
    return finish(meter, str(SEED), [("NDCG at least twice that of popularity", gain.low > 2)])


def distinct(codes: Ints) -> Ints:
    """Return the distinct codes in the order of their first occurrence, at most DEPTH."""
    _, first = np.unique(codes, return_index=True)
    return np.asarray(codes[np.sort(first)][:DEPTH])


if __name__ == "__main__":
    sys.exit(main())
