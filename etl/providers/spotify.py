"""Spotify's catalogue, and the operations that Spotify has closed to apps registered since November 2024.

An app that is registered today (``tier`` "new") may search and read single tracks. Audio features, analyses and
recommendations are for older apps with extended access ("extended"); other apps send no queries for them.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from etl.analysis import analysis_of
from etl.identity import SPOTIFY_ID
from etl.providers.base import (
    About,
    ArtistFound,
    Candidate,
    Channel,
    FaultKind,
    LookupQuery,
    Need,
    NotThere,
    Rate,
    Setting,
    SourceFault,
    Value,
    is_extended,
)
from etl.providers.translation import (
    NeedHandler,
    Object,
    Translator,
    as_rows,
    candidate,
    has_id,
    has_text,
    ids_of,
    single,
    source_features,
)
from etl.spotify.client import call, call_closed, market
from etl.values import text

_TITLE = "Spotify"
# How many rows a new app gets at once; Spotify answers a request for more with 400.
_SEARCH_ROWS = 10
_SEARCH_REACH = 1000
_RECOMMENDATIONS = 50
_GENRE_RECOMMENDATIONS = 100
_FEATURES_AT_ONCE = 100


def _candidate(item: Object) -> Candidate | None:
    album = item.inner("album")
    return candidate(
        item.text("name"),
        (artist.text("name") for artist in item.rows("artists")),
        album=album.text("name"),
        year=album.year("release_date"),
        duration_ms=item.milliseconds("duration_ms"),
        popularity=item.number("popularity"),
        explicit=item.boolean("explicit"),
        spotify=item.text("id"),
        isrc=item.inner("external_ids").isrc("isrc"),
    )


def _candidates(rows: object) -> tuple[Candidate, ...] | None:
    found = (_candidate(row) for row in as_rows(rows, _TITLE, "a list of tracks"))
    return tuple(filter(None, found)) or None


def _search_page(channel: Channel, query: str, page: int, kind: str = "track") -> list[Object]:
    offset = page * _SEARCH_ROWS
    if offset >= _SEARCH_REACH:
        return []
    answer = call(channel, "search", query, limit=_SEARCH_ROWS, offset=offset, type=kind, market=market(channel))
    return as_rows(Object(answer).inner(f"{kind}s").get("items"), _TITLE, f"{kind}s")


def _search(query: LookupQuery, channel: Channel) -> Value | None:
    return _candidates(_search_page(channel, query.text.strip(), query.page))


def _track(query: LookupQuery, channel: Channel) -> Value | None:
    spotify_id = query.identity.ids.get("spotify", "")
    if not SPOTIFY_ID.fullmatch(spotify_id):
        isrc = query.identity.ids.get("isrc", "")
        same = _candidates(_search_page(channel, f"isrc:{isrc}", 0)) or ()
        return next((match for match in same if match.identity.ids.get("isrc") == isrc), None)
    item = call(channel, "track", spotify_id, market=market(channel))
    # Spotify may answer with another edition, of the app's market; the track keeps the id of the query.
    return _candidate(Object(item, id=spotify_id))


def _features(queries: Sequence[LookupQuery], channel: Channel) -> list[Value | None]:
    ids = [query.identity.ids["spotify"] for query in queries]
    answer = call_closed(channel, "audio features", "audio_features", ids)
    rows = answer.get("rows")
    if not isinstance(rows, list):
        raise SourceFault(FaultKind.GARBLED, "Spotify answered with something else than audio features.")
    known = {row["id"]: row for row in rows if isinstance(row, dict) and "id" in row}
    return [source_features(known[track_id], 1.0) if track_id in known else None for track_id in ids]


def _analysis(query: LookupQuery, channel: Channel) -> Value | None:
    answer = call_closed(channel, "audio analyses", "audio_analysis", query.identity.ids["spotify"])
    rows = as_rows(answer.get("segments"), _TITLE, "segments")
    try:
        return analysis_of(rows, rows[-1].get("start")) if rows else None
    except ValueError as fault:
        raise SourceFault(FaultKind.GARBLED, f"Spotify answered with an invalid segment: {fault}.") from fault


def _similar(query: LookupQuery, channel: Channel) -> Value | None:
    seeds = [query.identity.ids["spotify"]]
    answer = call_closed(channel, "recommendations", "recommendations", seed_tracks=seeds, limit=_RECOMMENDATIONS)
    return _candidates(answer.get("tracks"))


def _genre_tracks(query: LookupQuery, channel: Channel) -> Value | None:
    genre = query.text.strip().lower()
    if query.page == 0 and is_extended(channel.settings):
        seeded = _recommended_for(genre, channel)
        if seeded:
            return seeded
    return _candidates(_search_page(channel, f'genre:"{genre.replace(chr(34), "")}"', query.page))


def _recommended_for(genre: str, channel: Channel) -> tuple[Candidate, ...] | None:
    """Return recommendations for a genre, ``None`` if Spotify does not know the genre or has none."""
    try:
        answer = call(channel, "recommendations", seed_genres=[genre.replace(" ", "-")], limit=_GENRE_RECOMMENDATIONS)
    except NotThere:
        return None
    except SourceFault as fault:
        if fault.kind in {FaultKind.ABSENT, FaultKind.GARBLED}:
            return None
        raise
    return _candidates(answer.get("tracks"))


def _artists(query: LookupQuery, channel: Channel) -> Value | None:
    rows = _search_page(channel, query.text.strip(), query.page, "artist")
    return (
        tuple(
            ArtistFound(
                name=name,
                ids=ids_of(spotify_artist=row.text("id")),
                genres=tuple(genre for name in row.get("genres") or () if (genre := text(name))),
                popularity=row.number("popularity"),
            )
            for row in rows
            if (name := row.text("name"))
        )
        or None
    )


def _has_spotify_id(query: LookupQuery) -> bool:
    return bool(SPOTIFY_ID.fullmatch(query.identity.ids.get("spotify", "")))


class Spotify(Translator):
    """Spotify's catalogue, through spotipy and the app's own credentials."""

    about = About(
        name="spotify",
        title=_TITLE,
        home="https://developer.spotify.com/documentation/web-api",
        base_url="https://api.spotify.com/v1",
        licence="Spotify Developer Terms",
        terms=(
            "Answers, audio features, analyses and recommendations are kept for 24 hours, the names of tracks that "
            "were found until Spotify is switched off here or its settings are removed, what came by a login until "
            "that is disconnected. No model is trained on any of it. Needs an app whose owner has Premium; at most "
            "five people may log in."
        ),
        sends="search words, track ids and ISRCs; after a login what you import and what you write to Spotify",
        rate=Rate(per_second=2.0, burst=5, daily=500),
        found_days=1.0,
        not_found_days=1.0,
        needs=frozenset(
            {
                Need.SEARCH,
                Need.TRACK,
                Need.FEATURES,
                Need.SIMILAR,
                Need.ANALYSIS,
                Need.GENRE_TRACKS,
                Need.ARTISTS,
            }
        ),
        extended=frozenset({Need.FEATURES, Need.SIMILAR, Need.ANALYSIS}),
        batches={Need.FEATURES: _FEATURES_AT_ONCE},
        settings=(
            Setting(
                name="client_id",
                label="Client ID",
                required=True,
                help="Of an app of yours at developer.spotify.com/dashboard, with the redirect URI shown here.",
            ),
            Setting(
                name="client_secret",
                label="Client secret",
                secret=True,
                help="Only for searching Spotify's catalogue; the login works without.",
            ),
            Setting(
                name="tier",
                label="Kind of app",
                help="new, or extended for an app with extended access from before November 2024.",
            ),
            Setting(name="market", label="Market", help="Two letters of the country, such as DE; US if left out."),
        ),
        reads=frozenset({"isrc"}),
    )
    handlers: ClassVar[Mapping[Need, NeedHandler]] = {
        Need.SEARCH: single(has_text, _search),
        Need.TRACK: single(has_id("spotify", "isrc"), _track),
        Need.FEATURES: NeedHandler(_has_spotify_id, _features),
        Need.SIMILAR: single(_has_spotify_id, _similar),
        Need.ANALYSIS: single(_has_spotify_id, _analysis),
        Need.GENRE_TRACKS: single(has_text, _genre_tracks),
        Need.ARTISTS: single(has_text, _artists),
    }
