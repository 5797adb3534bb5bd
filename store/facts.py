"""Facts that sources report of known tracks: features, genres, ids, segments of an analysis.

If an owner is given and has a document of the track, the facts are stored there, else in the shared layer. A track's
document holds the reports of every source (``features_by_source``, ``genres_by_source``). The fields that readers use
hold the facts of the chosen source, with their time and licence; ``found_by`` names the runs that stored them.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from store.database import Database
from store.documents import (
    OWN_TRACKS,
    Document,
    features_document,
    id_key,
    layer_of,
    recording_keys,
    reports_by_source,
    track_from,
    track_key,
)
from store.domain import SHOWN_ONLY, Analysis, AudioFeatures, Track

ANALYSES = "analyses"
# The source of features that were computed from a person's own file begins with this.
OWN_AUDIO = "own audio"
# This follows if a model of ml.perception computed them, and not the analyser's formulas.
CALIBRATED = ", calibrated by "
TIMBRES = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownTrack:
    """A track with the origin of its facts.

    ``features_by`` and ``genres_by`` are the ids of the runs that stored its audio features and its genres.
    ``genres_source`` is the source of its genres. ``feature_sources`` are all sources that have reported audio
    features, chosen or not.
    """

    track: Track
    features_by: str = ""
    genres_by: str = ""
    genres_source: str | None = None
    feature_sources: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Provenance:
    """Which source reported something, when, under which licence; ``brought_by`` is the id of the run."""

    source: str
    fetched_at: datetime | None
    licence: str
    brought_by: str


def known_tracks(database: Database, track_ids: Collection[str], owner: str | None = None) -> dict[str, KnownTrack]:
    """Return the tracks of ``track_ids`` that are known, by id, with the origin of their facts."""
    found = {}
    for name, document in database.track_documents(track_ids, owner).items():
        by = document.get("found_by", {})
        found[name] = KnownTrack(
            track=track_from(document),
            features_by=by.get("features", ""),
            genres_by=by.get("genres", ""),
            feature_sources=frozenset(report["source"] for report in reports_by_source(document, "features")),
            genres_source=document.get("genres_from", {}).get("source"),
        )
    return found


def tracks_like(database: Database, tracks: Iterable[Track]) -> dict[str, list[Track]]:
    """Return by key (:func:`store.documents.recording_keys`) the known tracks that may be the same recordings.

    Tracks with an id of a service come before those with a local id.
    """
    keys = {key for track in tracks for key in recording_keys(track)}
    found: dict[str, dict[str, Track]] = {}
    for document in database.documents_among("tracks", "keys", sorted(keys)):
        for key in keys.intersection(document["keys"]):
            found.setdefault(key, {})[document["_id"]] = track_from(document)
    return {key: sorted(same.values(), key=_rank) for key, same in found.items()}


def track_with_id(database: Database, namespace: str, id_: str, owner: str | None = None) -> Track | None:
    """Return the known track that has this id at a service (or this ISRC), None if there is none.

    Tracks of ``owner`` are preferred to the shared layer, then tracks with an id of a service to those with a local id.
    """
    key, found = id_key(namespace, id_), []
    if owner is not None:
        found = database.documents_among(OWN_TRACKS, "keys", [track_key(key, owner)])
    found = found or database.documents_among("tracks", "keys", [key])
    return min(map(track_from, found), key=_rank, default=None)


def _rank(track: Track) -> tuple[bool, str]:
    return track.id.startswith(("isrc-", "local-")), track.id


def put_features(
    database: Database, track_id: str, features: AudioFeatures, brought_by: str, owner: str | None = None
) -> None:
    """Store the audio features that a source reported, and choose them for the track.

    Values that may only be shown (:data:`store.domain.SHOWN_ONLY`) do not replace those that models may read.
    """
    stored, new = _stored(database, track_id, owner), features_document(features)
    changes: dict[str, Any] = {"features_by_source": reports_by_source(stored, "features", new)}
    if features.source not in SHOWN_ONLY or stored.get("features", new)["source"] in SHOWN_ONLY:
        changes |= {"features": new, "found_by.features": brought_by}
    _change(database, track_id, changes, owner=owner)


def put_own_sound(database: Database, track_id: str, features: AudioFeatures, brought_by: str) -> None:
    """Store the audio features that were computed from an own file of a track (source "own audio, ...").

    They replace those of an earlier analysis. They are chosen for the track only if no other source has reported
    features that models may read.
    """
    stored, new = _stored(database, track_id), features_document(features)
    reports = reports_by_source(stored, "features")
    others = [report for report in reports if not report["source"].startswith(OWN_AUDIO)]
    changes: dict[str, Any] = {"features_by_source": [*others, new]}
    chosen = stored.get("features", new)["source"]
    if chosen in SHOWN_ONLY or chosen.startswith(OWN_AUDIO):
        changes |= {"features": new, "found_by.features": brought_by}
    _change(database, track_id, changes)


def own_sound(database: Database, track_id: str) -> dict[str, float]:
    """Return the audio features, by name, that were computed from an own file of a track; {} for none."""
    report = own_sound_report(_stored(database, track_id))
    return dict(report["values"]) if report else {}


def own_sound_report(document: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the report in a track's document whose audio features were computed from an own file, or None."""
    reports = reports_by_source(document, "features")
    return next((report for report in reports if report["source"].startswith(OWN_AUDIO)), None)


