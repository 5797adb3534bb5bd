"""Scores weights of the likeness of artists beside those in use, on held-out playlists of `valid`.

    python -m bench.company_weights             # similar artists: weights at the head of ml/artists/model.py
    python -m bench.company_weights --tracks    # what goes with a track: those of ml/neighbours/company.py

Each line has the share of neighbours without a common family of genres, and what playlists hold of the neighbours: for
artists the recall@20 of any artist and of cold artists, for tracks the share of 20 that are on the seed's playlist,
each with its 95 % interval. ``--tracks`` needs a catalogue of the training table in TASTEMAP_VAR. The weights in use
have the highest shares; where these are within a hundredth of their interval, the fewest without a common family.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import product
from types import ModuleType

from bench._cost import DATA, Meter, finish
from bench.company import apart
from bench.neighbours import AT, held_out, interval, recording
from config import Config
from ml import artefacts
from ml.artists import model as of_artists
from ml.artists.model import ArtistEmbedding
from ml.artists.train.data import read
from ml.artists.train.scores import OURS, compare
from ml.artists.train.train import SCORE_SEED
from ml.neighbours import company as of_tracks
from ml.neighbours.model import Neighbours, NothingToCompare
from ml.taxonomy.model import Taxonomy
from store.catalogue.catalogue import Catalogue

SPLIT, SEEDS = "valid", 300
ARTISTS: Mapping[str, Sequence[float]] = {"GENRE_WEIGHT": (0.0, 0.15, 0.3, 0.5), "POPULARITY_WEIGHT": (0.15, 0.3)}
TRACKS: Mapping[str, Sequence[float]] = {"_SHARED": (0.0, 0.2, 0.35, 0.5), "_KNOWN": (0.0, 0.1)}


@contextmanager
def weights(module: ModuleType, values: Mapping[str, float]) -> Iterator[None]:
    """Answer with other ``values`` of the constants of ``module``."""
    in_use = {name: getattr(module, name) for name in values}
    try:
        for name, value in values.items():
            setattr(module, name, value)
        yield
    finally:
        for name, value in in_use.items():
            setattr(module, name, value)


def tried(module: ModuleType, grid: Mapping[str, Sequence[float]]) -> list[dict[str, float]]:
    """Return the weights in use, then all combinations of the ``grid``."""
    found = [{name: getattr(module, name) for name in grid}]
    combined = (dict(zip(grid, values, strict=True)) for values in product(*grid.values()))
    return found + [values for values in combined if values not in found]


def score_artists(artists: ArtistEmbedding) -> None:
    data, taxonomy = read(DATA), Taxonomy.active()
    for values in tried(of_artists, ARTISTS):
        with weights(of_artists, values):
            found = compare(artists, data, SPLIT, SCORE_SEED, only=(OURS,))[OURS]
            share, _ = apart(artists, taxonomy, artists.likeness)
        print(shown(values), f"| apart {share:.1%} | {found['all']} | cold {found['cold']}", flush=True)


def score_tracks(artists: ArtistEmbedding) -> None:
    snapshot, taxonomy = Catalogue(Config.from_env().var / "catalogue").current(), Taxonomy.active()
    seeds = held_out(DATA, snapshot, SPLIT, SEEDS)
    for values in tried(of_tracks, TRACKS):
        hits, pairs = [], []
        with weights(of_tracks, values):
            model = Neighbours(artists)
            for track, others in seeds:
                try:
                    found = model.recommend(snapshot, track, limit=AT)
                except NothingToCompare:
                    continue
                hits.append(sum(recording(snapshot, near.ref) in others for near in found) / AT)
                of_seed = families(artists, taxonomy, track.artists)
                known = [families(artists, taxonomy, near.track.artists) for near in found]
                pairs += [bool(of_seed & theirs) for theirs in known if of_seed and theirs]
        print(shown(values), f"| apart {1 - sum(pairs) / len(pairs):.1%} | {interval(hits)}", flush=True)


def families(artists: ArtistEmbedding, taxonomy: Taxonomy, names: Sequence[str]) -> set[str]:
    """Return the families of the known genres of the first of ``names``."""
    index = artists.find_exact(names[0]) if names else None
    genres = () if index is None else artists.genres(index)
    return {family for genre in genres if (family := taxonomy.family_of(genre))}


def shown(values: Mapping[str, float]) -> str:
    return " ".join(f"{name.strip('_').lower()} {value:.2f}" for name, value in values.items())


def main() -> int:
    """Print the figures of the weights in use and of the others; return 0."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--tracks", action="store_true")
    meter, artists = Meter(), ArtistEmbedding.load(artefacts.active("artists"))
    (score_tracks if options.parse_args().tracks else score_artists)(artists)
    return finish(meter, f"queries {SCORE_SEED}")


if __name__ == "__main__":
    raise SystemExit(main())
