"""The models: which versions there are, how two compare, and training one."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from jobs.calibrating import new_calibration
from ml.contributors.model import is_of_playlist, task_of
from ml.needs import Available, Needs
from ml.registry import compare, scores_of
from ml.scores import Comparison, main_score, measures_of, served_score
from ml.tasks import TASKS, find_task, trainable, trained_here
from services.container import Services
from services.errors import not_found
from services.playlists.playlists import find_playlist, visible_playlists
from services.runs import RunView, start_runs
from services.viewer import Viewer
from services.views import Named, View
from store.runs import Run


@dataclass(frozen=True, kw_only=True)
class MainScore(View):
    """The measure that counts, whether ``higher`` is better, and the split that it was measured ``on``."""

    label: str
    value: float
    higher: bool | None
    on: str


@dataclass(frozen=True, kw_only=True)
class ScoreBar:
    """The ``value`` of a row of scores by one measure; ``ours`` if the row is of what the version serves."""

    model: str
    value: float
    ours: bool


@dataclass(frozen=True, kw_only=True)
class ReliabilityBin:
    """Answers of about the same probability: the probability ``said``, the share that was ``right``, and the
    ``share`` of all answers that they are."""

    said: float
    right: float
    share: float


@dataclass(frozen=True, kw_only=True)
class Confusion:
    """A confusion matrix: ``counts`` has a row for each true class and a column for each predicted one."""

    names: list[str]
    counts: list[list[int]]


@dataclass(frozen=True, kw_only=True)
class TrainedVersion:
    """A version with all its scores; ``active`` if it is served."""

    version: str
    active: bool
    scores: dict[str, Any] | None


@dataclass(frozen=True, kw_only=True)
class VersionSummary(TrainedVersion):
    """A version with its main score; ``own`` if it was trained here.

    ``bars`` are the main scores of the version and its baselines, ``odds`` their calibration errors if measured.
    ``reliability`` and ``confusion`` describe the version's own answers; empty and None where they were not kept.
    """

    own: bool
    bytes: int
    score: MainScore | None
    bars: list[ScoreBar]
    odds: list[ScoreBar]
    reliability: list[ReliabilityBin]
    confusion: Confusion | None


@dataclass(frozen=True, kw_only=True)
class TaskVersions:
    """The versions of a task, and those served ``before``; ``playlist`` is the one that they learnt from, if any."""

    task: str
    playlist: Named | None
    before: list[str]
    versions: list[VersionSummary]


@dataclass(frozen=True)
class ModelsAnswer:
    tasks: list[TaskVersions]
    trainable: list[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class VersionsCompared(Comparison):
    """Two ``versions`` side by side; ``before`` is what a rollback would serve."""

    task: str
    versions: list[str]
    served: str
    before: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskNeeds(Needs):
    task: str


def list_models(services: Services, viewer: Viewer) -> ModelsAnswer:
    """Return every version of every task, without the models of playlists that the viewer does not see.

    The tasks are in the order of :data:`~ml.tasks.TASKS`.
    """
    registry = services.registry
    playlists = {
        task_of(playlist.id): Named(playlist.id, playlist.name) for playlist in visible_playlists(services, viewer)
    }
    tasks: dict[str, TaskVersions] = {}
    for found in registry.versions():
        task = found.task
        if is_of_playlist(task) and task not in playlists:
            continue
        if task not in tasks:
            before = registry.before(task)
            tasks[task] = TaskVersions(task=task, playlist=playlists.get(task), before=before, versions=[])
        scores = scores_of(registry, task, found.name)
        version = VersionSummary(
            version=found.name,
            active=found.active,
            own=registry.is_user_trained(task, found.name),
            bytes=found.size,
            score=_main_score(task, scores),
            bars=_bars(task, scores, None),
            odds=_bars(task, scores, "ece"),
            reliability=[ReliabilityBin(**row) for row in (scores or {}).get("reliability", ())],
            confusion=Confusion(**scores["confusion"]) if scores and "confusion" in scores else None,
            scores=scores,
        )
        tasks[task].versions.append(version)
    for task in trained_here():  # the page offers their training before there is a version
        tasks.setdefault(task, TaskVersions(task=task, playlist=None, before=[], versions=[]))
    order = list(TASKS)
    listed = sorted(tasks, key=lambda task: order.index(known.name) if (known := find_task(task)) else len(order))
    return ModelsAnswer([tasks[task] for task in listed], trainable())


def check_task(services: Services, task: str, viewer: Viewer) -> None:
    """Raise ServiceError 404 for the models of a playlist that the viewer does not see: their cards name its people."""
    if is_of_playlist(task) and all(task_of(playlist.id) != task for playlist in visible_playlists(services, viewer)):
        raise not_found(f"There are no models of {task} here.", "GET /api/models lists what there is.")


def _main_score(task: str, scores: dict[str, Any] | None) -> MainScore | None:
    main = main_score(task, scores)
    if main is None or scores is None:
        return None
    return MainScore.of(main[0], value=round(main[1], 4), on=scores["split"])


def _bars(task: str, scores: dict[str, Any] | None, key: str | None) -> list[ScoreBar]:
    """Return a bar for each row that has the measure ``key`` (None: the main one), none if the task lacks it."""
    keys = [measure.key for measure in measures_of(task)]
    key = key or next(iter(keys), None)
    if scores is None or key not in keys:
        return []
    served = served_score(task, scores) or {}
    shared = [measure for measure in keys if measure in served]
    return [
        ScoreBar(
            model=row["model"],
            value=round(row[key], 4),
            ours=bool(shared) and all(row.get(measure) == served[measure] for measure in shared),
        )
        for row in scores["table"]
        if row.get(key) is not None
    ]


def serve(services: Services, task: str, version: str | None, viewer: Viewer) -> ModelsAnswer:
    """Serve ``version`` of a task from now on, or with None the one served before; raises NoSuchVersion.

    For "perception" this also starts a run that calibrates the audio features of the user's own files again.
    """
    if version is None:
        services.registry.rollback(task)
    else:
        services.registry.activate(task, version)
    if task == "perception":
        start_runs(services, new_calibration(viewer.owner))
    return list_models(services, viewer)


def compare_versions(services: Services, task: str, version: str, other: str) -> VersionsCompared:
    """Compare two versions by every measure; raises NoSuchVersion.

    If ``other`` is "", it is the served version; if that is ``version``, the one served before, or any other one.
    """
    registry = services.registry
    served, before = registry.active_version(task), [None, *registry.before(task)][-1]
    others = [found.name for found in registry.versions() if found.task == task and found.name != version]
    other = other or (served if served != version else before) or [version, *others][-1]
    found = asdict(compare(registry, task, version, other))
    return VersionsCompared(task=task, versions=[version, other], served=served, before=before, **found)


def training_needs(services: Services, task: str, playlist_id: str, viewer: Viewer) -> TaskNeeds:
    """Return what training a task needs and what there is; raises ServiceError 404 for an unknown task or playlist."""
    return TaskNeeds(task=task, **asdict(_needs(services, task, {"playlist": playlist_id}, viewer)))


def train(services: Services, task: str, playlist_id: str, options: Mapping[str, Any], viewer: Viewer) -> RunView:
    """Start the training of a task.

    Raises ServiceError 404 for an unknown task or playlist, TooLittle for too little data, TooManyRuns.
    """
    request = {"task": task, "playlist": playlist_id, "options": options}
    _needs(services, task, request, viewer).check()
    run = Run(kind="train", name=f"Training {task}", owner=viewer.owner, request=request, unit="steps", cursor={})
    return start_runs(services, run)[0]


def _needs(services: Services, task: str, request: Mapping[str, Any], viewer: Viewer) -> Needs:
    known = TASKS.get(task)
    if known is None or known.needs is None:
        raise not_found(f"{task} cannot be trained here.", f"These can: {', '.join(trainable())}.")
    if request["playlist"]:
        find_playlist(services, request["playlist"], viewer)
    return known.needs(Available.of(services.database, services.catalogue.current(viewer.owner), viewer.owner, request))
