"""Training of the neural part of playlist continuation on the user's playlists and the catalogue."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ml.continuation.features import Columns
from ml.continuation.model import Continuation
from ml.continuation.neural import Neural, facts
from ml.continuation.train.neural import FEWEST_SONGS, Corpus, Ints, Settings, Trainer, fit
from ml.continuation.train.protocol import best, measures
from ml.continuation.train.sets import TrainingList
from ml.sound import SHARES
from store.catalogue.catalogue import Snapshot

MOST_ROWS = 500_000  # songs with a row, the most frequent ones: 130 MB
_FEW_WINDOWS, _SMALL = 5000, replace(Settings(), batch=32, epochs=30, patience=4, most_rows=MOST_ROWS)
_LARGE = replace(Settings(), most_rows=MOST_ROWS)
_VALIDATION, _LEAST_VALIDATION, _MOST_VALIDATION = 0.1, 3, 60
_LEAST_LEARNT = 8  # lists; with fewer there is no validation set


class UserTrainedNeural:
    """Trains on ``lists`` over their songs, numbered as in ``model.playlist_evidence``, and the whole catalogue."""

    def __init__(self, model: Continuation, snapshot: Snapshot, lists: Sequence[TrainingList]) -> None:
        assert model.playlist_evidence is not None
        codes = [segment.recording_code for segment in snapshot.segments]
        every = np.unique(np.concatenate([model.playlist_evidence.recordings, *codes]))
        self._listed = np.searchsorted(every, model.playlist_evidence.recordings)
        artist = np.full(len(every), -1, np.int64)
        for playlist in lists:
            artist[np.searchsorted(every, playlist.recordings)] = playlist.artists
        columns = _columns_of(model.pools(snapshot), codes, every)
        columns = replace(columns, artist=np.where(columns.artist >= 0, columns.artist, artist))
        usable = [at for at, playlist in enumerate(lists) if len(playlist.recordings) >= FEWEST_SONGS]
        self._place = {at: i for i, at in enumerate(usable)}
        held = [np.searchsorted(every, lists[at].recordings) for at in usable]
        self._corpus = Corpus(
            lists=[np.array(list(dict.fromkeys(songs.tolist())), np.int32) for songs in held],
            shares=[None] * len(usable),
            ordered=[True] * len(usable),
            groups=np.arange(len(usable)),
            artist=columns.artist,
            places=model.artist_table.places,
            known=facts(columns, model.artist_table, model.background),
            pool=np.arange(len(every)),
        )
        few = len(usable) * Settings().windows < _FEW_WINDOWS
        self._settings = _SMALL if few else _LARGE

    def stopped(self, left_out: Sequence[int], seed: int, report: Callable[[int], None]) -> tuple[Neural, int]:
        """Train without the lists ``left_out``, stopped on a tenth of the others; return the part and its epochs."""
        rng = np.random.default_rng(seed)
        out = [self._place[at] for at in left_out if at in self._place]
        mine = np.setdiff1d(np.arange(len(self._place)), np.array(out, np.int64))
        if len(mine) < _LEAST_LEARNT:
            trainer, epochs = fit(self._corpus.only(mine), self._settings, seed, epochs=self._settings.epochs // 2)
            return self._by_listed(trainer.neural()), epochs
        count = int(np.clip(_VALIDATION * len(mine), _LEAST_VALIDATION, _MOST_VALIDATION))
        valid, learnt = np.split(rng.permutation(mine), [count])
        queries = [rng.permutation(self._corpus.lists[at]) for at in valid.tolist()]
        trainer, epochs = fit(
            self._corpus.only(np.sort(learnt)),
            self._settings,
            seed,
            score=lambda neural: self._score(neural, queries),
            report=lambda epoch, _: report(epoch),
        )
        return self._by_listed(trainer.neural()), epochs

    def final(self, epochs: int, seed: int, report: Callable[[int], None]) -> tuple[Trainer, Neural]:
        """Train on all lists."""
        trainer, _ = fit(self._corpus, self._settings, seed, epochs=epochs, report=lambda epoch, _: report(epoch))
        return trainer, self._by_listed(trainer.neural())

    def _by_listed(self, neural: Neural) -> Neural:
        return replace(neural, song_row=neural.song_row[self._listed])

    def _score(self, neural: Neural, queries: Sequence[Ints]) -> float:
        corpus, found = self._corpus, []
        every = np.arange(len(corpus.artist))
        for songs in queries:
            seeds, hidden = np.split(songs, [len(songs) // 2])
            query_scores = neural.scores_for(seeds, corpus.artist[seeds], corpus.known[seeds], corpus.places)
            scores = query_scores.of_songs(every, corpus.artist, corpus.known)
            found.append(measures(best(scores - scores.min() + 1e-6, seeds), hidden)[1])
        return float(np.mean(found))


def _columns_of(pools: Sequence[Columns], codes: Sequence[npt.NDArray[np.int64]], every: Ints) -> Columns:
    """Return the columns of the recordings ``every``, each from the last pool that has it, else unknown."""
    n = len(every)
    found = Columns(
        artist=np.full(n, -1, np.int64),
        popularity=np.full(n, np.nan, np.float32),
        sound=np.full((n, len(SHARES)), np.nan, np.float32),
    )
    for pool, code in zip(pools, codes, strict=True):
        at = np.searchsorted(every, code)
        found.artist[at], found.popularity[at], found.sound[at] = pool.artist, pool.popularity, pool.sound
    return found
