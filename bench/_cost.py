"""What the benchmarks share: the folder of the data, the cost of a run and of a call, and the exit code."""

import os
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from config import ROOT

DATA = Path(os.environ.get("TASTEMAP_DATA") or ROOT.parent / "shared" / "data")
T = TypeVar("T")
# Linux counts memory in kibibytes, macOS in bytes.
MEMORY_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True, slots=True)
class Cost:
    """Wall-clock seconds, seconds of processor time with child processes, and peak resident memory in MB."""

    wall: float
    cpu: float
    peak: float

    def __str__(self) -> str:
        return f"{self.wall:.0f} s ({self.cpu:.0f} s of CPU), peak {self.peak:.0f} MB"


class Meter:
    """Measures the time since it was created, and the peak memory since the process started."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), _cpu()

    def read(self) -> Cost:
        return Cost(time.perf_counter() - self._wall, _cpu() - self._cpu, peak())


def _cpu() -> float:
    taken = os.times()
    return taken.user + taken.system + taken.children_user + taken.children_system


def peak() -> float:
    """Return the peak resident memory of this process in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * MEMORY_UNIT / 1e6


def call_times(call: Callable[[T], object], over: Iterable[T]) -> str:
    """Call ``call`` with each argument in ``over``; return a text with the median and 99th percentile of the times."""
    taken = []
    for argument in over:
        start = time.perf_counter()
        call(argument)
        taken.append(1e3 * (time.perf_counter() - start))
    taken.sort()
    p99 = taken[int(len(taken) * 0.99)]
    return f"p50 {statistics.median(taken):.2f} ms, p99 {p99:.2f} ms ({len(taken)} calls)"


def finish(meter: Meter, seeds: str, targets: Iterable[tuple[str, bool]] = ()) -> int:
    """Print seeds, cost and whether each target is met; return the exit code: 1 if a target is missed, else 0."""
    print(f"\nseeds: {seeds}; {meter.read()}")
    missed = 0
    for target, met in targets:
        print(f"{'met' if met else 'missed'}: {target}")
        missed |= not met
    return int(missed)
