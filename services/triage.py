"""Sort a heap (liked songs, a history, any playlist) into one's own playlists, one decision after the other."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

import numpy as np

from ml.triage.heap import Heap, Standing
from services.container import Services
from services.errors import ServiceError, bad_request, invalid_value, not_found, not_yours
from services.playlists import PlaylistSummary, describe, find_playlist
from services.viewer import Viewer
from services.views import Named, TrackSummary
from store.domain import Playlist, Track
from store.library import tracks_by_id, tracks_of_playlist
from store.locks import locked
from store.playlist_rows import add_rows
from store.text import recording_key
from store.triages import (
    Action,
    Decision,
    TriageRecord,
    accepted_row,
    decide,
    decisions_of,
    find_triage,
    forget_triage,
    put_triage,
    triage_id,
    undo,
)

MOST_PLAYLISTS = 30
# Rows that are read of the heap, and of each playlist.
MOST_HEAP, MOST_ROWS = 10_000, 1000
MOST_AT_ONCE = 500
MOST_CARDS = 200
_MOST_DECISIONS = 50_000
_OTHERS = 5
SURE_PERCENTS = (50, 60, 70, 80, 90, 95)
# Who adds a track where the playlists do not say who their people are.
_ME = "me"


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
    """A track that is to be decided: the proposal (a null playlist: none of them), why, and what else may fit."""

    playlist: Named | None
    confidence: float
    reasons: list[str]
    others: list[Odds]
    skipped: bool


@dataclass(frozen=True)
class LastDecision:
    """What undo takes back: ``tracks`` in one step, by the action; the first of them by its title."""

    action: str
    tracks: int
    title: str
    playlist: Named | None


@dataclass(frozen=True, kw_only=True)
class TriageAnswer:
    """How far a heap is sorted.

    ``left`` tracks wait for a decision, ``already`` were in the playlists before, ``left_out`` are more than are read.
    ``sure`` counts proposals of a playlist by their least confidence in percent. ``cards`` come the surest first,
    skipped ones last.
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


@dataclass(frozen=True)
class _Sorting:
    """A triage as one request sees it.

    Attributes
    ----------
    already : frozenset of str
        Tracks of the heap that were in the playlists before.
    """

    record: TriageRecord
    decisions: list[Decision]
    playlists: list[Playlist]
    heap_playlist: Playlist
    heap: Heap
    base: Mapping[str, Sequence[str]]
    already: frozenset[str]

    def ended(self) -> dict[str, Decision]:
        """Return the decision by which each track has left the queue."""
        return {one.track_id: one for one in self.decisions if one.action in (Action.ACCEPT, Action.NONE)}

    def standing(self) -> Standing:
        """Return what the proposals follow from."""
        members = {playlist.id: list(self.base[playlist.id]) for playlist in self.playlists}
        refused: dict[str, set[str]] = defaultdict(set)
        for one in self.decisions:
            if one.action is Action.ACCEPT and one.playlist_id in members:
                members[one.playlist_id].append(one.track_id)
            elif one.action is Action.REJECT and one.playlist_id in members:
                refused[one.playlist_id].add(one.track_id)
        ended = [one.action for one in self.ended().values()]
        none = ended.count(Action.NONE)
        return Standing(members, refused, none, len(ended) - none)

    def queue(self) -> list[str]:
        """Return the ids of the tracks that wait for a decision."""
        ended = self.ended()
        return [id_ for id_ in self.heap.ids if id_ not in ended and id_ not in self.already]


def start_triage(
    services: Services, heap_id: str, viewer: Viewer, playlists: Sequence[str], person: str | None
) -> None:
    """Begin to sort a playlist into others, or sort it into others from now on; decisions stay.

    Parameters
    ----------
    viewer
        Who asks; their browser must have brought in ``playlists``.
    person
        The contributor as whom accepted tracks are added; None for the one who has added most.

    Raises
    ------
    ServiceError
        404 for an unknown playlist, 403 for one of another browser, 400 for none or for the heap itself, 422 for one
        that is still arriving.
    """
    owner = viewer.owner
    assert owner is not None
    heap = find_playlist(services, heap_id, viewer)
    targets = [find_playlist(services, playlist, viewer) for playlist in dict.fromkeys(playlists)]
    for target in targets:
        if target.id == heap.id:
            raise bad_request("A playlist cannot be sorted into itself.", "Choose other playlists.")
        if target.owner != owner:
            raise not_yours(f"{target.name} is not yours to add to.", "Bring it in with this browser, too.")
        if not target.complete:
            raise invalid_value(f"{target.name} is still arriving.", "Wait until its import is done.")
    name = triage_id(owner, heap.id)
    with _lock(services, name):
        known = find_triage(services.database, name) or TriageRecord(
            id=name, owner=owner, heap=heap.id, playlists=(), person=""
        )
        added_by = person or known.person or _main_person([heap, *targets])
        put_triage(
            services.database,
            replace(known, playlists=tuple(target.id for target in targets), person=added_by),
        )


