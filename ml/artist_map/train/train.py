"""Compute the map of artists by UMAP from the served embedding.

L. McInnes, J. Healy and J. Melville, "UMAP: Uniform Manifold Approximation and Projection for Dimension Reduction"
(2018), umap-learn. It starts from the first two principal components, which keeps the global structure (D. Kobak and
G. Linderman, Nature Biotechnology 2021).
"""

import warnings
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

from ml import artefacts
from ml.artist_map.model import TASK, ArtistMap
from ml.artists.model import ArtistEmbedding, unit_rows
from ml.projection.model import NEIGHBOURS, faithfulness
from ml.scores import score_rows
from ml.train.card import markdown_table, render
from ml.train.publish import publish

VERSION = "2026.11.1"
OURS = "UMAP"
_QUICK_ARTISTS = 2_000
# The number of best-known artists that are scored by genre; people look for these.
_SCORED = 5_000

Points = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True, kw_only=True)
class Scores:
    """How well a map keeps neighbours, each 0 to 1.

    Attributes
    ----------
    trustworthiness, continuity : float
        See :func:`ml.projection.model.faithfulness`.
    same_genre : float
        Share of the ten nearest on the map that share a genre, among the best known artists that have genres.
    """

    trustworthiness: float
    continuity: float
    same_genre: float


def umap(places: Points, seed: int) -> Points:
    """Return the (n, 2) UMAP of unit vectors (n, d)."""
    from umap import UMAP

    with warnings.catch_warnings():
        # umap-learn warns that a fixed seed forces one thread.
        warnings.filterwarnings("ignore", message="n_jobs value")
        return UMAP(n_neighbors=15, min_dist=0.1, init="pca", random_state=seed, n_jobs=1).fit_transform(places)


def principal(places: Points, seed: int) -> Points:
    """Return the first two principal components (n, 2)."""
    return PCA(2, random_state=seed).fit_transform(places)


def drawn(places: Points, seed: int) -> Points:
    """Return points (n, 2) drawn at random."""
    return np.random.default_rng(seed).random((len(places), 2))


_METHODS = {"random": drawn, "first two principal components": principal, OURS: umap}


def score(artists: ArtistEmbedding, placed: npt.NDArray[np.intp], places: Points, points: Points) -> Scores:
    """Score ``points`` (n, 2) of the artists ``placed`` (n,), whose unit vectors are ``places`` (n, d)."""
    trustworthiness, continuity = faithfulness(places, points)
    genres = {row: set(artists.genres(int(index))) for row, index in enumerate(placed[:_SCORED])}
    rows = np.array([row for row, known in genres.items() if known])
    near = NearestNeighbors(n_neighbors=min(NEIGHBOURS + 1, len(rows))).fit(points[rows])
    found = near.kneighbors(points[rows], return_distance=False)
    shared = [
        bool(genres[int(row)] & genres[int(rows[other])])
        for row, others in zip(rows, found, strict=True)
        for other in others
        if rows[other] != row
    ]
    return Scores(trustworthiness=trustworthiness, continuity=continuity, same_genre=float(np.mean(shared)))


def format_table(results: Mapping[str, Scores]) -> str:
    """Return the scores as a Markdown table."""
    headings = ("map", "trustworthiness", "continuity", "shares a genre")
    return markdown_table(headings, ((name, *astuple(row)) for name, row in results.items()))


def train(data: Path, models: Path, *, seed: int = 1, quick: bool = False) -> None:
    """Map the artists of the served embedding and write ``models/artist_map/<version>``; ``data`` is not read.

    ``quick`` maps only the 2,000 best known artists, and writes a separate version that is not activated.

    Raises ml.artefacts.ArtefactError if no embedding is served, or a file of it was changed.
    """
    artists = ArtistEmbedding.load(artefacts.active("artists", models))
    placed = np.flatnonzero(np.asarray(artists.vectors).any(axis=1))[: _QUICK_ARTISTS if quick else None]
    places = unit_rows(artists.vectors[placed])
    maps = {name: method(places, seed) for name, method in _METHODS.items()}
    results = {name: score(artists, placed, places, points) for name, points in maps.items()}
    table, version = format_table(results), f"{VERSION}-quick" if quick else VERSION
    print(f"{TASK} {version}\n\n{table}")
    points = np.full((len(artists), 2), np.nan, np.float16)
    points[placed] = within_one(maps[OURS])
    directory = models / TASK / version
    written = ArtistMap(version, artists.version, points).save(directory)
    card = render(
        Path(__file__).with_name("card.md.j2"),
        version=version,
        artists=artists.version,
        count=len(placed),
        scored=_SCORED,
        command=f"train {TASK} --seed {seed}" + (" --quick" if quick else ""),
        table=table,
    )
    publish(
        directory, written, card, activate=not quick, split="none: all artists", table=score_rows(results), served=OURS
    )


def within_one(points: Points) -> Points:
    """Return ``points`` (n, 2) centred and scaled, with one factor, to -1 to 1."""
    centred = points - (points.max(axis=0) + points.min(axis=0)) / 2
    return centred / np.abs(centred).max()


def evaluate(data: Path, models: Path) -> None:
    """Score the served map and print it; ``data`` is not read.

    Raises ml.artefacts.ArtefactError if no version is served, or a file of it was changed.
    """
    served = ArtistMap.load(artefacts.active(TASK, models))
    artists = ArtistEmbedding.load(artefacts.active("artists", models))
    placed = np.flatnonzero(~np.isnan(served.points).any(axis=1))
    results = {OURS: score(artists, placed, unit_rows(artists.vectors[placed]), served.points[placed].astype(float))}
    print(f"\n{TASK} {served.version}\n\n{format_table(results)}")
