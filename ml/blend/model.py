"""One list for several people: tracks of the catalogue that go with what each of them chose, shared out fairly.

How well a track goes with a person is the mean of the three of their tracks that it goes with best
(:meth:`~ml.neighbours.model.Neighbours.likeness`), put on a scale of *satisfaction* on which the middle of the
catalogue is 0 and the best track there is for that person is 1: so nobody counts for more because their taste is
easily met (normalised utilities, as in Lin et al., RecSys 2017). :mod:`ml.blend.fairness` chooses.

Novelty follows S. Vargas and P. Castells, "Rank and relevance in novelty and diversity metrics" (RecSys 2011): half
of it is being little known (popularity), half being far from what the people chose (distance).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.artists.model import top
from ml.blend.fairness import Choice, Method, Share, apportion, choose, shares
from ml.guards import caught, is_out_of_length
from ml.neighbours.model import Neighbours, NothingToCompare, recordings_of
from ml.neighbours.reasons import reasons
from store.catalogue.catalogue import Ref, Snapshot
from store.catalogue.segment import recording_hash
from store.domain import AUDIO_FEATURES, Track
from store.text import recording_key

Floats = npt.NDArray[np.float32]

MOST_PEOPLE = 20
MOST_TRACKS = 100
# So many of a person's tracks are compared with the catalogue, evenly from the first to the last.
SEEDS = 16
_NEAREST = 3
# So many candidates per person and place in the list are looked at more closely.
_DEPTH = 40
_LEAST_DEPTH = 400
# The novelty knob at 1 gives novelty half the weight: what nobody likes is no discovery.
_NOVELTY_SHARE = 0.5
_UNKNOWN_POPULARITY = 0.2
# So many rows tell the middle of the catalogue.
_SAMPLE = 500


@dataclass(frozen=True, slots=True)
class Listener:
    """A person and the tracks that stand for their taste, in order."""

    id: str
    name: str
    tracks: tuple[Track, ...]


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What kind of list is wanted.

    ``quotas`` are shares per person (any unit; who is not named has none), ``guards`` which of
    :data:`ml.guards.GUARDS` are on, ``shortest_s`` and ``longest_s`` how many seconds a track may last, ``never`` ids
    of tracks that must not come, ``novelty`` 0 to 1. ``known`` are tracks that are known already and stay out, in
    other editions, too.
    """

    method: Method = Method.MAX_MIN
    length: int = 20
    quotas: Mapping[str, float] = field(default_factory=dict)
    artist_cap: int = 2
    guards: Mapping[str, bool] = field(default_factory=dict)
    shortest_s: float = 0.0
    longest_s: float = math.inf
    novelty: float = 0.0
    never: Collection[str] = ()
    known: Sequence[Track] = ()


@dataclass(frozen=True, slots=True)
class Pick:
    """A track of the list: whom it is for (their position), which of their tracks it goes with best, and why.

    ``satisfaction`` is everybody's, 0 to 1, ``novelty`` 0 to 1.
    """

    ref: Ref
    track: Track
    person: int
    satisfaction: tuple[float, ...]
    novelty: float
    seed: Track
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Blend:
    """A list and its reckoning.

    ``people`` are those whose tracks could be compared, ``silent`` the others. ``shares`` are of this list and
    ``average`` of the one that the plain average would have given, each in the order of ``people``. ``left_out``
    counts the tracks that a guard kept out of what was looked at, and all that are of another length.
    """

    people: tuple[Listener, ...]
    silent: tuple[Listener, ...]
    picks: tuple[Pick, ...]
    shares: tuple[Share, ...]
    average: tuple[Share, ...]
    left_out: Mapping[str, int]


def blend(neighbours: Neighbours, snapshot: Snapshot, listeners: Sequence[Listener], wish: Wish) -> Blend:
    """Make one list for all ``listeners``; the same question always has the same answer.

    Raises
    ------
    NothingToCompare
        Nothing is known of anybody's tracks, or the catalogue is empty.
    ValueError
        There are more than 20 listeners, the length is not 1 to 100, the quotas of the listeners are all 0, or no track
        can be both as long and as short as is wanted.
    """
    if wish.shortest_s > wish.longest_s:
        raise ValueError(f"{wish.shortest_s:g} to {wish.longest_s:g} seconds: out of range")
    if not 1 <= len(listeners) <= MOST_PEOPLE or not 1 <= wish.length <= MOST_TRACKS or wish.artist_cap < 1:
        raise ValueError(f"{len(listeners)} people, {wish.length} tracks, artist cap {wish.artist_cap}: out of range")
    admitted = _Admitted(snapshot, wish)
    tastes = [(one, _Taste.of(neighbours, snapshot, one, admitted)) for one in listeners]
    people = tuple(one for one, taste in tastes if taste)
    compared = [taste for _, taste in tastes if taste]
    if not compared:
        raise NothingToCompare("nothing is known of the tracks of these people that others could be compared by")
    pool = _Pool(snapshot, compared, wish, admitted)
    table = pool.satisfaction
    wanted = (1 - _NOVELTY_SHARE * wish.novelty) * table + _NOVELTY_SHARE * wish.novelty * pool.novelty[:, None]
    quotas = apportion(wish.length, [wish.quotas.get(one.id, 0.0) for one in people]) if wish.quotas else None
    ruled: dict[str, Any] = {"length": wish.length, "artist_cap": wish.artist_cap}
    choices = choose(wanted, pool.artists, method=wish.method, quotas=quotas, **ruled)
    plain = choose(table, pool.artists, method=Method.AVERAGE, **ruled)
    return Blend(
        people=people,
        silent=tuple(one for one, taste in tastes if not taste),
        picks=tuple(_pick(neighbours, pool, compared, choice) for choice in choices),
        shares=tuple(shares(table, choices)),
        average=tuple(shares(table, plain)),
        left_out=admitted.left_out(),
    )


