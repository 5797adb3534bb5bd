"""The reason why a song may come next, in words: songs of the playlist that it goes with."""

from collections.abc import Sequence

import numpy as np

from ml.artists.model import ArtistEmbedding
from ml.continuation.features import Artists, Columns
from ml.sound import coordinates
from store.domain import Track
from store.feature_rows import feature_rows
from store.text import normalise


class Reasons:
    """Gives the reasons for one playlist.

    ``seeds`` are its songs, ``columns`` the columns of the same songs; ``table`` holds the artists of ``artists``.
    """

    def __init__(self, seeds: Sequence[Track], columns: Columns, artists: ArtistEmbedding, table: Artists) -> None:
        self._seeds, self._columns, self._artists, self._table = seeds, columns, artists, table
        self._places = table.places[columns.artist]
        self._first = np.array([normalise(seed.first_artist) for seed in seeds])

    def of(self, track: Track, artist: int) -> str:
        """Return a text with the one or two nearest songs of the playlist, by artist and sound, and what they share.

        ``artist`` is the number of the track's artist or -1.
        """
        if not self._seeds:
            return "goes with the words of this playlist's name"
        first = normalise(track.first_artist)
        same = (self._first == first) & (first != "")
        nearness = same.astype(float)
        if artist >= 0:
            mine = self._columns.artist
            nearness += np.where(mine >= 0, self._places @ self._table.places[np.array([artist])][0], 0.0)
        if track.features is not None:
            place = coordinates(feature_rows([track.features]))[0]
            nearness += 0.5 * np.exp(-np.nan_to_num(((self._columns.sound - place) ** 2).sum(axis=1), nan=9.0))
        nearest = [self._seeds[at] for at in np.argsort(-nearness, kind="stable")]
        titles = list(dict.fromkeys(seed.title for seed in nearest))[:2]
        with_ = f"goes with {' and '.join(titles)}"
        if same.any():
            return f"{with_}: {track.first_artist} is in this playlist already"
        theirs = self._artists.genres(nearest[0].artists[0]) if nearest[0].artists else ()
        shared = [genre for genre in (self._artists.genres(artist) if artist >= 0 else ()) if genre in theirs]
        return f"{with_}: {', '.join(shared[:2])}" if shared else with_
