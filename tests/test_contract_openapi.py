"""What we ask of Spotify, held against Spotify's own description of 2026: a tour through everything as a new app.

The description (OpenAPI, with what is deprecated flagged) lies in the shared data and is read there.
"""

import ast
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from config import ROOT
from etl.doctor.spotify import probe_spotify
from etl.engine import Engine
from etl.identity import identity_of
from etl.lookup.lookup import look_up
from etl.providers.base import LookupQuery, Need
from etl.spotify.accounts import Session
from etl.spotify.lists import TOP, lists_of
from etl.spotify.login import WRITE_PRIVATE
from etl.spotify.writing import new_write
from store.database import PAGE_ITEMS, Database
from store.domain import Playlist, PlaylistItem, Track
from tests.etl.spotify.setting import OWNER, app_engine, bring_in, invented, log_in, resume
from tests.fake_services.fixtures import FakeServices
from tests.fake_services.server import Request
from tests.fake_services.spotify_state import row

pytestmark = pytest.mark.shared

# Every method of spotipy that the code calls by name, and the operation behind it.
ASKED = {
    "search": "GET /search",
    "track": "GET /tracks/{id}",
    "artist": "GET /artists/{id}",
    "current_user": "GET /me",
    "current_user_playlists": "GET /me/playlists",
    "current_user_playlist_create": "POST /me/playlists",
    "playlist": "GET /playlists/{playlist_id}",
    "playlist_items": "GET /playlists/{playlist_id}/items",
    "playlist_add_items": "POST /playlists/{playlist_id}/items",
    "current_user_saved_tracks": "GET /me/tracks",
    "current_user_top_tracks": "GET /me/top/tracks",
}
# Asked by an app with extended access alone.
EXTENDED = {"audio_features", "audio_analysis", "recommendations"}
# spotipy sends these always; they say nothing about what is asked for.
_HARMLESS = {"fields", "include_groups"}


class Description:
    """Spotify's operations by "METHOD /path/{id}"."""

    def __init__(self, path: Path) -> None:
        self._whole: dict[str, Any] = yaml.load(path.read_text(), yaml.CSafeLoader)
        self.operations: dict[str, dict[str, Any]] = {
            f"{method.upper()} {where}": operation
            for where, verbs in self._whole["paths"].items()
            for method, operation in verbs.items()
            if method in {"get", "post", "put", "delete"}
        }

    def named(self, request: Request) -> str | None:
        """Return the operation that was asked for; a path in words comes before one with a hole in it."""
        parts = request.path.strip("/").split("/")
        fitting = [name for name in self.operations if self._fits(name, request.method, parts)]
        return min(fitting, key=lambda name: name.count("{"), default=None)

    @staticmethod
    def _fits(name: str, method: str, parts: list[str]) -> bool:
        verb, _, where = name.partition(" /")
        pattern = where.split("/")
        return (verb, len(pattern)) == (method, len(parts)) and all(
            wanted == part or wanted.startswith("{") for wanted, part in zip(pattern, parts, strict=True)
        )

    def parameters(self, name: str) -> dict[str, dict[str, Any]]:
        """Return the schema of each parameter in the query."""
        listed = (self._resolved(one) for one in self.operations[name].get("parameters", ()))
        return {one["name"]: one.get("schema", {}) for one in listed if one["in"] == "query"}

    def _resolved(self, parameter: Mapping[str, Any]) -> Mapping[str, Any]:
        if "$ref" not in parameter:
            return parameter
        found: Mapping[str, Any] = self._whole["components"]["parameters"][parameter["$ref"].rsplit("/", 1)[-1]]
        return found


@pytest.fixture(scope="module")
def description(shared_data: Path) -> Description:
    return Description(shared_data / "spotify-openapi.yml")


@pytest.fixture
def engine(database: Database, tmp_path: Path, fake_services: FakeServices) -> Iterator[Engine]:
    engine = app_engine(database, tmp_path, fake_services)
    yield engine
    engine.close()


