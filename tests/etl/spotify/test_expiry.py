"""What Spotify has told without a login stays for a day, and not beyond Spotify's being switched off."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from etl.engine import Engine
from etl.providers.base import LookupQuery, Need
from etl.spotify.forgetting import _NAME, expire, is_due
from store.database import Database
from store.domain import Analysis, AudioFeatures, Playlist, PlaylistItem, Track
from store.facts import ANALYSES, Provenance, put_segments
from store.recommendations import COLLECTION, Recommendations, Recommended, put_recommendations
from tests.etl.spotify.setting import app_engine
from tests.fake_services.fixtures import FakeServices

NOW = datetime.now(UTC)
OLD, YOUNG = NOW - timedelta(hours=25), NOW - timedelta(hours=20)


@pytest.fixture
def app(database: Database, tmp_path: Path, fake_services: FakeServices) -> Iterator[Engine]:
    """Spotify was asked, just now, and a day ago."""
    engine = app_engine(database, tmp_path, fake_services)
    engine.ask("spotify", Need.SEARCH, LookupQuery(text="hedgerow"))
    for name, at, source in (("old", OLD, "spotify"), ("young", YOUNG, "spotify"), ("other", OLD, "reccobeats")):
        features = AudioFeatures(values={"energy": 0.5}, source=source, fetched_at=at)
        database.put_tracks([Track(id=name, title=name, artists=("A",), source="m3u: x.m3u8", features=features)])
        put_recommendations(
            database,
            Recommendations(seed=name, source=source, fetched_at=at, tracks=(Recommended(track_id="found"),)),
        )
        by = Provenance(source=source, fetched_at=at, licence="", brought_by="")
        put_segments(database, name, by, Analysis(start=(0.0,), duration=(1.0,), timbre=((0.0,) * 12,)))
    database.put_tracks([Track(id=one, title=one, artists=("B",), source="spotify") for one in ("found", "held")])
    database.put_playlist(Playlist(id="list", name="A file's", source="m3u: x.m3u8", item_count=1, complete=True))
    database.put_page("list", 0, [PlaylistItem(position=0, track_id="held")])
    yield engine
    engine.close()


def left(database: Database) -> tuple[set[str], set[str], set[str], set[str]]:
    """The tracks, those with features, and the seeds with recommendations and with an analysis."""
    tracks = list(database.all_tracks())
    return (
        {track.id for track in tracks},
        {track.id for track in tracks if track.features},
        {document["seed"] for document in database.documents_where(COLLECTION, {})},
        set(database.names_where(ANALYSES, {})),
    )


ALL = {"old", "young", "other", "found", "held"}
DAYS = {"young", "other"}


def test_after_a_day_what_spotify_told_goes(database: Database, app: Engine) -> None:
    built: list[bool] = []
    assert is_due(database, app)
    expire(database, app, lambda: built.append(True))
    assert left(database) == (ALL, DAYS, DAYS, DAYS)
    assert built == [True]
    assert not is_due(database, app)
    expire(database, app, lambda: built.append(True))
    assert built == [True]
    database.change_document("sources", _NAME, {"looked_at": datetime.now(UTC) + timedelta(days=365)})
    assert is_due(database, app), "the clock was wrong when somebody looked"


@pytest.mark.parametrize("off", [True, False])
def test_switched_off_or_without_its_settings_all_of_it_goes(database: Database, app: Engine, off: bool) -> None:
    expire(database, app, lambda: None)
    if off:
        app.sources.switch([])
    else:
        app.put_settings("spotify", {"client_id": None, "client_secret": None})
    assert is_due(database, app)
    expire(database, app, lambda: None)
    assert left(database) == (ALL - {"found"}, {"other"}, {"other"}, {"other"})
    assert all(document["source"] != "spotify" for document in database.documents_where("lookups", {}))
    assert not is_due(database, app)


def test_cut_off_before_the_catalogue_was_built_it_is_built_the_next_time(database: Database, app: Engine) -> None:
    def die() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        expire(database, app, die)
    built: list[bool] = []
    expire(database, app, lambda: built.append(True))
    assert built == [True]
    assert not is_due(database, app)


def test_spotify_that_was_never_asked_costs_no_look(
    database: Database, tmp_path: Path, fake_services: FakeServices
) -> None:
    engine = app_engine(database, tmp_path, fake_services)
    assert not is_due(database, engine)
    engine.sources.switch([])
    assert not is_due(database, engine)
    engine.close()
