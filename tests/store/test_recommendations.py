"""Recommendations by seed and source, and the way back from a recommended track."""

from datetime import UTC, datetime

from store.database import Database
from store.domain import Analysis, Playlist, Track
from store.facts import Provenance, add_label, put_segments, tracks_like
from store.recommendations import (
    Recommendations,
    Recommended,
    Trail,
    add_playlist,
    forget_recommendations,
    put_recommendations,
    recommended_by,
    recommended_for,
    trail_of,
)

NOW = datetime(2026, 11, 22, 3, 4, 5, tzinfo=UTC)
HOME = Playlist(id="home", name="Home")


def recommend(
    database: Database, seed: str, *tracks: str, source: str = "deezer", home: bool = False, score: float | None = None
) -> None:
    put_recommendations(
        database,
        Recommendations(
            seed=seed,
            source=source,
            fetched_at=NOW,
            licence="CC0",
            tracks=tuple(Recommended(track_id=track, score=score, reason="radio") for track in tracks),
            playlists=("home",) if home else (),
            brought_by="run",
        ),
    )


def way(trail: Trail) -> list[str]:
    return [step.seed for step in trail.steps]


def test_what_was_recommended_is_found_by_seed_and_by_source(database: Database) -> None:
    recommend(database, "a", "x", "y", score=0.5)
    recommend(database, "a", source="reccobeats")
    recommend(database, "b", "x")
    found = recommended_for(database, ["a", "b", "c"], "deezer")
    assert set(found) == {"a", "b"}
    assert found["a"].tracks[0] == Recommended(track_id="x", score=0.5, reason="radio")
    assert (found["a"].fetched_at, found["a"].licence) == (NOW, "CC0")
    assert [
        recommendation.source for recommendation in recommended_by(database, "a", ["reccobeats", "deezer", "itunes"])
    ] == [
        "reccobeats",
        "deezer",
    ]
    assert forget_recommendations(database, "deezer") == 2
    assert recommended_by(database, "a", ["deezer"]) == []


def test_playlists_are_added_up(database: Database) -> None:
    recommend(database, "a", "x", home=True)
    add_playlist(database, "deezer", "a", "other")
    recommend(database, "a", "y")
    found = recommended_for(database, ["a"], "deezer")["a"]
    assert (found.playlists, found.tracks[0].track_id) == (("home", "other"), "y")
    add_playlist(database, "deezer", "nobody", "other")
    assert recommended_for(database, ["nobody"], "deezer") == {}


def test_the_shortest_way_leads_home(database: Database) -> None:
    recommend(database, "home track", "a", home=True)
    recommend(database, "a", "b", score=0.9)
    recommend(database, "b", "c", score=0.9)
    recommend(database, "a", "c", source="reccobeats", score=0.1)
    trail = trail_of(database, "c", {"home": HOME})
    assert way(trail) == ["a", "home track"]
    assert [step.track_id for step in trail.steps] == ["c", "a"]
    assert trail.steps[0].source == "reccobeats"
    assert trail.playlist == HOME


def test_circles_end_and_a_seed_of_no_playlist_is_told(database: Database) -> None:
    recommend(database, "a", "b", score=0.2)
    recommend(database, "c", "b", score=0.8)
    recommend(database, "b", "a", "c")
    trail = trail_of(database, "b", {"home": HOME})
    assert (way(trail), trail.playlist) == (["c"], None)
    recommend(database, "self", "self", home=True)
    assert trail_of(database, "self", {"home": HOME}) == Trail()
    assert trail_of(database, "nobody", {"home": HOME}) == Trail()


def test_a_playlist_of_others_is_no_home(database: Database) -> None:
    recommend(database, "theirs", "x", home=True)
    recommend(database, "ours", "theirs")
    assert trail_of(database, "x", {}).playlist is None


def test_tracks_like_others_share_isrc_or_names(database: Database) -> None:
    one = Track(id="4" * 22, title="Glass Tide", artists=("Marble Foxes",), isrc="ZZTM10800000")
    database.put_tracks([one, Track(id="local-1", title="GLASS TIDE (feat. X)", artists=("Marble Foxes", "X"))])
    like = tracks_like(database, [Track(id="x", title="Glass tide", artists=("marble foxes",))])
    assert [[track.id for track in tracks] for tracks in like.values()] == [["4" * 22, "local-1"]]
    by_isrc = tracks_like(database, [Track(id="x", title="Other", artists=("?",), isrc="ZZTM10800000")])
    assert [track.id for tracks in by_isrc.values() for track in tracks] == ["4" * 22]
    # An ISRC that comes later is a key, too.
    database.put_tracks([Track(id="local-1", title="Glass Tide", artists=("Marble Foxes",), isrc="ZZTM10899999")])
    late = tracks_like(database, [Track(id="x", title="Other", artists=("?",), isrc="ZZTM10899999")])
    assert [track.id for tracks in late.values() for track in tracks] == ["local-1"]


def test_a_label_is_added_once_and_an_hour_of_segments_fits(database: Database) -> None:
    database.put_tracks([Track(id="t", title="T", artists=("A",), labels=("rock",))])
    for _ in range(2):
        track = database.get_track("t")
        assert track
        add_label(database, track, "folk")
    after = database.get_track("t")
    assert after
    assert after.labels == ("rock", "folk")
    count = 15_000
    rows = ((0.5,) * 12,) * count
    segments = Analysis(start=(0.1,) * count, duration=(0.2,) * count, timbre=rows)
    told = Provenance(source="spotify", fetched_at=NOW, licence="", brought_by="run")
    put_segments(database, "t", told, segments)
    document = database.get_document("analyses", "t")
    assert document
    assert (document["segments"], len(document["timbre"])) == (count, count * 12 * 4)
