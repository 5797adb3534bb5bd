"""One list for several people: tracks of the catalogue that go with each person's tracks, chosen fairly.

A track's likeness to a person is the mean of its three highest likenesses to that person's tracks
(:meth:`~ml.neighbours.model.Neighbours.likeness`). *Satisfaction* rescales it per person: the median of the catalogue
is 0, the best track is 1. This keeps people whose taste is common from counting more (normalised utilities, as in Lin
et al., RecSys 2017). :mod:`ml.blend.fairness` chooses the tracks.

Novelty follows S. Vargas and P. Castells, "Rank and relevance in novelty and diversity metrics" (RecSys 2011): one half
is unpopularity, the other half the distance from the people's own tracks.
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
from ml.blend.fairness import Choice, Method, Share, choose, shares
from ml.guards import GUARDS, caught, is_out_of_length
from ml.neighbours.model import Neighbours, NothingToCompare, compositions_of
from ml.neighbours.reasons import reasons
from store.catalogue.catalogue import Ref, Snapshot
from store.catalogue.segment import composition_hash
from store.domain import Track

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.intp]

MOST_PEOPLE = 20
MOST_TRACKS = 100
# Tracks of a person that are compared with the catalogue, spread evenly from the first to the last.
SEEDS = 16
# A person of fewer tracks is hardly known.
WELL_KNOWN_FROM = 5
_NEAREST = 3
# Candidates per person for each track of the list, and the least number of candidates per person.
_DEPTH = 40
_LEAST_DEPTH = 400
# Weight of novelty in the score if the request's novelty is 1; the rest is the weight of satisfaction.
_NOVELTY_SHARE = 0.5
_UNKNOWN_POPULARITY = 0.2
# Rows from which the median of the catalogue is estimated.
_SAMPLE = 500
# Why a row is refused.
_REASONS = (*GUARDS, "length")
_ADMITTED, _NOT_READ = -1, -2


@dataclass(frozen=True, slots=True)
class Listener:
    """A person, and the tracks that represent their taste, in order."""

    id: str
    name: str
    tracks: tuple[Track, ...]

    @property
    def is_hardly_known(self) -> bool:
        """Whether there are so few tracks that the person's satisfaction is a guess."""
        return len(self.tracks) < WELL_KNOWN_FROM


@dataclass(frozen=True, kw_only=True)
class BlendRequest:
    """The list that is asked for.

    Attributes
    ----------
    length : int
        Tracks of the list, 1 to 100.
    weights : mapping of str to float
        How much each listener counts, by id, in any unit; who is not named counts nothing. Empty: all count alike.
    artist_cap : int
        Tracks of one first artist at most, from 1.
    guards : mapping of str to bool
        Which of :data:`ml.guards.GUARDS` are on.
    shortest_s, longest_s : float
        Bounds of a track's length in seconds.
    novelty : float
        0 (satisfaction alone) to 1 (half of the score is novelty).
    never : collection of str
        Ids of tracks that are left out.
    known : sequence of Track
        Tracks that are left out with all their versions.
    """

    method: Method = Method.FAIR
    length: int = 20
    weights: Mapping[str, float] = field(default_factory=dict)
    artist_cap: int = 2
    guards: Mapping[str, bool] = field(default_factory=dict)
    shortest_s: float = 0.0
    longest_s: float = math.inf
    novelty: float = 0.0
    never: Collection[str] = ()
    known: Sequence[Track] = ()


