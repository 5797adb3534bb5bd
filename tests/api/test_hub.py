"""What the page of a playlist shows: its rows as columns, and an overview with facts about it and its people."""

import gzip
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from ml import artefacts
from ml.artists.model import ArtistEmbedding
from services.errors import ServiceError
from services.playlists import columns
from services.playlists.groups import best_known_genres
from services.playlists.warming import prepare
from store.catalogue.builder import build_collection
from store.catalogue.catalogue import Catalogue
from store.database import Database
from store.domain import Person, Playlist, PlaylistItem, Track
from store.recommendations import Recommendations, Recommended, put_recommendations
from tests.api.conftest import CALM, LOUD, TRACKS, a_track

ROWS = [
    *((f"loud{at}", "ann") for at in range(4)),
    *((f"soft{at}", "ben") for at in range(3)),
    ("odd", "cy"),
    ("unheard", None),
]


@pytest.fixture
def shared_list(client: FlaskClient, database: Database) -> str:
    """Three people: two add tracks of one artist, one adds the odd track."""
    mild = LOUD | {"energy": 0.7, "valence": 0.6, "acousticness": 0.1}
    database.put_tracks(
        [
            *(
                a_track(
                    f"loud{at}", f"Loud {at}", "Iron Almond", LOUD, year=1991 + at, popularity=60.0, labels=("metal",)
                )
                for at in range(4)
            ),
            a_track("soft0", "Soft 0", "Iron Almond", mild, year=2004, popularity=50.0, labels=("metal", "rock")),
            a_track("soft1", "Soft 1", "Kelp & Thunder", mild, year=2005, popularity=40.0),
            a_track("soft2", "Soft 2", "Nadia Verholt", mild, popularity=30.0),
            a_track("odd", "Odd", "The Quiet Mechanics", CALM, popularity=3.0, duration_ms=200_000),
            a_track("unheard", "Unheard", "Zzyqx Qqvx", None),
        ]
    )
    moment = datetime(2024, 5, 1, tzinfo=UTC)
    items = [
        PlaylistItem(position=at, track_id=track, added_by=by, added_at=moment if at == 0 else None)
        for at, (track, by) in enumerate(ROWS)
    ]
    database.put_page("ours", 0, items)
    people = {"ann": 4, "ben": 3, "cy": 1}
    database.put_playlist(
        Playlist(
            id="ours",
            name="Ours",
            item_count=len(ROWS),
            contributors=people,
            people={"cy": Person(name="Cy", colour="#0065a8", shape="star")},
            complete=True,
        )
    )
    return "ours"


def answer_of(client: FlaskClient, path: str) -> dict[str, Any]:
    answer = client.get(path)
    assert answer.status_code == 200, answer.json
    return dict(answer.json)


