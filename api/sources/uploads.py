"""Takes uploads and streams their progress; each upload is imported by a run in a separate process."""

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import BoundedSemaphore
from typing import IO, Literal

from apiflask import Schema
from apiflask.fields import Boolean, Dict, Integer, String
from apiflask.schemas import FileSchema
from apiflask.validators import Length, OneOf, Range
from flask import Response, request, stream_with_context
from marshmallow import RAISE, ValidationError
from werkzeug.datastructures import FileStorage

from api import session
from api.application import Blueprint
from api.current import services
from api.limits.bounds import read_json, takes_file
from api.schemas import RunAnswer
from etl.demo import DEMOS
from etl.imports.reading.read_options import ReadOptions
from etl.imports.sheets.heading_names import LIST_HEADINGS
from jobs.queue import WorkQueue, create_upload_run, safe_name, spawn_worker
from services.errors import bad_request, not_found
from services.playlists.playlists import remove_demos
from services.playlists.previews import PREVIEW_BYTES, Preview, preview
from services.runs import RunView, find_run
from store.runs import ENDED

_MAX_NAME, _MAX_COLUMNS = 40, 10_000  # characters of an encoding's name; columns of a file

blueprint = Blueprint("uploads", __name__, tag="Files")


@dataclass(frozen=True)
class DemoAnswer:
    run: RunView
    runs: list[RunView]


@dataclass(frozen=True)
class PreviewAnswer:
    preview: Preview


POLL_SECONDS = 0.4
# How long a stream lasts. The browser reconnects; an endless stream would hold its thread after the page is closed.
STREAM_SECONDS = 120.0
MAX_STREAMS = 8  # progress streams of one process at a time; each holds a thread
_streams = BoundedSemaphore(MAX_STREAMS)


class ReadOptionsBody(Schema):
    """How to read a file; missing options are detected."""

    read_as = String(validate=OneOf(("playlist", "table", "shared")), allow_none=True)
    encoding = String(validate=Length(max=_MAX_NAME), allow_none=True)
    columns = Dict(keys=String(validate=OneOf(list(LIST_HEADINGS))), values=Integer(validate=Range(0, _MAX_COLUMNS)))
    has_headings = Boolean()


@blueprint.post("/api/uploads")
@takes_file
@blueprint.doc(responses={202: "The run that imports the file", 413: "Too large", 415: "Not a file we can read"})
def upload() -> tuple[RunAnswer, Literal[202]]:
    """Take a playlist file or a track table (multipart, field `file`) and start importing it.

    The field `options` may hold JSON: `read_as` (playlist, table or shared), `encoding`, `columns` (field: number of
    the column from 1, 0 for none) and `has_headings`. Only the operator may import for everybody: a `table` goes into
    the catalogue, and a slice of the Million Playlist Dataset or an audio analysis is `shared`.
    """
    file, options = _sent()
    if options.read_as in {"table", "shared"}:
        session.require_operator()
    return _import_upload(file.filename or "", file.stream, options)


@blueprint.post("/api/demo")
@blueprint.doc(responses={202: "The runs that import the demo", 404: "TASTEMAP_DEMO is 0"})
def bring_demo() -> tuple[DemoAnswer, Literal[202]]:
    """Import the demo playlists for this browser: songs that six invented people share, and four with sound.

    `run` is the run of the songs; `runs` has both.
    """
    if not services().config.demo:
        raise not_found("There is no demo here: the operator has taken it out.", "Drop a file instead.")
    runs = [_bring(path) for path in DEMOS]
    return DemoAnswer(runs[0], runs), 202


def _bring(path: Path) -> RunView:
    with path.open("rb") as file:
        return _import_upload(path.name, file, ReadOptions())[0].run


@blueprint.delete("/api/demo")
@blueprint.output({}, status_code=204)
def remove_demo() -> str:
    """Delete the demo playlists of this browser and their tracks."""
    remove_demos(services(), session.viewer())
    return ""


def _import_upload(name: str, stream: IO[bytes], options: ReadOptions) -> tuple[RunAnswer, Literal[202]]:
    container = services()
    run = create_upload_run(
        container.database,
        container.config.var,
        session.start(),
        name,
        stream,
        container.config.max_upload_bytes,
        options.document(),
        by_operator=session.is_operator(),
        limits=container.config.work,
    )
    spawn_worker(container.config.var, container.config.mongodb_uri, [WorkQueue.FILES])
    return RunAnswer(RunView.of(run)), 202


@blueprint.post("/api/uploads/preview")
@takes_file
@blueprint.doc(responses={422: "There is no such encoding or column"})
def preview_upload() -> PreviewAnswer:
    """How a text file would be read (fields `file` and `options` as for the import); nothing is stored.

    The answer has the columns, the encoding, the first rows and doubts. The first megabyte of the file is enough.
    """
    file, options = _sent()
    head, name = file.stream.read(PREVIEW_BYTES), safe_name(file.filename or "")
    return PreviewAnswer(preview(head, name, options, may_change_catalogue=session.is_operator()))


def _sent() -> tuple[FileStorage, ReadOptions]:
    """Return the file of the request, and how to read it."""
    file = request.files.get("file")
    if file is None or not file.filename:
        raise bad_request("No file came with the request.", "Send it as multipart field `file`.")
    try:
        options = ReadOptionsBody(unknown=RAISE).load(read_json(request.form.get("options") or "{}"))
    except ValidationError as fault:
        raise bad_request(f"The field `options` is invalid: {fault}.", "See /api/openapi.json.") from fault
    return file, ReadOptions(**options)


@blueprint.get("/api/runs/<run_id>")
def run_state(run_id: str) -> RunView:
    """The progress of a run, and its summary once it has ended."""
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
        # The browser asks again after two seconds, and no thread is held meanwhile.
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
            yield ":\n\n"  # the write fails if the page is closed, which ends the stream
        if ended:
            return
        time.sleep(POLL_SECONDS)


def _find(run_id: str) -> RunView:
    return RunView.of(find_run(services(), run_id, session.owner()))
