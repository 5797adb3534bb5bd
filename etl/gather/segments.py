"""Segments (timbre, pitches) of the stored tracks, from a source that analyses them: the harvest of the timbre study.

Since November 2024 only Spotify applications of extended mode get an analysis. The tracks are fetched in the order
of their ids, so that the id of the last one is the cursor.
"""

from functools import partial
from itertools import chain
from typing import Unpack, cast

from etl.engine import Status
from etl.gather.page_stream import NO_FILTERS, Filter, Filters
from etl.gather.run import GatherRun, provenance_of
from etl.identity import identity_of
from etl.providers.base import LookupQuery, Need
from etl.task import Task
from store.domain import Analysis, Track
from store.facts import ANALYSES, put_segments
from store.runs import ImportProblem, Progress, Run

TRACKS = 1000


def new_segments(
    owner: str | None = None, *, terms: int = TRACKS, min_segments: int = 1, **filters: Unpack[Filters]
) -> Run:
    """Return a run that fetches the segments of at most ``terms`` tracks that have none yet."""
    request = {"terms": terms, "min_segments": min_segments, **NO_FILTERS, **filters}
    name = f"Segments of {terms} tracks"
    return Run(kind="segments", name=name, owner=owner, request=request, unit="tracks", cursor={"last": ""})


def run(task: Task) -> None:
    """Do a harvest of segments, or the rest of it; raises ImportProblem, Postponed."""
    SegmentHarvest(task).run()


class SegmentHarvest(GatherRun):
    """Fetches the analyses of one track after the other from the first source that offers them."""

    def run(self) -> None:
        on = self.task.engine.on(Need.ANALYSIS)
        sources = [source for source in on if self.request["source"] in {None, source}]
        if not sources:
            raise ImportProblem(
                "no_sources",
                "No source that is switched on analyses tracks.",
                "Only Spotify does, for applications that had extended mode before November 2024.",
            )
        self.record()
        for track in self._tracks():
            if self.tally.requested == self.request["terms"]:
                return
            do = partial(self._do, sources[0], track)
            while blocked := self.waiting.attempt(sources[0], Need.ANALYSIS, do):
                self.waiting.until_again([blocked])
            if self.waiting.is_out(sources[0], Need.ANALYSIS):
                why = next((row["why"] for row in self.tally.state()["sources"] if row["why"]), "")
                raise ImportProblem("source_refused", f"{self.client.title(sources[0])} does not analyse: {why}")

    def _tracks(self) -> list[Track]:
        wanted, kept = Filter.of(self.request), {}
        owner, database = self.task.run.owner, self.task.database
        own = database.all_tracks(owner) if owner else ()
        for track in chain(database.all_tracks(), own):
            if track.id > self.cursor["last"] and wanted.reason(track.popularity, track.year) is None:
                kept[track.id] = track
        return [kept[name] for name in sorted(kept)]

    def _do(self, source: str, track: Track) -> None:
        query = LookupQuery(identity=identity_of(track))
        if self.task.engine.providers()[source].can(Need.ANALYSIS, query) and not self._was_analysed(track.id):
            self._fetch(source, track, query)
            self.cursor["last"] = track.id
            self.record()

    def _was_analysed(self, track_id: str) -> bool:
        """Return whether an earlier run has analysed the track; the large document itself is not read."""
        ours = {"_id": track_id, "brought_by": self.task.run.id}
        names = self.task.database.names_where
        return bool(names(ANALYSES, {"_id": track_id})) and not names(ANALYSES, ours)

    def _fetch(self, source: str, track: Track, query: LookupQuery) -> None:
        answer = self.client.ask(source, Need.ANALYSIS, [query])[0]
        self.tally.count([answer])
        self.tally.requested += 1
        if answer.status is not Status.FOUND:
            self.tally.skipped["the source has no analysis of it"] += 1
            return
        analysis = cast(Analysis, answer.value)
        if len(analysis.start) < self.request["min_segments"]:
            self.tally.skipped[f"fewer than {self.request['min_segments']} segments"] += 1
            return
        put_segments(self.task.database, track.id, provenance_of(answer, self.task.run.id), analysis)
        self.tally.stored += 1

    def progress(self, phase: str = "") -> Progress:
        return self.tally.progress(phase or "fetching segments", self.tally.requested, self.request["terms"])
