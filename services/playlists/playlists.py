"""Playlists: find, describe, read a page, name their people, create and delete."""

import hashlib
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from operator import attrgetter
from typing import Any, Self

from etl.demo import DEMOS
from etl.whole_playlists import new_deletion, new_giving, new_index
from jobs.limits import require_rows
from ml.contributors.model import task_of
from services.container import Services
from services.errors import ServiceError, invalid_value, not_found, not_yours
from services.runs import RunView, start_runs
from services.viewer import Viewer
from services.views import TrackSummary, View
from store.catalogue.publishing import changing_own, hide_own
from store.database import PAGE_ITEMS
from store.domain import MAX_PEOPLE, Person, Playlist, PlaylistItem, Track, playlist_id
from store.library import shown_tracks, tracks_by_id
from store.playlists.rows import add_rows, change_rows, people_of
from store.playlists.triages import forget_triage, triage_id
from store.runs import Run

# The most tracks in one request that makes a playlist of known tracks, or takes tracks out of one.
MAX_TRACKS = 10_000
# The most rows that a request deletes or indexes itself; more would take seconds, so a run does it.
_ROWS_AT_ONCE = 1_000
# The most tracks that a request stores in one step: the database answers others between the steps, and each in time.
_STORED_AT_ONCE = 100
_NO_LIMIT = 1 << 30


@dataclass(frozen=True, kw_only=True)
class Contributor(View):
    """A person who added ``count`` rows, with the name, the colour and the shape that the listener gave them."""

    id: str
    name: str | None
    colour: str | None
    shape: str | None
    count: int


@dataclass(frozen=True, kw_only=True)
class PlaylistSummary(View):
    """What a viewer sees of a playlist.

    ``mine``: this browser imported it. ``nameable``: it may name the people. ``shared``: everybody sees the playlist.
    ``givable``: this browser may give it to the installation. ``sharable``: it may share or hide it. ``made_for``:
    ``added_by`` of a row is the person whom the track is for.
    """

    id: str
    name: str
    item_count: int
    complete: bool
    mine: bool
    nameable: bool
    shared: bool
    givable: bool
    sharable: bool
    made_for: bool
    contributors: list[Contributor]
    created_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class PlaylistRow(TrackSummary):
    """A row of a playlist: its track, when and by whom it was added, and its audio features by name.

    ``artist_point`` is the (x, y), each -1 to 1, of its first known artist on the map of artists.
    """

    position: int
    added_by: str | None
    added_at: datetime | None
    plays: int | None
    features: Mapping[str, float]
    artist_point: tuple[float, float] | None

    @classmethod
    def of_item(cls, item: PlaylistItem, track: Track, artist_point: tuple[float, float] | None) -> Self:
        more = {name: getattr(item, name) for name in ("position", "added_by", "added_at", "plays")}
        features = track.feature_values
        return cls.of(track, features=features, artist_point=artist_point, **more)


@dataclass(frozen=True, kw_only=True)
class RemovedRow(View):
    """A row that was taken out of a playlist: all that its playlist knew of it."""

    position: int
    track_id: str
    added_by: str | None
    added_at: datetime | None
    plays: int | None
    file: str | None


@dataclass(frozen=True, kw_only=True)
class PlaylistPage:
    """Page ``page`` (from 1) of a playlist's rows, and how many ``pages`` there are."""

    playlist: PlaylistSummary
    page: int
    pages: int
    tracks: list[PlaylistRow]


def find_playlist(services: Services, playlist_id: str, viewer: Viewer) -> Playlist:
    """Return a playlist that the viewer may open; raises ServiceError 404 if there is none with this id.

    Everyone who knows the id of a browser's playlist may open it; ids cannot be guessed. Only the operator may open a
    playlist of the installation until it is shared.
    """
    playlist = services.database.playlist(playlist_id)
    if playlist is None or not (playlist.owner or playlist.shared or viewer.operator):
        raise not_found("There is no such playlist here.", "It may have been deleted.")
    return playlist


def check_complete(playlist: Playlist) -> None:
    """Raise ServiceError 409 while the playlist is still arriving."""
    if not playlist.complete:
        raise ServiceError(409, "arriving", "The playlist is still arriving.", "Try again when its import has ended.")


