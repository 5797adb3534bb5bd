"""What docs/sources.md says of the sources is what the code does."""

from __future__ import annotations

import re

from config import ROOT
from etl.providers.base import About
from etl.providers.registry import ORDER, PROVIDERS

_NEEDS = {
    "search": "search",
    "a track and its ids": "track",
    "audio features": "features",
    "genres": "genres",
    "similar tracks": "similar",
    "a preview to hear": "preview",
    "tracks of a genre": "genre_tracks",
    "artists by a search term": "artists",
    "analysis (timbre segments)": "analysis",
}


def rows() -> list[list[str]]:
    """Return the cells of every row of every table."""
    lines = (ROOT / "docs" / "sources.md").read_text().splitlines()
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if line.startswith("| ")]


def limits(about: About) -> list[str]:
    rate = about.rate
    often = f"{rate.per_second:g} per second" if rate.per_second >= 1 else f"{60 * rate.per_second:g} per minute"
    daily = f", {rate.daily} per day" if rate.daily else ""
    days = f"{about.found_days:g} day{'s' * (about.found_days != 1)}"
    return [str(max(about.batches.values(), default=1)), often + daily, days]


def test_batches_limits_and_lifetimes() -> None:
    told = {row[0].strip("`"): row[2:] for row in rows() if row[0].startswith("`") and len(row) == 5}
    assert told == {name: limits(provider.about) for name, provider in PROVIDERS.items()}


def test_the_order_for_each_need() -> None:
    told = {_NEEDS[row[0]]: tuple(re.sub(r" \(.*?\)", "", row[1]).split(", ")) for row in rows() if row[0] in _NEEDS}
    assert told == {str(need): names for need, names in ORDER.items()}
