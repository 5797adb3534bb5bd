"""Questions about tracks that nobody has imported: looked up, told apart by source, and kept."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from etl.engine import Engine
from etl.lookup.lookup import settle
from store.database import Database
from store.domain import AudioFeatures, Track
from tests.fake_services.faults import cut, limited, unavailable
from tests.fake_services.fixtures import FakeServices
from tests.fake_services.world import Song

# MusicBrainz has one call a second, for which these tests would wait.
ON = frozenset({"deezer", "itunes", "reccobeats", "listenbrainz_labs"})
ASKED = "q=neon estuary velvet causeway"


@pytest.fixture
def asking(
    configured: Callable[..., FlaskClient], catalogue_folder: Path, database_uri: str, fake_services: FakeServices
) -> Iterator[FlaskClient]:
    """An installation that holds TRACKS, and whose sources are on."""
    client = configured(catalogue_folder, database_uri, sources=ON, source_urls=fake_services.urls)
    yield client
    for service in fake_services.all:
        service.stopping.set()
    settle()


def by_status(answer: Any) -> dict[tuple[str, str], str]:
    return {(source["source"], source["need"]): source["status"] for source in answer["sources"]}


def engine_of(client: FlaskClient) -> Engine:
    return client.application.extensions["tastemap"].engine


def test_an_unknown_track_is_looked_up_and_every_part_says_where_it_is_from(
    asking: FlaskClient, fake_services: FakeServices
) -> None:
    song = fake_services.world.song("Neon Estuary")
    answer = asking.get(f"/genre-predict?{ASKED}").json
    assert answer["track"] | {"id": song.spotify, "title": song.title, "artists": [song.artist.name]} == answer["track"]
    assert answer["match"]["kind"] == "source"
    assert "Deezer" in answer["match"]["source"]
    assert answer["match"]["confidence"] > 0.9
    assert answer["basis"][0] == "audio"
    energy = next(feature for feature in answer["features"] if feature["name"] == "energy")
    assert (energy["source"], energy["value"]) == ("reccobeats", pytest.approx(song.features["energy"]))
    assert energy["fetched_at"]
    assert energy["licence"]
    assert 0.5 < energy["confidence"] < 1.0
    known = answer["known_genres"]
    assert {report["source"] for report in known["by_source"]} == {"deezer", "itunes"}
    assert {"name": "Electro", "weight": 1.0} in known["by_source"][0]["genres"]
    assert known["source"] == "deezer"
    assert by_status(answer)["reccobeats", "features"] == "found"
    assert set(by_status(answer).values()) == {"found"}


def test_recommendations_are_our_own_and_those_of_each_source(asking: FlaskClient, fake_services: FakeServices) -> None:
    song = fake_services.world.song("Neon Estuary")
    answer = asking.get(f"/recommend?{ASKED}").json
    assert answer["method"] == "neighbours"
    assert answer["seed"]["id"] == song.spotify
    assert answer["tracks"]
    assert "No audio features" not in (answer["note"] or "")
    lists = {one["source"]: one for one in answer["fetched"]}
    assert set(lists) == {"reccobeats", "deezer", "listenbrainz_labs"}
    assert all(playlist["licence"] and playlist["fetched_at"] for playlist in lists.values())
    assert all(track["id"] for track in lists["reccobeats"]["tracks"])
    assert song.spotify not in [track["id"] for each in lists.values() for track in each["tracks"]]


def test_what_was_found_is_known_next_time_by_its_id(asking: FlaskClient, fake_services: FakeServices) -> None:
    first = asking.get(f"/recommend?{ASKED}").json
    track_id = first["seed"]["id"]
    asked = fake_services.request_count()
    again = asking.get(f"/recommend?track_id={track_id}").json
    assert again["tracks"] == first["tracks"]
    assert [answer["source"] for answer in again["fetched"]] == [answer["source"] for answer in first["fetched"]]
    assert asking.get(f"/genre-predict?track_id={track_id}").json["basis"][0] == "audio"
    fetched = first["fetched"][0]["tracks"][0]
    assert asking.get(f"/genre-predict?track_id={fetched['id']}").json["track"]["title"] == fetched["title"]
    assert fake_services.reccobeats.requests_to("/v1/track/recommendation")[1:] == []
    assert fake_services.request_count() > asked  # genres, and the track that was fetched


def test_two_questions_at_once_are_one_look_up(asking: FlaskClient, fake_services: FakeServices) -> None:
    browsers = [asking.application.test_client() for _ in range(2)]
    paths = (f"/genre-predict?{ASKED}", f"/recommend?{ASKED}")
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda browser, path: browser.get(path), browsers, paths))
    assert [answer.status_code for answer in answers] == [200, 200]
    assert len(fake_services.deezer.requests_to("/search")) == 1
    assert len(fake_services.reccobeats.requests_to("/v1/audio-features")) == 1


def test_a_complete_track_is_answered_without_asking_anybody(asking: FlaskClient, fake_services: FakeServices) -> None:
    for path in ("/genre-predict?track_id=metal1", "/recommend?track_id=metal1", "/genre-predict?q=anvil choir"):
        answer = asking.get(path).json
        assert answer["sources"] == []
    assert fake_services.request_count() == 0


def test_a_known_track_without_features_gets_them(asking: FlaskClient, fake_services: FakeServices) -> None:
    song = fake_services.world.song("Receipts")
    database: Database = asking.application.extensions["tastemap"].database
    bare = Track(id=song.spotify, title=song.title, artists=(song.artist.name,), source="exportify: a.csv")
    database.put_tracks([bare])
    answer = asking.get(f"/genre-predict?track_id={song.spotify}").json
    assert answer["match"] == {"kind": "id", "confidence": 1.0, "understood": None, "alternatives": []}
    assert {feature["source"] for feature in answer["features"]} == {"reccobeats"}
    stored = database.get_track(song.spotify)
    assert stored is not None
    assert stored.features is not None
    assert (stored.title, stored.source) == (bare.title, bare.source)


def test_an_id_of_spotifys_that_nobody_has_brought_in(asking: FlaskClient, fake_services: FakeServices) -> None:
    song = fake_services.world.song("Receipts")
    answer = asking.get(f"/genre-predict?track_id={song.spotify}").json
    assert answer["track"]["title"] == song.title
    assert asking.get("/genre-predict?track_id=0000000000000000000000").status_code == 404


def test_a_source_that_fails_is_named_with_the_time_it_comes_back(
    asking: FlaskClient, fake_services: FakeServices
) -> None:
    fake_services.reccobeats.fail(limited(85_771), times=None)
    answer = asking.get(f"/genre-predict?{ASKED}").json
    assert answer["match"]["kind"] == "source"
    assert answer["features"] == []
    lines = [source for source in answer["sources"] if source["source"] == "reccobeats"]
    assert {line["status"] for line in lines} == {"limited"}
    assert all(line["message"] and line["retry_at"] and line["title"] == "ReccoBeats" for line in lines)


def test_an_answer_that_could_become_better_is_not_kept(asking: FlaskClient, fake_services: FakeServices) -> None:
    fake_services.deezer.fail(cut(), times=None, path="/search")
    fake_services.itunes.fail(unavailable(60), times=None)
    fake_services.listenbrainz_labs.fail(unavailable(60), times=None)
    answer = asking.get(f"/genre-predict?{ASKED}").json
    assert answer["match"]["kind"] == "names"
    assert "No audio features" in answer["note"]
    assert {source["status"] for source in answer["sources"]} <= {"failed", "limited"}
    fake_services.deezer.heal()
    engine_of(asking).forget("deezer")
    assert asking.get(f"/genre-predict?{ASKED}").json["match"]["kind"] == "source"


def test_features_in_conflict_are_kept_apart(asking: FlaskClient, fake_services: FakeServices) -> None:
    song = fake_services.world.song("Receipts")
    database: Database = asking.application.extensions["tastemap"].database
    ours = AudioFeatures(values={"energy": 0.011}, source="exportify: a.csv")
    ids = {"isrc": song.isrc}
    database.put_tracks(
        [Track(id=song.spotify, title=song.title, artists=(song.artist.name,), features=ours, isrc=song.isrc, ids=ids)]
    )
    answer = asking.get(f"/genre-predict?track_id={song.spotify}").json
    assert [(feature["source"], feature["value"]) for feature in answer["features"]] == [("exportify: a.csv", 0.011)]
    (other,) = answer["other_features"]
    assert (other["source"], other["title"]) == ("reccobeats", "ReccoBeats")
    assert other["values"]["energy"] == pytest.approx(song.features["energy"])
    assert other["licence"]


def test_what_spotify_tells_is_shown_and_no_model_reads_it(client: FlaskClient) -> None:
    database: Database = client.application.extensions["tastemap"].database
    heard = AudioFeatures(values={"energy": 0.9, "tempo": 150.0}, source="spotify")
    database.put_tracks([Track(id="x1", title="Anvil Choir", artists=("Iron Almond",), features=heard)])
    answer = client.get("/genre-predict?track_id=x1").json
    assert [feature["name"] for feature in answer["features"]] == ["energy", "tempo"]
    assert "audio" not in answer["basis"]
    assert "forbids" in answer["note"]


@pytest.mark.parametrize("given", ["", "&danceability=0.5"])
def test_what_spotify_tells_goes_into_no_comparison(client: FlaskClient, given: str) -> None:
    database: Database = client.application.extensions["tastemap"].database
    values = {"energy": 0.9, "tempo": 150.0, "danceability": 0.4, "valence": 0.2, "acousticness": 0.1, "loudness": -5.0}
    heard = AudioFeatures(values=values, source="spotify")
    database.put_tracks([Track(id="x1", title="Anvil Choir", artists=("Iron Almond",), features=heard)])
    answer = client.get(f"/genre-predict?track_id=x1{given}&explain=true").json
    assert {feature["name"] for feature in answer["features"]} == ({"danceability"} if given else values.keys())
    assert answer["why"]["nearest"] == []
    assert client.get(f"/recommend?track_id=x1{given}").status_code == 422  # one value is too little


def test_where_no_source_is_on_nobody_is_asked(
    configured: Callable[..., FlaskClient], catalogue_folder: Path, database_uri: str, fake_services: FakeServices
) -> None:
    client = configured(catalogue_folder, database_uri, sources=frozenset(), source_urls=fake_services.urls)
    answer = client.get(f"/genre-predict?{ASKED}").json
    assert (answer["match"]["kind"], answer["sources"]) == ("names", [])
    recommended = client.get("/recommend?q=metallica enter sandman").json
    assert (recommended["sources"], recommended["fetched"]) == ([], [])
    assert fake_services.request_count() == 0


def test_a_refusal_says_who_was_asked(asking: FlaskClient) -> None:
    answer = asking.get("/recommend?q=zzyqx qqvx wwkjh")
    assert answer.status_code in {404, 422}
    assert {source["status"] for source in answer.json["error"]["sources"]} == {"not_found"}


def test_recommendations_of_sources_alone(
    configured: Callable[..., FlaskClient], tmp_path: Path, database_uri: str, fake_services: FakeServices
) -> None:
    client = configured(tmp_path, database_uri, sources=ON, source_urls=fake_services.urls)
    answer = client.get(f"/recommend?{ASKED}").json
    assert (answer["method"], answer["tracks"], answer["artists"]) == ("sources", [], [])
    assert answer["fetched"]
    settle()


def test_a_preview_is_read_anew_each_time(asking: FlaskClient, fake_services: FakeServices) -> None:
    track_id = asking.get(f"/genre-predict?{ASKED}").json["track"]["id"]
    one, other = (asking.get(f"/api/tracks/{track_id}/preview").json for _ in range(2))
    assert (one["source"], one["credit"]) == ("deezer", "Deezer")
    assert one["url"] != other["url"] or one["expires_at"] != other["expires_at"]
    fake_services.deezer.fail(unavailable(60), times=None)
    assert asking.get(f"/api/tracks/{track_id}/preview").json["source"] == "itunes"


def test_no_preview_is_an_answer_with_a_reason(asking: FlaskClient, fake_services: FakeServices) -> None:
    answer = asking.get("/api/tracks/metal1/preview")
    assert (answer.status_code, answer.json["error"]["code"]) == (404, "no_preview")
    assert answer.json["error"]["sources"]
    assert asking.get("/api/tracks/nobody/preview").json["error"]["code"] == "not_found"


def test_a_title_is_not_cut_at_a_word_that_is_an_artist_too(
    asking: FlaskClient, empty_client: FlaskClient, fake_services: FakeServices
) -> None:
    assert empty_client.get("/genre-predict?q=First Love").json["track"]["title"] == "First Love"
    sung = asking.get("/genre-predict?q=Mirrorball Heart").json
    assert (sung["track"]["title"], sung["track"]["artists"]) == ("Mirrorball Heart", ["Lumi Ferrando"])


def a_song(fake_services: FakeServices, title: str, artist: str, guests: tuple[str, ...] = ()) -> Song:
    """Let the services know another song, in the place of one they had."""
    world = fake_services.world
    named = [replace(world.artists[0], number=90 + at, name=name) for at, name in enumerate((artist, *guests))]
    song = replace(world.song("Receipts"), title=title, artist=named[0], guests=tuple(named[1:]))
    world.songs[world.songs.index(world.song("Receipts"))] = song
    return song


def test_a_track_of_the_catalogue_that_a_source_has_named_is_that_one(
    asking: FlaskClient, fake_services: FakeServices
) -> None:
    a_song(fake_services, "Paper Moons", "Nadia Verholt", ("Lumi Ferrando",))
    answer = asking.get("/genre-predict?q=paper moons verholt lumi ferrando").json
    assert (answer["match"]["kind"], answer["track"]["id"]) == ("source", "calm1")
    assert {feature["source"] for feature in answer["features"]} == {"table: invented"}
    assert [other_feature["source"] for other_feature in answer["other_features"]] == ["reccobeats"]


def test_a_track_of_the_catalogue_gets_what_it_lacks_once(asking: FlaskClient, fake_services: FakeServices) -> None:
    song = a_song(fake_services, "Nothing Is Known", "Zzyqx Qqvx")
    first = asking.get("/genre-predict?track_id=silent").json
    assert first["features"][0]["source"] == "reccobeats"
    assert first["features"][0]["value"] == pytest.approx(song.features["danceability"])
    recommended = asking.get("/recommend?track_id=silent").json
    assert recommended["method"] == "neighbours"
    asked = fake_services.request_count()
    again = asking.get("/genre-predict?track_id=silent").json
    assert again["features"] == first["features"]
    assert again["sources"] == []
    assert fake_services.request_count() == asked


def test_without_the_database_names_are_answered_as_ever(
    configured: Callable[..., FlaskClient], catalogue_folder: Path, fake_services: FakeServices
) -> None:
    nowhere = "mongodb://127.0.0.1:9/gone?serverSelectionTimeoutMS=100"
    client = configured(catalogue_folder, nowhere, sources=ON, source_urls=fake_services.urls)
    assert client.get(f"/genre-predict?{ASKED}").json["match"]["kind"] == "names"
    answer = client.get("/recommend?track_id=metal1").json
    assert answer["tracks"]
    assert answer["fetched"] == []
