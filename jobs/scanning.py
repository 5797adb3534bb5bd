"""Scans music folders, in as many processes as the run asks for, or on a Dask cluster.

Files are always decoded in a separate process: a file that crashes it can then be named and skipped, and the memory is
freed.
"""

from etl.library.scan import scan
from etl.task import Task
from jobs import calibrating
from jobs.scale.cluster import Cluster
from jobs.scale.options import processes
from jobs.scale.workers import Workers
from jobs.sound_alikes import after_scan


def run(task: Task) -> None:
    """Scan the folder of the run; see :func:`etl.library.scan.scan`."""
    request = task.run.request or {}
    cluster = request.get("cluster")
    workers: Workers = Cluster(cluster) if cluster else processes(request.get("cores", 1))
    with workers:
        scan(task, workers.map)
    calibrating.run(task)
    after_scan(task)
