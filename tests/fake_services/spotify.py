"""Spotify's Web API as an app of 2026 finds it, and with ``app.extended`` as one of before November 2024."""

import json
import re
from typing import Any, ClassVar

from tests.fake_services.server import FakeService, Reply, Request, route
from tests.fake_services.spotify_state import ListAtSpotify, SpotifyState, Token, row
from tests.fake_services.world import Artist, Song, World, base62

PREMIUM = (
    "Active premium subscription required for the owner of the app. When the subscription status changes, it can take "
    "a few hours before requests are allowed again."
)
UNREGISTERED = "Check settings on developer.spotify.com/dashboard, the user may not be registered."
_ID = "[0-9A-Za-z]{22}"


def error(status: int, message: str | None = None) -> Reply:
    said = {} if message is None else {"message": message}
    return Reply(status=status, body={"error": {"status": status, **said}})


FORBIDDEN = error(403, "Forbidden")
# What a new app may no longer call, and how that is refused: with words, without, not even as JSON.
REMOVED: tuple[tuple[str, str, Reply], ...] = (
    ("GET", "/(tracks|artists|albums|shows|episodes|audiobooks|chapters)", FORBIDDEN),
    ("GET", r"/artists/\w+/top-tracks", FORBIDDEN),
    ("GET", r"/artists/\w+/related-artists", error(404)),
    ("GET", "/recommendations(/available-genre-seeds)?", Reply(status=404)),
    ("GET", r"/audio-features(/\w+)?", error(403)),
    ("GET", r"/audio-analysis/\w+", error(403)),
    ("GET", r"/browse/.*|/markets", FORBIDDEN),
    ("GET", r"/users/\w+", Reply(status=403, body="Forbidden")),
    (".*", r"/users/\w+/playlists", Reply(status=403, body="Forbidden")),
    (".*", r"/playlists/\w+/(tracks|followers.*)", FORBIDDEN),
    ("PUT|DELETE", "/me/(tracks|albums|episodes|shows|audiobooks|following)", FORBIDDEN),
    ("GET", "/me/(tracks|albums|episodes|shows|audiobooks|following)/contains", FORBIDDEN),
)


