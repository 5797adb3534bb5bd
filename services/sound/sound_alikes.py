"""Sound-alikes among one's own files and the demo's: the nearest to a track, a path, and equal recordings."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePath
from typing import Any

from jobs.sound_alikes import can_listen, lacking, new_run
from ml.tagger.alike import SoundSpace
from ml.tagger.genres import genre_probabilities, kinds_of
from services.container import Services
from services.errors import ServiceError
from services.runs import RunView, start_runs
from services.sound.demo import demo_of, shipped
from services.subject.resolve import by_id
from services.viewer import Viewer
from services.views import TrackSummary
from store.audio.files import AudioFile, audio_files
from store.audio.sounds import StoredSound, sound_of, stored_sounds
from store.domain import Track
from store.library import tracks_by_id

TITLE = "From the sound (musicnn)"
LEAST_TAG = 0.1
_MOST_TAGS = 5
_NOT_ANALYSED = "No file of this track has been analysed here, so nothing can be compared with its sound."
# Of a larger library, only the recordings with the first ids are compared, because more would take too much memory.
MOST_RECORDINGS = 30_000
_MOST_DUPLICATES = 200


@dataclass(frozen=True)
class SoundTag:
    """A tag with its probability, 0 to 1."""

    name: str
    probability: float


@dataclass(frozen=True, kw_only=True)
class SoundTags:
    """The tags of a file, the likeliest first: genres, moods, and ``sounds`` (instruments and voices)."""

    title: str
    version: str
    genres: list[SoundTag]
    moods: list[SoundTag]
    sounds: list[SoundTag]


@dataclass(frozen=True, kw_only=True)
class SoundAlike(TrackSummary):
    """A track with the cosine (-1 to 1) between its sound vector and another one's."""

    score: float


@dataclass(frozen=True, kw_only=True)
class SoundAlikes:
    """The tracks that sound most like ``track``; ``recordings`` of the user's own files were compared.

    ``reason`` says why there are none, where no file of the track can be compared; else it is None.
    """

    version: str
    recordings: int
    track: TrackSummary
    alike: list[SoundAlike]
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class SoundPath:
    """Tracks from one to another, each like the next; ``score`` is the cosine with the track before."""

    version: str
    tracks: list[SoundAlike]


@dataclass(frozen=True, kw_only=True)
class SameRecording:
    """Files that hold the same recording: the path of each, and its track."""

    paths: list[str]
    tracks: list[TrackSummary]


@dataclass(frozen=True, kw_only=True)
class SoundState:
    """How many ``recordings`` can be compared, and how many files are ``lacking`` a sound vector.

    ``listening``: the packages that compute it are installed. ``same`` are the groups of files that hold the same
    recording, at most 200.
    """

    version: str
    recordings: int
    lacking: int
    listening: bool
    same: list[SameRecording]


@dataclass(frozen=True, eq=False)
class _Recordings:
    """The recordings that a viewer may compare: the files by id, and the file of each track."""

    space: SoundSpace
    files: dict[str, AudioFile]
    by_track: dict[str, str]


def alike(services: Services, track_id: str, limit: int, viewer: Viewer) -> SoundAlikes:
    """Return the tracks that sound most like one; raises ServiceError 404 for an unknown track."""
    known = _recordings(services, viewer)
    name = _file_or_track(services, known, track_id, viewer)
    if isinstance(name, Track):
        summary = TrackSummary.of(name)
        version, recordings = services.tagger.version, len(known.space.names)
        return SoundAlikes(version=version, recordings=recordings, track=summary, alike=[], reason=_NOT_ANALYSED)
    found: dict[str, float] = {}
    for other, cosine in known.space.nearest(name, limit + len(known.files)):
        other_id = known.files[other].track_id
        if other_id and other_id != known.files[name].track_id and len(found) < limit:
            found.setdefault(other_id, cosine)
    tracks = _tracks(services, {track_id, *found}, viewer)
    return SoundAlikes(
        version=services.tagger.version,
        recordings=len(known.space.names),
        track=TrackSummary.of(tracks.get(track_id) or _by_file(known.files[name])),
        alike=[
            _shown(tracks.get(found_id) or _by_file(known.files[known.by_track[found_id]]), cosine)
            for found_id, cosine in found.items()
        ],
    )


def path(services: Services, start: str, end: str, most: int, viewer: Viewer) -> SoundPath:
    """Return at most ``most`` tracks from ``start`` to ``end``; raises ServiceError 404 where a file is missing."""
    known = _recordings(services, viewer)
    ends = [_file_of(services, known, track_id, viewer) for track_id in (start, end)]
    names = known.space.path(ends[0], ends[1], most)
    track_ids = [known.files[name].track_id or "" for name in names]
    tracks = _tracks(services, set(track_ids), viewer)
    cosines = [1.0, *(known.space.cosine(a, b) for a, b in pairwise(names))]
    shown = [
        _shown(tracks.get(track_id) or _by_file(known.files[name]), cosine)
        for name, track_id, cosine in zip(names, track_ids, cosines, strict=True)
    ]
    return SoundPath(version=services.tagger.version, tracks=shown)


