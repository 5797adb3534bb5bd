"""Covers: this server fetches them from the sources that are on, and keeps them on disk for a while.

The browser requests covers only from this server, so that no source learns who looks at what. The kept pictures take
at most MOST_BYTES; the oldest are deleted first. The folder is listed once for many pictures, not for each.
"""

import hashlib
import os
import re
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

from etl.identity import identity_of
from etl.lookup.lookup import WITHIN_S, look_up
from etl.lookup.slots import Slots
from etl.providers.base import Cover, LookupQuery, Need, NotThere, SourceFault
from services.container import Services
from services.subject.resolve import by_id
from services.viewer import Viewer
from store.disk import DiskFull, require_room

MOST_BYTES = 200_000_000
MOST_BYTES_EACH = 500_000
# The pictures fetched at a time, at most four of one network: each fetch holds a thread of the web process.
_slots = Slots(6)
_counting = threading.Lock()
_kept_since_look = MOST_BYTES  # the first picture of a process is followed by a look
_DAY_S = 86_400
# The hosts of each source's pictures; besides them, the host of its API may serve some.
_HOSTS = {"deezer": ".dzcdn.net", "itunes": ".mzstatic.com"}
_PLAIN = re.compile(r"https://(?P<host>[a-z0-9.-]+)/", re.ASCII | re.IGNORECASE)
# A file in RIFF names its form behind its length, which may be any.
_KINDS = {
    "image/jpeg": re.compile(rb"\xff\xd8\xff"),
    "image/png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "image/webp": re.compile(rb"RIFF.{4}WEBPVP8[ LX]", re.DOTALL),
}
# A process lists the folder after it has kept this share of MOST_BYTES, and deletes what goes beyond the other share:
# between two of its looks, five processes together keep no more than MOST_BYTES.
_LOOK_SHARE, _KEPT_SHARE = 0.02, 0.9


class TooManyCovers(Exception):  # noqa: N818 - a limit, not a fault
    """Whether there is a cover is not known, because too many are being fetched."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture and its media type."""

    content: bytes
    kind: str


def find_cover(services: Services, track_id: str, viewer: Viewer) -> Picture | None:
    """Return the cover of a track from disk, or else from the first source that is on and has one.

    Return None if no source is on, or if none answers in time.

    Raises ServiceError 404 if there is no such track; TooManyCovers if too many pictures are being fetched.
    """
    sources = services.engine.on(Need.COVER)
    name = hashlib.sha256(track_id.encode()).hexdigest()[:32]
    for source in sources:
        if kept := _kept(services, source, name):
            return kept
    if not sources:
        return None
    track = by_id(services, services.catalogue.current(viewer.owner), track_id, viewer).track
    query = LookupQuery(identity=identity_of(track))
    found = look_up(services.engine, query, {Need.COVER})
    for source, answer in found.covers.items():
        with _slots.slot() as granted:
            if not granted:
                raise TooManyCovers
            picture = _fetched(services, source, cast(Cover, answer.value).url)
        if picture:
            with suppress(OSError, DiskFull):  # a picture that cannot be stored is still shown
                _keep(services, source, name, picture)
            return picture
    if found.refused:
        raise TooManyCovers
    return None


def forget_covers(services: Services, source: str) -> None:
    """Delete the pictures that are kept of a source."""
    for path in _folder(services, source).glob("*"):
        path.unlink(missing_ok=True)


def picture_in(content: bytes) -> Picture | None:
    """Return ``content`` with its media type, None if it is not a JPEG, PNG or WebP, or is too large."""
    kind = next((kind for kind, beginning in _KINDS.items() if beginning.match(content)), None)
    return Picture(content, kind) if kind and len(content) <= MOST_BYTES_EACH else None


def is_on_host(url: str, ending: str) -> bool:
    """Return whether ``url`` leads by https to a host whose name ends in ``ending``.

    Only plain addresses count: of ``https://other.example\\@host.example/``, one parser reads the host before the
    backslash and another the one behind it.
    """
    plain = _PLAIN.match(url)
    return plain is not None and f".{plain['host'].lower()}".endswith(ending)


def _folder(services: Services, source: str) -> Path:
    return services.config.var / "covers" / source


def _kept(services: Services, source: str, name: str) -> Picture | None:
    path = _folder(services, source) / name
    days = services.engine.providers()[source].about.found_days
    try:
        if time.time() - path.stat().st_mtime < days * _DAY_S:
            return picture_in(path.read_bytes())
    except OSError:
        pass
    return None


def _fetched(services: Services, source: str, url: str) -> Picture | None:
    """Return the picture at ``url``; None unless it is on the source's own hosts and `picture_in` accepts it."""
    try:
        channel = services.engine.channel(source, within_s=WITHIN_S)
        if not is_on_host(url, _HOSTS[source]) and urlsplit(url).netloc != urlsplit(channel.base_url).netloc:
            return None
        response = channel.session.get(url)
    except (SourceFault, NotThere):
        return None
    return picture_in(response.content) if response.ok else None


def _keep(services: Services, source: str, name: str, picture: Picture) -> None:
    require_room(services.config.var)
    path = _folder(services, source) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}.{threading.get_ident()}")
    partial.write_bytes(picture.content)
    partial.replace(path)
    if _is_time_to_look(len(picture.content)):
        _delete_oldest(services.config.var / "covers")


def _is_time_to_look(size: int) -> bool:
    """Count ``size`` bytes that this process has kept; return whether they are enough for another look."""
    global _kept_since_look
    with _counting:
        _kept_since_look += size
        due = _kept_since_look >= MOST_BYTES * _LOOK_SHARE
        if due:
            _kept_since_look = 0
    return due


def _delete_oldest(folder: Path) -> None:
    kept = [(stat, path) for path in folder.glob("*/*") if (stat := _stat(path))]
    total = sum(stat.st_size for stat, _ in kept)
    for stat, path in sorted(kept, key=lambda entry: entry[0].st_mtime):
        if total <= MOST_BYTES * _KEPT_SHARE:
            break
        path.unlink(missing_ok=True)
        total -= stat.st_size


def _stat(path: Path) -> os.stat_result | None:
    """Return the status of a file, None where another process has deleted it."""
    with suppress(FileNotFoundError):
        return path.stat()
    return None
