"""The tracks of a playlist: from the catalogue where it has them, from the database where it does not."""

from dataclasses import replace
from pathlib import Path

import pytest

from store.catalogue import segment, writer
from store.catalogue.builder import build_collection, build_own
from store.catalogue.catalogue import Catalogue
from store.database import Database
from store.domain import AudioFeatures
from store.library import shown_tracks, tracks_of_playlist
from tests.store.catalogues import a_track

OWNER = "o" * 24
OWN = [a_track(number, f"Song {number}", "Band", year=1990 + number) for number in range(40)]
SHARED = replace(OWN[3], title="Another name", year=None, labels=("rock",))


@pytest.fixture
def catalogue(tmp_path: Path, database: Database) -> Catalogue:
    """Forty tracks of one owner, one of which the shared layer knows with a label; the last is not built yet."""
    database.put_tracks(OWN, owner=OWNER)
    database.put_tracks([SHARED])
    build_own(tmp_path, OWNER, OWN[:-1])
    build_collection(tmp_path, [SHARED])
    return Catalogue(tmp_path)


def test_a_playlists_tracks_are_the_same_from_the_catalogue_as_from_the_database(
    catalogue: Catalogue, database: Database
) -> None:
    ids = {track.id for track in OWN} | {"nobody knows it"}
    shown = shown_tracks(catalogue, database, OWNER, ids)
    assert shown == tracks_of_playlist(catalogue.current(), database, OWNER, ids)
    assert shown.keys() == {track.id for track in OWN}
    assert (shown[SHARED.id].title, shown[SHARED.id].labels) == ("Song 3", ("rock",))


def test_what_the_catalogue_has_is_not_asked_of_the_database(
    catalogue: Catalogue, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    get_tracks = database.get_tracks
    monkeypatch.setattr(database, "get_tracks", lambda ids, owner: asked.extend(ids) or get_tracks(ids, owner))
    assert len(shown_tracks(catalogue, database, OWNER, [track.id for track in OWN])) == len(OWN)
    assert asked == [OWN[-1].id]


def test_the_rows_of_an_owner_are_not_shown_in_a_playlist_of_the_installation(
    catalogue: Catalogue, database: Database
) -> None:
    assert shown_tracks(catalogue, database, None, [track.id for track in OWN]) == {SHARED.id: SHARED}


def test_features_that_may_only_be_shown_are_shown(tmp_path: Path, database: Database) -> None:
    shown_only = replace(OWN[0], features=AudioFeatures(values={"energy": 0.4}, source="spotify"))
    database.put_tracks([shown_only, OWN[1]])
    build_collection(tmp_path, [shown_only, OWN[1]])
    assert Catalogue(tmp_path).current().tracks([shown_only.id], "collection") == {}
    shown = shown_tracks(Catalogue(tmp_path), database, None, [shown_only.id, OWN[1].id])
    assert shown == {shown_only.id: shown_only, OWN[1].id: OWN[1]}


def test_ids_with_one_hash_are_told_apart(tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segment, "id_hash", lambda _id: 7)
    monkeypatch.setattr(writer, "id_hash", lambda _id: 7)
    build_collection(tmp_path, OWN)
    found = Catalogue(tmp_path).current().tracks([track.id for track in OWN[:5]] + ["another"], "collection")
    assert found == {track.id: track for track in OWN[:5]}
