"""Tracks that go with a track: alike in sound, by artists alike, of the same genres, and rather known than unknown."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
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
from store.catalogue.segment import recording_hash
from store.domain import AudioFeatures, Track
from store.feature_rows import feature_rows
from store.text import recording_key

# Distance (in spreads, see ml.sound) at which likeness of sound falls to 0.61 of its largest value.
SOUND_WIDTH = 1.5
# The cosines of artists crowd near the top; this power pulls them apart.
ARTIST_POWER = 4
# What a row scores in a likeness that cannot be judged because its side is unknown: about that of a random track.
UNKNOWN_SOUND, UNKNOWN_ARTIST, UNKNOWN_POPULARITY = 0.6, 0.05, 0.2
MAX_LIMIT = 50
_FIRST_LOOK = 256  # best rows of a segment that are looked at before more are sorted out

Floats = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Weights:
    """What each kind of likeness counts. The defaults were chosen on held-out playlists (split `valid`);
    bench/neighbours.py reports `test`."""

    sound: float = 1.0
    artist: float = 2.0
    genre: float = 0.3  # labels are rare and noisy, and artists' genres are in the artist's place already
    popularity: float = 0.3  # of two equally alike tracks the known one: a tenth of the whole


class NothingToCompare(Exception):  # noqa: N818 - a state of knowledge, not a fault
    """The seed has no audio features, and neither its artist nor its genre is known."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A track that goes with the seed; ``score`` is 0 to 1, ``reasons`` say why, the strongest first."""

    ref: Ref
    score: float
    reasons: tuple[str, ...]
    differences: tuple[Difference, ...]


class _SegmentIndex:
    """What is worked out once per segment: coordinates of the sound (11 MB for 220,000 tracks) and artists' numbers."""

    def __init__(self, segment: Segment, artists: ArtistEmbedding) -> None:
        self.directory = segment.directory
        self.sound = SoundIndex(segment.features)
        self.artist = artists.keys.match_sorted(segment.artist_keys)
        known = np.nan_to_num(segment.popularity, nan=100 * UNKNOWN_POPULARITY) / 100
        self.popularity: npt.NDArray[np.float16] = known.astype(np.float16)


KINDS = tuple(one.name for one in fields(Weights))
MOST_WEIGHT = 10.0