@dataclass(frozen=True, slots=True)
class Pick:
    """A track of the list.

    ``person`` is the position of the listener whom it is for, ``seed`` the track of that listener that it is most like.
    ``satisfaction`` has a value for each listener, 0 to 1; ``novelty`` is 0 to 1.
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
    """A list with its fairness figures.

    Attributes
    ----------
    people, silent : tuple of Listener
        The listeners whose tracks could be compared, and the others.
    shares, average : tuple of Share
        The shares of ``people`` in this list, and in the list by plain average of the same weights.
    left_out : mapping of str to int
        Candidates that were left out, by guard; "length" counts the whole catalogue.
    """

    people: tuple[Listener, ...]
    silent: tuple[Listener, ...]
    picks: tuple[Pick, ...]
    shares: tuple[Share, ...]
    average: tuple[Share, ...]
    left_out: Mapping[str, int]


def blend(neighbours: Neighbours, snapshot: Snapshot, listeners: Sequence[Listener], request: BlendRequest) -> Blend:
    """Make one list for all ``listeners``; equal arguments give equal lists.

    Raises
    ------
    NothingToCompare
        Nothing is known of anybody's tracks, or the catalogue is empty.
    ValueError
        There are more than 20 listeners, a value of the request is out of its range, or no listener has a weight.
    """
    if request.shortest_s > request.longest_s:
        raise ValueError(f"{request.shortest_s:g} to {request.longest_s:g} seconds: out of range")
    if not 1 <= len(listeners) <= MOST_PEOPLE or not 1 <= request.length <= MOST_TRACKS or request.artist_cap < 1:
        raise ValueError(
            f"{len(listeners)} people, {request.length} tracks, artist cap {request.artist_cap}: out of range"
        )
    admitted = _Admitted(snapshot, request)
    tastes = [(listener, _Taste.of(neighbours, snapshot, listener, admitted)) for listener in listeners]
    people = tuple(listener for listener, taste in tastes if taste)
    compared = [taste for _, taste in tastes if taste]
    if not compared:
        raise NothingToCompare("neither audio features nor artists of these people's tracks are known")
    pool = _Pool(snapshot, compared, request, admitted)
    table = pool.satisfaction
    wanted = (1 - _NOVELTY_SHARE * request.novelty) * table + _NOVELTY_SHARE * request.novelty * pool.novelty[:, None]
    weights = [request.weights.get(person.id, 0.0) for person in people] if request.weights else None
    options: dict[str, Any] = {"length": request.length, "artist_cap": request.artist_cap, "weights": weights}
    choices = choose(wanted, pool.artists, method=request.method, **options)
    plain = choose(table, pool.artists, method=Method.AVERAGE, **options)
    return Blend(
        people=people,
        silent=tuple(listener for listener, taste in tastes if not taste),
        picks=tuple(_pick(neighbours, snapshot, pool, compared, choice) for choice in choices),
        shares=tuple(shares(table, choices)),
        average=tuple(shares(table, plain)),
        left_out=admitted.left_out(),
    )


def satisfactions(
    neighbours: Neighbours, snapshot: Snapshot, listeners: Sequence[Listener], request: BlendRequest
) -> Floats:
    """Return (n, people), 0 to 1: everybody's satisfaction with every row of the catalogue, even rows left out.

    Raises
    ------
    NothingToCompare
        As :func:`blend` does, and also if nothing is known of one person's tracks.
    """
    admitted = _Admitted(snapshot, request)
    tastes = [_Taste.of(neighbours, snapshot, listener, admitted) for listener in listeners]
    if not all(tastes):
        raise NothingToCompare("a person has no track with known audio features or artists")
    return np.stack([taste.satisfaction for taste in tastes if taste], axis=1)


class _Admitted:
    """The rows of the catalogue that a request admits.

    Known and unwanted tracks, and lengths among the features, are filtered by columns before the ranking. Guards and
    other lengths need the whole track; they are applied only to the rows that a ranking reaches.

    Attributes
    ----------
    composition : np.ndarray
        (n,) int64, equal for an artist's versions of one composition.
    free : np.ndarray
        (n,) bool, whether the columns admit the row.
    sample : np.ndarray
        At most 500 admitted rows, drawn at random.

    Raises
    ------
    NothingToCompare
        The columns admit no row, or the catalogue is empty.
    """

    def __init__(self, snapshot: Snapshot, request: BlendRequest) -> None:
        self._snapshot, self._request = snapshot, request
        self.composition = np.concatenate(
            [segment.composition_code for segment in snapshot.segments] or [np.empty(0, np.int64)]
        )
        # (n,) why a row is refused, as a position in _REASONS; the tracks themselves would take too much memory.
        unfiltered = not any(request.guards.values()) and request.shortest_s <= 0 and math.isinf(request.longest_s)
        self._reason = np.full(len(self.composition), _ADMITTED if unfiltered else _NOT_READ, np.int8)
        self._reached = np.zeros(len(self.composition), bool)
        barred = compositions_of(snapshot, {*request.never, *(track.id for track in request.known)})
        self.free = ~np.isin(self.composition, [*barred, *map(composition_hash, request.known)])
        out_of_length = self.free & _out_of_length(snapshot, request)
        self._n_out_of_length = int(out_of_length.sum())
        self.free &= ~out_of_length
        if not self.free.any():
            raise NothingToCompare("the catalogue holds no track that these filters admit")
        drawn = np.random.default_rng(0).permutation(np.flatnonzero(self.free))[:_SAMPLE]
        self.sample = drawn[self._reasons(drawn) == _ADMITTED]

    def best(self, scores: Floats, count: int) -> Rows:
        """Return the ``count`` admitted rows of the highest ``scores`` (n,), best first."""
        ranked, depth, free = np.where(self.free, scores, -np.inf), count, int(self.free.sum())
        while True:
            rows = top(ranked, min(depth, free))
            reasons_of_rows = self._reasons(rows)
            refused = rows[reasons_of_rows != _ADMITTED]
            self._reached[refused] = True
            if len(rows) - len(refused) >= count or depth >= free:
                return np.asarray(rows[reasons_of_rows == _ADMITTED][:count])
            # As many more as are missing, and some of these may be refused, too.
            depth += 2 * len(refused)

    def left_out(self) -> Counter[str]:
        """Count by reason the refused rows that rankings reached, and all rows out of length."""
        counts = np.bincount(self._reason[self._reached], minlength=len(_REASONS)).tolist()
        found = Counter({reason: count for reason, count in zip(_REASONS, counts, strict=True) if count})
        return found + Counter(length=self._n_out_of_length)

    def _reasons(self, rows: Rows) -> npt.NDArray[np.int8]:
        """Return (m,) why each of ``rows`` (m,) is refused, as a position in _REASONS, or _ADMITTED."""
        unread = np.unique(rows[self._reason[rows] == _NOT_READ])
        for row, track in zip(unread.tolist(), self._snapshot.tracks_at(unread), strict=True):
            self._reason[row] = self._why_refused(track)
        return np.asarray(self._reason[rows])

    def _why_refused(self, track: Track) -> int:
        request = self._request
        guard = caught(track, request.guards)
        if guard is not None:
            return _REASONS.index(guard)
        out_of_length = is_out_of_length(track, request.shortest_s, request.longest_s)
        return _REASONS.index("length") if out_of_length else _ADMITTED


def _out_of_length(snapshot: Snapshot, request: BlendRequest) -> npt.NDArray[np.bool_]:
    """Return (n,) whether the length among a row's features is out of bounds; False for an unknown length."""
    lengths = np.concatenate([segment.lengths_s for segment in snapshot.segments] or [np.empty(0)])
    return (lengths < request.shortest_s) | (lengths > request.longest_s)


