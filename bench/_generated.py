"""Generates a track table of any size whose rows cost as much time and memory as real rows.

Titles consist of words of the real table, each drawn as often as it occurs there: posting lists then grow with the
number of tracks, as real ones do. Half of the artist names are made in the same way. The other half are real names,
which the models know. The number of tracks of an artist is distributed as in the real table. The audio features of a
track are drawn from a normal distribution fitted to the real tracks of its genre.
"""

import string
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

from store.domain import AUDIO_FEATURES, FEATURE_BOUNDS

_FEATURES = [name for name in AUDIO_FEATURES if name != "duration_ms"] + ["duration_ms"]
_CHUNK = 50_000
_ID_LETTERS = np.array(list(string.digits + string.ascii_letters))
_ID_LENGTH = 22


class _Phrases:
    """Draws phrases whose lengths and words are distributed as in ``real``."""

    def __init__(self, real: pd.Series, rng: np.random.Generator) -> None:
        split = [text.split() for text in real]
        counted = Counter(word for words in split for word in words)
        self.words, counts = np.array(list(counted)), np.array(list(counted.values()), float)
        self.chances, self.lengths, self.rng = counts / counts.sum(), np.array([len(words) for words in split]), rng

    def draw(self, count: int) -> list[str]:
        lengths = self.rng.choice(self.lengths, count)
        words = self.rng.choice(self.words, lengths.sum(), p=self.chances)
        return [" ".join(part) for part in np.split(words, np.cumsum(lengths)[:-1])]


def generate_table(real: Path, target: Path, count: int, seed: int = 1) -> None:
    """Write ``count`` generated tracks to the CSV file ``target``; they resemble those of the table ``real``."""
    rng = np.random.default_rng(seed)
    table = pd.read_csv(real, dtype=str, keep_default_na=False, na_filter=False)
    table = table[(table["track_name"] != "") & (table["artist"] != "")]
    titles = _Phrases(table["track_name"], rng)
    per_artist = table["artist"].value_counts()
    sizes = np.tile(per_artist.to_numpy(), 2 + count // len(table))
    artists = np.tile(per_artist.index.to_numpy(str), 2 + count // len(table))
    invented = np.arange(len(artists)) // len(per_artist) % 2 == 1
    artists[invented] = _Phrases(table["artist"], rng).draw(invented.sum())
    by_artist = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    sounds = _sounds(table)
    genres = np.array(list(sounds))
    genre_of_artist = rng.choice(genres, len(sizes))
    popularity = pd.to_numeric(table["popularity"], errors="coerce").dropna().to_numpy()
    for begin in range(0, count, _CHUNK):
        artist = by_artist[begin : min(begin + _CHUNK, count)]
        genre = genre_of_artist[artist]
        features = np.empty((len(artist), len(_FEATURES)))
        for name in np.unique(genre):
            mask = genre == name
            features[mask] = rng.multivariate_normal(*sounds[name], mask.sum(), check_valid="ignore")
        for column, name in enumerate(_FEATURES):
            features[:, column] = np.clip(features[:, column], *FEATURE_BOUNDS[name]).round(4)
        frame = pd.DataFrame(features, columns=_FEATURES)
        frame[["key", "mode", "time_signature", "duration_ms"]] = (
            frame[["key", "mode", "time_signature", "duration_ms"]].round().astype(int)
        )
        ids = rng.choice(_ID_LETTERS, (len(artist), _ID_LENGTH))
        frame.insert(0, "track_id", ["".join(letters) for letters in ids])
        frame.insert(1, "track_name", titles.draw(len(artist)))
        frame.insert(2, "artist", artists[artist])
        frame["genres114"], frame["popularity"] = genre, rng.choice(popularity, len(artist))
        frame["release_date"] = rng.integers(1960, 2026, len(artist))
        frame.to_csv(target, mode="a" if begin else "w", header=not begin, index=False)


def _sounds(table: pd.DataFrame) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return the mean and the covariance of the audio features of each genre."""
    numbers = table[_FEATURES].apply(pd.to_numeric, errors="coerce")
    known = numbers.notna().all(axis=1) & (table["genres114"] != "")
    groups = numbers[known].groupby(table["genres114"][known].str.split("|").str[0])
    return {
        name: (of_genre.mean().to_numpy(), of_genre.cov().to_numpy())
        for name, of_genre in groups
        if len(of_genre) > len(_FEATURES)
    }