def weights_from(text: str) -> dict[str, float]:
    """Return the weights that "tempo:2,energy:0.5" asks for: factors on the usual weights of features and kinds.

    Raises
    ------
    ValueError
        A name is neither a feature that is compared nor one of sound, artist, genre, popularity; a factor is not 0 to
        10; a name comes twice.
    """
    weights: dict[str, float] = {}
    for part in filter(None, (one.strip() for one in text.split(","))):
        name, _, number = (one.strip() for one in part.partition(":"))
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
    """What the seed offers for comparison, and what each kind of likeness counts in it.

    ``factors`` are those of :func:`ml.sound.factors_of`, ``told`` the weights as they were asked for, ``hubs`` what
    distances are corrected by, if they are.
    """

    track: Track
    place: npt.NDArray[np.float32] | None
    artist: int | None
    labels: tuple[str, ...]
    weights: Weights
    factors: npt.NDArray[np.float32] | None
    told: Mapping[str, float]
    hubs: Hubs | None


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

        Never the seed's recording, never one recording twice, none whose id (or recording) is in ``exclude``, and
        at most ``artist_cap`` of one first artist, the seed's included. ``weights`` (see :func:`weights_from`) multiply
        the usual ones; what counts more comes first among the reasons, and what counts nothing is none. ``corrected``
        distances are scaled locally (see :mod:`ml.neighbours.hubs`), so that no track is everybody's neighbour.

        Raises
        ------
        NothingToCompare
            The seed has no audio features, and neither its artist nor a label of it is known; or what is known of it
            has no weight.
        ValueError
            ``limit`` is not within 1 to 50, or ``artist_cap`` is below 1.
        """
        if not 1 <= limit <= MAX_LIMIT or artist_cap < 1:
            raise ValueError(f"limit {limit} is not 1 to {MAX_LIMIT}, or artist_cap {artist_cap} is below 1")
        track = snapshot.track(seed) if isinstance(seed, Ref) else seed
        judged = self._judge(snapshot, track, weights or {}, self._hubs_of(snapshot) if corrected else None)
        scores = [self._scores(segment, judged) for segment in snapshot.segments]
        taken = Taken(snapshot, judged.track, exclude, artist_cap)
        found = []
        for position, row in _best_first(scores):
            segment = snapshot.segments[position]
            if taken.add(segment, row):
                found.append(self._neighbour(snapshot, judged, Ref(segment.name, row), float(scores[position][row])))
                if len(found) == limit:
                    break
        return found

    def likeness(self, snapshot: Snapshot, seed: Track) -> list[npt.NDArray[np.float32]]:
        """Return how well every row goes with ``seed``, 0 to 1: an array (n,) for each segment of ``snapshot``.

        Distances are not corrected for hubs, so that likenesses to several seeds compare. Raises NothingToCompare as
        :meth:`recommend` does.
        """
        judged = self._judge(snapshot, seed, {}, None)
        return [self._scores(segment, judged) for segment in snapshot.segments]

    def _judge(self, snapshot: Snapshot, track: Track, told: Mapping[str, float], hubs: Hubs | None) -> _Seed:
        weights = Weights(**{name: getattr(self.weights, name) * told.get(name, 1.0) for name in KINDS})
        factors = factors_of(told)
        heard = weights.sound > 0 and (factors is None or bool(factors.any()))
        place = _place(track.features) if track.features and heard else None
        # A source's word for a genre, which no track here has, compares with nothing.
        labels = tuple(one for one in track.labels if any(len(s.rows_with_label(one)) for s in snapshot.segments))
        found = (self.artists.find_exact(name) for name in track.artists)
        artist = next((index for index in found if index is not None), None)
        seed = _Seed(
            track=track,
            place=place,
            artist=artist if weights.artist else None,
            labels=labels if weights.genre else (),
            weights=weights,
            factors=factors,
            told=told,
            hubs=hubs,
        )
        if seed.place is None and seed.artist is None and not seed.labels:
            raise NothingToCompare(f"nothing is known of {track.title!r} that tracks could be compared by")
        return seed

    def _scores(self, segment: Segment, seed: _Seed) -> npt.NDArray[np.float32]:
        """Return (n,) scores of a segment's rows, 0 to 1."""
        index, weights = self._index(segment), seed.weights
        score = index.popularity.astype(np.float32)
        score *= weights.popularity
        judged = weights.popularity
        if seed.place is not None:
            likeness = index.sound.squared_distances(seed.place, seed.factors)
            if seed.hubs is not None:
                likeness /= np.sqrt(seed.hubs.of_rows(segment) * seed.hubs.of_place(seed.place))
            likeness /= np.float32(-2 * SOUND_WIDTH**2)
            np.exp(likeness, out=likeness)
            likeness[np.isnan(likeness)] = UNKNOWN_SOUND
            likeness *= weights.sound
            score += likeness
            judged += weights.sound
        if seed.artist is not None:
            likeness = self._artist_likeness(index, seed.artist, seed.hubs) * np.float32(weights.artist)
            score += likeness[segment.artist_code]
            judged += weights.artist
        if seed.labels:
            for label in seed.labels:
                score[segment.rows_with_label(label)] += weights.genre / len(seed.labels)
            judged += weights.genre
        score /= np.float32(judged)
        return score

    def _artist_likeness(self, index: _SegmentIndex, artist: int, hubs: Hubs | None) -> npt.NDArray[np.float32]:
        """Return the likeness of each of the segment's artists, 0 to 1."""
        cosine = self.artists.similarities(self.artists.unit(artist))
        if hubs is not None:
            # One minus the cosine is half the squared distance.
            cosine = 1 - (1 - cosine) / np.sqrt(hubs.artists * hubs.artists[artist])
        powered = np.maximum(cosine, 0.0) ** ARTIST_POWER
        likeness = np.where(index.artist >= 0, powered[index.artist], np.float32(UNKNOWN_ARTIST))
        return likeness.astype(np.float32)

    def _index(self, segment: Segment) -> _SegmentIndex:
        """Return what was worked out for a segment; only the newest generation of each is kept."""
        with self._lock:
            known = self._indexes.get(segment.name)
            if known is None or known.directory != segment.directory:
                known = self._indexes[segment.name] = _SegmentIndex(segment, self.artists)
            return known

    def _hubs_of(self, snapshot: Snapshot) -> Hubs | None:
        """Return what distances are corrected by: drawn from the largest segment, once per generation of it."""
        largest = max(snapshot.segments, key=len, default=None)
        if largest is None:
            return None
        index = self._index(largest)
        with self._lock:
            if self._hubs is None or self._hubs.drawn_from != largest.directory:
                self._hubs = Hubs(largest, index.artist, self.artists)
            return self._hubs

    def sound(self, segment: Segment) -> SoundIndex:
        """Return the distances of a segment's tracks, worked out once."""
        return self._index(segment).sound

    def _neighbour(self, snapshot: Snapshot, seed: _Seed, ref: Ref, score: float) -> Neighbour:
        other = snapshot.track(ref)
        why = reasons(seed.track, other, self.artists, seed.told)
        return Neighbour(ref, min(max(score, 0.0), 1.0), why, differences(seed.track, other))

    def nearest_labelled(
        self,
        snapshot: Snapshot,
        features: AudioFeatures,
        label: str,
        limit: int = 3,
        exclude: Collection[str] = (),
    ) -> list[tuple[Ref, float]]:
        """Return the tracks with ``label`` that sound most like ``features``, nearest first, with distances in spreads.

        Exact over all tracks with the label; one per recording, none whose id or recording is in ``exclude``.
        Empty when no track has the label or too few features are given to compare (see ml.sound).
        """
        place = _place(features)
        if place is None:
            return []
        left_out = recordings_of(snapshot, exclude)
        rows = [segment.rows_with_label(label) for segment in snapshot.segments]
        closeness = [
            np.nan_to_num(-squared_distances(coordinates(segment.features[of_label]), place), nan=-np.inf)
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
    """Remembers what a list holds already, and what it must not hold."""

    def __init__(self, snapshot: Snapshot, seed: Track, exclude: Collection[str], artist_cap: int) -> None:
        self._recordings = recordings_of(snapshot, {*exclude, seed.id} - {""})
        if seed.artists:
            self._recordings.add(recording_hash(recording_key(seed.title, seed.artists[0])))
        self._ids = {*exclude, seed.id}
        self._cap = ArtistCap(artist_cap)

    def add(self, segment: Segment, row: int) -> bool:
        """Take a row if nothing speaks against it, and tell whether it was taken."""
        recording = int(segment.recording_code[row])
        artist = segment.artist_keys[int(segment.artist_code[row])]
        track_id = segment.track_id(row)
        if recording in self._recordings or track_id in self._ids or not self._cap.allows(artist):
            return False
        self._recordings.add(recording)
        self._ids.add(track_id)
        self._cap.add(artist)
        return True


def _place(features: AudioFeatures) -> npt.NDArray[np.float32] | None:
    place = coordinates(feature_rows([features]))[0]
    return None if np.isnan(squared_distances(place[None], place)[0]) else place


def recordings_of(snapshot: Snapshot, track_ids: Collection[str]) -> set[int]:
    """Return the recordings of the tracks with these ids, wherever they stand."""
    found = ((segment, segment.find(one)) for one in track_ids for segment in snapshot.segments)
    return {int(segment.recording_code[row]) for segment, row in found if row is not None}


def _best_first(scores: Sequence[Floats], look: int = _FIRST_LOOK) -> Iterator[tuple[int, int]]:
    """Yield (segment's position, row) from the highest score down; of equal ones the earlier segment and row first."""
    done = 0
    while done < sum(map(len, scores)):
        best = [(-float(one[row]), at, int(row)) for at, one in enumerate(scores) for row in top(one, look)]
        best.sort()
        # Beyond `look` rows of one segment another's rows may come first, so only so many are sure.
        yield from ((at, row) for _, at, row in best[done:look])
        done, look = min(look, len(best)), look * 8
