"""A playlist enriched from the fakes: what is stored, what is counted, and what sources in trouble do to it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from etl.engine import Engine
from etl.gather import source_client
from etl.gather.enrich import new_enrichment
from jobs.worker import execute
from store.catalogue.catalogue import Catalogue
from store.database import Database
from store.domain import AudioFeatures, Playlist, PlaylistItem, Track
from store.facts import known_tracks
from store.recommendations import recommended_for, trail_of
from store.runs import Run
from tests.etl.gather.support import KEYLESS, PLAYLIST, do, opening, put_playlist
from tests.fake_services.faults import cut, garbage, limited, replying, unavailable
from tests.fake_services.fixtures import FakeServices

ALL = ["features", "genres", "similar"]


@pytest.fixture(autouse=True)
def unlimited(fake_services: FakeServices) -> None:
    fake_services.lift_limits()


@pytest.fixture
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A source that is not reached is asked again at once."""
    monkeypatch.setattr(source_client, "_PAUSE_S", 0.0)


def enriched(
    database: Database, var: Path, services: FakeServices, needs: list[str], sources: tuple[str, ...] = KEYLESS
) -> Run:
    run = new_enrichment(PLAYLIST, "Eight songs", None, needs)
    return do(database, var, run, opening(services.urls, sources))


def by_source(run: Run) -> dict[tuple[str, str], tuple[int, int, int, int]]:
    columns = ("queries", "found", "not_found", "failed")
    return {(row["source"], row["need"]): tuple(row[name] for name in columns) for row in run.sources}  # type: ignore[misc]


def test_everything_is_fetched_and_counted(database: Database, tmp_path: Path, fake_services: FakeServices) -> None:
    tracks = put_playlist(database, fake_services.world)
    run = enriched(database, tmp_path, fake_services, ALL)
    assert (run.state, run.error, run.wake_at) == ("done", None, None)
    assert run.requested == 24 == run.stored + run.known + sum(run.skipped.values())
    assert run.stored == 24
    counts = by_source(run)
    assert counts["reccobeats", "features"] == (8, 8, 0, 0)
    assert counts["musicbrainz", "track"][0] == 8
    assert ("acousticbrainz", "features") not in counts  # nothing was left to ask for
    for track in known_tracks(database, [track.id for track in tracks]).values():
        features = track.track.features
        assert features is not None
        assert (features.source, features.confidence) == ("reccobeats", 0.9)
        assert features.licence
        assert features.fetched_at
        assert track.genres_source in {"musicbrainz", "listenbrainz", "deezer"}
        assert track.track.labels or track.track.artist_genres
    assert len(Catalogue(tmp_path / "catalogue").current()) == database.counts()["tracks"] > len(tracks)


def test_a_year_is_asked_for_where_nothing_else_is_lacking(
    database: Database, tmp_path: Path, fake_services: FakeServices
) -> None:
    tracks = put_playlist(database, fake_services.world)
    database.put_tracks([replace(track, labels=("folk",)) for track in tracks])
    released = {song.spotify: song.year for song in fake_services.world.songs if "deezer" not in song.absent}
    enriched(database, tmp_path, fake_services, ["genres"], ("deezer",))
    found = database.get_tracks([track.id for track in tracks])
    years = {name: track.year for name, track in found.items() if track.year}
    assert years.items() <= released.items()
    assert len(years) == 7  # under the ISRC of the eighth Deezer has another recording
    before = len(fake_services.deezer.requests_to("/track/.*"))
    enriched(database, tmp_path, fake_services, ["genres"], ("deezer",))
    assert len(fake_services.deezer.requests_to("/track/.*")) == before


def test_what_is_known_is_not_asked_for_again(database: Database, tmp_path: Path, fake_services: FakeServices) -> None:
    put_playlist(database, fake_services.world)
    enriched(database, tmp_path, fake_services, ALL)
    built = Catalogue(tmp_path / "catalogue").current().generation
    requests = fake_services.request_count()
    again = enriched(database, tmp_path, fake_services, ALL)
    assert (again.stored, again.known) == (0, 24)
    assert fake_services.request_count() == requests
    # Nothing changed, so nothing is built.
    assert Catalogue(tmp_path / "catalogue").current().generation == built


def test_recommended_tracks_are_one_recording_whoever_names_them(
    database: Database, tmp_path: Path, fake_services: FakeServices
) -> None:
    tracks = put_playlist(database, fake_services.world)
    enriched(database, tmp_path, fake_services, ["similar"])
    stored = list(database.all_tracks())
    names = {(track.title, track.artists[0]) for track in stored}
    assert len(names) == len(stored)
    found = recommended_for(database, [tracks[0].id], "reccobeats")[tracks[0].id]
    assert found.tracks
    assert found.playlists == (PLAYLIST,)
    assert {track.track_id for track in found.tracks} <= {track.id for track in stored}


