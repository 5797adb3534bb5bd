"""ReccoBeats: audio features on Spotify's scales by Spotify id or ISRC, and recommendations. No key.

It answers in batches, leaves out what it does not know, keeps no order, and may return several rows for one ISRC;
lists stand bare or under ``content``. Source: reccobeats.com/docs and answers seen in 2026.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from etl.identity import clean_isrc, same_recording
from etl.providers.base import About, Asked, Candidate, Channel, FaultKind, Identity, Need, Rate, SourceFault, Value
from etl.providers.translation import (
    Object,
    Translator,
    Way,
    as_rows,
    has_id,
    id_text,
    ids_of,
    inner_rows,
    milliseconds,
    number,
    one_by_one,
    sound,
    text,
)

_TITLE = "ReccoBeats"
_BATCH = 40
_RECOMMENDED = 50
_HIGHEST_POPULARITY = 100
# Its values mirror Spotify's, but nobody says how they were made, and a tempo may be half or double.
_CONFIDENCE = 0.9
# What it is asked by, surest first.
_ASKED_BY = ("spotify", "reccobeats", "isrc")


def _rows(channel: Channel, path: str, **params: Any) -> list[Object]:
    body = channel.get(path, params)
    if isinstance(body, dict):
        if "content" not in body and body.get("error"):
            raise SourceFault(FaultKind.GARBLED, f"ReccoBeats did not understand the question: {body['error']}")
        body = body.get("content")
    return as_rows(body, _TITLE, "a list, bare or under content")


def _spotify(row: Object) -> str | None:
    href = text(row.get("href"))
    return href.rstrip("/").rsplit("/", 1)[-1] if href else None


def _key(identity: Identity) -> str:
    return next(identity.ids[name] for name in _ASKED_BY if identity.ids.get(name))


def _joined(asked: Sequence[Asked], channel: Channel, path: str) -> list[list[Object]]:
    """Return for each question the rows that are about it, in the order of the questions."""
    keys = [_key(one.identity) for one in asked]
    about: dict[str, list[Object]] = {}
    for row in _rows(channel, path, ids=",".join(dict.fromkeys(keys))):
        for name in {_spotify(row), id_text(row.get("id")), clean_isrc(row.get("isrc"))} - {None}:
            about.setdefault(str(name), []).append(row)
    return [about.get(key, []) for key in keys]


def track_of(row: Object) -> Candidate | None:
    """Translate a row of tracks or recommendations; ``None`` for one without title or id."""
    title, own = text(row.get("trackTitle")), id_text(row.get("id"))
    if not title or not own:
        return None
    names = (text(artist.get("name")) for artist in inner_rows(row, "artists"))
    popularity = number(row.get("popularity"))
    return Candidate(
        identity=Identity(
            title=title,
            artists=tuple(name for name in names if name),
            duration_ms=milliseconds(row.get("durationMs")),
            ids=ids_of(reccobeats=own, spotify=_spotify(row), isrc=clean_isrc(row.get("isrc"))),
        ),
        popularity=popularity if popularity is not None and 0 <= popularity <= _HIGHEST_POPULARITY else None,
    )


def _best(known: Identity, found: Iterable[Candidate | None]) -> Candidate | None:
    """Return the candidate most like what is known; the first where no title tells them apart."""
    there = [track for track in found if track]
    return max(there, key=lambda track: same_recording(known, track.identity), default=None)


def _tracks(asked: Sequence[Asked], channel: Channel) -> list[Value | None]:
    joined = _joined(asked, channel, "/v1/track")
    return [_best(one.identity, map(track_of, rows)) for one, rows in zip(asked, joined, strict=True)]


def _features(asked: Sequence[Asked], channel: Channel) -> list[Value | None]:
    joined = _joined(asked, channel, "/v1/audio-features")
    # Rows of one ISRC are editions of one recording: the one with most values tells most.
    found = [[one for one in (sound(row, _CONFIDENCE) for row in rows) if one] for rows in joined]
    return [max(sounds, key=lambda one: len(one.values), default=None) for sounds in found]


def _similar(asked: Asked, channel: Channel) -> tuple[Candidate, ...] | None:
    ids = asked.identity.ids
    seed = ids.get("spotify") or ids["reccobeats"]
    rows = _rows(channel, "/v1/track/recommendation", seeds=seed, size=_RECOMMENDED)
    found = (track for track in map(track_of, rows) if track)
    return tuple(track for track in found if seed not in track.identity.ids.values()) or None


class ReccoBeats(Translator):
    """ReccoBeats without an account."""

    ways: ClassVar[Mapping[Need, Way]] = {
        Need.TRACK: Way(has_id(*_ASKED_BY), _tracks),
        Need.FEATURES: Way(has_id(*_ASKED_BY), _features),
        Need.SIMILAR: one_by_one(has_id("spotify", "reccobeats"), _similar),
    }
    about = About(
        name="reccobeats",
        title=_TITLE,
        home="https://reccobeats.com",
        base_url="https://api.reccobeats.com",
        licence="ReccoBeats: free, origin of the values not told",
        terms=(
            "Free without an account. Audio features on Spotify's scales and recommendations; it does not say where "
            "its values come from, so they are shown and compared here but not passed on as training data. It asks "
            "that answers be kept: here for 180 days."
        ),
        sends="Spotify ids and ISRCs of what you look up, and this computer's network address.",
        rate=Rate(per_second=1.0, burst=3),
        found_days=180.0,
        needs=frozenset(ways),
        batches={Need.TRACK: _BATCH, Need.FEATURES: _BATCH},
    )
