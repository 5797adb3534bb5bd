"""MusicBrainz: recordings by ISRC and by name, votes summed to genres, Lucene kept out of names."""

import pytest

from etl.providers.base import GenreTag, Identity, LookupQuery, Need, NotThere
from etl.providers.musicbrainz import escaped, recording_of, votes
from etl.providers.translation import Object
from tests.etl.providers.conftest import Ask, about
from tests.fake_services.fixtures import FakeServices
from tests.fake_services.world import KARAOKE, ORIGINAL


def test_a_recording_is_translated() -> None:
    row = {
        "id": "1c19fbb9-edce-49e1-a934-de6071dd7964",
        "score": 87,
        "title": "The Dovecats",
        "length": 220000,
        "first-release-date": "1983-11-28",
        "artist-credit": [{"name": "The Remedy", "artist": {"id": "a0b0-x", "name": "Remedy, The"}}],
        "releases": [{"title": "Felines"}],
        "isrcs": ["GB-ALB-83-00001"],
    }
    found = recording_of(Object(row))
    assert found is not None
    known = found.identity
    assert (known.title, known.artists, known.album) == ("The Dovecats", ("The Remedy",), "Felines")
    assert (known.year, known.duration_ms, found.score) == (1983, 220_000, 0.87)
    assert known.ids == {"mbid": row["id"], "artist_mbid": "a0b0-x", "isrc": "GBALB8300001"}


def test_an_isrc_leads_to_the_recording_that_is_meant(ask: Ask, fake_services: FakeServices) -> None:
    original, karaoke = (fake_services.world.song(title) for title in (ORIGINAL, KARAOKE))
    for song in (original, karaoke):
        found = ask("musicbrainz", Need.TRACK, about(song, "isrc"))
        assert found.identity.ids == {"isrc": song.isrc, "mbid": song.mbid, "artist_mbid": song.artist.mbid}


def test_an_isrc_of_something_else_is_no_match(ask: Ask, fake_services: FakeServices) -> None:
    other = Identity(title="Hedgerow", artists=("Hazel Brookfield",), ids={"isrc": fake_services.world.songs[3].isrc})
    assert ask("musicbrainz", Need.TRACK, LookupQuery(identity=other)) is None


def test_an_unknown_isrc_is_an_answer(ask: Ask, fake_services: FakeServices) -> None:
    with pytest.raises(NotThere):
        ask("musicbrainz", Need.TRACK, about(fake_services.world.song("Sleep Protocol"), "isrc"))


def test_genres_are_summed_and_free_tags_left_out(ask: Ask, fake_services: FakeServices) -> None:
    found = ask("musicbrainz", Need.GENRES, about(fake_services.world.song("Isotope Garden"), "mbid"))
    # 5 votes for the artist, 2 for the album; an odd number has none of its own.
    assert found[0] == GenreTag(name="electronic", weight=1.0, level="album")
    assert found[1:] == (GenreTag(name="ambient", weight=4 / 7, level="artist"),)


def test_votes_need_a_name_and_a_positive_number() -> None:
    rows = [
        Object(name="Rock", count=2),
        Object(name="rock", count=1),
        Object(name="pop", count=-1),
        Object(count=9),
    ]
    assert votes([("artist", rows)], names="name", counts="count") == (GenreTag(name="rock", level="artist"),)
    assert votes([], names="name", counts="count") == ()


def test_words_are_found_in_title_or_artist(ask: Ask, fake_services: FakeServices) -> None:
    [found] = ask("musicbrainz", Need.SEARCH, LookupQuery(text="Hazel Brookfield - miller's waits"))
    assert found.identity.ids["mbid"] == fake_services.world.song("The Miller's Daughter Waits").mbid
    assert found.score == 1.0


def test_names_that_are_known_are_searched_where_they_belong(ask: Ask, fake_services: FakeServices) -> None:
    known = Identity(title="Glass Tide (Live at the Mill)", artists=("Marble Foxes",))
    [found] = ask("musicbrainz", Need.SEARCH, LookupQuery(identity=known))
    assert found.identity.title == known.title
    [request] = fake_services.musicbrainz.requests_to("/ws/2/recording")
    assert request.query["query"] == r'recording:"Glass Tide \(Live at the Mill\)" AND artist:"Marble Foxes"'


@pytest.mark.parametrize("text", ['AC/DC "Back" (in) [Black]?', "Who? NOT! AND: *~^ {OR} && || + - \\", "a:b"])
def test_no_text_is_taken_for_lucene(ask: Ask, text: str) -> None:
    assert ask("musicbrainz", Need.SEARCH, LookupQuery(text=text)) == ()
    assert ask("musicbrainz", Need.GENRE_TRACKS, LookupQuery(text=text)) == ()
    assert isinstance(ask("musicbrainz", Need.ARTISTS, LookupQuery(text=text)), tuple)


def test_escaping() -> None:
    assert escaped('R&B AND "B"? (x)') == r"R&B and \"B\"\? \(x\)"
    assert escaped("a && b") == r"a \&& b"


def test_tracks_of_a_tag_page_by_page(ask: Ask, fake_services: FakeServices) -> None:
    found = ask("musicbrainz", Need.GENRE_TRACKS, LookupQuery(text="boom bap"))
    assert {track.identity.artists for track in found} == {("Kite & Ledger",)}
    assert ask("musicbrainz", Need.GENRE_TRACKS, LookupQuery(text="boom bap", page=2)) == ()
    assert [request.query["offset"] for request in fake_services.musicbrainz.requests] == ["0", "100"]


def test_artists_with_their_genres(ask: Ask) -> None:
    [found] = ask("musicbrainz", Need.ARTISTS, LookupQuery(text="palimpsest"))
    assert (found.name, found.genres) == ("MC Palimpsest", ("hip hop", "trap"))
