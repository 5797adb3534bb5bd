"""No answer, however misshapen, brings a provider to anything but an answer or a fault that says so."""

import copy
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests

from etl.providers.base import ArtistFound, Candidate, FaultKind, Identity, LookupQuery, Need, NotThere, SourceFault
from etl.providers.registry import PROVIDERS
from tests.etl.providers.conftest import about
from tests.fake_services.fixtures import FakeServices
from tests.fake_services.world import ORIGINAL

KEYLESS = ("deezer", "itunes", "musicbrainz", "listenbrainz", "listenbrainz_labs", "acousticbrainz", "reccobeats")
TEXTS = {Need.SEARCH: "glass tide", Need.GENRE_TRACKS: "Rock", Need.ARTISTS: "tin orchard"}
WRONG: tuple[Any, ...] = (None, True, -7, 10**400, float("nan"), "x", "", [], [3], [None], {}, {"x": 1})


@dataclass
class Altered:
    """A channel whose answers, once fetched, come with the node at ``path`` of the ``call``-th answer replaced."""

    url: str
    session: requests.Session = field(default_factory=requests.Session)
    kept: dict[str, Any] = field(default_factory=dict)
    answers: list[Any] = field(default_factory=list)
    change: tuple[int, tuple[Any, ...], Any] | None = None
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def base_url(self) -> str:
        return self.url

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        key = f"{path} {sorted((params or {}).items())}"
        if key not in self.kept:
            response = self.session.get(self.url + path, params=params, headers={"User-Agent": "Tastemap tests"})
            if response.status_code == 404:
                raise NotThere("404")
            if not response.ok:
                raise SourceFault(FaultKind.GARBLED, response.text)
            self.kept[key] = _shortened(response.json())
        body = copy.deepcopy(self.kept[key])
        if self.change is not None and self.change[0] == len(self.answers):
            body = _with(body, self.change[1], self.change[2])
        self.answers.append(body)
        return body


def _shortened(node: Any) -> Any:
    """Lists of two rows show all that lists of fifty do."""
    if isinstance(node, list):
        return [_shortened(each) for each in node[:2]]
    return {name: _shortened(each) for name, each in node.items()} if isinstance(node, dict) else node


def _paths(node: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield at
    if isinstance(node, list | dict):
        for key, each in enumerate(node) if isinstance(node, list) else node.items():
            yield from _paths(each, (*at, key))


def _with(node: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    node[path[0]] = _with(node[path[0]], path[1:], value)
    return node


def _is_sound(identity: Identity) -> bool:
    texts = [identity.title, *identity.artists, *identity.ids.values()]
    return bool(identity.title) and all(isinstance(text, str) and text for text in texts)


@pytest.mark.parametrize(
    ("source", "need"), [(name, need) for name in KEYLESS for need in sorted(PROVIDERS[name].about.needs)]
)
def test_any_node_of_an_answer_may_be_anything(fake_services: FakeServices, source: str, need: Need) -> None:
    provider = PROVIDERS[source]
    song = fake_services.world.song(ORIGINAL)
    question = about(song, *_ids(source)) if need not in TEXTS else LookupQuery(text=TEXTS[need])
    with requests.Session() as session:
        channel = Altered(fake_services.urls[source], session)
        assert provider.answer(need, [question], channel)[0]
        answers = channel.answers
        changes = [(n, path, value) for n, body in enumerate(answers) for path in _paths(body) for value in WRONG]
        for change in changes:
            channel.answers, channel.change = [], change
            with suppress(NotThere, SourceFault):
                found = provider.answer(need, [question], channel)[0]
                for one in found if isinstance(found, tuple) else (found,):
                    assert not isinstance(one, Candidate) or _is_sound(one.identity), change
                    assert not isinstance(one, ArtistFound) or (one.name and all(one.ids.values())), change


def _ids(source: str) -> tuple[str, ...]:
    return {"reccobeats": ("spotify",), "itunes": ("itunes",), "deezer": ("deezer",)}.get(source, ("mbid",))
