"""ReccoBeats: batches joined by what the rows say of themselves, not by their order."""

import pytest

from etl.providers.base import FaultKind, Identity, LookupQuery, Need, NotThere, SourceFault
from tests.etl.providers.conftest import Ask, about
from tests.fake_services.faults import replying
from tests.fake_services.fixtures import FakeServices
from tests.fake_services.world import KARAOKE, NO_KEY, ORIGINAL, UNKNOWN_SOUND


def test_a_batch_is_joined_whatever_its_order(ask: Ask, fake_services: FakeServices) -> None:
    world = fake_services.world
    questions = [
        about(world.song("Rust and Ivy"), "spotify", "isrc"),
        about(world.song(UNKNOWN_SOUND), "spotify"),
        about(world.song("Paper Lanterns"), "isrc"),
        about(world.song("Rust and Ivy"), "reccobeats"),
    ]
    first, unknown, third, again = ask("reccobeats", Need.FEATURES, *questions)
    assert unknown is None
    assert first.values["tempo"] == world.song("Rust and Ivy").features["tempo"]
    assert third.values["tempo"] == world.song("Paper Lanterns").features["tempo"]
    assert again == first
    assert {"duration_ms", "time_signature"}.isdisjoint(first.values)
    assert len(fake_services.reccobeats.requests) == 1


def test_forty_ids_go_into_one_call(ask: Ask, fake_services: FakeServices) -> None:
    songs = fake_services.world.songs
    assert len(songs) == 40
    found = ask("reccobeats", Need.FEATURES, *(about(song, "spotify") for song in songs))
    assert sum(sound is None for sound in found) == sum("reccobeats" in song.absent for song in songs)
    assert len(fake_services.reccobeats.requests) == 1


def test_under_one_isrc_the_names_tell_which_is_meant(ask: Ask, fake_services: FakeServices) -> None:
    original, karaoke = (fake_services.world.song(title) for title in (ORIGINAL, KARAOKE))
    assert original.features["valence"] != karaoke.features["valence"]
    found = ask("reccobeats", Need.FEATURES, about(original, "isrc"), about(karaoke, "isrc"))
    assert [sound.values["valence"] for sound in found] == [s.features["valence"] for s in (original, karaoke)]
    tracks = ask("reccobeats", Need.TRACK, about(original, "isrc"), about(karaoke, "isrc"))
    assert [track.identity.ids["spotify"] for track in tracks] == [original.spotify, karaoke.spotify]


def test_an_isrc_of_something_else_is_no_match(ask: Ask, fake_services: FakeServices) -> None:
    other = Identity(title="Hedgerow", artists=("Hazel Brookfield",), ids={"isrc": fake_services.world.songs[3].isrc})
    assert ask("reccobeats", Need.TRACK, LookupQuery(identity=other)) is None


def test_no_key_is_missing(ask: Ask, fake_services: FakeServices) -> None:
    found = ask("reccobeats", Need.FEATURES, about(fake_services.world.song(NO_KEY), "spotify"))
    assert "key" not in found.values
    assert "tempo" in found.values


@pytest.mark.parametrize(("name", "value"), [("tempo", 0), ("loudness", -200), ("energy", 1.2), ("valence", "0.5")])
def test_what_cannot_be_is_missing(ask: Ask, fake_services: FakeServices, name: str, value: object) -> None:
    song = fake_services.world.song("Receipts")
    row = {"href": f"https://open.spotify.com/track/{song.spotify}", "danceability": 0.5, name: value}
    fake_services.reccobeats.fail(replying(200, {"content": [row]}))
    found = ask("reccobeats", Need.FEATURES, about(song, "spotify"))
    assert dict(found.values) == {"danceability": 0.5}


@pytest.mark.parametrize("bare", [False, True])
def test_lists_are_read_bare_or_under_content(ask: Ask, fake_services: FakeServices, bare: bool) -> None:
    fake_services.reccobeats.bare = bare
    song = fake_services.world.song("Mirrorball Heart")
    found = ask("reccobeats", Need.TRACK, about(song, "spotify", title=False))
    assert (found.identity.title, found.identity.artists) == (song.title, (song.artist.name,))
    assert found.identity.ids == {"reccobeats": song.reccobeats, "spotify": song.spotify, "isrc": song.isrc}
    assert found.popularity == song.popularity
    assert ask("reccobeats", Need.SIMILAR, about(song, "spotify"))


def test_recommendations_leave_out_the_seed(ask: Ask, fake_services: FakeServices) -> None:
    song = fake_services.world.song("Neon Estuary")
    found = ask("reccobeats", Need.SIMILAR, about(song, "spotify"))
    assert song.spotify not in {track.identity.ids["spotify"] for track in found}
    assert all(track.identity.ids["isrc"] for track in found)


def test_an_unknown_seed_is_an_answer(ask: Ask, fake_services: FakeServices) -> None:
    with pytest.raises(NotThere):
        ask("reccobeats", Need.SIMILAR, about(fake_services.world.song("Seven Stairs"), "spotify"))


def test_more_than_forty_would_be_refused(ask: Ask, fake_services: FakeServices) -> None:
    songs = fake_services.world.songs
    questions = [about(song, kind, title=False) for song in songs for kind in ("spotify", "isrc")]
    assert len(ask("reccobeats", Need.FEATURES, *questions)) == 80
    assert [len(request.query["ids"].split(",")) for request in fake_services.reccobeats.requests] == [40, 39]


@pytest.mark.parametrize("body", [{"content": 3}, {"rows": []}, ["x"], None, {"error": "no", "code": 4001}])
def test_wrong_shapes_are_named(ask: Ask, fake_services: FakeServices, body: object) -> None:
    fake_services.reccobeats.fail(replying(200, body))
    with pytest.raises(SourceFault, match="ReccoBeats") as caught:
        ask("reccobeats", Need.FEATURES, about(fake_services.world.songs[0], "spotify"))
    assert caught.value.kind is FaultKind.GARBLED