def tour(database: Database, folder: Path, engine: Engine, services: FakeServices) -> list[Request]:
    """Use all there is of Spotify as a listener of a new app would, and return what was asked for it."""
    songs = services.world.on("spotify")
    known = Track(id=songs[0].spotify, title=songs[0].title, artists=(songs[0].artist.name,), isrc=songs[0].isrc)
    for need in sorted(engine.providers()["spotify"].about.needs):
        for page in (0, 1, 99, 100):  # the last page that there is, and the one behind it
            for identity in (identity_of(known), identity_of(Track(id="x", title="", artists=(), isrc=known.isrc))):
                engine.ask("spotify", need, LookupQuery(identity=identity, text="rock", page=page), fresh=True)
    look_up(engine, LookupQuery(text=known.title), {Need.FEATURES, Need.GENRES, Need.SIMILAR}, within_s=5.0)
    accounts = log_in(database, engine, OWNER, WRITE_PRIVATE)
    session = Session(accounts, OWNER, engine.channel("spotify"))
    account = accounts.get(OWNER)
    assert account is not None
    state = services.spotify_state
    mine = state.add_list("Mine", "wanda", [row(invented(number)) for number in range(120)])
    refused = state.add_list("Refused", "wanda", [row(song) for song in songs[:3]], refused=True)
    state.saved = [row(song) for song in songs[:60]]
    state.top = {"short_term": list(songs[:5])}
    assert len(lists_of(session, account.user_id)) == 1 + len(TOP) + 2
    for one in (mine.id, refused.id, "saved", *TOP):
        bring_in(database, folder, engine, one)
    written = Playlist(id="ours", name="Ours", item_count=250, complete=True)
    ids = [invented(number)["id"] for number in range(250)]
    rows = [PlaylistItem(position=at, track_id=track_id) for at, track_id in enumerate(ids)]
    assert len(rows) <= PAGE_ITEMS
    database.put_page(written.id, 0, rows)
    database.put_playlist(written)
    run = new_write(OWNER, account, written, name="Ours", public=False)
    database.put_run(run)
    assert resume(database, folder, engine, run.id) == "done"
    assert database.get_run(run.id).stored == 250
    list(probe_spotify(engine, accounts, OWNER, 5.0))
    return services.spotify.requests


def test_a_new_app_asks_for_nothing_that_is_closed_or_too_much(
    database: Database, tmp_path: Path, engine: Engine, fake_services: FakeServices, description: Description
) -> None:
    requests = tour(database, tmp_path, engine, fake_services)
    seen = set()
    for request in requests:
        name = description.named(request)
        assert name, f"{request.method} {request.path} is no operation of Spotify's"
        assert not description.operations[name].get("deprecated"), f"{name} is deprecated"
        seen.add(name)
        allowed = description.parameters(name)
        for parameter, value in request.query.items():
            check = partial(_within, allowed.get(parameter), value)
            assert parameter in allowed or parameter in _HARMLESS, f"{name} takes no {parameter}"
            assert check(), f"{name} is asked with {parameter}={value}"
    assert seen == set(ASKED.values()), "the tour misses something, or something new is asked: bring it into both"


def _within(schema: Mapping[str, Any] | None, value: str) -> bool:
    if not schema or schema.get("type") != "integer":
        return True
    return schema.get("minimum", 0) <= int(value) <= schema.get("maximum", float("inf"))


def test_every_method_of_spotipy_in_the_code_is_on_the_tour(description: Description) -> None:
    files = [*ROOT.glob("etl/spotify/*.py"), *ROOT.glob("etl/*/spotify.py")]
    called = {name for file in files for name in _called(file)}
    assert called == ASKED.keys() | EXTENDED
    assert all(not description.operations[name].get("deprecated") for name in ASKED.values())
    closed = {"GET /audio-features", "GET /audio-analysis/{id}", "GET /recommendations"}
    assert all(description.operations[name].get("deprecated") for name in closed)


def _called(file: Path) -> Iterator[str]:
    """Yield the operations that a module names to `call`, `call_closed` (by its second name) and their like."""
    for node in ast.walk(ast.parse(file.read_text())):
        if not isinstance(node, ast.Call):
            continue
        function = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        words = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
        if function == "call" and words:
            yield words[0]
        elif function in {"call_closed", "closed"} and len(words) > 1:
            yield words[1]
