"""What the doctor finds on this machine: each illness is caused, and must be named with its remedy."""

import json
import re
import subprocess
import threading
from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from config import ROOT, Config, WorkLimits
from etl.doctor.examination import Check, Examiner, State, examine
from etl.doctor.setup import KNOWN, look_at_models, look_at_setup
from etl.doctor.storage import free_space, look_at_catalogue, look_at_disk, look_at_store
from store.catalogue.builder import build_collection
from store.database import Database
from store.domain import Track
from store.errors import StoreDown
from store.mongo.embedded import EmbeddedServer
from store.runs import Run

NOWHERE = "mongodb://127.0.0.1:1/tastemap?serverSelectionTimeoutMS=100"


def by_name(checks: Iterable[Check]) -> dict[str, Check]:
    return {check.name: check for check in checks}


def ill(checks: Iterable[Check]) -> list[Check]:
    found = [check for check in checks if check.state in {State.WARNING, State.FAULT}]
    assert all(check.remedy for check in found)
    return found


# -- many at once ----------------------------------------------------------------------------------------------


def well(area: str) -> Check:
    return Check(area=area, name="n", state=State.OK, message="well")


def test_one_that_hangs_keeps_nobody_and_what_it_said_before_stays() -> None:
    release = threading.Event()

    def slow() -> Iterator[Check]:
        yield well("slow")
        release.wait()

    checks = examine([Examiner(area="slow", look=slow), Examiner(area="quick", look=lambda: [well("quick")])], 0.2)
    release.set()
    assert [(check.area, check.name, check.state) for check in checks] == [
        ("slow", "n", State.OK),
        ("slow", "time", State.WARNING),
        ("quick", "n", State.OK),
    ]


def test_one_that_breaks_says_so_and_the_others_go_on() -> None:
    def broken() -> list[Check]:
        raise ValueError("a fault of ours")

    def lost() -> list[Check]:
        raise StoreDown("The database does not answer.", "Start it.")

    looks = {"broken": broken, "lost": lost, "well": lambda: [well("well")]}
    checks = examine([Examiner(area=area, look=look) for area, look in looks.items()], 5)
    assert [(check.area, check.state) for check in checks] == [
        ("broken", State.FAULT),
        ("lost", State.FAULT),
        ("well", State.OK),
    ]
    assert "a fault of ours" in checks[0].message
    assert checks[1].remedy == "Start it."


# -- the store -------------------------------------------------------------------------------------------------


def test_a_store_in_order(database: Database) -> None:
    checks = list(look_at_store(database))
    assert [(check.name, check.state) for check in checks] == [
        ("answers", State.OK),
        ("keeps", State.OK),
        ("indexes", State.OK),
    ]
    assert database.documents_where("stats", {}) == []


def test_a_store_that_does_not_answer() -> None:
    database = Database(NOWHERE)
    (check,) = look_at_store(database)
    assert check.state is State.FAULT
    assert "MONGODB_URI" in check.remedy
    database.close()


def test_a_store_without_its_indexes(database_uri: str) -> None:
    database = Database(database_uri)
    check = by_name(look_at_store(database))["indexes"]
    database.close()
    assert check.state is State.FAULT
    assert "runs.state" in check.message


def test_an_embedded_store_whose_indexes_were_cut_off(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path)
    database = Database(server.start(), server)
    assert database.missing_indexes() == []
    database.change_document("_schema", "indexes", {"state": "building"})
    assert "playlists.owner" in database.missing_indexes()
    database.close()


def test_imports_that_wait_for_another_installation_are_named(database_uri: str) -> None:
    here, there = (Database(database_uri, installation_id=name) for name in ("here", "there"))
    there.put_run(Run(name="list.csv", source="/list.csv"))
    assert "installation there" not in by_name(look_at_store(there))
    check = by_name(look_at_store(here))["installation there"]
    assert (check.state, check.message) == (State.WARNING, "1 unfinished import belongs to installation there.")
    assert "TASTEMAP_INSTALLATION=there" in check.remedy
    for database in (here, there):
        database.close()


# -- disk, models, catalogue ----------------------------------------------------------------------------------


def test_a_disk_in_order_and_what_lies_there(tmp_path: Path) -> None:
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "one").write_bytes(b"x" * 3 * 1024 * 1024)
    checks = by_name(look_at_disk(tmp_path))
    assert checks["folder"].state is State.OK
    assert "3.0 MB" in checks["size"].message
    assert [path.name for path in tmp_path.iterdir()] == ["tables"]


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (check,) = ill(look_at_disk(tmp_path / "file" / "var"))
    assert check.state is State.FAULT


@pytest.mark.parametrize(("free", "state"), [(50 << 20, State.FAULT), (500 << 20, State.WARNING), (5 << 30, State.OK)])
def test_room_on_the_disk(free: int, state: State) -> None:
    assert free_space(free).state is state


def test_the_models_that_ship_are_the_ones_that_were_written() -> None:
    (check,) = look_at_models(ROOT / "models", ROOT / "none")
    assert check.state is State.OK
    assert "genre" in check.message


