"""Scans a folder with music: new and changed files are examined and stored.

Each file is stored as soon as it is examined: first its track, then its sound, then its document. So a scan that was
killed continues with the files that are not stored yet. Storing is idempotent.
"""

import hashlib
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from etl.audio.analyser import VERSION
from etl.library.examine import GONE, Examined, Job, can_analyse, examine
from etl.library.places import FoundFile, NotInLibrary, fingerprint, music_folder, open_below, walk
from etl.library.storing import FileStore
from etl.task import Task
from store.audio.files import (
    CRASHED,
    AudioFile,
    AudioFolder,
    AudioIndexFile,
    audio_files,
    folder_at,
    put_audio_file,
    put_audio_folder,
)
from store.errors import TastemapError
from store.runs import MOST_EXAMPLES, ImportProblem, Progress, Run, Skipped, now

Map = Callable[[Callable[[Job], Examined], Iterable[Job]], Iterator[Examined]]
_MAX_PROBLEMS = 200  # problems stored with the folder
_INDEX_SECONDS = 60.0
_NOT_ANALYSED = "The packages for analysing sound are not installed: these files have tags and covers, and no features."


def new_scan(folder: str, owner: str | None = None, *, cores: int | str = 1, cluster: str | None = None) -> Run:
    """Return the run that scans ``folder``, an absolute path, in ``cores`` processes ("all") or on a cluster."""
    request = {"folder": folder, "cores": cores, "cluster": cluster}
    name = f"Music in {Path(folder).name or folder}"
    return Run(kind="scan", name=name, owner=owner, request=request, unit="files", cursor={}, by_operator=True)


def scan(task: Task, map_: Map) -> None:
    """Scan the folder of the run; ``map_`` applies the examination to files, perhaps in several processes.

    Raises
    ------
    ImportProblem
        There is no such folder.
    Cancelled
        Somebody has ended the run; stored files are kept.
    """
    database = task.database
    try:
        root = music_folder((task.run.request or {})["folder"])
    except TastemapError as fault:
        raise ImportProblem(fault.code, fault.message, fault.hint) from fault
    if folder_at(database, str(root)) is None:
        put_audio_folder(database, AudioFolder(path=str(root)))
    before = fingerprint(root)  # taken before the scan, so that changes during the scan are noticed later
    done = _Scan(task, root).run(map_)
    folder = folder_at(database, str(root)) or AudioFolder(path=str(root))
    put_audio_folder(database, replace(done, watched=folder.watched, fingerprint=before))