def satisfactions(neighbours: Neighbours, snapshot: Snapshot, listeners: Sequence[Listener], wish: Wish) -> Floats:
    """Return (n, people), 0 to 1: what every row of the catalogue, also one that may not come, is worth to each.

    Raises
    ------
    NothingToCompare
        As for :func:`blend`, and where it is so for one of them alone.
    """
    admitted = _Admitted(snapshot, wish)
    tastes = [_Taste.of(neighbours, snapshot, one, admitted) for one in listeners]
    if not all(tastes):
        raise NothingToCompare("nothing is known of somebody's tracks")
    return np.stack([taste.satisfaction for taste in tastes if taste], axis=1)


class _Admitted:
    """The rows of the catalogue that may come: everything that must stay out does so before anything is ranked.

    What is known, never wanted or of another length is told from columns at once. Guards have to read a track, and so
    has a length that is not among its features: that is done for each row when a ranking comes to it, and of the rows
    that pass, the order is the same.

    Attributes
    ----------
    recording : np.ndarray
        (n,) int64, equal for editions of the same recording.
    free : np.ndarray
        (n,) bool, not known, not unwanted and, as far as the features tell, of a wanted length.
    some : np.ndarray
        At most 500 of the rows that may come, drawn evenly: what is usual among them.

    Raises
    ------
    NothingToCompare
        Everything is known or of another length, or the catalogue is empty.
    """

    def __init__(self, snapshot: Snapshot, wish: Wish) -> None:
        self._snapshot, self._wish = snapshot, wish
        # Of a row that may not come, what keeps it out: whole tracks would fill the memory.
        self._looked_at: dict[int, Track | str] = {}
        self._refused: set[int] = set()
        self.recording = np.concatenate([one.recording_code for one in snapshot.segments] or [np.empty(0, np.int64)])
        self.free = ~np.isin(self.recording, list(_barred(snapshot, wish)))
        other = self.free & _of_other_length(snapshot, wish)
        self._of_other_length = int(other.sum())
        self.free &= ~other
        if not self.free.any():
            raise NothingToCompare("the catalogue holds no track that may come")
        drawn = np.random.default_rng(0).permutation(np.flatnonzero(self.free))[:_SAMPLE]
        self.some = np.array([at for at in drawn.tolist() if isinstance(self._look(at), Track)], np.intp)

    def best(self, scores: Floats, count: int) -> list[int]:
        """Return the ``count`` rows of the highest ``scores`` (n,) that may come, best first."""
        ranked, depth, free = np.where(self.free, scores, -np.inf), count, int(self.free.sum())
        while True:
            rows = [at for at in top(ranked, depth).tolist() if self.free[at]]
            refused = {at for at in rows if isinstance(self._look(at), str)}
            self._refused |= refused
            if len(rows) - len(refused) >= count or depth >= free:
                return [at for at in rows if at not in refused][:count]
            depth *= 4

    def track(self, at: int) -> Track:
        """Return the track of a row that :meth:`best` has found."""
        found = self._look(at)
        assert isinstance(found, Track)
        return found

    def left_out(self) -> Counter[str]:
        """Count the rows that rankings came to and that may not come, by what kept them out."""
        counts = Counter(found for at in self._refused if isinstance(found := self._look(at), str))
        return counts + Counter(length=self._of_other_length)

    def _look(self, at: int) -> Track | str:
        """Return the track of a row, or what keeps it out."""
        if at not in self._looked_at:
            track, wish = self._snapshot.track(self._snapshot.ref(at)), self._wish
            length = "length" if is_out_of_length(track, wish.shortest_s, wish.longest_s) else None
            self._looked_at[at] = caught(track, wish.guards) or length or track
        return self._looked_at[at]


def _of_other_length(snapshot: Snapshot, wish: Wish) -> npt.NDArray[np.bool_]:
    """Return (n,) whether the length among a row's features is out of bounds; where it is unknown it is not."""
    column = AUDIO_FEATURES.index("duration_ms")
    lengths = np.concatenate([one.features[:, column] for one in snapshot.segments] or [np.empty(0)]) / 1000
    return (lengths < wish.shortest_s) | (lengths > wish.longest_s)


