"""The taxonomy over HTTP."""

from flask.testing import FlaskClient


def test_families_hold_the_114_genres_and_all_names(client: FlaskClient) -> None:
    families = client.get("/api/genres").get_json()["families"]
    assert sum(len(family["genres"]) for family in families) == 114
    assert all(family["names"] >= len(family["genres"]) for family in families)


def test_any_name_is_placed_and_an_empty_one_refused(client: FlaskClient) -> None:
    placed = client.get("/api/genres/place?name=Norwegian black metal").get_json()
    assert (placed["family"], placed["genre"]) == ("metal", "black-metal")
    assert 0 < placed["confidence"] <= 1
    for path in ("/api/genres/place", "/api/genres/place?name=", "/api/genres/place?name=%20"):
        assert client.get(path).status_code == 422
