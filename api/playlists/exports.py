"""Exports of playlists as files: the formats, and the download."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any
from urllib.parse import quote

from apiflask import Schema
from apiflask.fields import Boolean, String
from apiflask.schemas import FileSchema
from apiflask.validators import OneOf
from flask import Response

from api import session
from api.application import Blueprint
from api.current import services
from api.limits.expensive import in_turn, is_expensive
from etl.exports.formats import FORMATS, file_name
from etl.exports.rows import read_pages, without_names
from services.playlists.playlists import find_playlist, may_change
from services.views import View

blueprint = Blueprint("exports", __name__, tag="Playlists")


class ExportQuery(Schema):
    format = String(required=True, validate=OneOf(list(FORMATS)), metadata={"description": "See /api/exports."})
    names = Boolean(
        load_default=True,
        metadata={"description": "If false, people are called Person 1, Person 2, ..., and times are cut to days."},
    )


@dataclass(frozen=True, kw_only=True)
class ExportFormat(View):
    name: str
    label: str
    purpose: str
    media_type: str


@dataclass(frozen=True)
class ExportsAnswer:
    formats: list[ExportFormat]


@blueprint.get("/api/exports")
def formats() -> ExportsAnswer:
    """The formats in which a playlist can be exported, and what each is for."""
    return ExportsAnswer([ExportFormat.of(known) for known in FORMATS.values()])


@blueprint.get("/api/playlists/<playlist_id>/export")
@blueprint.query(ExportQuery)
@blueprint.output(FileSchema(), content_type="*/*", description="The file, in the media type of its format")
@blueprint.doc(responses={422: "No such format; `fields` lists them"})
@is_expensive
def export(playlist_id: str, query: dict[str, Any]) -> Response:
    """A playlist as a file.

    Everybody who knows its id may export it, as with `/data`, but only its owner gets the paths of own files.
    """
    viewer = session.viewer()
    playlist = find_playlist(services(), playlist_id, viewer)
    chosen = FORMATS[query["format"]]
    pages = read_pages(
        services().database, services().catalogue.current(), playlist, files=may_change(playlist, viewer)
    )
    if not query["names"]:
        playlist, pages = without_names(playlist, pages)
    blocks = in_turn(chosen.write(playlist, pages))
    response = Response(_begun(blocks), content_type=chosen.media_type)
    response.headers.set("Content-Disposition", "attachment", **_names(file_name(playlist, chosen)))
    response.headers["Cache-Control"] = "no-store"
    return response


def _begun(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Read the first two blocks now, so that an error in them is answered as one, and not with half a file."""
    first = [block for _, block in zip(range(2), blocks, strict=False)]
    return chain(first, blocks)


def _names(name: str) -> dict[str, str]:
    """Return the parameters of RFC 6266: the file name, and an ASCII form of it for programs that need one."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().strip()
    stem, dot, ending = plain.rpartition(".")
    plain = f"{stem.strip(' .') or 'playlist'}{dot}{ending}"
    if plain == name:
        return {"filename": name}
    return {"filename": plain, "filename*": f"UTF-8''{quote(name, safe='!#$&+-.^_`|~')}"}  # attr-char of RFC 5987
