"""Tracks that go with a track: of similar sound, by similar artists, of the same genres; popular ones are preferred."""

import heapq
import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields
from functools import cached_property
from itertools import islice, repeat
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.artist_cap import ArtistCap
from ml.artists.model import ArtistEmbedding, top
from ml.guards import is_seasonal, names_season
from ml.neighbours.company import SegmentArtists
from ml.neighbours.hubs import Hubs
from ml.neighbours.reasons import Difference, differences, reasons
from ml.sound import AXES, ENOUGH_SHARED, SHARES, SoundIndex, coordinates, factors_of
from store.catalogue.catalogue import Ref, Segment, Snapshot
from store.catalogue.records import release
from store.catalogue.segment import composition_hash
from store.catalogue.versions import refused_kinds
from store.domain import AudioFeatures, Track
from store.feature_rows import feature_rows

# Distance (in spreads, see ml.sound) at which the likeness of sound falls to 0.61.
SOUND_WIDTH = 1.5
# All rows of a segment with at most _FEW_ROWS are scored; in a larger one the tracks of _FIRST_ARTISTS artists first.
_FEW_ROWS, _FIRST_ARTISTS = 4096, 128
# Likeness of a row whose sound or popularity is unknown: about that of a random track.
UNKNOWN_SOUND, UNKNOWN_POPULARITY = 0.6, 0.2
MAX_LIMIT = 50
_FIRST_ROWS = 128  # best rows of a segment that are sorted first
# How many times as many rows are scored in turn, before all are. About one answer in ten needs more than the first
# step: those of artists with very many songs, of which a list takes only two.
_STEPS = (1, 4, 16)

Floats = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Weights:
    """Weight of each kind of likeness, 0 or more.

    The defaults were chosen on held-out playlists (split `valid`); bench/neighbours.py reports `test`.
    """

    sound: float = 1.0
    artist: float = 2.0
    genre: float = 0.3  # low, because labels are rare and noisy, and the artist embedding knows artists' genres
    popularity: float = 0.3  # low, so that it only decides between equally similar tracks


class NothingToCompare(Exception):  # noqa: N818 - a state of knowledge, not a fault
    """The seed has no audio features, and neither its artist nor its genre is known."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A track that goes with the seed: ``score`` 0 to 1, :func:`~ml.neighbours.reasons.reasons` and differences."""

    ref: Ref
    track: Track
    score: float
    reasons: tuple[str, ...]
    differences: tuple[Difference, ...]


class _SegmentIndex:
    """Columns computed once per segment: coordinates of the sound (11 MB for 220,000 tracks), artists, popularity."""

    def __init__(self, segment: Segment, artists: ArtistEmbedding) -> None:
        self.segment, self._artists = segment, artists
        self.sound = SoundIndex(segment.features)
        release(segment.features)
        self.artist = artists.keys.match_sorted(segment.artist_keys)
        self.popularity = np.nan_to_num(segment.popularity, nan=100 * UNKNOWN_POPULARITY) / np.float32(100)

    @cached_property
    def company(self) -> SegmentArtists:
        return SegmentArtists(self._artists, self.artist)

    @cached_property
    def most_popular(self) -> npt.NDArray[np.float32]:
        """(artists,) the largest popularity among the tracks of each artist."""
        return self.segment.most_of_artists(self.popularity)


KINDS = tuple(kind.name for kind in fields(Weights))
MOST_WEIGHT = 10.0


def weights_from(text: str) -> dict[str, float]:
    """Parse "tempo:2,energy:0.5": factors on the default weights of features and of :data:`KINDS`.

    Raises
    ------
    ValueError
        A name is neither in :data:`ml.sound.AXES` nor in :data:`KINDS`; a factor is not 0 to 10; a name comes twice.
    """
    weights: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, number = (word.strip() for word in part.partition(":"))
        if name not in AXES and name not in KINDS:
            raise ValueError(f"{name!r} has no weight; these have: {', '.join((*KINDS, *AXES))}")
        try:
            factor = float(number)
        except ValueError:
            factor = math.nan
        if not 0 <= factor <= MOST_WEIGHT or name in weights:
            raise ValueError(f"{name} needs one number from 0 to {MOST_WEIGHT:g}, as in tempo:2")
        weights[name] = factor
    return weights


