"""Providers asked through a plain session, without the engine's limits, against the fakes."""

from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
import requests

from etl.engine.channel import SourceChannel
from etl.engine.gate import GatedSession
from etl.providers.base import Identity, LookupQuery, Need, Value
from etl.providers.registry import PROVIDERS
from tests.fake_services.fixtures import FakeServices
from tests.fake_services.world import Song

# (source, need, question or questions) -> the answer or answers
Ask = Callable[..., Any]


@pytest.fixture
def ask(fake_services: FakeServices) -> Iterator[Ask]:
    """Ask one question and get its answer, or several and get a list."""
    with requests.Session() as session:
        session.headers["User-Agent"] = "Tastemap tests (nobody@nowhere.invalid)"

        def query(source: str, need: Need, *questions: LookupQuery) -> Value | list[Value | None] | None:
            provider = PROVIDERS[source]
            assert all(provider.can(need, question) for question in questions)
            channel = SourceChannel(
                title=provider.about.title,
                session=cast(GatedSession, session),
                base_url=fake_services.urls[source],
                settings={},
            )
            answers = provider.answer(need, questions, channel)
            assert len(answers) == len(questions)
            return answers[0] if len(questions) == 1 else answers

        yield query


def about(song: Song, *namespaces: str, title: bool = True) -> LookupQuery:
    """Return the question about ``song`` when its ids in ``namespaces`` are known, and its names if ``title``."""
    ids = {name: str(getattr(song, name)) for name in namespaces}
    if not title:
        return LookupQuery(identity=Identity(ids=ids))
    names = tuple(artist.name for artist in song.artists)
    return LookupQuery(identity=Identity(title=song.title, artists=names, duration_ms=song.duration_ms, ids=ids))
