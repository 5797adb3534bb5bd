"""Finds the track of a request: by id, by link, by typed words, by title and artist, or by bare feature values."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from etl.links import link_in
from etl.providers.base import Identity, LookupQuery, Need
from ml.artists.well_known import usual_name
from services.container import Services
from services.errors import ServiceError, bad_request, not_found
from services.subject.links import by_link, shared_by_link
from services.subject.lookup import SourceLine, found_by_id, with_sources
from services.subject.model import Subject, Understood, untitled
from services.subject.typed import ALTERNATIVES, NAMED, Meaning, by_names, meaning
from services.viewer import Viewer
from services.views import TrackSummary
from store.catalogue.catalogue import Ref, Snapshot
from store.catalogue.versions import version_of
from store.domain import AUDIO_FEATURES, AudioFeatures, Track, usable_features
from store.facts import timbre_of
from store.text import normalise, plain_title, split_artists

# Among tracks of the same title by different artists, the most popular is chosen only if it leads by this much.
POPULARITY_LEAD = 10.0


def resolve(services: Services, query: Mapping[str, Any], viewer: Viewer, needs: Collection[Need] = ()) -> Subject:
    """Find the track of a query; missing ``needs`` are looked up at the sources that are on.

    Raises ServiceError 400 for an empty query, 404 for an unknown id or link, 409 if there is only a title and several
    tracks have it, 422 if a link is not of a track.
    """
    snapshot, typed = services.catalogue.current(viewer.owner), LookupQuery()
    title, artist, words = ((query.get(name) or "").strip() for name in ("track", "artist", "q"))
    link = link_in(words, bare=True) or link_in(query.get("track_id") or "")
    if link:
        found = by_link(services, snapshot, link, viewer, needs)
    elif query.get("track_id"):
        known = _known_by_id(services, snapshot, query["track_id"], viewer, needs)
        if known is None and timbre_of(services.database, query["track_id"]) is not None:
            return Subject(snapshot=snapshot, track=untitled(query["track_id"]), kind="analysis", owner=viewer.owner)
        found = known or by_id(services, snapshot, query["track_id"], viewer)
    elif words:
        found, typed = _by_words(services, snapshot, words), LookupQuery(text=words)
    elif title or artist:
        found = _by_names(snapshot, title, artist)
        typed = LookupQuery(
            text=f"{title} {artist}".strip() if title else "",
            identity=Identity(title=title, artists=found.track.artists, album=query.get("album")),
        )
    elif any(name in query for name in AUDIO_FEATURES):
        found = Subject(snapshot=snapshot, track=Track(id="", title="", artists=(), source="request"), kind="features")
    else:
        raise bad_request(
            "No track is named.", "Give q=, or track= and artist=, or track_id=, or audio feature values."
        )
    found = with_sources(services, found, typed, needs, viewer.owner)
    given = {name: query[name] for name in AUDIO_FEATURES if name in query}
    # The terms of a source may forbid the use of its features. Drop such features now, because features that are mixed
    # with given values no longer name their source.
    features = usable_features(found.track) if given else found.track.features
    track = replace(found.track, features=features)
    track = _with_given(track, given, query)
    return replace(found, track=track, features_source=features.source if features else None, owner=viewer.owner)


def nothing_known(sources: Sequence[SourceLine]) -> ServiceError:
    """Return the error for words that no model knows, with the answers of the ``sources``."""
    message = "Nothing is known about any of these words."
    return not_found(message, "Check the spelling, or add the artist.", sources=sources)


def by_id(services: Services, snapshot: Snapshot, track_id: str, viewer: Viewer) -> Subject:
    """Find a track by its id in the catalogue, or else in the store; raises ServiceError 404."""
    found = _known_by_id(services, snapshot, track_id, viewer)
    if found is None:
        raise not_found(
            f"No track has the id {track_id!r} here.", "Search for it by name, or import a file that holds it."
        )
    return found


def _known_by_id(
    services: Services, snapshot: Snapshot, track_id: str, viewer: Viewer, needs: Collection[Need] = ()
) -> Subject | None:
    ref = snapshot.find(track_id)
    if ref is not None:
        return Subject(snapshot=snapshot, track=snapshot.track(ref), ref=ref, kind="id")
    track = services.database.get_track(track_id, viewer.owner) or shared_by_link(services, track_id, viewer)
    if track is None and needs:
        track = found_by_id(services, track_id)
    return None if track is None else Subject(snapshot=snapshot, track=track, kind="id")


def _by_words(services: Services, snapshot: Snapshot, words: str) -> Subject:
    meant = meaning(snapshot, services.artists, words)
    tracks = [track for track, _, _ in meant.found[: ALTERNATIVES + 1]]
    understood = meant.understood(words)
    if meant.is_track:
        _, ref, fit = meant.found[0]
        if fit.artist is None:
            _refuse_ambiguous(tracks, words)
        return _named(snapshot, ref, fit.likeness, tracks, understood)
    return _unknown(snapshot, meant.title, (meant.artist,) if meant.artist else (), tracks[:ALTERNATIVES], understood)


def _by_names(snapshot: Snapshot, title: str, artist: str) -> Subject:
    found = by_names(snapshot, title, artist)
    if title and not (found and found[0][2].likeness >= NAMED) and (usual := usual_name(artist)):
        found = by_names(snapshot, title, usual) or found
    understood = Meaning(artist, title, found).understood(f"{title} {artist}".strip())
    tracks = [track for track, _, _ in found]
    if found and found[0][2].likeness >= NAMED:
        if not artist:
            _refuse_ambiguous(tracks, title)
        _, ref, fit = found[0]
        return _named(snapshot, ref, fit.likeness, tracks, understood)
    return _unknown(snapshot, title, split_artists(artist), tracks, understood)


def _unknown(
    snapshot: Snapshot, title: str, artists: tuple[str, ...], alternatives: Sequence[Track], understood: Understood
) -> Subject:
    return Subject(
        snapshot=snapshot,
        track=Track(id="", title=title, artists=artists, source="request"),
        kind="names",
        confidence=0.0,
        alternatives=tuple(alternatives),
        understood=understood,
    )


def _named(snapshot: Snapshot, ref: Ref, confidence: float, tracks: Sequence[Track], understood: Understood) -> Subject:
    """Return the first of ``tracks``, which is at ``ref``, as the subject and the others as its alternatives."""
    return Subject(
        snapshot=snapshot,
        track=tracks[0],
        ref=ref,
        kind="search",
        confidence=confidence,
        alternatives=tuple(tracks[1:]),
        understood=understood,
    )


def _refuse_ambiguous(tracks: Sequence[Track], title: str) -> None:
    wanted = normalise(plain_title(title))
    # Words in brackets are seldom typed: what stands first by popularity may have some.
    same = [
        track
        for track in tracks
        if wanted in (normalise(plain_title(track.title)), version_of(track.title, track.artists).bare)
    ]
    artists = {normalise(track.artists[0]) for track in same if track.artists}
    if len(artists) < 2 or (same[0].popularity or 0) - (same[1].popularity or 0) >= POPULARITY_LEAD:
        return
    raise ServiceError(
        409,
        "ambiguous",
        f"Several artists have a track called {title!r}.",
        "Add the artist, or choose one of `candidates`.",
        candidates=[TrackSummary.of(track) for track in same],
    )


def _with_given(track: Track, given: Mapping[str, float], query: Mapping[str, Any]) -> Track:
    """Return the track with values of the request in place of known ones; the features' source names the request."""
    track = replace(track, album=query.get("album") or track.album, year=query.get("year") or track.year)
    if not given:
        return track
    known = dict(track.feature_values)
    source = f"request, else {track.features.source}" if track.features else "request"
    return replace(track, features=AudioFeatures(values=known | dict(given), source=source))