@dataclass(frozen=True, slots=True)
class _Taste:
    """A person's satisfaction with every row of the catalogue, and the index of each row's ``nearest`` seed."""

    seeds: tuple[Track, ...]
    satisfaction: Floats
    nearest: npt.NDArray[np.int8]

    @classmethod
    def of(cls, neighbours: Neighbours, snapshot: Snapshot, listener: Listener, admitted: _Admitted) -> _Taste | None:
        """Return the taste of ``listener``; ``None`` where none of their tracks can be compared.

        Only admitted rows define the scale: tracks that the listener knows may be closer than any of these.

        Raises
        ------
        NothingToCompare
            No row is admitted.
        """
        seeds: list[Track] = []
        highest = np.zeros((_NEAREST, len(snapshot)), np.float32)
        nearest = np.zeros(len(snapshot), np.int8)
        with_features = [track for track in listener.tracks if track.features]
        tracks = evenly(with_features or listener.tracks, SEEDS)
        for track, likeness in neighbours.likeness(snapshot, tracks):
            nearest[likeness > highest[0]] = len(seeds)
            _keep_highest(highest, likeness)
            seeds.append(track)
        if not seeds:
            return None
        best = highest[: len(seeds)].mean(axis=0)
        first = admitted.best(best, 1)
        if not len(first):
            raise NothingToCompare("the catalogue holds no track that these filters admit")
        most = float(best[first[0]])
        middle = float(np.median(best[admitted.sample])) if len(admitted.sample) else most
        scaled = np.clip((best - middle) / max(most - middle, 1e-6), 0.0, 1.0)
        return cls(tuple(seeds), scaled.astype(np.float32), nearest)


