"""Tracks that go with a track: of similar sound, by similar artists, of the same genres, and rather popular."""

import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.artist_cap import ArtistCap
from ml.artists.model import ArtistEmbedding, top
from ml.neighbours.hubs import Hubs
from ml.neighbours.reasons import Difference, differences, reasons
from ml.sound import AXES, SoundIndex, coordinates, factors_of, squared_distances
from store.catalogue.catalogue import Ref, Segment, Snapshot
from store.catalogue.segment import composition_hash
from store.domain import AudioFeatures, Track
from store.feature_rows import feature_rows
from store.text import normalise

# Distance (in spreads, see ml.sound) at which the likeness of sound falls to 0.61.
SOUND_WIDTH = 1.5
# Most cosines of artists are high; this exponent spreads them.
ARTIST_POWER = 4
# Rows up to which all are scored, and artists whose tracks are scored first.
_FEW_ROWS, _FIRST_ARTISTS = 4096, 256
# Of the likeness of artists: the share of it that families and regions in common make alone, the share of the rest that
# is lost without any, and what closeness in shared playlists adds. Chosen on held-out playlists (split `valid`).
_KIN, _APART, _TOGETHER = 0.25, 0.8, 0.5
# Likeness of a row whose sound, artist or popularity is unknown: about that of a random track.
UNKNOWN_SOUND, UNKNOWN_ARTIST, UNKNOWN_POPULARITY = 0.6, 0.05, 0.2
MAX_LIMIT = 50
# Words in the titles of songs of Christmas, normalised.
_CHRISTMAS = re.compile(
    r"\b(christmas|xmas|santa claus|jingle bells?|silent night|holy night|come all ye faithful|carol of the bells"
    r"|sleigh|mistletoe|winter wonderland|feliz navidad|navidad|noel|weihnacht\w*|stille nacht|natale|julen|joulu\w*)\b"
)
_FIRST_ROWS = 256  # best rows of a segment that are sorted first

Floats = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Weights:
    """Weight of each kind of likeness, 0 or more.

    The defaults were chosen on held-out playlists (split `valid`); bench/neighbours.py reports `test`.
    """

    sound: float = 1.0
    artist: float = 2.0
    genre: float = 0.3  # labels are rare and noisy, and the artist embedding holds artists' genres already
    popularity: float = 0.3  # a tenth of the whole: of two equally similar tracks the more popular one


class NothingToCompare(Exception):  # noqa: N818 - a state of knowledge, not a fault
    """The seed has no audio features, and neither its artist nor its genre is known."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A track that goes with the seed: ``score`` 0 to 1, :func:`~ml.neighbours.reasons.reasons` and differences."""

    ref: Ref
    score: float
    reasons: tuple[str, ...]
    differences: tuple[Difference, ...]


class _SegmentIndex:
    """Columns computed once per segment: coordinates of the sound (11 MB for 220,000 tracks), artists, popularity."""

    def __init__(self, segment: Segment, artists: ArtistEmbedding) -> None:
        self.segment = segment
        self.sound = SoundIndex(segment.features)
        self.artist = artists.keys.match_sorted(segment.artist_keys)
        self.popularity = np.nan_to_num(segment.popularity, nan=100 * UNKNOWN_POPULARITY) / np.float32(100)

    @cached_property
    def most_popular(self) -> npt.NDArray[np.float32]:
        """(artists,) the largest popularity among the tracks of each artist."""
        return self.segment.most_of_artists(self.popularity)


