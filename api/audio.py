"""Own music: folders and their scans, tags, and playing files with range requests."""

import os
from datetime import UTC, datetime
from typing import Any, Literal

from apiflask import Schema
from apiflask.fields import Boolean, Dict, Integer, String
from apiflask.schemas import FileSchema
from apiflask.validators import Length, OneOf, Range
from flask import Response, request
from werkzeug.exceptions import HTTPException, PreconditionFailed
from werkzeug.http import is_resource_modified, parse_range_header
from werkzeug.wsgi import wrap_file

import services.sound.audio as use
from api import session
from api.application import Blueprint
from api.current import services
from api.schemas import MAX_QUERY, RunAnswer
from etl.library.tag_writing import FIELDS, MAX_TEXT
from services.sound.own_tracks import SORTS, OwnTracks, own_tracks
from services.sound.tag_writing import TagChanges, tag_changes, write_tags
from services.views import audible

blueprint = Blueprint("audio", __name__, tag="Own music")

_MAX_PATH = 4096
# Players ask for ranges without an end. They get this much at a time, because many read only the beginning.
_RANGE_BYTES = 2 << 20


class FolderBody(Schema):
    folder = String(
        required=True,
        validate=Length(1, _MAX_PATH),
        metadata={"description": "The whole path of the folder on the server."},
    )


class ScanBody(FolderBody):
    cores = String(
        load_default="1",
        validate=OneOf(("1", "all")),
        metadata={"description": "How many files are examined at a time."},
    )


class TracksQuery(Schema):
    q = String(load_default="", validate=Length(max=MAX_QUERY), metadata={"description": "Words, all of which match."})
    sort = String(load_default="title", validate=OneOf(SORTS))
    descending = Boolean(load_default=False)
    page = Integer(load_default=1, validate=Range(min=1))
    page_size = Integer(load_default=50, validate=Range(1, 200))


class WatchBody(FolderBody):
    watched = Boolean(required=True)


class TagsBody(Schema):
    sha256 = String(
        required=True,
        validate=Length(64, 64),
        metadata={"description": "The `sha256` of the shown changes; another file is not written."},
    )
    write = Dict(
        keys=String(validate=OneOf(FIELDS)),
        values=String(validate=Length(max=MAX_TEXT)),
        required=True,
        validate=Length(1, len(FIELDS)),
        metadata={"description": "The chosen fields, each with the `new` text that was shown for it."},
    )


def offer() -> None:
    """Make the answers of this request say which tracks the viewer may play."""
    audible.set(use.audible_for(services(), session.viewer()))


@blueprint.get("/api/library")
def library() -> use.LibraryView:
    """The folders with own music and what their last scans found, for the operator."""
    session.require_operator()
    return use.library(services())


@blueprint.get("/api/library/tracks")
@blueprint.query(TracksQuery)
@blueprint.doc(responses={403: "Not the operator"})
def tracks(query: dict[str, Any]) -> OwnTracks:
    """A page of the files' tracks, sorted, and filtered by words of title, artists, album or path."""
    session.require_operator()
    return own_tracks(services(), **query)


@blueprint.post("/api/library/scan")
@blueprint.body(ScanBody)
@blueprint.doc(responses={202: "The run that scans it", 403: "Not the operator", 422: "No such folder"})
def scan(body: dict[str, Any]) -> tuple[RunAnswer, Literal[202]]:
    """Scan a folder of the server: new and changed files become tracks, with features computed from their sound."""
    session.require_operator()
    session.start()
    return RunAnswer(use.start_scan(services(), body["folder"], body["cores"], session.viewer())), 202


@blueprint.put("/api/library/watch")
@blueprint.body(WatchBody)
@blueprint.doc(responses={404: "A folder that has not been scanned"})
def watch(body: dict[str, Any]) -> use.LibraryView:
    """Set whether a folder is scanned again whenever its files have changed."""
    session.require_operator()
    return use.watch(services(), body["folder"], watched=body["watched"])