@pytest.mark.parametrize("harm", ["changed", "gone", "manifest"])
def test_a_model_file_that_is_not_the_one_that_was_written(tmp_path: Path, harm: str) -> None:
    (tmp_path / "genre").mkdir()
    file = tmp_path / "genre" / "weights"
    file.write_text("written")
    digest = "2af4b0d3ef9b2a4a5fb3b8dc2a7e9c8bd0cf3fd44d1a9e8a2f6fd6f0b8a3f1c9"
    manifest = {"active": {"genre": "1"}, "files": {"genre/weights": {"sha256": digest, "bytes": 7}}}
    (tmp_path / "manifest.json").write_text("{" if harm == "manifest" else json.dumps(manifest))
    if harm == "gone":
        file.unlink()
    (check,) = ill(look_at_models(tmp_path, tmp_path / "none"))
    assert check.state is State.FAULT
    assert "git checkout -- models" in check.remedy
    (check,) = ill(look_at_models(ROOT / "models", tmp_path))
    assert "python -m ml train" in check.remedy


def test_a_catalogue_that_is_behind_the_database(database: Database, tmp_path: Path) -> None:
    tracks = [Track(id=f"t{number}", title=f"Song {number}", artists=("A",)) for number in range(3)]
    build_collection(tmp_path / "catalogue", tracks[:1])
    database.put_tracks(tracks)
    database.refresh_counts()
    checks = by_name(look_at_catalogue(tmp_path, database))
    assert checks["readable"].state is State.OK
    assert checks["up to date"].message.startswith("2 tracks")
    assert "etl catalogue" in checks["up to date"].remedy
    build_collection(tmp_path / "catalogue", tracks)
    assert ill(look_at_catalogue(tmp_path, database)) == []


def test_a_catalogue_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "catalogue").mkdir()
    (tmp_path / "catalogue" / "CURRENT.json").write_text('{"public": "gone"}')
    (check,) = ill(look_at_catalogue(tmp_path, None))
    assert check.state is State.FAULT
    assert "etl catalogue" in check.remedy


# -- the set-up ------------------------------------------------------------------------------------------------


def look(config: Config, env: dict[str, str]) -> list[Check]:
    return list(look_at_setup(config, env, {"deezer", "spotify"}))


def built(folder: Path) -> Path:
    (folder / ".vite").mkdir(parents=True)
    for name in (".vite/manifest.json", "styles.json"):
        (folder / name).write_text("{}")
    return folder


def test_a_set_up_in_order(tmp_path: Path) -> None:
    env = {"TASTEMAP_VAR": "x", "TASTEMAP_URL_SPOTIFY_ACCOUNTS": "http://x", "TASTEMAP_URL_DEEZER": "http://y"}
    config = Config(var=tmp_path, static=built(tmp_path / "dist"), sources=frozenset({"deezer"}))
    assert ill(look(config, env)) == []


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("TASTEMAP_SOURCE", "Did you mean TASTEMAP_SOURCES?"),
        ("TASTEMAP_SECRETKEY", "Did you mean TASTEMAP_SECRET_KEY?"),
        ("TASTEMAP_URL_DEZER", "Did you mean TASTEMAP_URL_DEEZER?"),
        ("TASTEMAP_XYZZY", "docs/operations.md lists the variables."),
    ],
)
def test_a_variable_that_nobody_reads_is_a_slip_of_the_pen(tmp_path: Path, name: str, meant: str) -> None:
    (check,) = ill(look(Config(var=tmp_path, static=built(tmp_path / "dist")), {name: "1"}))
    assert name in check.message
    assert check.remedy == meant


def test_a_source_that_does_not_exist_is_named(tmp_path: Path) -> None:
    config = Config(var=tmp_path, static=built(tmp_path / "dist"), sources=frozenset({"deezer", "napster"}))
    (check,) = ill(look(config, {}))
    assert "napster" in check.message


def test_a_page_that_is_not_built_and_a_key_that_others_can_read(tmp_path: Path) -> None:
    key = tmp_path / "secret.key"
    key.write_text("k")
    key.chmod(0o640)
    found = ill(look(Config(var=tmp_path, static=tmp_path / "dist"), {}))
    assert [(check.name, check.state) for check in found] == [("page", State.FAULT), ("secret key", State.WARNING)]
    key.chmod(0o600)
    assert [check.name for check in ill(look(Config(var=tmp_path, static=tmp_path / "dist"), {}))] == ["page"]


def test_every_variable_that_the_code_reads_is_known_and_in_the_docs() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "*.py", "Makefile"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    files = [ROOT / name for name in listed.stdout.split() if not name.startswith(("tests/", "etl/doctor/"))]
    # The registry in config.py writes name="...": that declares a variable and does not read it.
    mention = re.compile(r'(?<!name=")\bTASTEMAP_[A-Z_]*[A-Z]\b')
    read = {name for file in files if file.is_file() for name in mention.findall(file.read_text())}
    read |= {
        f"TASTEMAP_MAX_{limit.name.upper()}" for limit in fields(WorkLimits)
    }  # config.py reads them by their fields
    assert {name for name in read if not name.startswith("TASTEMAP_URL")} == KNOWN
    operation = (ROOT / "docs" / "operations.md").read_text()
    assert [name for name in sorted(KNOWN) if name not in operation] == []