def visible_playlists(services: Services, viewer: Viewer) -> list[Playlist]:
    """Return the playlists that a browser imported and those of the installation that it may see, newest first."""
    return services.database.playlists(viewer.owner, unshared=viewer.operator)


def playlists_of(services: Services, viewer: Viewer) -> list[PlaylistSummary]:
    """Return the summaries of :func:`visible_playlists`."""
    return [describe(playlist, viewer) for playlist in visible_playlists(services, viewer)]


def describe(playlist: Playlist, viewer: Viewer) -> PlaylistSummary:
    """Return what is shown of a playlist to a viewer."""
    mine = playlist.owner is not None and playlist.owner == viewer.owner
    return PlaylistSummary.of(
        playlist,
        mine=mine,
        nameable=may_change(playlist, viewer),
        givable=mine and viewer.operator and playlist.complete,
        sharable=playlist.owner is None and viewer.operator,
        contributors=contributors(playlist),
    )


def may_change(playlist: Playlist, viewer: Viewer) -> bool:
    """Say whether a viewer may change a playlist: its owner, or the operator one of the installation."""
    return viewer.operator if playlist.owner is None else playlist.owner == viewer.owner


def contributors(playlist: Playlist, ids: Iterable[str] | None = None) -> list[Contributor]:
    """Return the people ``ids`` with the names and colours given to them; None: all, the busiest first."""
    counts = playlist.contributors
    return [
        Contributor.of(playlist.people.get(person, Person()), id=person, count=counts.get(person, 0))
        for person in (sorted(counts, key=lambda person: (-counts[person], person)) if ids is None else ids)
    ]


def require_contributors(playlist: Playlist, ids: Iterable[str]) -> None:
    """Raise ServiceError 404 for people who added nothing to a playlist."""
    strangers = set(ids) - playlist.contributors.keys()
    if strangers:
        raise not_found(f"Nobody called {min(strangers)!r} added anything here.", "See contributors.")


def with_tracks(
    services: Services, playlist: Playlist, items: Sequence[PlaylistItem]
) -> list[tuple[PlaylistItem, Track]]:
    """Return the rows ``items`` of a playlist with their tracks, those whose track is known."""
    tracks = shown_tracks(services.catalogue, services.database, playlist.owner, {item.track_id for item in items})
    return [(item, tracks[item.track_id]) for item in items if item.track_id in tracks]


