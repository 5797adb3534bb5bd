"""Sorts a heap (liked songs, a history, any playlist) into one's own playlists, one decision after the other."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from services.container import Services
from services.errors import ServiceError, bad_request, invalid_value, not_found, not_yours
from services.playlists.playlists import find_playlist
from services.triage.answer import TriageAnswer, triage_answer
from services.triage.sorting import Sorting, known_tracks, last_batch, lock, opened, ranked, read_again
from services.viewer import Viewer
from store.domain import Playlist
from store.playlists.triages import (
    Action,
    Decision,
    TriageRecord,
    decide,
    find_triage,
    forget_triage,
    put_triage,
    triage_id,
    undo,
)

MOST_PLAYLISTS = 30
MOST_AT_ONCE = 500
MOST_CARDS = 200
_MOST_DECISIONS = 50_000
# The person who adds accepted tracks where no playlist names its people.
_ME = "me"


def start_triage(
    services: Services, heap_id: str, viewer: Viewer, playlists: Sequence[str], person: str | None
) -> None:
    """Begin to sort a playlist into others; if it is being sorted already, change the others and keep all decisions.

    Parameters
    ----------
    viewer
        Who asks; their browser must have imported ``playlists``.
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
            raise not_yours(f"You cannot add tracks to {target.name}.", "Import it with this browser, too.")
        if not target.complete:
            raise invalid_value(f"{target.name} is still arriving.", "Wait until its import is done.")
    name = triage_id(owner, heap.id)
    with lock(services, owner):
        known = find_triage(services.database, name) or TriageRecord(
            id=name, owner=owner, heap=heap.id, playlists=(), person=""
        )
        added_by = person or known.person or _main_person([heap, *targets])
        put_triage(
            services.database,
            replace(known, playlists=tuple(target.id for target in targets), person=added_by),
        )


def _main_person(playlists: Sequence[Playlist]) -> str:
    counts: Counter[str] = Counter()
    for playlist in playlists:
        counts.update(playlist.contributors)
    return max(counts, key=lambda person: (counts[person], person), default=_ME)


def triage_state(
    services: Services, heap_id: str, viewer: Viewer, limit: int = 20, at_least: float = 0.0
) -> TriageAnswer | None:
    """Return how far a heap is sorted, and the next ``limit`` cards of a confidence of ``at_least`` (0 to 1).

    None where this browser has not begun to sort it. Raises ServiceError 404 for an unknown playlist.
    """
    try:
        with opened(services, heap_id, viewer) as sorting:
            return triage_answer(services, sorting, limit, at_least)
    except ServiceError as fault:
        if fault.code == "not_begun":
            return None
        raise


def decide_tracks(services: Services, heap_id: str, viewer: Viewer, given: Sequence[Mapping[str, Any]]) -> TriageAnswer:
    """Make decisions in one step, each given as ``track``, ``action`` and ``playlist``; return the new state.

    Raises ServiceError 404 where this browser does not sort this playlist, for a track that is not in the heap, or for
    a playlist that it is not sorted into; 400 for a track given twice, or a playlist given where the action needs none;
    409 for a track that is decided already; 422 for too many decisions.
    """
    with opened(services, heap_id, viewer) as sorting:
        _check(sorting, given)
        rows = [(decision["track"], Action(decision["action"]), decision["playlist"]) for decision in given]
        return triage_answer(services, _decided(services, sorting, rows))


def _check(sorting: Sorting, given: Sequence[Mapping[str, Any]]) -> None:
    targets, queue, known = {playlist.id for playlist in sorting.playlists}, {*sorting.queue()}, {*sorting.heap.ids}
    if len({decision["track"] for decision in given}) < len(given):
        raise bad_request("decisions: a track is given twice.", "Send one decision after the other.")
    for decision in given:
        if decision["track"] not in known:
            raise not_found(f"Track {decision['track']!r} is not in this list.", "See cards.")
        if decision["track"] not in queue:
            raise ServiceError(409, "decided", "This track is sorted already.", "Undo, or reload the page.")
        needs_playlist = decision["action"] in (Action.ACCEPT, Action.REJECT)
        if needs_playlist != (decision["playlist"] is not None):
            raise bad_request("playlist: required for accept and reject, not allowed otherwise.", "See playlists.")
        if needs_playlist and decision["playlist"] not in targets:
            raise not_found("This list is not being sorted into that playlist.", "See playlists.")


def accept_above(services: Services, heap_id: str, viewer: Viewer, at_least: float) -> TriageAnswer:
    """Accept all proposals of a playlist with a confidence of ``at_least`` (0 to 1) in one step.

    Raises ServiceError as :func:`decide_tracks`.
    """
    with opened(services, heap_id, viewer) as sorting:
        rows = [
            (row.track_id, Action.ACCEPT, sorting.playlists[row.best].id)
            for row in ranked(sorting)
            if row.best < len(sorting.playlists) and row.confidence >= at_least and not row.skipped
        ]
        return triage_answer(services, _decided(services, sorting, rows) if rows else sorting)


def undo_last(services: Services, heap_id: str, viewer: Viewer) -> TriageAnswer:
    """Take back what was decided in the last step; accepted tracks leave their playlists.

    Raises ServiceError 404 where this browser does not sort this playlist, 409 where nothing is decided.
    """
    with opened(services, heap_id, viewer) as sorting:
        if not sorting.decisions:
            raise ServiceError(409, "nothing_before", "Nothing is decided yet.", "")
        last = last_batch(sorting.decisions)
        record = undo(services.database, sorting.record, last)
        left = sorting.decisions[: -len(last)]
        return triage_answer(services, read_again(services, record, left, sorting.heap_playlist))


def forget(services: Services, heap_id: str, viewer: Viewer) -> None:
    """Forget all decisions over a heap; accepted tracks stay in the playlists."""
    owner = viewer.owner
    if owner is not None:
        name = triage_id(owner, heap_id)
        with lock(services, owner):
            find_triage(services.database, name)  # completes a decision that was interrupted
            forget_triage(services.database, name)


def _decided(services: Services, sorting: Sorting, rows: Sequence[tuple[str, Action, str | None]]) -> Sorting:
    """Store and carry out decisions as one step, and return the new state."""
    if len(sorting.decisions) + len(rows) > _MOST_DECISIONS:
        raise invalid_value(f"decisions: at most {_MOST_DECISIONS} in all.", "Start over: accepted tracks stay.")
    batch = sorting.decisions[-1].batch + 1 if sorting.decisions else 0
    now = datetime.now(UTC)
    # The database stores milliseconds, and undo looks for rows with exactly this time.
    now = now.replace(microsecond=now.microsecond // 1000 * 1000)
    made = [
        Decision(batch=batch, track_id=track, action=action, playlist_id=playlist, at=now)
        for track, action, playlist in rows
    ]
    _keep_shared(services, sorting, made)
    record = decide(services.database, sorting.record, made)
    return read_again(services, record, [*sorting.decisions, *made], sorting.heap_playlist)


def _keep_shared(services: Services, sorting: Sorting, made: Sequence[Decision]) -> None:
    """Store the accepted tracks of a heap that another browser shares for the owner of the playlists."""
    heap, owner = sorting.heap_playlist, sorting.record.owner
    if heap.owner not in (None, owner):
        accepted = [decision.track_id for decision in made if decision.action is Action.ACCEPT]
        services.database.put_tracks(list(known_tracks(services, heap, owner, accepted).values()), owner=owner)
