"""Deezer's public API: search with ISRCs, tracks, genres of albums, tracks of an artist's radio, previews.

Errors come as HTTP 200 with an ``error`` object. Facts: the developer pages of Deezer, and answers seen in 2026.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from etl.identity import SAME, same_recording
from etl.providers.base import (
    About,
    ArtistFound,
    Candidate,
    Channel,
    Cover,
    FaultKind,
    GenreTag,
    Identity,
    LookupQuery,
    Need,
    NotThere,
    Preview,
    Rate,
    SourceFault,
)
from etl.providers.translation import (
    NeedHandler,
    Object,
    Translator,
    as_object,
    as_rows,
    candidate,
    has_id,
    has_text,
    known_id,
    single,
    the_id,
)
from store.text import normalise

_TITLE = "Deezer"
_PAGE = 50
_RADIO, _RELATED, _TOP = 25, 5, 3
# Deezer ranks tracks by how much they are played, from 0 to about a million.
_HIGHEST_RANK = 1_000_000
_PREVIEW_SECONDS = 900
_QUOTA, _BUSY, _NO_DATA = 4, 700, 800
_BAD_REQUEST = frozenset({500, 501, 600})
_NO_ACCESS = frozenset({200, 300})


def _get(channel: Channel, path: str, **params: Any) -> Object:
    """Return the object at ``path``; raises NotThere or SourceFault for Deezer's errors, which come with HTTP 200."""
    body = as_object(channel.get(path, params or None), _TITLE, "a JSON object")
    error = body.get("error")
    if not error:
        return body
    fault = as_object(error, _TITLE, "a JSON object under error")
    code, message = fault.get("code"), fault.text("message") or "no message"
    if code == _NO_DATA:
        raise NotThere(message)
    if code in (_QUOTA, _BUSY):
        why = "the limit of 50 calls in 5 seconds is reached" if code == _QUOTA else "it is busy"
        raise SourceFault(FaultKind.LIMITED, f"Deezer asks to wait: {why}.", retry_after_s=5.0)
    if code in _NO_ACCESS:
        raise SourceFault(FaultKind.REFUSED, f"Deezer does not give this without an account: {message} (code {code}).")
    what = "did not understand the query" if code in _BAD_REQUEST else "answered with an error"
    raise SourceFault(FaultKind.GARBLED, f"Deezer {what}: {message} (code {code}).")


def _data(body: Object) -> list[Object]:
    return as_rows(body.get("data"), _TITLE, "a list under data")


def track_of(row: Object) -> Candidate | None:
    """Translate a track object, complete or from a list; ``None`` for one without id or title."""
    artist, album = row.inner("artist"), row.inner("album")
    artists = [artist.text("name"), *(person.text("name") for person in row.rows("contributors"))]
    rank = row.number("rank", 1, _HIGHEST_RANK)
    return candidate(
        row.id("id") and row.text("title"),
        dict.fromkeys(artists),
        album=album.text("title"),
        year=row.year("release_date"),
        duration_ms=row.milliseconds("duration", 1000),
        popularity=None if rank is None else 100 * rank / _HIGHEST_RANK,
        explicit=row.boolean("explicit_lyrics"),
        isrc=row.isrc("isrc"),
        deezer=row.id("id"),
        deezer_artist=artist.id("id"),
        deezer_album=album.id("id"),
    )


def _tracks(body: Object, reason: str | None = None) -> tuple[Candidate, ...]:
    found = (track_of(row) for row in _data(body))
    return tuple(replace(track, reason=reason) for track in found if track)


def _search(query: LookupQuery, channel: Channel) -> tuple[Candidate, ...]:
    # Plain text, because the syntax artist:"" track:"" sometimes finds nothing.
    return _tracks(_get(channel, "/search", q=query.text.strip(), limit=_PAGE, index=query.page * _PAGE))


def _row(known: Identity, channel: Channel) -> Object:
    """Return the track; raises NotThere if the ISRC leads to another recording."""
    deezer = known_id(known, "deezer")
    if deezer:
        return _get(channel, f"/track/{deezer}")
    row = _get(channel, f"/track/isrc:{the_id(known, 'isrc')}")
    found = track_of(row)
    if found and known.title and same_recording(known, found.identity) < SAME:
        raise NotThere(f"Under this ISRC Deezer has {found.identity.title}.")
    return row


def _track(query: LookupQuery, channel: Channel) -> Candidate | None:
    return track_of(_row(query.identity, channel))


