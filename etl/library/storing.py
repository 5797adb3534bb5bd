"""Stores the track, the sound and the cover of a file."""

import hashlib
from dataclasses import replace
from pathlib import Path

from etl.analysis import analysis_of
from etl.identity import identity_of, same_recording
from etl.library.examine import Examined
from etl.library.tags import PLAYABLE
from store.audio.files import AudioFile, keys_of
from store.catalogue.catalogue import Catalogue, Snapshot
from store.catalogue.segment import CatalogueError
from store.database import Database
from store.disk import replacing
from store.domain import Track
from store.facts import ANALYSES, OWN_AUDIO, Provenance, put_own_sound, put_segments, track_with_id, tracks_like
from store.runs import now

LICENCE = "Computed here from a file of yours"
# Below this confidence, another recording with the same name is too likely.
_SURE = 0.9
COVERS = "covers"


def music_of_uploads(var: Path) -> Path:
    """Return the folder of uploaded audio files."""
    return var.resolve() / "music"


class FileStore:
    """Stores files for the run ``brought_by``; their tracks belong to the installation."""

    def __init__(self, database: Database, var: Path, brought_by: str) -> None:
        self._database, self._brought_by = database, brought_by
        self._covers = var / "audio" / COVERS
        try:
            self._catalogue = Catalogue(var / "catalogue").current()
        except (CatalogueError, OSError):  # without a catalogue, files are matched only with the database
            self._catalogue = Snapshot()

    def store(self, file: AudioFile, examined: Examined) -> AudioFile:
        """Store the track, the sound and the cover of ``examined``; return ``file`` with the results."""
        assert examined.tags is not None
        track = examined.tags.track
        track = replace(track, id=self._known_id(track) or track.id)
        self._database.put_tracks([track], self._brought_by)
        if examined.features is not None:
            features = replace(examined.features, fetched_at=now(), licence=LICENCE)
            put_own_sound(self._database, track.id, features, self._brought_by)
            self._put_segments(track, examined, features.source)
        return replace(
            file,
            track_id=track.id,
            keys=tuple(keys_of(track)) if file.media_type in PLAYABLE else (),
            duration_ms=track.duration_ms,
            cover=self._keep_cover(examined.tags.cover),
            confidence=examined.confidence,
            descriptors=examined.descriptors,
        )

    def _known_id(self, track: Track) -> str | None:
        """Return the id of the same recording here, found by MusicBrainz id, ISRC or names, or None."""
        if mbid := track.ids.get("mbid"):
            known = track_with_id(self._database, "mbid", mbid)
            if known is not None:
                return known.id
        identity = identity_of(track)
        alike = [other for group in tracks_like(self._database, [track]).values() for other in group]
        best = max(alike, key=lambda other: same_recording(identity, identity_of(other)), default=None)
        if best is not None and same_recording(identity, identity_of(best)) >= _SURE:
            return best.id
        if not track.artists or not len(self._catalogue):
            return None
        matches = self._catalogue.match(track.title, " & ".join(track.artists), track.duration_ms, limit=1)
        return self._catalogue.track(matches[0].ref).id if matches and matches[0].confidence >= _SURE else None

    def _put_segments(self, track: Track, examined: Examined, source: str) -> None:
        """Store the segments, unless a service's analysis is stored."""
        earlier = self._database.get_document(ANALYSES, track.id)
        if not examined.segments or (earlier and not earlier["source"].startswith(OWN_AUDIO)):
            return
        made = analysis_of(examined.segments, (track.duration_ms or 0) / 1000)
        by = Provenance(source=source, fetched_at=now(), licence=LICENCE, brought_by=self._brought_by)
        put_segments(self._database, track.id, by, made)

    def _keep_cover(self, cover: tuple[str, bytes] | None) -> str | None:
        """Write a cover, once for all files that have it; return its name."""
        if cover is None:
            return None
        ending, data = cover
        name = f"{hashlib.sha256(data).hexdigest()[:24]}.{ending}"
        path = self._covers / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(path) as file:
                file.write(data)
        return name
