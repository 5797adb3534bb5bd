"""All sources by name, and the order in which they are queried: a line here adds a source."""

from collections.abc import Mapping

from etl.providers.acousticbrainz import AcousticBrainz
from etl.providers.base import Need, Provider
from etl.providers.deezer import Deezer
from etl.providers.itunes import ITunes
from etl.providers.listenbrainz import ListenBrainz
from etl.providers.listenbrainz_labs import ListenBrainzLabs
from etl.providers.musicbrainz import MusicBrainz
from etl.providers.reccobeats import ReccoBeats
from etl.providers.spotify import Spotify

_ALL: tuple[Provider, ...] = (
    Deezer(),
    ITunes(),
    MusicBrainz(),
    ListenBrainz(),
    ListenBrainzLabs(),
    AcousticBrainz(),
    ReccoBeats(),
    Spotify(),
)

PROVIDERS: Mapping[str, Provider] = {provider.about.name: provider for provider in _ALL}

# Best first: the source that knows most and costs least. Spotify comes last for facts of the catalogue, which others
# have too. Its features come first, for an app that still gets them.
ORDER: Mapping[Need, tuple[str, ...]] = {
    Need.SEARCH: ("deezer", "itunes", "musicbrainz", "listenbrainz_labs", "spotify"),
    Need.TRACK: ("deezer", "reccobeats", "musicbrainz", "listenbrainz", "listenbrainz_labs", "itunes", "spotify"),
    Need.FEATURES: ("spotify", "reccobeats", "acousticbrainz"),
    Need.GENRES: ("musicbrainz", "listenbrainz", "deezer", "itunes"),
    Need.SIMILAR: ("reccobeats", "listenbrainz_labs", "deezer", "spotify"),
    Need.PREVIEW: ("deezer", "itunes"),
    Need.COVER: ("deezer", "itunes"),
    Need.ANALYSIS: ("spotify",),
    Need.GENRE_TRACKS: ("deezer", "listenbrainz", "musicbrainz", "spotify"),
    Need.ARTISTS: ("deezer", "musicbrainz", "spotify"),
}
