"""What the user's own audio files sound like: vectors and tags by a version of the tagger, one document per file.

The vectors are stored in half precision: 3.4 kB for a file of more than ten seconds.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np

from store.audio.files import AudioFile
from store.database import Database
from store.feature_rows import Floats

SOUNDS = "sounds"


@dataclass(frozen=True, kw_only=True, eq=False)
class StoredSound:
    """The sound of file ``id``: ``parts`` (1 to 4, 400) and ``tags`` (100,), float32; see :mod:`ml.tagger.model`."""

    id: str
    parts: Floats
    tags: Floats


def put_sound(database: Database, file: AudioFile, version: str, parts: Floats, tags: Floats) -> None:
    """Store the vectors and tags of a file by this ``version`` of the tagger, replacing earlier ones."""
    packed = {"parts": np.asarray(parts, "<f2").tobytes(), "tags": np.asarray(tags, "<f2").tobytes()}
    _put(database, file, version, rows=len(parts), problem=None, **packed)


def put_silent(database: Database, file: AudioFile, version: str, problem: str) -> None:
    """Store why a file has no vectors, so that it is not tried again."""
    _put(database, file, version, rows=0, problem=problem, parts=b"", tags=b"")


def _put(database: Database, file: AudioFile, version: str, **result: Any) -> None:
    document = {"_id": file.id, "installation_id": database.installation_id, "sha256": file.sha256, "version": version}
    database.put_document(SOUNDS, document | result)


def keep_sound(database: Database, file: AudioFile) -> None:
    """Keep the stored sound of a file whose contents have changed but sound the same."""
    database.change_document(SOUNDS, file.id, {"sha256": file.sha256})


def without_sound(database: Database, files: Collection[AudioFile], version: str) -> list[AudioFile]:
    """Return those of ``files`` that have no result of this ``version``, or have changed since."""
    stored = database.fields_of(SOUNDS, ["sha256", "version"])
    known = {(row["_id"], row["sha256"]) for row in stored if row["version"] == version}
    return [file for file in files if (file.id, file.sha256) not in known]


def stored_sounds(database: Database, version: str) -> list[StoredSound]:
    """Return the sounds of this installation's files by this ``version``, in the order of their ids."""
    here = {"version": version, "installation_id": database.installation_id}
    found = sorted(database.documents_where(SOUNDS, here), key=lambda document: document["_id"])
    return [_sound_from(document) for document in found if document["rows"]]


def sound_of(database: Database, file_id: str, version: str) -> StoredSound | None:
    """Return the sound of a file by this ``version``, None if there is none."""
    document = database.get_document(SOUNDS, file_id)
    return _sound_from(document) if document and document["rows"] and document["version"] == version else None


def _sound_from(document: dict[str, Any]) -> StoredSound:
    parts, tags = (np.frombuffer(document[name], "<f2").astype(np.float32) for name in ("parts", "tags"))
    return StoredSound(id=document["_id"], parts=parts.reshape(document["rows"], -1), tags=tags)


def forget_sounds(database: Database, files: Collection[AudioFile]) -> None:
    """Delete the stored sounds of ``files``."""
    database.delete_documents(SOUNDS, [file.id for file in files])
