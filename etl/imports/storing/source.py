"""Imports the file or address of a run into the database or the catalogue (see :mod:`jobs.worker` about kills)."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from etl.imports.reading.download import is_url
from etl.imports.reading.read_options import ReadAs, ReadOptions
from etl.imports.reading.text_file import known_encoding
from etl.imports.recognise import recognise
from etl.imports.rows.entries import (
    AnalysisFile,
    DatasetFile,
    PlaylistFile,
    Recognised,
    TrackTableFile,
    check_to_the_end,
)
from etl.imports.storing.analyses import import_analysis
from etl.imports.storing.playlist_sets import import_slice
from etl.imports.storing.playlists import PlaylistImport
from etl.library.places import has_sound_ending
from etl.lookup.name_matching import NameMatching
from etl.task import Reporter
from store.catalogue.tables import tables_there
from store.database import Database
from store.runs import FRESH_CURSOR, ImportProblem, Progress, Run, RunSummary, upload_folder


def import_source(database: Database, var: Path, run: Run, report: Reporter) -> None:
    """Import the file or the table at the address of ``run``, or the rest of it.

    Raises ImportProblem if the file cannot be imported; Cancelled if somebody has ended the run.
    """
    options = ReadOptions.of(run.read_options)
    if run.source and is_url(run.source):
        _import_table(database, var, run, run.source, known_encoding(options.encoding or "utf-8"), report, options)
        return
    path = _source(var, run)
    size = path.stat().st_size
    if has_sound_ending(path.name):
        _import_audio(database, var, run, path, report)
        return

    def watch(done: int) -> None:
        report(Progress(phase="reading the file", done=done, total=size))

    read = recognise(path, watch, options)
    found = _as_playlist_or_table(read, options.read_as, by_browser=run.owner is not None)
    if run.sha256 not in {None, found.sha256}:
        run = _start_over(database, run)  # the operator has changed the file since the run was interrupted
    database.update_run(run.id, sha256=found.sha256, bytes_total=size)
    if isinstance(found, TrackTableFile):
        _import_table(database, var, run, str(path), found.encoding, report)
    elif isinstance(found, DatasetFile):
        _require_given(run, options, "a slice of the Million Playlist Dataset")
        database.update_run(run.id, kind="dataset")
        summary = import_slice(found.source, found.sha256, found.size, var / "playlists", report, run.id)
        _record(database, run.id, summary)
    elif isinstance(found, AnalysisFile):
        _require_given(run, options, "an audio analysis")
        database.update_run(run.id, kind="analysis")
        _record(database, run.id, import_analysis(database, found, run))
    else:
        check_to_the_end(found, run.name, run.started_at, watch, run.most_rows)
        PlaylistImport(database, run, found, report, NameMatching(var)).run()


def _import_audio(database: Database, var: Path, run: Run, path: Path, report: Reporter) -> None:
    from etl.library.uploaded import import_audio  # imported here, because it loads the audio decoders

    database.update_run(run.id, kind="audio")
    _record(database, run.id, import_audio(database, var, run, path, report))


def _as_playlist_or_table(found: Recognised, read_as: ReadAs | None, *, by_browser: bool) -> Recognised:
    """Return ``found`` as a playlist or a table, as chosen by ``read_as``; by default, a browser's is a playlist."""
    if isinstance(found, PlaylistFile) and read_as == "table":
        return TrackTableFile(size=found.size, sha256=found.sha256, encoding=found.encoding)
    if not isinstance(found, TrackTableFile) or (read_as or ("playlist" if by_browser else "table")) == "table":
        return found
    if found.playlist is None:
        raise ImportProblem(
            "unsupported",
            "This is a table of tracks without artists. It cannot be a playlist, and a table changes the catalogue for "
            "everybody.",
            "Whoever runs this server can choose that it goes into the catalogue. On the server: "
            ".venv/bin/python -m etl import FILE",
        )
    return found.playlist


def _source(var: Path, run: Run) -> Path:
    path = Path(run.source) if run.source else upload_folder(var, run.id) / run.name
    if not path.is_file():
        raise ImportProblem("file_gone", f"{path.name} is no longer there.", "Import the file again.")
    return path


def _start_over(database: Database, run: Run) -> Run:
    changes: dict[str, Any] = {
        "cursor": dict(FRESH_CURSOR),
        **dict.fromkeys(("requested", "stored", "known"), 0),
        **{"skipped": {}, "skipped_examples": (), "unread": {}, "playlist_ids": ()},
    }
    database.delete_incomplete(run.id)
    database.update_run(run.id, **changes)
    return replace(run, **changes)


def _import_table(
    database: Database,
    var: Path,
    run: Run,
    source: str,
    encoding: str,
    report: Reporter,
    options: ReadOptions = ReadOptions(),  # noqa: B008 - it is frozen
) -> None:
    from etl.imports.storing.tables import import_table

    database.update_run(run.id, kind="table")
    resumed, before = run.state == "running", tables_there(var / "catalogue")
    allow_private = options.allow_private
    summary = import_table(
        source, var / "catalogue", report, encoding=encoding, resumed=resumed, allow_private=allow_private
    )
    _record(database, run.id, summary)
    if resumed or tables_there(var / "catalogue") != before:
        database.update_run(run.id, changed=True)


def _require_given(run: Run, options: ReadOptions, what: str) -> None:
    """Refuse a file for everybody from a browser that has not chosen to share it, or is not the operator's."""
    if run.owner is None:
        return
    reason = f"{run.name} is {what}. Everybody's models learn from it and everybody sees it"
    if not run.by_operator:
        hint = (
            "Enter the key of this server under Settings, Online services, if it is yours. On the server: "
            ".venv/bin/python -m etl import FILE"
        )
        raise ImportProblem("operator_only", f"{reason}, so only the operator may import it.", hint)
    if options.read_as != "shared":
        hint = "Give it to everybody here, on its card. On the server: python -m etl import FILE"
        raise ImportProblem("not_given", f"{reason}, so it must be shared on purpose.", hint)


def _record(database: Database, run_id: str, summary: RunSummary) -> None:
    database.update_run(
        run_id,
        requested=summary.requested,
        stored=summary.stored,
        known=summary.known,
        skipped=summary.skipped,
        skipped_examples=summary.examples,
        unread=summary.emptied,
    )
