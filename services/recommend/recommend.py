"""Tracks that go with a track, each with the reason."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from etl.providers.base import Need
from ml.neighbours.close_match import is_close_match
from ml.neighbours.model import NothingToCompare, weights_from
from services.container import Services
from services.errors import ServiceError
from services.recommend.answer import ComparedTrack, Recommendation, SimilarArtist
from services.recommend.by_sources import fetched
from services.recommend.families import family_picks
from services.subject.lookup import source_lines
from services.subject.model import Subject
from services.subject.resolve import resolve
from services.timbre import timbre_picks
from services.views import TrackSummary, Worked, ids_in
from store.domain import Track, usable_features

NEEDS = frozenset({Need.FEATURES, Need.SIMILAR})


def recommend(services: Services, query: Mapping[str, Any]) -> Worked:
    """Return a Recommendation; raises ServiceError as `resolve`, 404 for nobody known, 422 for nothing to compare."""
    subject = resolve(services, query, NEEDS)
    exclude = ids_in(query["exclude"])
    by_sources, stays = fetched(services, subject, exclude)
    lines = source_lines(services, subject)
    method = query["method"]
    try:
        ours = _OTHERS.get(method, _by_likeness)(services, subject, query, exclude)
    except ServiceError as error:
        if not by_sources:
            error.details["sources"] = lines
            raise
        ours = _nothing_of_ours(subject, str(error))
    drawn = method == "families" and query["pick"] == "fresh" and query["seed"] is None
    final = subject.final and stays and not drawn and method != "timbre"
    return Worked(replace(ours, fetched=by_sources, sources=lines), final)


_OTHERS: Mapping[str, Callable[[Services, Subject, Mapping[str, Any], set[str]], Recommendation]] = {
    "families": family_picks,
    "timbre": timbre_picks,
}
# The kinds of likeness that count nothing in a method, however they are weighed.
_SILENT: Mapping[str, tuple[str, ...]] = {
    "neighbours": (),
    "sound": ("artist", "genre", "popularity"),
    "artists": ("sound", "genre"),
}


def _nothing_of_ours(subject: Subject, why: str) -> Recommendation:
    note = f"{why} These are recommendations of sources."
    return Recommendation(seed=TrackSummary.of(subject.track), method="sources", tracks=[], note=note)


def _by_likeness(services: Services, subject: Subject, query: Mapping[str, Any], exclude: set[str]) -> Recommendation:
    return _neighbours(services, subject, query, exclude) or _artists_alike(services, subject)


def _neighbours(
    services: Services, subject: Subject, query: Mapping[str, Any], exclude: set[str]
) -> Recommendation | None:
    """Return tracks of the catalogue, those that go with the subject before merely distant ones; ``None`` for none."""
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
    tracks = []
    for near in found:
        other = snapshot.track(near.ref)
        close = is_close_match(seed, other, services.artists, weights)
        tracks.append(ComparedTrack.because(other, near.score, near.reasons, near.differences, is_close_match=close))
    tracks.sort(key=lambda track: not track.is_close_match)
    distant = not tracks[0].is_close_match
    return Recommendation(
        seed=TrackSummary.of(subject.track),
        method=method,
        tracks=tracks,
        artists=_alike(services, subject) if method == "artists" or (distant and method == "neighbours") else [],
        note=_note(seed, distant, method),
    )


def _note(seed: Track, distant: bool, method: str) -> str | None:
    said = []
    if seed.features is None and method == "neighbours":
        said.append("No audio features that may be used are known for this track: its artist decided.")
    if distant:
        said.append("Only distant matches here: nothing in this catalogue is as close as tracks of one playlist are.")
    return " ".join(said) or None


def _nothing_to_compare(method: str, *, weighed: bool) -> ServiceError:
    lacking = {"sound": "No audio features", "artists": "No playlists or genres of the artist"}.get(method)
    if lacking:
        message = f"{lacking} of this track are known, so there is nothing to compare."
        return ServiceError(422, "no_features", message, "Choose another method.")
    if weighed:
        return ServiceError(
            422,
            "no_features",
            "What is known of this track has no weight, so there is nothing to compare.",
            "Give sound, artist or genre a weight above 0.",
        )
    return ServiceError(
        422,
        "no_features",
        "Neither audio features nor the artist of this track are known, so there is nothing to compare.",
        "Add the artist's name, or import a file that has audio features for it.",
    )


def _alike(services: Services, subject: Subject) -> list[SimilarArtist]:
    names = subject.track.artists or (subject.track.title,)
    artist = next((found for name in names if (found := services.artists.find(name)) is not None), None)
    return [
        SimilarArtist.of(similar, similarity=round(similar.similarity, 3))
        for similar in (services.artists.alike(artist) if artist is not None else ())
    ]


def _artists_alike(services: Services, subject: Subject) -> Recommendation:
    alike = _alike(services, subject)
    if not alike:
        names = subject.track.artists or (subject.track.title,)
        raise ServiceError(
            404,
            "not_found",
            f"No artist like {names[0]!r} is known here.",
            "Check the spelling, or import tracks: drop a playlist file, or run python -m etl import FILE",
        )
    note = "The catalogue has no tracks to go with it, so these are artists alike. Bring in playlists or tables."
    return Recommendation(seed=TrackSummary.of(subject.track), method="artists", tracks=[], artists=alike, note=note)
