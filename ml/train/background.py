"""The score of the served version on the held-out data of a new one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ml import scores
from ml.artefacts import ArtefactError
from ml.jobs import Job
from ml.registry import scores_of

# A row of scores and a caution ("" for none), or None and the reason.
Scored = tuple[scores.Row | None, str]
MAY_KNOW = "It may have been trained on some of these tracks; then its scores are too high."


def served_now(job: Job, task: str, on: str, score: Callable[[Path], Scored]) -> dict[str, Any] | None:
    """Return ``before`` of ``scores.json``: the served version's score on the held-out data with the digest ``on``.

    Unless that version was already scored on the same data, ``score`` is called with its folder. ``None`` if no version
    of the task is served.
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
        if not any(known.task == task and known.active for known in registry.versions()):
            return None
        found = None, f"The served version cannot be scored: {fault}"
    return {"version": version, "score": found[0], "note": found[1]}
