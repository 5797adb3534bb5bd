"""The one rule for gaps, and for what is better founded."""

from dataclasses import replace

import pytest

from store.domain import AlbumDetails, AudioFeatures, Track
from store.gaps import merged

FRONT = Track(id="t", title="Slow Kites", artists=("Nadia Verholt",), source="file")
OTHER = Track(id="t", title="Another", artists=("B",), album="Kites", year=2001, source="table")
FEW = AudioFeatures(values={"energy": 0.4}, source="file")


@pytest.mark.parametrize(
    ("track", "other", "name", "value"),
    [
        (FRONT, OTHER, "title", "Slow Kites"),
        (FRONT, OTHER, "album", "Kites"),
        (replace(FRONT, title="spotify:track:x"), OTHER, "title", "Another"),
        (replace(FRONT, doubtful=True), OTHER, "title", "Another"),
        (replace(FRONT, doubtful=True), replace(OTHER, doubtful=True), "title", "Slow Kites"),
        (
            replace(FRONT, ids={"mbid": "1"}),
            replace(OTHER, ids={"mbid": "2", "isrc": "3"}),
            "ids",
            {"mbid": "1", "isrc": "3"},
        ),
    ],
)
def test_who_stands_in_front_keeps_their_values_unless_others_are_better_founded(
    track: Track, other: Track, name: str, value: object
) -> None:
    assert getattr(merged(track, other), name) == value


def test_each_value_from_another_side_says_where_it_is_from() -> None:
    track = merged(FRONT, OTHER)
    assert [track.source_of(name) for name in ("title", "album", "year")] == ["file", "table", "table"]


@pytest.mark.parametrize(
    ("values", "source", "chosen"),
    [
        ({"energy": 0.4, "valence": 0.2}, "table", "table"),
        ({"energy": 0.9, "valence": 0.2}, "table", "file"),
        ({"valence": 0.2}, "table", "file"),
        ({"energy": 0.4, "valence": 0.2}, "spotify", "file"),
    ],
)
def test_features_are_one_sources(values: dict[str, float], source: str, chosen: str) -> None:
    other = replace(OTHER, features=AudioFeatures(values=values, source=source))
    features = merged(replace(FRONT, features=FEW), other).features
    assert features is not None
    assert features.source == chosen


def test_a_more_precise_date_replaces_its_beginning() -> None:
    track = replace(FRONT, year=2001, album_details=AlbumDetails(released="2001"))
    other = replace(OTHER, album_details=AlbumDetails(released="2001-04-02", disc_number=1))
    details = merged(track, other).album_details
    assert details == AlbumDetails(released="2001-04-02", disc_number=1)
