"""ReccoBeats: audio features on Spotify's scales by Spotify id or ISRC, and recommendations. No key.

It answers in batches, leaves out what it does not know, keeps no order, and may return several rows for one ISRC;
lists are bare or under ``content``. Source: reccobeats.com/docs and answers seen in 2026.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from etl.identity import closest
from etl.providers.base import (
    About,
    Candidate,
    Channel,
    FaultKind,
    Identity,
    LookupQuery,
    Need,
    Rate,
    SourceFault,
    Value,
)
from etl.providers.translation import (
    NeedHandler,
    Object,
    Translator,
    as_rows,
    candidate,
    has_id,
    known_id,
    single,
    source_features,
    the_id,
)

_TITLE = "ReccoBeats"
_BATCH = 40
_RECOMMENDED = 50
_HIGHEST_POPULARITY = 100
# Its values mirror Spotify's, but their origin is unknown, and a tempo may be half or double.
_CONFIDENCE = 0.9
# Ids by which it knows tracks, surest first.
_OWN = ("spotify", "reccobeats")
_LOOKUP_IDS = (*_OWN, "isrc")


def _rows(channel: Channel, path: str, **params: Any) -> list[Object]:
    body = channel.get(path, params)
    if isinstance(body, dict):
        if "content" not in body and body.get("error"):
            raise SourceFault(FaultKind.GARBLED, f"ReccoBeats did not understand the query: {body['error']}")
        body = body.get("content")
    return as_rows(body, _TITLE, "a list, bare or under content")


def _spotify(row: Object) -> str | None:
    href = row.text("href")
    return href.rstrip("/").rsplit("/", 1)[-1] if href else None


def _joined(keys: Sequence[str], channel: Channel, path: str) -> list[list[Object]]:
    """Return for each key (an id of any kind) the rows with that id."""
    about: dict[str, list[Object]] = {}
    wanted = list(dict.fromkeys(keys))
    for start in range(0, len(wanted), _BATCH):
        for row in _rows(channel, path, ids=",".join(wanted[start : start + _BATCH])):
            for name in {_spotify(row), row.id("id"), row.isrc("isrc")} - {None}:
                about.setdefault(str(name), []).append(row)
    return [about.get(key, []) for key in keys]


def track_of(row: Object) -> Candidate | None:
    """Translate a row of tracks or recommendations; ``None`` for one without title or id."""
    return candidate(
        row.id("id") and row.text("trackTitle"),
        (artist.text("name") for artist in row.rows("artists")),
        duration_ms=row.milliseconds("durationMs"),
        popularity=row.number("popularity", 0, _HIGHEST_POPULARITY),
        reccobeats=row.id("id"),
        spotify=_spotify(row),
        isrc=row.isrc("isrc"),
    )


def _best(known: Identity, rows: Iterable[Object]) -> Candidate | None:
    """Return the track that is meant. An ISRC may have several tracks, an id of a service has one."""
    found = [track for track in map(track_of, rows) if track]
    if not known.title or known_id(known, *_OWN):
        return found[0] if found else None
    return closest(known, found)


def _tracks(queries: Sequence[LookupQuery], channel: Channel) -> list[Value | None]:
    joined = _joined([the_id(query.identity, *_LOOKUP_IDS) for query in queries], channel, "/v1/track")
    return [_best(query.identity, rows) for query, rows in zip(queries, joined, strict=True)]


def _features(queries: Sequence[LookupQuery], channel: Channel) -> list[Value | None]:
    joined = _joined([the_id(query.identity, *_LOOKUP_IDS) for query in queries], channel, "/v1/audio-features")
    # If an ISRC has several rows, the names of their tracks decide.
    unclear = {n: rows for n, rows in enumerate(joined) if len(rows) > 1 and queries[n].identity.title}
    keys = [key for rows in unclear.values() for row in rows if (key := row.id("id"))]
    tracks = dict(zip(keys, _joined(keys, channel, "/v1/track"), strict=True))
    for n, rows in unclear.items():
        best = _best(queries[n].identity, [track for row in rows for track in tracks.get(str(row.get("id")), ())])
        joined[n] = [row for row in rows if best and row.get("id") == best.identity.ids["reccobeats"]]
    return [source_features(rows[0], _CONFIDENCE) if rows else None for rows in joined]


def _similar(query: LookupQuery, channel: Channel) -> tuple[Candidate, ...] | None:
    seed = the_id(query.identity, *_OWN)
    rows = _rows(channel, "/v1/track/recommendation", seeds=seed, size=_RECOMMENDED)
    found = (track for track in map(track_of, rows) if track)
    return tuple(track for track in found if seed not in track.identity.ids.values()) or None


class ReccoBeats(Translator):
    """ReccoBeats without an account."""

    handlers: ClassVar[Mapping[Need, NeedHandler]] = {
        Need.TRACK: NeedHandler(has_id(*_LOOKUP_IDS), _tracks),
        Need.FEATURES: NeedHandler(has_id(*_LOOKUP_IDS), _features),
        Need.SIMILAR: single(has_id(*_OWN), _similar),
    }
    about = About(
        name="reccobeats",
        title=_TITLE,
        home="https://reccobeats.com",
        base_url="https://api.reccobeats.com",
        licence="ReccoBeats: free, origin of the values unknown",
        terms=(
            "Free without an account. Audio features on Spotify's scales and recommendations; it does not say where "
            "its values come from, so they are shown and compared here but not passed on as training data. It asks "
            "that answers be kept: here for 180 days."
        ),
        sends="Spotify ids and ISRCs of what you look up, and this computer's network address.",
        rate=Rate(per_second=1.0, burst=3),
        found_days=180.0,
        needs=frozenset(handlers),
        reads=frozenset({"spotify", "isrc"}),
        batches={Need.TRACK: _BATCH, Need.FEATURES: _BATCH},
    )
