"""Deletes everything that a browser has imported or made."""

from dataclasses import dataclass

import services.mine as use
from api import session
from api.application import Blueprint
from api.current import services
from jobs.queue import WorkQueue, spawn_worker

blueprint = Blueprint("mine", __name__, tag="Status")


@dataclass(frozen=True)
class DeletedAnswer:
    playlists: int


@blueprint.delete("/api/mine")
def delete_mine() -> DeletedAnswer:
    """Delete everything of this browser, and end its session.

    That is its playlists and their tracks, the models and decisions made from them, its runs, its login to Spotify and
    its list of unwanted tracks.
    """
    container, owner = services(), session.owner()
    if owner is None:
        return DeletedAnswer(0)
    deleted = use.delete_all(container, owner)
    spawn_worker(container.config.var, container.config.mongodb_uri, [WorkQueue.FILES])
    session.end()
    return DeletedAnswer(deleted)
