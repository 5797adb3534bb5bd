import string
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tantivy import Query, Schema

from store.catalogue.catalogue import Snapshot
from store.catalogue.search import MAX_WORD_CHARS, QueryBuilder, query_words
from tests.store.catalogues import a_track, catalogue_of, titles

TRACKS = (
    a_track(1, "Enter Sandman", "Metallica", popularity=81.0),
    a_track(2, "Enter Sandman (Live)", "Metallica", popularity=32.0),
    a_track(3, "Nothing Else Matters", "Metallica", popularity=80.0),
    a_track(4, "Enter Sandman", "A Tribute Band", popularity=5.0),
    a_track(5, "Bohemian Rhapsody - Remastered 2011", "Queen", popularity=82.0),
    a_track(6, "Bohemian Rhapsody - 2009 Remaster", "Queen", popularity=40.0),
    a_track(7, "Bohemian Rhapsody", "Never Shout Never", popularity=22.0),
    a_track(8, "Halo", "Beyoncé", popularity=77.0),
    a_track(9, "Umbrella (feat. JAY-Z)", "Rihanna", popularity=79.0),
    a_track(10, "Thunderstruck", "AC/DC", popularity=84.0),
    a_track(11, "Hello", "Adele", popularity=74.0),
    a_track(12, "Hello", "Lionel Richie", popularity=68.0),
    a_track(13, "Hellbound Train", "Savoy Brown", popularity=20.0),
    a_track(14, "夜に駆ける", "YOASOBI", popularity=75.0),
    a_track(15, "Группа крови", "Кино", popularity=60.0),
    a_track(16, "봄날", "방탄소년단", popularity=78.0),
    a_track(17, "Even When The Water's Cold", "!!!", popularity=52.0),
    a_track(18, "2002", "Anne-Marie", popularity=70.0),
    a_track(19, "Unloved", "Nobody", popularity=None),
    a_track(20, "", "Nameless", popularity=60.0),
)


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return catalogue_of(tmp_path_factory.mktemp("catalogue"), *TRACKS)


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("metallica enter sandman", "Enter Sandman / Metallica"),
        ("enter sandman metallica", "Enter Sandman / Metallica"),
        ("Enter Sandman", "Enter Sandman / Metallica"),
        ("METALLICA - ENTER SANDMAN!", "Enter Sandman / Metallica"),
        ("enter san", "Enter Sandman / Metallica"),
        ("ent sand metal", "Enter Sandman / Metallica"),
        ("metalica enter sandmn", "Enter Sandman / Metallica"),
        ("entre sandman", "Enter Sandman / Metallica"),
        ("metallica enter sandman official video", "Enter Sandman / Metallica"),
        ("tribute enter sandman", "Enter Sandman / A Tribute Band"),
        ("bohemian rhapsody", "Bohemian Rhapsody - Remastered 2011 / Queen"),
        ("bohemian rhapsody - remastered 1999", "Bohemian Rhapsody - Remastered 2011 / Queen"),
        ("bohemian rapsody queen", "Bohemian Rhapsody - Remastered 2011 / Queen"),
        ("beyonce halo", "Halo / Beyoncé"),
        ("beyoncé", "Halo / Beyoncé"),
        ("umbrella feat. jay z", "Umbrella (feat. JAY-Z) / Rihanna"),
        ("rihanna feat jay-z umbrella", "Umbrella (feat. JAY-Z) / Rihanna"),
        ("jayz umbrella", "Umbrella (feat. JAY-Z) / Rihanna"),
        ("ac/dc thunderstruck", "Thunderstruck / AC/DC"),
        ("acdc", "Thunderstruck / AC/DC"),
        ("hello", "Hello / Adele"),
        ("hello lionel", "Hello / Lionel Richie"),
        ("h", "Halo / Beyoncé"),
        ("夜に", "夜に駆ける / YOASOBI"),
        ("yoasobi", "夜に駆ける / YOASOBI"),
        ("группа", "Группа крови / Кино"),
        ("방탄", "봄날 / 방탄소년단"),
        ("!!!", "Even When The Water's Cold / !!!"),
        ("waters cold", "Even When The Water's Cold / !!!"),
        ("2002 annemarie", "2002 / Anne-Marie"),
        ("unlov", "Unloved / Nobody"),
        ("remastered", "Bohemian Rhapsody - Remastered 2011 / Queen"),
    ],
)
def test_the_intended_recording_is_first(snapshot: Snapshot, query: str, first: str) -> None:
    assert titles(snapshot, query)[0] == first