def state(services: Services, viewer: Viewer) -> SoundState:
    """Return the state of the sound vectors of the files that a viewer may compare."""
    known = _recordings(services, viewer)
    names = known.space.names
    groups = known.space.duplicates([known.files[name].duration_ms for name in names])[:_MOST_DUPLICATES]
    tracks = _tracks(services, {known.files[name].track_id or "" for group in groups for name in group}, viewer)
    return SoundState(
        version=services.tagger.version,
        recordings=len(names),
        lacking=len(lacking(services.database, services.tagger.version)) if viewer.operator else 0,
        listening=can_listen(),
        same=[_same([known.files[name] for name in group], tracks) for group in groups],
    )


def start(services: Services, viewer: Viewer) -> RunView:
    """Start a run that computes the missing sound vectors; raises TooManyRuns."""
    return start_runs(services, new_run(viewer.owner))[0]


def tags_of(services: Services, track: Track, viewer: Viewer) -> tuple[SoundTags, Any] | None:
    """Return the tags of a track's file and the (114,) genre probabilities that follow from them.

    None where the viewer may hear no file of the track, or where it has not been tagged.
    """
    sound = shipped(services).get(track.id)
    file_id = services.audio.current().find(track) if viewer.operator else None
    if sound is None and file_id is None:
        return None  # most tracks: the tagger is not loaded for them
    tagger = services.tagger
    tags = sound.tags if sound is not None and sound.tagger == tagger.version else None
    if tags is None and file_id is not None:
        stored = sound_of(services.database, file_id, tagger.version)
        tags = None if stored is None else stored.tags
    if tags is None:
        return None
    return _tags(services, tags), genre_probabilities(tagger.tags, tags, services.genre.genres)


def _tags(services: Services, probabilities: Any) -> SoundTags:
    tagger = services.tagger
    kinds = kinds_of(tagger.tags, probabilities, LEAST_TAG)
    shown = {
        kind: [SoundTag(name, round(probability, 3)) for name, probability in tags[:_MOST_TAGS]]
        for kind, tags in kinds.items()
    }
    return SoundTags(title=TITLE, version=tagger.version, **shown)


def _recordings(services: Services, viewer: Viewer) -> _Recordings:
    """Return the demo's recordings, for the operator those of all files too; read again when something has changed."""
    database, version = services.database, services.tagger.version
    demo = {name: sound for name, sound in demo_of(services, viewer).items() if sound.tagger == version}
    stamp = (version, services.audio.stamp(), tuple(demo))
    name = f"{'operator' if viewer.operator else 'others'}, {len(demo)} of the demo"

    def read() -> _Recordings:
        files = {file.id: file for file in (audio_files(database) if viewer.operator else ()) if file.track_id}
        kept = [sound for sound in stored_sounds(database, version) if sound.id in files][:MOST_RECORDINGS]
        for track_id, sound in demo.items():
            files[track_id] = AudioFile(
                root="demo", path=track_id, size=0, modified_ns=0, track_id=track_id, duration_ms=sound.duration_ms
            )
            kept.append(StoredSound(id=track_id, parts=sound.parts, tags=sound.tags))
        space = SoundSpace.of([sound.id for sound in kept], [sound.parts for sound in kept])
        by_track = {files[sound.id].track_id or "": sound.id for sound in reversed(kept)}
        return _Recordings(space, files, by_track)

    known: _Recordings = services.sounds.get(name, stamp, read)
    return known


def _file_of(services: Services, known: _Recordings, track_id: str, viewer: Viewer) -> str:
    """Return the file of a track; raises ServiceError 404 for an unknown track, and for one without a file."""
    name = _file_or_track(services, known, track_id, viewer)
    if isinstance(name, Track):
        hint = "Scan the folder that holds it, in the library under My music."
        raise ServiceError(404, "no_sound", _NOT_ANALYSED, hint)
    return name


def _file_or_track(services: Services, known: _Recordings, track_id: str, viewer: Viewer) -> str | Track:
    """Return the analysed file of a track, or the track that has none; raises ServiceError 404 for an unknown one."""
    if track_id in known.by_track:
        return known.by_track[track_id]
    track = by_id(services, services.catalogue.current(viewer.owner), track_id, viewer).track
    found = services.audio.current().find(track)
    return found if found is not None and found in known.space.names else track


def _tracks(services: Services, ids: Iterable[str], viewer: Viewer) -> dict[str, Track]:
    return tracks_by_id(services.catalogue.current(viewer.owner), services.database, list(ids), viewer.owner)


def _shown(track: Track, cosine: float) -> SoundAlike:
    return SoundAlike.of(track, score=round(cosine, 4))


def _same(files: list[AudioFile], tracks: dict[str, Track]) -> SameRecording:
    of_track = {file.track_id: file for file in files if file.track_id}
    shown = [TrackSummary.of(tracks.get(name) or _by_file(file)) for name, file in of_track.items()]
    return SameRecording(paths=[file.path for file in files], tracks=shown)


def _by_file(file: AudioFile) -> Track:
    """Return a track named after its file, for a file whose tags were never stored."""
    return Track(id=file.track_id or "", title=PurePath(file.path).stem, artists=())
