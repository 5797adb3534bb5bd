"""The tasks of an enrichment: which source is queried for what about which tracks, and how answers are stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import cast

from etl.engine import Answer, Engine, Status
from etl.gather.found_tracks import store_recommended
from etl.gather.run import provenance_of
from etl.identity import as_track, closest, identity_of
from etl.lookup.choice import search_words
from etl.lookup.results import features_in, strongest
from etl.providers.base import Candidate, Identity, LookupQuery, Need
from store.database import Database
from store.domain import SHOWN_ONLY, Track
from store.facts import KnownTrack, known_tracks, put_features, put_genres
from store.recommendations import add_playlist, recommended_for

# How many recommendations of one source for one track are stored.
MOST_RECOMMENDED = 25
IDENTIFYING = (Need.SEARCH, Need.TRACK)
# Which ids a source's TRACK (or SEARCH) may add, by its name.
_LEADS_TO: Mapping[str, frozenset[str]] = {
    "deezer": frozenset({"deezer", "isrc"}),
    "itunes": frozenset({"itunes"}),
    "reccobeats": frozenset({"reccobeats", "isrc", "spotify"}),
    "musicbrainz": frozenset({"mbid", "isrc"}),
    "listenbrainz": frozenset(),
    "listenbrainz_labs": frozenset({"spotify", "mbid"}),
    "spotify": frozenset({"spotify", "isrc"}),
}
# Sources whose TRACK has the year of the release; they may be queried only for the year.
_KNOWS_YEAR = frozenset({"deezer", "listenbrainz", "musicbrainz"})


@dataclass(frozen=True, kw_only=True, slots=True)
class EnrichmentTask:
    """Queries to one source for one need; ``number`` is the index in the plan."""

    number: int
    need: Need
    source: str


def plan_of(engine: Engine, needs: Sequence[Need]) -> list[tuple[str, str]]:
    """Return the tasks as (need, source): first what identifies tracks, then ``needs``, the best source first.

    ``Need.TRACK`` among the needs stands for the ids at MusicBrainz: by ISRC, and then by names.
    """
    searched = engine.on(Need.SEARCH)
    identifying = [(Need.SEARCH, source) for source in searched[:1]]
    identifying += [(Need.TRACK, source) for source in engine.on(Need.TRACK) if source in _LEADS_TO]
    wanted = [(need, source) for need in needs if need is not Need.TRACK for source in engine.on(need)]
    if Need.TRACK in needs:
        wanted = [(Need.SEARCH, source) for source in searched if "mbid" in _LEADS_TO.get(source, ())] + wanted
    plan = dict.fromkeys((need.value, source) for need, source in (*identifying, *wanted))
    return list(plan) if wanted else []


class EnrichmentTasks:
    """Does the tasks of one run for pages of tracks. Stored facts are not fetched again, so tasks may be repeated."""

    def __init__(
        self,
        database: Database,
        engine: Engine,
        plan: Sequence[Sequence[str]],
        run: str,
        playlist: str,
        *,
        mbids: bool = False,
    ) -> None:
        self._mbids = mbids
        self._database = database
        self._engine = engine
        self.plan = [
            EnrichmentTask(number=at, need=Need(need), source=source) for at, (need, source) in enumerate(plan)
        ]
        self._run = run
        self._playlist = playlist
        known = database.playlist(playlist)
        self.owner = known.owner if known else None
        self._ranks = {(task.need, task.source): task.number for task in self.plan}

    def questions(self, step: EnrichmentTask, track_ids: Sequence[str]) -> tuple[dict[str, LookupQuery], bool]:
        """Return the queries by track id, and whether the source needs more details of some tracks.

        There is no query for a track that has its facts from this source or a better one.
        """
        provider = self._engine.providers()[step.source]
        queries, unknown = {}, False
        for name, known in self._wanting(step, track_ids).items():
            identity = identity_of(known.track)
            query = LookupQuery(identity=identity, text=search_words(identity) if step.need is Need.SEARCH else "")
            if step.need in IDENTIFYING and not self._helps(step, identity, known):
                continue
            if provider.can(step.need, query):
                queries[name] = query
            else:
                unknown = True
        return queries, unknown

    def store(
        self, step: EnrichmentTask, queries: Mapping[str, LookupQuery], answers: Sequence[Answer], page: int
    ) -> None:
        """Store the answer to each of ``queries``."""
        completed = []
        for name, answer in zip(queries, answers, strict=True):
            if step.need is Need.SIMILAR:
                store_recommended(
                    self._database,
                    name,
                    answer,
                    most=MOST_RECOMMENDED,
                    playlists=(self._playlist,),
                    brought_by=self._run,
                    step=f"{self._run}:{step.number}:{page}",
                )
            elif answer.status is not Status.FOUND:
                continue
            elif step.need is Need.FEATURES:
                put_features(self._database, name, features_in(answer), self._run, self.owner)
            elif step.need is Need.GENRES:
                labels = tuple(strongest(answer, ("track", "album")))
                of_artist = tuple(strongest(answer, ("artist",)))
                if labels or of_artist:
                    by = provenance_of(answer, self._run)
                    put_genres(self._database, name, labels, of_artist, by, self.owner)
            elif track := self._completed(name, queries[name].identity, answer):
                completed.append(track)
        if completed:
            self._put(completed, f"{self._run}:{step.number}:{page}")

    def _put(self, tracks: Sequence[Track], brought_by: str) -> None:
        """Store the new values of tracks, in the layer in which each is: the playlist owner's or the shared one."""
        own = self._database.own_tracks([track.id for track in tracks], self.owner) if self.owner else {}
        for owner in dict.fromkeys((self.owner, None)):
            theirs = [track for track in tracks if (track.id in own) == (owner is not None)]
            if theirs:
                self._database.put_tracks(theirs, brought_by, owner=owner)

    def _completed(self, name: str, known: Identity, answer: Answer) -> Track | None:
        """Return the track with the ids and details that it lacked; None if the answer is another one."""
        track = self._database.get_track(name, self.owner)
        found = (answer.value,) if isinstance(answer.value, Candidate) else cast(tuple[Candidate, ...], answer.value)
        best = closest(known, found)
        if track is None or best is None:
            return None
        found_track = as_track(best.identity, answer.source, popularity=best.popularity, explicit=best.explicit)
        return replace(
            found_track, id=name, title=track.title, artists=track.artists, isrc=track.isrc or found_track.isrc
        )

    def _wanting(self, step: EnrichmentTask, track_ids: Sequence[str]) -> dict[str, KnownTrack]:
        known = known_tracks(self._database, track_ids, self.owner)
        tracks = {name: known[name] for name in track_ids if name in known}
        if step.need is not Need.SIMILAR:
            return {name: track for name, track in tracks.items() if self._lacks(step, track)}
        before = recommended_for(self._database, list(tracks), step.source)
        days = timedelta(days=self._engine.providers()[step.source].about.found_days)
        fresh = {
            seed
            for seed, stored in before.items()
            if stored.brought_by == self._run or datetime.now(UTC) - stored.fetched_at < days
        }
        for seed in fresh:
            add_playlist(self._database, step.source, seed, self._playlist)
        return {name: track for name, track in tracks.items() if name not in fresh}

    def _lacks(self, step: EnrichmentTask, known: KnownTrack) -> bool:
        """Return whether a track has no such facts yet, or has them from a source that comes later in the plan."""
        if step.need is Need.FEATURES:
            source = known.track.features.source if known.track.features else None
            if source is None or (source in SHOWN_ONLY and step.source not in SHOWN_ONLY):
                return True
            return step.source not in known.feature_sources and self._is_better(step, source)
        if step.need is Need.GENRES:
            if not (known.track.labels or known.track.artist_genres):
                return True
            return known.genres_source is not None and self._is_better(step, known.genres_source)
        return True

    def _is_better(self, step: EnrichmentTask, source: str) -> bool:
        return self._ranks.get((step.need, source), -1) > step.number

    def _helps(self, step: EnrichmentTask, identity: Identity, known: KnownTrack) -> bool:
        """Return whether this source may add the year, or an id that a later source of the plan needs."""
        if step.need is Need.TRACK and identity.year is None and step.source in _KNOWS_YEAR:
            return True
        adds = _LEADS_TO.get(step.source, frozenset()) - identity.ids.keys()
        if (
            self._mbids
            and "mbid" not in identity.ids
            and ("mbid" in adds or (step.need is Need.TRACK and "isrc" in adds))
        ):
            return True
        if step.need is Need.SEARCH and (identity.ids.keys() & {"spotify", "isrc", "mbid"}):
            return False
        query = LookupQuery(identity=identity)
        for later in self.plan:
            if later.need in IDENTIFYING or not self._lacks(later, known):
                continue
            provider = self._engine.providers()[later.source]
            if not provider.can(later.need, query) and adds & (provider.about.reads | {later.source}):
                return True
        return False