def test_originals_stand_before_versions_unless_these_are_typed(tmp_path: Path) -> None:
    snapshot = catalogue_of(
        tmp_path,
        a_track(1, "Bad Romance (Karaoke Version)", "Sing Out", popularity=60.0),
        a_track(2, "Bad Romance - Live", "Lady Gaga", popularity=50.0),
        a_track(3, "Bad Romance", "Lady Gaga", popularity=45.0),
    )
    assert titles(snapshot, "bad romance")[0] == "Bad Romance / Lady Gaga"
    assert titles(snapshot, "bad romance karaoke")[0] == "Bad Romance (Karaoke Version) / Sing Out"
    assert titles(snapshot, "lady gaga bad romance live")[0] == "Bad Romance - Live / Lady Gaga"


def test_each_recording_is_found_once(snapshot: Snapshot) -> None:
    assert titles(snapshot, "bohemian rhapsody") == [
        "Bohemian Rhapsody - Remastered 2011 / Queen",
        "Bohemian Rhapsody / Never Shout Never",
    ]


def test_scores_fall_and_lie_between_0_and_1(snapshot: Snapshot) -> None:
    scores = [hit.score for hit in snapshot.search("enter sandman", 10)]
    assert scores == sorted(scores, reverse=True)
    assert all(0.0 < score <= 1.0 for score in scores)


def test_limit_and_nothing_found(snapshot: Snapshot) -> None:
    assert len(snapshot.search("e", 2)) == 2
    assert snapshot.search("enter", 0) == []
    assert snapshot.search("qqqqqqqq xxxxxxxx") == []


@pytest.mark.parametrize(
    "query",
    ["", "   ", '"', "(", "AND", "OR NOT", "*", "title:hello", "hello^9", "[a TO b]", "\\", "~~~", "\0", "\ud800"[:0],
     "feat.", "feat", "- Remastered 2011", "x" * 100_000, "lorem " * 20_000, "़", "🎵", "a\nb\tc"],
)  # fmt: skip
def test_odd_queries_are_answered(snapshot: Snapshot, query: str) -> None:
    assert isinstance(snapshot.search(query), list)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=60) | st.text(alphabet=string.punctuation + " ab", max_size=30))
def test_any_text_is_answered(snapshot: Snapshot, query: str) -> None:
    for hit in snapshot.search(query, 3):
        assert 0.0 <= hit.score <= 1.0
        snapshot.track(hit.ref)
    snapshot.match(query, query, 1000)


def test_every_prefix_of_a_query_finds_its_track(snapshot: Snapshot) -> None:
    query = "metallica nothing else matters"
    for end in range(4, len(query) + 1):
        assert "Nothing Else Matters / Metallica" in titles(snapshot, query[:end])


def test_a_longer_last_word_is_found_and_not_looked_for_where_none_can_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    songs = ("Summer Love", "Summer Lovers", "Winter Love")
    snapshot = catalogue_of(tmp_path, *(a_track(at, song, "Somebody") for at, song in enumerate(songs, 1)))
    begun: list[str] = []
    prefix = QueryBuilder.prefix
    monkeypatch.setattr(QueryBuilder, "prefix", lambda build, word: begun.append(word) or prefix(build, word))
    assert sorted(titles(snapshot, "summer love")) == ["Summer Love / Somebody", "Summer Lovers / Somebody"]
    assert begun == ["love"]
    assert titles(snapshot, "winter love") == ["Winter Love / Somebody"]
    assert begun == ["love"]


def test_query_words_leave_out_guests_and_editions() -> None:
    assert query_words("Umbrella (feat. Jay-Z)") == ["umbrella", "jay", "z"]
    assert query_words("Yesterday - Remastered 2009") == ["yesterday"]
    assert query_words("Yesterday - 2015 Remaster beatles") == ["yesterday", "beatles"]
    assert query_words("Feat") == ["feat"]
    assert query_words("remastered") == ["remastered"]
    assert len(query_words("a " * 1000)) == 12


