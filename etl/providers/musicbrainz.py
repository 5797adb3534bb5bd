"""MusicBrainz: recordings by name and by ISRC, genres by vote, artists.

Its limit is one call a second; beyond it, and at busy times, it answers 503. Source: the MusicBrainz API's
documentation (musicbrainz.org/doc/MusicBrainz_API).
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from etl.identity import closest
from etl.providers.base import (
    About,
    ArtistFound,
    Candidate,
    Channel,
    FaultKind,
    GenreTag,
    LookupQuery,
    Need,
    Rate,
    Setting,
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

_TITLE = "MusicBrainz"
_PAGE = 50
_LUCENE = re.compile(r'([+\-!(){}\[\]^"~*?:\\/]|&&|\|\|)')
_WORDS = re.compile(r"\b(AND|OR|NOT)\b")


def escaped(words: str) -> str:
    """Return ``words`` with the operators of Lucene's query syntax escaped."""
    return _WORDS.sub(lambda word: word.group().lower(), _LUCENE.sub(r"\\\1", words)).strip()


def _get(channel: Channel, path: str, **params: Any) -> Object:
    body = as_object(channel.get(f"/ws/2/{path}", {"fmt": "json", **params}), _TITLE, "a JSON object")
    if body.text("error"):
        raise SourceFault(FaultKind.GARBLED, f"MusicBrainz did not understand the query: {body['error']}")
    return body


def recording_of(row: Object, isrc: str | None = None) -> Candidate | None:
    """Translate a recording of a search, an ISRC or a look-up; ``None`` for one without id or title."""
    credits, releases, score = row.rows("artist-credit"), row.rows("releases"), row.number("score", 0, 100)
    return candidate(
        row.id("id") and row.text("title"),
        (credit.text("name") or credit.inner("artist").text("name") for credit in credits),
        album=releases[0].text("title") if releases else None,
        year=row.year("first-release-date"),
        duration_ms=row.milliseconds("length"),
        score=None if score is None else score / 100,
        mbid=row.id("id"),
        artist_mbid=credits[0].inner("artist").id("id") if credits else None,
        isrc=isrc or row.isrc("isrcs"),
    )


def _found(channel: Channel, query: str, page: int) -> tuple[Candidate, ...]:
    body = _get(channel, "recording", query=query, limit=_PAGE, offset=page * _PAGE)
    found = map(recording_of, as_rows(body.get("recordings"), _TITLE, "a list under recordings"))
    return tuple(track for track in found if track)


def _has_names(query: LookupQuery) -> bool:
    return bool(query.identity.title and query.identity.artists)


def _search(query: LookupQuery, channel: Channel) -> tuple[Candidate, ...]:
    known = query.identity
    if _has_names(query):
        lucene = f'recording:"{escaped(known.title)}" AND artist:"{escaped(known.artists[0])}"'
    else:
        # Any of the words may be the artist's: each must be in the title or in the artist.
        words = [word for word in query.text.split() if any(map(str.isalnum, word))] or [query.text]
        lucene = " AND ".join(f"(recording:({word}) OR artist:({word}))" for word in map(escaped, words))
    return _found(channel, lucene, query.page)


def _track(query: LookupQuery, channel: Channel) -> Candidate | None:
    known, mbid = query.identity, known_id(query.identity, "mbid")
    if mbid:
        return recording_of(_get(channel, f"recording/{mbid}", inc="artist-credits isrcs releases"))
    isrc = the_id(known, "isrc")
    body = _get(channel, f"isrc/{isrc}", inc="artists isrcs releases")
    rows = as_rows(body.get("recordings"), _TITLE, "a list under recordings")
    found = [track for track in (recording_of(row, isrc) for row in rows) if track]
    if not known.title:
        return found[0] if found else None
    return closest(known, found)  # an ISRC may be that of another recording