def _main_person(playlists: Sequence[Playlist]) -> str:
    counts: dict[str, int] = defaultdict(int)
    for playlist in playlists:
        for person, count in playlist.contributors.items():
            counts[person] += count
    return max(counts, key=lambda person: (counts[person], person), default=_ME)


def triage_state(
    services: Services, heap_id: str, viewer: Viewer, limit: int = 20, at_least: float = 0.0
) -> TriageAnswer:
    """Return how far a heap is sorted, and the next ``limit`` cards of a confidence of ``at_least`` (0 to 1).

    Raises ServiceError 404 where this browser does not sort this playlist.
    """
    with _opened(services, heap_id, viewer) as sorting:
        return _answer(services, sorting, limit, at_least)


def decide_tracks(services: Services, heap_id: str, viewer: Viewer, given: Sequence[Mapping[str, Any]]) -> TriageAnswer:
    """Decide of tracks in one step, each given as ``track``, ``action`` and ``playlist``; returns what is then.

    Raises
    ------
    ServiceError
        404 where this browser does not sort this playlist, for a track that is not in the heap, or for another
        playlist; 409 for a track that is decided already; 422 for too many decisions.
    """
    with _opened(services, heap_id, viewer) as sorting:
        targets, ended, known = {one.id for one in sorting.playlists}, sorting.ended(), {*sorting.heap.ids}
        if len({one["track"] for one in given}) < len(given):
            raise bad_request("decisions: each track once.", "Send one after the other.")
        for one in given:
            if one["track"] not in known:
                raise not_found(f"No track {one['track']!r} is to be sorted here.", "See cards.")
            if one["track"] in ended or one["track"] in sorting.already:
                raise ServiceError(409, "decided", "This track is decided already.", "Undo, or reload the page.")
            needs_playlist = one["action"] in (Action.ACCEPT, Action.REJECT)
            if needs_playlist != (one["playlist"] is not None):
                raise bad_request("playlist: for accept and reject, and for these alone.", "See playlists.")
            if needs_playlist and one["playlist"] not in targets:
                raise not_found("This heap is not sorted into that playlist.", "See playlists.")
        rows = [(one["track"], Action(one["action"]), one["playlist"]) for one in given]
        return _answer(services, _decided(services, sorting, rows))


def accept_above(services: Services, heap_id: str, viewer: Viewer, at_least: float) -> TriageAnswer:
    """Accept all proposals of a playlist with a confidence of ``at_least`` (0 to 1) in one step.

    Raises ServiceError as :func:`decide_tracks`.
    """
    with _opened(services, heap_id, viewer) as sorting:
        queue = _ranked(sorting)
        rows = [
            (row.track_id, Action.ACCEPT, sorting.playlists[row.best].id)
            for row in queue
            if row.best < len(sorting.playlists) and row.confidence >= at_least and not row.skipped
        ]
        return _answer(services, _decided(services, sorting, rows) if rows else sorting)


def undo_last(services: Services, heap_id: str, viewer: Viewer) -> TriageAnswer:
    """Take back what was decided in the last step; accepted tracks leave their playlists.

    Raises ServiceError 404 where this browser does not sort this playlist, 409 where nothing is decided.
    """
    with _opened(services, heap_id, viewer) as sorting:
        if not sorting.decisions:
            raise ServiceError(409, "nothing_before", "Nothing is decided yet.", "")
        last = _last_batch(sorting.decisions)
        record = undo(services.database, sorting.record, last)
        return _answer(services, _reread(services, sorting, record, sorting.decisions[: -len(last)]))


def forget(services: Services, heap_id: str, viewer: Viewer) -> None:
    """Forget all decisions over a heap; accepted tracks stay in the playlists."""
    owner = viewer.owner
    if owner is not None:
        with _lock(services, triage_id(owner, heap_id)):
            find_triage(services.database, triage_id(owner, heap_id))  # carries out what is pending
            forget_triage(services.database, triage_id(owner, heap_id))


