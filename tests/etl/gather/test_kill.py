"""Killed at thirty random moments, with sources in trouble meanwhile, harvests end as ones that nobody disturbed."""

import os
import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from pymongo import MongoClient

from etl.gather.balanced import new_balanced
from etl.gather.enrich import new_enrichment
from etl.gather.terms import new_harvest
from jobs.worker import execute
from store.catalogue.catalogue import Catalogue
from store.database import Database
from tests.apart import Apart
from tests.etl.gather.dying import CountingDatabase, harvest_until
from tests.etl.gather.support import PLAYLIST, opening, put_playlist, search_by_beginning
from tests.fake_services.faults import cut, limited, unavailable
from tests.fake_services.fixtures import FakeServices
from tests.fake_services.server import FakeService, Reply, Request

STARTED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SEED = 20261122
KILLS = 10  # of each of the three runs
_COMPARED = ("tracks", "recommendations", "artists", "harvests", "playlists", "playlist_pages", "runs")
_TIMES = frozenset({"fetched_at", "finished_at"})


def runs() -> list[dict[str, Any]]:
    new = [
        new_harvest("tracks", terms=16),
        new_balanced(genres=["rock", "jazz", "hip-hop", "folk", "polka"], per_genre=6),
        new_enrichment(PLAYLIST, "Songs", None, ["features", "genres", "similar"]),
    ]
    return [replace(run, id=f"{number:024x}", started_at=STARTED) for number, run in enumerate(new)]


@contextmanager
def troubled(services: FakeServices) -> Iterator[FakeServices]:
    """Services with many songs under "m", which fail now and then, and one list that moves while it is read."""
    services.lift_limits()
    world = services.world
    search_by_beginning(world)
    first = world.songs[0]
    for number in range(100, 175):
        song = replace(first, number=number, title=f"Meadow {number}", isrc=f"ZZTM199{number:05d}", popularity=40)
        world.songs.append(song)
    services.deezer.fail(newcomer(services), times=None, path="/search")
    services.deezer.fail(cut(), skip=7)
    services.deezer.fail(unavailable(1), skip=20)
    services.itunes.fail(cut(), skip=3)
    services.musicbrainz.fail(unavailable(), skip=5)
    services.musicbrainz.fail(limited(1), skip=30)
    services.reccobeats.fail(limited(1), skip=2)
    for service in services.all:
        service.start()
    yield services
    for service in services.all:
        service.stop()
    assert [service.crashes for service in services.all if service.crashes] == []


def newcomer(services: FakeServices) -> Any:
    """Between the first and the second page of "m" a song comes to the top, so that all others move down by one."""

    def happen(service: FakeService, request: Request) -> Reply | None:
        songs = services.world.songs
        if request.query.get("q") == "m" and request.query.get("index") == "50" and songs[-1].number < 175:
            songs.append(replace(songs[0], number=200, title="Mistral", isrc="ZZTM19900200", popularity=100))
        return None

    return happen


@pytest.fixture
def two_uris(server_uri: str) -> Iterator[tuple[str, str]]:
    names = [f"harvest_{os.getpid()}_{name}" for name in ("whole", "killed")]
    with MongoClient(server_uri) as client:
        yield tuple(urlsplit(server_uri)._replace(path=f"/{name}").geturl() for name in names)  # type: ignore[misc]
        for name in names:
            client.drop_database(name)


def prepared(database: Database, services: FakeServices) -> Database:
    database.create_indexes()
    put_playlist(database, services.world)
    for run in runs():
        database.put_run(run)
    return database


def everything(uri: str) -> dict[str, Any]:
    """What three runs leave, without the times at which sources were asked."""
    with MongoClient(uri) as client:
        database = client.get_default_database()
        found = {name: sorted(database[name].find(), key=lambda one: str(one["_id"])) for name in _COMPARED}
    return {name: [timeless(document) for document in documents] for name, documents in found.items()}


def timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: timeless(one) for name, one in sorted(value.items()) if name not in _TIMES}
    return [timeless(candidate) for candidate in value] if isinstance(value, list) else value


def test_harvests_killed_at_thirty_random_moments(two_uris: tuple[str, str], tmp_path: Path) -> None:
    whole, killed = two_uris
    counts = []
    with troubled(FakeServices()) as services:
        database = CountingDatabase(whole)
        prepared(database, services)
        for run in runs():
            before = dict(database.counts)
            assert execute(database, tmp_path / "whole", run.id, open_engine=opening(services.urls)) == "done"
            counts.append({kind: count - before[kind] for kind, count in database.counts.items()})
        database.close()
    expected = everything(whole)
    assert [run["state"] for run in expected["runs"]] == ["done"] * 3
    assert expected["runs"][0]["requested"] > 150

    chance = random.Random(SEED)
    print(f"seed {SEED}, calls and writes of whole runs: {counts}")
    with troubled(FakeServices()) as services:
        database = prepared(Database(killed), services)
        harvest = partial(Apart, harvest_until, killed, tmp_path, dict(services.urls))
        for run, whole_run in zip(runs(), counts, strict=True):
            # Ten such lives are shorter than the whole run.
            kinds = ["calls", "writes"] * (KILLS // 2)
            moments = [(kind, chance.randint(2, whole_run[kind] // (KILLS + 1))) for kind in kinds]
            print(run.kind, moments)
            endings = [harvest(run.id, kind, lives).result() for kind, lives in (*moments, ("calls", None))]
            assert endings == [(-signal.SIGKILL, None)] * KILLS + [(0, "done")]
        database.close()
    ended = everything(killed)
    for name in _COMPARED:
        assert ended[name] == expected[name], name
    assert len(Catalogue(tmp_path / "catalogue").current()) == len(expected["tracks"])
