"""The candidates of held-out queries and their columns, computed without leaking the hidden songs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.continuation.features import (
    CONTENT,
    EVIDENCE,
    LIST_SCORES,
    Artists,
    Background,
    Columns,
    ListIndex,
    NameWords,
    Profile,
    Seeds,
    evidence_columns,
    title_words,
    words,
)
from ml.continuation.interactions import Ints, Lists
from ml.continuation.model import CHOSEN, MOST_SEEDS
from ml.continuation.train.data import ContinuationData, SongList
from ml.continuation.train.neural import FEWEST_SONGS, Corpus
from ml.continuation.train.protocol import HeldOutQuery, best
from ml.continuation.train.songs import Neural, facts
from store.feature_rows import Floats

NEURAL = ("neural",)  # the column of the neural part, for the ranker "ensemble"
_CHOSEN_NEURAL, _LEAST_NEURAL = (
    700,
    -20.0,
)  # number of candidates by it; lower bound relative to the best score, in nats
_COMMON_WORD = 20  # words in no more titles than this all have the same rarity


@dataclass(frozen=True, kw_only=True)
class Ranked:
    """The candidates of one query: recordings (m,), columns (m, f), and whether each is a hidden song (``hit``).

    The columns are the first f of ``CONTENT + EVIDENCE + NEURAL``.
    """

    songs: Ints
    columns: Floats
    hit: npt.NDArray[np.bool_]


class World:
    """One split of the data, with the embedding of ``artists`` and the mask ``kept`` (lists,) of the training lists."""

    def __init__(self, data: ContinuationData, artists: Artists, kept: npt.NDArray[np.bool_], titles: Titles) -> None:
        self.lists, self.artists, self.titles = data.lists, artists, titles
        self.places: npt.NDArray[np.float32] = np.asarray(artists.places)  # training reads them again and again
        self.album, self.pool, self.kept = data.album, data.songs, kept
        # Nearly every song without a row in the track table comes from a playlist. If no training list holds such a
        # song, a held-out one does; it is no candidate, because its presence would leak the answer.
        self.described = ~self.pool.lacks_facts
        self.index = build_index(data.lists, self.pool, len(self.places), kept)
        self.groups = by_group(data.lists)
        self.background = background(self.pool, titles)
        learnt = {group: ats for group, ats in self.groups.items() if kept[ats[0]]}
        self.shares = group_shares(data.lists, learnt, self.pool, self.places)
        self.names = name_words(data.lists, self.groups, self.shares)
        self.known = facts(self.pool, artists, self.background)

    def seeds(self, query: HeldOutQuery) -> Seeds:
        name = frozenset(words(query.name))
        share = self.shares.get(query.group)
        return Seeds(
            columns=self.pool.take(query.seeds),
            albums=[album if album >= 0 else None for album in self.album[query.seeds].tolist()],
            titles=[self.titles[song] for song in query.seeds.tolist()],
            name_words=name,
            hint=self.names.hint(name, share),
        )

    def corpus(self, kept: npt.NDArray[np.bool_]) -> Corpus:
        """Return the lists of the mask ``kept`` (lists,) as training data of the neural part."""
        ats = [at for at in np.flatnonzero(kept).tolist() if len(self.lists[at].held) >= FEWEST_SONGS]
        lists = [self.lists[at] for at in ats]
        always = [bool((playlist.shares >= 1).all()) for playlist in lists]
        listed = build_index(self.lists, self.pool, len(self.places), kept).songs.count > 0
        return Corpus(
            lists=[playlist.songs if whole else playlist.held for playlist, whole in zip(lists, always, strict=True)],
            shares=[None if whole else playlist.shares for playlist, whole in zip(lists, always, strict=True)],
            ordered=[playlist.ordered for playlist in lists],
            groups=np.unique([playlist.group for playlist in lists], return_inverse=True)[1],
            artist=self.pool.artist,
            places=self.places,
            known=self.known,
            pool=np.flatnonzero(self.described | listed),
        )

    def neural_scores(self, neural: Neural, query: HeldOutQuery) -> Floats:
        """Return (n,) scores of all songs, above 0 for candidates and 0 for the others."""
        seeds, artist = query.seeds[-MOST_SEEDS:], self.pool.artist
        scores = neural.scores_for(seeds, artist[seeds], self.known[seeds], self.places)
        every = np.arange(len(self.pool))
        return _positive(scores.of_songs(every, artist, self.known)) * self.candidates(query)

    def candidates(self, query: HeldOutQuery) -> npt.NDArray[np.bool_]:
        """Return the mask (n,) of the candidates: songs in the track table or in a training list of another group."""
        return self.described | (self.index.songs.muting(self.groups[query.group]).count > 0)

    def ranked(self, query: HeldOutQuery, *, with_lists: bool = True, neural: Floats | None = None) -> Ranked:
        """Return the candidates of a query and their columns, computed without the lists of its group.

        ``neural`` (n,) are the :meth:`neural_scores` of a model that was trained without the group.
        """
        profile = Profile(self.seeds(query), self.background, self.artists)
        allowed = self.candidates(query)
        allowed[query.seeds] = False
        chosen = [profile.choose(self.pool, CHOSEN["content"], allowed)]
        rows = np.full(len(self.pool), -1)
        scores = None
        index = self.index.muting(self.groups[query.group])
        if with_lists:
            artists, counts = np.unique(self.pool.artist[query.seeds], return_counts=True)
            scores = index.scores_for(query.seeds, artists, np.sqrt(counts), profile.seeds.name_words)
            rows = np.arange(len(self.pool))
            chosen += [best(scores[name], query.seeds, CHOSEN[name]) for name in LIST_SCORES]
        if neural is not None:
            chosen.append(best(neural, query.seeds, _CHOSEN_NEURAL))
        songs = np.unique(np.concatenate(chosen))
        candidates = self.pool.take(songs)
        found = profile.columns(candidates)
        albums = [album if album >= 0 else None for album in self.album[songs].tolist()]
        profile.finish(found, candidates, albums, [self.titles[song] for song in songs.tolist()])
        names: tuple[str, ...] = CONTENT
        if scores is not None:
            found |= evidence_columns(scores, index.songs.count, rows[songs], candidates.artist)
            names += EVIDENCE
        if neural is not None:
            found["neural"] = np.maximum(neural[songs] - neural[songs].max(initial=-np.inf), _LEAST_NEURAL)
            names += NEURAL
        table = np.column_stack([found[name] for name in names]).astype(np.float32)
        return Ranked(songs=songs, columns=table, hit=np.isin(songs, query.hidden))


class Titles:
    """The words of every recording's title."""

    def __init__(self, titles: Sequence[str]) -> None:
        self._words = [tuple(title_words(title)) for title in titles]
        counts = Counter(word for title in self._words for word in title)
        self.rare = float(np.log(len(titles) / _COMMON_WORD))
        self.rarity = {w: float(np.log(len(titles) / n)) for w, n in counts.items() if n > _COMMON_WORD}

    def __getitem__(self, song: int) -> tuple[str, ...]:
        return self._words[song]


