"""The map of artists that ships."""

import json

import numpy as np
import pytest

from ml import artefacts
from ml.artist_map.model import ArtistMap
from ml.artists.model import ArtistEmbedding

ALIKE = [("Metallica", "Slayer"), ("Miles Davis", "John Coltrane"), ("Aphex Twin", "Boards of Canada")]


@pytest.fixture(scope="module")
def shipped() -> tuple[ArtistMap, ArtistEmbedding]:
    return ArtistMap.load(artefacts.active("artist_map")), ArtistEmbedding.load(artefacts.active("artists"))


def test_what_ships_is_of_the_served_embedding(shipped: tuple[ArtistMap, ArtistEmbedding]) -> None:
    found, artists = shipped
    assert found.artists_version == artefacts.active("artists").name
    assert found.points.shape == (len(artists), 2)
    assert np.nanmax(np.abs(found.points)) <= 1


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_artists_alike_are_close_together(shipped: tuple[ArtistMap, ArtistEmbedding], one: str, other: str) -> None:
    found, artists = shipped
    near, far = found.point(artists, [other]), found.point(artists, ["Celia Cruz"])
    here = found.point(artists, ["Nobody Known At All", one])  # the first one that is known
    assert None not in (here, near, far)
    assert np.hypot(*np.subtract(here, near)) < np.hypot(*np.subtract(here, far)) / 2


def test_nobody_known_has_no_place(shipped: tuple[ArtistMap, ArtistEmbedding]) -> None:
    assert shipped[0].point(shipped[1], []) is shipped[0].point(shipped[1], ["Nobody Known At All"]) is None


def test_it_beats_the_principal_components() -> None:
    rows = json.loads((artefacts.active("artist_map") / "scores.json").read_text())["table"]
    table = {row["model"]: row for row in rows}
    for measure in ("trustworthiness", "same_genre"):
        assert table["UMAP"][measure] > table["first two principal components"][measure] > table["random"][measure]
