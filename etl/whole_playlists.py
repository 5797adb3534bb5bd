"""Runs that change whole playlists: delete rows of deleted ones, give one to everybody, index an owner's tracks."""

from collections.abc import Iterable

from etl.task import Task
from store.domain import Playlist
from store.runs import Run

DELETE, GIVE, INDEX = "delete", "give", "index"


def new_deletion(owner: str, name: str, playlists: Iterable[Playlist]) -> Run:
    """Return a run that deletes ``playlists`` of ``owner``, and the owner's tracks that no other playlist holds."""
    deleted = [
        {"id": each.id, "rows": each.item_count, "created_at": each.created_at and each.created_at.isoformat()}
        for each in playlists
    ]
    return Run(kind=DELETE, name=name, owner=owner, request={"playlists": deleted})


def delete(task: Task) -> None:
    """Delete the rest of the deleted playlists' rows, except one that was imported again with the same id meanwhile."""
    for gone in (task.run.request or {})["playlists"]:
        there = task.database.playlist(gone["id"])
        if there is None or (there.created_at and there.created_at.isoformat()) == gone["created_at"]:
            task.database.delete_playlist(gone["id"], gone["rows"], task.run.owner)
    task.report.record(changed=True)  # the owner's segment was hidden before, and is built again in any case


def new_giving(playlist: Playlist) -> Run:
    """Return a run that gives ``playlist`` to the installation."""
    return Run(kind=GIVE, name=playlist.name, owner=playlist.owner, request={"playlist_id": playlist.id})


def give(task: Task) -> None:
    """Move the playlist and its tracks into the shared layer."""
    playlist_id = (task.run.request or {})["playlist_id"]
    count = task.database.give_playlist(playlist_id, task.run.id)
    if count:  # otherwise an interrupted attempt of this run has moved and counted them
        task.report.record(requested=count, stored=count, playlist_ids=(playlist_id,))


def new_index(owner: str, after: str | None = None) -> Run:
    """Return a run that builds the segment of ``owner``; ``after`` is the id of one that may have begun too early."""
    return Run(kind=INDEX, name="Your tracks", owner=owner, request={"after": after})


def index(task: Task) -> None:
    """Have the segment of the owner built, as after every run that has changed tracks."""
    task.report.record(changed=True)