KINDS = tuple(field.name for field in fields(Weights))
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

    ``coordinates`` (12,) are ``None`` where the sound is unknown or has no weight. ``weight_factors`` are the
    request's, ``sound_factors`` (12,) those of its features (:func:`ml.sound.factors_of`). ``hubs`` corrects
    distances.
    ``artists`` (n,) is how well each artist of the embedding goes with the seed's, ``None`` where that is unknown or
    has no weight.
    """

    track: Track
    coordinates: npt.NDArray[np.float32] | None
    artists: npt.NDArray[np.float32] | None
    labels: tuple[str, ...]
    weights: Weights
    sound_factors: npt.NDArray[np.float32] | None
    weight_factors: Mapping[str, float]
    hubs: Hubs | None

    @property
    def total(self) -> np.float32:
        """The sum of the weights that count."""
        weights, total = self.weights, self.weights.popularity
        total += weights.sound if self.coordinates is not None else 0.0
        total += weights.artist if self.artists is not None else 0.0
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

        Each recording comes once; the seed's and those of ``exclude`` do not come.

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
                why = reasons(track, other, self.artists, compared.weight_factors)
                found.append(Neighbour(ref, min(max(score, 0.0), 1.0), why, differences(track, other)))
                if len(found) == limit:
                    break
        return found

    def likeness(self, snapshot: Snapshot, seed: Track) -> list[npt.NDArray[np.float32]]:
        """Return how well every row goes with ``seed``, 0 to 1: an array (n,) for each segment of ``snapshot``.

        Distances are not corrected for hubs, so that likenesses to several seeds are comparable.

        Raises
        ------
        NothingToCompare
            As for :meth:`recommend`.
        """
        compared = self._seed(snapshot, seed, {}, None)
        return [self._scores(segment, compared) for segment in snapshot.segments]

    def _seed(self, snapshot: Snapshot, track: Track, factors: Mapping[str, float], hubs: Hubs | None) -> _Seed:
        weights = Weights(**{name: getattr(self.weights, name) * factors.get(name, 1.0) for name in KINDS})
        sound_factors = factors_of(factors)
        sound_counts = weights.sound > 0 and (sound_factors is None or bool(sound_factors.any()))
        # A label that no track of the catalogue has, such as a source's own genre, compares with nothing.
        labels = tuple(
            label for label in track.labels if any(len(segment.rows_with_label(label)) for segment in snapshot.segments)
        )
        found = (self.artists.find_exact(name) for name in track.artists)
        artist = next((index for index in found if index is not None), None)
        seed = _Seed(
            track=track,
            coordinates=_coordinates(track.features) if track.features and sound_counts else None,
            artists=self._artist_scores(artist, hubs) if artist is not None and weights.artist else None,
            labels=labels if weights.genre else (),
            weights=weights,
            sound_factors=sound_factors,
            weight_factors=factors,
            hubs=hubs,
        )
        if seed.coordinates is None and seed.artists is None and not seed.labels:
            raise NothingToCompare(f"nothing is known of {track.title!r} that tracks could be compared by")
        return seed

    def _best(self, snapshot: Snapshot, seed: _Seed) -> Iterator[tuple[Segment, int, float]]:
        """Yield (segment, row, score) of all rows, best first."""
        likely = [self._likely(segment, seed) for segment in snapshot.segments]
        least = max((floor for _, _, floor in likely), default=-np.inf)
        seen = set()
        for position, at in _best_first([scores for _, scores, _ in likely]):
            rows, scores, _ = likely[position]
            if scores[at] < least:
                break
            seen.add((position, int(rows[at])))
            yield snapshot.segments[position], int(rows[at]), float(scores[at])
        if len(seen) == len(snapshot):
            return
        every = [self._scores(segment, seed) for segment in snapshot.segments]
        for position, row in _best_first(every):
            if (position, row) not in seen:
                yield snapshot.segments[position], row, float(every[position][row])

    def _likely(self, segment: Segment, seed: _Seed) -> tuple[npt.NDArray[Any], npt.NDArray[np.float32], float]:
        """Return rows of a segment, their scores, and a floor: every row that scores as much is among them.

        What the artist and the popularity of a row can add to its score is known by artist, and its sound adds the
        weight of the sound at the most. So the sounds of most rows need not be looked at.
        """
        index = self._index(segment)
        if seed.artists is None or len(segment) <= _FEW_ROWS:
            return np.arange(len(segment)), self._scores(segment, seed), -np.inf
        bounds = _artist_likeness(index.artist, seed.artists) * np.float32(seed.weights.artist)
        bounds += index.most_popular * np.float32(seed.weights.popularity)
        bounds /= seed.total
        sound = seed.weights.sound / seed.total if seed.coordinates is not None else 0.0
        best = self._scores(segment, seed, segment.rows_of_artists(top(bounds, _FIRST_ARTISTS)))
        floor = float(np.partition(best, -_FIRST_ROWS)[-_FIRST_ROWS]) if len(best) > _FIRST_ROWS else -np.inf
        rows = [segment.rows_of_artists(np.flatnonzero(bounds >= floor - sound))]
        for label in seed.labels:
            of_label = segment.rows_with_label(label)
            most = bounds[segment.artist_code[of_label]] + sound + seed.weights.genre / seed.total
            rows.append(of_label[most >= floor])
        likely = np.unique(np.concatenate(rows)) if seed.labels else rows[0]
        return likely, self._scores(segment, seed, likely), floor

    def _scores(
        self, segment: Segment, seed: _Seed, rows: npt.NDArray[Any] | slice = slice(None)
    ) -> npt.NDArray[np.float32]:
        """Return the (n,) scores of a segment's rows, or of some of them, 0 to 1."""
        index, weights = self._index(segment), seed.weights
        score = index.popularity[rows] * np.float32(weights.popularity)
        if seed.coordinates is not None:
            likeness = index.sound.squared_distances(seed.coordinates, seed.sound_factors, rows)
            if seed.hubs is not None:
                likeness /= np.sqrt(seed.hubs.of_rows(segment)[rows] * seed.hubs.of_coordinates(seed.coordinates))
            likeness /= np.float32(-2 * SOUND_WIDTH**2)
            np.exp(likeness, out=likeness)
            likeness[np.isnan(likeness)] = UNKNOWN_SOUND
            likeness *= weights.sound
            score += likeness
        if seed.artists is not None:
            score += np.float32(weights.artist) * _artist_likeness(
                index.artist[segment.artist_code[rows]], seed.artists
            )
        for label in seed.labels:
            of_label = segment.rows_with_label(label)
            carries = of_label if isinstance(rows, slice) else np.isin(rows, of_label)
            score[carries] += weights.genre / len(seed.labels)
        score /= seed.total
        return score

    def _artist_scores(self, artist: int, hubs: Hubs | None) -> npt.NDArray[np.float32]:
        """Return (n,) how well each artist of the embedding goes with one, 0 to 1."""
        agreement = self.artists.agreement(artist)
        likeness = self._cosine_scores(artist, hubs) * (1 - _KIN) * (1 - _APART * (1 - agreement))
        likeness += _KIN * agreement**2
        partners, _, closeness = self.artists.partners(artist)
        likeness[partners] += _TOGETHER * closeness.astype(np.float32)
        return np.minimum(likeness, 1.0)

    def _cosine_scores(self, artist: int, hubs: Hubs | None) -> npt.NDArray[np.float32]:
        cosine = self.artists.similarities(self.artists.unit(artist))
        if hubs is not None:
            # One minus the cosine is half the squared distance.
            cosine = 1 - (1 - cosine) / np.sqrt(hubs.artists * hubs.artists[artist])
        np.maximum(cosine, 0.0, out=cosine)
        # The fourth power (ARTIST_POWER); np.power takes twenty times as long.
        powered: npt.NDArray[np.float32] = np.square(np.square(cosine))
        return powered

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

    def nearest_labelled(
        self, snapshot: Snapshot, features: AudioFeatures, label: str, limit: int = 3, exclude: Collection[str] = ()
    ) -> list[tuple[Ref, float]]:
        """Return the tracks with ``label`` that sound most like ``features``, nearest first, with distances in spreads.

        The search is exact. Each recording comes once; those of the tracks in ``exclude`` do not come. The result is
        empty when no track has the label or too few features are given to compare (see ml.sound).
        """
        seed = _coordinates(features)
        if seed is None:
            return []
        left_out = recordings_of(snapshot, exclude)
        rows = [segment.rows_with_label(label) for segment in snapshot.segments]
        closeness = [
            np.nan_to_num(-self.sound(segment).squared_distances(seed, rows=of_label), nan=-np.inf)
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
    """The tracks of a list, and those that it must not hold: the seed, ``exclude`` and other versions of all these.

    ``suits`` tells by its normalised title whether a track may come.
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

    def add(self, segment: Segment, row: int) -> bool:
        """Add a row unless it is excluded, in the list already or above the artist cap; return whether it was added."""
        # What is cheapest to know comes first: most rows are further songs of the first few artists.
        composition = int(segment.composition_code[row])
        if composition in self._compositions:
            return False
        artist = segment.artist_keys[int(segment.artist_code[row])]
        if not self._cap.allows(artist) or not self._suits(segment.names(row)[0]):
            return False
        track_id = segment.track_id(row)
        if track_id in self._ids:
            return False
        self._compositions.add(composition)
        self._ids.add(track_id)
        self._cap.add(artist)
        return True


def _artist_likeness(artist: npt.NDArray[np.int32], scores: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the (n,) likeness of artists by their numbers in the embedding, -1 for unknown ones."""
    return np.where(artist >= 0, scores[artist], np.float32(UNKNOWN_ARTIST))


def _season_filter(seed: Track) -> Callable[[str], bool]:
    """Return what tells whether a title goes with the seed by season: songs of Christmas go with each other only."""
    if _CHRISTMAS.search(normalise(seed.title)):
        return lambda title: True
    return lambda title: not _CHRISTMAS.search(normalise(title))


def _coordinates(features: AudioFeatures) -> npt.NDArray[np.float32] | None:
    """Return the (12,) coordinates of a sound, ``None`` where too little of it is known to compare."""
    row = coordinates(feature_rows([features]))
    return None if np.isnan(squared_distances(row, row[0])[0]) else row[0]


def compositions_of(snapshot: Snapshot, track_ids: Collection[str]) -> set[int]:
    """Return the codes of the compositions of the tracks with these ids, in any segment."""
    return _codes(snapshot, track_ids, "composition_code")


def recordings_of(snapshot: Snapshot, track_ids: Collection[str]) -> set[int]:
    """Return the codes of the recordings of the tracks with these ids, in any segment."""
    return _codes(snapshot, track_ids, "recording_code")


def _codes(snapshot: Snapshot, track_ids: Collection[str], column: str) -> set[int]:
    found = ((segment, segment.find(track_id)) for track_id in track_ids for segment in snapshot.segments)
    return {int(getattr(segment, column)[row]) for segment, row in found if row is not None}


def _best_first(scores: Sequence[Floats], count: int = _FIRST_ROWS) -> Iterator[tuple[int, int]]:
    """Yield (segment's position, row) from the highest score down; ties go to the earlier segment and row."""
    done = 0
    while done < sum(map(len, scores)):
        rows = ((at, int(row)) for at, of_segment in enumerate(scores) for row in top(of_segment, count))
        best = sorted((-float(scores[at][row]), at, row) for at, row in rows)
        # `count` rows of each segment are sorted, so that the order of the first `count` rows is final.
        yield from ((at, row) for _, at, row in best[done:count])
        done, count = min(count, len(best)), count * 8
