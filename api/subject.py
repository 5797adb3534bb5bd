"""Which track a question is about: by id, by typed words, by title and artist, or by bare feature values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from api.errors import ApiError
from api.schemas import track_summary
from api.services import Services
from store.catalogue import Ref, Snapshot
from store.domain import AUDIO_FEATURES, AudioFeatures, Track
from store.text import normalise, plain_title, split_artists

# A catalogue track answers for a name only when they agree at least this well; below it the names themselves are
# the subject, and what was nearly meant is offered as an alternative. A title alone matches with 0.8 at the most.
SURE = 0.75
# Same title by different artists: the better known one is meant only when it leads by this much popularity.
POPULARITY_LEAD = 10.0
ALTERNATIVES = 5


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A track and how it was found; ``track.id`` is empty where only names or features are known.

    ``ref`` holds in ``snapshot`` alone, so whoever goes on from it must go on with that one.
    """

    snapshot: Snapshot
    track: Track
    kind: Literal["id", "search", "names", "features"]
    ref: Ref | None = None
    confidence: float = 1.0
    alternatives: tuple[Track, ...] = ()

    def match(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "confidence": round(self.confidence, 3),
            "alternatives": [track_summary(track) for track in self.alternatives],
        }


def resolve(services: Services, query: Mapping[str, Any]) -> Subject:
    """Find the subject of a question.

    Raises
    ------
    ApiError
        400 when nothing was asked for, 404 for an unknown id, 409 when the title alone names several tracks.
    """
    snapshot = services.catalogue.current()
    if query.get("track_id"):
        found = by_id(services, snapshot, query["track_id"])
    elif _says_something(query.get("q")):
        found = _by_words(services, snapshot, query["q"])
    elif _says_something(query.get("track")) or _says_something(query.get("artist")):
        found = _by_names(snapshot, query)
    elif any(name in query for name in AUDIO_FEATURES):
        found = Subject(snapshot=snapshot, track=Track(id="", title="", artists=(), source="request"), kind="features")
    else:
        raise ApiError(
            400, "bad_request", "Which track?", "Give q=, or track= and artist=, or track_id=, or audio feature values."
        )
    return replace(found, track=_with_given(found.track, query))


def by_id(services: Services, snapshot: Snapshot, track_id: str) -> Subject:
    """Find a track by its id in the catalogue, else in the store; raises ApiError 404."""
    ref = snapshot.find(track_id)
    if ref is not None:
        return Subject(snapshot=snapshot, track=snapshot.track(ref), ref=ref, kind="id")
    stored = services.database.get_track(track_id)
    if stored is None:
        raise ApiError(
            404,
            "not_found",
            f"No track has the id {track_id!r} here.",
            "Search for it by name, or import a file that holds it.",
        )
    return Subject(snapshot=snapshot, track=stored, kind="id")


def _by_words(services: Services, snapshot: Snapshot, words: str) -> Subject:
    hits = snapshot.search(words, ALTERNATIVES + 1)
    tracks = [snapshot.track(hit.ref) for hit in hits]
    if hits and hits[0].complete:
        _refuse_ambiguous(tracks, words)
        return _named(snapshot, hits[0].ref, hits[0].coverage, tracks)
    artist, title = _artist_and_title(services, words)
    return Subject(
        snapshot=snapshot,
        track=Track(id="", title=title, artists=(artist,) if artist else (), source="request"),
        kind="names",
        confidence=0.0,
        alternatives=tuple(tracks[:ALTERNATIVES]),
    )


def _artist_and_title(services: Services, words: str) -> tuple[str, str]:
    split = services.artists.split_query(words)
    if split:
        return split
    alone = services.artists.find_exact(words)
    return ("", words.strip()) if alone is None else (services.artists.names[alone], "")


def _by_names(snapshot: Snapshot, query: Mapping[str, Any]) -> Subject:
    title, artist = (query.get("track") or "").strip(), (query.get("artist") or "").strip()
    matches = snapshot.match(title, artist or None) if title else []
    tracks = [snapshot.track(match.ref) for match in matches]
    if matches and matches[0].confidence >= SURE:
        if not artist:
            _refuse_ambiguous(tracks, title)
        return _named(snapshot, matches[0].ref, matches[0].confidence, tracks)
    named = Track(id="", title=title, artists=split_artists(artist), source="request")
    return Subject(snapshot=snapshot, track=named, kind="names", confidence=0.0, alternatives=tuple(tracks))


def _named(snapshot: Snapshot, ref: Ref, confidence: float, tracks: Sequence[Track]) -> Subject:
    """Return the first of ``tracks``, which stands at ``ref``, as the subject and the others as alternatives."""
    return Subject(
        snapshot=snapshot,
        track=tracks[0],
        ref=ref,
        kind="search",
        confidence=confidence,
        alternatives=tuple(tracks[1:]),
    )


def _refuse_ambiguous(tracks: Sequence[Track], title: str) -> None:
    wanted = normalise(plain_title(title))
    same = [track for track in tracks if normalise(plain_title(track.title)) == wanted]
    artists = {normalise(track.artists[0]) for track in same if track.artists}
    if len(artists) < 2 or (same[0].popularity or 0) - (same[1].popularity or 0) >= POPULARITY_LEAD:
        return
    raise ApiError(
        409,
        "ambiguous",
        f"Several artists have a track called {title!r}.",
        "Add the artist, or choose one of `candidates`.",
        candidates=[track_summary(track) for track in same],
    )


def _with_given(track: Track, query: Mapping[str, Any]) -> Track:
    """Let values of the request stand in front of what is known, and say that they came from there."""
    given = {name: query[name] for name in AUDIO_FEATURES if name in query}
    track = replace(track, album=query.get("album") or track.album, year=query.get("year") or track.year)
    if not given:
        return track
    known = dict(track.features.values) if track.features else {}
    source = f"request, else {track.features.source}" if track.features else "request"
    return replace(track, features=AudioFeatures(values=known | given, source=source))


def _says_something(text: str | None) -> bool:
    return bool(text and text.strip())
