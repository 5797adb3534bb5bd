"""What all routes share: how a query is read."""

import errno
import random
import sys
from dataclasses import is_dataclass
from pathlib import Path
from unittest.mock import patch

import pytest
from apiflask import Schema
from flask import url_for
from flask.json.provider import DefaultJSONProvider
from flask.testing import FlaskClient
from marshmallow import RAISE, ValidationError
from werkzeug.routing import Rule

from api.application import QueryReader
from api.playlists.playlists import PlaylistQuery
from api.schemas import SubjectQuery
from api.tracks import GenreQuery, RecommendQuery, SearchQuery
from app import create_app
from config import Config

_VALUES = ("", "0", "1", "50", "51", "-1", "2.5", "nan", "1e3", "abc", "fresh", "sound", "tempo:2", "x" * 501)


@pytest.mark.parametrize("schema", [SearchQuery, GenreQuery, RecommendQuery, PlaylistQuery, SubjectQuery])
def test_a_query_is_read_as_its_schema_reads_it(schema: type[Schema]) -> None:
    known, draw, reader = schema(unknown=RAISE), random.Random(1), QueryReader(schema())
    read = refused = 0
    for _ in range(400):
        names = draw.sample([*known.fields, "unknown"], draw.randrange(min(4, len(known.fields) + 1)))
        given = {name: draw.choice(_VALUES) for name in names}
        try:
            expected = known.load(given)
        except ValidationError:
            refused += 1
            with pytest.raises(ValidationError):
                reader(given)
        else:
            read += 1
            assert reader(given) == expected
    assert read > 10
    assert refused > 10


def test_answers_are_written_by_orjson_and_in_utf_8(client: FlaskClient) -> None:
    with patch.object(DefaultJSONProvider, "dumps", side_effect=AssertionError):
        assert client.get("/api/search?q=Bj%C3%B6rk").get_data(as_text=True).startswith('{"query":"Björk","tracks":[')


def test_every_field_of_an_answer_is_written() -> None:
    """What has both slots and a dictionary, orjson writes without the slots."""
    layers = ("api.", "services.", "store.", "ml.", "etl.", "jobs.")
    found = {
        kind
        for module in list(sys.modules.values())
        if module.__name__.startswith(layers)
        for kind in vars(module).values()
        if isinstance(kind, type) and is_dataclass(kind) and kind.__module__ == module.__name__
    }
    assert len(found) > 100
    for kind in found:
        slots = [vars(part).get("__slots__") for part in kind.__mro__[:-1]]
        assert not (None in slots and any(slots)), kind


def test_addresses_are_built_though_nothing_that_builds_them_is_compiled_at_the_start(tmp_path: Path) -> None:
    with patch.object(Rule, "_compile_builder", autospec=True, side_effect=Rule._compile_builder) as compile_builder:
        app = create_app(Config(var=tmp_path))
        compile_builder.assert_not_called()
        with app.test_request_context():
            assert url_for("static", filename="a b/c.js", v="1 2") == "/static/dist/a%20b/c.js?v=1+2"
            assert url_for("tracks.genre_predict", track_id="é") == "/genre-predict?track_id=%C3%A9"
        compile_builder.assert_called()


@pytest.mark.parametrize(("number", "status"), [(errno.ENOSPC, 507), (errno.EROFS, 503), (errno.EIO, 500)])
def test_a_fault_of_the_disk_is_logged_in_words(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, number: int, status: int
) -> None:
    """Only what we did not expect has a traceback."""
    with patch("api.tracks.use.find_trail", side_effect=OSError(number, "of the disk", "var/x")):
        answer = client.get("/api/tracks/metal1/trail")
    assert (answer.status_code, answer.json["error"].keys()) == (status, {"code", "message", "hint"})
    assert "GET /api/tracks/metal1/trail" in caplog.text
    assert "var/x" in caplog.text
    assert ("Traceback" in caplog.text) == (status == 500)
