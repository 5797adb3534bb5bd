"""Whether a suggested track fits a playlist, or is only the nearest of what there is."""

from collections.abc import Mapping

# Of the tracks that fit, at least this share is in the hidden half of playlists that the ranker has not seen.
RIGHT = 0.2
# The least score of a track that fits, by the method that scored it: the lowest with which RIGHT holds on playlists
# that were left out of the fit. bench/fits.py chooses them and reports `test`.
LEAST: Mapping[str, float] = {"content": 0.16, "playlists": 0.22}


def fits(method: str, score: float) -> bool | None:
    """Return whether a track of this score fits; None for methods whose scores say nothing about that."""
    least = LEAST.get(method)
    return None if least is None else score >= least
