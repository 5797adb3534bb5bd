"""Reads links, URIs and ids of tracks, as people copy them from music services."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlsplit

from etl.identity import SPOTIFY_ID, clean_isrc
from etl.values import text, whole

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_SPOTIFY_URI = re.compile(rf"spotify:(?:user:[^:]*:)?([a-z]+):({SPOTIFY_ID.pattern})(?:[?#].*)?", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://\S+|(?:[\w-]+\.)+(?:com|org|be|link)/\S+", re.IGNORECASE)
_LOCAL = re.compile(r"spotify:local:([^:]*):([^:]*):([^:]*)(?::(\d*))?", re.IGNORECASE)
TRACK = "track"
_IDS = {
    "youtube": re.compile(r"[\w-]{11}", re.ASCII),
    "deezer": re.compile(r"[1-9]\d{0,14}", re.ASCII),
    "itunes": re.compile(r"[1-9]\d{0,14}", re.ASCII),
    "mbid": _UUID,
}
_RECORDINGS = frozenset({"recording", "track"})


@dataclass(frozen=True, slots=True)
class Link:
    """The target of a link: ``kind`` is "track", or something else (album, playlist ...).

    ``namespace`` is that of :class:`etl.providers.base.Identity` (spotify, deezer, itunes, mbid, isrc), or "youtube".
    """

    namespace: str
    kind: str
    id: str

    @property
    def service(self) -> str:
        """The service's name."""
        return _SERVICES[self.namespace]

    @property
    def uri(self) -> str:
        """A short form with the service, such as ``spotify:track:...``."""
        return f"{self.namespace}:{self.kind}:{self.id}"


_SERVICES = {
    "spotify": "Spotify",
    "deezer": "Deezer",
    "itunes": "Apple Music",
    "youtube": "YouTube",
    "mbid": "MusicBrainz",
    "isrc": "ISRC",
}


@dataclass(frozen=True, slots=True)
class LocalFile:
    """The names of a file on a person's disk, from a ``spotify:local:`` URI."""

    title: str
    artist: str | None
    album: str | None
    duration_ms: int | None


def local_file(uri: Any) -> LocalFile | None:
    """Return the names in a ``spotify:local:artist:album:title:seconds`` URI, ``None`` without a title."""
    found = _LOCAL.fullmatch(uri.strip()) if isinstance(uri, str) else None
    if found is None:
        return None
    artist, album, title = (text(unquote_plus(part)) for part in found.groups()[:3])
    seconds = whole(found[4] or "")
    return LocalFile(title, artist, album, seconds * 1000 if seconds else None) if title else None


def link_in(written: str, *, bare: bool = False) -> Link | None:
    """Return the target of a link, a URI or (with ``bare``) an id alone; None for any other text.

    Bare ids are Spotify's of 22 letters and digits, MusicBrainz ids and ISRCs; numbers may be titles.
    """
    written = written.strip().strip("<>\"'")
    if found := _SPOTIFY_URI.fullmatch(written):
        return Link("spotify", found[1].lower(), found[2])
    if found := re.fullmatch(r"(deezer|youtube):(track|video|album|playlist|artist):([\w-]+)", written, re.IGNORECASE):
        kind = found[2].lower()
        return Link(found[1].lower(), TRACK if kind == "video" else kind, found[3])
    if _ADDRESS.fullmatch(written):
        return _of_address(written)
    return _bare(written) if bare else None


def link_of(namespace: str, id_: str) -> Link | None:
    """Return the link to a track by its id at a service (a namespace of :class:`Link`), None if the id is invalid."""
    form = _IDS.get(namespace)
    return Link(namespace, TRACK, id_.strip()) if form and form.fullmatch(id_.strip()) else None


def _bare(written: str) -> Link | None:
    if SPOTIFY_ID.fullmatch(written) and re.search(r"\d", written):
        return Link("spotify", TRACK, written)
    if _UUID.fullmatch(written):
        return Link("mbid", TRACK, written.lower())
    code = clean_isrc(written.removeprefix("isrc:")) if len(written) <= 20 else None
    return Link("isrc", TRACK, code) if code else None


def _of_address(address: str) -> Link | None:
    try:
        parts = urlsplit(address if "://" in address else f"https://{address}")
    except ValueError:  # invalid brackets in the address
        return None
    host = (parts.hostname or "").lower().removeprefix("www.")
    path = [part for part in parts.path.split("/") if part]
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    if host in {"open.spotify.com", "play.spotify.com"}:
        return _named("spotify", path, SPOTIFY_ID)
    if host == "deezer.com":
        return _named("deezer", path, re.compile(r"\d+"))
    if host in {"music.apple.com", "itunes.apple.com", "geo.music.apple.com"}:
        return _apple(path, query)
    if host in {"youtube.com", "music.youtube.com", "m.youtube.com", "youtu.be"}:
        return _youtube(host, path, query)
    if host in {"musicbrainz.org", "beta.musicbrainz.org", "listenbrainz.org"}:
        found = _named("mbid", path, _UUID)
        return Link("mbid", TRACK, found.id.lower()) if found and found.kind in _RECORDINGS else found
    if host in {"spotify.link", "spoti.fi"}:
        return Link("spotify", "short link", address)
    return Link("deezer", "short link", address) if host in {"link.deezer.com", "deezer.page.link"} else None


def _named(namespace: str, path: list[str], id_: re.Pattern[str]) -> Link | None:
    """Return the link in the last two parts of a path, the kind and the id."""
    return Link(namespace, path[-2].lower(), path[-1]) if len(path) > 1 and id_.fullmatch(path[-1]) else None


def _apple(path: list[str], query: dict[str, str]) -> Link | None:
    last = path[-1].removeprefix("id") if path else ""
    if query.get("i", "").isdecimal():
        return Link("itunes", TRACK, query["i"])
    kinds = [part for part in path[:-1] if part in {"song", "album", "playlist", "artist", "music-video"}]
    if not kinds or not (last.isdecimal() or last.startswith("pl.")):
        return None
    return Link("itunes", TRACK if kinds[0] == "song" else kinds[0], last)


def _youtube(host: str, path: list[str], query: dict[str, str]) -> Link | None:
    in_path = host == "youtu.be" or (path and path[0] in {"shorts", "live", "embed", "v"})
    if found := link_of("youtube", path[-1] if in_path and path else query.get("v", "")):
        return found
    return Link("youtube", "playlist", query["list"]) if query.get("list") else None
