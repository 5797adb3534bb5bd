"""The search of the iTunes store: no ISRC in or out, JSON as text/javascript, 403 after too many calls."""

import json
from typing import Any, ClassVar

from tests.fake_services.server import FakeService, Limit, Reply, Request, route
from tests.fake_services.world import ITUNES_GENRES, Song, World, page

_MOST = 200


class FakeITunes(FakeService):
    name: ClassVar[str] = "itunes"

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        # 20 a minute are promised; a burst of 25 has been seen to pass.
        self.limit = Limit(calls=25, seconds=75.0)

    def too_many(self) -> Reply:
        return Reply(status=403, body="<html><body><b>Http/1.1 Forbidden</b></body></html>")

    def _row(self, song: Song) -> dict[str, Any]:
        return {
            "wrapperType": "track",
            "kind": "song",
            "artistId": song.artist.itunes,
            "collectionId": song.deezer_album,
            "trackId": song.itunes,
            "artistName": " & ".join(artist.name for artist in song.artists),
            "collectionName": song.album,
            "trackName": song.title,
            "trackViewUrl": f"https://music.apple.com/us/album/{song.itunes}",
            "previewUrl": f"{self.url}/AudioPreview/{song.itunes}.plus.aac.p.m4a",
            "artworkUrl100": f"{self.url}/image/{song.deezer_album}/100x100bb.jpg",
            "releaseDate": f"{song.year}-10-18T12:00:00Z",
            "trackExplicitness": "explicit" if song.explicit else "notExplicit",
            "trackTimeMillis": song.duration_ms + 93,
            "country": "USA",
            "primaryGenreName": ITUNES_GENRES[song.artist.genre],
            "isStreamable": True,
        }

    @staticmethod
    def _body(rows: list[dict[str, Any]]) -> Reply:
        text = "\n\n\n" + json.dumps({"resultCount": len(rows), "results": rows})
        return Reply(body=text, headers={"Content-Type": "text/javascript; charset=utf-8"})

    @route("GET", "/search")
    def search(self, request: Request) -> Reply:
        if not request.query.get("term"):
            return self._body([])
        count, start = min(int(request.query.get("limit", 50)), _MOST), int(request.query.get("offset", 0))
        return self._body(
            [self._row(s) for s in page(self.world.search("itunes", request.query["term"]), start, count)]
        )

    @route("GET", "/lookup")
    def lookup(self, request: Request) -> Reply:
        wanted = set(request.query.get("id", "").split(","))
        return self._body([self._row(song) for song in self.world.on("itunes") if str(song.itunes) in wanted])

    @route("GET", r"/image/\d+/250x250bb\.jpg")
    def picture(self, request: Request) -> Reply:
        return Reply(body="<html>moved</html>")

    @route("GET", r"/AudioPreview/(\d+)\.plus\.aac\.p\.m4a")
    def preview(self, request: Request, number: str) -> Reply:
        return Reply(body=b"\0\0\0\x1cftypM4A ", headers={"Content-Type": "audio/x-m4a"})
