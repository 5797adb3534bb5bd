"""A playlist at a glance: genres, decades, moods, the sources of its audio features, and some remarkable facts."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ml.artists.model import ArtistEmbedding
from ml.sound import coordinates
from ml.vectors import unit
from services.container import Services
from services.playlists.groups import best_known_genres
from services.playlists.moods import Mood, moods
from services.playlists.people import RADAR, PersonTaste, TastePair, compared, tastes
from services.playlists.playlists import PlaylistSummary, describe, find_playlist, with_tracks
from services.viewer import Viewer
from services.views import TrackSummary
from store.domain import AUDIO_FEATURES, PlaylistItem, Track
from store.feature_rows import feature_rows

# Rows that are looked at; of a longer playlist the first ones.
MOST_ROWS = 10_000
_MOST_GENRES = 8
# An odd one out is at least this many times as far from the playlist's median as the median track is.
_ODD_FROM = 1.5
# An odd artist is at least so many standard deviations less like the artists of a playlist than these are in the mean.
_ODD_DEVIATIONS = 2.0
_LEAST_TRACKS = 4


@dataclass(frozen=True)
class Count:
    """How many tracks there are of ``name``, which people read as ``title``."""

    name: str
    title: str
    tracks: int


@dataclass(frozen=True, kw_only=True)
class OddOneOut:
    """The track that sounds least like the others: ``times`` as far from their median as the median track.

    ``features`` are the audio features that differ most, each with the track's value and the playlist's median. Where
    the sound of too few tracks is known, it is a track of the artist least like the others, and ``times`` is null.
    """

    track: TrackSummary
    times: float | None
    features: list[tuple[str, float, float]]


@dataclass(frozen=True, kw_only=True)
class SharedTaste:
    """The artist whom most people have added, and the ids of these ``people``; of equals the one of most tracks."""

    artist: str
    people: list[str]
    tracks: int


@dataclass(frozen=True, kw_only=True)
class RarestArtist:
    """The artist whose most popular track here is the least popular (0 to 100).

    Where the popularity of too few artists is known, it is the least well known one of the embedding of artists, and
    ``popularity`` is null.
    """

    artist: str
    popularity: float | None
    track: TrackSummary


@dataclass(frozen=True, kw_only=True)
class Overview:
    """A playlist at a glance, from ``looked_at`` of its rows.

    ``genres`` are the most frequent ones, ``decades`` are named by their first year, ``moods`` count tracks by quarter
    of valence and energy, ``sources`` count them by source of their audio features. A fact is null where nothing
    stands out.
    """

    playlist: PlaylistSummary
    looked_at: int
    artists: int
    duration_ms: int
    genres: list[Count]
    decades: list[Count]
    moods: dict[Mood, int]
    sources: list[Count]
    without_features: int
    odd_one_out: OddOneOut | None
    most_shared: SharedTaste | None
    rarest: RarestArtist | None
    people: list[PersonTaste]
    pairs: list[TastePair]
    most_unlike: str | None


def overview(services: Services, playlist_id: str, viewer: Viewer) -> Overview:
    """Return a playlist at a glance; raises ServiceError 404."""
    playlist = find_playlist(services, playlist_id, viewer)
    limit = min(max(playlist.item_count, 1), MOST_ROWS)
    rows = with_tracks(services, playlist, services.database.playlist_items(playlist.id, limit=limit))
    tracks = list({track.id: track for _, track in rows}.values())
    known_artists = services.artists
    # Tables write "hip-hop" where files write "Hip Hop".
    genres = Counter(
        genre
        for track in tracks
        for genre in dict.fromkeys(name.lower().replace("-", " ") for name in best_known_genres(known_artists, track))
    )
    decades = Counter(10 * (track.year // 10) for track in tracks if track.year)
    sources = Counter(track.features.source for track in tracks if track.features)
    people = tastes(playlist, rows)
    pairs, most_unlike = compared(people, rows)
    return Overview(
        playlist=describe(playlist, viewer),
        looked_at=len(rows),
        artists=len({artist for track in tracks for artist in track.artists}),
        duration_ms=sum(track.duration_ms or 0 for track in tracks),
        genres=[Count(name, name, count) for name, count in genres.most_common(_MOST_GENRES)],
        decades=[Count(str(first), f"{first}s", decades[first]) for first in sorted(decades)],
        moods=moods(tracks),
        sources=[Count(name, services.title_of(name), count) for name, count in sources.most_common()],
        without_features=len(tracks) - sources.total(),
        odd_one_out=_odd_one_out(tracks) or _odd_artist(known_artists, tracks),
        most_shared=_most_shared(rows),
        rarest=_least_popular(tracks) or _least_known(known_artists, tracks),
        people=people,
        pairs=pairs,
        most_unlike=most_unlike,
    )


def _odd_one_out(tracks: Sequence[Track]) -> OddOneOut | None:
    known = [track for track in tracks if track.features]
    if len(known) < _LEAST_TRACKS:
        return None
    values = feature_rows([track.features for track in known if track.features])
    places = coordinates(values)
    places = places[:, ~np.isnan(places).all(axis=0)]
    away = np.sqrt(np.nansum((places - np.nanmedian(places, axis=0)) ** 2, axis=1))
    median, at = float(np.median(away)), int(away.argmax())
    if median <= 0 or away[at] < _ODD_FROM * median:
        return None
    return OddOneOut(
        track=TrackSummary.of(known[at]), times=round(float(away[at]) / median, 1), features=_apart(values, at)
    )


def _odd_artist(artists: ArtistEmbedding, tracks: Sequence[Track]) -> OddOneOut | None:
    if sum(track.features is not None for track in tracks) >= _LEAST_TRACKS:
        return None
    known = _known_firsts(artists, tracks)
    if len(known) < _LEAST_TRACKS:
        return None
    vectors = unit(artists.vectors[list(known)].astype(np.float32))
    likeness = vectors @ vectors.mean(axis=0)
    at = int(likeness.argmin())
    if likeness[at] > likeness.mean() - _ODD_DEVIATIONS * likeness.std():
        return None
    return OddOneOut(track=TrackSummary.of(list(known.values())[at]), times=None, features=[])


def _known_firsts(artists: ArtistEmbedding, tracks: Sequence[Track]) -> dict[int, Track]:
    """Return, for each first artist whom the embedding knows, the artist's first track here, by the artist's number."""
    firsts: dict[int, Track] = {}
    for track in tracks:
        at = artists.find_exact(track.artists[0]) if track.artists else None
        if at is not None:
            firsts.setdefault(at, track)
    return firsts


def _apart(values: np.ndarray, at: int) -> list[tuple[str, float, float]]:
    """Return the three features of :data:`RADAR` in which a row differs most from the median."""
    apart = []
    for name in RADAR:
        column = values[:, AUDIO_FEATURES.index(name)]
        if not np.isnan(column[at]):
            apart.append((name, round(float(column[at]), 3), round(float(np.nanmedian(column)), 3)))
    return sorted(apart, key=lambda feature: -abs(feature[1] - feature[2]))[:3]


def _most_shared(rows: Sequence[tuple[PlaylistItem, Track]]) -> SharedTaste | None:
    people: dict[str, set[str]] = {}
    tracks: dict[str, set[str]] = {}
    for item, track in rows:
        for artist in track.artists:
            tracks.setdefault(artist, set()).add(track.id)
            people.setdefault(artist, set()).update({item.added_by} if item.added_by else ())
    if not tracks:
        return None
    artist = max(tracks, key=lambda name: (len(people[name]), len(tracks[name]), name))
    count = len(tracks[artist])
    shared = len(people[artist]) > 1 or count > 1
    return SharedTaste(artist=artist, people=sorted(people[artist]), tracks=count) if shared else None


def _least_popular(tracks: Sequence[Track]) -> RarestArtist | None:
    best: dict[str, Track] = {}
    for track in tracks:
        if track.artists and track.popularity is not None:
            before = best.get(track.artists[0])
            if before is None or (before.popularity or 0.0) < track.popularity:
                best[track.artists[0]] = track
    if len(best) < _LEAST_TRACKS:
        return None
    artist = min(best, key=lambda name: (best[name].popularity or 0.0, name))
    return RarestArtist(artist=artist, popularity=best[artist].popularity or 0.0, track=TrackSummary.of(best[artist]))


def _least_known(artists: ArtistEmbedding, tracks: Sequence[Track]) -> RarestArtist | None:
    known = _known_firsts(artists, tracks)
    if len(known) < _LEAST_TRACKS:
        return None
    track = known[min(known, key=lambda at: (float(artists.prior[at]), known[at].artists[0]))]
    return RarestArtist(artist=track.artists[0], popularity=None, track=TrackSummary.of(track))
