"""Stores an audio analysis for everybody: its track, if it is new, and its segments."""

from etl.imports.analysis import read_analysis
from etl.imports.rows.entries import AnalysisFile
from store.database import Database
from store.facts import Provenance, put_segments
from store.runs import Run, RunSummary, now

LICENCE = "As the service that analysed it grants"


def import_analysis(database: Database, found: AnalysisFile, run: Run) -> RunSummary:
    """Store the analysis in ``found`` for ``run``, replacing an earlier one.

    Raises ImportProblem if a segment is invalid.
    """
    track_id, track, analysis = read_analysis(found.document, run.name)
    if track is not None:
        database.put_tracks([track], run.id)
    provenance = Provenance(source=f"file: {run.name}", fetched_at=now(), licence=LICENCE, brought_by=run.id)
    put_segments(database, track_id, provenance, analysis)
    return RunSummary(requested=1, stored=1)
