"""One's own music: its folders and their scans, who may hear which file, and the file and the cover of a track."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path

from etl.demo.sound import demo_audio
from etl.library.examine import can_analyse
from etl.library.forgetting import new_forgetting
from etl.library.places import music_folder, open_below
from etl.library.scan import new_scan
from etl.library.storing import COVERS, music_of_uploads
from services.container import Services
from services.errors import ServiceError, not_found
from services.runs import RunView, start_runs
from services.subject.resolve import by_id
from services.viewer import Viewer
from services.views import View
from store.audio.files import AudioFile, AudioFolder, audio_file, audio_folders, folder_at, put_audio_folder
from store.domain import Track
from store.errors import TastemapError


@dataclass(frozen=True, kw_only=True)
class FolderView(View):
    """A folder with music: whether it is ``watched``, and what its last scan found.

    ``files`` became tracks, ``analysed`` of them with audio features; ``problems`` say why the first of the
    ``skipped`` files were skipped.
    """

    path: str
    watched: bool
    scanned_at: datetime | None
    files: int
    analysed: int
    skipped: int
    problems: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class LibraryView:
    """The folders; ``fixed`` if the settings name the only one; ``analysing`` if files can be analysed."""

    folders: list[FolderView]
    fixed: bool
    analysing: bool


@dataclass(frozen=True, kw_only=True)
class OpenedAudio:
    """An opened file; the caller closes its ``descriptor``."""

    descriptor: int
    size: int
    modified_ns: int
    media_type: str
    etag: str


def library(services: Services) -> LibraryView:
    """Return the folders with music; a folder of the settings is listed even before its first scan."""
    known = {folder.path: folder for folder in audio_folders(services.database)}
    fixed = services.config.music
    if fixed is not None:
        known = {str(fixed): known.get(str(fixed), AudioFolder(path=str(fixed)))}
    return LibraryView(
        folders=[FolderView.of(folder) for folder in known.values()], fixed=fixed is not None, analysing=can_analyse()
    )


def start_scan(services: Services, folder: str, cores: str, viewer: Viewer) -> RunView:
    """Start the scan of a folder; raises ServiceError 422 where there is no such folder, TooManyRuns."""
    return start_runs(services, new_scan(str(_allowed(services, folder)), viewer.owner, cores=cores))[0]


def watch(services: Services, folder: str, *, watched: bool) -> LibraryView:
    """Set whether a folder is scanned again when its files change; raises ServiceError 404."""
    known = folder_at(services.database, folder)
    if known is None:
        raise not_found("This folder has not been scanned.", "Scan it first.")
    put_audio_folder(services.database, replace(known, watched=watched))
    return library(services)


def forget(services: Services, folder: str, viewer: Viewer) -> RunView:
    """Start forgetting a folder; raises ServiceError 404."""
    if folder_at(services.database, folder) is None:
        raise not_found("This folder has not been scanned.", "Scan it first.")
    return start_runs(services, new_forgetting(folder, viewer.owner))[0]


def _allowed(services: Services, folder: str) -> Path:
    """Return the path of a folder that may be scanned: any, or only that of the settings if they name one.

    Raises ServiceError 422.
    """
    try:
        path = music_folder(folder)
    except TastemapError as fault:
        raise ServiceError(422, fault.code, fault.message, fault.hint) from fault
    fixed = services.config.music
    if fixed is not None and path != fixed:
        raise ServiceError(422, "fixed_folder", f"The settings of this server name the folder: {fixed}.", "Scan that.")
    return path


def audible_for(services: Services, viewer: Viewer) -> Callable[[Track], str | None]:
    """Return a function that finds the audio file of a track: the operator may hear any, others only the demo's."""
    demo = demo_audio() if services.config.demo else None
    index = cache(services.audio.current)  # one request looks thousands of tracks up

    def find(track: Track) -> str | None:
        own = index().find(track) if viewer.operator else None
        return own or (demo.find(track) if demo else None)

    return find


def open_audio(services: Services, name: str, viewer: Viewer) -> OpenedAudio:
    """Open the file with this id.

    Raises ServiceError 403 for a file that this viewer may not hear, 404 where there is none (any more), 409 where the
    file has changed since the scan; NotInLibrary (404) where its path leads out of the library.
    """
    demo = demo_audio() if services.config.demo else None
    if demo is not None and (path := demo.path_of(name)) is not None:
        return _opened(open_below(str(demo.root), path), "audio/ogg", name)
    if not viewer.operator:
        raise ServiceError(403, "operator_only", "Only whoever runs this server may hear its files.", "Name its key.")
    file = known_file(services, name)
    opened = _opened(open_below(file.root, file.path), file.media_type, file.sha256)
    if (opened.size, opened.modified_ns) != (file.size, file.modified_ns):
        os.close(opened.descriptor)
        raise ServiceError(409, "changed", "This file has changed since it was scanned.", "Scan the folder again.")
    return opened


def known_file(services: Services, name: str) -> AudioFile:
    """Return the scanned file with this id; raises ServiceError 404."""
    file = audio_file(services.database, name)
    if file is None or file.problem or not _may_be_served(services, file):
        raise not_found("There is no such file here.", "Scan the folder again.")
    return file


def _opened(descriptor: int, media_type: str, etag: str) -> OpenedAudio:
    known = os.fstat(descriptor)
    return OpenedAudio(
        descriptor=descriptor, size=known.st_size, modified_ns=known.st_mtime_ns, media_type=media_type, etag=etag
    )


def _may_be_served(services: Services, file: AudioFile) -> bool:
    fixed = services.config.music
    ours = {str(fixed)} if fixed else {folder.path for folder in audio_folders(services.database)}
    return file.root in ours | {str(music_of_uploads(services.config.var))}


def own_cover(services: Services, track_id: str, viewer: Viewer) -> Path | None:
    """Return the path of the cover that a track's file holds, None where there is none; raises ServiceError 404."""
    index = services.audio.current()
    if not len(index):
        return None
    name = index.find(by_id(services, services.catalogue.current(viewer.owner), track_id, viewer).track)
    file = audio_file(services.database, name) if name else None
    path = services.config.var / "audio" / COVERS / file.cover if file and file.cover else None
    return path if path and path.is_file() else None
