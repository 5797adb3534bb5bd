"""GET /genre-predict: each way to ask, what the answer holds, and each way it can go wrong."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import pytest
from flask.testing import FlaskClient

from ml import artefacts
from ml.artist_genre.model import ArtistGenres
from ml.artists import well_known
from ml.genre.model import GenreInput, GenrePredictor
from services.subject.families import KnownGenres
from services.subject.headline import Headline
from services.subject.lookup import known_genres
from store.catalogue.builder import build_collection
from store.catalogue.catalogue import Snapshot
from store.domain import Track
from tests.api.conftest import CALM, LOUD, a_track


def test_a_known_track_is_answered_from_sound_and_names(client: FlaskClient) -> None:
    answer = client.get("/genre-predict?track_id=metal1").json
    assert answer["match"] == {"kind": "id", "confidence": 1.0, "understood": None, "alternatives": []}
    assert answer["basis"] == ["audio", "title", "artist", "year"]
    assert answer["track"]["title"] == "Anvil Choir"
    assert answer["known_genres"]["track"] == ["heavy-metal"]
    assert answer["genre"] == answer["genres"][0]["genre"]
    probabilities = [one["probability"] for one in answer["genres"]]
    assert probabilities == sorted(probabilities, reverse=True)
    assert 0 < sum(probabilities) <= 1.001
    assert answer["note"] is None


def test_it_tells_the_six_broad_genres_and_likely_microgenres(client: FlaskClient) -> None:
    answer = client.get("/genre-predict?track_id=metal1").json
    assert {one["genre"] for one in answer["broad"]} == {"edm", "latin", "pop", "r&b", "rap", "rock"}
    assert sum(one["probability"] for one in answer["broad"]) == pytest.approx(1.0, abs=0.001)
    loud = client.get("/genre-predict", query_string={**LOUD, "track": "Blasphemous Grave Frost Metal"}).json
    chances = [one["probability"] for one in loud["microgenres"]]
    assert chances == sorted(chances, reverse=True)
    assert 0.1 <= min(chances) <= max(chances) <= 1.0
    assert any("metal" in one["genre"] for one in loud["microgenres"])


def test_every_feature_says_its_value_and_where_it_came_from(client: FlaskClient) -> None:
    features = {one["name"]: one for one in client.get("/genre-predict?track_id=metal1").json["features"]}
    assert features.keys() == LOUD.keys()
    assert features["energy"]["value"] == pytest.approx(0.95)
    assert features["loudness"]["unit"] == "dB"
    assert {one["source"] for one in features.values()} == {"table: invented"}
    assert features["energy"]["percentile"] > 80


def test_the_reasons_name_features_words_and_labelled_neighbours(client: FlaskClient) -> None:
    answer = client.get("/genre-predict?track_id=metal4&explain=true").json
    why = answer["why"]
    assert client.get("/genre-predict?track_id=metal4").json == answer | {"why": None}, "unless it is asked to explain"
    assert why["features"]
    assert why["words"]
    assert {one["name"] for one in why["features"]} <= {*LOUD, "year", "popularity", "explicit"}
    assert {one["part"] for one in why["words"]} <= {"title", "artist", "album"}
    assert all(one["id"] != "metal4" for one in why["nearest"])
    calm = client.get("/genre-predict?track_id=same1&explain=true").json
    assert calm["genre"] in {"piano", "ambient"}, "a label of the track of the same sound"
    assert [one["id"] for one in calm["why"]["nearest"]] == ["calm1"]


@pytest.mark.parametrize(
    "asked", ["q=iron almond anvil choir", "q=anvil choir iron almond", "track=Anvil Choir&artist=iron almond"]
)
def test_typed_names_find_the_popular_recording(client: FlaskClient, asked: str) -> None:
    answer = client.get(f"/genre-predict?{asked}").json
    assert answer["match"]["kind"] == "search"
    assert answer["track"]["id"] == "metal1"
    assert "metal2" not in [one["id"] for one in answer["match"]["alternatives"]]


@pytest.mark.parametrize(
    ("asked", "artist", "title", "note"),
    [
        ("q=Iron Almond Paper Moons", "Iron Almond", "Paper Moons", "No “Paper Moons” by Iron Almond is known here."),
        ("q=Metallica 22", "Metallica", "22", "No “22” by Metallica is known here."),
        (
            "q=Eminem feat Rihanna",
            "Eminem",
            "",
            "Eminem is an artist. Add a title to ask for a track of Eminem with Rihanna.",
        ),
        ("q=metalica", "Metallica", "", "Metallica is an artist. Add a title to ask for a track."),
        ("q=acdc", "AC/DC", "", "AC/DC is an artist. Add a title to ask for a track."),
        ("q=metallica 'harbour' lyrics", "Metallica", "harbour", "No “harbour” by Metallica is known here."),
        ("q=01 - Metallica - Harbour.mp3", "Metallica", "Harbour", "No “Harbour” by Metallica is known here."),
        ("q=Metallica", "Metallica", "", "Metallica is an artist. Add a title to ask for a track."),
        ("track=Harbour&artist=Queen", "Queen", "Harbour", "No “Harbour” by Queen is known here."),
    ],
)
def test_what_nothing_here_bears_is_said(client: FlaskClient, asked: str, artist: str, title: str, note: str) -> None:
    match = client.get(f"/genre-predict?{asked}").json["match"]
    assert match["kind"] == "names"
    understood = match["understood"]
    assert (understood["artist"], understood["title"], understood["note"]) == (artist, title, note)
    assert understood["unmatched"] == ([title] if title else [])


def test_genres_of_the_list_stand_before_what_the_tables_say(empty_client: FlaskClient) -> None:
    """The tables file Nine Inch Nails under grunge, industrial and rock in one."""
    answer = empty_client.get("/genre-predict?track=Closer&artist=Nine Inch Nails").json
    assert answer["genre"] == "industrial"


@pytest.mark.parametrize("asked", ["q=группа крови кино", "q=цой группа крови", "track=группа крови&artist=кино"])
def test_an_artist_is_found_by_another_name(
    configured: Callable[..., FlaskClient], tmp_path: Path, database_uri: str, asked: str
) -> None:
    build_collection(tmp_path / "catalogue", [a_track("kino1", "Группа крови", "Kino", LOUD, popularity=50.0)])
    match = configured(tmp_path, database_uri).get(f"/genre-predict?{asked}").json
    assert (match["match"]["kind"], match["track"]["id"]) == ("search", "kino1")


def test_a_title_alone_means_the_popular_track_with_or_without_brackets(
    configured: Callable[..., FlaskClient], tmp_path: Path, database_uri: str
) -> None:
    tracks = [
        a_track("popular", "Moonlight Sonata (First Movement)", "Ludwig van Beethoven", CALM, popularity=60.0),
        a_track("other", "Moonlight Sonata", "Nadia Verholt", CALM, popularity=30.0),
    ]
    build_collection(tmp_path / "catalogue", tracks)
    answer = configured(tmp_path, database_uri).get("/genre-predict?q=moonlight sonata").json
    assert answer["track"]["id"] == "popular"


def test_an_artist_is_no_track_of_a_less_known_one(
    configured: Callable[..., FlaskClient], tmp_path: Path, database_uri: str
) -> None:
    tracks = [
        a_track("named", "METALLICA", "Yung Beef", LOUD, popularity=70.0),
        a_track("ride", "Ride", "Twenty One Pilots", LOUD, popularity=80.0),
    ]
    build_collection(tmp_path / "catalogue", tracks)
    client = configured(tmp_path, database_uri)
    assert client.get("/genre-predict?q=metallica").json["match"]["understood"]["artist"] == "Metallica"
    assert client.get("/genre-predict?q=ride").json["track"]["id"] == "ride"


def test_bare_features_are_a_question_too(client: FlaskClient) -> None:
    answer = client.get("/genre-predict", query_string=LOUD).json
    assert answer["track"] is None
    assert answer["basis"] == ["audio"]
    assert {one["source"] for one in answer["features"]} == {"request"}


def test_values_in_the_request_stand_before_known_ones(client: FlaskClient) -> None:
    answer = client.get("/genre-predict?track_id=metal1&energy=0.2").json
    energy = next(one for one in answer["features"] if one["name"] == "energy")
    assert energy["value"] == pytest.approx(0.2)
    assert energy["source"].startswith("request")


def test_an_empty_installation_answers_from_the_names_alone_and_says_so(empty_client: FlaskClient) -> None:
    answer = empty_client.get("/genre-predict?q=Metallica Enter Sandman").json
    assert answer["match"]["kind"] == "names"
    assert answer["track"]["id"] is None
    assert (answer["track"]["artists"], answer["track"]["title"]) == (["Metallica"], "Enter Sandman")
    assert answer["family"] in {"metal", "rock"}
    assert answer["basis"] == ["title", "artist"]
    assert answer["decided_by"] == "artist"
    assert "metal" in answer["reason"]
    assert answer["note"] == "No audio features are known for this track."
    assert answer["known_genres"]["artist"]


def test_names_that_nobody_knows_are_never_sure(empty_client: FlaskClient) -> None:
    answer = empty_client.get("/genre-predict?track=Sanfona Saudade&artist=Zzyqx Qqvx").json
    assert (answer["decided_by"], answer["confidence"]) == ("names", "low")
    assert answer["reason"] == "From the names alone."
    assert "less certain" in answer["note"]


def test_a_track_is_filed_under_its_own_genres(client: FlaskClient) -> None:
    answer = client.get("/genre-predict?track_id=metal1").json
    assert (answer["genre"], answer["decided_by"], answer["confidence"]) == ("heavy-metal", "track", "high")
    assert answer["reason"] == "Filed under heavy-metal in “table: invented”."
    assert answer["family"] == answer["in_families"][0]["family"] == "metal"


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ("", 400, "bad_request"),
        ("q=", 400, "bad_request"),
        ("q=%20", 400, "bad_request"),
        ("q=%21%3F", 404, "not_found"),
        ("track_id=nobody", 404, "not_found"),
        ("q=Harbour", 409, "ambiguous"),
        ("track=Harbour", 409, "ambiguous"),
        ("energy=7", 422, "invalid_value"),
        ("energy=loud", 422, "invalid_value"),
        ("year=soon&q=x", 422, "invalid_value"),
        ("colour=blue&q=x", 422, "invalid_value"),
        (f"q={'a' * 501}", 422, "invalid_value"),
    ],
)
def test_each_fault_has_its_own_status_and_says_what_to_do(
    client: FlaskClient, asked: str, status: int, code: str
) -> None:
    answer = client.get(f"/genre-predict?{asked}")
    assert answer.status_code == status
    assert answer.json["error"]["code"] == code
    assert answer.json["error"]["message"]
    assert answer.json["error"]["hint"]


def test_an_ambiguous_title_names_its_candidates(client: FlaskClient) -> None:
    candidates = client.get("/genre-predict?q=Harbour").json["error"]["candidates"]
    assert {one["id"] for one in candidates} == {"same1", "same2"}


def test_the_answer_is_the_same_when_it_comes_from_memory(client: FlaskClient) -> None:
    first, again = (client.get("/genre-predict?track_id=calm1") for _ in range(2))
    assert first.data == again.data


@pytest.mark.parametrize(
    ("typed", "artist", "families"),
    [
        ("Beatles Yesterday", "The Beatles", {"rock", "british"}),
        ("Bach Cello Suite No. 1", "Johann Sebastian Bach", {"classical"}),
        ("Cello Suite No. 1 Bach", "Johann Sebastian Bach", {"classical"}),
        ("Chuck Berry Roll Over Beethoven", "Chuck Berry", {"blues", "rock"}),
        ("王菲 红豆", "Faye Wong", {"east asian"}),
        ("Группа крови Кино", "Kino", {"rock", "alternative & indie"}),
    ],
)
def test_well_known_artists_are_known_by_the_names_people_type(
    client: FlaskClient, typed: str, artist: str, families: set[str]
) -> None:
    answer = client.get("/genre-predict", query_string={"q": typed}).json
    assert answer["track"]["artists"] == [artist]
    assert answer["family"] in families or answer["genre"] in families
    assert answer["decided_by"] == "artist"


def test_genres_written_by_hand_go_before_those_of_a_table() -> None:
    enya = Track(id="enya", title="Orinoco Flow", artists=("Enya",), artist_genres=("gregorian dance",), source="table")
    assert known_genres(Mock(), Snapshot(), enya) == ((), ("new age", "celtic"), well_known.TITLE)
    other = replace(enya, artists=("Nobody At All",))
    assert known_genres(Mock(), Snapshot(), other) == ((), ("gregorian dance",), "table")


@pytest.mark.parametrize(
    ("title", "artist", "genres"),
    [
        ("Think", "Aretha Franklin", {"soul"}),  # blues is likelier by a hair
        ("N.Y. State of Mind", "Nas", {"hip-hop"}),  # the labels say "hardcore"
        ("Seven Nation Army", "The White Stripes", {"garage", "rock", "alt-rock"}),  # the tables say blues
        ("Azzurro", "Adriano Celentano", {"pop", "synth-pop", "power-pop"}),  # neither French nor German
        ("Jamming", "Bob Marley", {"reggae"}),  # not dub
        ("Plastic Love", "Mariya Takeuchi", {"j-pop"}),  # not idol pop
    ],
)
def test_the_headline_is_what_the_artist_plainly_plays(
    empty_client: FlaskClient, title: str, artist: str, genres: set[str]
) -> None:
    answer = empty_client.get("/genre-predict", query_string={"track": title, "artist": artist}).json
    assert answer["genre"] in genres
    assert answer["genre"] == answer["genres"][0]["genre"]
    assert (answer["family"], answer["decided_by"]) == (answer["families"][0]["family"], "artist")


@pytest.mark.parametrize(
    ("title", "artist", "wrong"),
    [
        ("Uprising", "Muse", "garage"),  # known for alternative rock, which is not of the family "rock"
        ("I Will Always Love You", "Whitney Houston", None),  # the labels file singers of pop under "dance"
    ],
)
def test_a_headline_that_rests_on_little_is_not_sure(
    empty_client: FlaskClient, title: str, artist: str, wrong: str | None
) -> None:
    answer = empty_client.get("/genre-predict", query_string={"track": title, "artist": artist}).json
    assert answer["genre"] != wrong
    assert answer["confidence"] == "low"


@pytest.mark.parametrize(
    ("artist", "filed", "genre", "confidence"),
    [
        ("The Prodigy", "rock", "breakbeat", "high"),  # one table files the band of breakbeat under rock
        ("Daft Punk", "pop", "pop", "low"),  # it agrees with no genre of theirs
        ("Metallica", "metal", "metal", "high"),
        ("Nobody At All Zzyqx", "metal", "metal", "medium"),  # nothing is known of the artist
    ],
)
def test_the_own_genre_of_a_track_counts_as_far_as_the_artist_speaks_for_it(
    artist: str, filed: str, genre: str, confidence: str
) -> None:
    given = GenreInput.of(Track(id="x", title="Firestarter", artists=(artist,)))
    known = KnownGenres(track=(filed,), artist=(), track_source="table", source=None, by_source=[])
    model = GenrePredictor.load(artefacts.active("genre"))
    headline = Headline.of(ArtistGenres.load(artefacts.active("artist_genre")), given, known)
    found = headline.revise(model.predict_encoded(model.encode([given]))).genre[0]
    best = model.genres[int(found.argmax())]
    assert (best, headline.confidence(best, float(found.max()))) == (genre, confidence)