@dataclass(frozen=True, slots=True)
class _Seed:
    """What is compared of a seed, and with which weights.

    ``coordinates`` (12,) are ``None`` where the sound is unknown or has weight 0. ``weight_factors`` are the request's,
    ``sound_factors`` (12,) the resulting factors of coordinates (:func:`ml.sound.factors_of`). ``hubs`` corrects
    distances; ``sound_scale`` is its scale of the seed's sound. ``artist`` is the row of the seed's artist in the
    embedding, ``None`` where it is unknown or has weight 0; ``artist_scores`` (artists,) by segment is how well the
    segment's artists go with it, ``squared_distances`` (n,) by segment what :class:`~ml.sound.SoundIndex` computes, if
    that is known for all rows.
    """

    track: Track
    coordinates: npt.NDArray[np.float32] | None
    artist: int | None
    labels: tuple[str, ...]
    weights: Weights
    sound_factors: npt.NDArray[np.float32] | None
    weight_factors: Mapping[str, float]
    hubs: Hubs | None
    sound_scale: float
    artist_scores: dict[str, npt.NDArray[np.float32]] = field(default_factory=dict)
    squared_distances: dict[str, npt.NDArray[np.float32]] = field(default_factory=dict)

    @property
    def total(self) -> np.float32:
        """The sum of the weights of the known kinds of likeness."""
        weights, total = self.weights, self.weights.popularity
        total += weights.sound if self.coordinates is not None else 0.0
        total += weights.artist if self.artist is not None else 0.0
        return np.float32(total + (weights.genre if self.labels else 0.0))


