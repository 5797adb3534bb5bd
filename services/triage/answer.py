"""The answer of a triage: its progress, and the proposals for the next tracks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ml.triage.heap import Standing
from services.container import Services
from services.playlists.playlists import PlaylistSummary, describe
from services.triage.sorting import Sorting, Waiting, known_tracks, last_batch, ranked
from services.viewer import Viewer
from services.views import Named, TrackSummary
from store.domain import Track
from store.playlists.triages import Action, Decision

_OTHERS = 5
SURE_PERCENTS = (50, 60, 70, 80, 90, 95)


@dataclass(frozen=True)
class Target:
    """A playlist that is sorted into, and the number of tracks that this triage has put there."""

    id: str
    name: str
    item_count: int
    accepted: int


@dataclass(frozen=True)
class Odds:
    """A playlist (null: none of them) and its probability, 0 to 1."""

    playlist: Named | None
    confidence: float


@dataclass(frozen=True, kw_only=True)
class TriageCard(TrackSummary):
    """A track to decide: the proposed playlist (null: none of them), the reasons, and other playlists that may fit."""

    playlist: Named | None
    confidence: float
    reasons: list[str]
    others: list[Odds]
    skipped: bool


@dataclass(frozen=True)
class LastDecision:
    """What undo takes back: an action on ``tracks`` tracks in one step; ``title`` is that of the first one."""

    action: str
    tracks: int
    title: str
    playlist: Named | None


@dataclass(frozen=True, kw_only=True)
class TriageAnswer:
    """How far a heap is sorted.

    ``left`` tracks wait for a decision, ``already`` were in the playlists before, ``left_out`` are beyond the limit of
    tracks that are read. ``sure`` has, by a number of percent, how many tracks are proposed for a playlist with at
    least this confidence. ``cards`` are ordered by confidence, skipped ones last.
    """

    heap: PlaylistSummary
    playlists: list[Target]
    person: str
    total: int
    left: int
    accepted: int
    none: int
    skipped: int
    already: int
    left_out: int
    sure: dict[str, int]
    last: LastDecision | None
    cards: list[TriageCard]
    version: str


def triage_answer(services: Services, sorting: Sorting, limit: int = 20, at_least: float = 0.0) -> TriageAnswer:
    """Return the answer with at most ``limit`` cards.

    With ``at_least``, only those that propose a playlist with this confidence.
    """
    queue, ended, standing = ranked(sorting), sorting.ended(), sorting.standing()
    none = len(sorting.playlists)
    actions = [decision.action for decision in ended.values()]
    sure = np.array([row.confidence for row in queue if row.best < none and not row.skipped])
    shown = [row for row in queue if row.confidence >= at_least and (row.best < none or not at_least)][:limit]
    names = [row.track_id for row in shown]
    last = last_batch(sorting.decisions)
    heap, owner = sorting.heap_playlist, sorting.record.owner
    known = known_tracks(services, heap, owner, {*names, *(decision.track_id for decision in last[:1])})
    return TriageAnswer(
        heap=describe(heap, Viewer(owner)),
        playlists=[
            Target(
                id=playlist.id,
                name=playlist.name,
                item_count=playlist.item_count,
                accepted=sum(decision.playlist_id == playlist.id for decision in ended.values()),
            )
            for playlist in sorting.playlists
        ],
        person=sorting.record.person,
        total=len(sorting.heap.ids),
        left=len(queue),
        accepted=actions.count(Action.ACCEPT),
        none=actions.count(Action.NONE),
        skipped=sum(row.skipped for row in queue),
        already=len(sorting.already),
        left_out=sorting.left_out,
        sure={str(percent): int((sure >= percent / 100).sum()) for percent in SURE_PERCENTS},
        last=_last(sorting, last, known),
        cards=[_card(sorting, standing, row, known[row.track_id]) for row in shown if row.track_id in known],
        version=services.triage.version,
    )


def _last(sorting: Sorting, last: Sequence[Decision], known: Mapping[str, Track]) -> LastDecision | None:
    if not last:
        return None
    first = last[0]
    target = next((target for target in _named(sorting) if target.id == first.playlist_id), None)
    title = known[first.track_id].title if first.track_id in known else first.track_id
    return LastDecision(first.action.value, len(last), title, target)


def _named(sorting: Sorting) -> list[Named]:
    return [Named(playlist.id, playlist.name) for playlist in sorting.playlists]


def _card(sorting: Sorting, standing: Standing, row: Waiting, track: Track) -> TriageCard:
    choices = [*_named(sorting), None]
    order = [int(at) for at in np.argsort(-row.odds, kind="stable") if row.odds[at] > 0]
    best = choices[row.best]
    return TriageCard.of(
        track,
        playlist=best,
        confidence=row.confidence,
        reasons=list(sorting.heap.reasons(standing, track.id, best.id)) if best else [],
        others=[Odds(choices[at], round(float(row.odds[at]), 3)) for at in order if at != row.best][:_OTHERS],
        skipped=row.skipped,
    )
