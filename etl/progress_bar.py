"""Shows progress on the command line: a bar on a terminal, otherwise a line per phase."""

import sys
from typing import Self

from tqdm import tqdm

from store.runs import Progress

CATALOGUE = "catalogue"  # the bar of a build, which counts rows
FILES = "files"  # the bar of several imports at a time, which counts them
PAGES = "pages"  # the bar of asking ahead
_UNITS = {CATALOGUE: "rows", FILES: "files", PAGES: "pages"}


class ProgressBar:
    """Shows the progress of one file; call it with each :class:`~store.runs.Progress`."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._bar: tqdm | None = None
        self._phase = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_fault: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def __call__(self, progress: Progress) -> None:
        if not sys.stderr.isatty():
            if progress.phase != self._phase:
                print(f"{self._name}: {progress.phase}", file=sys.stderr, flush=True)
                self._phase = progress.phase
            return
        if self._bar is None or progress.phase != self._phase:
            self._next_phase(progress)
        assert self._bar is not None
        self._bar.total = progress.total
        self._bar.n = progress.done
        counts = {"stored": progress.stored, "known": progress.known, "skipped": progress.skipped}
        self._bar.set_postfix({name: count for name, count in counts.items() if count}, refresh=False)
        self._bar.refresh()

    def _next_phase(self, progress: Progress) -> None:
        if self._bar is not None:
            self._bar.close()
        self._phase = progress.phase
        self._bar = tqdm(
            total=progress.total,
            desc=f"{self._name[:40]} ({progress.phase})",
            unit=_UNITS.get(self._name, "B"),
            unit_scale=True,
            leave=False,
            file=sys.stderr,
        )