class Neighbours:
    """Recommends from a snapshot of the catalogue; safe to use from several threads."""

    def __init__(self, artists: ArtistEmbedding, weights: Weights | None = None) -> None:
        self.artists = artists
        self.weights = weights or Weights()
        self._indexes: dict[str, _SegmentIndex] = {}
        self._hubs: Hubs | None = None
        self._lock = Lock()

    def recommend(
        self,
        snapshot: Snapshot,
        seed: Ref | Track,
        *,
        limit: int = 10,
        exclude: Collection[str] = (),
        artist_cap: int = 2,
        weights: Mapping[str, float] | None = None,
        corrected: bool = True,
    ) -> list[Neighbour]:
        """Return the tracks that go best with ``seed``, best first.

        They are different recordings, without those of the seed and of ``exclude``.

        Parameters
        ----------
        limit : int
            Most tracks, 1 to 50.
        exclude : collection of str
            Track ids.
        artist_cap : int
            Most tracks of one first artist, from 1; it holds for the seed's artist, too.
        weights : mapping of str to float, optional
            Factors on the default weights, see :func:`weights_from`. They also order the reasons.
        corrected : bool
            Scale distances locally (:mod:`ml.neighbours.hubs`), so that no track is the neighbour of very many.

        Raises
        ------
        NothingToCompare
            Neither the seed's sound nor its artist nor a label of it is known, or what is known has weight 0.
        ValueError
            ``limit`` is not within 1 to 50, or ``artist_cap`` is below 1.
        """
        if not 1 <= limit <= MAX_LIMIT or artist_cap < 1:
            raise ValueError(f"limit {limit} is not 1 to {MAX_LIMIT}, or artist_cap {artist_cap} is below 1")
        track = snapshot.track(seed) if isinstance(seed, Ref) else seed
        compared = self._seed(snapshot, track, weights or {}, self._hubs_of(snapshot) if corrected else None)
        taken = Taken(snapshot, track, exclude, artist_cap, suits=_season_filter(track))
        found = []
        for segment, row, score in self._best(snapshot, compared):
            if taken.add(segment, row):
                ref = Ref(segment.name, row)
                other = snapshot.track(ref)
                apart = differences(track, other)
                why = reasons(track, other, self.artists, compared.weight_factors, apart)
                found.append(Neighbour(ref, other, min(max(score, 0.0), 1.0), why, apart))
                if len(found) == limit:
                    break
        return found

    def likeness(self, snapshot: Snapshot, seeds: Sequence[Track]) -> Iterator[tuple[Track, npt.NDArray[np.float32]]]:
        """Yield each of ``seeds`` of which enough is known, and how well every row goes with it: (n,), 0 to 1.

        The rows are those of all segments, in order. Distances are not corrected for hubs, so that likenesses to
        several seeds are comparable. Distances and cosines of all seeds are computed at once.
        """
        compared = []
        for track in seeds:
            with suppress(NothingToCompare):
                compared.append(self._seed(snapshot, track, {}, None))
        for segment in snapshot.segments:
            self._compare(segment, compared)
        for seed in compared:
            yield seed.track, np.concatenate([self._scores(segment, seed) for segment in snapshot.segments])

    def _compare(self, segment: Segment, seeds: Sequence[_Seed]) -> None:
        """Compare the sounds and the artists of a segment with those of ``seeds``; the results are kept in these."""
        index = self._index(segment)
        with_sound = [(seed, seed.coordinates) for seed in seeds if seed.coordinates is not None]
        if with_sound:
            distances = index.sound.squared_distances_of_all(np.stack([sound for _, sound in with_sound]))
            for (seed, _), of_rows in zip(with_sound, distances, strict=True):
                seed.squared_distances[segment.name] = of_rows
        with_artist = [(seed, seed.artist) for seed in seeds if seed.artist is not None]
        cosines = index.company.cosines([artist for _, artist in with_artist])
        for (seed, artist), cosine in zip(with_artist, cosines, strict=True):
            seed.artist_scores[segment.name] = index.company.scores(artist, None, cosine)

    def _seed(self, snapshot: Snapshot, track: Track, factors: Mapping[str, float], hubs: Hubs | None) -> _Seed:
        weights = Weights(**{name: getattr(self.weights, name) * factors.get(name, 1.0) for name in KINDS})
        sound_factors = factors_of(factors)
        sound_counts = weights.sound > 0 and (sound_factors is None or bool(sound_factors.any()))
        # Ignore labels that no track of the catalogue has, such as a source's own genre.
        labels = tuple(
            label for label in track.labels if any(len(segment.rows_with_label(label)) for segment in snapshot.segments)
        )
        found = (self.artists.find_exact(name) for name in track.artists)
        artist = next((index for index in found if index is not None), None)
        if artist is None and track.artists:
            artist = self.artists.stand_in(track.artists[0])
        sound = _coordinates(track.features) if track.features and sound_counts else None
        seed = _Seed(
            track=track,
            coordinates=sound,
            artist=artist if weights.artist else None,
            labels=labels if weights.genre else (),
            weights=weights,
            sound_factors=sound_factors,
            weight_factors=factors,
            hubs=hubs,
            sound_scale=hubs.of_coordinates(sound) if hubs is not None and sound is not None else 1.0,
        )
        if seed.coordinates is None and seed.artist is None and not seed.labels:
            raise NothingToCompare(f"nothing is known of {track.title!r} that tracks could be compared by")
        return seed

    def _best(self, snapshot: Snapshot, seed: _Seed) -> Iterator[tuple[Segment, int, float]]:
        """Yield (segment, row, score) of all rows, best first."""
        seen = set()
        for times in _STEPS:
            likely = [self._likely(segment, seed, times) for segment in snapshot.segments]
            least = max((floor for _, _, floor in likely), default=-np.inf)
            for position, at in _best_first([scores for _, scores, _ in likely]):
                rows, scores, _ = likely[position]
                if scores[at] <= least:  # other rows with this score may be unknown until the next step
                    break
                if (row := (position, int(rows[at]))) not in seen:
                    seen.add(row)
                    yield snapshot.segments[position], row[1], float(scores[at])
            if len(seen) == len(snapshot):
                return
        every = [self._scores(segment, seed) for segment in snapshot.segments]
        for position, at in _best_first(every):
            if (position, at) not in seen:
                yield snapshot.segments[position], at, float(every[position][at])

    def _likely(
        self, segment: Segment, seed: _Seed, times: int
    ) -> tuple[npt.NDArray[Any], npt.NDArray[np.float32], float]:
        """Return rows of a segment, their scores, and a floor; all rows that score more are among them.

        For each artist there is an upper bound of the score: the parts of artist and popularity are known, and the
        sound adds at most its weight. Rows whose bound is below the floor are not scored. At least ``times`` *
        _FIRST_ROWS rows score the floor or more; the floor is minus infinity where the likeliest artists have fewer.
        """
        index = self._index(segment)
        if len(segment) <= _FEW_ROWS:
            return np.arange(len(segment)), self._scores(segment, seed), -np.inf
        if seed.artist is None:
            return self._likely_by_label(segment, seed, times)
        bounds = self._artist_scores(index, seed.artist, seed) * np.float32(seed.weights.artist)
        bounds += index.most_popular * np.float32(seed.weights.popularity)
        bounds /= seed.total
        sound = seed.weights.sound / seed.total if seed.coordinates is not None else 0.0
        likeliest = np.flatnonzero(bounds >= _floor(bounds, times * _FIRST_ARTISTS))
        best = self._scores(segment, seed, segment.rows_of_artists(likeliest))
        floor = _floor(best, times * _FIRST_ROWS)
        rows = [segment.rows_of_artists(np.flatnonzero(bounds >= floor - sound))]
        for label in seed.labels:
            of_label = segment.rows_with_label(label)
            most = bounds[segment.artist_code[of_label]] + sound + seed.weights.genre / seed.total
            rows.append(of_label[most >= floor])
        likely = np.unique(np.concatenate(rows))  # ascending, so that of equal scores the more popular row comes first
        return likely, self._scores(segment, seed, likely), floor

    def _likely_by_label(
        self, segment: Segment, seed: _Seed, times: int
    ) -> tuple[npt.NDArray[Any], npt.NDArray[np.float32], float]:
        """Return what :meth:`_likely` does, for a seed of an unknown artist: the popular rows and those of its labels.

        Another row has no label in common and is less popular, which bounds its score. All rows are scored where the
        bound is not below the floor.
        """
        popular = min(_FEW_ROWS, len(segment) - 1)  # the rows of a segment are in the order of their popularity
        likely = np.unique(np.concatenate([np.arange(popular), *map(segment.rows_with_label, seed.labels)]))
        scores = self._scores(segment, seed, likely)
        floor = _floor(scores, times * _FIRST_ROWS)
        most = max(float(self._index(segment).popularity[popular]), UNKNOWN_POPULARITY)
        sound = seed.weights.sound if seed.coordinates is not None else 0.0
        if floor * seed.total > sound + seed.weights.popularity * most:
            return likely, scores, floor
        return np.arange(len(segment)), self._scores(segment, seed), -np.inf

    def _scores(
        self, segment: Segment, seed: _Seed, rows: npt.NDArray[Any] | slice = slice(None)
    ) -> npt.NDArray[np.float32]:
        """Return the (n,) scores of a segment's rows, or of some of them, 0 to 1."""
        index, weights = self._index(segment), seed.weights
        score = index.popularity[rows] * np.float32(weights.popularity)
        if seed.coordinates is not None:
            likeness = seed.squared_distances.pop(segment.name, None)
            if likeness is None:
                likeness = index.sound.squared_distances(seed.coordinates, seed.sound_factors, rows)
            if seed.hubs is not None:
                likeness /= np.sqrt(seed.hubs.of_rows(segment)[rows] * np.float32(seed.sound_scale))
            likeness /= np.float32(-2 * SOUND_WIDTH**2)
            np.exp(likeness, out=likeness)
            likeness[np.isnan(likeness)] = UNKNOWN_SOUND
            likeness *= weights.sound
            score += likeness
        if seed.artist is not None:
            of_artists = self._artist_scores(index, seed.artist, seed)
            score += np.float32(weights.artist) * of_artists[segment.artist_code[rows]]
        for label in seed.labels:
            of_label = segment.rows_with_label(label)
            carries = of_label if isinstance(rows, slice) else _is_among(rows, of_label)
            score[carries] += weights.genre / len(seed.labels)
        score /= seed.total
        return score

    def _artist_scores(self, index: _SegmentIndex, artist: int, seed: _Seed) -> npt.NDArray[np.float32]:
        """Return (artists of the segment,) how well each goes with the seed's, 0 to 1."""
        name = index.segment.name
        if name not in seed.artist_scores:
            seed.artist_scores[name] = self._compared(index.company, artist, seed.hubs)
        return seed.artist_scores[name]

    def _compared(self, company: SegmentArtists, artist: int, hubs: Hubs | None) -> npt.NDArray[np.float32]:
        return company.scores(artist, hubs)

    def _index(self, segment: Segment) -> _SegmentIndex:
        """Return the columns of a segment; only those of its newest generation are kept."""
        with self._lock:
            known = self._indexes.get(segment.name)
            if known is None or known.segment is not segment:
                known = self._indexes[segment.name] = _SegmentIndex(segment, self.artists)
            return known

    def _hubs_of(self, snapshot: Snapshot) -> Hubs | None:
        """Return the local scales, drawn from the largest segment once per generation of it."""
        largest = max(snapshot.segments, key=len, default=None)
        if largest is None:
            return None
        index = self._index(largest)
        with self._lock:
            if self._hubs is None or self._hubs.drawn_from != largest.directory:
                self._hubs = Hubs(largest, index.artist, self.artists)
            return self._hubs

    def sound(self, segment: Segment) -> SoundIndex:
        """Return the index of a segment's sounds, computed once per generation."""
        return self._index(segment).sound

    def artist_rows(self, segment: Segment) -> npt.NDArray[np.int32]:
        """Return (n,) the row in the embedding of each track's first artist, -1 for an unknown one."""
        return self._index(segment).artist[segment.artist_code]

    def nearest_labelled(
        self, snapshot: Snapshot, features: AudioFeatures, label: str, limit: int = 3, exclude: Collection[str] = ()
    ) -> list[tuple[Ref, float]]:
        """Return the tracks with ``label`` that sound most like ``features``, nearest first, with distances in spreads.

        The search is exact. The tracks are different recordings, without those of ``exclude``. The result is empty when
        no track has the label or too few features are given to compare (see ml.sound).
        """
        seed = _coordinates(features)
        if seed is None:
            return []
        left_out = recordings_of(snapshot, exclude)
        rows = [segment.rows_with_label(label) for segment in snapshot.segments]
        closeness = [
            _closeness(self.sound(segment).squared_distances(seed, rows=of_label))
            for segment, of_label in zip(snapshot.segments, rows, strict=True)
        ]
        nearest: list[tuple[Ref, float]] = []
        for position, at in _best_first(closeness, 8 * limit):
            if len(nearest) == limit or closeness[position][at] == -np.inf:
                break
            segment, row = snapshot.segments[position], int(rows[position][at])
            recording = int(segment.recording_code[row])
            if recording not in left_out:
                left_out.add(recording)
                nearest.append((Ref(segment.name, row), math.sqrt(-closeness[position][at])))
        return nearest


