"""What sources recommend for a track, in addition to what this installation recommends."""

import logging
from collections.abc import Collection, Iterator

from etl.gather.found_tracks import store_recommended
from etl.providers.base import Need
from etl.providers.registry import ORDER
from services.container import Services
from services.recommend.answer import SourceList, SourceTrack
from services.subject.model import Subject
from services.views import iso
from store.domain import Track
from store.errors import StoreDown
from store.library import tracks_by_id
from store.recommendations import Recommendations, recommended_by

log = logging.getLogger(__name__)

# Tracks of each source that are kept and shown.
MOST = 20


def fetched(services: Services, subject: Subject, exclude: Collection[str]) -> tuple[list[SourceList], bool]:
    """Return the lists of the sources, the best source first: those just fetched, else those fetched before.

    None of their tracks is in ``exclude``. Empty where the database does not answer. The second value is True if that
    is final: there is nothing, and no source is on that could be queried later.
    """
    if not subject.track.id:
        return [], True
    try:
        answers = list(_answers(services, subject))
        stays = not answers and not services.engine.on(Need.SIMILAR)
        wanted = {similar.track_id for answer in answers for similar in answer.tracks}
        tracks = tracks_by_id(subject.snapshot, services.database, wanted - {*exclude})
    except StoreDown as down:
        log.warning("no recommendations of sources: %s", down.message)
        return [], False
    lists = [_list(services, answer, tracks) for answer in answers]
    return [shown for shown in lists if shown.tracks], stays


def _answers(services: Services, subject: Subject) -> Iterator[Recommendations]:
    seed = subject.track.id
    if subject.found is None or not subject.found.similar:
        yield from recommended_by(services.database, seed, ORDER[Need.SIMILAR])
        return
    for answer in subject.found.similar.values():
        stored = store_recommended(services.database, seed, answer, most=MOST)
        if stored is not None:
            yield stored


def _list(services: Services, answer: Recommendations, tracks: dict[str, Track]) -> SourceList:
    return SourceList(
        source=answer.source,
        title=services.engine.providers()[answer.source].about.title,
        licence=answer.licence or None,
        fetched_at=iso(answer.fetched_at),
        tracks=[
            SourceTrack.of(tracks[similar.track_id], score=similar.score, reason=similar.reason)
            for similar in answer.tracks[:MOST]
            if similar.track_id in tracks
        ],
    )
