"""Playlists to take out: plain ones, odd ones, and any that hypothesis thinks of."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import islice

from hypothesis import strategies as st

from etl.exports.formats import Format
from etl.exports.rows import ExportRow
from store.database import PAGE_ITEMS, Database
from store.domain import (
    AUDIO_FEATURES,
    FEATURE_BOUNDS,
    AlbumDetails,
    AudioFeatures,
    Playlist,
    PlaylistItem,
    Track,
    local_track_id,
)
from tests.etl.imports.files import spotify_id

MBID = "b1a9c0e9-d987-4042-ae91-78d6a3267d69"
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
SOUND = {
    **{"danceability": 0.488, "energy": 0.87, "key": 6.0, "loudness": -4.185, "mode": 0.0, "speechiness": 0.0421},
    **{"acousticness": 8.77e-06, "instrumentalness": 0.0, "liveness": 0.484, "valence": 0.211, "tempo": 110.072},
    **{"duration_ms": 230_333.0, "time_signature": 4.0},
}
FULL = Track(
    id=spotify_id(1),
    title='=HYPERLINK("http://x"),\n"Ünïcode" 🎸 \U0001f468\u200d\U0001f469\u200d\U0001f467',
    artists=("Tyler, The Creator", "AC/DC", "-M-"),
    album="+",
    year=1979,
    duration_ms=230_333,
    isrc="USRC17908239",
    popularity=53.0,
    explicit=True,
    labels=("hard-rock",),
    artist_genres=("nu metal", "rock"),
    features=AudioFeatures(values=SOUND, source="test: sound", fetched_at=NOW, licence="CC0", confidence=0.9),
    source="test: names",
    ids={"mbid": MBID, "isrc": "USRC17908239"},
    artist_uris=("spotify:artist:4V8LLVI7PbaPR0K2TGSxFF", "spotify:artist:711MCceyCBcFnzjGY4Q7Un"),
    album_details=AlbumDetails(
        released="1979-07-27",
        record_label='Columbia; "Albert", Ltd.',
        artists=("AC/DC",),
        artist_uris=("spotify:artist:711MCceyCBcFnzjGY4Q7Un",),
        uri="spotify:album:6mUdeDZCsExyJLMdAfDuwh",
        cover_url="https://i.scdn.co/image/ab67616d0000b273",
        disc_number=1,
        track_number=10,
    ),
)
BARE = Track(id=spotify_id(2), title="@", artists=())
_LOCAL = ("Gimme: 100 % & more", ("Julian W.", "Zoë"), "42", 198_500)
LOCAL = Track(
    id=local_track_id(*_LOCAL), title=_LOCAL[0], artists=_LOCAL[1], album=_LOCAL[2], duration_ms=_LOCAL[3], source="s"
)
ITEMS = (
    PlaylistItem(position=0, track_id=FULL.id, added_by="wanda %41", added_at=NOW),
    PlaylistItem(position=1, track_id=BARE.id, plays=41, file="/music/a, b/03 Song.mp3"),
    PlaylistItem(position=2, track_id=LOCAL.id, added_by="q", added_at=NOW + timedelta(milliseconds=7)),
    PlaylistItem(position=3, track_id=FULL.id),
)
ODD = [ExportRow(item=item, track=track) for item, track in zip(ITEMS, (FULL, BARE, LOCAL, FULL), strict=True)]


def a_playlist(rows: Sequence[ExportRow], name: str = "Our list") -> Playlist:
    contributors: dict[str, int] = {}
    for row in rows:
        if row.item.added_by:
            contributors[row.item.added_by] = contributors.get(row.item.added_by, 0) + 1
    return Playlist(
        id="0123456789abcdef01234567",
        name=name,
        owner="secret-session-hash",
        source="exportify: ours.csv",
        item_count=len(rows),
        contributors=contributors,
        complete=True,
        created_at=NOW,
    )


def paged(rows: Sequence[ExportRow], size: int = PAGE_ITEMS) -> Iterator[list[ExportRow]]:
    remaining = iter(rows)
    while page := list(islice(remaining, size)):
        yield page


def written(chosen: Format, rows: Sequence[ExportRow], name: str = "Our list", size: int = PAGE_ITEMS) -> bytes:
    """Return the whole file of ``rows``, which come in pages of ``size``."""
    return b"".join(chosen.write(a_playlist(rows, name), paged(rows, size)))


def store(database: Database, rows: Sequence[ExportRow], name: str = "Our list") -> Playlist:
    """Put a playlist into the database as an import leaves it."""
    playlist = a_playlist(rows, name)
    database.put_tracks(list({row.track.id: row.track for row in rows}.values()))
    for number, page in enumerate(paged(rows)):
        database.put_page(playlist.id, number, [row.item for row in page])
    database.put_playlist(playlist)
    return playlist


def many(count: int) -> list[ExportRow]:
    return [
        ExportRow(
            item=PlaylistItem(
                position=number, track_id=spotify_id(number), added_by=f"user_{number % 3}", added_at=NOW
            ),
            track=Track(id=spotify_id(number), title=f"Song {number}", artists=("First", "Second")),
        )
        for number in range(count)
    ]


# -- whatever can be in a database --------------------------------------------------------------------------

_LETTERS = st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n\t\"',;=+-@#:\\/🎸é")
names = st.text(_LETTERS, min_size=1, max_size=30)
moments = st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)
_values = st.fixed_dictionaries(
    {}, optional={name: st.floats(*FEATURE_BOUNDS[name], allow_subnormal=False) for name in AUDIO_FEATURES}
)
features = st.builds(
    AudioFeatures,
    values=_values.filter(bool),
    source=names,
    fetched_at=st.none() | moments,
    licence=st.none() | names,
    confidence=st.floats(0, 1),
)
_dates = st.dates(date(1860, 1, 1), date(2026, 12, 31)).map(date.isoformat)
_uris = st.integers(0, 9).map(lambda number: f"spotify:artist:{spotify_id(number)}")
_numbered = st.integers(0, 50).map(spotify_id)


def album_details(name: st.SearchStrategy[str]) -> st.SearchStrategy[AlbumDetails]:
    return st.builds(
        AlbumDetails,
        released=st.tuples(_dates, st.sampled_from([4, 7, 10])).map(lambda drawn: drawn[0][: drawn[1]]),
        record_label=st.none() | name,
        artists=st.lists(name, max_size=2).map(tuple),
        artist_uris=st.lists(_uris, max_size=2).map(tuple),
        uri=st.none() | _uris,
        cover_url=st.none() | st.just("https://i.scdn.co/image/ab"),
        disc_number=st.none() | st.integers(1, 9),
        track_number=st.none() | st.integers(1, 99),
    )


def tracks(name: st.SearchStrategy[str] = names, artist: st.SearchStrategy[str] = names) -> st.SearchStrategy[Track]:
    return st.builds(
        Track,
        id=_numbered,
        title=name,
        artists=st.lists(artist, max_size=3, unique=True).map(tuple),
        album=st.none() | name,
        year=st.none() | st.integers(1860, 2026),
        duration_ms=st.none() | st.integers(1, 3_600_000),
        isrc=st.none() | st.just("USRC17908239"),
        popularity=st.none() | st.floats(0, 100),
        explicit=st.none() | st.booleans(),
        labels=st.lists(name, max_size=2).map(tuple),
        artist_genres=st.lists(name, max_size=2).map(tuple),
        features=st.none() | features,
        source=names,
        ids=st.dictionaries(st.sampled_from(["mbid", "deezer"]), names, max_size=2),
        artist_uris=st.lists(_uris, max_size=2).map(tuple),
        album_details=st.none() | album_details(name),
    )


def lists_of(track: st.SearchStrategy[Track]) -> st.SearchStrategy[list[ExportRow]]:
    """Lists of rows; a track's id is drawn apart from its names, so rows with equal ids may differ."""
    plays = st.none() | st.integers(0, 1 << 30)
    file = st.none() | st.sampled_from(["/music/A/03 B.mp3", "file:///C:/Music/a%20b.flac", "..\\A;B.mp3"])
    rows = st.tuples(track, st.none() | names.map(str.strip).filter(bool), st.none() | moments, plays, file)
    return st.lists(rows, max_size=6).map(
        lambda drawn: [
            ExportRow(
                item=PlaylistItem(
                    position=at, track_id=track.id, added_by=person, added_at=moment, plays=plays, file=file
                ),
                track=track,
            )
            for at, (track, person, moment, plays, file) in enumerate(drawn)
        ]
    )
