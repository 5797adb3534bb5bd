"""``python -m etl doctor``: what it prints, and how it ends."""

import os
import subprocess
import sys
from argparse import Namespace
from dataclasses import replace
from pathlib import Path

import pytest

from config import ROOT, Config
from etl.doctor.command import run
from store.database import Database
from tests.fake_services.faults import garbage
from tests.fake_services.fixtures import FakeServices


@pytest.fixture
def config(tmp_path: Path, database: Database, database_uri: str, fake_services: FakeServices) -> Config:
    """An installation in order that may ask Deezer."""
    for name in (".vite/manifest.json", "styles.json"):
        path = tmp_path / "dist" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    return Config(
        var=tmp_path / "var",
        static=tmp_path / "dist",
        mongodb_uri=database_uri,
        sources=frozenset({"deezer"}),
        source_urls=fake_services.urls,
    )


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [line.strip() for line in capsys.readouterr().out.splitlines()]


def test_all_is_well(config: Config, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(config, Namespace(here=False)) == 0
    printed = lines(capsys)
    assert "ok       genre_tracks: Answers." in printed
    assert "off      state: Switched off: nothing is sent there." in printed
    assert printed[-2].endswith("warnings: 0, faults: 0.")


def test_a_fault_is_printed_with_its_remedy(
    config: Config, fake_services: FakeServices, capsys: pytest.CaptureFixture[str]
) -> None:
    fake_services.deezer.fail(garbage(), times=None)
    assert run(replace(config, static=config.var), Namespace(here=False)) == 1
    printed = lines(capsys)
    assert printed[printed.index("fault    page: The page is not built.") + 1] == "> On the server: make build"
    assert any(line.startswith("fault    search: ") for line in printed)


def test_here_asks_nobody(config: Config, fake_services: FakeServices) -> None:
    assert run(config, Namespace(here=True)) == 0
    assert fake_services.request_count() == 0


def test_a_lost_database_keeps_nobody_from_looking_at_the_rest(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "etl", "doctor"],
        cwd=ROOT,
        env=os.environ
        | {"MONGODB_URI": "mongodb://127.0.0.1:1/x?serverSelectionTimeoutMS=200", "TASTEMAP_VAR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "fault    answers: The database does not answer." in done.stdout
    assert "ok       readable: 0 tracks of public tables, 0 of people's own." in done.stdout
