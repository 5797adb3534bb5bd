"""MusicBrainz: who does not say who calls gets 403, who calls too often 503, who forgets fmt=json XML."""

import re
from collections.abc import Iterable
from typing import Any, ClassVar

from store.text import normalise
from tests.fake_services.server import FakeService, Limit, Reply, Request, route
from tests.fake_services.world import Artist, Song, World, mbid

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_INC = {
    "recording": {"artist-credits", "artists", "isrcs", "releases", "release-groups", "genres", "tags", "ratings"},
    "isrc": {"artists", "isrcs", "releases"},
}
_CLAUSE = re.compile(r'(\w+):(?:"((?:[^"\\]|\\.)*)"|\(((?:[^()\\]|\\.)*)\)|((?:[^\s()"\\]|\\.)+))')
_SPECIAL = re.compile(r"(?<!\\)[!{}\[\]^~*?/]")
_NOT_GENRES = {"seen live"}


def _error(status: int, message: str) -> Reply:
    return Reply(status=status, body={"error": message, "help": "For usage, please see: the documentation"})


class FakeMusicBrainz(FakeService):
    name: ClassVar[str] = "musicbrainz"

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        # One call a second on average; what is ahead of it is counted, so that jitter does no harm.
        self.limit = Limit(calls=5, seconds=5.0)

    def too_many(self) -> Reply:
        message = (
            "Your requests are exceeding the allowable rate limit. Please see the documentation for more information."
        )
        return Reply(status=503, body={"error": message}, headers={"Retry-After": "1"})

    def admit(self, request: Request) -> Reply | None:
        agent = request.headers.get("user-agent", "")
        if not agent or agent.lower().startswith(("python-requests", "python-urllib", "java/")):
            return _error(403, "Your application does not identify itself: set a meaningful User-Agent.")
        if request.query.get("fmt") != "json":
            return Reply(body='<?xml version="1.0" encoding="UTF-8"?><metadata/>')
        return None

    @staticmethod
    def _votes(tags: Iterable[tuple[str, int]], inc: set[str]) -> dict[str, Any]:
        rows = [{"name": name, "count": count} for name, count in tags]
        genres = [
            {"id": mbid(f"genre {row['name']}"), "disambiguation": "", **row}
            for row in rows
            if row["name"] not in _NOT_GENRES
        ]
        return {**({"tags": rows} if "tags" in inc else {}), **({"genres": genres} if "genres" in inc else {})}

    def _credit(self, song: Song, inc: set[str]) -> list[dict[str, Any]]:
        return [
            {
                "name": artist.name,
                "joinphrase": "" if artist is song.artists[-1] else " & ",
                "artist": {"id": artist.mbid, "name": artist.name, **self._votes(artist.tags.items(), inc)},
            }
            for artist in song.artists
        ]

    def _recording(self, song: Song, inc: set[str]) -> dict[str, Any]:
        # Recordings themselves carry few votes: one for the genre where the number is even.
        own = [(song.artist.genre, 1)] if song.number % 2 == 0 else []
        row: dict[str, Any] = {
            "id": song.mbid,
            "title": song.title,
            "length": song.duration_ms - 440,
            "video": False,
            "disambiguation": "",
            "first-release-date": f"{song.year}-11-28",
            **self._votes(own, inc),
        }
        if inc & {"artists", "artist-credits"}:
            row["artist-credit"] = self._credit(song, inc)
        if "isrcs" in inc:
            row["isrcs"] = [song.isrc]
        if "releases" in inc:
            release: dict[str, Any] = {"id": mbid(f"release {song.album}"), "title": song.album, "status": "Official"}
            if "release-groups" in inc:
                votes = self._votes([(song.artist.genre, 2)], inc)
                release["release-group"] = {"id": song.album_mbid, "title": song.album, **votes}
            row["releases"] = [release]
        return row

    def _inc(self, request: Request, resource: str) -> set[str] | Reply:
        inc = set(request.query.get("inc", "").split())
        for unknown in inc - _INC[resource]:
            return _error(400, f"{unknown} is not a valid inc parameter for the {resource} resource.")
        return inc

    @route("GET", r"/ws/2/recording/([^/]+)")
    def recording(self, request: Request, wanted: str) -> Any:
        if not re.fullmatch(_UUID, wanted):
            return _error(400, "Invalid mbid.")
        inc = self._inc(request, "recording")
        if isinstance(inc, Reply):
            return inc
        found = [song for song in self.world.on("musicbrainz") if song.mbid == wanted]
        return self._recording(found[0], inc) if found else _error(404, "Not Found")

    @route("GET", r"/ws/2/isrc/([^/]+)")
    def isrc(self, request: Request, wanted: str) -> Any:
        if not re.fullmatch(r"[A-Z]{2}[A-Z0-9]{3}\d{7}", wanted):
            return _error(400, "Invalid isrc.")
        inc = self._inc(request, "isrc")
        if isinstance(inc, Reply):
            return inc
        found = [song for song in self.world.on("musicbrainz") if song.isrc == wanted]
        if not found:
            return _error(404, "Not Found")
        # The odd duplicate comes first.
        return {"isrc": wanted, "recordings": [self._recording(song, inc) for song in reversed(found)]}

    @route("GET", "/ws/2/recording/?")
    def search(self, request: Request) -> Any:
        parts = _parts(request.query.get("query", ""))
        if parts is None:
            return _error(400, "Search query is not valid Lucene.")
        found = [song for song in self.world.on("musicbrainz") if _matches(parts, song)]
        count, start = _paging(request)
        rows = [
            {"score": max(40, 100 - 5 * place), **self._recording(song, {"artist-credits", "releases"})}
            for place, song in enumerate(found[start : start + count], start)
        ]
        return {"created": "2026-11-22T00:00:00.000Z", "count": len(found), "offset": start, "recordings": rows}

    @route("GET", "/ws/2/artist/?")
    def artists(self, request: Request) -> Any:
        parts = _parts(request.query.get("query", ""))
        if parts is None:
            return _error(400, "Search query is not valid Lucene.")
        words = {word for part in parts for _, words in part for word in words}
        found = [a for a in self.world.artists if words & set(normalise(a.name).split())]
        count, start = _paging(request)
        rows = [self._artist(artist) for artist in found[start : start + count]]
        return {"created": "2026-11-22T00:00:00.000Z", "count": len(found), "offset": start, "artists": rows}

    def _artist(self, artist: Artist) -> dict[str, Any]:
        return {"id": artist.mbid, "name": artist.name, "score": 100, **self._votes(artist.tags.items(), {"tags"})}


