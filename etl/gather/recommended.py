"""Stores what a source recommends for a track: the recommended tracks, and the list of them for this track."""

from collections.abc import Sequence
from typing import cast

from etl.engine import Answer, Status
from etl.gather.found_tracks import store_found
from etl.providers.base import Candidate
from store.database import Database
from store.recommendations import Recommendations, Recommended, put_recommendations


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