def read_page(services: Services, playlist_id: str, viewer: Viewer, page: int, page_size: int) -> PlaylistPage:
    """Return page ``page`` (from 1) of a playlist's rows, ``page_size`` of them; raises ServiceError 404."""
    playlist = find_playlist(services, playlist_id, viewer)
    items = services.database.playlist_items(playlist.id, start=(page - 1) * page_size, limit=page_size)
    point_of = services.artist_points
    return PlaylistPage(
        playlist=describe(playlist, viewer),
        page=page,
        pages=max(1, -(-playlist.item_count // page_size)),
        tracks=[
            PlaylistRow.of_item(item, track, point_of(track.artists))
            for item, track in with_tracks(services, playlist, items)
        ],
    )


def delete_playlist(services: Services, playlist_id: str, viewer: Viewer) -> None:
    """Delete a playlist, its tracks that no other playlist of the owner holds, its models and its triage.

    Raises ServiceError 404 if there is no such playlist, 403 if another browser imported it.
    """
    playlist = find_playlist(services, playlist_id, viewer)
    if playlist.owner is None or playlist.owner != viewer.owner:
        raise not_yours(
            "Only the browser that imported this playlist can delete it.",
            "Whoever runs this server deletes imported ones. On the server: python -m etl delete " + playlist.id,
        )
    _delete(services, playlist.owner, playlist.name, [playlist])


def demo_ids(owner: str | None) -> set[str]:
    """Return the ids that the demo's playlists have once ``owner`` has imported them."""
    return set() if owner is None else {playlist_id(owner, sha256) for sha256 in _demo_contents()}


@cache
def _demo_contents() -> tuple[str, ...]:
    return tuple(hashlib.sha256(path.read_bytes()).hexdigest() for path in DEMOS)


def remove_demos(services: Services, viewer: Viewer) -> None:
    """Delete the demo's playlists of the viewer."""
    for demo in demo_ids(viewer.owner):
        if services.database.playlist(demo) is not None:
            delete_playlist(services, demo, viewer)


def give_playlist(services: Services, playlist_id: str, viewer: Viewer) -> RunView:
    """Start a run that gives a playlist to the installation, so that everybody sees it and finds its tracks.

    Only the operator may, because the playlist then names tracks for everybody. Raises ServiceError 404 if there is no
    such playlist, 403 if it is not this browser's or this is not the operator's, 409 while it is arriving; TooManyRuns.
    """
    playlist = find_playlist(services, playlist_id, viewer)
    if playlist.owner is None or not may_change(playlist, viewer) or not viewer.operator:
        raise not_yours(
            "Only the operator can give a playlist to everybody, from the browser that imported it.",
            "Share its link.",
        )
    check_complete(playlist)
    return start_runs(services, new_giving(playlist))[0]


def share_playlist(services: Services, playlist_id: str, viewer: Viewer, *, shared: bool) -> PlaylistSummary:
    """Set whether everybody sees a playlist of the installation; raises ServiceError 404, 403 for another's."""
    playlist = find_playlist(services, playlist_id, viewer)
    if playlist.owner is not None or not viewer.operator:
        raise not_yours("Only the operator can share a playlist of the installation.", "Share the link of your own.")
    services.database.share_playlist(playlist.id, shared)
    return describe(find_playlist(services, playlist.id, viewer), viewer)


def add_track(services: Services, playlist_id: str, viewer: Viewer, track_id: str) -> PlaylistSummary:
    """Add a known track at the end of a playlist of this browser's, unless it is in it already.

    Raises ServiceError 404 for an unknown playlist or track, 403 for another's playlist, 409 while it is arriving;
    TooManyRuns where no more rows may be kept.
    """
    playlist = find_playlist(services, playlist_id, viewer)
    if playlist.owner is None or not may_change(playlist, viewer):
        raise not_yours("Only the browser that imported this playlist can add to it.", "Make a playlist of your own.")
    check_complete(playlist)
    known = _known_tracks(services, viewer, [track_id])
    require_rows(services.config.work, services.database, playlist.owner)
    services.database.put_tracks(list(known.values()), owner=playlist.owner)
    add_rows(services.database, playlist, [PlaylistItem(position=0, track_id=track_id, added_at=datetime.now(UTC))])
    _index_own(services, playlist.owner)
    return describe(find_playlist(services, playlist.id, viewer), viewer)


def delete_all_playlists(services: Services, owner: str) -> int:
    """Delete every playlist of a browser session, as :func:`delete_playlist` does; return how many there were."""
    own = _own(services, owner)
    _delete(services, owner, "All playlists", own)
    return len(own)


def _own(services: Services, owner: str) -> list[Playlist]:
    return [playlist for playlist in services.database.playlists(owner) if playlist.owner == owner]


def _delete(services: Services, owner: str, name: str, playlists: Sequence[Playlist]) -> None:
    """Delete playlists of ``owner``: nobody finds them from now on.

    If the owner has many rows, or if an earlier deletion or import is building the owner's segment, a run deletes them.
    The segment is hidden first; if the process is killed, the upkeep of the catalogue builds it again.
    """
    root = services.catalogue.root
    hide_own(root, owner)
    rows = sum(playlist.item_count for playlist in _own(services, owner))
    with changing_own(root, owner) as alone:
        if alone and rows <= _ROWS_AT_ONCE:
            for playlist in playlists:
                services.database.delete_playlist(playlist.id)
            _build_own(services, owner)
        else:
            _start(services, new_deletion(owner, name, playlists))
            services.database.delete_documents("playlists", [playlist.id for playlist in playlists])
    for playlist in playlists:
        services.registry.forget(task_of(playlist.id))
        forget_triage(services.database, triage_id(owner, playlist.id))


def _start(services: Services, run: Run) -> RunView:
    """Start a run that completes a change which has been made: it is never refused."""
    limits = replace(services.config.work, runs_each=_NO_LIMIT, runs_all=_NO_LIMIT)
    return start_runs(services, run, limits=limits)[0]


def _index_own(services: Services, owner: str) -> None:
    """Build the owner's segment, by a run if the owner has many rows."""
    if sum(playlist.item_count for playlist in _own(services, owner)) <= _ROWS_AT_ONCE:
        _build_own(services, owner)
        return
    started = _start(services, new_index(owner))
    if started.state == "running":  # it may have read the owner's tracks before the last ones were stored
        _start(services, new_index(owner, after=started.id))


def _build_own(services: Services, owner: str) -> None:
    from store.catalogue.builder import build_own  # imports pyarrow, which no other request needs

    build_own(services.catalogue.root, owner, services.database.all_tracks(owner))


def name_people(
    services: Services, playlist_id: str, viewer: Viewer, given: Mapping[str, Mapping[str, str | None]]
) -> PlaylistSummary:
    """Name contributors of a playlist, give them colours and shapes, and return the playlist as ``describe`` does.

    Parameters
    ----------
    given
        ``name``, ``colour`` and ``shape`` by contributor's id; three None take back what was given before.

    Raises
    ------
    ServiceError
        404 for an unknown playlist or person, 403 for another browser's playlist, 422 for too many people.
    """
    playlist = find_playlist(services, playlist_id, viewer)
    if not may_change(playlist, viewer):
        raise not_yours(
            "Only the browser that imported this playlist can name its people.", "Import the file here, too."
        )
    if playlist.complete:  # before, not all contributors are known
        require_contributors(playlist, given)
    named = {person: Person.of(look) for person, look in given.items()}
    people = {person: known for person, known in {**playlist.people, **named}.items() if known != Person()}
    if len(people) > max(MAX_PEOPLE, len(playlist.contributors)):
        raise invalid_value(f"people: at most {MAX_PEOPLE}.", "Wait until all rows have arrived.")
    services.database.put_people(playlist.id, people)
    return describe(find_playlist(services, playlist.id, viewer), viewer)


def rename_playlist(services: Services, playlist_id: str, viewer: Viewer, name: str) -> PlaylistSummary:
    """Give a playlist another name; raises ServiceError 404, 403 for another browser's."""
    playlist = find_playlist(services, playlist_id, viewer)
    if not may_change(playlist, viewer):
        raise not_yours("Only the browser that imported this playlist can rename it.", "Save a playlist of your own.")
    services.database.rename_playlist(playlist.id, name)
    return describe(find_playlist(services, playlist.id, viewer), viewer)


def create_playlist(
    services: Services,
    viewer: Viewer,
    name: str,
    rows: Sequence[tuple[str, str | None]],
    people: Mapping[str, Mapping[str, str | None]],
) -> PlaylistSummary:
    """Make a playlist of known tracks for a browser session, and return it as ``describe`` does.

    Parameters
    ----------
    rows
        The id of each track, and the id of the person whom it is for or None.
    people
        ``name``, ``colour`` and ``shape`` by person's id.

    Raises
    ------
    ServiceError
        404 for a track that is not known here.
    TooManyRuns
        The browser, or all of them, would have more rows than are allowed.
    """
    owner = viewer.owner
    assert owner is not None
    require_rows(services.config.work, services.database, owner, max(len(rows), 1))
    known = _known_tracks(services, viewer, [track_id for track_id, _ in rows])
    items = [
        PlaylistItem(position=position, track_id=track_id, added_by=person)
        for position, (track_id, person) in enumerate(rows)
    ]
    named = [item.added_by for item in items if item.added_by]
    playlist = Playlist(
        id=playlist_id(owner, secrets.token_hex(16)),
        name=name.strip() or "Playlist",
        owner=owner,
        source="Tastemap",
        item_count=len(items),
        contributors={person: named.count(person) for person in dict.fromkeys(named)},
        people={person: Person.of(given) for person, given in people.items() if person in named},
        made_for=bool(named),
        complete=True,
        created_at=datetime.now(UTC),
    )
    tracks = list(known.values())
    for first in range(0, len(tracks), _STORED_AT_ONCE):
        services.database.put_tracks(tracks[first : first + _STORED_AT_ONCE], owner=owner)
    for page in range(0, len(items), PAGE_ITEMS):
        services.database.put_page(playlist.id, page // PAGE_ITEMS, items[page : page + PAGE_ITEMS])
    services.database.put_playlist(playlist)
    _index_own(services, owner)
    return describe(playlist, viewer)


def remove_tracks(
    services: Services, playlist_id: str, viewer: Viewer, track_ids: Collection[str], positions: Collection[int] | None
) -> tuple[PlaylistSummary, list[RemovedRow]]:
    """Take the rows of these tracks out of a playlist: all of them, or those at ``positions`` (from 0).

    Returns the playlist as ``describe`` does, and the rows, for :func:`restore_rows`. What is not in it is ignored.
    Raises ServiceError 404 if there is no such playlist, 403 if another browser imported it, 409 while it is arriving.
    """
    playlist = _changeable(services, playlist_id, viewer)
    ids, places = set(track_ids), None if positions is None else set(positions)
    gone: list[PlaylistItem] = []

    def left(stored: list[PlaylistItem]) -> list[PlaylistItem]:
        gone[:] = [row for row in stored if row.track_id in ids and (places is None or row.position in places)]
        taken = {row.position for row in gone}
        return [row for row in stored if row.position not in taken]

    change_rows(services.database, playlist, left)
    return describe(find_playlist(services, playlist.id, viewer), viewer), [RemovedRow.of(row) for row in gone]


def restore_rows(
    services: Services, playlist_id: str, viewer: Viewer, rows: Sequence[Mapping[str, Any]]
) -> PlaylistSummary:
    """Put rows that :func:`remove_tracks` returned back to their positions, unless they are there.

    Raises ServiceError as :func:`remove_tracks` does, and 404 if a track is not known here any more; TooManyRuns where
    no more rows may be kept.
    """
    playlist = _changeable(services, playlist_id, viewer)
    known = _known_tracks(services, viewer, [row["track_id"] for row in rows])
    if playlist.owner is not None:
        require_rows(services.config.work, services.database, playlist.owner, len(rows))
        services.database.put_tracks(list(known.values()), owner=playlist.owner)

    def whole(stored: list[PlaylistItem]) -> list[PlaylistItem]:
        after = list(stored)
        for row in sorted((PlaylistItem(**row) for row in rows), key=attrgetter("position")):
            if after[row.position : row.position + 1] != [row]:
                after.insert(row.position, row)
        if len(people_of(after)) > max(MAX_PEOPLE, len(people_of(stored))):
            raise invalid_value(f"rows: at most {MAX_PEOPLE} people.", "Leave out `added_by`.")
        return after

    change_rows(services.database, playlist, whole)
    return describe(find_playlist(services, playlist.id, viewer), viewer)


def move_row(
    services: Services, playlist_id: str, viewer: Viewer, track_id: str, position: int, to: int
) -> PlaylistSummary:
    """Move the row of a track from ``position`` to position ``to``, both from 0; beyond the last one is the end.

    Raises ServiceError as :func:`remove_tracks` does, and 409 if the track is not at ``position`` any more.
    """
    playlist = _changeable(services, playlist_id, viewer)

    def copied(stored: list[PlaylistItem]) -> list[PlaylistItem]:
        if position >= len(stored) or stored[position].track_id != track_id:
            raise ServiceError(409, "changed", "The playlist has changed meanwhile.", "Load the page again.")
        at = to if to < position else to + 1
        return [*stored[:at], replace(stored[position]), *stored[at:]]

    def taken(stored: list[PlaylistItem]) -> list[PlaylistItem]:
        old = position + 1 if to < position else position
        return [*stored[:old], *stored[old + 1 :]]

    change_rows(services.database, playlist, copied, taken)
    return describe(find_playlist(services, playlist.id, viewer), viewer)


def _known_tracks(services: Services, viewer: Viewer, ids: Sequence[str]) -> dict[str, Track]:
    """Return the tracks by id; raises ServiceError 404 for the first that is not known here."""
    known = tracks_by_id(services.catalogue.current(viewer.owner), services.database, ids, viewer.owner)
    unknown = next((track_id for track_id in ids if track_id not in known), None)
    if unknown is not None:
        raise not_found(f"No track has the id {unknown!r} here.", "Search for it by name.")
    return known


def _changeable(services: Services, playlist_id: str, viewer: Viewer) -> Playlist:
    playlist = find_playlist(services, playlist_id, viewer)
    if not may_change(playlist, viewer):
        raise not_yours("Only the browser that imported this playlist can change it.", "Save a playlist of your own.")
    check_complete(playlist)
    return playlist
