"""The types that the page is checked with, and the limits of its fields, are those of the API."""

from tools import api_types


def test_what_the_page_knows_of_the_api_is_up_to_date() -> None:
    for name, text in api_types.generate().items():
        assert (api_types.FOLDER / name).read_text() == text, f"{name} is out of date. Run: make types"
