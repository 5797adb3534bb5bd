"""The names of the genres that the shipped genre model tells apart, from its taxonomy file."""

import json

from config import ROOT

# Other names of a genre at the sources, besides its name with and without hyphens.
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
    """Return the names under which sources may know a genre, in the order in which they are tried."""
    return list(dict.fromkeys([genre, genre.replace("-", " "), *_ALSO.get(genre, ())]))
