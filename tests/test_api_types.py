"""The types that the page is checked with are those of the API."""

from __future__ import annotations

from tools import api_types


def test_the_types_of_the_api_are_up_to_date() -> None:
    assert api_types.TYPES.read_text() == api_types.generate(), "The types are out of date. Run: make types"
