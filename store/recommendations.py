"""What sources recommended for a track (the seed), and the trail from a recommended track back to a playlist.

``recommendations`` holds a document for each source and seed; it is found by its id and by every track in it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from store.domain import Playlist
from store.mongo.connection import Connection

COLLECTION = "recommendations"
_PLAIN = ("seed", "source", "fetched_at", "licence", "brought_by")  # stored as they are
# The most steps of a trail and the most look-ups for it; each look-up takes a millisecond or two.
_LONGEST, _LOOKUPS = 8, 300


@dataclass(frozen=True, kw_only=True, slots=True)
class Recommended:
    """A recommended track, with the source's score (0 to 1) and reason if it gives them."""

    track_id: str
    score: float | None = None
    reason: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Recommendations:
    """The ``tracks`` that ``source`` recommended for ``seed`` (a track's id), best first; perhaps none.

    ``playlists`` are the ids of the playlists whose enrichment asked for them; ``brought_by`` is the run that did.
    """

    seed: str
    source: str
    fetched_at: datetime
    licence: str = ""
    tracks: tuple[Recommended, ...] = ()
    playlists: tuple[str, ...] = ()
    brought_by: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """``source`` recommended ``track_id`` for ``seed``."""

    track_id: str
    seed: str
    source: str
    score: float | None
    fetched_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Trail:
    """How a track was found: the first step recommended it, and the seed of the last step is in ``playlist``."""

    steps: tuple[Step, ...] = ()
    playlist: Playlist | None = None


def put_recommendations(database: Connection, found: Recommendations) -> None:
    """Store ``found``, replacing its source's earlier recommendations for the seed; their playlists are kept."""
    name = _name(found.source, found.seed)
    before = database.get_document(COLLECTION, name) or {}
    playlists = dict.fromkeys((*before.get("playlists", ()), *found.playlists))
    database.put_document(
        COLLECTION,
        {
            "_id": name,
            **{field: getattr(found, field) for field in _PLAIN},
            "track_ids": [similar.track_id for similar in found.tracks],
            "scores": [similar.score for similar in found.tracks],
            "reasons": [similar.reason for similar in found.tracks],
            "playlists": list(playlists),
        },
    )


def add_playlist(database: Connection, source: str, seed: str, playlist: str) -> None:
    """Record that another playlist also asked for known recommendations."""
    found = database.get_document(COLLECTION, _name(source, seed))
    if found is not None and playlist not in found["playlists"]:
        database.change_document(COLLECTION, found["_id"], {"playlists": [*found["playlists"], playlist]})


def recommended_for(database: Connection, seeds: Collection[str], source: str) -> dict[str, Recommendations]:
    """Return the recommendations of ``source`` for those of ``seeds`` for which it was asked, by seed."""
    names = [_name(source, seed) for seed in seeds]
    found = map(_recommendations, database.get_documents(COLLECTION, names).values())
    return {recommendations.seed: recommendations for recommendations in found}


def recommended_by(database: Connection, seed: str, sources: Sequence[str]) -> list[Recommendations]:
    """Return the recommendations for ``seed``, in the order of ``sources``."""
    documents = database.get_documents(COLLECTION, [_name(source, seed) for source in sources])
    found = {document["source"]: _recommendations(document) for document in documents.values()}
    return [found[source] for source in sources if source in found]


def forget_recommendations(database: Connection, source: str) -> int:
    """Delete everything that ``source`` recommended; return for how many seeds."""
    names = database.names_where(COLLECTION, {"source": source})
    database.delete_documents(COLLECTION, names)
    return len(names)


def trail_of(database: Connection, track_id: str, playlists: Mapping[str, Playlist]) -> Trail:
    """Return the shortest trail from ``track_id`` back to one of ``playlists``; among equals, the highest scores.

    If no trail reaches a playlist, the result is only the first step; for a track that no source recommended, it is
    empty. The search is breadth-first.
    """
    steps: dict[str, Step] = {}  # by seed
    level, lookups = [track_id], 0
    for _ in range(_LONGEST):
        next_level = []
        for recommended in level:
            if lookups == _LOOKUPS:
                break
            lookups += 1
            documents = database.documents_where(COLLECTION, {"track_ids": recommended})
            for step, names in sorted((_step(recommended, document) for document in documents), key=_rank):
                if step.seed == track_id or step.seed in steps:
                    continue
                steps[step.seed] = step
                next_level.append(step.seed)
                playlist = next((playlists[name] for name in names if name in playlists), None)
                if playlist:
                    return Trail(steps=_steps_to(steps, step, track_id), playlist=playlist)
        level = next_level
    first = next((step for step in steps.values() if step.track_id == track_id), None)
    return Trail(steps=(first,) if first else ())


def _steps_to(by_seed: Mapping[str, Step], last: Step, track_id: str) -> tuple[Step, ...]:
    steps = [last]
    while steps[-1].track_id != track_id:
        steps.append(by_seed[steps[-1].track_id])
    return tuple(reversed(steps))


def _step(track_id: str, document: Mapping[str, Any]) -> tuple[Step, tuple[str, ...]]:
    return (
        Step(
            track_id=track_id,
            seed=document["seed"],
            source=document["source"],
            score=document["scores"][document["track_ids"].index(track_id)],
            fetched_at=document["fetched_at"],
        ),
        tuple(document["playlists"]),
    )


def _rank(found: tuple[Step, tuple[str, ...]]) -> tuple[bool, float, str, str]:
    step, names = found
    return not names, -(step.score or 0.0), step.source, step.seed


def _recommendations(document: Mapping[str, Any]) -> Recommendations:
    rows = zip(document["track_ids"], document["scores"], document["reasons"], strict=True)
    return Recommendations(
        **{field: document[field] for field in _PLAIN},
        tracks=tuple(Recommended(track_id=name, score=score, reason=reason) for name, score, reason in rows),
        playlists=tuple(document["playlists"]),
    )


def _name(source: str, seed: str) -> str:
    return f"{source}:{seed}"