def test_a_very_long_word_is_matched_without_typos(snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    """The automaton of a word with 1,000 letters and two typos takes gigabytes."""
    lengths: list[int] = []

    def noted(schema: Schema, field: str, word: str, **more: Any) -> Query:
        lengths.append(len(word))
        return Query.fuzzy_term_query(schema, field, word, **more)

    others = {name: getattr(Query, name) for name in ("term_query", "boolean_query")}
    queries = SimpleNamespace(**others, fuzzy_term_query=noted)
    monkeypatch.setattr("store.catalogue.search.Query", queries)
    assert snapshot.match("a" * 1000, f"Nadia {'b' * 1000}", None) == []
    assert snapshot.search("a" * 1000) == []
    assert max(lengths) <= MAX_WORD_CHARS


def test_a_text_of_unknown_words_is_matched_without_typos(tmp_path: Path) -> None:
    """Twelve words with two typos each took a tenth of a second in a search, and 200 rows of them 19 s in an import."""
    title, artist = "Yellow Mountain Thunder Evening Harvest Lantern", "Grumbling Elephant Orchestra Company Limited"
    few = "Yellww Mountani Thnder Evenning Harvest Lantern"
    many = "Yellww Mountani Thnder Evenning Harvset Lantren"
    snapshot = catalogue_of(tmp_path, a_track(1, title, artist))
    assert snapshot.match(few, artist, None)
    assert len(snapshot.search(few)) == 1
    assert snapshot.match(many, artist, None) == []
    assert snapshot.match(title, "Grumblign Elephnat Orchestar Compnay Limitde", None), "by the title alone"
    assert snapshot.search(many) == []


def test_match_knows_a_track_by_its_names(snapshot: Snapshot) -> None:
    best = snapshot.match("Enter Sandman", "Metallica", 331_000)[0]
    assert snapshot.track(best.ref).id == TRACKS[0].id
    assert best.confidence == 1.0


@pytest.mark.parametrize(
    ("title", "artist", "wanted", "low", "high"),
    [
        ("Bohemian Rhapsody", "Queen", "Bohemian Rhapsody - Remastered 2011", 0.9, 1.0),
        ("Bohemian Rhapsody (Remastered)", "queen", "Bohemian Rhapsody - Remastered 2011", 0.9, 1.0),
        ("Umbrella", "Rihanna", "Umbrella (feat. JAY-Z)", 0.9, 1.0),
        ("Umbrella", "Rihanna & JAY-Z", "Umbrella (feat. JAY-Z)", 0.5, 1.0),
        ("halo", "Beyonce", "Halo", 0.9, 1.0),
        ("Nothing Els Matters", "Metalica", "Nothing Else Matters", 0.7, 0.97),
        ("Thunderstruck", None, "Thunderstruck", 0.5, 0.8),
        ("Thunderstruck", "", "Thunderstruck", 0.5, 0.8),
        ("Thunderstruck", "Somebody Else", "Thunderstruck", 0.0, 0.5),
    ],
)
def test_confidence_of_a_match(
    snapshot: Snapshot, title: str, artist: str | None, wanted: str, low: float, high: float
) -> None:
    best = snapshot.match(title, artist)[0]
    assert snapshot.track(best.ref).title == wanted
    assert low <= best.confidence <= high


def test_another_length_lowers_the_confidence(snapshot: Snapshot) -> None:
    same, other = (snapshot.match("Halo", "Beyoncé", length)[0].confidence for length in (332_000, 100_000))
    assert other < same == 1.0


def test_no_match(snapshot: Snapshot) -> None:
    assert snapshot.match("Zzyzx Qqq", "Nobody") == []
    assert snapshot.match("", "Metallica") == []


def test_what_people_bring_in_adds_to_a_public_track_but_does_not_rename_it(tmp_path: Path) -> None:
    from etl.imports.storing.tables import import_table
    from store.catalogue.builder import build_collection, build_public
    from store.catalogue.catalogue import Catalogue

    table = tmp_path / "table.csv"
    table.write_text(
        "track_id,track_name,artists,popularity,energy,track_genre\n"
        f"{TRACKS[0].id},ENTER SANDMAN,METALLICA,81,0.8,metal\n"
        f"{TRACKS[1].id},One,Metallica,70,0.7,metal\n"
    )
    import_table(table, tmp_path / "catalogue", lambda progress: None)
    build_public(tmp_path / "catalogue")
    own = a_track(1, "Rude Words", "Nobody", popularity=None, features=None, album="Metallica")
    build_collection(tmp_path / "catalogue", [own])
    snapshot = Catalogue(tmp_path / "catalogue").current()
    assert [segment.name for segment in snapshot.segments] == ["public", "collection"]
    hit = snapshot.search("enter sandman")[0]
    assert hit.ref.segment == "public"
    track = snapshot.track(hit.ref)
    assert (track.title, track.labels, track.popularity) == ("ENTER SANDMAN", ("metal",), 81.0)
    assert track.album == "Metallica"
    assert track.features is not None
    assert track.features.values["energy"] == pytest.approx(0.8)
    assert snapshot.match("Enter Sandman", "Metallica")[0].ref.segment == "public"
    assert titles(snapshot, "metallica one") == ["One / Metallica"]


def test_a_recording_is_shown_by_a_track_with_features(tmp_path: Path) -> None:
    snapshot = catalogue_of(
        tmp_path,
        a_track(1, "Song", "Band", popularity=90.0, features=None),
        a_track(2, "Song - Remastered 2011", "Band", popularity=10.0),
    )
    (hit,) = snapshot.search("song band")
    assert snapshot.track(hit.ref).id == a_track(2, "Song").id
    assert snapshot.track(snapshot.match("Song", "Band")[0].ref).id == a_track(2, "Song").id
