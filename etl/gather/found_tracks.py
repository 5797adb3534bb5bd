"""Stores the tracks that a source found or recommends, under the id of the same recording if that is stored already."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast

from etl.engine import Answer, Status
from etl.identity import SAME, as_track, identity_of, merge, same_recording, track_id
from etl.providers.base import Candidate, Identity
from store.database import Database
from store.documents import recording_keys
from store.domain import Track
from store.facts import tracks_like
from store.recommendations import Recommendations, Recommended, put_recommendations


def store_found(
    database: Database, found: Sequence[Candidate], source: str, brought_by: str, labels: tuple[str, ...] = ()
) -> tuple[list[str | None], int]:
    """Store the tracks of ``found`` and return their ids in that order, and how many are new.

    The id is None for a candidate without a title. Ids depend on the order of ``found`` only, so a page that is stored
    again after a kill gets the same ids.
    """
    named = [
        as_track(
            candidate.identity, source, popularity=candidate.popularity, explicit=candidate.explicit, labels=labels
        )
        for candidate in found
        if candidate.identity.title
    ]
    known = tracks_like(database, named)
    tracks: dict[str, Track] = {}
    same: dict[str, str] = {}
    for track in named:
        taken = replace(track, id=_id_of(track, known))
        same.setdefault(track.id, taken.id)
        tracks[taken.id] = _united(tracks[taken.id], taken) if taken.id in tracks else taken
        for key in recording_keys(track):
            known.setdefault(key, []).append(taken)
    new, _ = database.put_tracks(list(tracks.values()), brought_by)
    return [same.get(track_id(candidate.identity)) if candidate.identity.title else None for candidate in found], new


def _id_of(track: Track, known: Mapping[str, Sequence[Track]]) -> str:
    others = [other for key in recording_keys(track) for other in known.get(key, ())]
    if any(other.id == track.id for other in others):
        return track.id
    # The most similar one, not the first: a page that is stored again finds its own tracks among the others.
    alike = {other.id: same_recording(identity_of(other), identity_of(track)) for other in others}
    best = max(alike, key=lambda name: (alike[name], name), default="")
    return best if alike.get(best, 0.0) >= SAME else track.id


def _united(first: Track, other: Track) -> Track:
    both: Identity = merge(identity_of(first), identity_of(other))
    return replace(
        first,
        album=both.album,
        year=both.year,
        duration_ms=both.duration_ms,
        isrc=first.isrc or other.isrc,
        popularity=other.popularity if first.popularity is None else first.popularity,
        ids={**other.ids, **first.ids},
    )


def store_recommended(
    database: Database,
    seed: str,
    answer: Answer,
    *,
    most: int,
    playlists: Sequence[str] = (),
    brought_by: str = "",
    step: str = "",
) -> Recommendations | None:
    """Store the first ``most`` tracks of an answer to SIMILAR and return them; ``None`` if the answer is a failure.

    ``brought_by`` is the run, ``step`` its task and page that stores the tracks.
    """
    if answer.status not in {Status.FOUND, Status.NOT_FOUND} or answer.fetched_at is None:
        return None
    found = cast(tuple[Candidate, ...], answer.value or ())[:most]
    ids, _ = store_found(database, found, answer.source, step or brought_by)
    tracks: dict[str, Recommended] = {}
    for name, candidate in zip(ids, found, strict=True):
        if name is not None and name != seed:
            tracks.setdefault(name, Recommended(track_id=name, score=candidate.score, reason=candidate.reason))
    recommendations = Recommendations(
        seed=seed,
        source=answer.source,
        fetched_at=answer.fetched_at,
        licence=answer.licence,
        tracks=tuple(tracks.values()),
        playlists=tuple(playlists),
        brought_by=brought_by,
    )
    put_recommendations(database, recommendations)
    return recommendations
