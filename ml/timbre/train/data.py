"""Training segments: from a folder of Spotify's audio analyses, or from the database."""

import gzip
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ml.timbre.model import LEAST_SEGMENTS, TIMBRES
from store.database import Database
from store.facts import analysed, timbre_of

FOLDER = "analysis"
_MOST_STORED = 2000


@dataclass(frozen=True, kw_only=True)
class Segments:
    """Ids and timbres (n, 12) of the tracks with enough segments; ``left_out`` counts the others."""

    names: tuple[str, ...]
    timbres: tuple[npt.NDArray[np.float32], ...]
    left_out: int


def _kept(found: dict[str, npt.NDArray[np.float32]], least_segments: int, left_out: int = 0) -> Segments:
    names = [name for name in sorted(found) if len(found[name]) >= least_segments]
    timbres = tuple(found[name] for name in names)
    return Segments(names=tuple(names), timbres=timbres, left_out=left_out + len(found) - len(names))


def read(data: Path) -> Segments:
    """Read ``data``/analysis/*.json[.gz]; raises FileNotFoundError if there is no such folder, or no analysis in it."""
    paths = sorted((data / FOLDER).glob("*.json*"))
    if not paths:
        raise FileNotFoundError(f"{data / FOLDER} holds no audio analyses (*.json, *.json.gz)")
    found = {}
    for path in paths:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        rows = [segment["timbre"] for segment in json.loads(content)["segments"]]
        found[path.name.split(".", 1)[0]] = np.asarray(rows, np.float32).reshape(-1, TIMBRES)
    return _kept(found, LEAST_SEGMENTS)


def stored(database: Database, *, least_segments: int, least_popularity: float) -> Segments:
    """Return at most 2,000 tracks whose analyses are in the database.

    ``least_popularity`` is 0 to 100; above 0, tracks of unknown popularity are left out.
    """
    ids = sorted(analysed(database))
    tracks = database.get_tracks(ids) if least_popularity > 0 else {}
    popularity = {name: track.popularity or 0.0 for name, track in tracks.items()}
    taken = [name for name in ids if popularity.get(name, 0.0) >= least_popularity][:_MOST_STORED]
    found = {name: timbre for name in taken if (timbre := timbre_of(database, name)) is not None}
    return _kept(found, least_segments, len(ids) - len(taken))
