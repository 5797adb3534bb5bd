"""GET /recommend: tracks that go with a track, each with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from apiflask import APIBlueprint
from marshmallow import RAISE

from api.answers import Worked, cached_answer
from api.errors import ApiError
from api.family_picks import family_picks
from api.fetched import fetched
from api.lookup import source_lines
from api.schemas import RecommendQuery, track_summary
from api.services import Services, services
from api.subject import Subject, resolve
from etl.providers.base import Need
from ml.neighbours import NothingToCompare, weights_from
from store.domain import usable_features

blueprint = APIBlueprint("recommend", __name__, tag="Tracks")

NEEDS = frozenset({Need.FEATURES, Need.SIMILAR})


@blueprint.get("/recommend")
@blueprint.input(RecommendQuery, location="query", arg_name="query", unknown=RAISE)
def recommend_tracks(query: dict[str, Any]) -> Any:
    """Tracks that go with a track, each with its reasons and how it differs.

    Where the catalogue has nothing to recommend, artists alike are answered instead. `fetched` holds what sources
    recommend, each for itself; a track that is not known here is looked up at those that are switched on.
    """
    return cached_answer(services(), recommend, query)


def recommend(services: Services, query: Mapping[str, Any]) -> Worked:
    """Answer one question; raises ApiError as `resolve` does, 404 for nobody known, 422 for nothing to compare."""
    subject = resolve(services, query, NEEDS)
    exclude = {part.strip() for part in query["exclude"].split(",") if part.strip()}
    by_sources, stays = fetched(services, subject, exclude)
    lines = source_lines(services, subject)
    try:
        if query["method"] == "families":
            ours = family_picks(services, subject, query, exclude)
        else:
            ours = _neighbours(services, subject, query, exclude) or _artists_alike(services, subject)
    except ApiError as error:
        if not by_sources:
            error.body["error"]["sources"] = lines
            raise
        ours = _nothing_of_ours(subject)
    drawn = query["method"] == "families" and query["pick"] == "fresh" and query["seed"] is None
    return Worked(ours | {"fetched": by_sources, "sources": lines}, subject.final and stays and not drawn)


def _nothing_of_ours(subject: Subject) -> dict[str, Any]:
    return {
        "seed": track_summary(subject.track),
        "method": "sources",
        "tracks": [],
        "artists": [],
        "note": "Nothing here goes with it: these are recommendations of sources.",
    }


def _neighbours(
    services: Services, subject: Subject, query: Mapping[str, Any], exclude: set[str]
) -> dict[str, Any] | None:
    """Return tracks of the catalogue; ``None`` where it has none that go with the subject."""
    snapshot = subject.snapshot
    if not len(snapshot):
        return None
    weights = weights_from(query["weights"])
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
        if weights:
            raise ApiError(
                422,
                "no_features",
                "What is known of this track has no weight, so there is nothing to compare.",
                "Give sound, artist or genre a weight above 0.",
            ) from nothing
        raise ApiError(
            422,
            "no_features",
            "Neither audio features nor the artist of this track are known, so there is nothing to compare.",
            "Add the artist's name, or import a file that has audio features for it.",
        ) from nothing
    if not found:
        return None
    tracks = [
        {
            **track_summary(snapshot.track(one.ref)),
            "score": round(one.score, 3),
            "reasons": list(one.reasons),
            "differences": [
                {"feature": feature, "seed": seed, "other": other, "difference": round(difference, 3)}
                for feature, seed, other, difference in one.differences
            ],
        }
        for one in found
    ]
    note = None if seed.features else "No audio features that may be used are known for this track: its artist decided."
    return {
        "seed": track_summary(subject.track),
        "method": "neighbours",
        "tracks": tracks,
        "artists": [],
        "note": note,
    }


def _artists_alike(services: Services, subject: Subject) -> dict[str, Any]:
    names = subject.track.artists or (subject.track.title,)
    artist = services.artists.find(names[0])
    if artist is None:
        raise ApiError(
            404,
            "not_found",
            f"No artist like {names[0]!r} is known here.",
            "Check the spelling, or import tracks: drop a playlist file, or run python -m etl import FILE",
        )
    alike = [
        {
            "name": one.name,
            "similarity": round(one.similarity, 3),
            "reasons": list(one.reasons),
            "genres": list(one.genres),
        }
        for one in services.artists.alike(artist)
    ]
    return {
        "seed": track_summary(subject.track),
        "method": "artists",
        "tracks": [],
        "artists": alike,
        "note": "The catalogue has no tracks to go with it, so these are artists alike. Bring in playlists or tables.",
    }
