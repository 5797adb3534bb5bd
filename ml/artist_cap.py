"""The cap on the tracks of one artist in a list."""

from collections import Counter


class ArtistCap:
    """Counts the tracks of each artist in a list; tracks without an artist are not capped."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._counts: Counter[str] = Counter()

    def allows(self, artist: str) -> bool:
        """Return whether the list may hold one more track of ``artist`` (a normalised name, "" for none)."""
        return not artist or self._counts[artist] < self._limit

    def add(self, artist: str) -> None:
        """Count one more track of ``artist``."""
        self._counts[artist] += 1