class Taken:
    """The tracks of a list, and those that it must not hold: the seed, ``exclude``, and other versions of all these.

    Karaoke and other imitations, sped-up tracks and interludes are not added either, unless the seed is of the kind.
    ``suits`` returns whether a track may be added, by its normalised title.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        seed: Track,
        exclude: Collection[str],
        artist_cap: int,
        suits: Callable[[str], bool] = lambda _title: True,
    ) -> None:
        self._compositions = compositions_of(snapshot, {*exclude, seed.id} - {""}) | {composition_hash(seed)}
        self._ids = {*exclude, seed.id}
        self._cap = ArtistCap(artist_cap)
        self._suits = suits
        self._refused = refused_kinds([(seed.title, seed.artists)])
        self._artists: dict[tuple[str, int], str] = {}

    def add(self, segment: Segment, row: int) -> bool:
        """Add a row unless it is excluded, in the list already or above the artist cap; return whether it was added."""
        # The cheapest checks come first: most rows are further songs of the first few artists.
        composition = int(segment.composition_code[row])
        if composition in self._compositions or segment.kinds[row] & self._refused:
            return False
        artist = self._artist(segment, int(segment.artist_code[row]))
        if not self._cap.allows(artist) or not self._suits(segment.names(row)[0]):
            return False
        track_id = segment.track_id(row)
        if track_id in self._ids:
            return False
        self._compositions.add(composition)
        self._ids.add(track_id)
        self._cap.add(artist)
        return True

    def _artist(self, segment: Segment, code: int) -> str:
        """Return the key of an artist; keys are cached, because reading the file is slow and the same artists recur."""
        name = self._artists.get((segment.name, code))
        if name is None:
            name = self._artists[segment.name, code] = segment.artist_keys[code]
        return name


def _is_among(rows: npt.NDArray[Any], ascending: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Return (n,) whether each row is among ``ascending``."""
    if not len(ascending):
        return np.zeros(len(rows), bool)
    at = np.minimum(np.searchsorted(ascending, rows), len(ascending) - 1)
    return ascending[at] == rows


