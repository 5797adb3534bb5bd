"""Sound-alikes and the timbre map of the tracks whose analyses are stored here."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from apiflask import APIBlueprint, Schema
from apiflask.fields import Integer, String
from apiflask.validators import Length, Range
from marshmallow import RAISE

from api.current import services
from api.errors import ApiError
from api.schemas import MAX_QUERY
from ml.neighbours.reasons import differences
from ml.timbre.model import LEAST_SEGMENTS, Placed, alike
from services.container import Services
from services.recommend.picks import pick
from services.subject.model import Subject
from services.views import track_summary
from store.domain import Track
from store.facts import analysed, timbre_of

blueprint = APIBlueprint("timbre", __name__, tag="Timbre")

_HINT = (
    "Drop audio analysis files (JSON with segments, as Spotify gave them), or switch Spotify on in Data and fetch "
    "segments: it gives analyses only to apps with extended access from before November 2024."
)


class AlikeQuery(Schema):
    track_id = String(required=True, validate=Length(min=1, max=MAX_QUERY), metadata={"description": "See the map."})
    limit = Integer(load_default=10, validate=Range(1, 50))


@blueprint.get("/api/timbre/map")
def timbre_map() -> dict[str, Any]:
    """Every analysed track on the map, its cluster, and how well the served embedding finds a track's other half."""
    stamps, placed = _placed()
    tracks = services().database.get_tracks(sorted(placed))
    model = services().timbre.model
    return {
        "version": model.version,
        "statistics": model.projection.statistics,
        "learnt_from": model.settings["tracks"],
        "scores": model.scores,
        "analysed": len(stamps),
        "too_short": len(stamps) - len(placed),
        "untitled": len(placed) - len(tracks),
        "least_segments": LEAST_SEGMENTS,
        "notice": None if placed else _nothing(len(stamps)),
        "tracks": [
            {
                **_summary(tracks, name),
                "x": round(float(one.spot[0]), 5),
                "y": round(float(one.spot[1]), 5),
                "cluster": one.cluster,
            }
            for name, one in sorted(placed.items())
        ],
    }


@blueprint.get("/api/timbre/alike")
@blueprint.input(AlikeQuery, location="query", arg_name="query", unknown=RAISE)
@blueprint.doc(responses={404: "The track has no analysis here"})
def timbre_alike(query: dict[str, Any]) -> dict[str, Any]:
    """The analysed tracks that sound most like one of them, with the cosine of their embeddings (-1 to 1)."""
    name = query["track_id"]
    placed, found = _alike(name, query["limit"])
    tracks = services().database.get_tracks([name, *(other for other, _ in found)])
    return {
        "version": services().timbre.model.version,
        "track": _summary(tracks, name),
        "alike": [
            {**_summary(tracks, other), "score": round(score, 4), "cluster": placed[other].cluster}
            for other, score in found
        ],
    }


def timbre_picks(
    here: Services, subject: Subject, query: Mapping[str, Any], exclude: Collection[str]
) -> dict[str, Any]:
    """Return the analysed tracks with the most similar timbre as recommendations; raises ApiError 404 for none."""
    seed = subject.track
    placed, found = _alike(seed.id, query["limit"] + len(exclude))
    found = [(name, cosine) for name, cosine in found if name not in exclude][: query["limit"]]
    tracks = here.database.get_tracks([name for name, _ in found])
    picks = []
    for name, cosine in found:
        other = tracks.get(name) or _unnamed(name)
        why = [f"Alike in timbre (cosine {cosine:.2f})"]
        if placed[name].cluster == placed[seed.id].cluster:
            why.append("In the same region of the timbre map")
        picks.append(pick(other, cosine, why, differences(seed, other)))
    return {"seed": track_summary(seed), "method": "timbre", "tracks": picks, "artists": [], "note": None}


def _alike(name: str, limit: int) -> tuple[dict[str, Placed], list[tuple[str, float]]]:
    """Return the places of the analysed tracks and the ones most like ``name``; raises ApiError 404."""
    stamps, placed = _placed()
    if not placed:
        raise ApiError(404, "no_analyses", **_nothing(len(stamps)))
    if name not in placed:
        why = f"Its analysis has fewer than {LEAST_SEGMENTS} segments" if name in stamps else "It was not analysed"
        raise ApiError(404, "no_analysis", f"{why}, so nothing can be compared with the timbre of this track.", _HINT)
    return placed, alike(placed, name, limit)


def _placed() -> tuple[dict[str, Any], dict[str, Placed]]:
    """Return all stored analyses by track, and the places of those that are long enough."""
    here = services()
    stamps = analysed(here.database)
    return stamps, here.timbre.update(stamps, lambda name: timbre_of(here.database, name))


def _summary(tracks: dict[str, Track], name: str) -> dict[str, Any]:
    return track_summary(tracks.get(name) or _unnamed(name))


def _unnamed(name: str) -> Track:
    return Track(id=name, title=f"Untitled {name[:6]}…", artists=())


def _nothing(stored: int) -> dict[str, str]:
    if stored:
        message = f"None of the {stored} stored analyses has {LEAST_SEGMENTS} segments."
    else:
        message = "No audio analysis is stored here yet."
    return {"message": message, "hint": _HINT}
