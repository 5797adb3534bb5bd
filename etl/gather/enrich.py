"""Fetches missing features, genres and recommendations for a playlist's tracks from the sources that are on.

The plan (which source is queried for what, in which order) is made once and kept in the run's cursor. Each task of
the plan goes through the playlist in pages. A page is fetched, counted and stored, and then the cursor is moved. If a
source asks for a pause, its pages are left for the end and the other sources go on.
"""

from collections.abc import Sequence
from typing import Any

from etl.gather.enrichment_tasks import IDENTIFYING, EnrichmentTask, EnrichmentTasks, plan_of
from etl.gather.run import GatherRun
from etl.gather.source_client import Blocked
from etl.providers.base import Need
from etl.task import Task
from store.database import PAGE_ITEMS, Database
from store.facts import known_tracks
from store.recommendations import recommended_for
from store.runs import ImportProblem, Progress, Run

# MusicBrainz ids are only for an export to ListenBrainz, so they are not fetched by default.
NEEDS = {"features": Need.FEATURES, "genres": Need.GENRES, "similar": Need.SIMILAR, "mbids": Need.TRACK}
DEFAULT_NEEDS = ("features", "genres", "similar")
PAGE = 40
_NOTHING = {
    Need.FEATURES: "no queried source knows the audio features",
    Need.GENRES: "no queried source knows a genre",
    Need.SIMILAR: "no queried source recommends anything for it",
    Need.TRACK: "no queried source knows its id at MusicBrainz",
}


def new_enrichment(playlist_id: str, name: str, owner: str | None, needs: Sequence[str]) -> Run:
    """Return a run that fetches ``needs`` (names in :data:`NEEDS`) for the tracks of a playlist."""
    request = {"playlist_id": playlist_id, "needs": [name for name in NEEDS if name in needs]}
    cursor: dict[str, Any] = {"plan": None, "step": 0, "page": 0, "left": [], "pending": None}
    return Run(kind="enrich", name=name, owner=owner, request=request, unit="questions", cursor=cursor)


def run(task: Task) -> None:
    """Do an enrichment, or the rest of it.

    Raises ImportProblem if the playlist has been deleted, or no source is on; Postponed if all sources that are left
    ask for a long pause.
    """
    Enrichment(task).run()


