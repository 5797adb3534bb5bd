"""The user's own audio files: what a scan found out about each, and the index from tracks to files.

The documents are in the database. After a scan the index is built from them; it is stored in ``var/audio``, beside the
covers, and every process reloads it when it has changed.
"""

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from store.catalogue.segment import id_hash
from store.database import Database
from store.disk import replacing
from store.documents import id_key, recording_keys
from store.domain import Track

AUDIO_FILES, AUDIO_FOLDERS = "audio_files", "audio_folders"
_INDEX = "index.npz"
CRASHED = "it ended the program that read it"  # a problem of a file
# If two recordings of the same name differ in length by more than this, they are different recordings.
_SAME_LENGTH_MS = 15_000


@dataclass(frozen=True, kw_only=True, slots=True)
class AudioFile:
    """A file of a scanned folder.

    Parameters
    ----------
    root, path
        The absolute path of the folder, without symbolic links, and the file's path below it, with ``/``.
    size, modified_ns, sha256
        The file's state at the scan. If the file is replaced later, it is not played.
    media_type
        The type of its contents, such as ``audio/mpeg``; "" for a file without sound.
    track_id
        The track made from the file, one of the installation's.
    keys
        Keys that all names of the same recording share: see :func:`keys_of`.
    cover
        The name of its embedded cover below ``var/audio/covers``.
    analyser
        The version of the analyser; None if the file was not analysed.
    confidence, descriptors
        Results of the analysis by name; :mod:`ml.perception` learns from them.
    problem
        Why it was skipped.
    gone
        Whether the last scan of its folder did not find it.
    brought_by
        The run that scanned it.
    """

    root: str
    path: str
    size: int
    modified_ns: int
    sha256: str = ""
    media_type: str = ""
    track_id: str | None = None
    keys: tuple[str, ...] = ()
    duration_ms: int | None = None
    cover: str | None = None
    analyser: str | None = None
    confidence: Mapping[str, float] = field(default_factory=dict)
    descriptors: Mapping[str, float] = field(default_factory=dict)
    problem: str | None = None
    gone: bool = False
    brought_by: str = ""

    @property
    def id(self) -> str:
        return audio_id(self.root, self.path)


def audio_id(root: str, path: str) -> str:
    """Return the id of the file at ``path`` below ``root``: 24 hexadecimal digits."""
    return hashlib.sha256(os.fsencode(f"{root}\x1f{path}")).hexdigest()[:24]


def put_audio_file(database: Database, file: AudioFile) -> None:
    """Store a file, replacing its earlier document."""
    plain = {column.name: getattr(file, column.name) for column in fields(AudioFile)}
    document = plain | {"keys": list(file.keys), "installation_id": database.installation_id}
    document |= {name: list(plain[name].items()) for name in ("confidence", "descriptors")}
    database.put_document(AUDIO_FILES, {"_id": file.id, **document})


def audio_file(database: Database, name: str) -> AudioFile | None:
    """Return the file with this id."""
    document = database.get_document(AUDIO_FILES, name)
    return _file_from(document) if document else None


def audio_files(database: Database, root: str | None = None) -> list[AudioFile]:
    """Return the files of this installation, or those below one folder, in the order of their paths."""
    here = {"installation_id": database.installation_id}
    found = database.documents_where(AUDIO_FILES, here if root is None else here | {"root": root})
    return sorted(map(_file_from, found), key=lambda file: (file.root, file.path))


def forget_audio_files(database: Database, files: Iterable[AudioFile]) -> None:
    """Delete the documents of ``files``; their tracks stay."""
    database.delete_documents(AUDIO_FILES, [file.id for file in files])


def _file_from(document: Mapping[str, Any]) -> AudioFile:
    known = {column.name: document[column.name] for column in fields(AudioFile) if column.name in document}
    maps = {name: dict(known.get(name, ())) for name in ("confidence", "descriptors")}
    return AudioFile(**known | maps | {"keys": tuple(known.get("keys", ()))})


def keys_of(track: Track) -> list[str]:
    """Return the keys by which a track finds its file, the surest first.

    A shared track id or MusicBrainz id is certain; files found by the other keys must also match in length.
    """
    mbid = track.ids.get("mbid")
    return [f"track:{track.id}", *([id_key("mbid", mbid)] if mbid else []), *recording_keys(track)]


