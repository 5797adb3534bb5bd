"""Our own JSON as strangers may have changed it."""

import io
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.exports.formats import FORMATS
from etl.imports.reading.json_stream import MAX_VALUE_CHARACTERS, JsonStream
from etl.imports.rows.entries import Row
from etl.imports.tastemap_json import is_tastemap_json, read_tastemap_json
from store.domain import Playlist
from store.runs import ImportProblem
from tests.etl.exports.lists import FULL, ODD, many, written

OURS = written(FORMATS["json"], ODD).decode()


def read(text: str) -> tuple[Playlist, list[Row]]:
    playlist, rows = read_tastemap_json(io.StringIO(text), "list.json")
    return playlist, list(rows)


def with_item(**changes: Any) -> str:
    """Our file with one item, whose track is changed."""
    document = json.loads(OURS)
    document["items"] = document["items"][:1]
    document["items"][0]["track"] |= changes
    return json.dumps(document)


def test_the_ids_of_sources_come_back() -> None:
    (row,) = read(with_item(ids={"mbid": "0c1e", "deezer": 42, "a.b": "x"}))[1]
    assert row.track is not None
    assert row.track.ids == {"mbid": "0c1e"}


@pytest.mark.parametrize("indent", [None, 0, 2, "\t"])
def test_another_layout_is_the_same(indent: Any) -> None:
    assert read(json.dumps(json.loads(OURS), indent=indent)) == read(OURS)
    assert read(json.dumps(json.loads(OURS), ensure_ascii=False, indent=indent)) == read(OURS)


def test_more_than_a_window() -> None:
    rows = many(2000)
    _, found = read(written(FORMATS["json"], rows).decode())
    assert [row.track for row in found] == [row.track for row in rows]
    assert [row.line for row in found] == list(range(1, 2001))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "malformed"),
        ("[]", "malformed"),
        ("{}", "unsupported"),
        ('{"format":"tastemap-playlist","version":2,"playlist":{},"items":[]}', "unsupported"),
        ('{"format":"tastemap-playlist","version":1,"playlist":{}}', "unsupported"),
        ('{"playlist":{"title":"JSPF"},"items":[]}', "unsupported"),
        (OURS[:-20], "malformed"),
        (OURS[:300], "malformed"),
        (OURS.replace('"position":0', '"position":NaN'), "malformed"),
        ('{"format":"tastemap-playlist","version":1,"items":[' + "[" * 100_000, "malformed"),
        ('{"format":"tastemap-playlist","version":' + "1" * 5000 + ',"items":[]}', "malformed"),
        ('{"format":"' + "x" * (MAX_VALUE_CHARACTERS + 100_000) + '"}', "malformed"),
    ],
)
def test_what_is_not_ours_or_not_whole_is_refused(text: str, code: str) -> None:
    with pytest.raises(ImportProblem) as found:
        read(text)
    assert found.value.code == code


def test_ours_is_told_by_its_beginning() -> None:
    assert is_tastemap_json(OURS[:100])
    assert is_tastemap_json("\ufeff" + json.dumps(json.loads(OURS), indent=2)[:100])
    assert not is_tastemap_json('{"playlist": {"title": "JSPF", "x": "tastemap-playlist"}}')


@pytest.mark.parametrize(
    ("changes", "field", "value"),
    [
        ({"year": "1979"}, "year", None),
        ({"year": 1979.0}, "year", 1979),
        ({"popularity": 101}, "popularity", None),
        ({"popularity": True}, "popularity", None),
        ({"duration_ms": -1}, "duration_ms", None),
        ({"explicit": 1}, "explicit", None),
        ({"artists": "AC/DC"}, "artists", ()),
        ({"artists": ["AC/DC", None, ""]}, "artists", ("AC/DC",)),
        ({"album": ""}, "album", None),
        ({"features": {"values": {"energy": 7, "key": None}}}, "features", None),
        ({"features": [1]}, "features", None),
        ({"title": "half \ud800"}, "title", "half ?"),
    ],
)
def test_values_that_cannot_be_are_missing(changes: dict[str, Any], field: str, value: Any) -> None:
    _, (row,) = read(with_item(**changes))
    assert getattr(row.track, field) == value


def test_an_id_that_is_none_is_replaced_by_one_of_ours() -> None:
    for given_id in (None, 7, "", "a b", "x" * 65):
        _, (row,) = read(with_item(id=given_id))
        assert row.track is not None
        assert row.track.id.startswith("local-")
        assert row.track.title == FULL.title


def test_an_item_without_a_title_has_a_reason() -> None:
    _, (row,) = read(with_item(title=None))
    assert (row.track, row.reason, row.line) == (None, "no title", 1)


_any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), _any | st.lists(_any, max_size=4), max_size=4))
def test_any_document_is_read_as_json_reads_it(document: dict[str, Any]) -> None:
    stream = JsonStream(io.StringIO(json.dumps(document, indent=1)), "any.json")
    found = {
        key: list(stream.elements()) if isinstance(document[key], list) else stream.value() for key in stream.members()
    }
    assert found == document


@given(st.dictionaries(st.sampled_from(["title", "artists", "id", "features", "year", "album", "labels"]), _any))
def test_no_track_breaks_the_reader(changes: dict[str, Any]) -> None:
    _, (row,) = read(with_item(**changes))
    assert (row.track is None) == bool(row.reason)


@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    for document in (text, OURS[:250] + text, '{"format":"tastemap-playlist","version":1,"items":[' + text):
        with suppress(ImportProblem):
            read(document)