def _positive(scores: Floats) -> Floats:
    return scores - scores.min() + 1e-6


def by_group(lists: Sequence[SongList]) -> dict[str, Ints]:
    """Return the numbers of the lists of each group."""
    found: dict[str, list[int]] = defaultdict(list)
    for at, playlist in enumerate(lists):
        found[playlist.group].append(at)
    return {group: np.array(ats) for group, ats in found.items()}


def build_index(lists: Sequence[SongList], pool: Columns, artist_count: int, kept: npt.NDArray[np.bool_]) -> ListIndex:
    """Return an index of the lists of the mask ``kept``; the others become empty, so that numbers stay the same."""
    none: Ints = np.empty(0, np.int32)
    held = [playlist.held if keep else none for playlist, keep in zip(lists, kept, strict=True)]
    shares = [playlist.shares**0.5 if keep else none.astype(float) for playlist, keep in zip(lists, kept, strict=True)]
    names = [playlist.name if keep else "" for playlist, keep in zip(lists, kept, strict=True)]
    artists = [pool.artist[songs] for songs in held]
    return ListIndex.of(Lists.of(held, len(pool), shares), artists, names, artist_count)


def background(pool: Columns, titles: Titles) -> Background:
    """Return the statistics of all recordings."""
    mean, variance = np.nanmean(pool.sound, axis=0), np.nanvar(pool.sound, axis=0)
    return Background(sound_mean=mean, sound_variance=variance, rarity=titles.rarity, rare=titles.rare)


def group_shares(
    lists: Sequence[SongList], groups: Mapping[str, Ints], pool: Columns, places: Floats
) -> dict[str, tuple[Floats, Floats]]:
    """Return for each group with a name the mean vector (d,) of its artists, and (13,) its mean sound and a 1.

    The latter is zeros if no sound is known.
    """
    found = {}
    for group, ats in groups.items():
        if any(lists[at].name for at in ats.tolist()):
            columns = pool.take(np.unique(np.concatenate([lists[at].held for at in ats.tolist()])))
            sounds = columns.sound[~columns.lacks_sound]
            sound = np.append(sounds.mean(axis=0), 1.0) if len(sounds) else np.zeros(pool.sound.shape[1] + 1)
            found[group] = places[columns.artist].mean(axis=0), sound
    return found


def name_words(
    lists: Sequence[SongList], groups: dict[str, Ints], shares: dict[str, tuple[Floats, Floats]]
) -> NameWords:
    """Return the sums of the ``shares`` of the groups by the words in their names."""
    index: dict[str, int] = {}
    rows, owner = [], []
    for at, group in enumerate(shares):
        held = {word for number in groups[group].tolist() for word in words(lists[number].name) if lists[number].name}
        for word in sorted(held):
            rows.append(index.setdefault(word, len(index)))
            owner.append(at)
    tables = [np.array([share[k] for share in shares.values()]) for k in range(2)]
    sums = [np.zeros((len(index), table.shape[1])) for table in tables]
    for total, table in zip(sums, tables, strict=True):
        np.add.at(total, rows, table[owner])
    return NameWords(index, np.bincount(rows, minlength=len(index)), *sums)
