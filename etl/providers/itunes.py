"""The search of Apple's iTunes store: tracks, their genre, previews. It has no ISRCs."""

from collections.abc import Mapping
from typing import Any, ClassVar

from etl.providers.base import (
    About,
    Candidate,
    Channel,
    Cover,
    FaultKind,
    GenreTag,
    LookupQuery,
    Need,
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
    single,
    the_id,
)

_TITLE = "iTunes"
_PAGE = 50
_EXPLICIT = {"explicit": True, "cleaned": False, "notExplicit": False}


def _songs(channel: Channel, path: str, **params: Any) -> list[Object]:
    try:
        body = as_object(channel.get(path, params), _TITLE, "a JSON object")
    except SourceFault as fault:
        # The store needs no account: its 403 means too many calls in a minute.
        if fault.kind is FaultKind.REFUSED:
            raise SourceFault(FaultKind.LIMITED, "iTunes asks to wait a minute.", retry_after_s=60.0) from fault
        raise
    rows = as_rows(body.get("results"), _TITLE, "a list under results")
    return [row for row in rows if row.get("kind") == "song"]


def track_of(row: Object) -> Candidate | None:
    """Translate a row of ``results``; ``None`` for one without id or title."""
    return candidate(
        row.id("trackId") and row.text("trackName"),
        [row.text("artistName")],
        album=row.text("collectionName"),
        year=row.year("releaseDate"),
        duration_ms=row.milliseconds("trackTimeMillis"),
        explicit=_EXPLICIT.get(str(row.get("trackExplicitness"))),
        itunes=row.id("trackId"),
    )


def _search(query: LookupQuery, channel: Channel) -> tuple[Candidate, ...]:
    rows = _songs(
        channel,
        "/search",
        term=query.text.strip(),
        media="music",
        entity="song",
        limit=_PAGE,
        offset=query.page * _PAGE,
    )
    return tuple(track for track in map(track_of, rows) if track)


def _row(query: LookupQuery, channel: Channel) -> Object | None:
    return next(iter(_songs(channel, "/lookup", id=the_id(query.identity, "itunes"), entity="song")), None)


def _track(query: LookupQuery, channel: Channel) -> Candidate | None:
    row = _row(query, channel)
    return track_of(row) if row else None


def _genres(query: LookupQuery, channel: Channel) -> tuple[GenreTag, ...] | None:
    row = _row(query, channel)
    name = row.text("primaryGenreName") if row else None
    return (GenreTag(name=name),) if name and name != "Music" else None


def _preview(query: LookupQuery, channel: Channel) -> Preview | None:
    row = _row(query, channel)
    url = row.text("previewUrl") if row else None
    if not row or not url:
        return None
    return Preview(url=url, credit="provided courtesy of iTunes", link=row.text("trackViewUrl"))


def _cover(query: LookupQuery, channel: Channel) -> Cover | None:
    row = _row(query, channel)
    url = row.text("artworkUrl100") if row else None
    # The size is a part of the address.
    return Cover(url=url.replace("100x100", "250x250")) if url else None


class ITunes(Translator):
    """The iTunes store without an account."""

    handlers: ClassVar[Mapping[Need, NeedHandler]] = {
        Need.SEARCH: single(has_text, _search),
        Need.TRACK: single(has_id("itunes"), _track),
        Need.GENRES: single(has_id("itunes"), _genres),
        Need.PREVIEW: single(has_id("itunes"), _preview),
        Need.COVER: single(has_id("itunes"), _cover),
    }
    about = About(
        name="itunes",
        title=_TITLE,
        home="https://music.apple.com",
        base_url="https://itunes.apple.com",
        licence="Apple iTunes Search API terms",
        terms=(
            "Free without an account, about 20 calls a minute. Facts and covers may be kept for a while (here "
            "a week). Previews may only be streamed, next to a link to the store and the words “provided courtesy of "
            "iTunes”; they are never stored and never analysed."
        ),
        sends="Titles, artists and iTunes ids of what you look up, and this computer's network address.",
        rate=Rate(per_second=0.25, burst=5),
        found_days=7.0,
        needs=frozenset(handlers),
        reads=frozenset(),
    )
