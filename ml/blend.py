"""One list for several people: tracks of the catalogue that go with what each of them chose, shared out fairly.

How well a track goes with a person is the mean of the three of their tracks that it goes with best
(:meth:`ml.neighbours.Neighbours.likeness`), put on a scale of *satisfaction* on which the middle of the catalogue is
0 and the best track there is for that person is 1: so nobody counts for more because their taste is easily met
(normalised utilities, as in Lin et al., RecSys 2017). :mod:`ml.fairness` chooses.

Novelty follows S. Vargas and P. Castells, "Rank and relevance in novelty and diversity metrics" (RecSys 2011): half
of it is being little known (popularity), half being far from what the people chose (distance).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.artists import top
from ml.fairness import Choice, Method, Share, apportion, choose, shares
from ml.guards import caught
from ml.neighbours import Neighbours, NothingToCompare, recordings_of
from ml.reasons import reasons
from store.catalogue import Ref, Snapshot
from store.domain import Track
from store.segment import recording_hash
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
    :data:`ml.guards.GUARDS` are on, ``never`` ids of tracks that must not come, ``novelty`` 0 to 1.
    ``known`` are tracks that are known already and stay out, in other editions, too.
    """

    method: Method = Method.MAX_MIN
    length: int = 20
    quotas: Mapping[str, float] = field(default_factory=dict)
    artist_cap: int = 2
    guards: Mapping[str, bool] = field(default_factory=dict)
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
    counts the candidates that a guard kept out.
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
        There are more than 20 listeners, the length is not 1 to 100, or the quotas of the listeners are all 0.
    """
    if not 1 <= len(listeners) <= MOST_PEOPLE or not 1 <= wish.length <= MOST_TRACKS or wish.artist_cap < 1:
        raise ValueError(f"{len(listeners)} people, {wish.length} tracks, artist cap {wish.artist_cap}: out of range")
    recording = np.concatenate([segment.recording_code for segment in snapshot.segments] or [np.empty(0, np.int64)])
    free = ~np.isin(recording, list(_barred(snapshot, wish)))
    if not free.any():
        raise NothingToCompare("the catalogue holds no track that may come")
    tastes = [(one, _Taste.of(neighbours, snapshot, one, free)) for one in listeners]
    people = tuple(one for one, taste in tastes if taste)
    compared = [taste for _, taste in tastes if taste]
    if not compared:
        raise NothingToCompare("nothing is known of the tracks of these people that others could be compared by")
    pool = _Pool(snapshot, compared, wish, free, recording)
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
        left_out=pool.left_out,
    )


@dataclass(frozen=True, slots=True)
class _Taste:
    """A person's satisfaction with every row of the catalogue, and which of their seeds each row goes with best."""

    seeds: tuple[Track, ...]
    satisfaction: Floats
    nearest: npt.NDArray[np.int8]

    @classmethod
    def of(
        cls, neighbours: Neighbours, snapshot: Snapshot, listener: Listener, free: npt.NDArray[np.bool_]
    ) -> _Taste | None:
        """Return the taste of ``listener``; ``None`` where nothing of their tracks can be compared.

        The scale spans the ``free`` rows: what they know already may be beyond everything that is left for them.
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
        middle, most = float(np.median(best[free])), float(best[free].max())
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
    """The candidates: what goes best with each person, after everything that must stay out has been taken out.

    ``satisfaction`` is (n, people), ``novelty`` (n,), both 0 to 1.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        tastes: Sequence[_Taste],
        wish: Wish,
        free: npt.NDArray[np.bool_],
        recording: npt.NDArray[np.int64],
    ) -> None:
        self.left_out: Counter[str] = Counter()
        self._recording = recording
        whole = np.stack([taste.satisfaction for taste in tastes], axis=1)
        novelty = _novelty(snapshot, whole)
        wanted = whole + wish.novelty * novelty[:, None]
        wanted[~free] = -np.inf
        positions = self._looked_at(snapshot, wanted, wish)
        self.positions = np.array(positions, np.intp)
        self.tracks = [self._tracks[at] for at in positions]
        self.satisfaction = whole[self.positions]
        self.novelty = novelty[self.positions]
        self.artists = [_artist_key(snapshot, snapshot.ref(at)) for at in positions]
        self.refs = [snapshot.ref(at) for at in positions]

    def _looked_at(self, snapshot: Snapshot, wanted: Floats, wish: Wish) -> list[int]:
        """Return the positions of each person's best rows that pass the guards, ascending, one per recording."""
        never = {*wish.never, *(track.id for track in wish.known)}
        self._tracks: dict[int, Track] = {}
        passed: dict[int, int] = {}
        depth = max(_DEPTH * wish.length, _LEAST_DEPTH)
        best = {int(at) for person in range(wanted.shape[1]) for at in top(wanted[:, person], depth)}
        for at in sorted(best):
            recording = int(self._recording[at])
            if not np.isfinite(wanted[at, 0]) or recording in passed:
                continue
            track = snapshot.track(snapshot.ref(at))
            kept_out = caught(track, wish.guards)
            if kept_out:
                self.left_out[kept_out] += 1
            elif track.id not in never:
                passed[recording] = at
                self._tracks[at] = track
        return sorted(self._tracks)


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
