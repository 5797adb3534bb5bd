"""Files in: an upload becomes a run in a process of its own, and its progress is streamed."""

import json
import time
from collections.abc import Iterator
from dataclasses import asdict
from threading import BoundedSemaphore
from typing import IO, Literal

from apiflask.schemas import FileSchema
from flask import Response, request, stream_with_context

from api import session
from api.application import Blueprint
from api.current import services
from api.schemas import RunAnswer
from etl.demo import DEMO
from jobs.queue import WorkQueue, create_upload_run, spawn_worker
from services.errors import bad_request, not_found
from services.runs import RunView, find_run
from store.runs import ENDED

blueprint = Blueprint("uploads", __name__, tag="Files")

POLL_SECONDS = 0.4
# The browser reconnects by itself; a stream without an end would hold its thread after the page has gone.
STREAM_SECONDS = 120.0
_STREAMS = 8  # at a time in one process, half of its threads
_streams = BoundedSemaphore(_STREAMS)


@blueprint.post("/api/uploads")
@blueprint.doc(responses={202: "The run that imports the file", 413: "Too large", 415: "Not a file we can read"})
def upload() -> tuple[RunAnswer, Literal[202]]:
    """Take a playlist file or a track table (multipart, field `file`) and start importing it."""
    file = request.files.get("file")
    if file is None or not file.filename:
        raise bad_request("No file came with the request.", "Send it as multipart field `file`.")
    return _import_upload(file.filename, file.stream)


@blueprint.post("/api/demo")
@blueprint.doc(responses={202: "The run that imports the demo", 404: "TASTEMAP_DEMO is 0"})
def bring_demo() -> tuple[RunAnswer, Literal[202]]:
    """Bring in the demo playlist, as if this browser had dropped its file: songs that six invented people share."""
    here = services()
    if not here.config.demo:
        raise not_found(
            "There is no demo here.", "The operator has taken it out (TASTEMAP_DEMO=0). Drop a file instead."
        )
    with DEMO.open("rb") as file:
        return _import_upload(DEMO.name, file)


def _import_upload(name: str, stream: IO[bytes]) -> tuple[RunAnswer, Literal[202]]:
    here = services()
    run = create_upload_run(here.database, here.config.var, session.start(), name, stream, here.config.max_upload_bytes)
    spawn_worker(here.config.var, here.config.mongodb_uri, [WorkQueue.FILES])
    return RunAnswer(RunView.of(run)), 202


@blueprint.get("/api/runs/<run_id>")
def run_state(run_id: str) -> RunView:
    """How far an import is, and its summary once it has ended."""
    return _find(run_id)


@blueprint.get("/api/runs/<run_id>/events")
@blueprint.output(FileSchema(), content_type="text/event-stream", description="Server-sent events")
def run_events(run_id: str) -> Response:
    """The same as a stream of server-sent events: `progress` whenever something changed, `done` at the end."""
    _find(run_id)
    stream = stream_with_context(_events(run_id))
    return Response(
        stream, mimetype="text/event-stream", headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )


def _events(run_id: str) -> Iterator[str]:
    if not _streams.acquire(blocking=False):
        # The browser asks again by itself, and meanwhile the threads are there for others.
        yield f"retry: 2000\nevent: progress\ndata: {json.dumps(asdict(_find(run_id)))}\n\n"
        return
    try:
        yield from _changes(run_id)
    finally:
        _streams.release()


def _changes(run_id: str) -> Iterator[str]:
    last, until = "", time.monotonic() + STREAM_SECONDS
    while time.monotonic() < until:
        run = _find(run_id)
        ended = run.state in ENDED
        text = json.dumps(asdict(run))
        if text != last or ended:
            last = text
            yield f"event: {'done' if ended else 'progress'}\ndata: {text}\n\n"
        else:
            yield ":\n\n"  # writing is how one notices that the page has gone
        if ended:
            return
        time.sleep(POLL_SECONDS)


def _find(run_id: str) -> RunView:
    return RunView.of(find_run(services(), run_id, session.owner()))
