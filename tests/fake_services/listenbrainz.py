"""ListenBrainz: its core (part of which wants a token by now) and its labs."""

import re
from typing import Any, ClassVar

from tests.fake_services.server import FakeService, Limit, Reply, Request, route
from tests.fake_services.world import Song, World, mbid

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_INC = {"artist", "tag", "release", "release_group"}
ALGORITHMS = {
    "session_based_days_7500_session_300_contribution_5_threshold_15_limit_50_skip_30",
    "session_based_days_180_session_300_contribution_5_threshold_15_limit_50_skip_30",
}
_NOT_GENRES = {"seen live"}


def _error(status: int, message: str) -> Reply:
    return Reply(status=status, body={"code": status, "error": message})


class FakeListenBrainz(FakeService):
    name: ClassVar[str] = "listenbrainz"

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.limit = Limit(calls=30, seconds=10.0)

    def too_many(self) -> Reply:
        reply = _error(429, "You have exceeded your rate limit. See the documentation for details.")
        headers = {"X-RateLimit-Limit": "30", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset-In": "10"}
        return Reply(status=429, body=reply.body, headers=headers)

    @route("GET", "/1/metadata/recording/?")
    def metadata(self, request: Request) -> Any:
        wanted = [each for each in request.query.get("recording_mbids", "").split(",") if each]
        if not wanted:
            return _error(400, "recording_mbids argument must be present and contain a comma separated list of mbids")
        if any(not re.fullmatch(_UUID, each) for each in wanted):
            return _error(400, f"Recording mbid {wanted[0]} is not valid.")
        inc = set(request.query.get("inc", "").split())
        if inc - _INC:
            return _error(400, f"invalid inc argument: {sorted(inc - _INC)[0]}")
        known = {song.mbid: song for song in self.world.on("musicbrainz")}
        return {each: self._row(known[each], inc) for each in wanted if each in known}

    def _row(self, song: Song, inc: set[str]) -> dict[str, Any]:
        row: dict[str, Any] = {
            "recording": {
                "name": song.title,
                "length": song.duration_ms - 440,
                "first_release_date": f"{song.year}-11-28",
                "isrcs": [song.isrc],
                "rels": [],
            }
        }
        if "artist" in inc:
            people = [{"name": a.name, "artist_mbid": a.mbid, "join_phrase": ""} for a in song.artists]
            row["artist"] = {"name": " & ".join(a.name for a in song.artists), "artists": people}
        if "release" in inc:
            row["release"] = {"mbid": mbid(f"release {song.album}"), "name": song.album, "year": song.year}
        if "tag" in inc:
            row["tag"] = {
                "recording": [self._tag(song.artist.genre, 1)] if song.number % 2 == 0 else [],
                "artist": [
                    {**self._tag(name, count), "artist_mbid": song.artist.mbid}
                    for name, count in song.artist.tags.items()
                ],
                "release_group": [self._tag(song.artist.genre, 2)],
            }
        return row

    @staticmethod
    def _tag(name: str, count: int) -> dict[str, Any]:
        genre = {} if name in _NOT_GENRES else {"genre_mbid": mbid(f"genre {name}")}
        return {"tag": name, "count": count, **genre}

    @route("GET", "/1/lb-radio/tags")
    def radio(self, request: Request) -> Any:
        for name in ("tag", "pop_begin", "pop_end", "count"):
            if name not in request.query:
                return _error(400, f"the argument {name} is missing")
        low, high = float(request.query["pop_begin"]), float(request.query["pop_end"])
        songs = [
            song
            for song in self.world.on("musicbrainz")
            if request.query["tag"] in {song.artist.genre, *song.artist.tags} and low <= song.popularity <= high
        ]
        return [
            {"recording_mbid": song.mbid, "percent": song.popularity, "source": "artist", "tag_count": 3}
            for song in songs[: int(request.query["count"])]
        ]

    @route("GET", r"/1/(?:metadata/lookup|explore/lb-radio|popularity/.*)/?")
    def closed(self, request: Request) -> Reply:
        return _error(401, "You need to provide an Authorization header.")


class FakeListenBrainzLabs(FakeService):
    name: ClassVar[str] = "listenbrainz_labs"

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world

    def not_found(self, request: Request) -> Reply:
        return Reply(status=404, body="<html><h1>404 Not Found</h1></html>")

    @staticmethod
    def _row(song: Song) -> dict[str, Any]:
        return {
            "recording_mbid": song.mbid,
            "recording_name": song.title,
            "artist_credit_name": " & ".join(artist.name for artist in song.artists),
            "release_name": song.album,
            "release_mbid": mbid(f"release {song.album}"),
        }

    @route("GET", "/recording-search/json")
    def search(self, request: Request) -> Any:
        if not request.query.get("query"):
            return Reply(status=400, body={"error": "query: field required"})
        found = self.world.search("musicbrainz", request.query["query"])
        return [{**self._row(song), "artist_credit_id": 4_000 + song.artist.number} for song in found[:20]]

    @route("GET", "/similar-recordings/json")
    def similar(self, request: Request) -> Any:
        if request.query.get("algorithm") not in ALGORITHMS:
            return Reply(status=400, body={"error": "algorithm: value is not a valid enumeration member"})
        wanted = request.query.get("recording_mbids", "")
        if not re.fullmatch(_UUID, wanted):
            return Reply(status=400, body={"error": "recording_mbids: value is not a valid uuid"})
        seed = next((song for song in self.world.on("musicbrainz") if song.mbid == wanted), None)
        found = self.world.like("musicbrainz", seed) if seed else []
        return [
            {
                **self._row(song),
                "[artist_credit_mbids]": [song.artist.mbid] if song.number % 2 else None,
                "caa_id": None,
                "caa_release_mbid": None,
                "score": 400 - 7 * place,
                "reference_mbid": wanted,
            }
            for place, song in enumerate(found[:50])
        ]

    @route("GET", r"/spotify-id-from-(mbid|metadata)/json")
    def spotify_id(self, request: Request, by: str) -> Any:
        query = request.query
        if by == "mbid":
            found = [song for song in self.world.on("musicbrainz") if song.mbid == query.get("recording_mbid")]
        else:
            found = self.world.search("spotify", f"{query.get('artist_name')} {query.get('track_name')}")[:1]
        return [
            {
                "recording_mbid": song.mbid,
                "artist_name": song.artist.name,
                "release_name": song.album,
                "track_name": song.title,
                "spotify_track_ids": [] if "spotify" in song.absent else [song.spotify],
            }
            for song in found
        ]
