"""The line about imported slices."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flask.testing import FlaskClient

from etl.imports.recognise import recognise
from etl.imports.rows.entries import DatasetFile
from etl.imports.storing.playlist_sets import import_slice
from tests.etl.imports import formats


def test_slices_are_counted(configured: Callable[..., FlaskClient], database_uri: str, tmp_path: Path) -> None:
    client = configured(tmp_path, database_uri)
    nothing = {"slices": 0, "playlists": 0, "rows": 0, "imported_at": None, "datasets": []}
    assert client.get("/api/datasets").json == nothing
    for number in (0, 1):
        path = tmp_path / f"mpd.slice.{number}000-{number}999.json"
        path.write_text(formats.mpd_slice(*(formats.slice_playlist(10 * number + n, 1, 2, 1, n) for n in range(5))))
        found = recognise(path)
        assert isinstance(found, DatasetFile)
        import_slice(found.source, found.sha256, found.size, tmp_path / "playlists", lambda progress: None)
    answer = client.get("/api/datasets").json
    assert (answer["slices"], answer["playlists"], answer["rows"]) == (2, 10, 40)
    assert {dataset["name"] for dataset in answer["datasets"]} == {"mpd-slice-0000-0999", "mpd-slice-1000-1999"}
    assert [(dataset["playlists"], dataset["rows"], dataset["tracks"]) for dataset in answer["datasets"]] == [
        (5, 20, 5)
    ] * 2
    assert answer["imported_at"] == answer["datasets"][0]["imported_at"]
    assert abs(datetime.fromisoformat(answer["imported_at"]) - datetime.now(UTC)) < timedelta(minutes=10)
