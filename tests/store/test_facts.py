"""What sources tell of a track is kept apart; one of them is chosen, and never one that models may not read."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from store.catalogue.writer import rows_from_tracks
from store.database import Database
from store.domain import AudioFeatures, Track
from store.facts import Provenance, forget_features, known_tracks, put_features, put_genres

SPOTIFY = AudioFeatures(values={"energy": 0.9, "tempo": 150.0}, source="spotify")
RECCO = AudioFeatures(values={"energy": 0.8}, source="reccobeats")
ACOUSTIC = AudioFeatures(values={"energy": 0.7}, source="acousticbrainz")
ORDER = ("spotify", "reccobeats", "acousticbrainz")
TRACK = Track(id="t", title="Anvil Choir", artists=("Iron Almond",))


def chosen(database: Database) -> str | None:
    track = database.get_track("t")
    assert track
    return track.features.source if track.features else None


@pytest.mark.parametrize("told", [(SPOTIFY, RECCO), (RECCO, SPOTIFY)])
def test_what_is_only_shown_displaces_nothing(database: Database, told: tuple[AudioFeatures, ...]) -> None:
    database.put_tracks([TRACK])
    for report in told:
        put_features(database, "t", report, "run")
    assert chosen(database) == "reccobeats"
    assert known_tracks(database, ["t"])["t"].feature_sources == {"spotify", "reccobeats"}


@pytest.mark.parametrize("told", [(SPOTIFY, RECCO), (RECCO, SPOTIFY)])
def test_an_import_that_comes_again_keeps_to_that(database: Database, told: tuple[AudioFeatures, ...]) -> None:
    for report in told:
        database.put_tracks([replace(TRACK, features=report)])
    assert chosen(database) == "reccobeats"


def test_forgetting_one_source_leaves_the_others(database: Database) -> None:
    database.put_tracks([replace(TRACK, features=SPOTIFY)])  # as an earlier version stored it
    assert forget_features(database, "t", {"spotify"}, ORDER)
    assert chosen(database) is None
    for one in (ACOUSTIC, RECCO, SPOTIFY):
        put_features(database, "t", one, "run")
    assert forget_features(database, "t", {"spotify"}, ORDER)
    assert chosen(database) == "reccobeats"
    assert database.names_where("tracks", {"features_by_source.source": "spotify"}) == []
    assert forget_features(database, "t", {"reccobeats"}, ORDER)
    assert chosen(database) == "acousticbrainz"
    assert not forget_features(database, "t", {"reccobeats"}, ORDER)


def test_only_what_is_older_is_forgotten(database: Database) -> None:
    now = datetime.now(UTC)
    database.put_tracks([TRACK])
    put_features(database, "t", replace(SPOTIFY, fetched_at=now), "run")
    assert not forget_features(database, "t", {"spotify"}, ORDER, now - timedelta(hours=1))
    assert forget_features(database, "t", {"spotify"}, ORDER, now + timedelta(hours=1))


def test_genres_of_every_source_are_kept(database: Database) -> None:
    database.put_tracks([TRACK])
    for source, label in (("deezer", "metal"), ("musicbrainz", "heavy metal")):
        by = Provenance(source=source, fetched_at=None, licence="", brought_by="run")
        put_genres(database, "t", [label], [], by)
    document: dict[str, Any] = database.get_document("tracks", "t") or {}
    assert document["labels"] == ["heavy metal"]
    assert {one["source"]: one["labels"] for one in document["genres_by_source"]} == {
        "deezer": ["metal"],
        "musicbrainz": ["heavy metal"],
    }


def test_of_what_is_only_shown_the_catalogue_has_the_source_alone() -> None:
    rows = rows_from_tracks([replace(TRACK, features=SPOTIFY), replace(TRACK, id="u", features=RECCO)])
    assert rows["features_source"].to_pylist() == ["spotify", "reccobeats"]
    shown, usable = rows["features"].to_pylist()
    assert np.isnan(shown).all()
    assert not np.isnan(usable).all()
