"""Imports lists of a connected Spotify account, and writes playlists to it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from etl.spotify.accounts import Account, Accounts, Session
from etl.spotify.importing import new_import
from etl.spotify.lists import lists_of
from etl.spotify.writing import new_write
from services.container import Services
from services.runs import RunView, start_runs
from store.domain import Playlist
from store.runs import Run

# Listing costs a call per 50 lists, and there are some 500 calls a day.
_LISTING = timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True)
class SpotifyList:
    """A playlist of the account, or its saved or top tracks; ``tracks`` is their number, None if unknown."""

    id: str
    name: str
    kind: str
    tracks: int | None
    mine: bool
    collaborative: bool


def list_lists(session: Session, accounts: Accounts, owner: str, account: Account, *, fresh: bool) -> list[SpotifyList]:
    """Return the playlists of the account, and its saved and top tracks.

    An answer of Spotify is reused for ten minutes, unless ``fresh`` is set.
    """
    now = datetime.now(UTC)
    kept = accounts.document(owner).get("listing")
    if fresh or not kept or now - kept["at"] >= _LISTING:
        kept = {"at": now, "rows": lists_of(session, account.user_id)}
        accounts.note(owner, {"listing": kept})
    return [SpotifyList(**row) for row in kept["rows"]]


def import_lists(services: Services, accounts: Accounts, owner: str, list_ids: Iterable[str]) -> list[RunView]:
    """Start a run for each list of the account that imports it; raises TooManyRuns."""
    names = {row["id"]: row["name"] for row in accounts.document(owner).get("listing", {}).get("rows", [])}
    distinct = dict.fromkeys(list_ids)
    imports = [new_import(owner, list_id, names.get(list_id, "Spotify playlist")) for list_id in distinct]
    return _queued(services, accounts, owner, imports)


def write_playlist(
    services: Services, accounts: Accounts, owner: str, account: Account, playlist: Playlist, name: str, *, public: bool
) -> RunView:
    """Start a run that writes a playlist to the account as a new one; raises TooManyRuns."""
    run = new_write(owner, account, playlist, name=name, public=public)
    return _queued(services, accounts, owner, [run])[0]


def _queued(services: Services, accounts: Accounts, owner: str, wanted: list[Run]) -> list[RunView]:
    """Queue runs and note them in the owner's account; return them, or the equal ones that run already."""
    _trim(services, accounts, owner)
    accounts.note(owner, {f"runs.{run.id}": True for run in wanted})  # before they start: disconnecting must find them
    queued: list[RunView] = []
    try:
        queued = start_runs(services, *wanted)
    finally:
        unused = {run.id for run in wanted} - {run.id for run in queued}
        if unused:
            accounts.note(owner, {}, unset=tuple(f"runs.{run_id}" for run_id in sorted(unused)))
    return queued


def _trim(services: Services, accounts: Accounts, owner: str) -> None:
    """Remove the runs that have ended from the account's document."""
    noted = accounts.document(owner).get("runs", {})
    ended = [run_id for run_id in noted if (run := services.database.get_run(run_id)) is None or run.ended]
    if ended:
        accounts.note(owner, {}, unset=tuple(f"runs.{run_id}" for run_id in ended))
