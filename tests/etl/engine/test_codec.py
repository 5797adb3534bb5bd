"""Every kind of answer lies in the database and comes back as it was."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.engine.codec import dumps, loads
from etl.providers.base import (
    ArtistFound,
    Candidate,
    Cover,
    GenreTag,
    Identity,
    Need,
    Preview,
    SourceFeatures,
)
from store.domain import Analysis

text = st.text(st.characters(codec="utf-8"))
number = st.floats(allow_nan=False)
unit = st.floats(0, 1)
ids = st.dictionaries(st.sampled_from(["isrc", "mbid", "a.b", "$c"]), text)
many_texts = st.lists(text, max_size=3).map(tuple)
identities = st.builds(
    Identity,
    title=text,
    artists=many_texts,
    album=st.none() | text,
    year=st.none() | st.integers(),
    duration_ms=st.none() | st.integers(),
    ids=ids,
)
candidates = st.builds(
    Candidate,
    identity=identities,
    score=st.none() | unit,
    popularity=st.none() | number,
    explicit=st.none() | st.booleans(),
    reason=st.none() | text,
)
artists = st.builds(ArtistFound, name=text, ids=ids, genres=many_texts, popularity=st.none() | number)
tags = st.builds(GenreTag, name=text, weight=unit, level=st.sampled_from(["track", "artist"]))
moments = st.datetimes(timezones=st.just(UTC))
vectors = st.lists(st.lists(number, min_size=2, max_size=2).map(tuple), max_size=3).map(tuple)
numbers = st.lists(number, max_size=3).map(tuple)


def several(one: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(one, max_size=3).map(tuple)


VALUES = {
    Need.SEARCH: several(candidates),
    Need.TRACK: candidates,
    Need.FEATURES: st.builds(SourceFeatures, values=st.dictionaries(text, number), confidence=unit),
    Need.GENRES: several(tags),
    Need.SIMILAR: several(candidates),
    Need.PREVIEW: st.builds(Preview, url=text, expires_at=st.none() | moments, credit=st.none() | text),
    Need.COVER: st.builds(Cover, url=text),
    Need.ANALYSIS: st.builds(Analysis, start=numbers, duration=numbers, timbre=vectors, pitches=vectors),
    Need.GENRE_TRACKS: several(candidates),
    Need.ARTISTS: several(artists),
}


def test_every_need_has_its_kind_of_answer() -> None:
    assert set(VALUES) == set(Need)


@given(st.data())
def test_answers_come_back(data: st.DataObject) -> None:
    need = data.draw(st.sampled_from(list(Need)))
    value = data.draw(VALUES[need])
    assert loads(need, dumps(value)) == value


def test_what_has_its_default_takes_no_room() -> None:
    assert dumps(Candidate(identity=Identity(title="a"))) == '{"identity":{"title":"a"}}'
    assert loads(Need.PREVIEW, dumps(Preview(url="u", expires_at=datetime(2026, 11, 22, tzinfo=UTC)))) == Preview(
        url="u", expires_at=datetime(2026, 11, 22, tzinfo=UTC)
    )


@pytest.mark.parametrize("text", ['{"colour": "red"}', "[1]", "7", "null", "{", '{"identity": 3}'])
@pytest.mark.parametrize("need", [Need.TRACK, Need.SIMILAR])
def test_what_another_version_wrote_is_refused(need: Need, text: str) -> None:
    with pytest.raises(ValueError):
        loads(need, text)
