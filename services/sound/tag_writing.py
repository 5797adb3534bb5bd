"""Proposes changes of the tags in one of the user's own files, and writes the chosen ones."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from etl.library.tag_writing import FIELDS, TagsNotWritten, read_fields, write_fields
from ml.tagger.genres import FEELINGS
from services.container import Services
from services.errors import ServiceError, not_found
from services.genre import GenreAnswer, predict
from services.sound.audio import known_file
from services.viewer import Viewer
from store.audio.files import AudioFile, put_audio_file
from store.audio.sounds import keep_sound
from store.facts import own_sound

_MAJOR = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_MINOR = ("Cm", "C#m", "Dm", "Ebm", "Em", "Fm", "F#m", "Gm", "G#m", "Am", "Bbm", "Bm")


@dataclass(frozen=True, kw_only=True)
class TagChange:
    """A field of a file's tags: its ``old`` texts, the ``new`` one that would be written, and the reason."""

    field: str
    old: tuple[str, ...]
    new: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class TagChanges:
    """What would be changed in the tags of the file at ``path``, whose bytes have the digest ``sha256``."""

    path: str
    sha256: str
    changes: list[TagChange]


def tag_changes(services: Services, name: str, viewer: Viewer) -> TagChanges:
    """Return the proposed changes to the tags of the file with this id; fields that already agree are left out.

    Raises ServiceError 403 unless the viewer is the operator and the settings allow it, 404 for an unknown file, 409
    for a file whose tags cannot be read or written.
    """
    return _changes(services, _writable(services, name, viewer), viewer)


def write_tags(services: Services, name: str, sha256: str, texts: Mapping[str, str], viewer: Viewer) -> TagChanges:
    """Write ``texts``, the chosen new ones by field, as they were shown; return the remaining changes.

    Raises ServiceError as :func:`tag_changes` does, and 409 where the file is no longer that of ``sha256``, where
    another text would be proposed for one of the fields, or where the file could not be written.
    """
    file = _writable(services, name, viewer)
    now = _changes(services, file, viewer)
    if sha256 != now.sha256 or not texts.items() <= {(change.field, change.new) for change in now.changes}:
        raise ServiceError(409, "changed", "The proposed changes are no longer the same.", "Look at them again.")
    try:
        written = write_fields(file.root, file.path, sha256, texts)
    except TagsNotWritten as fault:
        raise ServiceError(409, fault.code, fault.message, fault.hint or "The file was not changed.") from fault
    # The sound has not changed: the next scan need not analyse the file again.
    file = replace(file, size=written.size, modified_ns=written.modified_ns, sha256=written.sha256)
    put_audio_file(services.database, file)
    keep_sound(services.database, file)
    return _changes(services, file, viewer)


def _writable(services: Services, name: str, viewer: Viewer) -> AudioFile:
    if not viewer.operator:
        raise ServiceError(403, "operator_only", "Only whoever runs this server may change its files.", "Name its key.")
    if not services.config.write_tags:
        raise ServiceError(
            403, "tags_not_allowed", "This server does not change files.", "TASTEMAP_WRITE_TAGS=1 allows it."
        )
    file = known_file(services, name)
    if file.track_id is None:
        raise not_found("No track is known for this file.", "Scan the folder again.")
    return file


def _changes(services: Services, file: AudioFile, viewer: Viewer) -> TagChanges:
    try:
        said, sha256 = read_fields(file.root, file.path)
    except TagsNotWritten as fault:
        raise ServiceError(409, fault.code, fault.message, fault.hint) from fault
    changes = [
        TagChange(field=field, old=said[field], new=new, reason=reason)
        for field, new, reason in _found(services, file, viewer)
        if not _agrees(field, said[field], new)
    ]
    return TagChanges(path=file.path, sha256=sha256, changes=changes)


def _found(services: Services, file: AudioFile, viewer: Viewer) -> Iterator[tuple[str, str, str]]:
    """Yield what is known of a file: the field, its text, and the reason."""
    assert file.track_id is not None
    answer = predict(services, {"track_id": file.track_id}, viewer).body
    assert isinstance(answer, GenreAnswer)
    values = own_sound(services.database, file.track_id)
    computed = "Computed from the sound of your file of this recording."
    found: dict[str, tuple[str, str]] = {}
    if answer.genre is not None:
        found["genre"] = (answer.genre, answer.reason)
    if values.get("tempo"):
        found["tempo"] = (str(round(values["tempo"])), computed)
    if values.get("key", -1) >= 0 and "mode" in values:
        found["key"] = ((_MAJOR if values["mode"] else _MINOR)[round(values["key"])], computed)
    moods = answer.sound_tags.moods if answer.sound_tags else []
    if mood := next((tag.name for tag in moods if tag.name in FEELINGS), None):
        found["mood"] = (mood, "Heard in your file of this recording (musicnn).")
    yield from ((field, *found[field]) for field in FIELDS if field in found)


def _agrees(field: str, old: tuple[str, ...], new: str) -> bool:
    same = map(_whole, old) if field == "tempo" else (text.casefold() for text in old)
    return [*same] == [new.casefold()]


def _whole(tempo: str) -> str:
    try:
        return str(round(float(tempo)))
    except (ValueError, OverflowError):
        return tempo
