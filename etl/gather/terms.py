"""Harvesting by enumerated search terms: a, b, ... z, aa, ab, ... in every source that searches.

As in the timbre study (music_modeling), a later run begins with the term after the last one that was stored.
Collection ``harvests`` has one document for each kind and source.
"""

from hashlib import sha256
from typing import Any, Unpack, cast

from etl.engine import Answer, Status
from etl.gather.found_tracks import store_found
from etl.gather.page_stream import NO_FILTERS, Filter, Filters, PageStreamRun, candidates_of
from etl.providers.base import ArtistFound, Need
from etl.task import Task
from store.artists import FoundArtist, put_artists
from store.database import Database
from store.runs import Progress, Run
from store.text import normalise

HARVESTS = "harvests"
TERMS = 26
# A term with more pages is a common word; the terms after it find its other tracks.
_MOST_PAGES = 20
_FAILED = "failed"
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def term(number: int) -> str:
    """Return the search term with this number: 0 is "a", 25 "z", 26 "aa", 27 "ab", 702 "aaa"."""
    letters = ""
    while number >= 0:
        number, letter = divmod(number, len(_LETTERS))
        letters = _LETTERS[letter] + letters
        number -= 1
    return letters


def new_harvest(kind: str, owner: str | None = None, *, terms: int = TERMS, **filters: Unpack[Filters]) -> Run:
    """Return a run that searches every source (or one) for the next ``terms`` terms.

    ``kind`` is "tracks" or "artists".
    """
    request = {"terms": terms, **NO_FILTERS, **filters} | ({} if kind == "tracks" else {"years": None})
    name = f"Harvest of {kind}: {terms} terms"
    return Run(kind=kind, name=name, owner=owner, request=request, unit="terms", cursor={})


def run(task: Task) -> None:
    """Do a harvest, or the rest of it; raises ImportProblem, Postponed."""
    (ArtistHarvest if task.run.kind == "artists" else TrackHarvest)(task).run()


class TermHarvest(PageStreamRun):
    """A stream is [source, first term, next term, page, digest of the page before, ended], terms by number."""

    def begin(self, sources: list[str]) -> list[list[Any]]:
        starts = {source: first_open(self.task.database, self.kind, source) for source in sources}
        return [[source, start, start, 0, "", False] for source, start in starts.items()]

    @property
    def kind(self) -> str:
        return str(self.task.run.kind)

    def source(self, stream: list[Any]) -> str:
        return str(stream[0])

    def go(self, stream: list[Any]) -> None:
        source, first, number, page, before, _ = stream
        if number - first >= self.request["terms"]:
            put_next(self.task.database, self.kind, source, number)  # again: a kill may have come before the last call
            stream[-1] = True
            self.record()
            return
        answer = self.ask(source, term(number), page)
        # Some sources repeat their last page instead of an empty one. A page that fails does not end the term.
        digest = sha256(repr(answer.value).encode()).hexdigest()[:16] if answer.status is not Status.FAILED else _FAILED
        if answer.status is Status.FOUND and digest != before:
            self.store(answer, f"{self.task.run.id}:{source}:{number}:{page}")
        further = answer.status in {Status.FOUND, Status.FAILED} and digest != before
        if further and page + 1 < _MOST_PAGES:
            stream[3:5] = [page + 1, digest]
            self.record()
        else:
            stream[2:5] = [number + 1, 0, ""]
            self.record()
            put_next(self.task.database, self.kind, source, number + 1)

    def store(self, answer: Answer, brought_by: str) -> None:
        """Store and count the results of a page."""
        raise NotImplementedError

    def progress(self, phase: str = "") -> Progress:
        streams = self.cursor["streams"]
        done = sum(number - first for _, first, number, *_ in streams)
        current = next((stream for stream in streams if not stream[-1]), None)
        if current and not phase:
            phase = f'searching {self.client.title(current[0])} for "{term(current[2])}"'
        return self.tally.progress(phase or "searching", done, len(streams) * int(self.request["terms"]))

    def _count(self, found: int, kept: int, new: int) -> None:
        self.tally.requested += found
        self.tally.stored += new
        self.tally.known += kept - new


class TrackHarvest(TermHarvest):
    """Searches for tracks."""

    need = Need.SEARCH

    def store(self, answer: Answer, brought_by: str) -> None:
        found = candidates_of(answer)
        wanted = []
        for candidate in found:
            reason = Filter.of(self.request).reason(candidate.popularity, candidate.identity.year)
            if reason or not candidate.identity.title:
                self.tally.skipped[reason or "it has no title"] += 1
            else:
                wanted.append(candidate)
        _, new = store_found(self.task.database, wanted, answer.source, brought_by)
        self._count(len(found), len(wanted), new)


class ArtistHarvest(TermHarvest):
    """Searches for artists."""

    need = Need.ARTISTS

    def store(self, answer: Answer, brought_by: str) -> None:
        found = cast(tuple[ArtistFound, ...], answer.value)
        wanted = {}
        kept = 0
        for artist in found:
            reason = Filter.of(self.request).reason(artist.popularity, None)
            if reason:
                self.tally.skipped[reason] += 1
                continue
            kept += 1
            key = next(iter(sorted(artist.ids.values())), normalise(artist.name))
            wanted[key] = FoundArtist(
                key=key,
                name=artist.name,
                ids=artist.ids,
                genres=artist.genres,
                popularity=artist.popularity,
            )
        new = put_artists(
            self.task.database, list(wanted.values()), answer.source, answer.fetched_at, answer.licence, brought_by
        )
        self._count(len(found), kept, new)


def first_open(database: Database, kind: str, source: str) -> int:
    """Return the number of the first term that has not been harvested yet."""
    document = database.get_document(HARVESTS, f"{kind}:{source}")
    return int(document["next"]) if document else 0


def put_next(database: Database, kind: str, source: str, number: int) -> None:
    """Store that all terms before ``number`` have been harvested; a larger number that is stored stays."""
    name = f"{kind}:{source}"
    if not database.insert_document(HARVESTS, {"_id": name, "next": number}):
        database.change_document(HARVESTS, name, {"next": number}, where={"next": {"$lt": number}})
