"""A genre-balanced set: equally many tracks of each genre, from the sources that answer, as one playlist.

A recording is taken once, under the first genre that finds it. Tracks with equal ids, equal ISRCs, or equal titles
and artists are one recording.
"""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any, Unpack

from config import ROOT
from etl.gather.found_tracks import store_found
from etl.gather.page_stream import NO_FILTERS, Filter, Filters, PageStreamRun, candidates_of
from etl.identity import as_track
from etl.providers.base import Candidate, Need
from etl.task import Task
from store.database import PAGE_ITEMS
from store.documents import recording_keys
from store.domain import Playlist, PlaylistItem, playlist_id
from store.facts import add_label
from store.runs import ImportProblem, Progress, Run

PER_GENRE, MOST_PER_GENRE, MOST_GENRES = 100, 1000, 500
# A longer list repeats itself.
_MOST_PAGES = 40
# Other names of a genre at the sources, besides its name with and without hyphens.
_ALSO = {
    "r-n-b": ("r&b",),
    "hip-hop": ("hip hop", "rap/hip hop"),
    "rock-n-roll": ("rock and roll", "rock & roll"),
    "drum-and-bass": ("drum and bass", "drum & bass"),
    "electronic": ("electronic", "electro"),
    "singer-songwriter": ("singer/songwriter",),
}


def new_balanced(
    owner: str | None = None, *, genres: Sequence[str] = (), per_genre: int = PER_GENRE, **filters: Unpack[Filters]
) -> Run:
    """Return a run that gathers ``per_genre`` tracks of each genre (by default of all genres)."""
    wanted = list(dict.fromkeys(genres)) or shipped_genres()
    request = {"genres": wanted, "per_genre": per_genre, **NO_FILTERS, **filters}
    name = f"Genre-balanced set: {len(wanted)} x {per_genre}"
    cursor: dict[str, Any] = {"rows": [], "items": 0, "rejected": []}
    return Run(kind="balanced", name=name, owner=owner, request=request, unit="tracks", cursor=cursor)


def run(task: Task) -> None:
    """Gather a set, or the rest of it; raises ImportProblem, Postponed."""
    Balanced(task).run()