def _genres(query: LookupQuery, channel: Channel) -> tuple[GenreTag, ...] | None:
    known = query.identity
    album = known_id(known, "deezer_album") or _row(known, channel).inner("album").id("id")
    if not album:
        return None
    names = (row.text("name") for row in _data(_get(channel, f"/album/{album}").inner("genres")))
    return tuple(GenreTag(name=name, level="album") for name in names if name) or None


def _similar(query: LookupQuery, channel: Channel) -> tuple[Candidate, ...] | None:
    """Return the artist's radio, or the top tracks of related artists if it is empty."""
    known = query.identity
    artist = known_id(known, "deezer_artist") or _row(known, channel).inner("artist").id("id")
    if not artist:
        return None
    found = _tracks(_get(channel, f"/artist/{artist}/radio", limit=_RADIO), "artist radio")
    if not found:
        related = _data(_get(channel, f"/artist/{artist}/related", limit=_RELATED))
        for other in filter(None, (row.id("id") for row in related)):
            found += _tracks(_get(channel, f"/artist/{other}/top", limit=_TOP), "related artist")
    return tuple(track for track in found if track.identity.ids["deezer"] != known.ids.get("deezer")) or None


def _preview(query: LookupQuery, channel: Channel) -> Preview | None:
    row = _row(query.identity, channel)
    url = row.text("preview")
    if not url:
        return None
    expires_at = datetime.now(UTC) + timedelta(seconds=_PREVIEW_SECONDS)
    return Preview(url=url, expires_at=expires_at, credit=_TITLE, link=row.text("link"))


def _cover(query: LookupQuery, channel: Channel) -> Cover | None:
    url = _row(query.identity, channel).inner("album").text("cover_medium")
    return Cover(url=url) if url else None


def _genre_tracks(query: LookupQuery, channel: Channel) -> tuple[Candidate, ...] | None:
    """Return the chart of Deezer's genre of that name; Deezer has about two dozen genres."""
    wanted = normalise(query.text)
    for row in _data(_get(channel, "/genre")):
        genre, name = row.id("id"), row.text("name")
        if genre and name and wanted in _names(name):
            found = _get(channel, f"/chart/{genre}/tracks", limit=_PAGE, index=query.page * _PAGE)
            return _tracks(found, f"chart {name}")
    return None


def _names(genre: str) -> set[str]:
    """Return other names of a genre of Deezer: "Rap/Hip Hop" has two, "Latin Music" is latin."""
    names = {normalise(part).removesuffix(" music") for part in (genre, *genre.split("/"))}
    return names | {normalise(genre)} | ({"electronic"} if "electro" in names else set())


def _artists(query: LookupQuery, channel: Channel) -> tuple[ArtistFound, ...]:
    rows = _data(_get(channel, "/search/artist", q=query.text.strip(), limit=_PAGE, index=query.page * _PAGE))
    named = ((row.text("name"), row.id("id")) for row in rows)
    return tuple(ArtistFound(name=name, ids={"deezer_artist": artist}) for name, artist in named if name and artist)


class Deezer(Translator):
    """Deezer without an account."""

    handlers: ClassVar[Mapping[Need, NeedHandler]] = {
        Need.SEARCH: single(has_text, _search),
        Need.TRACK: single(has_id("deezer", "isrc"), _track),
        Need.GENRES: single(has_id("deezer_album", "deezer", "isrc"), _genres),
        Need.SIMILAR: single(has_id("deezer_artist", "deezer", "isrc"), _similar),
        Need.PREVIEW: single(has_id("deezer", "isrc"), _preview),
        Need.COVER: single(has_id("deezer", "isrc"), _cover),
        Need.GENRE_TRACKS: single(has_text, _genre_tracks),
        Need.ARTISTS: single(has_text, _artists),
    }
    about = About(
        name="deezer",
        title=_TITLE,
        home="https://www.deezer.com",
        base_url="https://api.deezer.com",
        licence="Deezer terms of use: non-commercial",
        terms=(
            "Free without an account, for non-commercial use only. Deezer wants its name shown with what comes "
            "from it. Facts and covers are kept for a week; previews are played from Deezer's own servers and never "
            "stored. Its limit counts by network address: 50 calls in 5 seconds."
        ),
        sends="Titles, artists, ISRCs and Deezer ids of what you look up, and this computer's network address.",
        rate=Rate(per_second=8.0, burst=8),
        found_days=7.0,
        needs=frozenset(handlers),
        reads=frozenset({"isrc"}),
    )
