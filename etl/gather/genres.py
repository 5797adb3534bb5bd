"""The names of the genres that the shipped genre model tells apart, from the taxonomy file beside it."""

from __future__ import annotations

import json

from config import ROOT

# What sources call a genre besides its name and that without hyphens.
_ALSO = {
    "r-n-b": ("r&b",),
    "hip-hop": ("hip hop", "rap/hip hop"),
    "rock-n-roll": ("rock and roll", "rock & roll"),
    "drum-and-bass": ("drum and bass", "drum & bass"),
    "electronic": ("electronic", "electro"),
    "singer-songwriter": ("singer/songwriter",),
}


def shipped_genres() -> list[str]:
    """Return the genres of the active taxonomy in alphabetical order."""
    models = ROOT / "models"
    active = json.loads((models / "manifest.json").read_text("utf-8"))["active"]["taxonomy"]
    families = json.loads((models / "taxonomy" / f"{active}.json").read_text("utf-8"))["families"]
    return sorted(genre for family in families for genre in family["genres"])


def names_of(genre: str) -> list[str]:
    """Return under which names a genre is asked for, one after the other."""
    return list(dict.fromkeys([genre, genre.replace("-", " "), *_ALSO.get(genre, ())]))
