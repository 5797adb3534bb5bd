"""The list of well-known artists: each once, and no other name is somebody else's."""

import csv
from pathlib import Path

import pytest

from ml.artists import well_known
from store.text import normalise

LISTED = Path(well_known.__file__).with_name("well_known.csv")


def test_the_list_is_in_order_and_names_each_artist_once() -> None:
    with LISTED.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["artist"] for row in rows] == sorted((row["artist"] for row in rows), key=str.casefold)
    owners: dict[str, set[str]] = {}
    for row in rows:
        for name in (row["artist"], *row["also"].split("|")):
            owners.setdefault(normalise(name), set()).add(row["artist"])
    assert [name for name, artists in owners.items() if name and len(artists) > 1] == []
    assert all(row["genres"].strip() or row["also"].strip() for row in rows), "each says something"


@pytest.mark.parametrize("name", ["The Beatles", "beatles", "BEATLES"])
def test_genres_are_found_by_any_name(name: str) -> None:
    assert "british invasion" in well_known.well_known_genres(name)
    assert well_known.well_known_genres("Nobody At All") == ()
