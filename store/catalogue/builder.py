"""Builds segments of the catalogue and publishes them atomically; a kill at any moment loses nothing.

A build writes into a new folder and then replaces ``CURRENT.json``. Only one build of a segment runs at a time: it
holds a lock, which the system releases when the process dies. So unfinished folders are leftovers, and the next build
removes them.
"""

import secrets
import shutil
import time
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa

from store.catalogue.catalogue import COLLECTION, OWN, PUBLIC, SEGMENTS_DIR, owner_root
from store.catalogue.merging import merge_rows
from store.catalogue.publishing import build_lock, forget_own, hidden_mark, publish
from store.catalogue.tables import read_tables
from store.catalogue.writer import Step, rows_from_tracks, write_segment
from store.disk import UNFINISHED
from store.domain import Track
from store.locks import locked


def build_public(root: Path, progress: Step = lambda *_: None) -> int:
    """Build and publish the ``public`` segment from all imported tables; return its number of tracks.

    Rows of one track in several tables are merged: see :func:`store.catalogue.merging.merge_rows`. ``progress`` is
    called with (phase, rows done, rows in all).
    """
    with locked(build_lock(root, PUBLIC)):
        progress("read", 0, 0)
        rows = merge_rows(read_tables(root))
        return _publish(root, PUBLIC, rows, progress)


def build_collection(root: Path, tracks: Iterable[Track], progress: Step = lambda *_: None) -> int:
    """Build and publish the ``collection`` segment from the tracks that everybody sees; return their number."""
    with locked(build_lock(root, COLLECTION)):
        return _built(root, COLLECTION, tracks, progress)


def build_own(root: Path, owner: str, tracks: Iterable[Track], progress: Step = lambda *_: None) -> int:
    """Build and publish the segment of the tracks that only ``owner`` sees; return their number.

    The folder of an owner without tracks is deleted.
    """
    folder = owner_root(root, owner)
    with locked(build_lock(folder, OWN)):
        count = _built(folder, OWN, tracks, progress)
        if not count:
            forget_own(folder)
    return count


def _built(root: Path, name: str, tracks: Iterable[Track], progress: Step) -> int:
    hidden = hidden_mark(root)
    return _publish(root, name, merge_rows(rows_from_tracks(tracks)), progress, hidden)


def _publish(root: Path, name: str, rows: pa.Table, progress: Step, hidden: str = "") -> int:
    segments = root / SEGMENTS_DIR
    segments.mkdir(exist_ok=True)
    for leftover in segments.glob(f"{UNFINISHED}{name}-*"):
        shutil.rmtree(leftover)
    folder = None
    if len(rows):
        folder = f"{name}-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{secrets.token_hex(4)}"
        write_segment(segments / f"{UNFINISHED}{folder}", rows, progress)
        (segments / f"{UNFINISHED}{folder}").rename(segments / folder)
    before = publish(root, name, folder, hidden)
    # The previous folder stays until the next build: a worker that has just read its name must still find it.
    for old in segments.glob(f"{name}-*"):
        if old.name not in (folder, before):
            shutil.rmtree(old)
    return len(rows)
