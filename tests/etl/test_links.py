"""Links, URIs and ids of music services."""

import pytest

from etl.links import Link, LocalFile, link_in, local_file

SPOTIFY = "4u7EnebtmKWzUH433cf5Qv"
MBID = "b1a9c0e9-d987-4042-ae91-78d6a3267d69"


@pytest.mark.parametrize(
    ("written", "link"),
    [
        (f"spotify:track:{SPOTIFY}", Link("spotify", "track", SPOTIFY)),
        (f"<https://open.spotify.com/track/{SPOTIFY}?si=abc>", Link("spotify", "track", SPOTIFY)),
        (f"open.spotify.com/intl-de/track/{SPOTIFY}", Link("spotify", "track", SPOTIFY)),
        (f"https://open.spotify.com/embed/track/{SPOTIFY}", Link("spotify", "track", SPOTIFY)),
        (f"https://open.spotify.com/playlist/{SPOTIFY}", Link("spotify", "playlist", SPOTIFY)),
        (f"spotify:user:anna:playlist:{SPOTIFY}", Link("spotify", "playlist", SPOTIFY)),
        ("https://www.deezer.com/en/track/3135556", Link("deezer", "track", "3135556")),
        ("https://www.deezer.com/album/302127", Link("deezer", "album", "302127")),
        ("https://music.apple.com/us/album/x/1440903625?i=1440903636", Link("itunes", "track", "1440903636")),
        ("https://music.apple.com/de/song/x/1440903636", Link("itunes", "track", "1440903636")),
        ("https://itunes.apple.com/us/album/x/id1440903625", Link("itunes", "album", "1440903625")),
        ("https://music.youtube.com/watch?v=fJ9rUzIMcZQ&list=x", Link("youtube", "track", "fJ9rUzIMcZQ")),
        ("https://youtu.be/fJ9rUzIMcZQ?t=3", Link("youtube", "track", "fJ9rUzIMcZQ")),
        (f"https://musicbrainz.org/recording/{MBID}", Link("mbid", "track", MBID)),
        (f"https://musicbrainz.org/release/{MBID}", Link("mbid", "release", MBID)),
        ("https://spotify.link/abc", Link("spotify", "short link", "https://spotify.link/abc")),
        ("https://example.org/track/1", None),
        (SPOTIFY, None),
        ("Bohemian Rhapsody", None),
    ],
)
def test_links(written: str, link: Link | None) -> None:
    assert link_in(written) == link


@pytest.mark.parametrize(
    ("written", "link"),
    [
        (SPOTIFY, Link("spotify", "track", SPOTIFY)),
        (MBID.upper(), Link("mbid", "track", MBID)),
        ("GB-UM7-10-29604", Link("isrc", "track", "GBUM71029604")),
        ("1999", None),
        ("supercalifragilisticex", None),
    ],
)
def test_ids_alone(written: str, link: Link | None) -> None:
    assert link_in(written, bare=True) == link


@pytest.mark.parametrize(
    ("uri", "file"),
    [
        (
            "spotify:local:Oasis:Morning+Glory:Wonderwall:258",
            LocalFile("Wonderwall", "Oasis", "Morning Glory", 258_000),
        ),
        ("spotify:local:::x%3Ay:", LocalFile("x:y", None, None, None)),
        ("spotify:local:a:b::1", None),
        ("spotify:local:x", None),
        (None, None),
    ],
)
def test_local_files(uri: object, file: LocalFile | None) -> None:
    assert local_file(uri) == file