@blueprint.post("/api/library/forget")
@blueprint.body(FolderBody)
@blueprint.doc(responses={202: "The run that forgets it", 403: "Not the operator", 404: "Not scanned"})
def forget(body: dict[str, Any]) -> tuple[RunAnswer, Literal[202]]:
    """Forget a folder and everything computed from its files; the files themselves do not change."""
    session.require_operator()
    session.start()
    return RunAnswer(use.forget(services(), body["folder"], session.viewer())), 202


@blueprint.get("/api/library/files/<name>/tags")
@blueprint.doc(responses={403: "Not the operator, or not allowed by the settings", 404: "No such file"})
def tags(name: str) -> TagChanges:
    """The tags of an own file, and what would be written into them: genre, tempo, key, mood.

    `name` is the last part of a track's `audio_url`.
    """
    session.require_operator()
    return tag_changes(services(), name, session.viewer())


@blueprint.put("/api/library/files/<name>/tags")
@blueprint.body(TagsBody)
@blueprint.doc(
    responses={
        403: "Not the operator, or not allowed by the settings",
        404: "No such file",
        409: "Something else would be written now, or the file cannot be written and is as it was",
    }
)
def change_tags(name: str, body: dict[str, Any]) -> TagChanges:
    """Write some of the shown changes into the tags of a file; the answer has the remaining changes."""
    session.require_operator()
    return write_tags(services(), name, body["sha256"], body["write"], session.viewer())


@blueprint.get("/api/audio/<name>")
@blueprint.output(FileSchema(), content_type="audio/*", description="The file, or the range of it")
@blueprint.doc(
    responses={
        403: "Not the operator",
        404: "No such file",
        409: "Changed since its scan",
        412: "Not the file that `If-Match` names",
        416: "It has fewer bytes",
    }
)
def play(name: str) -> Response:
    """An own file as it is on the disk, whole or a range of it.

    `audio_url` of a track is such an address. The operator may play every file, others only the demo.
    """
    opened = use.open_audio(services(), name, session.viewer())
    file = os.fdopen(opened.descriptor, "rb")
    answer = Response(
        wrap_file(request.environ, file),
        mimetype=opened.media_type,
        direct_passthrough=True,
    )
    answer.call_on_close(file.close)
    answer.content_length = opened.size
    answer.last_modified = datetime.fromtimestamp(opened.modified_ns / 1e9, UTC)
    answer.set_etag(opened.etag)
    answer.cache_control.private = True
    answer.cache_control.no_cache = True
    try:
        answer.make_conditional(_with_one_range(answer, opened.size), accept_ranges=True, complete_length=opened.size)
        if answer.status_code == PreconditionFailed.code:
            raise PreconditionFailed
    except HTTPException:
        file.close()
        raise
    if answer.content_range and "wsgi.file_wrapper" in request.environ:
        # Our server then sends the announced bytes directly from the file; it would buffer blocks on the disk.
        file.seek(answer.content_range.start or 0)
        answer.response = wrap_file(request.environ, file)
    return answer


def _with_one_range(answer: Response, size: int) -> dict[str, Any]:
    """Return the request's environment with one range that has an end, or without a range.

    A server may ignore ranges (RFC 9110, section 14.2): we ignore several ranges, other units, and a range of a file
    that the client has already.
    """
    wanted = parse_range_header(request.headers.get("Range"))
    is_one = wanted is not None and wanted.units == "bytes" and len(wanted.ranges) == 1
    if wanted is None or not is_one or not is_resource_modified(request.environ, answer.headers["ETag"]):
        return {name: value for name, value in request.environ.items() if name != "HTTP_RANGE"}
    start, stop = wanted.ranges[0]
    if start < 0:
        start, stop = max(size + start, 0), size
    elif stop is None and start < size:
        stop = min(start + _RANGE_BYTES, size)
    return request.environ | {"HTTP_RANGE": f"bytes={start}-{'' if stop is None else stop - 1}"}