@dataclass(frozen=True, slots=True)
class _Taste:
    """A person's satisfaction with every row of the catalogue, and which of their seeds each row goes with best."""

    seeds: tuple[Track, ...]
    satisfaction: Floats
    nearest: npt.NDArray[np.int8]

    @classmethod
    def of(cls, neighbours: Neighbours, snapshot: Snapshot, listener: Listener, admitted: _Admitted) -> _Taste | None:
        """Return the taste of ``listener``; ``None`` where nothing of their tracks can be compared.

        The scale spans the rows that may come: what they know already may be beyond everything that is left for them.

        Raises
        ------
        NothingToCompare
            No row may come.
        """
        seeds, rows = [], []
        for track in evenly(_comparable(listener.tracks), SEEDS):
            try:
                rows.append(np.concatenate(neighbours.likeness(snapshot, track)))
            except NothingToCompare:
                continue
            seeds.append(track)
        if not seeds:
            return None
        likeness = np.stack(rows)
        nearest = likeness.argmax(axis=0).astype(np.int8)
        count = min(_NEAREST, len(seeds))
        best = np.partition(likeness, len(seeds) - count, axis=0)[-count:].mean(axis=0)
        first = admitted.best(best, 1)
        if not first:
            raise NothingToCompare("the catalogue holds no track that may come")
        most = float(best[first[0]])
        middle = float(np.median(best[admitted.some])) if len(admitted.some) else most
        scaled = np.clip((best - middle) / max(most - middle, 1e-6), 0.0, 1.0)
        return cls(tuple(seeds), scaled.astype(np.float32), nearest)


def _barred(snapshot: Snapshot, wish: Wish) -> set[int]:
    """Return the recordings that are known or never wanted: other editions of them stay out, too."""
    barred = recordings_of(snapshot, {*wish.never, *(track.id for track in wish.known)})
    return barred | {recording_hash(recording_key(one.title, one.artists[0])) for one in wish.known if one.artists}


def _comparable(tracks: Sequence[Track]) -> list[Track]:
    """Return the tracks with audio features; all of them where none has any."""
    return [track for track in tracks if track.features] or list(tracks)


def evenly(tracks: Sequence[Track], most: int) -> list[Track]:
    """Return at most ``most`` of ``tracks``, evenly from the first to the last."""
    if len(tracks) <= most:
        return list(tracks)
    return [tracks[round(at)] for at in np.linspace(0, len(tracks) - 1, most)]


class _Pool:
    """The candidates: of what may come, what goes best with each person, each recording once.

    ``satisfaction`` is (n, people), ``novelty`` (n,), both 0 to 1.
    """

    def __init__(self, snapshot: Snapshot, tastes: Sequence[_Taste], wish: Wish, admitted: _Admitted) -> None:
        whole = np.stack([taste.satisfaction for taste in tastes], axis=1)
        novelty = _novelty(snapshot, whole)
        wanted = whole + wish.novelty * novelty[:, None]
        depth = max(_DEPTH * wish.length, _LEAST_DEPTH)
        best = sorted({at for person in range(len(tastes)) for at in admitted.best(wanted[:, person], depth)})
        # Of several editions of a recording the first row, which is the best known one.
        of_recording = {int(admitted.recording[at]): at for at in reversed(best)}
        self.positions = np.array(sorted(of_recording.values()), np.intp)
        self.refs = [snapshot.ref(at) for at in self.positions.tolist()]
        self.tracks = [admitted.track(at) for at in self.positions.tolist()]
        self.artists = [_artist_key(snapshot, ref) for ref in self.refs]
        self.satisfaction = whole[self.positions]
        self.novelty = novelty[self.positions]


def _novelty(snapshot: Snapshot, satisfaction: Floats) -> Floats:
    """Return (n,) how new each row is: half by popularity, half by how far it is from what anybody chose."""
    popularity = np.concatenate([segment.popularity for segment in snapshot.segments]) / 100
    unknown = 1 - np.nan_to_num(popularity, nan=_UNKNOWN_POPULARITY)
    novelty: Floats = ((unknown + 1 - satisfaction.max(axis=1)) / 2).astype(np.float32)
    return novelty


def _artist_key(snapshot: Snapshot, ref: Ref) -> str:
    segment = snapshot.segment(ref.segment)
    return segment.artist_keys[int(segment.artist_code[ref.row])]


def _pick(neighbours: Neighbours, pool: _Pool, tastes: Sequence[_Taste], choice: Choice) -> Pick:
    taste = tastes[choice.person]
    seed = taste.seeds[int(taste.nearest[pool.positions[choice.row]])]
    track = pool.tracks[choice.row]
    return Pick(
        ref=pool.refs[choice.row],
        track=track,
        person=choice.person,
        satisfaction=tuple(float(one) for one in pool.satisfaction[choice.row]),
        novelty=float(pool.novelty[choice.row]),
        seed=seed,
        reasons=reasons(seed, track, neighbours.artists),
    )