class Enrichment(GatherRun):
    """One run; its cursor is (step, page), and ``left`` holds those that wait for a source."""

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        self.database: Database = task.database
        self.needs = [NEEDS[name] for name in self.request["needs"]]
        self.tracks = tracks_of(self.database, self.request["playlist_id"])
        self.pages = [self.tracks[at : at + PAGE] for at in range(0, len(self.tracks), PAGE)]
        if self.cursor["plan"] is None:
            self.cursor["plan"] = [list(step) for step in plan_of(task.engine, self.needs)]
            self.cursor["mbids"] = [self._with_mbid(page) for page in self.pages]
        self.tasks = EnrichmentTasks(
            self.database,
            task.engine,
            self.cursor["plan"],
            task.run.id,
            self.request["playlist_id"],
            mbids=Need.TRACK in self.needs,
        )

    def run(self) -> None:
        if not self.tasks.plan:
            raise ImportProblem(
                "no_sources", "No source that offers this is switched on.", "Switch some on under Settings."
            )
        self.record()
        while self.cursor["step"] < len(self.tasks.plan):
            step, page = self.cursor["step"], self.cursor["page"]
            if self._try(step, page):
                self.cursor["left"] += [[step, page]]
            last = page + 1 >= len(self.pages)
            self.cursor |= {"step": step + last, "page": 0 if last else page + 1}
            self.record()
        while self.cursor["left"]:
            self._do_left()
        self._count_all()

    def _do_left(self) -> None:
        """Do the pages that were left; if some are still blocked, wait, or postpone the run."""
        blocking = []
        for left in sorted(self.cursor["left"]):
            if blocked := self._try(*left):
                blocking.append(blocked)
                continue
            self.cursor["left"] = [other for other in self.cursor["left"] if other != left]
            self.record()
        if blocking:
            self.waiting.until_again(blocking)

    def _try(self, number: int, page: int) -> Blocked | None:
        step = self.tasks.plan[number]
        return self.waiting.attempt(step.source, step.need, lambda: self._do(step, page))

    def _do(self, step: EnrichmentTask, page: int) -> Blocked | None:
        queries, unknown = self.tasks.questions(step, self.pages[page])
        waits_for = self._identity_is_coming(page) if unknown else None
        if waits_for:
            return waits_for
        if not queries:
            return None
        answers = self.client.ask(step.source, step.need, list(queries.values()))
        if self.cursor["pending"] != [step.number, page]:  # otherwise they were counted before a kill
            self.tally.count(answers)
            self.cursor["pending"] = [step.number, page]
            self.record()
        self.tasks.store(step, queries, answers, page)
        return None

    def _identity_is_coming(self, page: int) -> Blocked | None:
        """Return what blocks a source that may still find the ids which this task's source needs."""
        for number, other in self.cursor["left"]:
            step = self.tasks.plan[number]
            if other == page and step.need in IDENTIFYING and step.source in self.waiting.asleep:
                return self.waiting.asleep[step.source]
        return None

    def progress(self, phase: str = "") -> Progress:
        plan, step = self.tasks.plan, self.cursor["step"]
        done = step * len(self.tracks) + self.cursor["page"] * PAGE - len(self.cursor["left"]) * PAGE
        if not phase and step < len(plan):
            phase = f"querying {self.client.title(plan[step].source)} for {_PHRASES[plan[step].need]}"
        return Progress(phase=phase or "fetching what was left", done=max(0, done), total=len(plan) * len(self.tracks))

    def _count_all(self) -> None:
        """Count the facts that the tracks have now: stored by this run, known before, or found nowhere."""
        self.tally.requested = self.tally.stored = self.tally.known = 0
        self.tally.skipped.clear()
        for page in self.pages:
            for need in self.needs:
                stored, known = self._counts_of(need, page)
                self.tally.requested += len(page)
                self.tally.stored += stored
                self.tally.known += known
                if missing := len(page) - stored - known:
                    self.tally.skipped[_NOTHING[need]] += missing
        self.record()

    def _counts_of(self, need: Need, page: Sequence[str]) -> tuple[int, int]:
        run_id = self.task.run.id
        if need is Need.TRACK:
            before = self.cursor["mbids"][self.pages.index(list(page))]
            return self._with_mbid(page) - before, before
        if need is Need.SIMILAR:
            sources = [step.source for step in self.tasks.plan if step.need is need]
            found = [
                recommendations
                for source in sources
                for recommendations in recommended_for(self.database, page, source).values()
                if recommendations.tracks
            ]
            origins = {recommendations.seed: "" for recommendations in found}
            origins |= {found_now.seed: run_id for found_now in found if found_now.brought_by == run_id}
        else:
            tracks = known_tracks(self.database, page, self.tasks.owner).items()
            if need is Need.FEATURES:
                origins = {name: known.features_by for name, known in tracks if known.track.features}
            else:
                labelled = ((name, known) for name, known in tracks if known.track.labels or known.track.artist_genres)
                origins = {name: known.genres_by for name, known in labelled}
        stored = sum(by == run_id for by in origins.values())
        return stored, len(origins) - stored

    def _with_mbid(self, page: Sequence[str]) -> int:
        return sum("mbid" in known.track.ids for known in known_tracks(self.database, page).values())


_PHRASES = {
    Need.SEARCH: "their ids",
    Need.TRACK: "their ids and years",
    Need.FEATURES: "audio features",
    Need.GENRES: "genres",
    Need.SIMILAR: "recommendations",
}


def tracks_of(database: Database, playlist_id: str) -> list[str]:
    """Return the ids of a playlist's tracks in their order, each once."""
    playlist = database.playlist(playlist_id)
    if playlist is None:
        raise ImportProblem("deleted", "The playlist has been deleted.", "Import it again.")
    starts = range(0, playlist.item_count, PAGE_ITEMS)
    rows = (item for start in starts for item in database.playlist_items(playlist_id, start))
    return list(dict.fromkeys(item.track_id for item in rows))
