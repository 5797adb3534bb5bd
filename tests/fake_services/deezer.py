"""Deezer as it answers without an account: its errors come as HTTP 200."""

import base64
from time import time
from typing import Any, ClassVar

from tests.fake_services.server import FakeService, Happening, Limit, Reply, Request, route
from tests.fake_services.world import DEEZER_GENRES, UNKNOWN_SOUND, Artist, Song, World, page

_MOST = 100
# One pixel.
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def error(code: int, message: str, kind: str = "Exception") -> Reply:
    return Reply(body={"error": {"type": kind, "message": message, "code": code}})


def quota() -> Happening:
    """Answer as Deezer does when there were more than 50 calls in 5 seconds."""
    return lambda service, request: error(4, "Quota limit exceeded")


def busy() -> Happening:
    return lambda service, request: error(700, "Service busy")


class FakeDeezer(FakeService):
    """``without_radio`` holds the Deezer ids of artists that have none."""

    name: ClassVar[str] = "deezer"

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.limit = Limit(calls=50, seconds=5.0)
        self.without_radio: set[int] = set()

    def too_many(self) -> Reply:
        return error(4, "Quota limit exceeded")

    def not_found(self, request: Request) -> Reply:
        return error(600, f"Unknown path components : {request.path}", "InvalidQueryException")

    def _brief(self, song: Song, *, with_isrc: bool) -> dict[str, Any]:
        return {
            "id": song.deezer,
            "readable": True,
            "title": song.title,
            "title_short": song.title,
            "title_version": "",
            **({"isrc": song.isrc} if with_isrc else {}),
            "link": f"https://www.deezer.com/track/{song.deezer}",
            "duration": round(song.duration_ms / 1000),
            "rank": song.popularity * 10_000,
            "explicit_lyrics": song.explicit,
            "preview": self._preview(song),
            "artist": {"id": song.artist.deezer, "name": song.artist.name, "type": "artist"},
            "album": {
                "id": song.deezer_album,
                "title": song.album,
                "cover_medium": f"{self.url}/images/cover/{song.deezer_album}/250x250.jpg",
                "type": "album",
            },
            "type": "track",
        }

    def _preview(self, song: Song) -> str:
        if song.title == UNKNOWN_SOUND:
            return ""
        return f"{self.url}/stream/{song.deezer}.mp3?hdnea=exp={int(time()) + 900}~acl=/*~hmac=0f"

    def _full(self, song: Song) -> dict[str, Any]:
        return {
            **self._brief(song, with_isrc=True),
            "track_position": 1,
            "disk_number": 1,
            "release_date": f"{song.year}-03-07",
            "bpm": song.features.get("tempo", 0) if song.number % 5 else 0,
            "gain": -9.5,
            "available_countries": ["AE", "DE"],
            "contributors": [
                {"id": artist.deezer, "name": artist.name, "role": "Main", "type": "artist"} for artist in song.artists
            ],
        }

    @staticmethod
    def _artist(artist: Artist) -> dict[str, Any]:
        return {
            "id": artist.deezer,
            "name": artist.name,
            "nb_album": 3,
            "nb_fan": 1_000 * artist.number,
            "radio": True,
            "type": "artist",
        }

    def _listed(self, request: Request, songs: list[Song], *, with_isrc: bool) -> Reply | dict[str, Any]:
        count, start = int(request.query.get("limit", 25)), int(request.query.get("index", 0))
        if count > _MOST:
            return error(100, "Items limit exceeded", "ItemsLimitExceededException")
        rows = [self._brief(song, with_isrc=with_isrc) for song in page(songs, start, count)]
        more = {"next": f"{self.url}{request.path}?index={start + count}"} if start + count < len(songs) else {}
        return {"data": rows, "total": len(songs), **more}

    @route("GET", r"/search(?:/track)?")
    def search(self, request: Request) -> Any:
        if not request.query.get("q"):
            return error(501, "Missing parameters: q", "MissingParameterException")
        return self._listed(request, self.world.search("deezer", request.query["q"]), with_isrc=True)

    @route("GET", "/search/artist")
    def search_artist(self, request: Request) -> Any:
        if not request.query.get("q"):
            return error(501, "Missing parameters: q", "MissingParameterException")
        count, start = int(request.query.get("limit", 25)), int(request.query.get("index", 0))
        found = self.world.artists_named(request.query["q"])
        return {"data": [self._artist(a) for a in found[start : start + count]], "total": len(found)}

    @route("GET", r"/images/cover/\d+/250x250\.jpg")
    def cover(self, request: Request) -> Reply:
        return Reply(body=PICTURE)

    @route("GET", r"/track/(\d+)")
    def track(self, request: Request, number: str) -> Any:
        found = [song for song in self.world.on("deezer") if song.deezer == int(number)]
        return self._full(found[0]) if found else error(800, "no data", "DataException")

    @route("GET", r"/track/isrc:(\w+)")
    def track_by_isrc(self, request: Request, isrc: str) -> Any:
        # Of two under one ISRC it gives the later one, which is the odd duplicate.
        found = [song for song in self.world.on("deezer") if song.isrc == isrc]
        return self._full(found[-1]) if found else error(800, "no data", "DataException")

    @route("GET", r"/album/(\d+)")
    def album(self, request: Request, number: str) -> Any:
        songs = [song for song in self.world.on("deezer") if song.deezer_album == int(number)]
        if not songs:
            return error(800, "no data", "DataException")
        genre, name = DEEZER_GENRES[songs[0].artist.genre]
        return {
            "id": int(number),
            "title": songs[0].album,
            "upc": "724384960650",
            "genre_id": genre,
            "genres": {"data": [{"id": genre, "name": name, "type": "genre"}]},
            "label": "Nowhere Tapes",
            "nb_tracks": len(songs),
            "release_date": f"{songs[0].year}-03-07",
        }

    def _by_id(self, number: str) -> Artist | None:
        return next((artist for artist in self.world.artists if artist.deezer == int(number)), None)

    @route("GET", r"/artist/(\d+)/(radio|related|top)")
    def of_artist(self, request: Request, number: str, what: str) -> Any:
        artist = self._by_id(number)
        if artist is None:
            return error(800, "no data", "DataException")
        if what == "related":
            others = [a for a in self.world.artists if a.genre == artist.genre and a != artist]
            return {"data": [self._artist(a) for a in others], "total": len(others)}
        if what == "top":
            return self._listed(request, self.world.of("deezer", artist), with_isrc=False)
        own = self.world.of("deezer", artist)
        songs = [] if artist.deezer in self.without_radio or not own else [own[0], *self.world.like("deezer", own[0])]
        return self._listed(request, songs[:25], with_isrc=False)

    @route("GET", "/genre")
    def genres(self, request: Request) -> Any:
        rows = [{"id": number, "name": name, "type": "genre"} for number, name in DEEZER_GENRES.values()]
        return {"data": [{"id": 0, "name": "All", "type": "genre"}, *rows]}

    @route("GET", r"/chart/(\d+)/tracks")
    def chart(self, request: Request, number: str) -> Any:
        names = {genre for genre, (known, _) in DEEZER_GENRES.items() if known == int(number) or number == "0"}
        songs = [song for song in self.world.on("deezer") if song.artist.genre in names]
        return self._listed(request, songs, with_isrc=False)

    @route("GET", r"/stream/(\d+)\.mp3")
    def stream(self, request: Request, number: str) -> Reply:
        signed = request.query.get("hdnea", "")
        if not signed.startswith("exp=") or int(signed[4:].split("~")[0]) < time():
            return Reply(status=403, body="Access Denied")
        return Reply(body=b"ID3\x03" + b"\0" * 400, headers={"Content-Type": "audio/mpeg"})
