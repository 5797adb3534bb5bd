"""ListenBrainz: genres in batches and tracks by tag from the core, likeness and Spotify ids from the labs."""

import pytest

from etl.providers.base import FaultKind, Identity, LookupQuery, Need, SourceFault
from etl.providers.listenbrainz import metadata_of, tags_of
from etl.providers.listenbrainz_labs import lab_row
from etl.providers.translation import Object
from tests.etl.providers.conftest import Ask, about
from tests.fake_services.fixtures import FakeServices


def test_metadata_is_translated() -> None:
    row = {
        "recording": {"name": "Roads", "length": 303000, "first_release_date": None},
        "artist": {"name": "Porthole", "artists": [{"name": "Porthole", "artist_mbid": "8f6bd1e4"}]},
        "release": {"name": "Mummy", "year": 1994},
    }
    found = metadata_of("cfa47c9b", Object(row))
    assert found is not None
    known = found.identity
    assert (known.title, known.artists, known.album, known.year) == ("Roads", ("Porthole",), "Mummy", 1994)
    assert known.ids == {"mbid": "cfa47c9b", "artist_mbid": "8f6bd1e4"}
    assert metadata_of("cfa47c9b", Object()) is None


def test_genres_come_before_free_tags() -> None:
    genre = {"count": 8, "genre_mbid": "45eb1d9c", "tag": "trip hop"}
    assert [
        tag.name for tag in tags_of(Object({"recording": [genre], "artist": [{"count": 20, "tag": "seen live"}]}))
    ] == ["trip hop"]
    assert [tag.name for tag in tags_of(Object({"artist": [{"count": 20, "tag": "seen live"}]}))] == ["seen live"]
    assert tags_of(Object()) == ()


def test_genres_of_many_tracks_take_one_call(ask: Ask, fake_services: FakeServices) -> None:
    world = fake_services.world
    songs = [world.song(title) for title in ("Blue Umbrella", "Two Step Tango", "Receipts")]
    first, unknown, third = ask("listenbrainz", Need.GENRES, *(about(song, "mbid") for song in songs))
    assert (first[0].name, first[0].weight, first[1].name) == ("jazz", 1.0, "hard bop")
    assert unknown is None  # too new for MusicBrainz
    assert third[0].name == "hip hop"
    assert len(fake_services.listenbrainz.requests) == 1


def test_tracks_by_id(ask: Ask, fake_services: FakeServices) -> None:
    song = fake_services.world.song("Marzipan Motorway")
    found = ask("listenbrainz", Need.TRACK, about(song, "mbid", title=False))
    assert found.identity.artists == ("Velvet Causeway", "Lumi Ferrando")
    assert found.identity.ids == {"mbid": song.mbid, "artist_mbid": song.artist.mbid, "isrc": song.isrc}


def test_tracks_of_a_tag_are_named_and_the_popular_first(ask: Ask, fake_services: FakeServices) -> None:
    found = ask("listenbrainz", Need.GENRE_TRACKS, LookupQuery(text=" Folk "))
    songs = [song for song in fake_services.world.on("musicbrainz") if song.artist.genre == "folk"]
    songs.sort(key=lambda song: -song.popularity)
    assert [track.identity.title for track in found] == [song.title for song in songs]
    assert ask("listenbrainz", Need.GENRE_TRACKS, LookupQuery(text="folk", page=1)) is None


def test_a_row_of_the_labs_is_translated() -> None:
    row = {"recording_mbid": "4f", "recording_name": "Song", "artist_credit_name": "X & Y", "release_name": None}
    found = lab_row(Object({**row, "[artist_credit_mbids]": ["aa", "bb"]}))
    assert found is not None
    assert found.identity == Identity(title="Song", artists=("X & Y",), ids={"mbid": "4f", "artist_mbid": "aa"})
    assert lab_row(Object({**row, "recording_mbid": None})) is None


def test_the_labs_search(ask: Ask, fake_services: FakeServices) -> None:
    [found] = ask("listenbrainz_labs", Need.SEARCH, LookupQuery(text="corner store opera"))
    assert found.identity.ids["mbid"] == fake_services.world.song("Corner Store Opera").mbid
    assert ask("listenbrainz_labs", Need.SEARCH, LookupQuery(text="corner store opera", page=1)) is None


def test_similar_tracks_are_scored_by_how_often_they_met(ask: Ask, fake_services: FakeServices) -> None:
    song = fake_services.world.song("Hedgerow")
    found = ask("listenbrainz_labs", Need.SIMILAR, about(song, "mbid"))
    assert found[0].score == 1.0
    assert [track.score for track in found] == sorted((track.score for track in found), reverse=True)
    assert song.mbid not in {track.identity.ids["mbid"] for track in found}
    assert ask("listenbrainz_labs", Need.SIMILAR, about(fake_services.world.song("Sleep Protocol"), "mbid")) is None


def test_an_algorithm_that_is_no_more_is_told(
    ask: Ask, fake_services: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("etl.providers.listenbrainz_labs.SIMILARITY", "session_based_days_9")
    with pytest.raises(SourceFault, match=r"400.*algorithm") as caught:
        ask("listenbrainz_labs", Need.SIMILAR, about(fake_services.world.song("Hedgerow"), "mbid"))
    assert caught.value.kind is FaultKind.GARBLED


def test_the_spotify_id_by_recording_or_by_names(ask: Ask, fake_services: FakeServices) -> None:
    song = fake_services.world.song("Hedgerow")
    by_id = ask("listenbrainz_labs", Need.TRACK, about(song, "mbid", "deezer"))
    assert by_id.identity.ids == {"mbid": song.mbid, "spotify": song.spotify}
    by_names = ask("listenbrainz_labs", Need.TRACK, about(song, "isrc"))
    assert by_names.identity.ids == {"spotify": song.spotify}
    assert by_names.identity.title == "Hedgerow"
    assert ask("listenbrainz_labs", Need.TRACK, about(fake_services.world.song("Seven Stairs"), "mbid")) is None
