"""The lists of an account, and readers that read each of them page by page.

A row has its track under ``item``, or for older apps under ``track`` (but a track has a boolean member ``track``, too).
In top tracks, the row is the track.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from etl.identity import SPOTIFY_ID
from etl.imports.reading.json_file import listed, under
from etl.imports.rows.album_details import MAX_NUMBER, album_details, precise_date, spotify_uris, web_address
from etl.imports.rows.entries import Row, named_track
from etl.imports.spotify_account import LIKED
from etl.providers.base import FaultKind, SourceFault
from etl.providers.translation import Object
from etl.spotify.accounts import Session
from etl.values import boolean, iso_instant, number, text, whole, year_of

PAGE_ROWS = 50
SAVED = "saved"
TOP: Mapping[str, str] = {
    "top:short_term": "Top tracks of the last 4 weeks",
    "top:medium_term": "Top tracks of the last 6 months",
    "top:long_term": "Top tracks of all time",
}
_MOST_PAGES = 40
_KINDS = ("track", "episode")
WITHDRAWN = "empty row (Spotify has withdrawn the track)"
EPISODE = "podcast episode"
NEITHER = "neither a track nor an episode"
UNNAMED = "no title"
# Rows from before Spotify stored the time have the beginning of 1970.
_FIRST_YEAR = 2006


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """The name of a list, and a text that differs when the list has changed (empty if that cannot be seen)."""

    name: str
    fingerprint: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """``rows`` are results of :func:`staged_row`; ``withheld`` is the number of rows that Spotify does not give."""

    rows: list[dict[str, Any]]
    total: int | None
    more: bool
    withheld: int = 0


def is_list(list_id: str) -> bool:
    """Return whether this is the id of a playlist, or one of ours for saved and top tracks."""
    return list_id == SAVED or list_id in TOP or bool(SPOTIFY_ID.fullmatch(list_id))


class _Playlist:
    def __init__(self, session: Session, list_id: str) -> None:
        self._session, self._id = session, list_id

    def mark(self) -> Mark:
        found = self._session.call("playlist", self._id, fields="name,snapshot_id")
        return Mark(name=text(found.get("name")) or "Playlist", fingerprint=str(found.get("snapshot_id") or ""))

    def page(self, offset: int) -> Page:
        try:
            found = self._session.call(
                "playlist_items", self._id, limit=PAGE_ROWS, offset=offset, additional_types=_KINDS
            )
        except SourceFault as fault:
            if fault.kind is not FaultKind.ABSENT or offset:
                raise
            return self._nested(fault)
        return _page(found, offset)

    def _nested(self, fault: SourceFault) -> Page:
        """Read the first rows from the playlist itself: some apps may read it although its rows are refused (403)."""
        found = self._session.call("playlist", self._id, additional_types=_KINDS)
        # The member is `items`, or `tracks` for older apps.
        rows = Object(found).inner("items") or Object(found).inner("tracks")
        if "items" not in rows:
            raise fault
        page = _page(rows, 0)
        return Page(rows=page.rows, total=page.total, more=False, withheld=max(0, (page.total or 0) - len(page.rows)))


class _Saved:
    def __init__(self, session: Session) -> None:
        self._session = session

    def mark(self) -> Mark:
        # There is no snapshot id: the newest row and the number of rows are used instead.
        found = self._session.call("current_user_saved_tracks", limit=1)
        first = next(iter(listed(found, "items")), None)
        uri = under(under(first, "item") or under(first, "track"), "uri")
        return Mark(name=LIKED, fingerprint=f"{found.get('total')} {uri} {under(first, 'added_at')}")

    def page(self, offset: int) -> Page:
        return _page(self._session.call("current_user_saved_tracks", limit=PAGE_ROWS, offset=offset), offset)


class _Top:
    def __init__(self, session: Session, list_id: str) -> None:
        self._session, self._id = session, list_id

    def mark(self) -> Mark:
        return Mark(name=TOP[self._id])

    def page(self, offset: int) -> Page:
        time_range = self._id.partition(":")[2]
        found = self._session.call("current_user_top_tracks", limit=PAGE_ROWS, offset=offset, time_range=time_range)
        return _page(found, offset, wrapped=False)


# Both methods raise what :meth:`etl.spotify.accounts.Session.call` does.
Reader = _Playlist | _Saved | _Top


def reader_of(session: Session, list_id: str) -> Reader:
    """Return the reader of the list ``list_id``, for which :func:`is_list` holds."""
    if list_id == SAVED:
        return _Saved(session)
    return _Top(session, list_id) if list_id in TOP else _Playlist(session, list_id)


def _page(found: Mapping[str, Any], offset: int, *, wrapped: bool = True) -> Page:
    rows = found.get("items")
    if not isinstance(rows, list):
        raise SourceFault(FaultKind.GARBLED, "Spotify answered with something else than rows of a list.")
    total = found.get("total")
    known = total if isinstance(total, int) else None
    more = bool(rows) and (offset + len(rows) < known if known is not None else bool(found.get("next")))
    withheld = max(0, (known or 0) - offset) if not rows else 0
    return Page(rows=[staged_row(row, wrapped=wrapped) for row in rows], total=known, more=more, withheld=withheld)


def lists_of(session: Session, user_id: str) -> list[dict[str, Any]]:
    """Return the saved and top tracks and the playlists of an account, as the page shows them."""
    found = [_entry(SAVED, LIKED, "saved"), *(_entry(list_id, name, "top") for list_id, name in TOP.items())]
    for playlist in _playlists(session):
        rows = Object(playlist).inner("items") or Object(playlist).inner("tracks")
        total = rows.get("total")
        found.append(
            _entry(str(playlist["id"]), text(playlist.get("name")) or "Playlist without a name", "playlist")
            | {
                "tracks": total if isinstance(total, int) else None,
                "mine": under(under(playlist, "owner"), "id") == user_id,
                "collaborative": playlist.get("collaborative") is True,
            }
        )
    return found


def _playlists(session: Session) -> Iterator[dict[str, Any]]:
    for page in range(_MOST_PAGES):
        found = session.call("current_user_playlists", limit=PAGE_ROWS, offset=page * PAGE_ROWS)
        # Playlists that were withdrawn are null.
        yield from (item for item in listed(found, "items") if isinstance(item, dict) and item.get("id"))
        if not found.get("next"):
            return


def _entry(list_id: str, name: str, kind: str) -> dict[str, Any]:
    return {"id": list_id, "name": name, "kind": kind, "tracks": None, "mine": True, "collaborative": False}


def staged_row(row: Any, *, wrapped: bool = True) -> dict[str, Any]:
    """Return a row for the staging: its names and ids, or the reason to skip it."""
    item = (under(row, "item") or under(row, "track")) if wrapped else row
    if not isinstance(item, dict):
        return {"reason": WITHDRAWN}
    if item.get("type") == "episode" or item.get("episode") is True:
        return {"reason": EPISODE}
    if item.get("type", "track") != "track":
        return {"reason": NEITHER}
    album = under(item, "album")
    return {
        "title": text(item.get("name")),
        "artists": [text(under(artist, "name")) for artist in listed(item, "artists")],
        "album": text(under(album, "name")),
        "year": year_of(under(album, "release_date")),
        "duration_ms": item.get("duration_ms"),
        "isrc": text(under(under(item, "external_ids"), "isrc")),
        "explicit": boolean(item.get("explicit")),
        "popularity": number(item.get("popularity")),
        # A local file has a URI of its names and no id.
        "uri": None if under(row, "is_local") or not item.get("id") else f"spotify:track:{item['id']}",
        "artist_uris": _uris(listed(item, "artists")),
        "details": _details(item),
        "added_by": text(under(under(row, "added_by"), "id")) if wrapped else None,
        "added_at": text(under(row, "added_at")) if wrapped else None,
    }


def _details(item: dict[str, Any]) -> dict[str, Any]:
    """Return the album for the staging, in values that JSON and the database can store."""
    album = under(item, "album")
    cover = next(iter(listed(album, "images")), None)
    return {
        "released": precise_date(under(album, "release_date")),
        "artists": [name for artist in listed(album, "artists") if (name := text(under(artist, "name")))],
        "artist_uris": _uris(listed(album, "artists")),
        "uri": next(iter(spotify_uris("album", text(under(album, "id")) or "")), None),
        "cover_url": web_address(under(cover, "url")),
        "disc_number": _numbered(item.get("disc_number")),
        "track_number": _numbered(item.get("track_number")),
    }


def _uris(artists: list[Any]) -> list[str]:
    return [uri for artist in artists for uri in spotify_uris("artist", text(under(artist, "id")) or "")]


def _numbered(value: Any) -> int | None:
    found = whole(value)
    return found if found is not None and 1 <= found <= MAX_NUMBER else None


def row_from(line: int, row: dict[str, Any], source: str) -> Row:
    """Return the row for a result of :func:`staged_row`; ``line`` is its number in the list, from 1."""
    if "reason" in row:
        return Row(line=line, reason=row["reason"])
    names = ("uri", "album", "duration_ms", "year", "isrc")
    track = named_track(
        row["title"],
        row["artists"],
        source=source,
        artist_uris=tuple(row.get("artist_uris", ())),
        details=album_details(**row.get("details", {})),
        **{name: row[name] for name in names},
    )
    if track is None:
        return Row(line=line, reason=UNNAMED)
    track = replace(track, explicit=row["explicit"], popularity=row["popularity"])
    return Row(line=line, track=track, added_by=row["added_by"], added_at=_added_at(row["added_at"]))


def _added_at(value: str | None) -> datetime | None:
    moment = iso_instant(value)
    return moment if moment and moment.year >= _FIRST_YEAR else None
