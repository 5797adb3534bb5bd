"""The input columns of the rankers: features of a song in relation to the seeds of a playlist.

Training and serving call the same functions. The columns are computed from artists, words, genres and sound, and from
:class:`ml.continuation.interactions.Lists` where playlists are known. No column identifies a song.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.artists.model import UnitRows
from ml.continuation.interactions import Ints, Knn, Lists
from ml.sound import SoundIndex
from store.feature_rows import Floats
from store.text import normalise, plain_title

_NEAREST_ARTISTS = 3
FEWEST_GROUPS = 2  # a word in the names of fewer groups of lists is ignored
_NAME_TRUST = 3.0
_ARTIST_KNN = Knn(rarity=1.0, length=0.5, sharpness=1.5, nearest=400)
_USER_KNN = Knn(rarity=2.0, length=0.3, sharpness=1.5, nearest=2000)
_ITEM_POWER = 0.3
_BLOCK = 16384
_POPULARITY = 20.0  # assumed for a song of unknown popularity
# Weights of the columns of artists and songs in the score that selects candidates.
_COARSE_ARTIST = {
    "same_artist": 1.2,
    "artist_near": 2.5,
    "artist_mean": 3.0,
    "artist_genres": 0.15,
    "artist_prior": 1.0,
    "name_artist": 1.0,
}
_COARSE_SONG = {"popularity": 1.5, "sound": 0.25, "name_sound": 0.1}
_FEWEST_LACKING = 0.1  # least number of candidates that lack facts, relative to those with all facts

CONTENT = (
    "same_artist",
    "artist_near",
    "artist_mean",
    "artist_genres",
    "artist_prior",
    "popularity",
    "popularity_apart",
    "sound",
    "sound_near",
    "same_album",
    "title_words",
    "name_in_title",
    "name_artist",
    "name_sound",
    "seeds",
    "artists_per_seed",
    "coverage",
)
EVIDENCE = (
    *("user_knn", "item_knn", "name_knn", "like_lists", "artist_knn"),
    *("lists", "user_strength", "seeds_listed"),
)
LIST_SCORES = EVIDENCE[:4]  # by recording; each chooses candidates


@dataclass(frozen=True, kw_only=True)
class Artists:
    """``A`` artists: ``places`` (A, d) unit rows, ``prior`` (A,) 0 to 1, ``genres`` (A, 4) codes or -1."""

    places: Floats | UnitRows
    prior: Floats
    genres: Ints

    @cached_property
    def genre_rarity(self) -> Floats:
        """(g,) the logarithm of the inverse frequency of each genre among artists."""
        counts = np.bincount(self.genres[self.genres >= 0])
        return np.log(max(len(self.genres), 1) / np.maximum(counts, 1))


@dataclass(frozen=True, kw_only=True)
class Columns:
    """What is known of n songs.

    ``artist`` (n,) are numbers in :class:`Artists` or -1, ``popularity`` (n,) is 0 to 100, ``sound`` (n, 12) are
    :func:`ml.sound.coordinates`; NaN is unknown.
    """

    artist: Ints
    popularity: Floats
    sound: Floats

    def __len__(self) -> int:
        return len(self.artist)

    @cached_property
    def lacks_sound(self) -> npt.NDArray[np.bool_]:
        """(n,) whether any coordinate of the sound is unknown."""
        return np.asarray(np.isnan(self.sound).any(axis=1))

    @cached_property
    def lacks_facts(self) -> npt.NDArray[np.bool_]:
        """(n,) whether the whole sound or the popularity is unknown, as it is for songs that no table holds.

        A table holds noises and rain without a tempo: they are no more like songs of which only the names are known.
        """
        return np.isnan(self.sound).all(axis=1) | np.isnan(self.popularity)

    @cached_property
    def filled_sound(self) -> npt.NDArray[np.float32]:
        """(n, 12) the sound with 0 for unknown coordinates."""
        return np.where(np.isnan(self.sound), np.float32(0.0), self.sound.astype(np.float32))

    def take(self, rows: Ints) -> Columns:
        """Return the columns of some songs."""
        return Columns(artist=self.artist[rows], popularity=self.popularity[rows], sound=self.sound[rows])


@dataclass(frozen=True, kw_only=True)
class SegmentColumns:
    """The :class:`Columns` of a segment; the sounds stay in ``index``, by which tracks are recommended, too."""

    artist: Ints
    popularity: Floats
    index: SoundIndex

    def __len__(self) -> int:
        return len(self.artist)

    @cached_property
    def lacks_sound(self) -> npt.NDArray[np.bool_]:
        return self.index.is_partial | self.index.is_unknown

    @cached_property
    def lacks_facts(self) -> npt.NDArray[np.bool_]:
        return self.index.is_unknown | np.isnan(self.popularity)

    @property
    def filled_sound(self) -> npt.NDArray[np.float32]:
        return self.index.places

    def take(self, rows: Ints) -> Columns:
        """Return the columns of some songs."""
        return Columns(artist=self.artist[rows], popularity=self.popularity[rows], sound=self.index.take(rows))


# What candidates are chosen from.
Pool = Columns | SegmentColumns


@dataclass(frozen=True, kw_only=True)
class Background:
    """Statistics of all recordings in training.

    ``sound_mean`` and ``sound_variance`` (12,); ``rarity`` the logarithm of the inverse frequency of title words and
    ``rare`` that of all other words.
    """

    sound_mean: Floats
    sound_variance: Floats
    rarity: Mapping[str, float]
    rare: float


@dataclass(frozen=True, kw_only=True)
class NameHint:
    """Means over lists whose names share words with this one.

    ``place`` (d,) of their artists, ``sound`` (12,), NaN if unknown; ``weight``, 0 to 1, grows with the count of lists.
    """

    place: Floats
    sound: Floats
    weight: float


class NameWords:
    """Sums over the groups of lists with a word in their names; one group can be subtracted.

    ``groups`` (W,) are counts, ``place`` (W, d) and ``sound`` (W, 13) sums; the last column of ``sound`` counts the
    groups of known sound. ``index`` maps a word to its row.
    """

    def __init__(self, index: Mapping[str, int], groups: Ints, place: Floats, sound: Floats) -> None:
        self.index, self.groups, self.place, self.sound = index, groups, place, sound

    def hint(self, name_words: Iterable[str], excluded: tuple[Floats, Floats] | None = None) -> NameHint | None:
        """Return the hint of the words, ``None`` for unknown ones; ``excluded`` is the (place, sound) to subtract."""
        rows = [self.index[word] for word in name_words if word in self.index]
        count = np.array([int(self.groups[row]) - (excluded is not None) for row in rows])
        rows = [row for row, n in zip(rows, count.tolist(), strict=True) if n >= FEWEST_GROUPS]
        count = count[count >= FEWEST_GROUPS]
        if not rows:
            return None
        trust = count / (count + _NAME_TRUST) / np.log(2.0 + count)  # frequent words such as "the" weigh less
        place, sound = (
            table[rows].astype(float) - share
            for table, share in zip((self.place, self.sound), excluded or (0.0, 0.0), strict=True)
        )
        centre, sounds = (trust / count) @ place, trust @ sound
        return NameHint(
            place=(centre / trust.sum()).astype(np.float32),
            sound=sounds[:-1] / sounds[-1] if sounds[-1] > 0 else np.full(len(sounds) - 1, np.nan),
            weight=float((count / (count + _NAME_TRUST)).max()),
        )


@dataclass(frozen=True, kw_only=True)
class Seeds:
    """A playlist to be continued.

    ``columns``, ``albums`` (any hashable or ``None``) and ``titles`` (their words) describe its songs, ``name_words``
    and ``hint`` its name.
    """

    columns: Columns
    albums: Sequence[Any] = ()
    titles: Sequence[Sequence[str]] = ()
    name_words: frozenset[str] = frozenset()
    hint: NameHint | None = None


def words(text: str) -> list[str]:
    """Return the distinct words of a title or a playlist's name, normalised, in order."""
    return list(dict.fromkeys(normalise(text).split()))


