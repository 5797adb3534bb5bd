"""A path between two tracks: it begins and ends with them, goes evenly, and repeats nobody."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from flask.testing import FlaskClient

from store.catalogue.builder import build_collection
from tests.ml.continuation_world import BY_ID, TRACKS


def ids(client: FlaskClient) -> list[str]:
    """Return the ids of tracks with audio features."""
    found = [track for letter in "aeiou" for track in client.get(f"/api/search?q={letter}&limit=50").json["tracks"]]
    return list(dict.fromkeys(track["id"] for track in found if track["has_features"]))


def test_a_path_goes_from_one_sound_to_the_other(client: FlaskClient) -> None:
    known = ids(client)
    start, end = known[0], known[-1]
    answer = client.get(f"/api/tracks/{start}/path?to={end}&between=3")
    assert answer.status_code == 200, answer.json
    steps = answer.json["steps"]
    walked = [step["track"]["id"] for step in steps]
    assert (walked[0], walked[-1]) == (start, end)
    assert len(set(walked)) == len(walked) > 2
    assert all(0 <= step["score"] <= 1 for step in steps)
    back = client.get(f"/api/tracks/{end}/path?to={start}&between=3").json["steps"]
    assert back[0]["track"]["id"] == end


def test_of_tracks_as_near_by_sound_a_path_takes_those_of_artists_like_its_ends(
    configured: Callable[..., FlaskClient], tmp_path: Path, database_uri: str
) -> None:
    start, end = BY_ID["metallica0"], BY_ID["megadeth0"]
    strangers = [
        replace(
            start, id=f"hymn{at}", title=f"Hymn {at}", artists=("Stan Getz", "Zzyqx Qqvx")[at : at + 1], popularity=99.0
        )
        for at in range(2)
    ]
    build_collection(tmp_path / "catalogue", [*TRACKS, *strangers])
    answer = configured(tmp_path, database_uri).get(f"/api/tracks/{start.id}/path?to={end.id}&between=2").json
    assert {step["track"]["artists"][0] for step in answer["steps"][1:-1]} == {"Anthrax", "Slayer"}, "each once"


def test_a_path_needs_two_known_tracks(client: FlaskClient) -> None:
    start = ids(client)[0]
    assert client.get(f"/api/tracks/{start}/path?to=0000000000000000000zzz").status_code == 404
    assert client.get(f"/api/tracks/{start}/path").status_code == 422


def test_what_would_go_with_another_sound(client: FlaskClient) -> None:
    start = ids(client)[0]
    as_it_is = client.get(f"/recommend?track_id={start}&method=sound").json["tracks"]
    otherwise = client.get(f"/recommend?track_id={start}&method=sound&energy=0.01&tempo=60&loudness=-30").json["tracks"]
    assert as_it_is
    assert [track["id"] for track in as_it_is] != [track["id"] for track in otherwise]
    assert client.get(f"/recommend?track_id={start}&energy=7").status_code == 422
