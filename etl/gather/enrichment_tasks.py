"""The steps of an enrichment: which source is asked for what about which tracks, and what becomes of its answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import cast

from etl.engine import Answer, Engine, Status
from etl.identity import SAME, as_track, identity_of, same_recording
from etl.lookup.recommended import store_recommended
from etl.lookup.results import strongest
from etl.providers.base import Candidate, Identity, LookupQuery, Need, Sound
from store.database import Database
from store.domain import SHOWN_ONLY, AudioFeatures, Track
from store.facts import KnownTrack, Provenance, known_tracks, put_features, put_genres
from store.recommendations import add_playlist, recommended_for

# Recommendations kept of one source for one track.
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
# Those whose TRACK tells the year of the release, and which may be asked for that alone.
_TELLS_YEAR = frozenset({"deezer", "listenbrainz", "musicbrainz"})


@dataclass(frozen=True, kw_only=True, slots=True)
class EnrichmentTask:
    """One source asked for one need; ``number`` is its place in the plan."""

    number: int
    need: Need
    source: str


def plan_of(engine: Engine, needs: Sequence[Need]) -> list[tuple[str, str]]:
    """Return the steps as (need, source): what identifies tracks first, then ``needs``, the best source first."""
    searched = engine.on(Need.SEARCH)[:1]
    identifying = [(Need.SEARCH, one) for one in searched]
    identifying += [(Need.TRACK, one) for one in engine.on(Need.TRACK) if one in _LEADS_TO]
    wanted = [(need, source) for need in needs for source in engine.on(need)]
    return [(need.value, source) for need, source in (*identifying, *wanted)] if wanted else []


class EnrichmentTasks:
    """Does the steps of one run for pages of tracks. What is stored is not asked for again, so all may be repeated."""

    def __init__(self, database: Database, engine: Engine, plan: Sequence[Sequence[str]], run: str, playlist: str):
        self._database = database
        self._engine = engine
        self.plan = [
            EnrichmentTask(number=at, need=Need(need), source=source) for at, (need, source) in enumerate(plan)
        ]
        self._run = run
        self._playlist = playlist
        self._ranks = {(task.need, task.source): task.number for task in self.plan}

    def questions(self, step: EnrichmentTask, track_ids: Sequence[str]) -> tuple[dict[str, LookupQuery], bool]:
        """Return what to ask about which of the tracks, and whether there are some whose identity is not known enough.

        A track that has what is wanted from this source or a better one is not asked about.
        """
        provider = self._engine.providers()[step.source]
        queries, unknown = {}, False
        for name, known in self._wanting(step, track_ids).items():
            one = LookupQuery(identity=identity_of(known.track), text=_words(identity_of(known.track), step.need))
            if step.need in IDENTIFYING and not self._helps(step, one.identity, known):
                continue
            if provider.can(step.need, one):
                queries[name] = one
            else:
                unknown = True
        return queries, unknown

    def store(
        self, step: EnrichmentTask, queries: Mapping[str, LookupQuery], answers: Sequence[Answer], page: int
    ) -> None:
        """Store what was found out about each of ``queries``."""
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
                put_features(self._database, name, _features(answer), self._run)
            elif step.need is Need.GENRES:
                labels = tuple(strongest(answer, ("track", "album")))
                of_artist = tuple(strongest(answer, ("artist",)))
                if labels or of_artist:
                    put_genres(self._database, name, labels, of_artist, _told(answer, self._run))
            elif track := self._completed(name, queries[name].identity, answer):
                completed.append(track)
        if completed:
            self._database.put_tracks(completed, f"{self._run}:{step.number}:{page}")

    def _completed(self, name: str, known: Identity, answer: Answer) -> Track | None:
        """Return the track with the ids by which the source knows it, and what else it tells that was not known."""
        track = self._database.get_track(name)
        found = (answer.value,) if isinstance(answer.value, Candidate) else cast(tuple[Candidate, ...], answer.value)
        best = max(found, key=lambda one: same_recording(known, one.identity), default=None)
        if track is None or best is None or same_recording(known, best.identity) < SAME:
            return None
        found_track = as_track(best.identity, answer.source, popularity=best.popularity, explicit=best.explicit)
        return replace(
            found_track, id=name, title=track.title, artists=track.artists, isrc=track.isrc or found_track.isrc
        )

    def _wanting(self, step: EnrichmentTask, track_ids: Sequence[str]) -> dict[str, KnownTrack]:
        known = known_tracks(self._database, track_ids)
        tracks = {name: known[name] for name in track_ids if name in known}
        if step.need is not Need.SIMILAR:
            return {name: one for name, one in tracks.items() if self._lacks(step, one)}
        before = recommended_for(self._database, list(tracks), step.source)
        days = timedelta(days=self._engine.providers()[step.source].about.found_days)
        fresh = {
            seed
            for seed, one in before.items()
            if one.brought_by == self._run or datetime.now(UTC) - one.fetched_at < days
        }
        for seed in fresh:
            add_playlist(self._database, step.source, seed, self._playlist)
        return {name: one for name, one in tracks.items() if name not in fresh}

    def _lacks(self, step: EnrichmentTask, known: KnownTrack) -> bool:
        """Say whether a track has nothing of the kind yet, or from a source that is asked later than this one."""
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
        """Say whether this source may add the year, or an id that another one, still to be asked, needs."""
        if step.need is Need.TRACK and identity.year is None and step.source in _TELLS_YEAR:
            return True
        if step.need is Need.SEARCH and (identity.ids.keys() & {"spotify", "isrc", "mbid"}):
            return False
        adds = _LEADS_TO.get(step.source, frozenset()) - identity.ids.keys()
        one = LookupQuery(identity=identity)
        for later in self.plan:
            if later.need in IDENTIFYING or not self._lacks(later, known):
                continue
            provider = self._engine.providers()[later.source]
            if not provider.can(later.need, one) and adds & (provider.about.reads | {later.source}):
                return True
        return False


def _words(identity: Identity, need: Need) -> str:
    return " ".join([identity.title, *identity.artists[:1]]).strip() if need is Need.SEARCH else ""


def _features(answer: Answer) -> AudioFeatures:
    sound = cast(Sound, answer.value)
    return AudioFeatures(
        values=dict(sound.values),
        source=answer.source,
        fetched_at=answer.fetched_at,
        licence=answer.licence or None,
        confidence=sound.confidence,
    )


def _told(answer: Answer, brought_by: str) -> Provenance:
    return Provenance(source=answer.source, fetched_at=answer.fetched_at, licence=answer.licence, brought_by=brought_by)
