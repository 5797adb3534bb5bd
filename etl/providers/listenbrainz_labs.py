"""ListenBrainz labs: tracks played in the same sessions, a fuzzy search, Spotify ids of MusicBrainz recordings.

Experiments on a server of their own, without a promise that they stay.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from etl.providers.base import About, Candidate, Channel, Identity, LookupQuery, Need, Rate
from etl.providers.translation import (
    NeedHandler,
    Object,
    Translator,
    as_rows,
    candidate,
    has_id,
    has_text,
    ids_of,
    known_id,
    single,
    the_id,
)

_TITLE = "ListenBrainz labs"
# One of the algorithm names that the server accepts: days of listening, pause that ends a session, votes of one
# listener, sessions that two tracks must share, tracks returned, and skips ignored.
SIMILARITY = "session_based_days_7500_session_300_contribution_5_threshold_15_limit_50_skip_30"


def lab_row(row: Object) -> Candidate | None:
    """Translate a row of the labs' search or similarity; ``None`` for one without id or name."""
    mbid, title, artist = row.id("recording_mbid"), row.text("recording_name"), row.text("artist_credit_name")
    people = row.texts("artist_credit_mbids") or row.texts("[artist_credit_mbids]")
    return candidate(
        mbid and title, [artist], album=row.text("release_name"), mbid=mbid, artist_mbid=people[0] if people else None
    )


def _search(query: LookupQuery, channel: Channel) -> tuple[Candidate, ...] | None:
    if query.page:
        return None
    rows = as_rows(channel.get("/recording-search/json", {"query": query.text.strip()}), _TITLE, "a list")
    return tuple(track for track in map(lab_row, rows) if track)


def _similar(query: LookupQuery, channel: Channel) -> tuple[Candidate, ...] | None:
    mbid = the_id(query.identity, "mbid").lower()
    params = {"recording_mbids": mbid, "algorithm": SIMILARITY}
    rows = as_rows(channel.get("/similar-recordings/json", params), _TITLE, "a list")
    counted = [(row.number("score") or 0.0, lab_row(row)) for row in rows]
    most = max((count for count, _ in counted), default=0.0)
    found = [
        replace(track, score=count / most if most > 0 else None, reason="played in the same sessions")
        for count, track in sorted(counted, key=lambda pair: -pair[0])
        if track and track.identity.ids["mbid"] != mbid
    ]
    return tuple(found) or None


def _spotify_id(query: LookupQuery, channel: Channel) -> Candidate | None:
    """Return the track with the Spotify id to which the labs map its MusicBrainz id or its names."""
    known, mbid = query.identity, known_id(query.identity, "mbid")
    if mbid:
        path, params = "/spotify-id-from-mbid/json", {"recording_mbid": mbid}
    else:
        path = "/spotify-id-from-metadata/json"
        params = {"artist_name": known.artists[0], "release_name": known.album or "", "track_name": known.title}
    for row in as_rows(channel.get(path, params), _TITLE, "a list"):
        found = row.texts("spotify_track_ids")
        if found:
            ids = ids_of(mbid=mbid, spotify=found[0])
            return Candidate(identity=Identity(title=known.title, artists=known.artists, ids=ids))
    return None


def _has_names(query: LookupQuery) -> bool:
    known = query.identity
    return not known.ids.get("spotify") and bool(known_id(known, "mbid") or (known.title and known.artists))


class ListenBrainzLabs(Translator):
    """ListenBrainz' experiments."""

    handlers: ClassVar[Mapping[Need, NeedHandler]] = {
        Need.SEARCH: single(has_text, _search),
        Need.TRACK: single(_has_names, _spotify_id),
        Need.SIMILAR: single(has_id("mbid"), _similar),
    }
    about = About(
        name="listenbrainz_labs",
        title=_TITLE,
        home="https://labs.api.listenbrainz.org",
        base_url="https://labs.api.listenbrainz.org",
        licence="CC0",
        terms=(
            "Experiments of ListenBrainz: tracks played in the same sessions, and Spotify ids of MusicBrainz "
            "recordings, free without an account. They may change or end at any time. All of it is in the public "
            "domain (CC0) and may be used for everything, training included. Answers are kept for 90 days."
        ),
        sends="Titles, artists and MusicBrainz ids of what you look up, and this computer's network address.",
        rate=Rate(per_second=2.0, burst=4),
        found_days=90.0,
        needs=frozenset(handlers),
        reads=frozenset({"mbid"}),
    )
