"""Deletes everything that one browser session stored here."""

from etl.spotify.accounts import Accounts
from etl.spotify.forgetting import disconnect
from etl.whole_playlists import DELETE
from services.container import Services
from services.playlists.never import forget_unwanted
from services.playlists.playlists import delete_all_playlists
from store.networks import forget_network

_RUNS = 1000


def delete_all(services: Services, owner: str) -> int:
    """Delete a session's playlists and their models, its runs, Spotify login, "never again" list and network.

    Running runs are cancelled. Returns the number of playlists. If the process is killed in between, another call
    deletes the rest.
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
    forget_network(database, owner)
    database.delete_documents("runs", [run.id for run in runs if run.ended])
    return count