class FakeSpotify(FakeService):
    name: ClassVar[str] = "spotify"

    def __init__(self, world: World, state: SpotifyState) -> None:
        super().__init__()
        self.world = world
        self.state = state

    @property
    def inner(self) -> str:
        """What wraps a row's track: ``track`` for older apps."""
        return "track" if self.state.app.extended else "item"

    def not_found(self, request: Request) -> Reply:
        return error(404, "Service not found")

    def admit(self, request: Request) -> Reply | None:
        app, token = self.state.app, self._token(request)
        if token is None or token.expires_at <= self.state.seconds:
            return error(401, "Missing/invalid/expired access token")
        if not app.premium:
            return Reply(status=403, body=PREMIUM)
        if token.user is not None and token.user not in app.users:
            return Reply(status=403, body=UNREGISTERED)
        if not app.extended:
            for method, pattern, reply in REMOVED:
                if re.fullmatch(method, request.method) and re.fullmatch(pattern, request.path.rstrip("/")):
                    return reply
        if request.path.startswith("/me") and token.user is None:
            return error(401, "Valid user authentication required")
        return None

    def _token(self, request: Request) -> Token | None:
        return self.state.tokens.get(request.headers.get("authorization", "").removeprefix("Bearer "))

    def _user(self, request: Request) -> str | None:
        token = self._token(request)
        return token.user if token else None

    def _lacks(self, request: Request, *scopes: str) -> Reply | None:
        token = self._token(request)
        if token is None or not token.scope & set(scopes):
            return error(403, "Insufficient client scope")
        return None

    # -- how things look --------------------------------------------------------------------------------------

    def _artist(self, artist: Artist) -> dict[str, Any]:
        shown = {"id": artist.spotify, "name": artist.name, "type": "artist", "uri": f"spotify:artist:{artist.spotify}"}
        old = {"genres": sorted(artist.tags), "popularity": 50, "followers": {"href": None, "total": 5}}
        return {**shown, "external_urls": {}, "href": "", **(old if self.state.app.extended else {})}

    def track(self, song: Song) -> dict[str, Any]:
        album = {"id": base62(song.album), "name": song.album, "release_date": f"{song.year}-03-07", "type": "album"}
        shown = {
            "id": song.spotify,
            "name": song.title,
            "type": "track",
            "track": True,
            "episode": False,
            "is_local": False,
            "uri": f"spotify:track:{song.spotify}",
            "href": f"{self.url}/tracks/{song.spotify}",
            "external_ids": {"isrc": song.isrc},
            "external_urls": {"spotify": f"https://open.spotify.com/track/{song.spotify}"},
            "artists": [self._artist(artist) for artist in song.artists],
            "album": {**album, "images": [], "release_date_precision": "day"},
            "duration_ms": song.duration_ms,
            "explicit": song.explicit,
            "preview_url": None,
        }
        return shown | ({"popularity": song.popularity} if self.state.app.extended else {})

    def _row(self, made: Any) -> Any:
        """Return a row (see :func:`tests.fake_services.spotify_state.row`) as this app sees it."""
        if made is None:
            return None
        shown = made(self.inner)
        if isinstance(shown[self.inner], Song):
            shown[self.inner] = self.track(shown[self.inner])
        return shown

    def _paged(self, request: Request, rows: list[Any], most: int, default: int) -> Any:
        limit, offset = int(request.query.get("limit", default)), int(request.query.get("offset", 0))
        if not 1 <= limit <= most:
            return error(400, "Invalid limit")
        after = offset + limit
        following = f"{self.url}{request.path}?offset={after}&limit={limit}" if after < len(rows) else None
        return {
            "href": f"{self.url}{request.path}",
            "items": rows[offset:after],
            "limit": limit,
            "next": following,
            "offset": offset,
            "previous": None,
            "total": len(rows),
        }

    # -- the catalogue ----------------------------------------------------------------------------------------

    @route("GET", "/search")
    def search(self, request: Request) -> Any:
        query, kind = request.query.get("q", ""), request.query.get("type", "")
        if not query:
            return error(400, "No search query")
        if int(request.query.get("offset", 0)) > 1000:
            return error(400, "Invalid offset")
        rows = self._found(query, kind)
        found = self._paged(request, rows, most=50 if self.state.app.extended else 10, default=5)
        return found if isinstance(found, Reply) else {f"{kind}s": found}

    def _found(self, query: str, kind: str) -> list[Any]:
        if kind == "artist":
            return [self._artist(artist) for artist in self.world.artists_named(query)]
        field, _, value = query.partition(":")
        value = value.strip('"')
        if field == "isrc":
            songs = [song for song in self.world.on(self.name) if song.isrc == value]
        elif field == "genre":
            songs = [song for song in self.world.on(self.name) if song.artist.genre == value]
        else:
            songs = self.world.search(self.name, query)
        return [self.track(song) for song in songs]

    @route("GET", r"/tracks/(\w+)")
    def single(self, request: Request, track_id: str) -> Any:
        if not re.fullmatch(_ID, track_id):
            return error(400, "Invalid base62 id")
        song = self._songs().get(track_id)
        return self.track(song) if song else error(404, "Resource not found")

    def _songs(self) -> dict[str, Song]:
        return {song.spotify: song for song in self.world.on(self.name)}

    # -- what only older apps get -----------------------------------------------------------------------------

    @route("GET", "/audio-features/?")
    def features(self, request: Request) -> Any:
        ids = request.query.get("ids", "").split(",")
        if len(ids) > 100:
            return error(400, "Too many ids requested")
        songs = self._songs()
        return {"audio_features": [self._sound(songs[track_id]) if track_id in songs else None for track_id in ids]}

    @staticmethod
    def _sound(song: Song) -> dict[str, Any] | None:
        return {"id": song.spotify, "type": "audio_features", **song.features} if song.features else None

    @route("GET", r"/audio-analysis/(\w+)")
    def analysis(self, request: Request, track_id: str) -> Any:
        song = self._songs().get(track_id)
        if song is None:
            return error(404, "analysis not found")
        segments = [
            {
                "start": at * 0.25,
                "duration": 0.25,
                "confidence": 0.5,
                "timbre": [round(40.0 - band * 3.5 + (song.number + at) % 7, 3) for band in range(12)],
                "pitches": [round(((song.number + at + pitch) % 12) / 11, 3) for pitch in range(12)],
            }
            for at in range(40)
        ]
        return {"meta": {"status_code": 0}, "track": {"duration": song.duration_ms / 1000}, "segments": segments}

    @route("GET", "/recommendations")
    def recommendations(self, request: Request) -> Any:
        limit = int(request.query.get("limit", 20))
        if limit > 100:
            return error(400, "invalid request")
        genres = {genre.replace("-", " ") for genre in request.query.get("seed_genres", "").split(",") if genre}
        if genres and not genres <= {artist.genre for artist in self.world.artists}:
            return error(400, "invalid seed")
        songs = [song for song in self.world.on(self.name) if song.artist.genre in genres]
        for seed in (self._songs().get(part) for part in request.query.get("seed_tracks", "").split(",")):
            songs += self.world.like(self.name, seed) if seed else []
        return {"seeds": [], "tracks": [self.track(song) for song in songs[:limit]]}

    # -- the listener's own -----------------------------------------------------------------------------------

    @route("GET", "/me/?")
    def me(self, request: Request) -> Any:
        user = self._user(request) or ""
        shown = {"id": user, "display_name": self.state.names.get(user), "images": [], "type": "user"}
        return shown | ({} if self.state.app.extended else {"account_id": f"acc-{user}"})

    @route("GET", "/me/playlists")
    def playlists(self, request: Request) -> Any:
        user = self._user(request)
        mine = [
            playlist
            for playlist in self.state.lists.values()
            if user == playlist.owner or user in playlist.collaborators
        ]
        others = [playlist for playlist in self.state.lists.values() if playlist not in mine and playlist.public]
        shown: list[Any] = [self._brief(one) for one in (*mine, *others)]
        return self._paged(request, [*shown, None], most=50, default=20)

    def _brief(self, one: ListAtSpotify) -> dict[str, Any]:
        owner = {"id": one.owner, "display_name": self.state.names.get(one.owner), "type": "user"}
        rows = {"href": f"{self.url}/playlists/{one.id}/{self.inner}s", "total": len(one.rows)}
        return {
            "id": one.id,
            "name": one.name,
            "description": one.description,
            "collaborative": bool(one.collaborators),
            "public": one.public,
            "owner": owner,
            "snapshot_id": one.snapshot_id,
            "external_urls": {"spotify": f"https://open.spotify.com/playlist/{one.id}"},
            f"{self.inner}s": rows,
            "type": "playlist",
        }

    @route("POST", "/me/playlists")
    def create(self, request: Request) -> Any:
        body = request.json()
        public = body.get("public", True)
        if refusal := self._lacks(request, "playlist-modify-public" if public else "playlist-modify-private"):
            return refusal
        made = self.state.add_list(body["name"], self._user(request) or "", public=public)
        made.description = body.get("description", "")
        return Reply(status=201, body=self._brief(made))

    def _readable(self, request: Request, one: ListAtSpotify) -> bool:
        user = self._user(request)
        return self.state.app.extended or user == one.owner or user in one.collaborators

    @route("GET", rf"/playlists/({_ID})")
    def playlist(self, request: Request, list_id: str) -> Any:
        one = self.state.lists.get(list_id)
        if one is None or list_id.startswith("37i9"):
            return error(404, "Resource not found")
        shown = self._brief(one)
        if self._readable(request, one):
            rows = [self._row(made) for made in one.rows]
            after = f"{self.url}/playlists/{one.id}/items?offset=100&limit=100" if len(rows) > 100 else None
            nested = {"items": rows[:100], "total": len(rows), "limit": 100, "offset": 0, "next": after}
            shown[f"{self.inner}s"] = nested
        else:
            del shown[f"{self.inner}s"]
        wanted = request.query.get("fields")
        return {name: shown[name] for name in wanted.split(",") if name in shown} if wanted else shown

    @route("GET", rf"/playlists/({_ID})/items")
    def items(self, request: Request, list_id: str) -> Any:
        one = self.state.lists.get(list_id)
        if one is None:
            return error(404, "Resource not found")
        if one.refused or not self._readable(request, one):
            return FORBIDDEN
        return self._paged(request, [self._row(made) for made in one.rows], most=50, default=20)

    @route("POST", rf"/playlists/({_ID})/items")
    def add(self, request: Request, list_id: str) -> Any:
        one = self.state.lists.get(list_id)
        if one is None or one.owner != self._user(request):
            return FORBIDDEN
        if refusal := self._lacks(request, "playlist-modify-public" if one.public else "playlist-modify-private"):
            return refusal
        body = json.loads(request.body)
        uris = body["uris"] if isinstance(body, dict) else body
        if not 1 <= len(uris) <= 100:
            return error(400, "You can add a maximum of 100 tracks per request.")
        if not all(re.fullmatch(f"spotify:track:{_ID}", uri) for uri in uris):
            return error(400, f"Invalid track uri: {uris}")
        songs = self._songs()
        added = [songs.get(uri[14:], {"id": uri[14:], "name": uri[14:], "type": "track", "uri": uri}) for uri in uris]
        one.change([*one.rows, *(row(item, one.owner) for item in added)])
        return Reply(status=201, body={"snapshot_id": one.snapshot_id})

    @route("GET", "/me/tracks")
    def saved(self, request: Request) -> Any:
        if refusal := self._lacks(request, "user-library-read"):
            return refusal
        rows = [self._row(made) for made in self.state.saved]
        for shown in rows:
            if self.inner in shown:  # saved rows are the older shape for all apps
                shown["track"] = shown.pop(self.inner)
            shown.pop("added_by", None)
        return self._paged(request, rows, most=50, default=20)

    @route("GET", "/me/top/tracks")
    def top(self, request: Request) -> Any:
        if refusal := self._lacks(request, "user-top-read"):
            return refusal
        songs = self.state.top.get(request.query.get("time_range", "medium_term"), [])
        return self._paged(request, [self.track(song) for song in songs], most=50, default=20)