def test_columns_are_the_same_when_few_tracks_are_held_at_a_time(
    client: FlaskClient, shared_list: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty thousand tracks at once took 90 MB of a web process, and two requests twice as much."""
    whole = answer_of(client, f"/api/playlists/{shared_list}/columns")
    held: list[int] = []
    read = columns.with_tracks

    def counted(services: Any, playlist: Playlist, items: Sequence[PlaylistItem]) -> Any:
        held.append(len(items))
        return read(services, playlist, items)

    monkeypatch.setattr(columns, "with_tracks", counted)
    monkeypatch.setattr(columns, "_AT_ONCE", 4)
    assert answer_of(client, f"/api/playlists/{shared_list}/columns") | {"tiles": []} == whole | {"tiles": []}
    assert held == [4, 4, 1]
    monkeypatch.setattr(columns, "MOST_ROWS", 6)
    assert answer_of(client, f"/api/playlists/{shared_list}/columns?start=2")["columns"]["position"] == [*range(2, 8)]


def test_columns_hold_what_the_pages_of_rows_hold(
    client: FlaskClient, shared_list: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = answer_of(client, f"/api/playlists/{shared_list}/columns")
    monkeypatch.setattr("store.library._AT_ONCE", 4)  # a long playlist takes several questions to the database
    answer = answer_of(client, f"/api/playlists/{shared_list}/columns")
    assert answer == whole
    columns, people, sources = answer["columns"], answer["people"], answer["sources"]
    rows = client.get(f"/data?playlist={shared_list}").json["tracks"]
    for name in ("position", "id", "title", "artists", "year", "popularity", "added_at", "labels", "duration_ms"):
        assert columns[name] == [row[name] for row in rows], name
    assert [None if at is None else people[at] for at in columns["added_by"]] == [row["added_by"] for row in rows]
    assert columns["features"]["energy"] == [row["features"].get("energy") for row in rows]
    assert [None if at is None else sources[at] for at in columns["source"]] == 8 * ["table: invented"] + [None]
    assert (answer["start"], answer["end"]) == (0, len(ROWS))
    families, clusters = answer["families"], answer["clusters"]
    assert {families[columns["family"][at]] for at in range(5)} == {"metal"}
    assert clusters[columns["cluster"][0]].endswith(" metal"), "a name that people understand"
    assert columns["cluster"][0] == columns["cluster"][3] != columns["cluster"][7]
    assert columns["cluster"][8] is None
    later = answer_of(client, f"/api/playlists/{shared_list}/columns?start=7")
    assert later["columns"]["id"] == ["odd", "unheard"]


def test_a_name_like_a_known_artists_has_not_their_genres() -> None:
    artists = ArtistEmbedding.load(artefacts.active("artists"))
    assert best_known_genres(artists, a_track("t", "One", "Metallica", None))
    assert artists.find("Metallico") is not None
    assert best_known_genres(artists, a_track("t", "One", "Metallico", None)) == ()


def test_the_overview_tells_what_is_in_it(client: FlaskClient, shared_list: str) -> None:
    answer = answer_of(client, f"/api/playlists/{shared_list}/overview")
    assert answer["genres"][0] == {"name": "metal", "title": "metal", "tracks": 5}
    assert [(decade["title"], decade["tracks"]) for decade in answer["decades"]] == [("1990s", 4), ("2000s", 2)]
    assert answer["moods"] == {"happy_lively": 3, "tense_lively": 4, "happy_calm": 0, "sad_calm": 1}
    assert (answer["sources"][0]["tracks"], answer["without_features"]) == (8, 1)
    assert answer["odd_one_out"]["track"]["id"] == "odd"
    assert answer["odd_one_out"]["features"][0][0] in {"energy", "acousticness"}
    assert answer["most_shared"] == {"artist": "Iron Almond", "people": ["ann", "ben"], "tracks": 5}
    assert (answer["rarest"]["artist"], answer["rarest"]["popularity"]) == ("The Quiet Mechanics", 3)


def test_people_are_compared(client: FlaskClient, shared_list: str) -> None:
    answer = answer_of(client, f"/api/playlists/{shared_list}/overview")
    people = {person["id"]: person for person in answer["people"]}
    assert people["ann"]["features"]["energy"] == pytest.approx(0.95)
    assert (people["cy"]["name"], people["cy"]["shape"]) == ("Cy", "star")
    pairs = {(pair["one"], pair["other"]): pair for pair in answer["pairs"]}
    assert (pairs["ann", "ben"]["artists"], pairs["ann", "cy"]["artists"]) == (1, 0)
    assert pairs["ann", "cy"]["distance"] > pairs["ann", "ben"]["distance"] > 0
    assert answer["most_unlike"] == "cy"


def test_what_was_gathered_is_told_by_source_and_seed(
    client: FlaskClient, database: Database, shared_list: str
) -> None:
    put_recommendations(
        database,
        Recommendations(
            seed="loud0",
            source="deezer",
            fetched_at=datetime(2024, 5, 2, tzinfo=UTC),
            tracks=(Recommended(track_id="metal1", score=0.8, reason="same label"), Recommended(track_id="gone")),
        ),
    )
    answer = answer_of(client, f"/api/playlists/{shared_list}/gathered")
    assert (answer["tracks"], answer["seeds"]) == (len(ROWS), 1)
    found = answer["recommended"][0]
    assert (found["seed"]["id"], found["title"]) == ("loud0", "Deezer")
    assert [(track["id"], track["score"], track["reason"]) for track in found["tracks"]] == [
        ("metal1", 0.8, "same label")
    ]
    by_source = {source["name"]: source for source in answer["sources"]}
    assert by_source["deezer"]["recommendations"] == 1
    assert by_source["table: invented"]["features"] == 8
    assert client.get("/api/playlists/none/gathered").status_code == 404


def test_tiles_are_drawn_from_the_sound(client: FlaskClient, database: Database, shared_list: str) -> None:
    database.share_playlist(shared_list, True)
    tile = next(tile for tile in answer_of(client, "/api/playlists/tiles")["tiles"] if tile["id"] == shared_list)
    assert [track["title"] for track in tile["tiles"]] == ["Loud 0", "Loud 2", "Soft 0", "Soft 2"]
    assert [track["features"]["energy"] for track in tile["tiles"]] == [0.95, 0.95, 0.7, 0.7]
    assert tile["moods"]["tense_lively"] == 4
    # The head of its page shows the same picture, and both know whose covers to ask for.
    columns = answer_of(client, f"/api/playlists/{shared_list}/columns")
    assert columns["tiles"] == tile["tiles"]
    assert {track["id"] for track in tile["tiles"]} <= set(columns["columns"]["id"])


def test_tiles_are_drawn_from_the_names_where_no_sound_is_known(
    client: FlaskClient, database: Database, shared_list: str
) -> None:
    database.put_page("one", 0, [PlaylistItem(position=0, track_id="unheard")])
    database.put_playlist(Playlist(id="one", name="One", item_count=1, complete=True))
    database.share_playlist("one", True)
    tile = next(tile for tile in answer_of(client, "/api/playlists/tiles")["tiles"] if tile["id"] == "one")
    unheard = {"id": "unheard", "title": "Unheard", "artists": ["Zzyqx Qqvx"], "audio_url": None, "features": {}}
    assert tile["tiles"] == [unheard] * 4


def test_without_popularity_the_rarest_artist_is_the_least_known_one(client: FlaskClient, database: Database) -> None:
    artists = ("Metallica", "Mercedes Sosa", "Queen", "Zzyqx Qqvx", "Madonna")
    tracks = [Track(id=f"bare{at}", title=f"Song {at}", artists=(name,)) for at, name in enumerate(artists)]
    database.put_tracks(tracks)
    rows = [*tracks, tracks[0]]
    database.put_page("bare", 0, [PlaylistItem(position=at, track_id=track.id) for at, track in enumerate(rows)])
    database.put_playlist(Playlist(id="bare", name="Bare", item_count=len(rows), complete=True))
    answer = answer_of(client, "/api/playlists/bare/overview")
    rarest = answer["rarest"]
    assert (rarest["artist"], rarest["popularity"], rarest["track"]["id"]) == ("Mercedes Sosa", None, "bare1")
    assert answer["most_shared"] is None, "a track that is there twice is one track"
    assert answer["odd_one_out"] is None, "none of so few stands out"


def test_without_sound_the_odd_one_out_is_of_another_kind_of_artist(client: FlaskClient, database: Database) -> None:
    artists = ["Metallica", "Slayer", "Iron Maiden", "Megadeth", "Judas Priest", "Cesária Évora", "Pantera"]
    tracks = [Track(id=f"odd{at}", title=f"Song {at}", artists=(name,)) for at, name in enumerate(artists)]
    database.put_tracks(tracks)
    database.put_page("odd", 0, [PlaylistItem(position=at, track_id=track.id) for at, track in enumerate(tracks)])
    database.put_playlist(Playlist(id="odd", name="Odd", item_count=len(tracks), complete=True))
    odd = answer_of(client, "/api/playlists/odd/overview")["odd_one_out"]
    assert (odd["track"]["id"], odd["times"], odd["features"]) == ("odd5", None, [])


def test_little_is_told_of_little(client: FlaskClient, database: Database) -> None:
    database.put_page("one", 0, [PlaylistItem(position=0, track_id="silent")])
    database.put_playlist(Playlist(id="one", name="One", item_count=1, complete=True))
    answer = answer_of(client, "/api/playlists/one/overview")
    assert [answer[fact] for fact in ("odd_one_out", "most_shared", "rarest", "most_unlike")] == [None] * 4
    assert client.get("/api/playlists/none/overview").status_code == 404
    assert client.get("/api/playlists/none/columns").status_code == 404


def test_answers_are_compressed_for_who_takes_it(client: FlaskClient, shared_list: str) -> None:
    path = f"/api/playlists/{shared_list}/columns"
    plain, packed = client.get(path), client.get(path, headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) < len(plain.data)


def test_a_catalogue_is_prepared_once_and_again_after_an_import(
    configured: Callable[..., FlaskClient], tmp_path: Path, database_uri: str
) -> None:
    services = configured(tmp_path, database_uri).application.extensions["tastemap"]
    assert prepare(services) == "empty"
    build_collection(tmp_path / "catalogue", TRACKS)
    services.catalogue = Catalogue(tmp_path / "catalogue")  # the other looks at the folder now and then
    first = prepare(services, "empty")
    assert first == services.catalogue.current().generation
    assert prepare(services, first) == first


def test_nothing_is_loaded_by_the_first_questions_after_the_preparation(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = client.application.extensions["tastemap"]
    assert prepare(services) is not None
    loaded: list[str] = []
    load = services._load
    monkeypatch.setattr(services, "_load", lambda task, how, name: load(task, lambda _: loaded.append(task), name))
    for address in ("/genre-predict?track_id=metal1", "/recommend?track_id=metal1", "/api/search?q=anvil"):
        assert client.get(address).status_code == 200
    assert loaded == []


def test_a_model_that_cannot_be_loaded_does_not_stop_the_preparation(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def missing(_self: object) -> None:
        raise ServiceError(503, "model_missing", "The artists model cannot be loaded.", "Train one.")

    monkeypatch.setattr(type(client.application.extensions["tastemap"]), "neighbours", property(missing))
    assert prepare(client.application.extensions["tastemap"]) is None
    assert "could not be prepared" in caplog.text
