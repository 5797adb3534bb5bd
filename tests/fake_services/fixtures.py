"""All fake services of one test, about one world."""

from collections.abc import Iterator

import pytest

from tests.fake_services.acousticbrainz import FakeAcousticBrainz
from tests.fake_services.deezer import FakeDeezer
from tests.fake_services.itunes import FakeITunes
from tests.fake_services.listenbrainz import FakeListenBrainz, FakeListenBrainzLabs
from tests.fake_services.musicbrainz import FakeMusicBrainz
from tests.fake_services.reccobeats import FakeReccoBeats
from tests.fake_services.server import FakeService
from tests.fake_services.spotify import FakeSpotify
from tests.fake_services.spotify_accounts import FakeSpotifyAccounts
from tests.fake_services.spotify_state import SpotifyState
from tests.fake_services.world import World


class FakeServices:
    """Every service under its name; ``urls`` is what Config.source_urls wants."""

    def __init__(self) -> None:
        self.world = World()
        self.deezer = FakeDeezer(self.world)
        self.itunes = FakeITunes(self.world)
        self.musicbrainz = FakeMusicBrainz(self.world)
        self.listenbrainz = FakeListenBrainz(self.world)
        self.listenbrainz_labs = FakeListenBrainzLabs(self.world)
        self.acousticbrainz = FakeAcousticBrainz(self.world)
        self.reccobeats = FakeReccoBeats(self.world)
        self.spotify_state = SpotifyState()
        self.spotify = FakeSpotify(self.world, self.spotify_state)
        self.spotify_accounts = FakeSpotifyAccounts(self.spotify_state)

    @property
    def all(self) -> list[FakeService]:
        return [each for each in vars(self).values() if isinstance(each, FakeService)]

    @property
    def urls(self) -> dict[str, str]:
        return {service.name: service.url for service in self.all}

    @property
    def environment(self) -> dict[str, str]:
        """The same for a process of its own: TASTEMAP_URL_DEEZER and so on."""
        return {f"TASTEMAP_URL_{name.upper()}": url for name, url in self.urls.items()}

    def set_latency(self, seconds: float) -> None:
        """Let every service take that long for each answer."""
        for service in self.all:
            service.latency = seconds

    def lift_limits(self) -> None:
        """Let the services count no calls: for tests of something else that ask much."""
        for service in self.all:
            service.limit = None

    def request_count(self) -> int:
        """Return how many requests all services have seen."""
        return sum(len(service.requests) for service in self.all)


@pytest.fixture
def fake_services() -> Iterator[FakeServices]:
    """All services, running; a crash inside one of them fails the test."""
    services = FakeServices()
    for service in services.all:
        service.start()
    yield services
    for service in services.all:
        service.stop()
    crashes = [crash for service in services.all for crash in service.crashes]
    if crashes:
        raise crashes[0]
