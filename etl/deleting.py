"""The run that deletes the rows of large playlists, after the playlists themselves have been deleted."""

from collections.abc import Iterable

from etl.task import Task
from store.domain import Playlist
from store.runs import Run

DELETE = "delete"


def new_deletion(owner: str, name: str, playlists: Iterable[Playlist]) -> Run:
    """Return a run that deletes ``playlists`` of ``owner``, and the owner's tracks that no other playlist holds."""
    deleted = [
        {"id": each.id, "rows": each.item_count, "created_at": each.created_at and each.created_at.isoformat()}
        for each in playlists
    ]
    return Run(kind=DELETE, name=name, owner=owner, request={"playlists": deleted})


def run(task: Task) -> None:
    """Delete the rest of the playlists, except one that was imported again with the same id meanwhile."""
    for gone in (task.run.request or {})["playlists"]:
        there = task.database.playlist(gone["id"])
        if there is None or (there.created_at and there.created_at.isoformat()) == gone["created_at"]:
            task.database.delete_playlist(gone["id"], gone["rows"], task.run.owner)
    task.report.record(changed=True)  # the owner's segment was hidden before, and is built again in any case