class AudioIndex:
    """Finds the file of a track: sorted hashes of keys, each with the number of its file."""

    def __init__(self, keys: npt.NDArray[np.uint64], at: npt.NDArray[np.int32], ids: Any, durations: Any) -> None:
        self._keys, self._at, self._ids, self._durations = keys, at, ids, durations

    @classmethod
    def of(cls, files: Iterable[AudioFile]) -> Self:
        """Return the index of the playable ``files``; if several share a key, the first of them has it."""
        playable = [file for file in files if file.track_id and not file.problem and not file.gone]
        pairs = {id_hash(key): at for at, file in reversed(list(enumerate(playable))) for key in file.keys}
        keys = np.array(sorted(pairs), np.uint64)
        return cls(
            keys,
            np.array([pairs[key] for key in keys.tolist()], np.int32),
            np.array([file.id for file in playable], "S24"),
            np.array([file.duration_ms or 0 for file in playable], np.int64),
        )

    @classmethod
    def load(cls, path: Path) -> Self:
        with np.load(path, allow_pickle=False) as stored:
            return cls(*(stored[name] for name in ("keys", "at", "ids", "durations")))

    def save(self, path: Path) -> None:
        """Write the index atomically."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as file:
            np.savez(file, keys=self._keys, at=self._at, ids=self._ids, durations=self._durations)

    def __len__(self) -> int:
        return len(self._ids)

    def find(self, track: Track) -> str | None:
        """Return the id of a track's file, found by the track's id, MusicBrainz id, ISRC or names; None without one."""
        for key in keys_of(track) if len(self) else ():
            wanted = np.uint64(id_hash(key))  # for an int, searchsorted would copy all keys into floats
            position = int(np.searchsorted(self._keys, wanted))
            if position < len(self._keys) and self._keys[position] == wanted:
                at = int(self._at[position])
                certain = key.startswith(("track:", "mbid:"))
                if certain or _as_long(track.duration_ms, int(self._durations[at])):
                    return bytes(self._ids[at]).decode()
        return None


def _as_long(a: int | None, b: int) -> bool:
    return not a or not b or abs(a - b) <= _SAME_LENGTH_MS


class AudioIndexFile:
    """The index in ``var``, reloaded when it has changed; safe to use from several threads."""

    def __init__(self, var: Path) -> None:
        self._path = var / "audio" / _INDEX
        self._read: tuple[int, AudioIndex] = (0, AudioIndex.of(()))

    def stamp(self) -> int:
        """Return a number that changes with the index, 0 if there is none."""
        try:
            return self._path.stat().st_mtime_ns
        except FileNotFoundError:
            return 0

    def current(self) -> AudioIndex:
        stamp = self.stamp()
        if stamp != self._read[0]:
            self._read = (stamp, AudioIndex.load(self._path) if stamp else AudioIndex.of(()))
        return self._read[1]

    def build(self, database: Database) -> None:
        """Build the index from the files in the database."""
        AudioIndex.of(audio_files(database)).save(self._path)


@dataclass(frozen=True, kw_only=True, slots=True)
class AudioFolder:
    """A folder that the operator has chosen.

    A ``watched`` folder is scanned again when its files change. The other fields describe its last scan: the folder's
    ``fingerprint``, how many ``files`` became tracks, how many of them were ``analysed``, how many were ``skipped``,
    and why the first of these were (``problems``).
    """

    path: str
    watched: bool = False
    fingerprint: str = ""
    scanned_at: datetime | None = None
    files: int = 0
    analysed: int = 0
    skipped: int = 0
    problems: tuple[str, ...] = ()


def audio_folders(database: Database) -> list[AudioFolder]:
    """Return the folders of this installation."""
    found = database.documents_where(AUDIO_FOLDERS, {"installation_id": database.installation_id})
    names = [column.name for column in fields(AudioFolder)]
    known = [{name: row[name] for name in names if name in row} for row in found]
    folders = [AudioFolder(**row | {"problems": tuple(row["problems"])}) for row in known]
    return sorted(folders, key=lambda folder: folder.path)


def folder_at(database: Database, path: str) -> AudioFolder | None:
    """Return the folder with this path."""
    return next((folder for folder in audio_folders(database) if folder.path == path), None)


def put_audio_folder(database: Database, folder: AudioFolder) -> None:
    """Store a folder."""
    name = audio_id(database.installation_id, folder.path)
    known = asdict(folder) | {"installation_id": database.installation_id, "problems": list(folder.problems)}
    database.put_document(AUDIO_FOLDERS, {"_id": name, **known})


def forget_audio_folder(database: Database, path: str) -> None:
    """Delete a folder's document; :func:`forget_audio_files` deletes those of its files."""
    database.delete_documents(AUDIO_FOLDERS, [audio_id(database.installation_id, path)])
