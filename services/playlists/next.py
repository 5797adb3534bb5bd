"""Tracks that may come next in a playlist, each with the reason."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.continuation.fitting import RIGHT
from ml.continuation.model import MOST_SEEDS, Among, Continuation, ContinuationQuery, Next, picked
from ml.continuation.titles import cues_of, ranked_by_name
from ml.guards import GUARDS
from services.container import Services
from services.errors import ServiceError, invalid_value
from services.playlists.never import unwanted_ids
from services.playlists.playlists import PlaylistSummary, describe, find_playlist, with_tracks
from services.recommend.answer import SimilarArtist
from services.recommend.artists import as_shown
from services.sound.demo import synthetic_to_exclude
from services.viewer import Viewer
from services.views import TrackSummary, ids_in
from store.catalogue.catalogue import Snapshot
from store.catalogue.segment import Segment
from store.domain import Playlist, Track

_SEEDS, _ARTISTS = 40, 12  # how many artists of the playlist are compared; how many similar ones are returned


@dataclass(frozen=True, kw_only=True)
class NextTrack(TrackSummary):
    """A track that may come next, with its score, the reason, and its audio features by name, to order a list by.

    ``fits`` is false for tracks further afield, and null where the method cannot say.
    """

    score: float
    fits: bool | None
    reason: str
    features: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class NextAnswer:
    """Tracks that may come next, best first.

    ``method`` scored ``method_score`` on the held-out playlists of ``split``. Where the playlist has no known track,
    ``method`` is "name" and has no score. If there are fewer tracks than wanted, or some do not fit, ``note`` says so.
    If there are fewer, or none fits, ``artists`` are similar to those of the playlist, and may have no tracks in the
    catalogue. ``families`` are the families of genres that can be left out.
    """

    playlist: PlaylistSummary
    method: str
    method_score: dict[str, float] | None
    split: str | None
    scores: list[dict[str, Any]]
    version: str
    tracks: list[NextTrack]
    note: str | None
    artists: list[SimilarArtist]
    families: tuple[str, ...]


def next_tracks(services: Services, playlist_id: str, viewer: Viewer, query: Mapping[str, Any]) -> NextAnswer:
    """Return tracks of the catalogue that continue a playlist, best first; by its name if none of its tracks is known.

    Parameters
    ----------
    viewer
        Who asks.
    query
        ``limit`` and ``artist_cap``, the most tracks, in all and of one artist; ``exclude``, ids with commas; the
        guards ``spoken``, ``explicit`` and ``seasonal``; ``without``, families of genres with | between; ``longest_s``,
        seconds or None; ``novelty``, 0 to 1. The tracks that the viewer does not want are left out.

    Raises
    ------
    ServiceError
        404 for an unknown playlist; 422 for an unknown family, an empty catalogue, or a playlist without known tracks
        whose name names no genre or artist.
    """
    playlist = find_playlist(services, playlist_id, viewer)
    snapshot = services.catalogue.current(viewer.owner)
    tracks = _last_tracks(services, playlist)
    if not len(snapshot):
        raise ServiceError(
            422, "no_catalogue", "There is no track to choose from yet.", "Import playlists, or a table of tracks."
        )
    synthetic = synthetic_to_exclude(snapshot, tracks)
    limits: dict[str, Any] = {
        "limit": query["limit"],
        "exclude": ids_in(query["exclude"]) | unwanted_ids(services, viewer.owner) | synthetic,
        "artist_cap": query["artist_cap"],
        "guards": {name: query[name] for name in GUARDS},
        "novelty": query["novelty"],
    }
    among, model = _among(services, query), services.continuation
    if tracks:
        continuation = ContinuationQuery(tracks=tracks, name=playlist.name)
        found = model.next(snapshot, continuation, among=among, **limits)
    else:
        found = _by_name(services, snapshot, playlist, among, limits)
    few, fitting = len(found) < query["limit"], sum(suggested.fits is not False for suggested in found)
    notes = [_note(len(found), len(snapshot) - len(synthetic), len({track.id for track in tracks}))] if few else []
    notes += [_further_afield(fitting, len(found))] if fitting < len(found) else []
    return NextAnswer(
        playlist=describe(playlist, viewer),
        **_method(model, has_tracks=bool(tracks)),
        version=model.version,
        tracks=[_next_track(snapshot, suggested) for suggested in found],
        note=" ".join(notes) or None,
        artists=_artists(services, snapshot, tracks) if few or not fitting else [],
        families=services.genre.families,
    )


def _last_tracks(services: Services, playlist: Playlist) -> list[Track]:
    """Return the tracks from which a playlist is continued: all, or the last of a long one."""
    start = max(0, playlist.item_count - MOST_SEEDS)
    items = services.database.playlist_items(playlist.id, start=start, limit=MOST_SEEDS)
    return [track for _, track in with_tracks(services, playlist, items)]


def _method(model: Continuation, *, has_tracks: bool) -> dict[str, Any]:
    """Return the fields of the answer that say which method ranked, and what it scored."""
    scores = model.scores if has_tracks else {}
    return {
        "method": model.method if has_tracks else "name",
        "method_score": scores.get("served_score"),
        "split": scores.get("split"),
        "scores": scores.get("table", []),
    }


def _next_track(snapshot: Snapshot, suggested: Next) -> NextTrack:
    track = snapshot.track(suggested.ref)
    features = track.feature_values
    more = {"score": round(suggested.score, 4), "fits": suggested.fits, "reason": suggested.reason}
    return NextTrack.of(track, **more, features=features)


def _artists(services: Services, snapshot: Snapshot, tracks: Sequence[Track]) -> list[SimilarArtist]:
    """Return artists that are similar to those of the tracks, but are not among them."""
    counts = Counter(found for track in tracks for found in _known_artists(services, track.artists[:1]))
    here = {found for track in tracks for found in _known_artists(services, track.artists)}
    seeds = [artist for artist, _ in counts.most_common(_SEEDS)]
    alike = services.artists.alike_to_several(seeds, here, _ARTISTS)
    return [as_shown(snapshot, artist) for artist in alike]


def _known_artists(services: Services, names: Collection[str]) -> list[int]:
    return [index for name in names if (index := services.artists.find_exact(name)) is not None]


def _by_name(
    services: Services, snapshot: Snapshot, playlist: Playlist, among: Among | None, limits: Mapping[str, Any]
) -> list[Next]:
    """Return tracks of the genres and artists that occur in the playlist's name; raises ServiceError 422 for none."""
    genres = services.genres_of_segments
    cues = cues_of(playlist.name, snapshot, genres)
    if not cues:
        raise ServiceError(
            422,
            "no_seeds",
            "No track of this playlist is known yet, and its name holds no genre and no artist.",
            "Search for a track and add it to this playlist.",
        )
    reason = f"the playlist's name says “{'” and “'.join(cue.words for cue in cues)}”"
    ranked = ranked_by_name(cues, snapshot, genres, among)
    return [Next(ref, score, reason) for ref, score, _ in picked(snapshot, ranked, **limits)]


