"""The run that gives a person's playlist to the installation, and its tracks to the shared layer."""

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
    if count:  # otherwise an interrupted attempt of this run has moved and counted them
        task.report.record(requested=count, stored=count, playlist_ids=(playlist_id,))