def test_the_trail_leads_back_to_the_playlist(database: Database, tmp_path: Path, fake_services: FakeServices) -> None:
    tracks = put_playlist(database, fake_services.world, 2)
    enriched(database, tmp_path, fake_services, ["similar"])
    ours = {track.id for track in tracks}
    far = next(track for track in database.all_tracks() if track.id not in ours)
    home = {PLAYLIST: database.playlist(PLAYLIST)}
    trail = trail_of(database, far.id, home)  # type: ignore[arg-type]
    assert [step.track_id for step in trail.steps] == [far.id]
    assert trail.steps[0].seed in ours
    assert trail.playlist
    assert trail.playlist.id == PLAYLIST
    assert trail_of(database, far.id, {}).playlist is None
    # Another playlist of one recommended track leads two steps back to the first one's song.
    other = Playlist(id="f" * 24, name="One", item_count=1, complete=True)
    database.put_page(other.id, 0, [PlaylistItem(position=0, track_id=far.id)])
    database.put_playlist(other)
    run = new_enrichment(other.id, "One", None, ["similar"])
    do(database, tmp_path, run, opening(fake_services.urls))
    farther = {track.id for track in database.all_tracks()} - ours - {far.id}
    lengths = {len(trail_of(database, track_id, home).steps) for track_id in farther}  # type: ignore[arg-type]
    assert lengths <= {1, 2}


def test_a_better_source_takes_the_place_of_a_worse_one_and_of_no_file(
    database: Database, tmp_path: Path, fake_services: FakeServices
) -> None:
    tracks = put_playlist(database, fake_services.world, 3)
    enriched(database, tmp_path, fake_services, ["features"], ("musicbrainz", "acousticbrainz"))
    features_of = {name: known.track.features for name, known in known_tracks(database, [t.id for t in tracks]).items()}
    assert {features.source for features in features_of.values() if features} == {"acousticbrainz"}
    enriched(database, tmp_path, fake_services, ["features"])
    features_of = {name: known.track.features for name, known in known_tracks(database, [t.id for t in tracks]).items()}
    assert {features.source for features in features_of.values() if features} == {"reccobeats"}
    own = Track(
        id="mine", title="Mine", artists=(), features=AudioFeatures(values={"energy": 0.5}, source="exportify: a.csv")
    )
    database.put_tracks([own])
    database.put_page(PLAYLIST, 0, [PlaylistItem(position=0, track_id="mine")])
    database.put_playlist(Playlist(id=PLAYLIST, name="Mine", item_count=1, complete=True))
    run = enriched(database, tmp_path, fake_services, ["features"])
    assert (run.known, run.stored, run.sources) == (1, 0, ())


def test_a_track_without_an_id_is_found_by_its_names(
    database: Database, tmp_path: Path, fake_services: FakeServices
) -> None:
    song = fake_services.world.songs[0]
    named = Track(id="local-0123456789abcdef", title=song.title, artists=(song.artist.name,))
    database.put_tracks([named])
    database.put_page(PLAYLIST, 0, [PlaylistItem(position=0, track_id=named.id)])
    database.put_playlist(Playlist(id=PLAYLIST, name="One", item_count=1, complete=True))
    run = enriched(database, tmp_path, fake_services, ["features"])
    known = database.get_track(named.id)
    assert run.stored == 1
    assert known
    assert known.features
    assert known.isrc == song.isrc


def test_short_troubles_change_nothing(
    database: Database, tmp_path: Path, fake_services: FakeServices, short_waits: None
) -> None:
    put_playlist(database, fake_services.world)
    fake_services.reccobeats.fail(limited(1), times=1)
    fake_services.musicbrainz.fail(unavailable(), times=1, skip=3)
    fake_services.deezer.fail(cut(), times=1)
    fake_services.deezer.fail(garbage(), times=1, skip=4)
    run = enriched(database, tmp_path, fake_services, ALL)
    assert (run.state, run.stored) == ("done", 24)
    assert not any(row["failed"] for row in run.sources)


