"""Examines one file: checks that it is audio, reads its tags and analyses it. It runs in a separate process."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from io import BufferedReader
from pathlib import Path
from typing import Any

from etl.audio.analyser import VERSION, analyse
from etl.audio.decoding import UnreadableSound, missing_packages
from etl.library.places import NotInLibrary, open_below
from etl.library.tags import Tags, media_type, read_tags
from store.domain import AudioFeatures
from store.facts import OWN_AUDIO

EMPTY, NO_SOUND, GONE = "it is empty", "it holds no sound, in spite of its name", "it went away during the scan"
_MISSING_PACKAGES = "missing_packages"


@dataclass(frozen=True, slots=True)
class Job:
    """A file to examine: ``path`` below ``root``; ``analysing`` says whether to analyse its sound."""

    root: str
    path: str
    analysing: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Examined:
    """The result for a file: a ``problem`` (in words, with a ``reason`` to count by), or its tags and its sound."""

    path: str
    size: int = 0
    modified_ns: int = 0
    sha256: str = ""
    media_type: str = ""
    tags: Tags | None = None
    features: AudioFeatures | None = None
    confidence: Mapping[str, float] = field(default_factory=dict)
    descriptors: Mapping[str, float] = field(default_factory=dict)
    segments: list[dict[str, Any]] = field(default_factory=list)
    problem: str = ""
    reason: str = ""


def can_analyse() -> bool:
    """Return whether the packages that the analyser needs are installed."""
    return not missing_packages()


def analyser_source(version: str = VERSION) -> str:
    """Return the source of the audio features that the analyser finds."""
    return f"{OWN_AUDIO}, analyser {version}"


def examine(job: Job) -> Examined:
    """Examine a file; faults of the file are returned, not raised."""
    try:
        descriptor = open_below(job.root, job.path)
    except NotInLibrary:
        return Examined(path=job.path, problem=f"{job.path}: {GONE}", reason=GONE)
    with os.fdopen(descriptor, "rb") as file:
        known = os.fstat(descriptor)
        found = Examined(path=job.path, size=known.st_size, modified_ns=known.st_mtime_ns)
        try:
            return _examined(job, file, found)
        except OSError as fault:
            reason = f"it cannot be read: {fault.strerror}"
            return replace(found, problem=f"{job.path}: {reason}", reason=reason)


def _examined(job: Job, file: BufferedReader, found: Examined) -> Examined:
    kind = media_type(file)
    if not found.size or not kind:
        reason = NO_SOUND if found.size else EMPTY
        return replace(found, problem=f"{job.path}: {reason}", reason=reason)
    found = replace(found, media_type=kind, sha256=hashlib.file_digest(file, "sha256").hexdigest())
    if not job.analysing:
        return replace(found, tags=_tags(file, job.path, None))
    try:
        sound = analyse(Path(job.root, job.path))
    except UnreadableSound as fault:
        if fault.code == _MISSING_PACKAGES:
            return replace(found, tags=_tags(file, job.path, None))
        return replace(found, problem=f"{job.path}: {fault.message}", reason=fault.code.replace("_", " "))
    seconds = sound.features.values.get("duration_ms", 0) / 1000
    return replace(
        found,
        tags=_tags(file, job.path, seconds or None),
        features=replace(sound.features, source=analyser_source(sound.version)),
        confidence=dict(sound.confidence),
        descriptors=dict(sound.descriptors),
        segments=(sound.analysis or {}).get("segments", []),
    )


def _tags(file: BufferedReader, path: str, seconds: float | None) -> Tags:
    file.seek(0)
    return read_tags(file, path, seconds)