def top(scores: Floats, most: int) -> Ints:
    """Return the positions of the ``most`` highest scores, in any order."""
    if most >= len(scores):
        return np.arange(len(scores))
    return np.argpartition(-scores, most)[:most] if most else np.empty(0, np.int64)


def title_words(title: str) -> list[str]:
    """Return the words of a title without guests and edition marks, as the catalogue keeps it."""
    return words(plain_title(title))


@dataclass
class Profile:
    """Statistics of the seeds, computed once per playlist; ``of_artist`` holds columns (A,) over artists."""

    seeds: Seeds
    background: Background
    artists: Artists
    of_artist: dict[str, Floats] = field(init=False)

    def __post_init__(self) -> None:
        self.of_artist = self._artists()
        self._sound = self._sounds()
        known = self.seeds.columns.popularity
        known = known[~np.isnan(known)]
        self._popularity = float(known.mean()) if len(known) else 45.0
        # Share of seeds that lack facts, with one vote each way added: their next songs mostly lack them, too.
        self._lacking = (self.seeds.columns.lacks_facts.sum() + 1) / (len(self.seeds.columns) + 2)
        counts = Counter(word for title in self.seeds.titles for word in title)
        self._titles = {word: count / len(self.seeds.titles) for word, count in counts.items()}
        self._albums = Counter(album for album in self.seeds.albums if album is not None)

    def _artists(self) -> dict[str, Floats]:
        places, n = self.artists.places, len(self.artists.places)
        mine = self.seeds.columns.artist
        mine = mine[mine >= 0]
        same, near, mean, name = (np.zeros(n, np.float32) for _ in range(4))
        hint = self.seeds.hint
        artists, counts = np.unique(mine, return_counts=True)
        same[artists] = counts
        own = places[artists]
        centre = own.T @ (counts / max(len(mine), 1)).astype(np.float32)
        for block in (slice(at, at + _BLOCK) for at in range(0, n, _BLOCK) if len(mine) or hint is not None):
            rows = places[block]
            if len(mine):
                mean[block] = rows @ centre
                near[block] = _mean_of_highest(own @ rows.T, _NEAREST_ARTISTS)
            if hint is not None:
                name[block] = rows @ hint.place
        return {
            "same_artist": same,
            "artist_near": near,
            "artist_mean": mean,
            "artist_genres": self._genres(mine),
            "artist_prior": self.artists.prior,
            "name_artist": name,
        }

    def _genres(self, mine: Ints) -> Floats:
        """Return (A,) the summed share of the seeds with each of an artist's genres, weighted by rarity."""
        table, rarity = self.artists.genres, np.append(self.artists.genre_rarity, 0.0)  # -1 takes the last
        held = np.bincount(table[mine].ravel() + 1, minlength=len(rarity))[1:]
        weights = np.append(held / max(len(mine), 1), 0.0) * rarity
        return weights[table].sum(axis=1).astype(np.float32)

    def _sounds(self) -> tuple[Floats, Floats]:
        sound = self.seeds.columns.sound
        all_mean, all_variance = self.background.sound_mean, self.background.sound_variance
        known = ~np.isnan(sound)
        count = known.sum(axis=0)
        mean = (np.where(known, sound, 0.0).sum(axis=0) + all_mean) / (count + 1)
        squares = np.where(known, (sound - mean) ** 2, 0.0).sum(axis=0)
        return mean, (squares + 4 * all_variance) / (count + 4)

    def rarity(self, word: str) -> float:
        return self.background.rarity.get(word, self.background.rare)

    def coarse(self, pool: Pool) -> Floats:
        """Return (n,) scores that select candidates: a weighted sum of columns, fast enough for a whole catalogue."""
        of_artist = {**self.of_artist, "same_artist": np.log1p(self.of_artist["same_artist"])}
        weighted = np.sum([weight * of_artist[name] for name, weight in _COARSE_ARTIST.items()], axis=0)
        total: Floats = np.append(weighted, np.float32(0.0))[pool.artist]  # -1 takes the last
        total += np.float32(_COARSE_SONG["popularity"] / 100.0) * np.nan_to_num(pool.popularity, nan=_POPULARITY)
        total += np.float32(_COARSE_SONG["sound"]) * self._sound_ratio(pool)
        if self.seeds.hint is not None:
            total += np.float32(_COARSE_SONG["name_sound"]) * self._hinted(pool)
        return total

    def choose(self, pool: Pool, most: int, among: npt.NDArray[np.bool_] | None = None) -> Ints:
        """Return the best songs by :meth:`coarse`: ``most`` with all facts, and some that lack facts.

        ``among`` (n,) marks the songs that may be chosen. Songs that lack facts are chosen separately, in proportion to
        such seeds. Unknown facts count as average, so songs with all facts would nearly always rank above them.
        """
        scores = self.coarse(pool)
        found = []
        for group, share in ((~pool.lacks_facts, 1.0), (pool.lacks_facts, self._lacking)):
            rows = np.flatnonzero(group if among is None else group & among)
            found.append(rows[top(scores[rows], round(most * max(share, _FEWEST_LACKING)))])
        return np.concatenate(found)

    def columns(self, pool: Columns) -> dict[str, Floats]:
        """Return the columns (n,) of candidates that need neither titles nor albums."""
        artist = pool.artist
        found: dict[str, Floats] = {}
        for name, values in self.of_artist.items():
            found[name] = np.where(artist >= 0, values[artist], np.float32(0.0))
        known = ~np.isnan(pool.popularity)
        found["popularity"] = np.where(known, pool.popularity, _POPULARITY) / 100.0
        found["popularity_apart"] = np.where(known, np.abs(pool.popularity - self._popularity), 25.0) / 100.0
        found["sound"] = self._sound_ratio(pool)
        found["name_sound"] = self._hinted(pool)
        found["coverage"] = self._coverage(pool)
        return found

    def _coverage(self, pool: Columns) -> Floats:
        """Return (n,) the share of the seeds that are like each song in lacking facts or not."""
        return np.where(pool.lacks_facts, np.float32(self._lacking), np.float32(1 - self._lacking))

    def _sound_ratio(self, pool: Pool) -> Floats:
        """Return (n,) log-likelihood ratios of the seeds' normal distribution to that of all songs."""
        mean, variance = self._sound
        all_mean, all_variance = self.background.sound_mean, self.background.sound_variance
        # The quadratic form as two matrix-vector products, which are faster than elementwise operations.
        curved, straight = (1 / all_variance - 1 / variance) / 2, mean / variance - all_mean / all_variance
        level = (all_mean**2 / all_variance - mean**2 / variance + np.log(all_variance / variance)) / 2
        curved, straight = curved.astype(np.float32), straight.astype(np.float32)
        ratio = np.full(len(pool), np.float32(level.sum()))
        for at in range(0, len(pool), _BLOCK):
            values = pool.filled_sound[at : at + _BLOCK]
            ratio[at : at + _BLOCK] += values**2 @ curved + values @ straight
        return np.where(pool.lacks_sound, np.float32(0.0), np.clip(ratio, -10.0, 10.0))

    def _hinted(self, pool: Pool) -> Floats:
        hint, background = self.seeds.hint, self.background.sound_mean
        if hint is None or np.isnan(hint.sound).any():
            return np.zeros(len(pool), np.float32)
        direction = ((hint.sound - background) / self.background.sound_variance).astype(np.float32)
        ratio = pool.filled_sound @ direction - np.float32(background @ direction)
        return np.where(pool.lacks_sound, np.float32(0.0), np.clip(ratio, -5.0, 5.0))

    def finish(
        self, found: dict[str, Floats], pool: Columns, albums: Sequence[Any], titles: Sequence[Sequence[str]]
    ) -> None:
        """Add the columns that need titles, albums and each seed's sound; slow, so only for the chosen candidates."""
        found["same_artist"] = np.log1p(found["same_artist"])
        found["same_album"] = np.log1p([self._albums[album] for album in albums])
        found["title_words"] = np.array(
            [sum(self._titles.get(word, 0.0) * self.rarity(word) for word in title) for title in titles]
        )
        named = self.seeds.name_words
        found["name_in_title"] = np.array([sum(self.rarity(w) for w in title if w in named) for title in titles])
        found["sound_near"] = self._nearest_sound(pool.sound)
        count = len(self.seeds.columns)
        artists = len(np.unique(self.seeds.columns.artist))
        found["seeds"] = np.full(len(pool), np.log1p(count))
        found["artists_per_seed"] = np.full(len(pool), artists / max(count, 1))

    def _nearest_sound(self, sound: Floats) -> Floats:
        """Return (n,) the negated mean distance to the three nearest seeds by sound; -1 where unknown."""
        mine = self.seeds.columns.sound
        mine = mine[~np.isnan(mine).any(axis=1)]
        whole = ~np.isnan(sound).any(axis=1)
        found = np.full(len(sound), -1.0)
        if len(mine) and whole.any():
            known = sound[whole]
            squared = (known**2).sum(axis=1)[:, None] + (mine**2).sum(axis=1) - 2 * known @ mine.T
            k = min(3, len(mine))
            near = np.partition(np.maximum(squared, 0.0), k - 1, axis=1)[:, :k]
            found[whole] = -np.sqrt(near).mean(axis=1)
        return found


