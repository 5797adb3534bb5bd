"""A world of twelve artists whose right answers are known: two scenes that never share a playlist."""

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp

from ml.artists.train.data import ArtistData, ArtistList
from ml.artists.train.embedding import Settings
from store.text import normalise

METAL = ("Metallica", "Megadeth", "Anthrax", "Slayer", "The Haunted")
JAZZ = ("Miles Davis", "Bill Evans", "Chet Baker", "Stan Getz", "Nina Simone")
COLD = ("Basement Metal", "Cellar Jazz")
NAMES = (*METAL, *JAZZ, *COLD)
SMALL = Settings(dimensions=4, list_dimensions=4, genre_dimensions=2, fewest_lists=1)


def scene(artist: int) -> str:
    return "metal" if NAMES[artist] in (*METAL, "Basement Metal") else "jazz"


def listing(group: str, split: str, artists: Sequence[int]) -> ArtistList:
    return ArtistList("test", group, split, frozenset(artists), frozenset(artists))


def world() -> ArtistData:
    """Two scenes that never share a playlist; of each one artist that is in none."""
    metal, jazz = range(5), range(5, 10)
    lists = [
        listing(f"{split} {kind} {left_out}", split, [a for i, a in enumerate(artists) if i != left_out])
        for split in ("train", "valid", "test")
        for kind, artists in (("metal", metal), ("jazz", jazz))
        for left_out in range(5)
    ]
    lists += [
        listing(f"test cold {kind}", "test", [*artists, 10 + i])
        for i, (kind, artists) in enumerate([("m", metal), ("j", jazz)])
    ]
    is_metal = np.array([scene(i) == "metal" for i in range(len(NAMES))])
    counts = np.column_stack([is_metal * 3.0, ~is_metal * 3.0])
    sound = np.where(is_metal[:, None], 1.0, -1.0) + np.random.default_rng(1).normal(0, 0.1, (len(NAMES), 11))
    return ArtistData(
        keys=[normalise(name) for name in NAMES],
        names=NAMES,
        aliases={"haunted band": 4},
        tracks=np.full(len(NAMES), 3),
        sound=sound,
        genre_names=["metal", "jazz"],
        genres=sp.csr_matrix(counts),
        popularity=np.array([90.0, 70, 60, 80, 20, 88, 50, 66, 55, 87, 5, 4]),
        listings=lists,
    )