def votes(levels: Iterable[tuple[str, Iterable[Object]]], *, names: str, counts: str) -> tuple[GenreTag, ...]:
    """Sum the votes of each genre over ``levels`` (name, rows), nearest first; a genre has its nearest level.

    ``names`` and ``counts`` are the keys of a row's name and of its number of votes. The weight is the share of the
    votes of the genre with most votes.
    """
    total: Counter[str] = Counter()
    nearest: dict[str, str] = {}
    for level, rows in levels:
        for row in rows:
            name, count = row.text(names), row.number(counts)
            if name and count and count > 0:
                total[name.lower()] += round(count)
                nearest.setdefault(name.lower(), level)
    most = max(total.values(), default=0)
    return tuple(GenreTag(name=name, weight=n / most, level=nearest[name]) for name, n in total.most_common())


def _genres(query: LookupQuery, channel: Channel) -> tuple[GenreTag, ...] | None:
    """Return the genres of the recording, its release groups and its artists; free tags if there are no genres."""
    inc = "artist-credits releases release-groups genres tags"
    row = _get(channel, f"recording/{the_id(query.identity, 'mbid')}", inc=inc)
    albums = [release.inner("release-group") for release in row.rows("releases")]
    groups = {group.id("id"): group for group in albums}
    artists = [credit.inner("artist") for credit in row.rows("artist-credit")]
    for kind in ("genres", "tags"):
        found = votes(
            (
                ("track", row.rows(kind)),
                ("album", (each for group in groups.values() for each in group.rows(kind))),
                ("artist", (each for artist in artists for each in artist.rows(kind))),
            ),
            names="name",
            counts="count",
        )
        if found:
            return found
    return None


def _genre_tracks(query: LookupQuery, channel: Channel) -> tuple[Candidate, ...]:
    return _found(channel, f'tag:"{escaped(query.text)}"', query.page)


def _artists(query: LookupQuery, channel: Channel) -> tuple[ArtistFound, ...]:
    lucene = f"artist:({escaped(query.text)})"
    body = _get(channel, "artist", query=lucene, limit=_PAGE, offset=query.page * _PAGE)
    found = []
    for row in as_rows(body.get("artists"), _TITLE, "a list under artists"):
        name, mbid = row.text("name"), row.id("id")
        if name and mbid:
            tags = votes((("artist", row.rows("tags")),), names="name", counts="count")
            found.append(ArtistFound(name=name, ids={"artist_mbid": mbid}, genres=tuple(tag.name for tag in tags)))
    return tuple(found)


class MusicBrainz(Translator):
    """MusicBrainz without an account."""

    handlers: ClassVar[Mapping[Need, NeedHandler]] = {
        Need.SEARCH: single(lambda query: has_text(query) or _has_names(query), _search),
        Need.TRACK: single(has_id("mbid", "isrc"), _track),
        Need.GENRES: single(has_id("mbid"), _genres),
        Need.GENRE_TRACKS: single(has_text, _genre_tracks),
        Need.ARTISTS: single(has_text, _artists),
    }
    about = About(
        name="musicbrainz",
        title=_TITLE,
        home="https://musicbrainz.org",
        base_url="https://musicbrainz.org",
        licence="CC0 (names, ids, lengths); CC BY-NC-SA 3.0 (genres and tags)",
        terms=(
            "An open encyclopedia of music, free for non-commercial use without an account, one call a second. Names, "
            "ids and lengths are in the public domain (CC0); genres and tags are voted by its users, under a licence "
            "that wants them named and forbids selling (CC BY-NC-SA 3.0). Answers may be kept: here for 90 days."
        ),
        sends=(
            "Titles, artists, genres, ISRCs and MusicBrainz ids of what you look up, this computer's network address, "
            "and whom to write to where a contact is set."
        ),
        rate=Rate(per_second=1.0),
        found_days=90.0,
        needs=frozenset(handlers),
        settings=(
            Setting(
                name="contact",
                label="Contact",
                help="An e-mail or web address: MusicBrainz wants to know whom to write to. Default: TASTEMAP_CONTACT.",
            ),
        ),
        reads=frozenset({"mbid", "isrc"}),
    )
