"""GET /recommend: tracks with reasons, what is left out, and what happens where nothing is known."""

import pytest
from flask.testing import FlaskClient


def ids(client: FlaskClient, asked: str) -> list[str]:
    return [track["id"] for track in client.get(f"/recommend?{asked}").json["tracks"]]


def test_what_sounds_alike_comes_first_with_reasons_and_differences(client: FlaskClient) -> None:
    answer = client.get("/recommend?track_id=metal1").json
    assert answer["method"] == "neighbours"
    assert answer["seed"]["id"] == "metal1"
    assert {track["id"] for track in answer["tracks"][:3]} <= {"metal3", "metal4", "metal5", "same2"}
    first = answer["tracks"][0]
    assert first["reasons"]
    assert {"feature", "seed", "other", "difference"} == first["differences"][0].keys()
    scores = [track["score"] for track in answer["tracks"]]
    assert scores == sorted(scores, reverse=True)


def test_the_same_recording_never_comes_back(client: FlaskClient) -> None:
    assert not {"metal1", "metal2"} & set(ids(client, "track_id=metal1&limit=50&artist_cap=50"))


def test_artist_cap_limit_and_exclusions(client: FlaskClient) -> None:
    assert len({"metal3", "metal5"} & set(ids(client, "track_id=metal1&artist_cap=1"))) <= 1
    assert len(ids(client, "track_id=metal1&limit=2")) == 2
    assert not {"metal3", "same2"} & set(ids(client, "track_id=metal1&exclude=metal3,same2"))


def test_weights_of_ones_own_change_what_comes_first(client: FlaskClient) -> None:
    """Harbour of the Ostrich Cartel has the tempo of Anvil Choir, Rust Parade does not."""
    usual, by_tempo = (ids(client, f"track_id=metal1&weights={asked}") for asked in ("", "tempo:10,popularity:0"))
    assert usual != by_tempo
    assert by_tempo.index("metal3") > by_tempo.index("same2")


def test_hub_correction_can_be_left_out(client: FlaskClient) -> None:
    """So few tracks have no hubs: both ways are the same here (tests/ml/test_hubs.py has more)."""
    assert ids(client, "track_id=metal1&hubs=plain") == ids(client, "track_id=metal1&hubs=corrected")


def test_what_goes_with_it_comes_before_what_is_merely_near(client: FlaskClient) -> None:
    answer = client.get("/recommend?track_id=metal1").json
    goes = [track["is_close_match"] for track in answer["tracks"]]
    assert goes == sorted(goes, reverse=True)
    by_id = {track["id"]: track["is_close_match"] for track in answer["tracks"]}
    assert by_id["metal3"]
    assert not by_id["calm2"]
    assert (answer["note"], answer["artists"]) == (None, [])


def test_where_nothing_is_close_it_says_so_and_names_artists(client: FlaskClient) -> None:
    answer = client.get(
        "/recommend?track=Enter Sandman&artist=Metallica&exclude=metal1,metal2,metal3,metal4,metal5"
    ).json
    assert answer["tracks"]
    assert not any(track["is_close_match"] for track in answer["tracks"])
    assert "Only distant matches here" in answer["note"]
    assert len(answer["artists"]) == 10


def test_by_sound_alone_artists_do_not_matter(client: FlaskClient) -> None:
    answer = client.get("/recommend?track_id=metal1&method=sound&weights=tempo:2").json
    assert answer["method"] == "sound"
    assert "same2" in [track["id"] for track in answer["tracks"][:3]]
    assert not any("artist" in reason.lower() for track in answer["tracks"] for reason in track["reasons"])


def test_by_artists_alone_sound_does_not_matter(client: FlaskClient) -> None:
    answer = client.get("/recommend?q=Metallica Enter Sandman&method=artists").json
    assert (answer["method"], len(answer["artists"])) == ("artists", 10)
    refused = client.get("/recommend?track_id=silent&method=artists").json["error"]
    assert (refused["code"], refused["hint"]) == ("no_features", "Choose another method.")


def test_typed_names_are_a_question_too(client: FlaskClient) -> None:
    assert ids(client, "q=paper moons verholt") == ids(client, "track_id=calm1")


def test_an_empty_installation_answers_artists_alike(empty_client: FlaskClient) -> None:
    answer = empty_client.get("/recommend?q=Metallica Enter Sandman").json
    assert answer["method"] == "artists"
    assert answer["tracks"] == []
    assert len(answer["artists"]) == 10
    assert all(artist["reasons"] for artist in answer["artists"])
    assert "Metallica" not in [artist["name"] for artist in answer["artists"]]
    shown = [artist["similarity"] for artist in answer["artists"]]
    assert shown == sorted(shown, reverse=True)
    assert 0 < shown[-1] < shown[0] <= 1
    assert "playlists or tables" in answer["note"]


def test_the_artists_similar_to_one_come_by_its_name_and_in_the_order_of_their_number(client: FlaskClient) -> None:
    answer = client.get("/api/artists/similar?artist=metallica").json
    shown = [artist["similarity"] for artist in answer["artists"]]
    assert len(shown) == 10
    assert shown == sorted(shown, reverse=True)
    assert answer["artists"] == client.get("/recommend?q=Metallica Enter Sandman&method=artists").json["artists"]
    assert {artist["track_id"] for artist in answer["artists"]} == {None}, "the catalogue has nothing of them"
    assert client.get("/api/artists/similar?artist=Nobody Whosoever").json["artists"] == []
    assert client.get("/api/artists/similar").status_code == 422


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ("", 400, "bad_request"),
        ("track_id=nobody", 404, "not_found"),
        ("q=Harbour", 409, "ambiguous"),
        ("track_id=silent", 422, "no_features"),
        ("track_id=silent&method=sound", 422, "no_features"),
        ("track_id=metal1&method=timbre", 404, "no_analyses"),
        ("track_id=metal1&method=magic", 422, "invalid_value"),
        ("track_id=metal1&limit=0", 422, "invalid_value"),
        ("track_id=metal1&limit=many", 422, "invalid_value"),
        ("track_id=metal1&weights=loudest:2", 422, "invalid_value"),
        ("track_id=metal1&weights=tempo:99", 422, "invalid_value"),
        ("track_id=metal1&hubs=some", 422, "invalid_value"),
        ("track_id=metal5&weights=sound:0,artist:0", 422, "no_features"),
    ],
)
def test_each_fault_has_its_own_status(client: FlaskClient, asked: str, status: int, code: str) -> None:
    answer = client.get(f"/recommend?{asked}")
    assert (answer.status_code, answer.json["error"]["code"]) == (status, code)
    assert answer.json["error"]["hint"]


def test_an_empty_installation_that_does_not_know_the_artist_says_so(empty_client: FlaskClient) -> None:
    answer = empty_client.get("/recommend?q=zzyqx qqvx wwkjh")
    assert (answer.status_code, answer.json["error"]["code"]) == (404, "not_found")
