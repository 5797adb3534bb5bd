"""What tests of harvests share: an engine whose limits are high, and a playlist of the invented world."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from config import Config
from etl.engine import Engine
from etl.providers.base import Provider, Rate
from etl.providers.registry import PROVIDERS
from etl.task import OpenEngine
from jobs.worker import execute
from store.database import Database
from store.domain import Playlist, PlaylistItem, Track
from store.runs import Run
from store.text import normalise
from tests.fake_services.world import Song, World

PLAYLIST = "0123456789abcdef01234567"
KEYLESS = ("deezer", "itunes", "musicbrainz", "listenbrainz", "listenbrainz_labs", "acousticbrainz", "reccobeats")
_FAST = Rate(per_second=1000.0, burst=1000)


def fast(provider: Provider) -> Provider:
    """Return the provider with no limit to speak of: what it translates stays, only its rate is another."""
    quick = type(f"Fast{type(provider).__name__}", (type(provider),), {})
    quick.about = replace(provider.about, rate=_FAST)  # type: ignore[attr-defined]
    return quick()  # type: ignore[no-any-return]


def opening(urls: Mapping[str, str], sources: Collection[str] = KEYLESS) -> OpenEngine:
    """Return what opens an engine that may ask ``sources`` at ``urls``, quickly."""
    providers = {name: fast(provider) for name, provider in PROVIDERS.items()}

    def open_engine(database: Database, var: Path) -> Engine:
        config = Config(var=var, sources=frozenset(sources), source_urls=dict(urls))
        return Engine(database, config, providers=providers)

    return open_engine


def track_of(song: Song) -> Track:
    """A song as an Exportify file knows it."""
    return Track(
        id=song.spotify,
        title=song.title,
        artists=tuple(artist.name for artist in song.artists),
        album=song.album,
        duration_ms=song.duration_ms,
        isrc=song.isrc,
        source="exportify: list.csv",
    )


def put_playlist(database: Database, world: World, count: int = 8, owner: str | None = None) -> list[Track]:
    """Store every other song of the world, ``count`` of them, as the playlist :data:`PLAYLIST`; return its tracks."""
    tracks = [track_of(song) for song in world.songs[::2][:count]]
    database.put_tracks(tracks, "import")
    items = [PlaylistItem(position=at, track_id=track.id) for at, track in enumerate(tracks)]
    database.put_page(PLAYLIST, 0, items)
    database.put_playlist(Playlist(id=PLAYLIST, name="Eight songs", owner=owner, item_count=count, complete=True))
    return tracks


def do(database: Database, var: Path, run: Run, open_engine: OpenEngine) -> Run:
    """Do a run and return it as it is then."""
    database.put_run(run)
    execute(database, var, run.id, open_engine=open_engine)
    done = database.get_run(run.id)
    assert done
    return done


def search_by_beginning(world: World) -> None:
    """Let the services search as real ones do: a word that begins so is found."""

    def search(service: str, text: str) -> list[Song]:
        start = normalise(text)
        found = [song for song in world.on(service) if any(word.startswith(start) for word in song.words)]
        return sorted(found, key=lambda song: (-song.popularity, song.number)) if start else []

    world.search = search  # type: ignore[method-assign]
