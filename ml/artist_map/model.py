"""The map of artists: a point in the plane for every artist of the embedding; similar artists are close together."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from ml.artefacts import verified, verified_json
from ml.artists.model import ArtistEmbedding

TASK = "artist_map"


class ArtistMap:
    """Points of the artists of one version of the embedding.

    Attributes
    ----------
    artists_version : str
        The version of the embedding whose artists the rows of ``points`` belong to.
    points : np.ndarray
        (n, 2) float16, within -1 to 1; NaN for an artist without a place in the embedding.
    """

    def __init__(self, version: str, artists_version: str, points: npt.NDArray[Any]) -> None:
        self.version, self.artists_version, self.points = version, artists_version, points

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read ``models/artist_map/<version>``; raises ml.artefacts.ArtefactError if a file is absent or changed."""
        described = verified_json(directory / "artist_map.json")
        points = np.load(verified(directory / "points.npy"), allow_pickle=False)
        return cls(directory.name, described["artists"], points)

    def save(self, directory: Path) -> list[Path]:
        """Write the files that :meth:`load` reads, and return them (not yet listed in the manifest)."""
        directory.mkdir(parents=True, exist_ok=True)
        described, points = directory / "artist_map.json", directory / "points.npy"
        described.write_text(json.dumps({"artists": self.artists_version}) + "\n", encoding="utf-8")
        np.save(points, self.points)
        return [described, points]

    def point(self, artists: ArtistEmbedding, names: Iterable[str]) -> tuple[float, float] | None:
        """Return the (x, y) of the first of ``names`` that has a place, each -1 to 1; None where none has.

        ``artists`` is the embedding of :attr:`artists_version`.
        """
        for name in names:
            index = artists.find_exact(name)
            if index is not None and not np.isnan(self.points[index]).any():
                x, y = self.points[index].tolist()
                return x, y
        return None
