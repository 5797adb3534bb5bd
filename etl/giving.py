"""The run that gives a playlist to the installation: what was one person's becomes part of the shared layer."""

from etl.task import Task
from store.domain import Playlist
from store.runs import Run

GIVE = "give"


def new_giving(playlist: Playlist) -> Run:
    """Return a run that gives ``playlist`` to the installation."""
    return Run(kind=GIVE, name=playlist.name, owner=playlist.owner, request={"playlist_id": playlist.id})


def run(task: Task) -> None:
    """Move the playlist and its tracks into the shared layer."""
    playlist_id = (task.run.request or {})["playlist_id"]
    count = task.database.give_playlist(playlist_id, task.run.id)
    if count:  # else a run that was cut off has done so already, and has counted
        task.report.record(requested=count, stored=count, playlist_ids=(playlist_id,))
