"""Imports the file or address of a run into the store or the catalogue.

A page of rows is stored first, and then the run's cursor is moved. Every write leaves the same state if it is done
twice. So a run that goes on after a kill repeats at most one page.
"""

from pathlib import Path
from typing import Any

from etl.imports.entries import (
    AnalysisFile,
    DatasetFile,
    PlaylistFile,
    Recognised,
    TrackTableFile,
    check_to_the_end,
)
from etl.imports.read_options import ReadAs, ReadOptions
from etl.imports.reading.download import is_url
from etl.imports.reading.text_file import known_encoding
from etl.imports.recognise import recognise
from etl.imports.storing.analyses import import_analysis
from etl.imports.storing.playlist_sets import import_slice
from etl.imports.storing.playlists import PlaylistImport
from etl.lookup.name_matching import NameMatching
from etl.task import Reporter
from store.catalogue.tables import tables_there
from store.database import Database
from store.runs import FRESH_CURSOR, ImportProblem, Progress, RunSummary, delete_incomplete, upload_folder


def import_source(database: Database, var: Path, document: dict[str, Any], report: Reporter, *, resumed: bool) -> None:
    """Import the file or the table at the address of the run ``document``, or what is left of it.

    Raises
    ------
    ImportProblem
        The file cannot be imported.
    Cancelled
        Somebody has ended the run.
    """
    options = ReadOptions.of(document.get("read_options"))
    if document["source"] and is_url(document["source"]):
        encoding = known_encoding(options.encoding or "utf-8")
        _import_table(database, var, document, document["source"], encoding, report, resumed)
        return
    path = _source(var, document)
    size = path.stat().st_size
    read = recognise(path, lambda done: report(Progress(phase="reading the file", done=done, total=size)), options)
    found = _as_playlist_or_table(read, options.read_as, by_browser=document["owner"] is not None)
    if document["sha256"] not in {None, found.sha256}:
        _start_over(database, document)  # the operator has changed the file since the run was cut off
    document |= {"sha256": found.sha256}
    database.update_run(document["_id"], {"sha256": found.sha256, "bytes_total": size})
    if isinstance(found, TrackTableFile):
        _import_table(database, var, document, str(path), found.encoding, report, resumed)
    elif isinstance(found, DatasetFile):
        _import_dataset(database, var, document, found, report)
    elif isinstance(found, AnalysisFile):
        database.update_run(document["_id"], {"kind": "analysis"})
        _record(database, document["_id"], import_analysis(database, found, document["name"], document))
    else:
        check_to_the_end(found, document["name"], document["started_at"])
        PlaylistImport(database, document, found, report, NameMatching(var)).run()


def _as_playlist_or_table(found: Recognised, read_as: ReadAs | None, *, by_browser: bool) -> Recognised:
    """Return ``found`` as a playlist or a table, as somebody says; else a browser's are playlists."""
    if isinstance(found, PlaylistFile) and read_as == "table":
        return TrackTableFile(size=found.size, sha256=found.sha256, encoding=found.encoding)
    if not isinstance(found, TrackTableFile) or (read_as or ("playlist" if by_browser else "table")) == "table":
        return found
    if found.playlist is None:
        raise ImportProblem(
            "unsupported",
            "This is a table of tracks without artists. It cannot be a playlist, and a table changes the catalogue for "
            "everybody.",
            "On the server: .venv/bin/python -m etl import FILE",
        )
    return found.playlist


def _source(var: Path, document: dict[str, Any]) -> Path:
    path = Path(document["source"]) if document["source"] else upload_folder(var, document["_id"]) / document["name"]
    if not path.is_file():
        raise ImportProblem("file_gone", f"{path.name} is no longer there.", "Bring the file again.")
    return path


def _start_over(database: Database, document: dict[str, Any]) -> None:
    changes: dict[str, Any] = {
        "cursor": dict(FRESH_CURSOR),
        **dict.fromkeys(("requested", "stored", "known"), 0),
        **{"skipped": [], "skipped_examples": [], "unread": [], "playlist_id": None, "playlist_ids": []},
    }
    delete_incomplete(database, document)
    database.update_run(document["_id"], changes)
    document |= changes


def _import_table(
    database: Database,
    var: Path,
    document: dict[str, Any],
    source: str,
    encoding: str,
    report: Reporter,
    resumed: bool,
) -> None:
    from etl.imports.storing.tables import import_table

    database.update_run(document["_id"], {"kind": "table"})
    before = tables_there(var / "catalogue")
    summary = import_table(source, var / "catalogue", report, encoding=encoding, resumed=resumed)
    _record(database, document["_id"], summary)
    if resumed or tables_there(var / "catalogue") != before:
        database.update_run(document["_id"], {"changed": True})


def _import_dataset(
    database: Database, var: Path, document: dict[str, Any], found: DatasetFile, report: Reporter
) -> None:
    database.update_run(document["_id"], {"kind": "dataset"})
    summary = import_slice(found.source, found.sha256, found.size, var / "playlists", report, document["_id"])
    _record(database, document["_id"], summary)


def _record(database: Database, run_id: str, summary: RunSummary) -> None:
    database.update_run(
        run_id,
        {
            "requested": summary.requested,
            "stored": summary.stored,
            "known": summary.known,
            "skipped": [list(pair) for pair in summary.skipped.items()],
            "skipped_examples": [{"line": row.line, "reason": row.reason} for row in summary.examples],
            "unread": [list(pair) for pair in summary.emptied.items()],
        },
    )
