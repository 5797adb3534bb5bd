"""Looks up unknown or incomplete tracks at the sources that are on, while the user waits."""

import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar, cast

from etl.engine import Answer
from etl.engine.answers import Fault
from etl.identity import SAME, as_track, identity_of, same_recording
from etl.lookup.lookup import look_up
from etl.lookup.results import LookedUp, completed, store_looked_up
from etl.providers.base import GenreTag, Identity, LookupQuery, Need
from ml.artists import well_known
from services.container import Services
from services.subject.model import Subject
from services.views import View
from store.catalogue.catalogue import Snapshot
from store.domain import Track, usable_features
from store.errors import StoreDown, in_words
from store.gaps import merged

log = logging.getLogger(__name__)

ALTERNATIVES = 3
ARTIST_EMBEDDING = "artist embedding"  # the source of genres that come with the models
# Least confidence of the match from which a catalogue track is taken for the one that a source has named.
_SAME_NAME = 0.9


@dataclass(frozen=True, kw_only=True)
class FromSource(View):
    """What a source answered: its name, its title, when it was fetched and under which licence."""

    source: str
    title: str
    fetched_at: datetime | None
    licence: str | None


@dataclass(frozen=True, kw_only=True)
class WeightedGenre:
    name: str
    weight: float


@dataclass(frozen=True, kw_only=True)
class SourceGenres(FromSource):
    """The genres that a source gives a track, an album or an artist (``level``), strongest first."""

    level: str
    genres: list[WeightedGenre]


@dataclass(frozen=True, kw_only=True)
class SourceFeatures(FromSource):
    """The audio features that a source has, by name; ``confidence`` (0 to 1) that they are of this track."""

    confidence: float
    values: dict[str, float]


@dataclass(frozen=True, kw_only=True)
class SourceLine(FromSource):
    """What a source was queried for, and how it went; ``cached`` if the answer was stored before."""

    need: str
    status: str
    message: str | None
    hint: str | None
    retry_at: datetime | None
    cached: bool


SourceView = TypeVar("SourceView", bound=FromSource)


def with_sources(
    services: Services, subject: Subject, typed: LookupQuery, needs: Collection[Need], owner: str | None = None
) -> Subject:
    """Return ``subject`` with data from sources, if some of ``needs`` are missing and a source is on.

    ``typed`` is the query of a user for a track that is not known here. What is found is stored, for a track of
    ``owner`` with that track.
    """
    wanted = _wanted(services, subject, needs)
    if not wanted:
        return replace(subject, final=subject.ref is not None or subject.kind == "features")
    try:
        engine = services.engine
        if not any(engine.on(need) for need in {*wanted, Need.SEARCH}):
            return subject
        if subject.kind == "names":
            return _newly_found(services, subject, typed, wanted)
        return _better_known(services, subject, needs, owner)
    except StoreDown as down:
        log.warning("nothing was looked up: %s", down.message)
        return subject


def found_by_id(services: Services, track_id: str) -> Track | None:
    """Look up and store a track by its id, a Spotify id or ISRC; None where no source knows it."""
    return found_by_ids(services, identity_of(Track(id=track_id, title="", artists=())).ids)


def found_by_ids(services: Services, ids: Mapping[str, str]) -> Track | None:
    """Look up and store a track by its ids by namespace; None where no source knows it."""
    if not ids or not services.engine.on(Need.TRACK):
        return None
    found = look_up(services.engine, LookupQuery(identity=Identity(ids=ids)), ())
    return store_looked_up(services.database, found) if found.identity.title else None


def _wanted(services: Services, subject: Subject, needs: Collection[Need]) -> frozenset[Need]:
    """Return the missing ones of ``needs``; all of them for a track outside the catalogue that sources may know."""
    if subject.kind == "features":
        return frozenset()
    track = subject.track
    if subject.kind == "names" or (subject.ref is None and track.ids):
        return frozenset(needs if track.title else ())
    missing = set()
    if usable_features(track) is None:
        missing |= {Need.FEATURES, Need.SIMILAR}
    # Those of an artist are counted over many tracks, so only where they are needed.
    if Need.GENRES in needs and not any(known_genres(services, subject.snapshot, track)):
        missing |= {Need.GENRES}
    return frozenset(missing & set(needs))


