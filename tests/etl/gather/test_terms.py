"""Harvests by terms, genre-balanced sets and segments, from the fakes."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from config import Config
from etl.engine import Engine
from etl.gather import source_client, terms
from etl.gather.balanced import names_of, new_balanced, shipped_genres
from etl.gather.segments import new_segments
from etl.gather.source_client import Blocked, Tally
from etl.gather.terms import first_open, new_harvest, term
from etl.providers.base import About, Channel, LookupQuery, Need, Provider, Rate, Value
from jobs.worker import execute
from store.database import Database
from store.domain import Analysis, Track
from store.facts import ANALYSES, timbre_of
from store.runs import Postponed, Run
from store.text import normalise, plain_title
from tests.etl.gather.support import do, opening, put_playlist, search_by_beginning
from tests.fake_services.faults import garbage, limited, replying
from tests.fake_services.fixtures import FakeServices


@pytest.fixture(autouse=True)
def searching(fake_services: FakeServices) -> None:
    fake_services.lift_limits()
    search_by_beginning(fake_services.world)


def test_terms_are_numbered_as_in_the_study() -> None:
    assert [term(number) for number in (0, 25, 26, 27, 701, 702)] == ["a", "z", "aa", "ab", "zz", "aaa"]
    terms = [term(number) for number in range(20_000)]
    assert terms == sorted(set(terms), key=lambda text: (len(text), text))


def test_a_harvest_stores_what_the_terms_find_once(
    database: Database, tmp_path: Path, fake_services: FakeServices
) -> None:
    run = do(database, tmp_path, new_harvest("tracks", terms=26), opening(fake_services.urls))
    assert run.state == "done"
    assert run.requested == run.stored + run.known + sum(run.skipped.values())
    stored = list(database.all_tracks())
    assert len(stored) == run.stored
    # A remaster and its original are one recording, whichever of them was found first.
    found = {(plain_title(track.title), track.artists[0]) for track in stored}
    latin = [song for song in fake_services.world.songs if not song.absent and song.title[0].isascii()]
    assert {(plain_title(song.title), song.artist.name) for song in latin} <= found
    # The same words at four sources are one track.
    assert len({(track.title, track.artists[0]) for track in stored}) == len(stored)


def test_the_next_harvest_goes_on_behind_the_last_term(
    database: Database, tmp_path: Path, fake_services: FakeServices
) -> None:
    opener = opening(fake_services.urls, ("deezer",))
    do(database, tmp_path, new_harvest("tracks", terms=2), opener)
    assert first_open(database, "tracks", "deezer") == 2
    do(database, tmp_path, new_harvest("tracks", terms=26), opener)
    assert first_open(database, "tracks", "deezer") == 28
    searched = [request.query["q"] for request in fake_services.deezer.requests_to("/search")]
    assert list(dict.fromkeys(searched)) == [term(number) for number in range(28)]
    assert first_open(database, "tracks", "itunes") == 0
    assert first_open(database, "artists", "deezer") == 0


def test_filters_leave_out_what_is_not_popular_or_not_of_the_years(
    database: Database, tmp_path: Path, fake_services: FakeServices
) -> None:
    new = new_harvest("tracks", terms=26, min_popularity=50, source="deezer", strict=True)
    run = do(database, tmp_path, new, opening(fake_services.urls))
    assert run.stored > 0
    assert all((track.popularity or 0) >= 50 for track in database.all_tracks())
    assert run.skipped["less popular than 50"] > 0
    new = new_harvest("tracks", terms=26, years=(1990, 2010), source="musicbrainz", strict=True)
    run = do(database, tmp_path, new, opening(fake_services.urls))
    brought = [track for track in database.all_tracks() if track.source == "musicbrainz"]
    assert all(track.year and 1990 <= track.year <= 2010 for track in brought)
    assert run.skipped["not from 1990 to 2010"] > 0


def test_what_a_source_does_not_tell_is_no_reason_to_leave_out(
    database: Database, tmp_path: Path, fake_services: FakeServices
) -> None:
    new = new_harvest("tracks", terms=3, years=(1800, 1801), source="deezer")  # Deezer's search tells no years
    run = do(database, tmp_path, new, opening(fake_services.urls))
    assert run.stored > 0
    assert run.skipped == {}


def test_a_balanced_set_says_what_was_left_out(database: Database, tmp_path: Path, fake_services: FakeServices) -> None:
    new = new_balanced(genres=["rock"], per_genre=500, min_popularity=83, source="deezer")
    run = do(database, tmp_path, new, opening(fake_services.urls))
    ((reason, missing),) = run.skipped.items()
    assert "3 less popular than 83" in reason
    assert run.requested == run.stored + run.known + missing


def test_a_long_run_of_a_browser_gives_way_to_another(
    database: Database, tmp_path: Path, fake_services: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_client, "TURN_S", 0.0)
    other = new_harvest("artists", "somebody else", terms=1)
    database.put_run(other)
    run = new_harvest("tracks", "me", terms=4, source="deezer")
    opener = opening(fake_services.urls)
    assert do(database, tmp_path, run, opener).state == "waiting"
    assert [run.id for run in database.unfinished_runs()] == [other.id, run.id]
    database.cancel_run(other.id)
    execute(database, tmp_path, run.id, open_engine=opener)
    assert database.get_run(run.id).state == "done"
    assert first_open(database, "tracks", "deezer") == 4


class _Names:
    def title(self, source: str) -> str:
        return source


def test_only_what_would_be_tried_again_is_counted_as_a_sleep() -> None:
    cursor = source_client.fresh_waiting()
    nobody: Any = _Names()
    tally = Tally(Run(name="a harvest"))
    held = source_client.Waiting(nobody, tally, cursor, lambda: None)
    now = datetime.now(UTC)
    asleep = [Blocked("deezer", now + timedelta(minutes=10), "busy"), Blocked("spotify", now + timedelta(days=1), "x")]
    with pytest.raises(Postponed):
        held.until_again(asleep)
    assert cursor["sleeps"] == [["deezer", 1]]


def test_artists_are_harvested(database: Database, tmp_path: Path, fake_services: FakeServices) -> None:
    run = do(database, tmp_path, new_harvest("artists", terms=26, source="deezer"), opening(fake_services.urls))
    artist = fake_services.world.artists[0]
    stored = database.get_document("artists", f"deezer:{artist.deezer}")
    assert stored
    assert stored["name"] == artist.name
    assert run.requested == run.stored + run.known
    again = new_harvest("artists", terms=1, source="deezer")
    assert do(database, tmp_path, again, opening(fake_services.urls)).stored == 0


def test_a_page_that_cannot_be_read_does_not_end_the_term(
    database: Database, tmp_path: Path, fake_services: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("etl.gather.source_client._PAUSE_S", 0.0)
    monkeypatch.setattr(terms, "_MOST_PAGES", 4)
    fake_services.deezer.fail(garbage(), times=None, path="/search")
    run = do(database, tmp_path, new_harvest("tracks", terms=2, source="deezer"), opening(fake_services.urls))
    assert run.state == "done"
    assert run.sources[0]["failed"] == 4  # two pages of each term
    assert run.sources[0]["why"]


def test_a_harvest_waits_where_every_source_sleeps(
    database: Database, tmp_path: Path, fake_services: FakeServices
) -> None:
    fake_services.deezer.fail(limited(3600), times=1)
    fake_services.musicbrainz.fail(limited(7200), times=1)
    run = do(database, tmp_path, new_harvest("tracks", terms=1), opening(fake_services.urls, ("deezer", "musicbrainz")))
    assert run.state == "waiting"
    assert "Deezer" in run.phase
    assert all(row["why"] for row in run.sources)
    assert first_open(database, "tracks", "deezer") == 0


# -- genre-balanced sets --------------------------------------------------------------------------------------


def test_the_genres_are_those_of_the_shipped_model() -> None:
    genres = shipped_genres()
    assert len(genres) == 114
    assert names_of("hip-hop")[:2] == ["hip-hop", "hip hop"]
    assert names_of("rock") == ["rock"]


def test_a_balanced_set_is_a_playlist_of_distinct_recordings(
    database: Database, tmp_path: Path, fake_services: FakeServices
) -> None:
    new = new_balanced("me", genres=["rock", "hip-hop", "jazz", "polka"], per_genre=3)
    run = do(database, tmp_path, new, opening(fake_services.urls))
    assert (run.state, run.requested) == ("done", 12)
    assert run.skipped == {"polka: no source knows more": 3}
    assert run.stored + run.known == 9
    playlist = database.playlist(run.playlist_id)
    assert playlist
    assert (playlist.name, playlist.owner, playlist.item_count) == ("Genre-balanced set: 4 x 3", "me", 9)
    assert playlist.complete
    assert playlist.source.startswith("gathered: deezer")
    rows = [item.track_id for item in database.playlist_items(playlist.id)]
    tracks = database.get_tracks(rows)
    assert len(tracks) == 9
    assert [tracks[row].labels[0] for row in rows] == ["rock"] * 3 + ["hip-hop"] * 3 + ["jazz"] * 3
    assert len({normalise(f"{track.title} {track.artists[0]}") for track in tracks.values()}) == 9


def test_a_genre_that_one_source_lacks_is_gathered_from_another(
    database: Database, tmp_path: Path, fake_services: FakeServices
) -> None:
    tag = next(iter(fake_services.world.artists[0].tags))
    assert normalise(tag) not in {"rock", "pop", "jazz"}
    run = do(database, tmp_path, new_balanced(genres=[tag], per_genre=2), opening(fake_services.urls))
    assert run.stored == 2
    counts = {row["source"]: row["found"] for row in run.sources}
    assert counts["deezer"] == 0
    assert sum(counts.values()) > 0


def test_a_set_of_which_nobody_knows_a_track_fails(
    database: Database, tmp_path: Path, fake_services: FakeServices
) -> None:
    run = do(database, tmp_path, new_balanced(genres=["polka"]), opening(fake_services.urls))
    assert (run.state, run.error["code"]) == ("failed", "no_tracks")
    assert database.playlists(None) == []


# -- segments -------------------------------------------------------------------------------------------------


class Listener:
    """A source that analyses every track but those with an odd number of letters in the title."""

    about = About(
        name="listener",
        title="The Listener",
        home="",
        base_url="http://127.0.0.1:9",
        licence="CC0",
        terms="",
        sends="",
        rate=Rate(per_second=1000.0, burst=100),
        found_days=1.0,
        needs=frozenset({Need.ANALYSIS}),
    )

    def can(self, need: Need, query: LookupQuery) -> bool:
        return "spotify" in query.identity.ids

    def answer(self, need: Need, query: list[LookupQuery], channel: Channel) -> list[Value | None]:
        title = query[0].identity.title
        if len(title) % 2:
            return [None]
        count = len(title)
        rows = tuple(tuple(float(n + m) for m in range(12)) for n in range(count))
        times = tuple(0.25 * n for n in range(count))
        return [Analysis(start=times, duration=(0.25,) * count, timbre=rows, pitches=rows)]


def listening(database: Database, var: Path) -> Engine:
    providers: dict[str, Provider] = {"listener": Listener()}
    config = Config(var=var, sources=frozenset({"listener"}))
    return Engine(database, config, providers=providers, order={Need.ANALYSIS: ("listener",)})


def test_segments_are_stored_compactly_and_once(
    database: Database, tmp_path: Path, fake_services: FakeServices
) -> None:
    tracks = put_playlist(database, fake_services.world)
    even = [track for track in tracks if len(track.title) % 2 == 0]
    run = do(database, tmp_path, new_segments(), listening)
    assert (run.requested, run.stored) == (8, len(even))
    assert run.skipped == {"the source has no analysis of it": 8 - len(even)}
    timbre = timbre_of(database, even[0].id)
    assert timbre is not None
    assert timbre.shape == (len(even[0].title), 12)
    assert timbre.dtype == np.float32
    assert timbre[1, 2] == 3.0
    again = do(database, tmp_path, new_segments(), listening)
    assert (again.stored, again.known) == (0, 0)
    assert timbre_of(database, "nobody") is None


def test_segments_are_fetched_for_as_many_tracks_as_wanted_with_filters(
    database: Database, tmp_path: Path, fake_services: FakeServices
) -> None:
    put_playlist(database, fake_services.world)
    database.put_tracks([Track(id="known", title="four", artists=("A",), popularity=80.0, ids={"spotify": "x" * 22})])
    popular = do(database, tmp_path, new_segments(min_popularity=50, strict=True), listening)
    assert (popular.requested, popular.stored) == (1, 1)
    long = do(database, tmp_path, new_segments(min_segments=1000, terms=3), listening)
    assert (long.requested, long.stored) == (3, 0)
    assert database.get_document(ANALYSES, "known")


def test_without_an_analysing_source_the_run_says_so(
    database: Database, tmp_path: Path, fake_services: FakeServices
) -> None:
    run = do(database, tmp_path, new_segments(), opening(fake_services.urls))
    assert (run.state, run.error["code"]) == ("failed", "no_sources")
    assert "extended mode" in run.error["hint"]
    refused = do(database, tmp_path, new_harvest("tracks", source="nobody"), opening(fake_services.urls))
    assert refused.error["code"] == "no_sources"


def test_a_source_that_refuses_ends_its_lane(database: Database, tmp_path: Path, fake_services: FakeServices) -> None:
    fake_services.deezer.fail(replying(403, {"error": "no"}), times=None)
    new = new_harvest("tracks", terms=2)
    run = do(database, tmp_path, new, opening(fake_services.urls, ("deezer", "musicbrainz")))
    assert run.state == "done"
    assert first_open(database, "tracks", "deezer") == 0
    assert first_open(database, "tracks", "musicbrainz") == 2
