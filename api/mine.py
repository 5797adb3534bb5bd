"""Deletes everything that a browser brought in."""

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
    """Delete all that this browser brought in: playlists with their tracks, what was learnt from them, what was
    decided of them, its runs, its login to Spotify, its "never again". It is a stranger from then on.
    """
    here, owner = services(), session.owner()
    if owner is None:
        return DeletedAnswer(0)
    deleted = use.delete_all(here, owner)
    spawn_worker(here.config.var, here.config.mongodb_uri, [WorkQueue.FILES])
    session.end()
    return DeletedAnswer(deleted)