def _paging(request: Request) -> tuple[int, int]:
    return min(int(request.query.get("limit", 25)), 100), int(request.query.get("offset", 0))


def _parts(query: str) -> list[list[tuple[str, set[str]]]] | None:
    """Return the parts that AND joins, each a choice of (field, words); None where Lucene would not understand."""
    parts = []
    for part in query.split(" AND "):
        clauses = [
            (name, set(normalise(re.sub(r"\\(.)", r"\1", quoted or grouped or bare)).split()))
            for name, quoted, grouped, bare in _CLAUSE.findall(part)
        ]
        rest = _CLAUSE.sub("", part)
        inside = "".join(quoted or grouped or bare for _, quoted, grouped, bare in _CLAUSE.findall(part))
        if not clauses or _SPECIAL.search(inside) or rest.replace(" OR ", "").strip(" ()"):
            return None
        parts.append(clauses)
    return parts


def _matches(parts: list[list[tuple[str, set[str]]]], song: Song) -> bool:
    fields = {
        "recording": set(normalise(song.title).split()),
        "artist": set(normalise(" ".join(artist.name for artist in song.artists)).split()),
        "tag": {word for name in (*song.artist.tags, song.artist.genre) for word in normalise(name).split()},
    }
    return all(any(words and words <= fields.get(name, set()) for name, words in part) for part in parts)
