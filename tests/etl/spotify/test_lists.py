"""Rows of lists at Spotify: what is staged of them and read from it."""

import json

from etl.spotify.lists import row_from, staged_row
from store.domain import AlbumDetails
from tests.etl.spotify.setting import invented
from tests.fake_services.spotify import base62


def test_what_spotify_says_of_an_album_is_kept() -> None:
    album = {
        "id": base62("album"),
        "name": "Inventions",
        "release_date": "2026-03",
        "artists": [{"id": base62("inventor"), "name": "The Inventors"}, None],
        "images": [{"url": "https://i.scdn.co/image/ab", "width": 640}, {"url": "https://i.scdn.co/image/cd"}],
    }
    item = invented(1) | {"album": album, "disc_number": 2, "track_number": 11}
    track = row_from(1, json.loads(json.dumps(staged_row({"item": item}))), "spotify").track
    assert track is not None
    assert track.artist_uris == (f"spotify:artist:{base62('inventor')}",)
    assert track.album_details == AlbumDetails(
        released="2026-03",
        artists=("The Inventors",),
        artist_uris=(f"spotify:artist:{base62('inventor')}",),
        uri=f"spotify:album:{base62('album')}",
        cover_url="https://i.scdn.co/image/ab",
        disc_number=2,
        track_number=11,
    )


def test_rows_that_an_earlier_version_has_staged_are_read() -> None:
    staged = staged_row({"item": invented(1)})
    older = {name: value for name, value in staged.items() if name not in {"artist_uris", "details"}}
    track = row_from(1, older, "spotify").track
    assert track is not None
    assert track.album_details is None
