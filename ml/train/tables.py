"""Reads the training tables."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd


def require(path: Path) -> Path:
    """Return ``path``; raises FileNotFoundError if there is no such file."""
    if not path.is_file():
        raise FileNotFoundError(f"no training data: {path} is absent (set TASTEMAP_DATA or pass --data DIR)")
    return path


def read_table(path: Path, **options: Any) -> pd.DataFrame:
    """Read a CSV file in which only empty cells are missing; ``options`` are those of pandas.read_csv.

    Raises FileNotFoundError if there is no such file.
    """
    return pd.read_csv(require(path), keep_default_na=False, na_values=[""], low_memory=False, **options)


def name_lists(frame: pd.DataFrame, columns: Sequence[str]) -> list[tuple[str, ...]]:
    """Return each row's distinct names in ``columns``, whose cells are separated by "|"; columns may be absent."""
    cells = [frame.get(column, pd.Series("", frame.index)).fillna("").astype(str).tolist() for column in columns]
    return [
        tuple(dict.fromkeys(name for cell in row if cell for name in cell.split("|")))
        for row in zip(*cells, strict=True)
    ]


def split_of(artist: str, shares: int) -> str:
    """Return the split of an artist by a hash of the name: "test" for one in ``shares``, "valid" for another."""
    share = int.from_bytes(hashlib.sha256(artist.encode()).digest()[:4], "big") % shares
    return {0: "test", 1: "valid"}.get(share, "train")
