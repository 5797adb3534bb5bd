"""An audio analysis into the store: the track where it is new, and its segments where there are none."""

from __future__ import annotations

from typing import Any

from etl.imports.analysis import read_analysis
from etl.imports.entries import AnalysisFile
from store.database import Database
from store.facts import ANALYSES, Provenance, put_segments
from store.runs import RunSummary, now

LICENCE = "As the service that analysed it grants"


def import_analysis(database: Database, found: AnalysisFile, name: str, document: dict[str, Any]) -> RunSummary:
    """Store the analysis in ``found`` for the run ``document``; one that is stored already stays, and is known.

    An operator's (a run without an owner) takes the place of an earlier one.

    Raises
    ------
    ImportProblem
        A segment is not as it should be.
    """
    track_id, track, analysis = read_analysis(found.document, name)
    if track is not None:
        database.put_tracks([track], document["_id"])
    earlier = database.get_document(ANALYSES, track_id)
    if earlier is not None and document["owner"] is not None:
        ours = earlier["brought_by"] == document["_id"]
        return RunSummary(requested=1, stored=int(ours), known=int(not ours))
    provenance = Provenance(source=f"file: {name}", fetched_at=now(), licence=LICENCE, brought_by=document["_id"])
    put_segments(database, track_id, provenance, analysis.start, analysis.duration, analysis.timbre, analysis.pitches)
    return RunSummary(requested=1, stored=1)
