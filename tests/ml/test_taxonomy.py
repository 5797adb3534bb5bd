"""Families have members, and any genre's name finds one."""

import copy
import json

import numpy as np
import pytest

from ml import artefacts
from ml.taxonomy import Taxonomy


@pytest.fixture(scope="module")
def taxonomy() -> Taxonomy:
    return Taxonomy.active()


def test_about_twenty_families_hold_114_genres_each_once(taxonomy: Taxonomy) -> None:
    assert 18 <= len(taxonomy.families) <= 24
    assert len(taxonomy.genres) == 114
    assert all(taxonomy.members(family) for family in taxonomy.families)


def test_families_sum_their_genres(taxonomy: Taxonomy) -> None:
    matrix = taxonomy.matrix(taxonomy.genres)
    assert matrix.shape == (114, len(taxonomy.families))
    np.testing.assert_array_equal(matrix.sum(axis=1), 1.0)
    assert (matrix.sum(axis=0) > 0).all()


@pytest.mark.parametrize(
    ("genre", "family"),
    [
        ("bebop", "jazz & blues"),
        ("melodic techno", "house & techno"),
        ("Brazilian Death Metal", "metal"),
        ("latin hip hop", "hip hop"),
        ("black-metal", "metal"),
        ("gibberish of no kind", None),
        ("", None),
    ],
)
def test_any_name_finds_the_family_of_its_longest_keyword(taxonomy: Taxonomy, genre: str, family: str | None) -> None:
    assert taxonomy.family_of(genre) == family


def test_a_family_without_a_genre_and_a_genre_in_two_families_are_refused() -> None:
    path = artefacts.active("taxonomy")
    content = json.loads(path.with_name(f"{path.name}.json").read_text())
    empty, twice = copy.deepcopy(content), copy.deepcopy(content)
    empty["families"][0]["genres"] = []
    twice["families"][0]["genres"].append(content["families"][1]["genres"][0])
    with pytest.raises(ValueError, match="without a genre"):
        Taxonomy(empty)
    with pytest.raises(ValueError, match="in two families"):
        Taxonomy(twice)
