"""The evidence for a track in each of a person's playlists, as numbers: the inputs of the triage model."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from ml.artists.model import ArtistEmbedding
from ml.genre.model import GenreInput, GenrePredictor
from ml.sound import coordinates
from ml.vectors import unit
from store.domain import Track, usable_features
from store.feature_rows import Floats, feature_rows
from store.text import normalise

# The columns of :meth:`Evidence.rows`, in order.
EVIDENCE = (
    "artists_near",  # mean cosine of the track's artists with the three nearest artists of the playlist
    "artists_typical",  # cosine with the playlist's mean artist vector, as a z-score among the playlist's own tracks
    "same_artist",  # log(1 + tracks of the same artist in the playlist)
    "artist_share",  # of that artist's tracks in all playlists, the share in this one
    "same_album",  # 1 if a track of the same album is there
    "genre",  # log of how much likelier the track's genres are in this playlist than in all of them
    "genre_typical",  # as artists_typical, by genres
    "sound",  # log of how much likelier its sound is in this playlist than in all of them
    "size",  # log(1 + tracks in the playlist)
    "refused_artist",  # log(1 + tracks of the same artist that were refused for the playlist)
)
_NEAREST = 3
_BATCH = 512
_TINY = 1e-4
# A playlist's own statistics are averaged with those of all playlists, or of a typical one, as if the latter had so
# many tracks.
_PRIOR_TRACKS = 8.0
# Mean and deviation of the cosines of tracks with the mean of a typical playlist.
_TYPICAL_COSINES = (0.6, 0.2)
_LEAST_DEVIATION, _LEAST_VARIANCE = 0.04, 0.002
# Bound of evidence in deviations or logs, so that no outlier dominates.
_BOUND = 6.0


@dataclass(frozen=True)
class TrackFacts:
    """The facts about n tracks from which evidence is computed.

    Attributes
    ----------
    artists : sequence of frozenset of str
        Normalised names.
    albums : sequence of str
        First artist and album, normalised; empty where unknown.
    place : np.ndarray
        (n, d) mean vectors of the artists, of length 1; zeros where none is known.
    sound : np.ndarray
        (n, 12) coordinates of :func:`ml.sound.coordinates`, NaN where unknown.
    genre : np.ndarray
        (n, genres) probabilities.
    """

    artists: Sequence[frozenset[str]]
    albums: Sequence[str]
    place: Floats
    sound: Floats
    genre: Floats

    def __len__(self) -> int:
        return len(self.artists)

    def of(self, rows: Sequence[int]) -> Self:
        """Return the facts of some rows."""
        places = np.array(rows, int)
        return type(self)(
            artists=[self.artists[row] for row in rows],
            albums=[self.albums[row] for row in rows],
            place=self.place[places],
            sound=self.sound[places],
            genre=self.genre[places],
        )

    @cached_property
    def artist_counts(self) -> Counter[str]:
        """Tracks of each artist."""
        return Counter(name for names in self.artists for name in names)

    @cached_property
    def distinct_places(self) -> Floats:
        """(artists, d) the distinct vectors of known artists."""
        return np.unique(self.place[self.place.any(axis=1)], axis=0)


@dataclass(frozen=True)
class TrackReader:
    """Reads tracks with the served models of artists and genres."""

    artists: ArtistEmbedding
    genre: GenrePredictor

    def read(self, tracks: Sequence[Track]) -> TrackFacts:
        """Return the facts about ``tracks``."""
        found = [
            [at for name in track.artists if (at := self.artists.find_exact(name)) is not None] for track in tracks
        ]
        inputs = [GenreInput.of(track) for track in tracks]
        parts = [self.genre.predict(inputs[at : at + _BATCH]) for at in range(0, len(inputs), _BATCH)]
        return TrackFacts(
            artists=[frozenset(map(normalise, track.artists)) for track in tracks],
            albums=[_album(track) for track in tracks],
            place=self._places(found),
            sound=coordinates(feature_rows(map(usable_features, tracks))),
            genre=np.vstack([*parts, np.zeros((0, len(self.genre.genres)), np.float32)]),
        )

    def _places(self, found: Sequence[Sequence[int]]) -> Floats:
        places = np.zeros((len(found), self.artists.vectors.shape[1]), np.float32)
        for row, known in zip(places, found, strict=True):
            for at in known:
                row += self.artists.unit(at)
        return unit(places)


def _album(track: Track) -> str:
    if not track.album or not track.artists:
        return ""
    return f"{normalise(track.album)}\x1f{normalise(track.artists[0])}"


class Evidence:
    """Computes the evidence for tracks in each of a person's playlists.

    Parameters
    ----------
    together : TrackFacts
        The tracks of all the playlists. The common statistics are computed from these once, so that a playlist that
        grows later changes only its own evidence.
    """

    def __init__(self, together: TrackFacts) -> None:
        self._artist_counts = together.artist_counts
        self._genre = together.genre.mean(axis=0) if len(together) else np.zeros(together.genre.shape[1])
        self._sound = _moments(together.sound)

    def rows(self, tracks: TrackFacts, playlist: TrackFacts, refused: TrackFacts) -> Floats:
        """Return (n, :data:`EVIDENCE`) for n ``tracks`` and a playlist.

        ``refused`` are tracks that the person refused for this playlist.
        """
        same = _most_of_an_artist(tracks, playlist.artist_counts)
        everywhere = np.maximum(_most_of_an_artist(tracks, self._artist_counts), same)
        albums = {*playlist.albums} - {""}
        columns = {
            "artists_near": _nearest(tracks.place, playlist.distinct_places),
            "artists_typical": _typical(tracks.place, playlist.place),
            "same_artist": np.log1p(same),
            "artist_share": same / np.maximum(everywhere, 1),
            "same_album": np.array([album in albums for album in tracks.albums], float),
            "genre": self._genre_lift(tracks, playlist),
            "genre_typical": _typical(np.sqrt(tracks.genre), np.sqrt(playlist.genre)),
            "sound": self._sound_lift(tracks, playlist),
            "size": np.full(len(tracks), np.log1p(len(playlist))),
            "refused_artist": np.log1p(_most_of_an_artist(tracks, refused.artist_counts)),
        }
        return np.stack([columns[name] for name in EVIDENCE], axis=1)

    def _genre_lift(self, tracks: TrackFacts, playlist: TrackFacts) -> Floats:
        weight = len(playlist) / (len(playlist) + _PRIOR_TRACKS)
        theirs = playlist.genre.mean(axis=0) if len(playlist) else self._genre
        mixed = weight * theirs + (1 - weight) * self._genre
        lift: Floats = np.log((tracks.genre @ mixed + _TINY) / (tracks.genre @ self._genre + _TINY))
        return lift

    def _sound_lift(self, tracks: TrackFacts, playlist: TrackFacts) -> Floats:
        mean, variance = self._sound
        count = (~np.isnan(playlist.sound)).sum(axis=0)
        weight = count / (count + _PRIOR_TRACKS)
        own_mean, own_variance = (
            weight * own + (1 - weight) * typical
            for own, typical in zip(_moments(playlist.sound), self._sound, strict=True)
        )
        lift = _log_density(tracks.sound, own_mean, own_variance) - _log_density(tracks.sound, mean, variance)
        return np.clip(np.nan_to_num(lift).sum(axis=1), -_BOUND, _BOUND)


def _most_of_an_artist(tracks: TrackFacts, counts: Counter[str]) -> Floats:
    """Return (n,) the highest count of each track's artists."""
    return np.array([max((counts[name] for name in names), default=0) for names in tracks.artists], float)