def _lock(services: Services, name: str) -> Any:
    # Few files for any number of triages; two that share one wait for each other.
    return locked(services.config.var / "triages" / f"{name[:2]}.lock")


@contextmanager
def _opened(services: Services, heap_id: str, viewer: Viewer) -> Iterator[_Sorting]:
    """Give the triage of a playlist by a browser session, and keep others out of it."""
    heap, owner = find_playlist(services, heap_id, viewer), viewer.owner
    name = triage_id(owner or "", heap.id)
    with _lock(services, name):
        record = find_triage(services.database, name)
        if owner is None or record is None:
            raise not_found("You have not begun to sort this list.", "Choose the playlists to sort it into first.")
        yield _sorting(services, record, decisions_of(services.database, record), heap)


def _sorting(services: Services, record: TriageRecord, decisions: list[Decision], heap: Playlist) -> _Sorting:
    found = (services.database.playlist(playlist) for playlist in record.playlists)
    playlists = [playlist for playlist in found if playlist]
    if not playlists:
        raise not_found("The playlists to sort into are gone.", "Choose others.")
    accepted = {
        playlist.id: [one for one in decisions if one.action is Action.ACCEPT and one.playlist_id == playlist.id]
        for playlist in playlists
    }
    before = [(playlist.id, playlist.item_count - len(accepted[playlist.id])) for playlist in playlists]
    snapshot = services.catalogue.current(record.owner)
    key = repr((record.id, heap.item_count, before))
    loaded, base, already = services.heaps.get(
        key,
        (services.registry.stamp(), snapshot.generation),
        lambda: _load(services, record, heap, playlists, accepted),
    )
    return _Sorting(record, decisions, playlists, heap, loaded, base, already)


def _load(
    services: Services,
    record: TriageRecord,
    heap: Playlist,
    playlists: Sequence[Playlist],
    accepted: Mapping[str, Sequence[Decision]],
) -> tuple[Heap, Mapping[str, Sequence[str]], frozenset[str]]:
    """Read the heap and the playlists, without what this triage has put into them."""
    base = {}
    for playlist in playlists:
        rows = [row.track_id for row in services.database.playlist_items(playlist.id, limit=MOST_ROWS)]
        ours = {one.track_id for one in accepted[playlist.id]}
        base[playlist.id] = [track_id for track_id in dict.fromkeys(rows) if track_id not in ours]
        # A file that is brought in again is stored as it is.
        add_rows(services.database, playlist, [accepted_row(one, record.person) for one in accepted[playlist.id]])
    ids = list(dict.fromkeys(row.track_id for row in services.database.playlist_items(heap.id, limit=MOST_HEAP)))
    known = _tracks(services, heap, record.owner, {*ids, *(one for some in base.values() for one in some)})
    base = {name: [one for one in some if one in known] for name, some in base.items()}
    tracks = [known[one] for one in ids if one in known]
    there = {_recording(known[one]) for some in base.values() for one in some}
    already = frozenset(track.id for track in tracks if _recording(track) in there)
    members = {name: [known[one] for one in some] for name, some in base.items()}
    return Heap(services.triage, services.track_reader, tracks, members), base, already


def _tracks(services: Services, heap: Playlist, owner: str, ids: Collection[str]) -> dict[str, Track]:
    """Return what ``owner`` sees of tracks, those of a heap that another browser shares with them included."""
    found = tracks_by_id(services.catalogue.current(owner), services.database, ids, owner)
    if heap.owner in (None, owner):
        return found
    others = [track_id for track_id in ids if track_id not in found]
    return found | tracks_of_playlist(services.catalogue.current(), services.database, heap.owner, others)


def _recording(track: Track) -> str:
    return recording_key(track.title, track.artists[0] if track.artists else "")


