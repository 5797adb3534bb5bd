"""ListenBrainz: genres by vote and tracks by genre from its core, likeness and Spotify ids from its labs.

Two services under two addresses with limits of their own, so two sources: ``listenbrainz`` (the core, token-free
part) and ``listenbrainz_labs`` (experiments, no promise that they stay). Both speak of MusicBrainz recordings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from etl.identity import clean_isrc
from etl.providers.base import About, Asked, Candidate, Channel, GenreTag, Identity, Need, Rate, Value
from etl.providers.musicbrainz import votes
from etl.providers.translation import (
    Object,
    Translator,
    Way,
    as_object,
    as_rows,
    has_id,
    has_text,
    id_text,
    ids_of,
    inner,
    inner_rows,
    inner_texts,
    known_id,
    milliseconds,
    number,
    one_by_one,
    text,
    the_id,
    year,
)

_TITLE, _LABS = "ListenBrainz", "ListenBrainz labs"
_BATCH = 50
# The server takes these names and no others: days of listening, pause that ends a session, votes of one listener,
# how often two tracks must meet, how many are returned, and how many skips are looked over.
SIMILARITY = "session_based_days_7500_session_300_contribution_5_threshold_15_limit_50_skip_30"
_LEVELS = (("track", "recording"), ("album", "release_group"), ("artist", "artist"))


def _metadata(mbids: Sequence[str], inc: str, channel: Channel) -> Object:
    params = {"recording_mbids": ",".join(mbids), "inc": inc}
    return as_object(channel.get("/1/metadata/recording/", params), _TITLE, "a JSON object")


def metadata_of(mbid: str, row: Object) -> Candidate | None:
    """Translate the metadata of one recording; ``None`` where it has no name."""
    recording, artist, release = inner(row, "recording"), inner(row, "artist"), inner(row, "release")
    title = text(recording.get("name"))
    if not title:
        return None
    people = inner_rows(artist, "artists")
    names = [name for name in (text(person.get("name")) for person in people) if name]
    joined = text(artist.get("name"))
    return Candidate(
        identity=Identity(
            title=title,
            artists=tuple(names) or ((joined,) if joined else ()),
            album=text(release.get("name")),
            year=year(recording.get("first_release_date")) or _year(release.get("year")),
            duration_ms=milliseconds(recording.get("length")),
            ids=ids_of(
                mbid=mbid,
                artist_mbid=id_text(people[0].get("artist_mbid")) if people else None,
                isrc=next(filter(None, map(clean_isrc, inner_texts(recording, "isrcs"))), None),
            ),
        )
    )


def _year(value: object) -> int | None:
    return year(str(value)) if isinstance(value, int) else None


def _tracks(asked: Sequence[Asked], channel: Channel) -> list[Value | None]:
    mbids = [the_id(one.identity, "mbid").lower() for one in asked]
    known = _metadata(mbids, "artist release", channel)
    return [metadata_of(mbid, inner(known, mbid)) for mbid in mbids]


def _genres(asked: Sequence[Asked], channel: Channel) -> list[Value | None]:
    mbids = [the_id(one.identity, "mbid").lower() for one in asked]
    known = _metadata(mbids, "tag", channel)
    return [tags_of(inner(inner(known, mbid), "tag")) or None for mbid in mbids]


def tags_of(row: Object) -> tuple[GenreTag, ...]:
    """Translate ``tag`` of a recording's metadata: genres, or free tags where nobody voted for a genre."""
    named = [(level, inner_rows(row, key)) for level, key in _LEVELS]
    genres = [(level, [tag for tag in tags if text(tag.get("genre_mbid"))]) for level, tags in named]
    return votes(genres, names="tag", counts="count") or votes(named, names="tag", counts="count")


def _genre_tracks(asked: Asked, channel: Channel) -> tuple[Candidate, ...] | None:
    """A hundred tracks of a tag, drawn by the server, the popular ones first. There is one page."""
    if asked.page:
        return None
    tag = asked.text.strip().lower()
    params = {"tag": tag, "operator": "OR", "pop_begin": 0, "pop_end": 100, "count": 2 * _BATCH}
    rows = as_rows(channel.get("/1/lb-radio/tags", params), _TITLE, "a list")
    popularity = {mbid: number(row.get("percent")) for row in rows if (mbid := id_text(row.get("recording_mbid")))}
    mbids = sorted(popularity, key=lambda mbid: -(popularity[mbid] or 0.0))
    found = []
    for start in range(0, len(mbids), _BATCH):
        some = mbids[start : start + _BATCH]
        known = _metadata(some, "artist release", channel)
        found += [track for track in (metadata_of(mbid, inner(known, mbid)) for mbid in some) if track]
    return tuple(found) or None