class _Scan:
    """One scan: the known files, the counts and the reports."""

    def __init__(self, task: Task, root: Path) -> None:
        self._task, self._root = task, root
        self._database = task.database
        self._analysing = can_analyse()
        self._by_size = {file.size: file for file in audio_files(task.database) if file.analyser == VERSION}
        self._known = {file.path: file for file in audio_files(task.database, str(root))}
        self._file_store = FileStore(task.database, task.var, task.run.id)
        self._stored = self._unchanged = self._total = 0
        self._skipped: Counter[str] = Counter()
        self._problems: list[str] = []
        self._next_index = time.monotonic() + _INDEX_SECONDS

    def run(self, map_: Map) -> AudioFolder:
        """Do the scan; return the folder with the results."""
        found = list(self._found())
        self._total = len(found) + self._skipped.total()
        pending = [file.path for file in found if not self._is_known(file)]
        self._report("looking for new files")
        try:
            self._examine(pending, map_)
        finally:
            AudioIndexFile(self._task.var).build(self._database)
        self._forget_gone({file.path for file in found})
        AudioIndexFile(self._task.var).build(self._database)
        self._end()
        files = [file for file in audio_files(self._database, str(self._root)) if not file.gone]
        return AudioFolder(
            path=str(self._root),
            scanned_at=now(),
            files=sum(not file.problem for file in files),
            analysed=sum(file.analyser is not None and not file.problem for file in files),
            skipped=self._skipped.total(),
            problems=tuple(self._problems),
        )

    def _examine(self, pending: list[str], map_: Map) -> None:
        left = set(pending)
        try:
            for examined in map_(examine, [Job(str(self._root), path, self._analysing) for path in pending]):
                left.discard(examined.path)
                self._take(examined)
                self._build_index_now_and_then()
                self._report("analysing" if self._analysing else "reading tags")
        except TastemapError as fault:
            if fault.code != "deadly_items":
                raise
            for path in sorted(left):  # each of them has ended every process that read it; all others are done
                self._take(Examined(path=path, problem=f"{path}: {CRASHED}", reason=CRASHED))

    def _build_index_now_and_then(self) -> None:
        """Rebuild the index regularly, so that stored files can be played during a long scan."""
        if time.monotonic() >= self._next_index:
            AudioIndexFile(self._task.var).build(self._database)
            self._next_index = time.monotonic() + _INDEX_SECONDS

    def _found(self) -> Iterator[FoundFile]:
        for file in walk(self._root):
            if file.reason:
                self._skip(f"{file.path}: {file.reason}", file.reason)
            else:
                yield file

    def _is_known(self, found: FoundFile) -> bool:
        """Return whether a file needs no examination, and count it."""
        known = self._known.get(found.path)
        if known is None or (known.size, known.modified_ns) != (found.size, found.modified_ns):
            known = self._same_contents(found)
        if known is None:
            return False
        if self._analysing and known.analyser != VERSION:
            return False
        if known.gone:
            put_audio_file(self._database, replace(known, gone=False))
        if known.problem:
            self._skip(known.problem, known.problem.partition(": ")[2])
        elif known.brought_by == self._task.run.id:
            self._stored += 1  # stored by this run before it was interrupted
        else:
            self._unchanged += 1
        return True

    def _same_contents(self, found: FoundFile) -> AudioFile | None:
        """Return the document of a file that was moved, renamed or copied, with its new path."""
        other = self._by_size.get(found.size)
        if other is None or not other.sha256 or other.problem:
            return None
        try:
            with os.fdopen(open_below(str(self._root), found.path), "rb") as file:
                same = hashlib.file_digest(file, "sha256").hexdigest() == other.sha256
        except (NotInLibrary, OSError):
            return None  # its examination will report the fault
        if not same:
            return None
        moved = replace(other, root=str(self._root), path=found.path, modified_ns=found.modified_ns, gone=False)
        put_audio_file(self._database, moved)
        return moved

    def _take(self, examined: Examined) -> None:
        file = AudioFile(
            root=str(self._root),
            path=examined.path,
            size=examined.size,
            modified_ns=examined.modified_ns,
            sha256=examined.sha256,
            media_type=examined.media_type,
            analyser=VERSION if self._analysing else None,
            problem=examined.problem or None,
            brought_by=self._task.run.id,
        )
        if not examined.problem:
            put_audio_file(self._database, self._file_store.store(file, examined))
            self._stored += 1
        elif examined.reason != GONE:
            put_audio_file(self._database, file)
            self._skip(examined.problem, examined.reason)

    def _forget_gone(self, found: set[str]) -> None:
        """Mark missing files as gone; their documents stay, because an unmounted disk may come back."""
        for path, file in self._known.items():
            if path not in found and not file.gone:
                put_audio_file(self._database, replace(file, gone=True))

    def _skip(self, problem: str, reason: str) -> None:
        self._skipped[reason] += 1
        if len(self._problems) < _MAX_PROBLEMS:
            self._problems.append(problem)

    def _report(self, phase: str) -> None:
        done = self._stored + self._unchanged + self._skipped.total()
        self._task.report(
            Progress(
                phase=phase,
                done=done,
                total=self._total,
                requested=self._total,
                stored=self._stored,
                known=self._unchanged,
                skipped=self._skipped.total(),
            )
        )

    def _end(self) -> None:
        summary: dict[str, Any] = {
            "requested": self._stored + self._unchanged + self._skipped.total(),
            "stored": self._stored,
            "known": self._unchanged,
            "skipped": dict(self._skipped),
            "skipped_examples": tuple(
                Skipped(line=at, reason=problem) for at, problem in enumerate(self._problems[:MOST_EXAMPLES], start=1)
            ),
            "notes": () if self._analysing else (_NOT_ANALYSED,),
        }
        self._task.report.record(**summary)