def known_genres(services: Services, snapshot: Snapshot, track: Track) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    """Return the genres of the track, those of its artist, and the source of the latter."""
    artist = track.first_artist
    # The list was written because of those whom tables know badly, so it goes before these.
    genres, source = well_known.well_known_genres(artist or ""), well_known.TITLE
    if not genres:
        genres, source = track.artist_genres, track.source_of("artist_genres")
    if artist and not genres:
        genres, source = snapshot.artist_genres(artist), "catalogue"
    if artist and not genres:
        genres, source = services.artists.genres(artist), ARTIST_EMBEDDING
    return track.labels, tuple(genres), source


def _newly_found(services: Services, subject: Subject, typed: LookupQuery, needs: Collection[Need]) -> Subject:
    found = look_up(services.engine, typed, needs)
    if found.chosen is None:
        return replace(subject, found=found)
    others = [
        replace(as_track(other.identity, other.sources[0], popularity=other.popularity), id="")
        for other in found.candidates
        if other is not found.chosen
    ]
    return replace(
        _in_catalogue(subject, found) or replace(subject, track=store_looked_up(services.database, found)),
        kind="source",
        found=found,
        named_by=", ".join(services.title_of(name) for name in found.chosen.sources),
        confidence=found.confidence,
        alternatives=(*others[:ALTERNATIVES], *subject.alternatives)[: len(subject.alternatives) or ALTERNATIVES],
    )


def _in_catalogue(subject: Subject, found: LookedUp) -> Subject | None:
    """Return the catalogue track that the source has named, completed by its answer; None if there is none."""
    snapshot, identity = subject.snapshot, found.identity
    ref = snapshot.find(identity.ids.get("spotify", ""))
    if ref is None and identity.artists:
        matches = snapshot.match(identity.title, identity.artists[0], identity.duration_ms, limit=1)
        likely = [match.ref for match in matches if match.confidence >= _SAME_NAME]
        same = (known for known in likely if same_recording(identity_of(snapshot.track(known)), identity) >= SAME)
        ref = next(same, None)
    return None if ref is None else replace(subject, ref=ref, track=completed(snapshot.track(ref), found))


def _better_known(services: Services, subject: Subject, needs: Collection[Need], owner: str | None) -> Subject:
    """Complete a track that is known here from the store, and from sources if the store lacks something."""
    track = subject.track
    stored = services.database.get_track(track.id, owner) if subject.ref is not None else None
    if stored is not None:
        track = merged(track, stored)
    subject = replace(subject, track=track)
    wanted = _wanted(services, subject, needs)
    if not wanted:
        return subject
    found = look_up(services.engine, LookupQuery(identity=identity_of(track)), wanted)
    return replace(subject, track=store_looked_up(services.database, found, track, owner), found=found)


def genres_by_source(services: Services, subject: Subject) -> list[SourceGenres]:
    """Return the genres of each source, strongest first; track, album and artist have separate entries."""
    answers = subject.found.genres.values() if subject.found else ()
    tagged = [(answer, cast(tuple[GenreTag, ...], answer.value)) for answer in answers]
    return [
        _view(
            SourceGenres,
            services,
            answer,
            level=level,
            genres=[WeightedGenre(name=tag.name, weight=round(tag.weight, 3)) for tag in tags if tag.level == level],
        )
        for answer, tags in tagged
        for level in dict.fromkeys(tag.level for tag in tags)
    ]


def other_features(services: Services, subject: Subject) -> list[SourceFeatures]:
    """Return the audio features of each source except the one whose values were used."""
    if subject.found is None:
        return []
    return [
        _view(
            SourceFeatures,
            services,
            subject.found.features[features.source],
            confidence=features.confidence,
            values=dict(features.values),
        )
        for features in subject.found.sounds()
        if features.source != subject.features_source
    ]


def source_lines(services: Services, subject: Subject) -> list[SourceLine]:
    """Return a line for every answer of a source: what it was queried for, and how it went."""
    return lines(services, subject.found.trail if subject.found else ())


def lines(services: Services, answers: Iterable[Answer]) -> list[SourceLine]:
    return [_line(services, answer, answer.fault) for answer in answers]


def _line(services: Services, answer: Answer, fault: Fault | None) -> SourceLine:
    if fault is None:
        return _view(SourceLine, services, answer, message=None, hint=None, retry_at=None)
    return _view(
        SourceLine, services, answer, message=fault.message, hint=in_words(fault.hint) or None, retry_at=fault.retry_at
    )


def _view(kind: type[SourceView], services: Services, answer: Answer, **more: Any) -> SourceView:
    return kind.of(answer, title=services.title_of(answer.source), licence=answer.licence or None, **more)