def _among(services: Services, query: Mapping[str, Any]) -> Among | None:
    """Return the filter for the tracks of a segment: not in a family that is left out, and not too long."""
    without, longest_s = {part.strip() for part in query["without"].split("|")} - {""}, query["longest_s"]
    strange = without.difference(services.genre.families)
    if strange:
        raise invalid_value(f"without: {min(strange)!r} is not a family of genres.", "See families in the answer.")
    if not without and longest_s is None:
        return None

    def among(segment: Segment) -> npt.NDArray[np.bool_]:
        outside = services.genres_of_segments.outside(segment, without) if without else np.ones(len(segment), bool)
        # An unknown length is not too long.
        return outside if longest_s is None else outside & ~(segment.lengths_s > longest_s)

    return among


def _note(found: int, choice: int, own: int) -> str:
    """Return why only these ``found`` of the ``choice`` tracks known here go with a playlist that holds ``own``."""
    if choice <= own:
        return (
            "All tracks known here are in this playlist already, so there is none to suggest. "
            "Add another playlist, or a catalogue: see Library."
        )
    if found:
        return f"Only {found} of the {choice} tracks known here can be compared with it and pass the filters."
    return (
        f"None of the {choice} tracks known here goes with it and passes the filters. Filter less, or add a catalogue: "
        "see Library."
    )


def _further_afield(fitting: int, found: int) -> str:
    """Return how many of the tracks fit, and what that means."""
    some = f"Only {fitting} of these {found} tracks" if fitting else f"None of these {found} tracks"
    return (
        f"{some} {'fit' if fitting > 1 else 'fits'}: of tracks that fit, one in {1 / RIGHT:.0f} was in the hidden half "
        "of playlists that the model had not seen. The others are further afield."
    )
