"""Maps over HTTP: what was computed, and what came later placed among it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from flask.testing import FlaskClient

from ml.projection.model import CATALOGUE, Projection
from ml.sound import coordinates
from store.database import Database
from store.domain import AUDIO_FEATURES, Playlist, PlaylistItem
from tests.api.conftest import CALM, LOUD, a_track


@pytest.fixture
def mapped(catalogue_folder: Path) -> Projection:
    """A map of ten loud and ten calm tracks, which only the map knows, of the catalogue and of the playlist "some"."""
    rows = [[sound.get(name, np.nan) for name in AUDIO_FEATURES] for sound in [LOUD] * 10 + [CALM] * 10]
    places = np.nan_to_num(coordinates(np.array(rows, np.float32)))
    text = tuple(f"m{at}" for at in range(20))
    made = Projection(
        ids=text, titles=text, artists=text, families=("metal",) * 10 + ("",) * 10, places=places,
        maps={"tsne": np.repeat(np.array([[-1, 0], [1, 0]], np.float32), 10, axis=0)},
        about={
            "made_at": "2026-01-01T00:00:00+00:00",
            "seed": 1,
            "sampled_from": 20,
            "methods": {"tsne": {"trustworthiness": 0.9, "continuity": 0.9, "seconds": 1.0}},
        },
    )  # fmt: skip
    for name in (CATALOGUE, "some"):
        made.save(catalogue_folder, name)
    return made


def test_the_map_of_the_catalogue_places_a_track(client: FlaskClient, mapped: Projection) -> None:
    answer = client.get("/api/projection").json
    columns = answer["columns"]
    assert {len(column) for column in columns.values()} == {20}
    assert (answer["families"], columns["family"][0], columns["family"][-1]) == (["metal"], 0, -1)
    assert answer["methods"]["tsne"]["trustworthiness"] == 0.9
    columns = client.get("/api/projection?track_id=calm1").json["columns"]
    assert (columns["id"][-1], columns["placed"][-1]) == ("calm1", True)
    assert columns["tsne"][-1] == pytest.approx([1, 0], abs=0.05)


def test_the_map_of_a_playlist_says_who_added_what(client: FlaskClient, mapped: Projection, database: Database) -> None:
    database.put_tracks([a_track("late", "Late", "Nobody", CALM), a_track("silent2", "Silent", "Nobody", None)])
    rows = [("m0", "ann"), ("late", "ben"), ("silent2", "ben")]
    items = [PlaylistItem(position=at, track_id=one, added_by=by) for at, (one, by) in enumerate(rows)]
    database.put_page("some", 0, items)
    database.put_playlist(Playlist(id="some", name="Some", item_count=3, complete=True))
    answer = client.get("/api/playlists/some/projection").json
    columns = answer["columns"]
    assert answer["not_shown"] == 1
    assert (columns["person"][0], columns["person"][-1]) == ("ann", "ben")
    assert columns["tsne"][-1] == pytest.approx([1, 0], abs=0.05)
    columns = client.get("/api/playlists/some/projection?track_id=metal1").json["columns"]
    assert (columns["id"][-1], columns["placed"][-1], columns["person"][-1]) == ("metal1", True, None)


def test_what_lies_near_on_the_map_but_is_far_in_sound(
    client: FlaskClient, mapped: Projection, catalogue_folder: Path
) -> None:
    points = np.column_stack([np.arange(20, dtype=np.float32), np.zeros(20, np.float32)])
    points[19] = 0.1  # a calm one among the loud
    replace(mapped, maps={"tsne": points}).save(catalogue_folder, CATALOGUE)
    answer = client.get("/api/projection/far?track_id=m0").json
    assert answer["neighbours"] == 10
    assert [one["id"] for one in answer["far"]][:1] == ["m19"], "the tenth is a calm one at the border"
    assert all(0.25 < one["nearer_share"] < 1 for one in answer["far"])
    assert client.get("/api/projection/far?track_id=m3").json["far"][0]["id"] == "m19"
    for query in ("track_id=nobody", "track_id=m0&method=umap", "track_id=m0&playlist=nothing"):
        assert client.get(f"/api/projection/far?{query}").status_code == 404, query


def test_what_has_no_map_has_no_answer(empty_client: FlaskClient) -> None:
    answer = empty_client.get("/api/projection")
    assert (answer.status_code, answer.data) == (204, b"")
    assert empty_client.get("/api/playlists/nothing/projection").json["error"]["code"] == "not_found"


def test_maps_can_be_computed(client: FlaskClient) -> None:
    assert "projection" in client.get("/api/models").json["trainable"]