def test_a_source_that_sleeps_for_a_day_lets_the_others_go_on(
    database: Database, tmp_path: Path, fake_services: FakeServices
) -> None:
    put_playlist(database, fake_services.world)
    fake_services.reccobeats.fail(limited(86_400), times=1)
    opener = opening(fake_services.urls)
    run = new_enrichment(PLAYLIST, "Eight songs", None, ALL)
    asleep = do(database, tmp_path, run, opener)
    assert asleep.state == "waiting"
    assert "ReccoBeats" in asleep.phase
    assert timedelta(hours=23) < asleep.wake_at - datetime.now(UTC) <= timedelta(hours=24)
    assert by_source(asleep)["deezer", "similar"][1] > 0
    # What the others brought can be searched for meanwhile, and nobody takes the run up before its time.
    assert len(Catalogue(tmp_path / "catalogue").current()) > 8
    assert database.unfinished_runs() == []
    assert [run.id for run in database.waiting_runs()] == [run.id]
    wake(database, run.id)
    assert [run.id for run in database.unfinished_runs()] == [run.id]
    assert execute(database, tmp_path, run.id, open_engine=opener) == "done"
    done = database.get_run(run.id)
    assert done
    assert (done.stored, done.wake_at) == (24, None)
    sources = {known.track.features.source for known in all_known(database) if known.track.features}
    assert sources == {"reccobeats"}


def wake(database: Database, run_id: str) -> None:
    """Let a day pass."""
    past = datetime.now(UTC) - timedelta(seconds=1)
    database.update_run(run_id, wake_at=past)
    for bucket in database.documents_where("sources", {}):
        if bucket.get("blocked_until"):
            database.change_document("sources", bucket["_id"], {"blocked_until": past})


def all_known(database: Database) -> list[Any]:
    items = database.playlist_items(PLAYLIST)
    return list(known_tracks(database, [item.track_id for item in items]).values())


def test_a_source_that_refuses_is_left_out_and_told_of(
    database: Database, tmp_path: Path, fake_services: FakeServices
) -> None:
    put_playlist(database, fake_services.world)
    fake_services.reccobeats.fail(replying(403, {"error": "Forbidden"}), times=None)
    run = enriched(database, tmp_path, fake_services, ["features"])
    assert run.state == "done"
    # AcousticBrainz knows most of them by their MusicBrainz ids.
    assert run.stored > 0
    why = next(row["why"] for row in run.sources if (row["source"], row["need"]) == ("reccobeats", "features"))
    assert "ReccoBeats" in why
    assert len(fake_services.reccobeats.requests) <= 6


def test_a_source_that_is_down_is_left_out_at_last(
    database: Database,
    tmp_path: Path,
    fake_services: FakeServices,
    short_waits: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(source_client, "_MOST_SLEEPS", 1)
    put_playlist(database, fake_services.world)
    fake_services.reccobeats.stop()
    opener = opening(fake_services.urls)
    run = new_enrichment(PLAYLIST, "Eight songs", None, ["features"])
    database.put_run(run)
    sleeps = 0
    while execute(database, tmp_path, run.id, open_engine=opener) == "waiting":
        sleeps += 1
        wake(database, run.id)
    done = database.get_run(run.id)
    assert done
    assert (done.state, sleeps) == ("done", 1)
    assert done.stored > 0


def test_without_a_source_or_a_playlist_the_run_says_so(
    database: Database, tmp_path: Path, fake_services: FakeServices
) -> None:
    gone = enriched(database, tmp_path, fake_services, ALL)
    assert (gone.state, gone.error["code"]) == ("failed", "deleted")
    put_playlist(database, fake_services.world)
    none = enriched(database, tmp_path, fake_services, ALL, ())
    assert (none.state, none.error["code"]) == ("failed", "no_sources")


def test_a_cancelled_run_ends_behind_the_page(database: Database, tmp_path: Path, fake_services: FakeServices) -> None:
    put_playlist(database, fake_services.world)
    run = new_enrichment(PLAYLIST, "Eight songs", None, ALL)
    database.put_run(run)

    def cancel_soon(database_: Database, var: Path) -> Engine:
        database.cancel_run(run.id)
        return opening(fake_services.urls)(database_, var)

    assert execute(database, tmp_path, run.id, open_engine=cancel_soon) == "cancelled"
    assert fake_services.request_count() == 0
    assert not database.cancel_run(run.id)
    assert execute(database, tmp_path, run.id) == "cancelled"
    assert database.playlist(PLAYLIST)


def test_ids_of_musicbrainz_are_found_by_isrc_or_names(
    database: Database, tmp_path: Path, fake_services: FakeServices
) -> None:
    tracks = put_playlist(database, fake_services.world)
    known = sum("mbid" in track.ids for track in tracks)
    run = enriched(database, tmp_path, fake_services, ["mbids"], ("musicbrainz",))
    assert run.state == "done"
    found = database.get_tracks([track.id for track in tracks]).values()
    mbids = {song.mbid for song in fake_services.world.songs}
    assert {track.ids["mbid"] for track in found if "mbid" in track.ids} <= mbids
    with_mbid = sum("mbid" in track.ids for track in found)
    assert with_mbid > known
    assert (run.requested, run.stored, run.known) == (len(tracks), with_mbid - known, known)
    assert {row["need"] for row in run.sources if row["queries"]} <= {"track", "search"}
