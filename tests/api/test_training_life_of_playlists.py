"""The life of trainings on playlists: the slowest, so a file of their own, since a file is tested in one process."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from store.database import Database
from tests.api.training_life import PLAYLIST_TASKS, live, lived_in


@pytest.mark.parametrize("task", PLAYLIST_TASKS)
def test_a_training_is_cancelled_killed_done_served_and_taken_back(
    task: str, configured: Callable[..., FlaskClient], tmp_path: Path, database: Database, database_uri: str
) -> None:
    live(lived_in(task, configured, tmp_path, database, database_uri))
