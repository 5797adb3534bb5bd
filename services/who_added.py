"""Who of a playlist's contributors would have added a track."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from etl.providers.base import Need
from ml.artefacts import verified
from ml.contributors.model import input_of, is_known, task_of
from ml.registry import scores_of
from services.container import Services
from services.errors import ServiceError
from services.playlists import contributor, describe, find_playlist
from services.subject.lookup import source_lines
from services.subject.resolve import resolve
from services.views import track_summary
from store.domain import Playlist

NEEDS = frozenset({Need.FEATURES})
_POINT = ("track_id", "x", "y", "who", "answer", "odds")
TRAIN = "Train it first: POST /api/models/contributors/train, or the Lab's panel Who added it."


def who_added(services: Services, playlist_id: str, query: Mapping[str, Any]) -> dict[str, Any]:
    """Return the odds that each contributor of a playlist added a track, or "not sure" (``who`` is None).

    Raises
    ------
    ServiceError
        As ``resolve``; 404 for an unknown playlist or where no model was trained; 503 for a broken model.
    """
    playlist = find_playlist(services, playlist_id)
    task = task_of(playlist.id)
    if not _versions(services, task):
        raise ServiceError(404, "not_trained", "No model has learnt who adds what to this playlist.", TRAIN)
    model, reader = services.contributors(task)
    subject = resolve(services, query, NEEDS)
    given = input_of(subject.track)
    blocks = reader.blocks([given])
    sources = source_lines(services, subject)
    if not is_known(blocks):
        raise ServiceError(
            404,
            "not_found",
            "Nothing is known about any of these words.",
            "Check the spelling, or add the artist.",
            sources=sources,
        )
    odds = model.predict(blocks)[0]
    answer = model.answer(odds)
    people = _people(playlist, model.people)
    ranked = sorted(zip(people, odds.tolist(), strict=True), key=lambda one: -one[1])
    return {
        "track": track_summary(subject.track),
        "match": subject.match(),
        "who": None if answer is None else people[answer],
        "odds": [{**person, "odds": round(share, 4)} for person, share in ranked],
        "threshold": model.threshold,
        "has_features": bool(given.features),
        "model": {"task": task, "version": model.version},
        "sources": sources,
    }


def state(services: Services, playlist_id: str, owner: str | None) -> dict[str, Any]:
    """Return the versions of a playlist's model, and what the served one learnt; raises ServiceError 404."""
    playlist = find_playlist(services, playlist_id)
    task = task_of(playlist.id)
    versions = _versions(services, task)
    served = next((one["version"] for one in versions if one["active"]), None)
    return {
        "playlist": describe(playlist, owner),
        "task": task,
        "versions": versions,
        "served": _learnt(services, playlist, task, served) if served else None,
    }


def _versions(services: Services, task: str) -> list[dict[str, Any]]:
    """Return the versions of one playlist's model, the newest first."""
    registry = services.registry
    found = [
        {"version": one.name, "active": one.active, "scores": scores_of(registry, task, one.name)}
        for one in registry.versions()
        if one.task == task
    ]
    return sorted(found, key=lambda one: str(one["version"]), reverse=True)


def _learnt(services: Services, playlist: Playlist, task: str, version: str) -> dict[str, Any]:
    """Return what a training run found, with names where it kept ids."""
    path = verified(services.registry.folder(task, version) / "who_added.json")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    points = [dict(zip(_POINT, point, strict=True)) for point in found["points"]]
    tracks = services.database.get_tracks({point["track_id"] for point in points})
    named = [
        {**point, "title": track.title, "artists": list(track.artists)}
        for point in points
        if (track := tracks.get(point["track_id"])) is not None
    ]
    people = _people(playlist, [one["id"] for one in found["people"]])
    learnt = [{**person, "tracks": one["tracks"]} for person, one in zip(people, found["people"], strict=True)]
    return {**found, "version": version, "people": learnt, "points": named}


def _people(playlist: Playlist, ids: Any) -> list[dict[str, Any]]:
    return [contributor(playlist, person, playlist.contributors.get(person, 0)) for person in ids]