def _keep_highest(highest: Floats, values: Floats) -> None:
    """Put ``values`` (n,) where they belong in ``highest`` (k, n), the k highest so far, in descending order."""
    for row in highest:
        lower = np.minimum(row, values)
        np.maximum(row, values, out=row)
        values = lower


def evenly(tracks: Sequence[Track], most: int) -> list[Track]:
    """Return at most ``most`` of ``tracks``, evenly from the first to the last."""
    if len(tracks) <= most:
        return list(tracks)
    return [tracks[round(at)] for at in np.linspace(0, len(tracks) - 1, most)]


class _Pool:
    """The candidates: the admitted rows that go best with each person, each composition once.

    ``satisfaction`` is (n, people), ``novelty`` (n,), both 0 to 1.
    """

    def __init__(
        self, snapshot: Snapshot, tastes: Sequence[_Taste], request: BlendRequest, admitted: _Admitted
    ) -> None:
        whole = np.stack([taste.satisfaction for taste in tastes], axis=1)
        # Half unpopularity, half dissatisfaction of the most satisfied person.
        popularity = np.concatenate([segment.popularity for segment in snapshot.segments]) / 100
        unknown = 1 - np.nan_to_num(popularity, nan=_UNKNOWN_POPULARITY)
        novelty = ((unknown + 1 - whole.max(axis=1)) / 2).astype(np.float32)
        wanted = whole + request.novelty * novelty[:, None]
        depth = max(_DEPTH * request.length, _LEAST_DEPTH)
        best = np.unique(np.concatenate([admitted.best(wanted[:, person], depth) for person in range(len(tastes))]))
        # Keep the first row of each composition: it is the most popular version.
        _, first = np.unique(admitted.composition[best], return_index=True)
        self.positions = best[np.sort(first)]
        self.artists = _first_artists(snapshot, self.positions)
        self.satisfaction = whole[self.positions]
        self.novelty = novelty[self.positions]


def _first_artists(snapshot: Snapshot, positions: Rows) -> list[str]:
    """Return the keys of the first artists at ``positions`` (ascending); the key of each artist is read once."""
    found, start = [], 0
    for segment in snapshot.segments:
        rows = positions[(positions >= start) & (positions < start + len(segment))] - start
        codes, of_row = np.unique(segment.artist_code[rows], return_inverse=True)
        keys = [segment.artist_keys[code] for code in codes.tolist()]
        found += [keys[at] for at in of_row.tolist()]
        start += len(segment)
    return found


def _pick(neighbours: Neighbours, snapshot: Snapshot, pool: _Pool, tastes: Sequence[_Taste], choice: Choice) -> Pick:
    taste, position = tastes[choice.person], int(pool.positions[choice.row])
    seed, ref = taste.seeds[int(taste.nearest[position])], snapshot.ref(position)
    track = snapshot.track(ref)
    return Pick(
        ref=ref,
        track=track,
        person=choice.person,
        satisfaction=tuple(pool.satisfaction[choice.row].tolist()),
        novelty=float(pool.novelty[choice.row]),
        seed=seed,
        reasons=reasons(seed, track, neighbours.artists),
    )
