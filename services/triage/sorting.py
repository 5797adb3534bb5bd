"""The state of a triage: its decisions, the heap, the playlists, and the queue of undecided tracks."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

from ml.triage.heap import Heap, Standing
from services.container import Services
from services.errors import ServiceError
from services.playlists.playlists import find_playlist
from services.viewer import Viewer
from store.domain import Playlist, Track
from store.library import shown_tracks, tracks_by_id
from store.locks import locked
from store.playlists.rows import add_rows
from store.playlists.triages import Action, Decision, TriageRecord, accepted_row, decisions_of, find_triage, triage_id
from store.text import recording_key

# Rows that are read of the heap, and of each playlist.
MOST_HEAP, MOST_ROWS = 10_000, 1000


@dataclass(frozen=True)
class Sorting:
    """The state of a triage during one request.

    Attributes
    ----------
    base : mapping of str to sequence of str
        Track ids by playlist id, without the tracks that this triage has put there.
    already : frozenset of str
        Ids of the heap's tracks whose recording is in ``base``.
    """

    record: TriageRecord
    decisions: list[Decision]
    playlists: list[Playlist]
    heap_playlist: Playlist
    heap: Heap
    base: Mapping[str, Sequence[str]]
    already: frozenset[str]

    @property
    def left_out(self) -> int:
        """How many tracks at the end of the heap are not read."""
        return max(self.heap_playlist.item_count - MOST_HEAP, 0)

    def ended(self) -> dict[str, Decision]:
        """Return the decision that took each decided track out of the queue, by track id."""
        ending = (decision for decision in self.decisions if decision.action in (Action.ACCEPT, Action.NONE))
        return {decision.track_id: decision for decision in ending}

    def standing(self) -> Standing:
        """Return the playlists' members and the decisions so far, from which proposals are computed."""
        members = {playlist.id: list(self.base[playlist.id]) for playlist in self.playlists}
        refused: dict[str, set[str]] = defaultdict(set)
        known = {*self.heap.ids}  # a playlist that was imported again may lack tracks that were decided
        for decision in self.decisions:
            if decision.track_id not in known or decision.playlist_id not in members:
                continue
            if decision.action is Action.ACCEPT:
                members[decision.playlist_id].append(decision.track_id)
            elif decision.action is Action.REJECT:
                refused[decision.playlist_id].add(decision.track_id)
        ended = [decision.action for decision in self.ended().values()]
        none = ended.count(Action.NONE)
        return Standing(members, refused, none, len(ended) - none)

    def queue(self) -> list[str]:
        """Return the ids of the tracks that wait for a decision."""
        ended = self.ended()
        return [id_ for id_ in self.heap.ids if id_ not in ended and id_ not in self.already]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A track of the queue: its probabilities, the column of the highest one, and the highest one rounded."""

    track_id: str
    odds: Any
    best: int
    confidence: float
    skipped: bool


def ranked(sorting: Sorting) -> list[Waiting]:
    """Return the queue: proposals of a playlist by confidence, then those of none, then skipped tracks in turn."""
    odds = sorting.heap.odds(sorting.standing())
    skipped = {decision.track_id: at for at, decision in enumerate(sorting.decisions) if decision.action is Action.SKIP}
    waiting = {*sorting.queue()}
    rows = [
        Waiting(id_, row, int(row.argmax()), round(float(row.max()), 3), id_ in skipped)
        for id_, row in zip(sorting.heap.ids, odds, strict=True)
        if id_ in waiting
    ]
    none = len(sorting.playlists)
    return sorted(rows, key=lambda row: (skipped.get(row.track_id, -1), row.best == none, -row.confidence))


def last_batch(decisions: Sequence[Decision]) -> list[Decision]:
    """Return the decisions of the last step, which are undone together; empty if there are none."""
    return [decision for decision in decisions if decision.batch == decisions[-1].batch]


def lock(services: Services, owner: str) -> AbstractContextManager[None]:
    """Return the lock for changing the triages and the playlists of a browser session; it holds in all processes."""
    # Sessions share a few lock files; two sessions with the same one wait for each other.
    return locked(services.config.var / "triages" / f"{owner[:2]}.lock")


@contextmanager
def opened(services: Services, heap_id: str, viewer: Viewer) -> Iterator[Sorting]:
    """Yield the triage of a playlist by a browser session, locked.

    Raises ServiceError 404 for an unknown playlist, or with the code ``not_begun`` where there is no such triage.
    """
    heap, owner = find_playlist(services, heap_id, viewer), viewer.owner
    if owner is None:
        raise _not_begun()
    with lock(services, owner):
        record = find_triage(services.database, triage_id(owner, heap.id))
        if record is None:
            raise _not_begun()
        yield read_again(services, record, decisions_of(services.database, record), heap)


def _not_begun() -> ServiceError:
    return ServiceError(404, "not_begun", "This list is not sorted yet.", "Choose the playlists to sort it into.")


def read_again(services: Services, record: TriageRecord, decisions: list[Decision], heap: Playlist) -> Sorting:
    """Return a triage with its ``decisions`` as the playlists are now.

    Raises ServiceError 404 (``not_begun``) where all of them are deleted.
    """
    found = (services.database.playlist(playlist) for playlist in record.playlists)
    playlists = [playlist for playlist in found if playlist]
    if not playlists:
        raise _not_begun()
    accepted: dict[str, list[Decision]] = {playlist.id: [] for playlist in playlists}
    for decision in decisions:
        if decision.action is Action.ACCEPT and decision.playlist_id in accepted:
            accepted[decision.playlist_id].append(decision)
    before = [(playlist.id, playlist.item_count - len(accepted[playlist.id])) for playlist in playlists]
    snapshot = services.catalogue.current(record.owner)
    key = repr((record.id, heap.item_count, before))
    loaded, base, already = services.heaps.get(
        key,
        (services.registry.stamp(), snapshot.generation),
        lambda: _load(services, record, heap, playlists, accepted),
    )
    return Sorting(record, decisions, playlists, heap, loaded, base, already)


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
        ours = {decision.track_id: accepted_row(decision, record.person) for decision in accepted[playlist.id]}
        base[playlist.id] = [track_id for track_id in dict.fromkeys(rows) if track_id not in ours]
        # Importing the playlist's file again has overwritten its rows: add the accepted ones again.
        add_rows(services.database, playlist, list(ours.values()))
    ids = list(dict.fromkeys(row.track_id for row in services.database.playlist_items(heap.id, limit=MOST_HEAP)))
    known = known_tracks(services, heap, record.owner, set(ids).union(*base.values()))
    base = {playlist: [track for track in track_ids if track in known] for playlist, track_ids in base.items()}
    tracks = [known[track_id] for track_id in ids if track_id in known]
    members = {playlist: [known[track] for track in track_ids] for playlist, track_ids in base.items()}
    there = {_recording(track) for in_playlist in members.values() for track in in_playlist}
    already = frozenset(track.id for track in tracks if _recording(track) in there)
    return Heap(services.triage, services.track_reader, tracks, members), base, already


def known_tracks(services: Services, heap: Playlist, owner: str, ids: Collection[str]) -> dict[str, Track]:
    """Return the tracks with these ids that ``owner`` sees, including those of a heap that another browser shares."""
    found = tracks_by_id(services.catalogue.current(owner), services.database, ids, owner)
    if heap.owner in (None, owner):
        return found
    others = [track_id for track_id in ids if track_id not in found]
    return found | shown_tracks(services.catalogue, services.database, heap.owner, others)


def _recording(track: Track) -> str:
    return recording_key(track.title, track.first_artist)
