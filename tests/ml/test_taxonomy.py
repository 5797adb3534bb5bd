"""Families have members, and any genre's name finds one."""

import copy
import csv
import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from ml import artefacts
from ml.taxonomy.model import Taxonomy
from ml.taxonomy.train import card
from ml.taxonomy.train.scores import OURS, by_origin, compare, read_sample

_ACTIVE = artefacts.active("taxonomy")
LISTED = json.loads(_ACTIVE.with_name(f"{_ACTIVE.name}.json").read_text())["microgenres"]


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
        ("jazz rap", "hip hop"),
        ("tamil pop", "south & west asian"),
        ("jazz guitar", "jazz & blues"),
        ("patagonian death metal", "metal"),
        ("black-metal", "metal"),
        ("qqvx zzyqx", None),
        ("?!", None),
        ("", None),
    ],
)
def test_any_name_finds_its_family_or_none_where_it_would_be_a_guess(
    taxonomy: Taxonomy, genre: str, family: str | None
) -> None:
    assert taxonomy.family_of(genre) == family


def test_every_family_is_reached_and_every_genre_belongs_to_its_family(taxonomy: Taxonomy) -> None:
    listed = [taxonomy.predict(name) for name in LISTED]
    assert {placement.family for placement in listed} == set(taxonomy.families)
    assert all(
        placement.genre in taxonomy.members(placement.family) and 0 < placement.confidence <= 1 for placement in listed
    )


def test_one_of_the_114_is_itself(taxonomy: Taxonomy) -> None:
    assert all(
        taxonomy.predict(genre).genre == genre and taxonomy.predict(genre).confidence == 1 for genre in taxonomy.genres
    )


def test_a_name_that_nobody_listed_goes_with_the_nearest_and_is_less_sure(taxonomy: Taxonomy) -> None:
    known, misspelt = taxonomy.predict("bebop"), taxonomy.predict("bebopp")
    assert (misspelt.family, misspelt.how, misspelt.nearest) == (known.family, "nearest", "bebop")
    assert misspelt.confidence < known.confidence
    with pytest.raises(ValueError, match="letter"):
        taxonomy.predict("  ")


@pytest.mark.shared
def test_every_genre_list_of_an_artist_maps(taxonomy: Taxonomy, shared_data: Path) -> None:
    with gzip.open(shared_data / "tracks.csv.gz", "rt", encoding="utf-8", newline="") as file:
        names = {name for row in csv.DictReader(file) for name in row["artist_genres"].split("|") if name}
    assert len(names) > 3000
    assert names <= LISTED.keys()


def test_most_names_checked_by_hand_are_in_a_right_family(taxonomy: Taxonomy) -> None:
    sample = read_sample("checked")
    right = sum(taxonomy.predict(name).family in families for name, (families, _genres) in sample.items())
    assert len(sample) == 300
    assert right / len(sample) > 0.88
    assert right > sum(taxonomy.by_words(name) in families for name, (families, _genres) in sample.items())


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


def test_a_name_that_is_taken_out_goes_by_its_words_and_its_likeness(taxonomy: Taxonomy) -> None:
    gone = ["bebop", "melodic techno", "techno"]
    unseen = taxonomy.without(gone)
    assert set(taxonomy.names) - set(unseen.names) == {"bebop", "melodic techno"}, "the 114 stay"
    assert unseen.predict("techno") == taxonomy.predict("techno")
    assert unseen.predict("melodic techno").nearest != "melodic techno"
    assert unseen.predict("melodic techno").family == "house & techno"


def test_what_is_saved_is_what_ships_to_the_byte(taxonomy: Taxonomy, tmp_path: Path) -> None:
    taxonomy.save(tmp_path / "models" / "taxonomy" / "again.json")
    assert (tmp_path / "models" / "taxonomy" / "again.json").read_bytes() == _ACTIVE.with_name(
        f"{_ACTIVE.name}.json"
    ).read_bytes()


def test_the_check_by_hand_is_scored_beside_plain_ways(taxonomy: Taxonomy) -> None:
    checked = compare(taxonomy)["checked"]
    ours, plain = checked[OURS], [one for name, one in checked.items() if not name.startswith(OURS)]
    assert ours.names == 300
    assert len(plain) == 3
    assert all(row.right_family < ours.right_family for row in plain)
    assert sum(count for count, _, _ in by_origin(taxonomy).values()) == 300


def test_the_card_tells_how_it_was_made_and_where_it_loses(taxonomy: Taxonomy) -> None:
    text = card.write(taxonomy, compare(taxonomy), "Read and merge.")
    for expected in (f"# Taxonomy {taxonomy.version}\n", "- **Procedure** Read and merge.\n", "## Where it loses\n\n"):
        assert expected in text
    assert f"{len(taxonomy.families)} families" in text
