"""What is missing of a playlist's tracks, from every source that may be asked: features, genres, recommendations.

The plan (which source is asked for what, in which order) is made once and kept in the run's cursor; each step goes
through the playlist in pages. A page is asked for, counted, stored, and then the cursor is moved. Where a source has
to be waited for, its pages are left for the end and the other sources go on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from etl.gather.enrichment_tasks import IDENTIFYING, EnrichmentTask, EnrichmentTasks, plan_of
from etl.gather.source_client import Blocked, SourceClient
from etl.gather.tally import Tally
from etl.gather.waiting import Waiting, fresh_waiting
from etl.providers.base import Need
from etl.task import Task
from store.database import PAGE_ITEMS, Database
from store.facts import known_tracks
from store.recommendations import recommended_for
from store.runs import ImportProblem, Progress, new_task_run

NEEDS = {"features": Need.FEATURES, "genres": Need.GENRES, "similar": Need.SIMILAR}
PAGE = 40
_NOTHING = {
    Need.FEATURES: "no source that was asked knows the audio features",
    Need.GENRES: "no source that was asked knows a genre",
    Need.SIMILAR: "no source that was asked recommends anything for it",
}


def new_enrichment(playlist_id: str, name: str, owner: str | None, needs: Sequence[str]) -> dict[str, Any]:
    """Return the document of a run that fetches ``needs`` (names in :data:`NEEDS`) for the tracks of a playlist."""
    request = {"playlist_id": playlist_id, "needs": [name for name in NEEDS if name in needs]}
    cursor: dict[str, Any] = {"plan": None, "step": 0, "page": 0, "left": [], "pending": None, **fresh_waiting()}
    return new_task_run("enrich", name, owner, request=request, unit="questions", cursor=cursor)


def run(task: Task) -> None:
    """Do an enrichment, or what is left of it.

    Raises
    ------
    ImportProblem
        The playlist is gone, or no source may be asked.
    Postponed
        All that is left needs sources that may not be asked for long.
    """
    Enrichment(task).run()


class Enrichment:
    """One run: its place is (step, page), and ``left`` the places that wait for a source."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.database: Database = task.database
        self.cursor: dict[str, Any] = dict(task.document["cursor"])
        self.request = task.document["request"]
        self.needs = [NEEDS[name] for name in self.request["needs"]]
        self.tally = Tally(task.document)
        self.client = SourceClient(task, self._progress)
        self.tracks = tracks_of(self.database, self.request["playlist_id"])
        self.pages = [self.tracks[at : at + PAGE] for at in range(0, len(self.tracks), PAGE)]
        if self.cursor["plan"] is None:
            self.cursor["plan"] = [list(step) for step in plan_of(task.engine, self.needs)]
        self.enrichment_tasks = EnrichmentTasks(
            self.database, task.engine, self.cursor["plan"], task.document["_id"], self.request["playlist_id"]
        )
        self.waiting = Waiting(self.client, self.tally, self.cursor, self._record, self.client.others_wait)

    def run(self) -> None:
        if not self.enrichment_tasks.plan:
            raise ImportProblem(
                "no_sources", "No source that could be asked is switched on.", "Switch some on under Data."
            )
        self._record()
        while self.cursor["step"] < len(self.enrichment_tasks.plan):
            here = (self.cursor["step"], self.cursor["page"])
            blocked = self._try(*here)
            if blocked:
                self.cursor["left"] += [list(here)]
            last = here[1] + 1 >= len(self.pages)
            self.cursor |= {"step": here[0] + last, "page": 0 if last else here[1] + 1}
            self._record()
        while self.cursor["left"]:
            self._do_left()
        self._reckon()

    def _do_left(self) -> None:
        """Go through what was left; where all of it still waits, wait, or end the process for the time being."""
        blocking = []
        for place in sorted(self.cursor["left"]):
            if blocked := self._try(*place):
                blocking.append(blocked)
                continue
            self.cursor["left"] = [one for one in self.cursor["left"] if one != place]
            self._record()
        if blocking:
            self.waiting.until_again(blocking)

    def _try(self, number: int, page: int) -> Blocked | None:
        step = self.enrichment_tasks.plan[number]
        return self.waiting.attempt(step.source, step.need, lambda: self._do(step, page))

    def _do(self, step: EnrichmentTask, page: int) -> Blocked | None:
        queries, unknown = self.enrichment_tasks.questions(step, self.pages[page])
        waits_for = self._identity_is_coming(page) if unknown else None
        if waits_for:
            return waits_for
        if not queries:
            return None
        answers = self.client.ask(step.source, step.need, list(queries.values()))
        if self.cursor["pending"] != [step.number, page]:  # else counted before a kill
            self.tally.count(answers)
            self.cursor["pending"] = [step.number, page]
            self._record()
        self.enrichment_tasks.store(step, queries, answers, page)
        return None

    def _identity_is_coming(self, page: int) -> Blocked | None:
        """Return what stands in the way of a source that would tell the ids by which another one could be asked."""
        for number, other in self.cursor["left"]:
            step = self.enrichment_tasks.plan[number]
            if other == page and step.need in IDENTIFYING and step.source in self.waiting.asleep:
                return self.waiting.asleep[step.source]
        return None

    def _record(self) -> None:
        self.task.report.record({"cursor": self.cursor, **self.tally.state(), **self._place()})
        self.task.report(self._progress(), recorded=True)

    def _place(self) -> dict[str, Any]:
        progress = self._progress()
        return {"bytes_done": progress.done, "bytes_total": progress.total}

    def _progress(self, phase: str = "") -> Progress:
        plan, step = self.enrichment_tasks.plan, self.cursor["step"]
        done = step * len(self.tracks) + self.cursor["page"] * PAGE - len(self.cursor["left"]) * PAGE
        if not phase and step < len(plan):
            phase = f"asking {self.client.title(plan[step].source)} for {_SPOKEN[plan[step].need]}"
        return Progress(phase=phase or "asking what was left", done=max(0, done), total=len(plan) * len(self.tracks))

    def _reckon(self) -> None:
        """Count what is known of each track now: it was asked for, stored, known before or not to be had."""
        self.tally.requested = self.tally.stored = self.tally.known = 0
        self.tally.skipped.clear()
        for page in self.pages:
            for need in self.needs:
                stored, known = self._got(need, page)
                self.tally.requested += len(page)
                self.tally.stored += stored
                self.tally.known += known
                if missing := len(page) - stored - known:
                    self.tally.skipped[_NOTHING[need]] += missing
        self._record()

    def _got(self, need: Need, page: Sequence[str]) -> tuple[int, int]:
        run_id = self.task.document["_id"]
        if need is Need.SIMILAR:
            sources = [step.source for step in self.enrichment_tasks.plan if step.need is need]
            found = [one for source in sources for one in recommended_for(self.database, page, source).values()]
            origins = {recommendations.seed: "" for recommendations in found if recommendations.tracks}
            origins |= {
                recommendations.seed: run_id
                for recommendations in found
                if recommendations.tracks and recommendations.brought_by == run_id
            }
        elif need is Need.FEATURES:
            tracks = known_tracks(self.database, page)
            origins = {name: one.features_by for name, one in tracks.items() if one.track.features}
        else:
            tracks = known_tracks(self.database, page)
            origins = {
                name: one.genres_by for name, one in tracks.items() if one.track.labels or one.track.artist_genres
            }
        stored = sum(by == run_id for by in origins.values())
        return stored, len(origins) - stored


_SPOKEN = {
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
        raise ImportProblem("deleted", "The playlist has been deleted.", "See /api/playlists.")
    starts = range(0, playlist.item_count, PAGE_ITEMS)
    rows = (item for start in starts for item in database.playlist_items(playlist_id, start))
    return list(dict.fromkeys(item.track_id for item in rows))