def _season_filter(seed: Track) -> Callable[[str], bool]:
    """Return the filter of titles by season: songs of a season are allowed only if the seed is one."""
    if is_seasonal(seed):
        return lambda title: True
    return lambda title: not names_season(title)


def _coordinates(features: AudioFeatures) -> npt.NDArray[np.float32] | None:
    """Return the (12,) coordinates of a sound, ``None`` where too few features are known to compare."""
    row = coordinates(feature_rows([features]))
    return row[0] if SHARES @ ~np.isnan(row[0]) >= ENOUGH_SHARED else None


def _closeness(squared_distances: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return (n,) the negative of the distances, minus infinity for NaN."""
    closeness = -squared_distances
    closeness[np.isnan(closeness)] = -np.inf
    return closeness


def compositions_of(snapshot: Snapshot, track_ids: Collection[str]) -> set[int]:
    """Return the codes of the compositions of the tracks with these ids, in any segment."""
    return _codes(snapshot, track_ids, "composition_code")


def recordings_of(snapshot: Snapshot, track_ids: Collection[str]) -> set[int]:
    """Return the codes of the recordings of the tracks with these ids, in any segment."""
    return _codes(snapshot, track_ids, "recording_code")


def _codes(snapshot: Snapshot, track_ids: Collection[str], column: str) -> set[int]:
    found = [getattr(segment, column)[segment.rows_of(track_ids)] for segment in snapshot.segments]
    return {code for codes in found for code in codes.tolist()}


def _floor(scores: npt.NDArray[np.float32], count: int) -> float:
    """Return the score that ``count`` of ``scores`` reach; minus infinity if there are no more than ``count``."""
    return float(np.partition(scores, -count)[-count]) if len(scores) > count else -np.inf


def _best_first(scores: Sequence[Floats], count: int = _FIRST_ROWS) -> Iterator[tuple[int, int]]:
    """Yield (segment's position, row) from the highest score down; ties go to the earlier segment and row."""
    done = 0
    while done < sum(map(len, scores)):
        found = ((at, of_segment, top(of_segment, count)) for at, of_segment in enumerate(scores))
        lists = [zip((-part[rows]).tolist(), repeat(at), rows.tolist(), strict=False) for at, part, rows in found]
        # The best `count` rows of each segment are sorted, so that the first `count` of all are final.
        best = list(islice(heapq.merge(*lists), count))
        yield from ((at, row) for _, at, row in best[done:])
        done, count = len(best), count * 8
