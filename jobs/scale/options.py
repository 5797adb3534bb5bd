"""The options ``--cores`` and ``--cluster`` of the command line, and the workers that they select."""

import argparse
import os

from jobs.scale.cluster import Cluster
from jobs.scale.processes import Processes
from jobs.scale.workers import OneCore, Workers


def add_scale_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--cores`` and ``--cluster``."""
    either = parser.add_mutually_exclusive_group()
    either.add_argument("--cores", type=_cores, default=1, metavar="1|all|N", help="processes to work in (1)")
    either.add_argument("--cluster", metavar="tcp://HOST:8786", help="the scheduler of a Dask cluster to work on")


def workers_from(options: argparse.Namespace) -> Workers:
    """Return the workers that the options of :func:`add_scale_options` ask for.

    Raises ScaleError if no cluster answers at the address, or Dask is not installed.
    """
    if options.cluster:
        return Cluster(options.cluster)
    if options.cores == 1:
        return OneCore()
    return Processes(options.cores)


def processes(cores: int | str) -> Processes:
    """Return ``cores`` processes on this machine, a number or "all"."""
    return Processes(available_cores() if cores == "all" else int(cores))


def _cores(text: str) -> int:
    if text == "all":
        return available_cores()
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f'{text!r} is neither a number of processes nor "all"')
    return int(text)


def available_cores() -> int:
    """Return how many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS
        return os.cpu_count() or 1
