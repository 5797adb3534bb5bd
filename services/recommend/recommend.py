"""Tracks that go with a track, each with the reason."""

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

from etl.gather.found_tracks import store_recommended
from etl.providers.base import Need
from etl.providers.registry import ORDER
from ml.neighbours.close_match import is_close_match
from ml.neighbours.model import NothingToCompare, weights_from
from services.container import Services
from services.errors import ServiceError, no_features, not_found
from services.recommend.answer import ComparedTrack, Recommendation, SourceList, SourceTrack
from services.recommend.artists import similar_artists
from services.recommend.families import family_picks
from services.sound.demo import synthetic_to_exclude
from services.sound.timbre import timbre_picks
from services.subject.lookup import source_lines
from services.subject.model import Subject
from services.subject.resolve import resolve
from services.viewer import Viewer
from services.views import TrackSummary, Worked, ids_in
from store.domain import Track, usable_features
from store.errors import StoreDown
from store.library import tracks_by_id
from store.recommendations import Recommendations, recommended_by

log = logging.getLogger(__name__)

NEEDS = frozenset({Need.FEATURES, Need.SIMILAR})
# Tracks of each source that are kept and shown.
_MOST_OF_SOURCE = 20


def recommend(services: Services, query: Mapping[str, Any], viewer: Viewer) -> Worked:
    """Return a Recommendation.

    Raises ServiceError as `resolve` does, 404 if no track or artist like it is known, 422 for nothing to compare.
    """
    subject = resolve(services, query, viewer, NEEDS)
    exclude = ids_in(query["exclude"]) | synthetic_to_exclude(subject.snapshot, [subject.track])
    by_sources, stays = _fetched(services, subject, exclude)
    lines = source_lines(services, subject)
    # Where only an audio analysis of the track is stored, timbre is all that can be compared.
    method = "timbre" if subject.kind == "analysis" and query["method"] == "neighbours" else query["method"]
    try:
        ours = _OTHERS.get(method, _by_likeness)(services, subject, query, exclude)
    except ServiceError as error:
        if not by_sources:
            error.details["sources"] = lines
            raise
        note = f"{error} These are recommendations of sources."
        ours = Recommendation(seed=TrackSummary.of(subject.track), method="sources", tracks=[], note=note)
    drawn = method == "families" and query["pick"] == "fresh" and query["seed"] is None
    final = subject.final and stays and not drawn and method != "timbre"
    if method != query["method"]:
        ours = replace(ours, note="Compared by timbre, because only the audio analysis of this track is known.")
    return Worked(replace(ours, fetched=by_sources, sources=lines), final)


_OTHERS: Mapping[str, Callable[[Services, Subject, Mapping[str, Any], set[str]], Recommendation]] = {
    "families": family_picks,
    "timbre": timbre_picks,
}
# The kinds of likeness that each method ignores, whatever their weights.
_SILENT: Mapping[str, tuple[str, ...]] = {
    "neighbours": (),
    "sound": ("artist", "genre", "popularity"),
    "artists": ("sound", "genre"),
}


def _by_likeness(services: Services, subject: Subject, query: Mapping[str, Any], exclude: set[str]) -> Recommendation:
    return _neighbours(services, subject, query, exclude) or _artists_alike(services, subject)


def _neighbours(
    services: Services, subject: Subject, query: Mapping[str, Any], exclude: set[str]
) -> Recommendation | None:
    """Return tracks of the catalogue, close matches before distant ones; None if there are none."""
    snapshot, method = subject.snapshot, query["method"]
    if not len(snapshot):
        return None
    weighed = weights_from(query["weights"])
    weights = weighed | dict.fromkeys(_SILENT[method], 0.0)
    seed = replace(subject.track, features=usable_features(subject.track))
    try:
        found = services.neighbours.recommend(
            snapshot,
            seed,
            limit=query["limit"],
            exclude=exclude,
            artist_cap=query["artist_cap"],
            weights=weights,
            corrected=query["hubs"] == "corrected",
        )
    except NothingToCompare as nothing:
        raise _nothing_to_compare(method, weighed=bool(weighed)) from nothing
    if not found:
        return None
    tracks, artists = [], services.artists
    for near in found:
        close = is_close_match(seed, near.track, artists, weights, near.differences)
        tracks.append(
            ComparedTrack.because(near.track, near.score, near.reasons, near.differences, is_close_match=close)
        )
    tracks.sort(key=lambda track: not track.is_close_match)
    distant = not tracks[0].is_close_match
    return Recommendation(
        seed=TrackSummary.of(subject.track),
        method=method,
        tracks=tracks,
        artists=similar_artists(services, snapshot, _names(subject))
        if method == "artists" or (distant and method == "neighbours")
        else [],
        note=_note(seed, distant, method),
    )


