"""Deletes what one browser session left here, as a whole."""

from etl.deleting import DELETE
from etl.spotify.accounts import Accounts
from etl.spotify.forgetting import disconnect
from services.container import Services
from services.playlists.never import forget_unwanted
from services.playlists.playlists import delete_all_playlists

_RUNS = 1000


def delete_all(services: Services, owner: str) -> int:
    """Delete the playlists of a browser session with what belongs to them, its runs, its login to Spotify and what
    it never wants again. Runs that are under way are cancelled. Returns the number of playlists.

    A kill in the middle leaves some of it; calling it again deletes the rest.
    """
    database = services.database
    runs = [run for run in database.runs_of(owner, limit=_RUNS) if run.owner == owner]
    for run in runs:
        if not run.ended and run.kind != DELETE:
            database.cancel_run(run.id)
    if Accounts(database, services.engine.vault).document(owner):
        disconnect(database, services.engine, owner)
    count = delete_all_playlists(services, owner)
    forget_unwanted(services, owner)
    database.delete_documents("runs", [run.id for run in runs if run.ended])
    return count