def lab_row(row: Object) -> Candidate | None:
    """Translate a row of the labs' search or similarity; ``None`` for one without id or name."""
    mbid, title = id_text(row.get("recording_mbid")), text(row.get("recording_name"))
    if not mbid or not title:
        return None
    artist = text(row.get("artist_credit_name"))
    people = inner_texts(row, "artist_credit_mbids") or inner_texts(row, "[artist_credit_mbids]")
    return Candidate(
        identity=Identity(
            title=title,
            artists=(artist,) if artist else (),
            album=text(row.get("release_name")),
            ids=ids_of(mbid=mbid, artist_mbid=people[0] if people else None),
        )
    )


def _search(asked: Asked, channel: Channel) -> tuple[Candidate, ...] | None:
    if asked.page:
        return None
    rows = as_rows(channel.get("/recording-search/json", {"query": asked.text.strip()}), _LABS, "a list")
    return tuple(track for track in map(lab_row, rows) if track)


def _similar(asked: Asked, channel: Channel) -> tuple[Candidate, ...] | None:
    mbid = the_id(asked.identity, "mbid").lower()
    params = {"recording_mbids": mbid, "algorithm": SIMILARITY}
    rows = as_rows(channel.get("/similar-recordings/json", params), _LABS, "a list")
    counted = [(number(row.get("score")) or 0.0, lab_row(row)) for row in rows]
    most = max((count for count, _ in counted), default=0.0)
    found = [
        replace(track, score=count / most if most > 0 else None, reason="heard in the same sessions")
        for count, track in sorted(counted, key=lambda pair: -pair[0])
        if track and track.identity.ids["mbid"] != mbid
    ]
    return tuple(found) or None


def _spotify_id(asked: Asked, channel: Channel) -> Candidate | None:
    """Add the Spotify id to what is known: the labs map a MusicBrainz recording, or names, to it."""
    known, mbid = asked.identity, known_id(asked.identity, "mbid")
    if mbid:
        path, params = "/spotify-id-from-mbid/json", {"recording_mbid": mbid}
    else:
        path = "/spotify-id-from-metadata/json"
        params = {"artist_name": known.artists[0], "release_name": known.album or "", "track_name": known.title}
    for row in as_rows(channel.get(path, params), _LABS, "a list"):
        found = inner_texts(row, "spotify_track_ids")
        if found:
            ids = ids_of(mbid=mbid, spotify=found[0])
            return Candidate(identity=Identity(title=known.title, artists=known.artists, ids=ids))
    return None


def _has_names(asked: Asked) -> bool:
    known = asked.identity
    return not known.ids.get("spotify") and bool(known_id(known, "mbid") or (known.title and known.artists))


_OPEN = (
    "All of its data is in the public domain (CC0) and may be used for everything, training included. "
    "Answers are kept for 90 days."
)


class ListenBrainz(Translator):
    """The token-free part of ListenBrainz' core."""

    ways: ClassVar[Mapping[Need, Way]] = {
        Need.TRACK: Way(has_id("mbid"), _tracks),
        Need.GENRES: Way(has_id("mbid"), _genres),
        Need.GENRE_TRACKS: one_by_one(has_text, _genre_tracks),
    }
    about = About(
        name="listenbrainz",
        title=_TITLE,
        home="https://listenbrainz.org",
        base_url="https://api.listenbrainz.org",
        licence="CC0",
        terms=f"What people listen to, published by MetaBrainz, free without an account. {_OPEN}",
        sends="MusicBrainz ids of what you look up, genres you gather, and this computer's network address.",
        rate=Rate(per_second=2.0, burst=4),
        found_days=90.0,
        needs=frozenset(ways),
        reads=frozenset({"mbid"}),
        batches={Need.TRACK: _BATCH, Need.GENRES: _BATCH},
    )


class ListenBrainzLabs(Translator):
    """ListenBrainz' experiments."""

    ways: ClassVar[Mapping[Need, Way]] = {
        Need.SEARCH: one_by_one(has_text, _search),
        Need.TRACK: one_by_one(_has_names, _spotify_id),
        Need.SIMILAR: one_by_one(has_id("mbid"), _similar),
    }
    about = About(
        name="listenbrainz_labs",
        title=_LABS,
        home="https://labs.api.listenbrainz.org",
        base_url="https://labs.api.listenbrainz.org",
        licence="CC0",
        terms=(
            "Experiments of ListenBrainz: tracks heard in the same sessions, and Spotify ids of MusicBrainz "
            f"recordings. They may change or end at any time. {_OPEN}"
        ),
        sends="Titles, artists and MusicBrainz ids of what you look up, and this computer's network address.",
        rate=Rate(per_second=2.0, burst=4),
        found_days=90.0,
        needs=frozenset(ways),
        reads=frozenset({"mbid"}),
    )