def _note(seed: Track, distant: bool, method: str) -> str | None:
    notes = []
    if seed.features is None and method == "neighbours":
        notes.append("Chosen by artist: no audio features of this track are known, or none may be used.")
    if distant:
        notes.append("Only distant matches here: none is as close as tracks of the same playlist usually are.")
    return " ".join(notes) or None


def _nothing_to_compare(method: str, *, weighed: bool) -> ServiceError:
    lacking = {"sound": "No audio features", "artists": "No playlists or genres of the artist"}.get(method)
    if lacking:
        message, hint = f"{lacking} of this track are known", "Choose another method."
    elif weighed:
        message, hint = "All that is known of this track has weight 0", "Give sound, artist or genre a weight above 0."
    else:
        message = "Neither audio features nor the artist of this track are known"
        hint = "Add the artist's name, or import a file that has the track's audio features."
    return no_features(f"{message}, so there is nothing to compare.", hint)


def _names(subject: Subject) -> tuple[str, ...]:
    return subject.track.artists or (subject.track.title,)


def _artists_alike(services: Services, subject: Subject) -> Recommendation:
    names = _names(subject)
    alike = similar_artists(services, subject.snapshot, names)
    if not alike:
        raise not_found(
            f"No artist like {names[0]!r} is known here.",
            "Check the spelling, or import tracks: drop a playlist file, or a table under Library, Catalogue",
        )
    note = "The catalogue has no tracks that go with it, so these are similar artists. Import playlists or tables."
    return Recommendation(seed=TrackSummary.of(subject.track), method="artists", tracks=[], artists=alike, note=note)


def _fetched(services: Services, subject: Subject, exclude: Collection[str]) -> tuple[list[SourceList], bool]:
    """Return the recommendations of sources, best source first: those just fetched, or else the stored ones.

    Tracks in ``exclude`` are left out. Empty where the database does not answer. The second value is True if later
    answers cannot differ: there are no recommendations, and no source that could give some is on.
    """
    if not subject.track.id:
        return [], True
    try:
        answers = _answers(services, subject)
        stays = not answers and not services.engine.on(Need.SIMILAR)
        wanted = {similar.track_id for answer in answers for similar in answer.tracks}
        tracks = tracks_by_id(subject.snapshot, services.database, wanted - {*exclude}, subject.owner)
    except StoreDown as down:
        log.warning("no recommendations of sources: %s", down.message)
        return [], False
    lists = [_source_list(services, answer, tracks) for answer in answers]
    return [shown for shown in lists if shown.tracks], stays


def _answers(services: Services, subject: Subject) -> list[Recommendations]:
    seed, found = subject.track.id, subject.found.similar if subject.found else {}
    if not found and not services.has_recommendations():
        return []
    if not found:
        return recommended_by(services.database, seed, ORDER[Need.SIMILAR])
    stored = (store_recommended(services.database, seed, answer, most=_MOST_OF_SOURCE) for answer in found.values())
    return [recommended for recommended in stored if recommended is not None]


def _source_list(services: Services, answer: Recommendations, tracks: dict[str, Track]) -> SourceList:
    shown = [
        SourceTrack.of(tracks[similar.track_id], score=similar.score, reason=similar.reason)
        for similar in answer.tracks[:_MOST_OF_SOURCE]
        if similar.track_id in tracks
    ]
    title = services.title_of(answer.source)
    return SourceList.of(answer, title=title, licence=answer.licence or None, tracks=shown)