def _decided(services: Services, sorting: _Sorting, rows: Sequence[tuple[str, Action, str | None]]) -> _Sorting:
    """Store and carry out decisions as one step, and return what is then."""
    if len(sorting.decisions) + len(rows) > _MOST_DECISIONS:
        raise invalid_value("These are more decisions than are kept.", "Start over: accepted tracks stay.")
    batch = sorting.decisions[-1].batch + 1 if sorting.decisions else 0
    now = datetime.now(UTC)
    # As precise as it is stored: undo looks for rows that were added at this time.
    now = now.replace(microsecond=now.microsecond // 1000 * 1000)
    made = [
        Decision(batch=batch, track_id=track, action=action, playlist_id=playlist, at=now)
        for track, action, playlist in rows
    ]
    heap, owner = sorting.heap_playlist, sorting.record.owner
    if heap.owner not in (None, owner):  # what another browser shares becomes one's own with the playlist it is put in
        accepted = _tracks(services, heap, owner, [one.track_id for one in made if one.action is Action.ACCEPT])
        services.database.put_tracks(list(accepted.values()), owner=owner)
    record = decide(services.database, sorting.record, made)
    return _reread(services, sorting, record, [*sorting.decisions, *made])


def _reread(services: Services, sorting: _Sorting, record: TriageRecord, decisions: list[Decision]) -> _Sorting:
    return _sorting(services, record, decisions, sorting.heap_playlist)


def _last_batch(decisions: Sequence[Decision]) -> list[Decision]:
    return list(next(reversed([list(some) for _, some in groupby(decisions, key=lambda one: one.batch)])))


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A track of the queue: its probabilities, and the column of the highest one."""

    track_id: str
    odds: Any
    best: int
    confidence: float
    skipped: bool


def _ranked(sorting: _Sorting) -> list[_Waiting]:
    """Return the queue, the surest playlists first, then the surest of none, then what was skipped as it was."""
    odds = sorting.heap.odds(sorting.standing())
    skipped = {one.track_id: at for at, one in enumerate(sorting.decisions) if one.action is Action.SKIP}
    waiting = {*sorting.queue()}
    rows = [
        _Waiting(id_, row, int(row.argmax()), float(row.max()), id_ in skipped)
        for id_, row in zip(sorting.heap.ids, odds, strict=True)
        if id_ in waiting
    ]
    none = len(sorting.playlists)
    return sorted(rows, key=lambda row: (skipped.get(row.track_id, -1), row.best == none, -row.confidence))


def _answer(services: Services, sorting: _Sorting, limit: int = 20, at_least: float = 0.0) -> TriageAnswer:
    ranked, ended = _ranked(sorting), sorting.ended()
    none = len(sorting.playlists)
    actions = [one.action for one in ended.values()]
    sure = np.array([row.confidence for row in ranked if row.best < none and not row.skipped])
    shown = [row for row in ranked if row.confidence >= at_least and (row.best < none or not at_least)][:limit]
    names = [row.track_id for row in shown]
    last = _last_batch(sorting.decisions) if sorting.decisions else []
    heap, owner = sorting.heap_playlist, sorting.record.owner
    known = _tracks(services, heap, owner, {*names, *(one.track_id for one in last[:1])})
    return TriageAnswer(
        heap=describe(heap, Viewer(owner)),
        playlists=[
            Target(
                id=playlist.id,
                name=playlist.name,
                item_count=playlist.item_count,
                accepted=sum(one.playlist_id == playlist.id for one in ended.values()),
            )
            for playlist in sorting.playlists
        ],
        person=sorting.record.person,
        total=len(sorting.heap.ids),
        left=len(ranked),
        accepted=actions.count(Action.ACCEPT),
        none=actions.count(Action.NONE),
        skipped=sum(row.skipped for row in ranked),
        already=len(sorting.already),
        left_out=max(sorting.heap_playlist.item_count - MOST_HEAP, 0),
        sure={str(percent): int((sure >= percent / 100).sum()) for percent in SURE_PERCENTS},
        last=_last(sorting, last, known),
        cards=[_card(sorting, row, known[row.track_id]) for row in shown if row.track_id in known],
        version=services.triage.version,
    )


def _last(sorting: _Sorting, last: Sequence[Decision], known: Mapping[str, Track]) -> LastDecision | None:
    if not last:
        return None
    first = last[0]
    target = next((Named(one.id, one.name) for one in sorting.playlists if one.id == first.playlist_id), None)
    title = known[first.track_id].title if first.track_id in known else first.track_id
    return LastDecision(first.action.value, len(last), title, target)


def _card(sorting: _Sorting, row: _Waiting, track: Track) -> TriageCard:
    choices = [*(Named(one.id, one.name) for one in sorting.playlists), None]
    order = [int(at) for at in np.argsort(-row.odds, kind="stable") if row.odds[at] > 0]
    best = choices[row.best]
    return TriageCard.of(
        track,
        playlist=best,
        confidence=round(row.confidence, 3),
        reasons=list(sorting.heap.reasons(sorting.standing(), track.id, best.id)) if best else [],
        others=[Odds(choices[at], round(float(row.odds[at]), 3)) for at in order if at != row.best][:_OTHERS],
        skipped=row.skipped,
    )
