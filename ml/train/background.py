"""The version that is served, scored on the very data that a new one is scored on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ml import scores
from ml.artefacts import ArtefactError
from ml.jobs import Job
from ml.registry import scores_of

# The figures, and what to mind; None and why not.
Scored = tuple[scores.Row | None, str]
MAY_KNOW = "It may have learnt from some of these tracks itself; then its figures are better than they should be."


def served_now(job: Job, task: str, on: str, score: Callable[[Path], Scored]) -> dict[str, Any] | None:
    """Return ``before`` of ``scores.json``: what the served version scores on the held-out data called ``on``.

    ``score`` is asked, with the version's folder, where it has not been scored on the same data before. ``None`` where
    nothing of the task is served yet.
    """
    registry = job.registry
    try:
        version = registry.active_version(task)
        earlier = scores_of(registry, task, version) or {}
        if earlier.get("on") == on:
            found: Scored = scores.served_score(task, earlier), ""
        else:
            job.say(f"scoring {version}, which is served now")
            found = score(registry.folder(task, version))
    except ArtefactError as fault:
        if not any(one.task == task and one.active for one in registry.versions()):
            return None
        found = None, f"What is served cannot be scored: {fault}"
    return {"version": version, "score": found[0], "note": found[1]}
