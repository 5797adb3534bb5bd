"""What sources recommend for a track, beside what this installation recommends itself."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from typing import Any

from etl.gather.recommended import store_recommended
from etl.providers.base import Need
from etl.providers.registry import ORDER
from services.container import Services
from services.subject.model import Subject
from services.views import iso, track_summary
from store.domain import Track
from store.errors import StoreDown
from store.recommendations import Recommendations, recommended_by

log = logging.getLogger(__name__)

# Of each source's list so many are kept and shown.
MOST = 20


def fetched(services: Services, subject: Subject, exclude: Collection[str]) -> tuple[list[dict[str, Any]], bool]:
    """Return the lists of the sources, the best source first: those just fetched, else those fetched before.

    None of their tracks is in ``exclude``. Empty where the database does not answer. The second value says whether
    that stays so: there is nothing, and no source is on that could be asked later.
    """
    if not subject.track.id:
        return [], True
    try:
        told = list(_told(services, subject))
        stays = not told and not services.engine.on(Need.SIMILAR)
        tracks = _tracks(services, subject, {one.track_id for each in told for one in each.tracks} - {*exclude})
    except StoreDown as down:
        log.warning("no recommendations of sources: %s", down.message)
        return [], False
    lists = [_list(services, each, tracks) for each in told if any(one.track_id in tracks for one in each.tracks)]
    return lists, stays


def _told(services: Services, subject: Subject) -> Iterator[Recommendations]:
    seed = subject.track.id
    if subject.found is None or not subject.found.similar:
        yield from recommended_by(services.database, seed, ORDER[Need.SIMILAR])
        return
    for answer in subject.found.similar.values():
        stored = store_recommended(services.database, seed, answer, most=MOST)
        if stored is not None:
            yield stored


def _tracks(services: Services, subject: Subject, track_ids: Collection[str]) -> dict[str, Track]:
    snapshot = subject.snapshot
    refs = {one: snapshot.find(one) for one in track_ids}
    known = {one: snapshot.track(ref) for one, ref in refs.items() if ref is not None}
    return known | services.database.get_tracks(track_ids - known.keys())


def _list(services: Services, told: Recommendations, tracks: dict[str, Track]) -> dict[str, Any]:
    return {
        "source": told.source,
        "title": services.engine.providers()[told.source].about.title,
        "licence": told.licence or None,
        "fetched_at": iso(told.fetched_at),
        "tracks": [
            {**track_summary(tracks[one.track_id]), "score": one.score, "reason": one.reason}
            for one in told.tracks[:MOST]
            if one.track_id in tracks
        ],
    }
