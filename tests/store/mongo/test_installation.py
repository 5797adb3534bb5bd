"""Several installations on one MongoDB: each does its own runs, all share what the runs bring."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from config import ROOT, Config
from store.database import Database
from store.domain import Playlist
from store.errors import StoreDown
from store.mongo.installation import installation_id_of
from store.runs import Run, run_document


def test_an_installation_keeps_the_name_it_was_given(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        names = set(pool.map(installation_id_of, [tmp_path / "var"] * 64))
    assert names == {installation_id_of(tmp_path / "var")}
    assert installation_id_of(tmp_path / "elsewhere") not in names


def test_a_name_that_a_kill_left_out_is_made_later(tmp_path: Path) -> None:
    (tmp_path / "installation").touch()
    assert installation_id_of(tmp_path) == installation_id_of(tmp_path) != ""


def test_a_folder_that_cannot_hold_the_name_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreDown, match="cannot be used"):
        installation_id_of(tmp_path / "file" / "var")
    (tmp_path / "installation").write_text("mine")
    with pytest.raises(StoreDown, match="does not hold"):
        installation_id_of(tmp_path)


def test_an_operator_or_a_dyno_gives_the_name() -> None:
    assert Config.from_env({"DYNO": "web.1"}).installation_id == "web.1"
    assert Config.from_env({"DYNO": "web.1", "TASTEMAP_INSTALLATION": "ours"}).installation_id == "ours"
    assert Config.from_env({}).installation_id == ""


def test_runs_are_done_where_their_file_lies_and_playlists_are_shared(database_uri: str) -> None:
    here, there, anywhere = (Database(database_uri, installation_id=name) for name in ("here", "there", ""))
    run = Run(name="list.csv", source="/list.csv")
    here.put_run(run)
    assert [run.id for run in here.unfinished_runs()] == [run.id]
    assert there.unfinished_runs() == []
    assert [run.id for run in anywhere.unfinished_runs()] == [run.id]
    there.put_run(replace(there.get_run(run.id), phase="told of by another"))
    assert there.unfinished_runs() == []
    here.put_playlist(Playlist(id="p", name="Ours"))
    assert there.playlist("p") is not None
    for database in (here, there, anywhere):
        database.close()


def test_a_run_of_no_installation_is_anybodys(database_uri: str) -> None:
    database = Database(database_uri, installation_id="here")
    database.put_document("runs", run_document(Run(name="list.csv", source="/list.csv")))
    assert len(database.unfinished_runs()) == 1
    database.close()


def test_a_worker_leaves_the_runs_of_another_installation_alone(database_uri: str, tmp_path: Path) -> None:
    owner = Database(database_uri, installation_id=installation_id_of(tmp_path / "here"))
    run = Run(name="list.csv", owner="me")  # its file lies in the uploads of `here`, to come any moment
    owner.put_run(run)
    there = os.environ | {"MONGODB_URI": database_uri, "TASTEMAP_VAR": str(tmp_path / "there")}
    for command in ("work", "resume"):
        subprocess.run([sys.executable, "-m", "etl", command], cwd=ROOT, env=there, check=True)
    assert owner.get_run(run.id).state == "queued"
    # What the doctor advises where an installation is gone for good.
    subprocess.run(
        [sys.executable, "-m", "etl", "resume"],
        cwd=ROOT,
        env=there | {"TASTEMAP_INSTALLATION": owner.installation_id},
        check=False,
    )
    ended = owner.get_run(run.id)
    assert (ended.state, ended.error["code"]) == ("failed", "file_gone")
    owner.close()


def test_people_see_their_own_runs_of_all_installations(database_uri: str) -> None:
    here, there = (Database(database_uri, installation_id=name) for name in ("here", "there"))
    for owner in ("me", None):
        there.put_run(Run(name="list.csv", owner=owner))
    assert [run.owner for run in here.runs_of("me")] == ["me"]
    assert {run.owner for run in there.runs_of("me")} == {"me", None}
    for database in (here, there):
        database.close()


def test_the_list_of_runs_is_bounded_and_without_cursors(database_uri: str) -> None:
    here = Database(database_uri, installation_id="here")
    day = datetime(2026, 1, 1, tzinfo=UTC)
    first = Run(name="first.csv", owner="me", started_at=day)
    here.put_run(first)
    for number in range(60):
        at = day + timedelta(hours=number + 1)
        here.put_run(Run(name=f"{number}.csv", owner="me", started_at=at, state="done"))
        here.put_run(Run(name=f"operator {number}.csv", started_at=at, state="done"))
    listed = here.runs_of("me", 50)
    assert len(listed) == 50
    assert sum(run.owner is None for run in listed) == 15
    assert listed[-1].id == first.id  # has not ended
    assert here.delete_old_runs(day + timedelta(days=1), 40) == 40
    assert here.get_run(first.id)
    here.close()


def test_a_run_that_another_queues_as_it_ends_is_listed(database_uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    database = Database(database_uri, installation_id="here")
    scan, then = (Run(name=name, owner="me", state="queued") for name in ("scan", "then"))
    database.put_run(scan)
    read = database._newest_runs

    def end_after(owner: str | None, limit: int) -> list[Run]:
        found = read(owner, limit)
        if not database.get_run(then.id):
            database.put_run(then)
            database.put_run(replace(scan, state="done"))
        return found

    monkeypatch.setattr(database, "_newest_runs", end_after)
    assert {run.id: run.state for run in database.runs_of("me")} == {scan.id: "done", then.id: "queued"}
    database.close()
