"""What all routes share: how a query is read."""

import random

import pytest
from apiflask import Schema
from marshmallow import RAISE, ValidationError

from api.application import QueryReader
from api.playlists.playlists import PlaylistQuery
from api.schemas import SubjectQuery
from api.tracks import GenreQuery, RecommendQuery, SearchQuery

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