def forget_own_sound(database: Database, track_id: str) -> None:
    """Delete the audio features that were computed from an own file; those of another source replace them."""
    reports = reports_by_source(_stored(database, track_id), "features")
    sources = [report["source"] for report in reports if report["source"].startswith(OWN_AUDIO)]
    forget_features(database, track_id, sources, ())


def _stored(database: Database, track_id: str, owner: str | None = None) -> Document:
    return database.track_documents([track_id], owner).get(track_id, {})


def forget_features(
    database: Database,
    track_id: str,
    sources: Collection[str],
    order: Sequence[str],
    before: datetime | None = None,
    owner: str | None = None,
) -> bool:
    """Delete the audio features that ``sources`` reported; return whether anything was deleted.

    With ``before`` (aware), only older ones and those without a time are deleted. Features of another source replace
    them; ``order`` ranks the sources, best first.
    """
    stored = _stored(database, track_id, owner)
    known = reports_by_source(stored, "features")
    left = [
        report for report in known if report["source"] not in sources or not _is_older(report.get("fetched_at"), before)
    ]
    if left == known:
        return False
    ranks = {source: rank for rank, source in enumerate(order)}
    left.sort(key=lambda report: (report["source"] in SHOWN_ONLY, ranks.get(report["source"], -1)))
    changes: dict[str, Any] = {"features_by_source": left}
    gone = []
    if stored.get("features") not in left:
        changes |= {"features": left[0]} if left else {}
        gone = ["found_by.features", *([] if left else ["features"])]
    _change(database, track_id, changes, gone, owner)
    return True


def _is_older(moment: datetime | None, before: datetime | None) -> bool:
    return moment is None or before is None or moment < before


def put_genres(
    database: Database,
    track_id: str,
    labels: Sequence[str],
    artist_genres: Sequence[str],
    by: Provenance,
    owner: str | None = None,
) -> None:
    """Store genres that a source reported, and choose them for the track; other sources' reports are kept."""
    provenance = {"source": by.source, "fetched_at": by.fetched_at, "licence": by.licence}
    changes: dict[str, Any] = {"genres_from": provenance, "found_by.genres": by.brought_by}
    given = {"labels": list(labels), "artist_genres": list(artist_genres)}
    stored = _stored(database, track_id, owner)
    changes["genres_by_source"] = reports_by_source(stored, "genres", provenance | given)
    gone = [name for name, value in given.items() if not value]
    _change(database, track_id, changes | {name: value for name, value in given.items() if value}, gone, owner)


def add_label(database: Database, track: Track, label: str) -> None:
    """Add a genre to those given to the track itself."""
    if label not in track.labels:
        _change(database, track.id, {"labels": [*track.labels, label]})


def _change(
    database: Database,
    track_id: str,
    changes: Mapping[str, Any],
    unset: Sequence[str] = (),
    owner: str | None = None,
) -> None:
    for layer in dict.fromkeys((owner, None)):
        if database.change_document(layer_of(layer), track_key(track_id, layer), changes, unset=unset):
            database.tracks_changed += 1
            return


def put_segments(database: Database, track_id: str, by: Provenance, analysis: Analysis) -> None:
    """Store the segments of a track's analysis as little-endian float32; an hour of music takes some 1.5 MB."""
    arrays = ("start", "duration", "timbre", "pitches")
    packed = {name: np.asarray(getattr(analysis, name), "<f4").tobytes() for name in arrays}
    database.put_document(ANALYSES, {"_id": track_id, **asdict(by), "segments": len(analysis.start), **packed})


@dataclass(frozen=True, slots=True)
class AnalysisStamp:
    """Which analyser computed a track's timbre, and when it was stored: the stamp changes with the analysis.

    ``analyser`` is the source if the timbre was computed here, and "" if it is Spotify's. Timbres of different
    analysers have different axes.
    """

    analyser: str
    fetched_at: datetime | None


def analysed(database: Database) -> dict[str, AnalysisStamp]:
    """Return the stamps of all analysed tracks by id."""
    return {
        row["_id"]: AnalysisStamp(row["source"] if row["source"].startswith(OWN_AUDIO) else "", row["fetched_at"])
        for row in database.fields_of(ANALYSES, ["source", "fetched_at"])
    }


def timbre_of(database: Database, track_id: str) -> npt.NDArray[np.float32] | None:
    """Return the timbre of a track's segments, shape (n, 12); None if the track has not been analysed."""
    document = database.get_document(ANALYSES, track_id)
    return np.frombuffer(document["timbre"], "<f4").reshape(-1, TIMBRES) if document else None
