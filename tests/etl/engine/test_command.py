"""``python -m etl sources`` as it is typed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from etl.engine.command import run
from etl.providers.base import Need, Rate, Setting
from tests.etl.engine.conftest import Engines, Provider, Server, by_isrc

ROOT = Path(__file__).resolve().parents[3]
KEYED = (Setting(name="key", label="Key", required=True, secret=True), Setting(name="market", label="Market"))


def listed(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """Return the state of each source as printed."""
    lines = capsys.readouterr().out.splitlines()
    return {line.split()[0]: line.split()[1] for line in lines if not line.startswith(" ")}


def test_sources_are_switched_on_and_off_by_name(engines: Engines, capsys: pytest.CaptureFixture[str]) -> None:
    engine = engines(Provider("one"), Provider("two"), Provider("three"), switch=False)
    assert run(engine, None, []) == 0
    assert listed(capsys) == {"one": "off", "two": "off", "three": "off"}
    assert not engine.sources.decided()
    assert run(engine, "on", ["one", "two"]) == 0
    assert run(engine, "off", ["one"]) == 0
    assert engine.sources.decided()
    assert engine.on(Need.FEATURES) == ["two"]
    assert run(engine, "on", ["all"]) == 0
    assert run(engine, None, []) == 0
    assert set(listed(capsys).values()) == {"ready"}


def test_settings_are_set_asked_for_and_unset(
    engines: Engines, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = engines(Provider(settings=KEYED))
    assert run(engine, None, []) == 0
    assert "to set: key" in capsys.readouterr().out
    monkeypatch.setattr("getpass.getpass", lambda prompt: f"secret for {prompt}")
    assert run(engine, "set", ["invented", "key", "market=DE"]) == 0
    assert engine.settings("invented") == {"key": "secret for Key:", "market": "DE"}
    assert "secret" not in capsys.readouterr().out
    assert run(engine, "set", ["invented", "market="]) == 0
    assert run(engine, "set", ["invented", "key=2"], "second") == 0
    assert engine.settings("invented") == {"key": "secret for Key:"}
    assert engine.settings("invented", "second") == {"key": "2"}
    assert run(engine, "pool", ["invented", "off"]) == 0
    assert list(engine.sources.credential_names("invented", engine.sources.get("invented"))) == ["default"]


def test_what_is_wrong_is_listed(engines: Engines, server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    server.does = lambda reply: reply.send(429, b"", Retry_After="86400")
    engine = engines(Provider(rate=Rate(per_second=1.0, daily=9)))
    engine.ask("invented", Need.FEATURES, by_isrc("A"))
    assert run(engine, None, []) == 0
    out = capsys.readouterr().out
    assert "waiting" in out
    assert "it got too many requests" in out
    assert "1 of 9 requests used" in out


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ("on", []),
        ("on", ["nobody"]),
        ("set", ["invented"]),
        ("set", ["invented", "shoe_size=44"]),
        ("pool", ["invented"]),
        ("pool", ["invented", "perhaps"]),
    ],
)
def test_wrong_use_is_told(engines: Engines, capsys: pytest.CaptureFixture[str], action: str, words: list[str]) -> None:
    assert run(engines(), action, words) == 2
    captured = capsys.readouterr()
    assert captured.err
    assert not captured.out


def test_where_the_environment_rules_nothing_is_switched(engines: Engines, capsys: pytest.CaptureFixture[str]) -> None:
    engine = engines(switch=False, sources=frozenset())
    assert run(engine, "on", ["invented"]) == 2
    assert "TASTEMAP_SOURCES" in capsys.readouterr().err


def test_it_is_a_command_of_the_program(database_uri: str, tmp_path: Path) -> None:
    env = os.environ | {"MONGODB_URI": database_uri, "TASTEMAP_VAR": str(tmp_path)}
    command = [sys.executable, "-m", "etl", "sources", "on", "deezer"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    states = {line.split()[0]: line.split()[1] for line in done.stdout.splitlines() if not line.startswith(" ")}
    assert states.pop("deezer") == "ready"
    assert set(states.values()) == {"off"}