class Balanced(PageStreamRun):
    """A stream is [genre, source, number of the genre's name, page, ended]; ``cursor["rows"]`` counts by genre."""

    need = Need.GENRE_TRACKS

    def __init__(self, task: Task) -> None:
        self.playlist = playlist_id(task.run.owner, task.run.id)
        super().__init__(task)
        self.filter = Filter.of(self.request)
        self.counts = Counter(dict(self.cursor["rows"]))
        self.rejected = Counter({(genre, why): times for genre, why, times in self.cursor.get("rejected", ())})
        rows = range(0, self.cursor["items"], PAGE_ITEMS)
        items = [item for start in rows for item in task.database.playlist_items(self.playlist, start)]
        self.tracks = [item.track_id for item in items][: self.cursor["items"]]
        self.kept = set(self.tracks)
        known = task.database.get_tracks(self.tracks).values()
        self.taken = {key for track in known for key in (track.id, *recording_keys(track))}

    def begin(self, sources: list[str]) -> list[list[Any]]:
        return [[genre, source, 0, 0, False] for genre in self.request["genres"] for source in sources]

    def source(self, stream: list[Any]) -> str:
        return str(stream[1])

    def run(self) -> None:
        """Gather the set and count what it lacks.

        Raises ImportProblem if no source knew a track of any of the genres.
        """
        super().run()
        self._count_missing()
        if not self.tracks:
            raise ImportProblem("no_tracks", "No source knows a track of these genres.", "Try other names of genres.")
        if self.task.database.playlist(self.playlist) is None:
            raise self._deleted()
        self._put_playlist(complete=True)

    def go(self, stream: list[Any]) -> None:
        genre, source, name, page, _ = stream
        names = names_of(genre)
        if self._missing(genre) <= 0 or name == len(names):
            stream[-1] = True
            self.record()
            return
        answer = self.ask(source, names[name], page)
        found = candidates_of(answer)
        self._store(genre, source, found, f"{self.task.run.id}:{genre}:{source}:{name}:{page}")
        further = bool(found) and page + 1 < _MOST_PAGES
        stream[2:4] = [name, page + 1] if further else [name + 1, 0]
        self.record()

    def _missing(self, genre: str) -> int:
        return int(self.request["per_genre"]) - self.counts[genre]

    def _store(self, genre: str, source: str, found: Sequence[Candidate], brought_by: str) -> None:
        wanted: list[Candidate] = []
        for candidate in found:
            track = as_track(candidate.identity, source)
            keys = {track.id, *recording_keys(track)}
            if len(wanted) == self._missing(genre) or not track.title or keys & self.taken:
                continue
            if reason := self.filter.reason(candidate.popularity, candidate.identity.year):
                self.rejected[genre, reason] += 1
                continue
            wanted.append(candidate)
            self.taken |= keys
        self.cursor["rejected"] = [[*what, times] for what, times in self.rejected.items()]
        ids, new = store_found(self.task.database, wanted, source, brought_by, labels=(genre,))
        rows = [track_id for track_id in dict.fromkeys(ids) if track_id is not None and track_id not in self.kept]
        if not rows:
            return
        for track in self.task.database.get_tracks(rows).values():
            add_label(self.task.database, track, genre)
            self.taken |= {track.id, *recording_keys(track)}
        self._put_rows(rows)
        self.counts[genre] += len(rows)
        self.cursor |= {"rows": [list(pair) for pair in self.counts.items()], "items": len(self.tracks)}
        new = min(new, len(rows))
        self.tally.stored += new
        self.tally.known += len(rows) - new

    def _put_rows(self, rows: Sequence[str]) -> None:
        first = len(self.tracks)
        if not first:
            self.task.report.record(playlist_ids=[self.playlist])
            self._put_playlist(complete=False)
        self.tracks += rows
        self.kept.update(rows)
        for page in range(first // PAGE_ITEMS, (len(self.tracks) - 1) // PAGE_ITEMS + 1):
            start = page * PAGE_ITEMS
            some = enumerate(self.tracks[start : start + PAGE_ITEMS], start)
            items = [PlaylistItem(position=at, track_id=name) for at, name in some]
            self.task.database.put_page(self.playlist, page, items)
        if not self.task.database.grow_playlist(self.playlist, len(self.tracks)):
            raise self._deleted()

    def _deleted(self) -> ImportProblem:
        self.task.database.delete_playlist(self.playlist, len(self.tracks))
        return ImportProblem("deleted", "The playlist was deleted while it was gathered.", "Start it again.")

    def _put_playlist(self, *, complete: bool) -> None:
        run = self.task.run
        sources = list(dict.fromkeys(self.source(stream) for stream in self.cursor["streams"]))
        self.task.database.put_playlist(
            Playlist(
                id=self.playlist,
                name=run.name,
                owner=run.owner,
                source=f"gathered: {', '.join(sources)}",
                item_count=len(self.tracks),
                complete=complete,
                created_at=run.started_at,
            )
        )

    def progress(self, phase: str = "") -> Progress:
        total = len(self.request["genres"]) * int(self.request["per_genre"])
        return Progress(
            phase=phase or "gathering tracks by genre", done=self.cursor["items"], total=total, requested=total,
            stored=self.tally.stored, known=self.tally.known,
        )  # fmt: skip

    def _count_missing(self) -> None:
        self.tally.requested = len(self.request["genres"]) * int(self.request["per_genre"])
        self.tally.skipped.clear()
        for genre in self.request["genres"]:
            if (missing := self._missing(genre)) > 0:
                left_out = [f"{times} {why}" for (of, why), times in self.rejected.items() if of == genre]
                found = f" (left out: {', '.join(left_out)})" if left_out else ""
                self.tally.skipped[f"{genre}: no source knows more{found}"] = missing
        self.record()


def shipped_genres() -> list[str]:
    """Return the genres of the shipped genre model (its active taxonomy), sorted."""
    models = ROOT / "models"
    active = json.loads((models / "manifest.json").read_text("utf-8"))["active"]["taxonomy"]
    families = json.loads((models / "taxonomy" / f"{active}.json").read_text("utf-8"))["families"]
    return sorted(genre for family in families for genre in family["genres"])


def names_of(genre: str) -> list[str]:
    """Return the names under which sources may know a genre, in the order in which they are tried."""
    return list(dict.fromkeys([genre, genre.replace("-", " "), *_ALSO.get(genre, ())]))
