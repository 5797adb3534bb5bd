"""Scans music folders, in as many processes as the run asks for, or on a Dask cluster.

Files are always decoded in a separate process: a file that crashes it can then be named and skipped, and the memory is
freed.
"""

from etl.library.scan import scan
from etl.task import Task
from jobs import calibrating
from jobs.scale.cluster import Cluster
from jobs.scale.options import available_cores
from jobs.scale.processes import Processes
from jobs.scale.workers import Workers
from jobs.sound_alikes import after_scan


def run(task: Task) -> None:
    """Scan the folder of the run; see :func:`etl.library.scan.scan`."""
    request = task.run.request or {}
    with _workers(request.get("cores", 1), request.get("cluster")) as workers:
        scan(task, workers.map)
    calibrating.run(task)
    after_scan(task)


def _workers(cores: int | str, cluster: str | None) -> Workers:
    if cluster:
        return Cluster(cluster)
    return Processes(available_cores() if cores == "all" else int(cores))
