"""Clusters, families and histograms over HTTP."""

from typing import Any

import pytest
from flask.testing import FlaskClient


def test_the_heat_map_the_sweep_and_the_exemplars(client: FlaskClient) -> None:
    answer = client.get("/api/clusters").get_json()
    count = len(answer["clusters"])
    assert [cluster["cluster"] for cluster in answer["clusters"]] == list(range(1, count + 1))
    assert [step["clusters"] for step in answer["sweep"] if step["elbow"]] == [count]
    for of, rows in (("genre", 114), ("family", 23)):
        heat = answer["heatmap"][of]
        assert len(heat["rows"]) == len(heat["shares"]) == len(heat["tracks"]) == rows
        assert all(sum(row) == pytest.approx(1, abs=0.01) for row in heat["shares"])
    names = [cluster["name"] for cluster in answer["clusters"]]
    assert len({*names}) == count, "no two are called the same"
    assert not [name for name in names if any(char.isdigit() for char in name)], "words, no numbers"
    assert sum(cluster["share"] for cluster in answer["clusters"]) == pytest.approx(1, abs=0.01)
    assert sum(cluster["tracks_here"] for cluster in answer["clusters"]) == 9
    assert all(cluster["exemplar"]["features"].keys() >= {"energy", "tempo"} for cluster in answer["clusters"])
    assert all(
        (cluster["exemplar"]["track"] is None) == (cluster["exemplar"]["distance"] is None)
        for cluster in answer["clusters"]
    )


def test_an_empty_installation_names_no_exemplar(empty_client: FlaskClient) -> None:
    clusters = empty_client.get("/api/clusters").get_json()["clusters"]
    assert len(clusters) > 1
    assert all(cluster["tracks_here"] == 0 and cluster["exemplar"]["track"] is None for cluster in clusters)


def test_where_a_track_falls(client: FlaskClient) -> None:
    loud, calm = (client.get(f"/api/clusters/predict?track_id={one}").get_json() for one in ("metal1", "calm1"))
    assert loud["track"]["id"] == "metal1"
    assert "metal" in loud["nearest"][0]["name"]
    assert "calm" in calm["nearest"][0]["name"]
    assert loud["cluster"] == loud["nearest"][0]["cluster"] != calm["cluster"]
    assert [neighbour["distance"] for neighbour in loud["nearest"]] == sorted(
        neighbour["distance"] for neighbour in loud["nearest"]
    )
    assert client.get("/api/clusters/predict?q=paper moons verholt").get_json()["cluster"] == calm["cluster"]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/clusters/predict", 400, "bad_request"),
        ("/api/clusters/predict?track_id=nobody", 404, "not_found"),
        ("/api/clusters/predict?track_id=silent", 422, "no_features"),
        ("/api/features/histograms?family=polka", 404, "not_found"),
        ("/api/features/histograms?playlist=none", 404, "not_found"),
        ("/recommend?track_id=metal1&method=dice", 422, "invalid_value"),
        ("/recommend?track_id=metal1&method=families&seed=-1", 422, "invalid_value"),
        ("/recommend?track_id=silent&method=families", 422, "no_features"),
    ],
)
def test_each_fault_has_its_own_status(client: FlaskClient, path: str, status: int, code: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (status, code)


def test_histograms_of_all_tracks_and_of_a_family(client: FlaskClient) -> None:
    answer = client.get("/api/features/histograms").get_json()
    assert (answer["tracks"], len(answer["features"])) == (10, 13)
    for feature in answer["features"]:
        assert len(feature["counts"]) == len(feature["reference"]) == len(feature["edges"]) - 1
        assert sum(feature["counts"]) == feature["known"] <= 9
    energy = next(feature for feature in answer["features"] if feature["feature"] == "energy")
    assert energy["known"] == 9
    metal = client.get("/api/features/histograms?family=metal").get_json()
    assert metal["tracks"] == 4
    assert sum(metal["features"][1]["reference"]) < sum(answer["features"][1]["reference"])


def test_the_sources_of_what_is_known_of_the_sound(client: FlaskClient, empty_client: FlaskClient) -> None:
    told = client.get("/api/features/sources").get_json()
    assert told["tracks"] == 10
    assert [(one["source"], one["tracks"]) for one in told["sources"]] == [("table: invented", 9)]
    assert empty_client.get("/api/features/sources").get_json() == {"tracks": 0, "sources": []}


def picks(client: FlaskClient, more: str) -> dict[str, Any]:
    answer: dict[str, Any] = client.get(f"/recommend?track_id=metal1&method=families{more}").get_json()
    return answer


def test_one_pick_per_family_from_the_same_cluster(client: FlaskClient) -> None:
    answer = picks(client, "&seed=7")
    assert (answer["method"], answer["draw"]) == ("families", {"pick": "fresh", "seed": 7})
    assert [family["family"] for family in answer["families"]] == ["metal"]
    assert [track["family"] for track in answer["tracks"]] == ["metal"]
    assert answer["tracks"][0]["id"] in {"metal3", "metal4"}
    assert answer["tracks"][0]["reasons"]
    assert picks(client, "&seed=7") == answer


def test_a_draw_tells_its_seed_and_is_drawn_anew(client: FlaskClient) -> None:
    first = picks(client, "")
    assert picks(client, f"&seed={first['draw']['seed']}")["tracks"] == first["tracks"]
    assert len({picks(client, "")["draw"]["seed"] for _ in range(3)}) > 1


def test_the_nearest_one_and_what_is_left_out(client: FlaskClient) -> None:
    nearest = picks(client, "&pick=nearest")
    assert nearest["tracks"][0]["id"] == "metal3"
    assert picks(client, "&pick=nearest&exclude=metal3")["tracks"][0]["id"] == "metal4"


def test_families_of_a_track_without_a_genre_are_guessed_and_said_to_be(client: FlaskClient) -> None:
    answer = client.get("/recommend?track_id=same2&method=families").get_json()
    assert answer["families"]
    assert all(family["guessed"] for family in answer["families"])
    assert answer["note"]


@pytest.mark.parametrize(
    ("track", "family", "by", "source"),
    [
        ("metal1", "metal", "track", "table: invented"),
        ("metal5", "metal", "artist", "catalogue"),  # by the labels of other tracks of the artist
        ("same2", None, "model", None),
    ],
)
def test_genre_and_picks_tell_the_same_families(
    client: FlaskClient, track: str, family: str | None, by: str, source: str | None
) -> None:
    genre = client.get(f"/genre-predict?track_id={track}").get_json()
    assert genre["in_families"] == client.get(f"/recommend?track_id={track}&method=families").get_json()["families"]
    main = genre["in_families"][0]
    assert (main["by"], main["source"], main["guessed"]) == (by, source, by == "model")
    assert genre["family"] == main["family"]
    assert family in {None, main["family"]}
    if by == "model":
        assert main["family"] == genre["families"][0]["family"]


def test_neighbours_stay_the_usual_method(client: FlaskClient) -> None:
    assert client.get("/recommend?track_id=metal1").get_json()["method"] == "neighbours"
