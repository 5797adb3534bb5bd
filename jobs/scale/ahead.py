"""Several workers ask the sources of an enrichment ahead of the run that counts and stores the answers.

The store keeps the answers (see :mod:`etl.engine`). The run finds them there and asks for those that are missing. So
nothing is lost or counted twice if a worker dies or a source demands a pause. The store also keeps the sources' limits,
so that they hold for all workers together.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from etl.engine import Status
from etl.gather.enrich import NEEDS, PAGE, tracks_of
from etl.gather.enrichment_tasks import IDENTIFYING, EnrichmentTasks, plan_of
from etl.gather.source_client import SHORT_WAIT_S
from etl.providers.base import Need
from etl.task import engine_of_environment
from jobs.scale.installation import Installation
from jobs.scale.workers import Workers
from store.database import Database
from store.domain import SHOWN_ONLY
from store.runs import Run

_ONE_SOURCE_IS_ENOUGH = frozenset({Need.FEATURES, Need.GENRES})


def ask_ahead(workers: Workers, database: Database, var: Path, run: Run) -> Iterator[tuple[int, int]]:
    """Ask about all tracks of the enrichment ``run``; yield the number of finished pages and of all pages.

    Raises ImportProblem if the playlist has been deleted.
    """
    request = run.request or {}
    tracks = tracks_of(database, request["playlist_id"])
    pages = [tracks[at : at + PAGE] for at in range(0, len(tracks), PAGE)]
    ask = partial(_ask, Installation.of(database, var, workers), run.id, request)
    for done, _ in enumerate(workers.map(ask, list(enumerate(pages))), start=1):
        yield done, len(pages)


def _ask(installation: Installation, run_id: str, request: Mapping[str, Any], page: tuple[int, Sequence[str]]) -> None:
    database = installation.database()
    engine = engine_of_environment(database, installation.var)
    try:
        plan = plan_of(engine, [NEEDS[name] for name in request["needs"]])
        mbids = "mbids" in request["needs"]
        steps = EnrichmentTasks(database, engine, plan, run_id, request["playlist_id"], mbids=mbids)
        settled: defaultdict[Need, set[str]] = defaultdict(set)
        for step in steps.plan:
            queries, _ = steps.questions(step, [track_id for track_id in page[1] if track_id not in settled[step.need]])
            answers = engine.ask_many(step.source, step.need, list(queries.values()), within_s=SHORT_WAIT_S)
            if step.need in IDENTIFYING:  # the queries to further sources need these answers
                steps.store(step, queries, answers, page[0])
            elif step.need in _ONE_SOURCE_IS_ENOUGH and step.source not in SHOWN_ONLY:
                found = (name for name, answer in zip(queries, answers, strict=True) if answer.status is Status.FOUND)
                settled[step.need].update(found)
    finally:
        engine.close()
