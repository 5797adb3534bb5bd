"""Compares and merges identities: are two of them the same recording?

Pure functions over :class:`etl.providers.base.Identity`. Titles, artists, lengths and ISRC decide together. An ISRC
alone does not decide, because sources have duplicates and other editions under a wrong one.
"""

import re
from collections.abc import Iterable, Sequence

from rapidfuzz.distance import JaroWinkler

from etl.providers.base import Candidate, Identity
from store.catalogue.versions import same_title, version_of
from store.domain import Track, is_unnamed, local_track_id
from store.text import artist_key, credited

# Least confidence at which two identities are treated as one recording.
SAME = 0.75
# Namespaces whose ids name one recording; the others name artists and albums.
RECORDING_IDS = frozenset({"spotify", "mbid", "deezer", "itunes", "reccobeats"})

ISRC = re.compile(r"[A-Z]{2}[A-Z0-9]{3}\d{7}")
SPOTIFY_ID = re.compile(r"[0-9A-Za-z]{22}")
MBID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SAME_LENGTH_MS, _NEAR_MS, _FAR_MS = 4_000, 15_000, 45_000
_NEAR, _FAR, _OTHER_LENGTH, _NO_LENGTH = 0.93, 0.75, 0.5, 0.97
# Factors: a title without an artist, the first artist is credited in another form, only a guest is the same.
_NO_ARTIST, _CREDITED, _GUEST = 0.7, 0.97, 0.8
_CLOSE_NAME = 0.9
# An equal ISRC removes the share _ISRC_WORTH of the doubt if title and artist agree by at least _ISRC_NEEDS.
_ISRC_NEEDS, _ISRC_WORTH, _OTHER_ISRC, _ISRC_ALONE = 0.5, 0.75, 0.97, 0.9


def clean_isrc(text: object) -> str | None:
    """Return an ISRC in upper case and without hyphens; ``None`` if ``text`` is not an ISRC."""
    plain = re.sub(r"[\s-]", "", text).upper() if isinstance(text, str) else ""
    return plain if ISRC.fullmatch(plain) else None


def same_recording(a: Identity, b: Identity) -> float:
    """Return the confidence (0 to 1) that ``a`` and ``b`` are one recording; :data:`SAME` or more counts as one.

    It is the similarity of the titles (versions such as live, remix and karaoke count, remasters little) times that
    of the artists, lowered by different lengths. An equal ISRC raises it if title and artist agree. It is 1 if an id
    of a recording is equal.
    """
    if any(a.ids.get(name) == b.ids[name] for name in RECORDING_IDS & b.ids.keys()):
        return 1.0
    isrc_a, isrc_b = clean_isrc(a.ids.get("isrc")), clean_isrc(b.ids.get("isrc"))
    if not (a.title and b.title):
        return _ISRC_ALONE if isrc_a and isrc_a == isrc_b else 0.0
    sure = same_title(version_of(a.title, a.artists), version_of(b.title, b.artists))
    sure *= same_artists(a.artists, b.artists) * _same_length(a.duration_ms, b.duration_ms)
    if isrc_a and isrc_b:
        if isrc_a != isrc_b:
            return sure * _OTHER_ISRC
        return 1.0 - (1.0 - sure) * (1.0 - _ISRC_WORTH) if sure >= _ISRC_NEEDS else sure
    return sure


def closest(known: Identity, found: Iterable[Candidate]) -> Candidate | None:
    """Return the candidate that is most likely the recording ``known``; None if none reaches :data:`SAME`."""
    best = max(found, key=lambda candidate: same_recording(known, candidate.identity), default=None)
    return best if best and same_recording(known, best.identity) >= SAME else None


def same_artists(a: Sequence[str], b: Sequence[str]) -> float:
    """Return the confidence (0 to 1) that two credits name the same artists; 0.7 if one of them is empty.

    The first artist of one must be among those of the other, in any order and however joined ("A & B", "A feat. B").
    """
    if not a or not b:
        return _NO_ARTIST
    ours, theirs = list(map(artist_key, a)), list(map(artist_key, b))
    if ours[0] in theirs or theirs[0] in ours or sorted(ours) == sorted(theirs):
        return 1.0
    our_parts, their_parts = credited(a), credited(b)
    if our_parts[0] in their_parts or their_parts[0] in our_parts:
        return _CREDITED
    if set(our_parts) & set(their_parts):
        return _GUEST
    closest = max(JaroWinkler.similarity(ours[0], theirs[0]), JaroWinkler.similarity(our_parts[0], their_parts[0]))
    return closest**2 if closest >= _CLOSE_NAME else closest**4


def _same_length(a: int | None, b: int | None) -> float:
    if not a or not b:
        return _NO_LENGTH
    apart = abs(a - b)
    if apart <= _SAME_LENGTH_MS:
        return 1.0
    return _NEAR if apart <= _NEAR_MS else _FAR if apart <= _FAR_MS else _OTHER_LENGTH


def merge(a: Identity, b: Identity) -> Identity:
    """Return ``a`` with the details and ids that only ``b`` has."""
    return Identity(
        title=a.title or b.title,
        artists=a.artists or b.artists,
        album=a.album or b.album,
        year=a.year or b.year,
        duration_ms=a.duration_ms or b.duration_ms,
        ids={**b.ids, **a.ids},
    )


def identity_of(track: Track) -> Identity:
    """Return the identity of ``track``, with the ids that sources know."""
    ids = {**track.ids, "isrc": clean_isrc(track.isrc or track.id.removeprefix("isrc-")) or track.ids.get("isrc", "")}
    if SPOTIFY_ID.fullmatch(track.id):
        ids["spotify"] = track.id
    return Identity(
        title="" if is_unnamed(track.title) else track.title,
        artists=track.artists,
        album=track.album,
        year=track.year,
        duration_ms=track.duration_ms,
        ids={name: value for name, value in ids.items() if value},
    )


def track_id(identity: Identity) -> str:
    """Return the id under which a track is stored: Spotify's, else ``isrc-<ISRC>``, else a hash of its names."""
    spotify, isrc = identity.ids.get("spotify", ""), clean_isrc(identity.ids.get("isrc"))
    if SPOTIFY_ID.fullmatch(spotify):
        return spotify
    if isrc:
        return f"isrc-{isrc}"
    return local_track_id(identity.title, identity.artists, identity.album, identity.duration_ms)


def as_track(
    identity: Identity,
    source: str,
    *,
    labels: tuple[str, ...] = (),
    popularity: float | None = None,
    explicit: bool | None = None,
) -> Track:
    """Return ``identity`` as a track of the store, from ``source``."""
    return Track(
        id=track_id(identity),
        title=identity.title,
        artists=identity.artists,
        album=identity.album,
        year=identity.year,
        duration_ms=identity.duration_ms,
        isrc=clean_isrc(identity.ids.get("isrc")),
        popularity=popularity,
        explicit=explicit,
        labels=labels,
        source=source,
        ids=dict(identity.ids),
    )