def _typical(rows: Floats, own: Floats) -> Floats:
    """Return (n,) the cosine of ``rows`` with the mean of ``own``, as a z-score among the cosines of ``own``.

    It is 0 for rows of zeros, and if all of ``own`` are zeros.
    """
    middle = unit(own.sum(axis=0))
    known = own[own.any(axis=1)] @ middle
    if not len(known):
        return np.zeros(len(rows))
    weight = len(known) / (len(known) + _PRIOR_TRACKS)
    mean, deviation = (
        weight * mine + (1 - weight) * typical
        for mine, typical in zip((known.mean(), known.std()), _TYPICAL_COSINES, strict=True)
    )
    deviations = np.clip((rows @ middle - mean) / max(deviation, _LEAST_DEVIATION), -_BOUND, _BOUND)
    return np.where(rows.any(axis=1), deviations, 0.0)


def _nearest(places: Floats, others: Floats) -> Floats:
    """Return (n,) the mean of the highest three cosines of each row of ``places`` with ``others``; 0 without any."""
    if not len(others):
        return np.zeros(len(places))
    distinct, back = np.unique(places, axis=0, return_inverse=True)
    cosines = distinct @ others.T
    most = min(_NEAREST, len(others))
    best: Floats = np.partition(cosines, -most, axis=1)[:, -most:].mean(axis=1)
    return best[back.ravel()]


def _moments(sound: Floats) -> tuple[Floats, Floats]:
    """Return mean and variance (12,) of the known values; 0 and 1 where none is known."""
    known = ~np.isnan(sound)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, sound, 0.0).sum(axis=0) / count
    variance = np.where(known, np.square(sound - mean), 0.0).sum(axis=0) / count
    return mean, np.where(known.any(axis=0), np.maximum(variance, _LEAST_VARIANCE), 1.0)


def _log_density(sound: Floats, mean: Floats, variance: Floats) -> Floats:
    return -0.5 * (np.square(sound - mean) / variance + np.log(variance))
