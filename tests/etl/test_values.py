"""What cells mean: one rule for ids, yes and no, years and times, whichever reader asks."""

from datetime import UTC, datetime

import pytest

from etl.values import any_id, bare_spotify_id, boolean_cell, iso_instant, year_within

ID = "0123456789abcdefghijAB"


@pytest.mark.parametrize("written", [ID, f"spotify:track:{ID}", f" https://open.spotify.com/intl-de/track/{ID}?si=x "])
def test_an_id_is_found_however_it_is_written(written: str) -> None:
    assert bare_spotify_id(written) == any_id(written) == ID


def test_what_is_no_spotify_id_is_none() -> None:
    assert [bare_spotify_id(cell) for cell in ("", "42", "spotify:episode:" + ID, ID + "x")] == [None] * 4
    assert (any_id("42"), any_id("")) == ("42", "")


@pytest.mark.parametrize(
    ("cell", "meant"), [("True", True), ("1.0", True), ("wahr", True), ("NO", False), ("faux", False), ("", None)]
)
def test_yes_and_no_in_the_languages_of_spreadsheets(cell: str, meant: bool | None) -> None:
    assert boolean_cell(cell) is meant


def test_years_and_times() -> None:
    assert [year_within(year, 2026) for year in (None, 1859, 1860, 2027, 2028)] == [None, None, 1860, 2027, None]
    assert iso_instant("2024-08-17T02:00:00+02:00") == datetime(2024, 8, 17, tzinfo=UTC)
    assert (iso_instant("soon"), iso_instant(None)) == (None, None)
