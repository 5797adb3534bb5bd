"""ListenBrainz: genres by vote and tracks by genre, of MusicBrainz recordings, without a token.

Its labs are a service at another address with other limits: :mod:`etl.providers.listenbrainz_labs`.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from etl.providers.base import About, Candidate, Channel, GenreTag, LookupQuery, Need, Rate, Value
from etl.providers.musicbrainz import votes
from etl.providers.translation import (
    NeedHandler,
    Object,
    Translator,
    as_object,
    as_rows,
    candidate,
    has_id,
    has_text,
    single,
    the_id,
)
from etl.values import year_of

_TITLE = "ListenBrainz"
_BATCH = 50
_LEVELS = (("track", "recording"), ("album", "release_group"), ("artist", "artist"))


def _metadata(mbids: Sequence[str], inc: str, channel: Channel) -> Object:
    params = {"recording_mbids": ",".join(mbids), "inc": inc}
    return as_object(channel.get("/1/metadata/recording/", params), _TITLE, "a JSON object")


def metadata_of(mbid: str, row: Object) -> Candidate | None:
    """Translate the metadata of one recording; ``None`` if it has no name."""
    recording, artist, release = row.inner("recording"), row.inner("artist"), row.inner("release")
    people = artist.rows("artists")
    names = list(filter(None, (person.text("name") for person in people)))
    return candidate(
        recording.text("name"),
        names or [artist.text("name")],
        album=release.text("name"),
        year=recording.year("first_release_date") or _year(release.get("year")),
        duration_ms=recording.milliseconds("length"),
        mbid=mbid,
        artist_mbid=people[0].id("artist_mbid") if people else None,
        isrc=recording.isrc("isrcs"),
    )


def _year(value: object) -> int | None:
    return year_of(str(value)) if isinstance(value, int) else None


def _tracks(queries: Sequence[LookupQuery], channel: Channel) -> list[Value | None]:
    mbids = [the_id(query.identity, "mbid").lower() for query in queries]
    known = _metadata(mbids, "artist release", channel)
    return [metadata_of(mbid, known.inner(mbid)) for mbid in mbids]


def _genres(queries: Sequence[LookupQuery], channel: Channel) -> list[Value | None]:
    mbids = [the_id(query.identity, "mbid").lower() for query in queries]
    known = _metadata(mbids, "tag", channel)
    return [tags_of(known.inner(mbid).inner("tag")) or None for mbid in mbids]


def tags_of(row: Object) -> tuple[GenreTag, ...]:
    """Translate ``tag`` of a recording's metadata: genres, or free tags if there are no genres."""
    named = [(level, row.rows(key)) for level, key in _LEVELS]
    genres = [(level, [tag for tag in tags if tag.text("genre_mbid")]) for level, tags in named]
    return votes(genres, names="tag", counts="count") or votes(named, names="tag", counts="count")


def _genre_tracks(query: LookupQuery, channel: Channel) -> tuple[Candidate, ...] | None:
    """Return a hundred tracks of a tag, chosen by the server, the popular ones first. There is one page."""
    if query.page:
        return None
    tag = query.text.strip().lower()
    params = {"tag": tag, "operator": "OR", "pop_begin": 0, "pop_end": 100, "count": 2 * _BATCH}
    rows = as_rows(channel.get("/1/lb-radio/tags", params), _TITLE, "a list")
    popularity = {mbid: row.number("percent") for row in rows if (mbid := row.id("recording_mbid"))}
    mbids = sorted(popularity, key=lambda mbid: -(popularity[mbid] or 0.0))
    found = []
    for start in range(0, len(mbids), _BATCH):
        some = mbids[start : start + _BATCH]
        known = _metadata(some, "artist release", channel)
        found += [track for track in (metadata_of(mbid, known.inner(mbid)) for mbid in some) if track]
    return tuple(found) or None


class ListenBrainz(Translator):
    """The part of ListenBrainz that needs no token."""

    handlers: ClassVar[Mapping[Need, NeedHandler]] = {
        Need.TRACK: NeedHandler(has_id("mbid"), _tracks),
        Need.GENRES: NeedHandler(has_id("mbid"), _genres),
        Need.GENRE_TRACKS: single(has_text, _genre_tracks),
    }
    about = About(
        name="listenbrainz",
        title=_TITLE,
        home="https://listenbrainz.org",
        base_url="https://api.listenbrainz.org",
        licence="CC0; genres and tags are MusicBrainz', CC BY-NC-SA 3.0",
        terms=(
            "What people listen to, published by MetaBrainz, free without an account. Its own data is in the public "
            "domain (CC0); the genres it passes on are MusicBrainz', voted under a licence that wants its users named "
            "and forbids selling (CC BY-NC-SA 3.0). Answers are kept for 90 days."
        ),
        sends="MusicBrainz ids of what you look up, genres you gather, and this computer's network address.",
        rate=Rate(per_second=2.0, burst=4),
        found_days=90.0,
        needs=frozenset(handlers),
        reads=frozenset({"mbid"}),
        batches={Need.TRACK: _BATCH, Need.GENRES: _BATCH},
    )