def _mean_of_highest(rows: Floats, most: int) -> Floats:
    """Return (n,) the mean of the ``most`` highest, or of all if there are fewer, in each column of ``rows`` (m, n)."""
    highest = rows[:most].copy()
    for row in rows[most:]:
        # One pass of a bubble sort drops the lowest value. It is ten times as fast as a partition of each column.
        for at in range(most):
            highest[at], row = np.maximum(highest[at], row), np.minimum(highest[at], row)
    return np.asarray(highest.mean(axis=0))


@dataclass(frozen=True, kw_only=True)
class ListIndex:
    """An index of the training playlists.

    ``songs`` are the lists over recordings, ``artists`` the same lists over artists (numbered as in :class:`Artists`),
    ``word_lists`` the numbers of the lists with a word in their name.
    """

    songs: Lists
    artists: Lists
    word_lists: Mapping[str, Ints]

    @classmethod
    def of(cls, songs: Lists, artists: Iterable[Ints], names: Iterable[str], artist_count: int) -> ListIndex:
        """Index lists by their ``songs``, the first artists of these (numbers or -1) and the words of their ``names``.

        An artist weighs the square root of its number of songs over that of the list's most frequent artist.
        """
        held, shares = [], []
        word_lists: dict[str, list[int]] = defaultdict(list)
        for at, (artists_of_list, name) in enumerate(zip(artists, names, strict=True)):
            who, counts = np.unique(artists_of_list[artists_of_list >= 0], return_counts=True)
            held.append(who.astype(np.int32))
            shares.append(np.sqrt(counts / counts.max(initial=1)).astype(np.float32))
            for word in words(name):
                word_lists[word].append(at)
        return cls(
            songs=songs,
            artists=Lists.of(held, artist_count, shares),
            word_lists={word: np.array(ats) for word, ats in word_lists.items()},
        )

    def muting(self, lists: Ints) -> ListIndex:
        """Return the index without the ``lists`` of these numbers."""
        return replace(self, songs=self.songs.muting(lists), artists=self.artists.muting(lists))

    def scores_for(self, seeds: Ints, artists: Ints, amounts: Floats, name_words: frozenset[str]) -> dict[str, Floats]:
        """Return the scores of recordings (n,) by kind of kNN, and of artists (A,), ``of_artist``; each at most 1.

        ``seeds`` are recordings, ``artists`` those of the seeds with their ``amounts``. ``user_strength`` and
        ``seeds_listed`` are single numbers about the query.
        """
        weights = self.songs.weights(seeds, _USER_KNN)
        named = np.zeros(len(self.songs))
        for word in name_words:
            if word in self.word_lists:
                at = self.word_lists[word]
                named[at] += np.log((1 + len(self.songs)) / (1 + len(at))) ** 2
        named[self.songs.muted] = 0.0
        alike = self.artists.weights(artists, _ARTIST_KNN, amounts)
        return {
            "user_knn": scaled(self.songs.scores(weights)),
            "item_knn": scaled(self.songs.item_neighbours(seeds, _ITEM_POWER)),
            "name_knn": scaled(self.songs.scores(named / np.maximum(np.diff(self.songs.start), 1) ** 0.3)),
            "like_lists": scaled(self.songs.scores(alike)),
            "of_artist": scaled(self.artists.scores(alike)),
            "user_strength": np.array(np.log1p(weights.max(initial=0.0))),
            "seeds_listed": np.array((self.songs.count[seeds] > 0).mean() if len(seeds) else 0.0),
        }


def scaled(scores: Floats) -> Floats:
    """Return scores (0 or more) divided by the highest one."""
    return scores / max(float(scores.max(initial=0.0)), 1e-12)


def evidence_columns(scores: Mapping[str, Floats], counts: Ints, rows: Ints, artist: Ints) -> dict[str, Floats]:
    """Return the EVIDENCE columns (m,) of recordings: ``rows`` (m,) in the lists or -1, ``artist`` (m,) or -1."""
    listed = rows >= 0
    found = {name: np.where(listed, scores[name][rows], 0.0) for name in LIST_SCORES}
    found["artist_knn"] = np.where(artist >= 0, scores["of_artist"][artist], 0.0)
    found["lists"] = np.log1p(np.where(listed, counts[rows], 0))
    for name in ("user_strength", "seeds_listed"):
        found[name] = np.full(len(rows), float(scores[name]))
    return found
