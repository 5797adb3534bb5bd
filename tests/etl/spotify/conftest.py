from collections.abc import Iterator
from pathlib import Path

import pytest

from etl.engine import Engine
from store.database import Database
from tests.etl.spotify.setting import app_engine
from tests.fake_services.fixtures import FakeServices


@pytest.fixture
def engine(database: Database, tmp_path: Path, fake_services: FakeServices) -> Iterator[Engine]:
    """Spotify for a newcomer's app without a secret, as the login needs none."""
    engine = app_engine(database, tmp_path, fake_services, client_secret=None)
    yield engine
    engine.close()
