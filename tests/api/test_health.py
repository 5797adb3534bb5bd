"""What is wrong is said by /readyz and the page, in words; what can be mended is mended."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from config import ROOT
from etl.commands.work import _mend_catalogue
from etl.doctor.storage import look_at_catalogue
from ml.registry import ModelRegistry
from store import disk
from store.catalogue.builder import build_collection
from store.catalogue.catalogue import Catalogue
from store.catalogue.damage import damage, find_damage, is_suspect
from store.database import Database, StoreError, open_database
from store.domain import Track
from tests.api.conftest import TRACKS

Configure = Callable[..., FlaskClient]


def flip(path: Path, at: int = -1) -> None:
    """Change one byte and nothing else."""
    content = bytearray(path.read_bytes())
    content[at if at >= 0 else len(content) // 2] ^= 0x81
    path.write_bytes(content)


def wrong(client: FlaskClient) -> dict[str, str]:
    """Return what is wrong by area, as /readyz and /api/status both say."""
    ready, status = client.get("/readyz"), client.get("/api/status")
    assert status.status_code == 200
    found = status.json["problems"]
    assert ready.status_code == (503 if found else 200)
    if found:
        assert ready.json["error"]["problems"] == found
        assert all(problem["hint"] for problem in found)
    return {problem["area"]: problem["message"] for problem in found}


def test_all_is_well(client: FlaskClient) -> None:
    assert wrong(client) == {}


def test_an_unreadable_catalogue_and_garbage_manifests_are_said(
    configured: Configure, tmp_path: Path, database_uri: str
) -> None:
    (tmp_path / "catalogue").mkdir()
    (tmp_path / "catalogue" / "CURRENT.json").write_text("garbage")
    for content in ("garbage", "[]", '{"active": 1}', '{"active": {}, "files": {"a/b": {}}}', None):
        models = tmp_path / "shipped"
        models.mkdir(exist_ok=True)
        (models / "manifest.json").unlink(missing_ok=True)
        if content:
            (models / "manifest.json").write_text(content)
        client = configured(tmp_path, database_uri, models=models)
        assert wrong(client).keys() == {"catalogue", "models"}
        answer = client.get("/genre-predict?q=anything")
        assert (answer.status_code, answer.json["error"]["code"]) in {
            (503, "catalogue_unreadable"),
            (503, "model_missing"),
        }


def test_the_own_manifest_is_garbage_and_what_ships_is_served(
    configured: Configure, tmp_path: Path, database_uri: str
) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "manifest.json").write_text('{"active": []')
    client = configured(tmp_path, database_uri)
    assert wrong(client).keys() == {"models"}
    assert client.get("/genre-predict?q=dancing queen abba").status_code == 200
    assert (tmp_path / "models" / "manifest.json").read_text() == '{"active": []', "nothing is written over it"


def test_rotten_bytes_are_found_and_the_catalogue_is_built_again(
    configured: Configure, tmp_path: Path, database: Database
) -> None:
    database.put_tracks(TRACKS)
    root = tmp_path / "catalogue"
    build_collection(root, TRACKS)
    segment = Catalogue(root).current().segments[0]
    texts = segment.directory / "tracks.jsonl"
    flip(texts, texts.read_bytes().index(b"Anvil") - 1)
    client = configured(tmp_path, database.uri)
    answer = client.get("/api/search?q=anvil choir")
    assert (answer.status_code, answer.json["error"]["code"]) == (503, "catalogue_unreadable")
    assert is_suspect(root)
    assert find_damage(root) == {segment.directory.name: "tracks.jsonl is not what was written"}
    assert "catalogue" in wrong(client)
    assert any(check.name == "files" and check.remedy for check in look_at_catalogue(tmp_path, database))
    _mend_catalogue(database, tmp_path)
    assert damage(root) == {}
    fresh = configured(tmp_path, database.uri)
    assert wrong(fresh) == {}
    assert "Anvil Choir" in fresh.get("/api/search?q=anvil choir").text


def test_a_damaged_model_makes_room_for_the_one_before(
    configured: Configure, tmp_path: Path, database_uri: str
) -> None:
    registry = ModelRegistry(ROOT / "models", tmp_path / "models")
    shipped = registry.active_version("artist_genre")
    (tmp_path / "models" / "artist_genre").mkdir(parents=True)
    shutil.copytree(registry.active("artist_genre"), tmp_path / "models" / "artist_genre" / "own")
    known = json.loads((ROOT / "models" / "manifest.json").read_text())["files"]
    start = f"artist_genre/{shipped}/"
    files = {
        f"artist_genre/own/{name.removeprefix(start)}": entry for name, entry in known.items() if name.startswith(start)
    }
    (tmp_path / "models" / "manifest.json").write_text(json.dumps({"active": {"artist_genre": "own"}, "files": files}))
    assert registry.active_version("artist_genre") == "own"
    flip(tmp_path / "models" / "artist_genre" / "own" / "vectors.npy")
    client = configured(tmp_path, database_uri)
    services = client.application.extensions["tastemap"]
    assert services.artist_genre is not None
    assert services.registry.active_version("artist_genre") == shipped
    assert "artist_genre own are damaged" in wrong(client)["models"]
    services.registry.activate("artist_genre", shipped)
    services.registry.step_back("artist_genre", "another")  # somebody was faster: nothing changes
    assert services.registry.active_version("artist_genre") == shipped


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 160 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=160m", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip("only root may mount a small disk")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path, leave: int) -> Path:
    path = folder / "filler"
    with path.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(folder).free - leave)
    return path


def test_a_full_disk_is_said_and_what_is_stored_stays(
    configured: Configure, small_disk: Path, database_uri: str
) -> None:
    client = configured(small_disk, database_uri)
    assert wrong(client) == {}
    filler = fill(small_disk, disk.LEAST_FREE_BYTES // 2)
    assert "full" in wrong(client)["disk"]
    answer = client.post("/api/uploads", data={"file": (b"x", "list.csv")})
    assert (answer.status_code, answer.json["error"]["code"]) == (507, "disk_full")
    assert "room" in answer.json["error"]["hint"]
    assert not (small_disk / "uploads").exists()
    assert client.get("/genre-predict?q=dancing queen abba").status_code == 200
    filler.unlink()
    assert wrong(client) == {}


COUNTING = """
import os, runpy, shutil, sys
from pathlib import Path
runpy.run_path("gunicorn.conf.py")["_make_metrics_folder"](Path(sys.argv[1]))
from prometheus_client import Counter
(Path(sys.argv[1]).parent / "ready").touch()
sys.stdin.readline()
for number in range(2000):
    Counter(f"of_{number}_{'x' * 200}", "x").inc()
shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"])
"""


@pytest.mark.skipif(not os.access("/dev/shm", os.W_OK), reason="the system has no shared memory as files")
def test_a_full_disk_ends_no_process_that_counts_requests(small_disk: Path) -> None:
    command = [sys.executable, "-c", COUNTING, str(small_disk / "tmp")]
    with subprocess.Popen(
        command, cwd=ROOT, env=os.environ | {"TASTEMAP_VAR": str(small_disk)}, stdin=subprocess.PIPE
    ) as process:
        until = time.monotonic() + 60
        while not (small_disk / "ready").exists():
            assert time.monotonic() < until
            time.sleep(0.05)
        fill(small_disk, 0)
        process.communicate(b"\n")
    assert process.returncode == 0


def test_the_embedded_database_goes_on_when_there_is_room_again(small_disk: Path) -> None:
    database = open_database(small_disk)
    filler = fill(small_disk, 1024 * 1024)
    acknowledged = []

    def store_until_it_fails() -> None:
        for number in range(2000):
            tracks = [Track(id=f"t{number}-{at}", title="t" * 2000, artists=("x",), source="s") for at in range(50)]
            database.put_tracks(tracks)
            acknowledged.append(tracks[-1].id)

    with pytest.raises(StoreError) as caught:
        store_until_it_fails()
    assert "Make room" in caught.value.hint
    filler.unlink()
    database._revive_after = 0.0  # ten seconds later
    assert database.get_tracks(acknowledged).keys() == set(acknowledged)
    database.put_tracks([Track(id="after", title="t", artists=("x",), source="s")])
    database.close()
