"""ReccoBeats: batches of at most 40, answers in no particular order, unknown ids left out."""

from typing import Any, ClassVar

from tests.fake_services.server import FakeService, Reply, Request, route
from tests.fake_services.world import Song, World, mbid

_MOST = 40
_SOUND = (
    *("acousticness", "danceability", "energy", "instrumentalness", "key", "liveness", "loudness", "mode"),
    *("speechiness", "tempo", "valence"),
)


def _error(status: int, code: int, message: str) -> Reply:
    return Reply(status=status, body={"code": code, "error": message, "status": status})


class FakeReccoBeats(FakeService):
    """``bare`` lets it answer lists without ``content`` around them, as its documentation shows."""

    name: ClassVar[str] = "reccobeats"

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.bare = False

    def not_found(self, request: Request) -> Reply:
        return _error(404, 4041, "Resource not found")

    def _listed(self, rows: list[dict[str, Any]]) -> Any:
        return rows if self.bare else {"content": rows}

    def _wanted(self, request: Request) -> list[Song] | Reply:
        ids = [each for each in request.query.get("ids", "").split(",") if each]
        if not ids:
            return _error(400, 4001, "ids: must not be empty")
        if len(ids) > _MOST:
            return _error(400, 4002, f"ids: size must be between 1 and {_MOST}")
        songs = [s for s in self.world.on("reccobeats") if {s.spotify, s.isrc, s.reccobeats} & set(ids)]
        return songs[::-1]

    def _sound(self, song: Song) -> dict[str, Any]:
        href = f"https://open.spotify.com/track/{song.spotify}"
        return {"id": song.reccobeats, "href": href, "isrc": song.isrc, **{n: song.features[n] for n in _SOUND}}

    @staticmethod
    def _track(song: Song) -> dict[str, Any]:
        artists = [
            {
                "id": mbid(f"reccobeats artist {artist.number}"),
                "name": artist.name,
                "href": f"https://open.spotify.com/artist/{artist.spotify}",
            }
            for artist in song.artists
        ]
        return {
            "id": song.reccobeats,
            "trackTitle": song.title,
            "artists": artists,
            "durationMs": song.duration_ms,
            "isrc": song.isrc,
            "ean": None,
            "upc": None,
            "href": f"https://open.spotify.com/track/{song.spotify}",
            "availableCountries": "AR,AU,DE",
            "popularity": song.popularity,
        }

    @route("GET", "/v1/audio-features")
    def features(self, request: Request) -> Any:
        songs = self._wanted(request)
        return songs if isinstance(songs, Reply) else self._listed([self._sound(song) for song in songs])

    @route("GET", "/v1/track")
    def tracks(self, request: Request) -> Any:
        songs = self._wanted(request)
        return songs if isinstance(songs, Reply) else self._listed([self._track(song) for song in songs])

    @route("GET", r"/v1/track/([^/]+)/audio-features")
    def features_of_one(self, request: Request, wanted: str) -> Any:
        found = [song for song in self.world.on("reccobeats") if song.reccobeats == wanted]
        return self._sound(found[0]) if found else self.not_found(request)

    @route("GET", "/v1/track/recommendation")
    def recommendation(self, request: Request) -> Any:
        size, seeds = request.query.get("size", ""), request.query.get("seeds", "").split(",")
        if not size.isdecimal() or not 1 <= int(size) <= 100:
            return _error(400, 4001, "size: must be between 1 and 100")
        if not 1 <= len(seeds) <= 5:
            return _error(400, 4002, "seeds: size must be between 1 and 5")
        known = [song for song in self.world.on("reccobeats") if {song.spotify, song.reccobeats} & set(seeds)]
        if not known:
            return _error(404, 4042, "No seed found")
        return self._listed([self._track(song) for song in self.world.like("reccobeats", known[0])[: int(size)]])
