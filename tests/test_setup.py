"""What the set-up promises: a light web process, a lock without addresses, artefacts within their limit."""

import json
import os
import re
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from config import Config, ConfigError
from tools.serve import HOST, listening

ROOT = Path(__file__).resolve().parents[1]
HEAVY = {"tensorflow", "tensorflow-cpu", "keras", "scikit-learn", "scipy", "joblib"}
MODELS_LIMIT_BYTES = 40 * 1024 * 1024


def committed() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_serving_needs_no_training_package() -> None:
    lock = json.loads((ROOT / "Pipfile.lock").read_text())
    assert not HEAVY & set(lock["default"])
    assert {"scikit-learn", "joblib", "tensorflow", "tensorflow-cpu"} <= set(lock["train"])


def test_given_packages_are_in_the_pipfile() -> None:
    pipfile = tomllib.loads((ROOT / "Pipfile").read_text())
    given = {"flask", "spotipy", "pymongo", "tensorflow", "scikit-learn", "pandas", "joblib", "gunicorn", "libsass"}
    assert given <= set(pipfile["packages"]) | set(pipfile["train"])


def test_lock_names_no_package_index() -> None:
    assert json.loads((ROOT / "Pipfile.lock").read_text())["_meta"]["sources"] == []


def test_no_registry_address_is_committed() -> None:
    address = re.compile(r"https?://[\w.]*(?:p[y]pi\.org|p[y]thonhosted\.org|npm[j]s\.org|deb[i]an\.org)")
    texts = (
        path for path in committed() if path.suffix not in {".png", ".tflite", ".npz", ".npy", ".keras", ".joblib"}
    )
    assert [path.name for path in texts if address.search(path.read_text(errors="replace"))] == []


def test_models_stay_small() -> None:
    size = sum(path.stat().st_size for path in (ROOT / "models").rglob("*") if path.is_file())
    assert 0 < size < MODELS_LIMIT_BYTES


def test_web_process_imports_nothing_heavy() -> None:
    heavy = [
        "tensorflow",
        "keras",
        "sklearn",
        "scipy",
        "pandas",
        "pyarrow",
        "sqlalchemy",
        "secantus",
        "spotipy",
        "redis",
        "cryptography",
    ]
    # gunicorn's master imports its settings, and its web processes have all of that by their fork.
    settings = "import runpy; runpy.run_path('gunicorn.conf.py')"
    check = f"import app, sys; {settings}; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", check], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_master_forks_when_it_has_no_other_thread(tmp_path: Path) -> None:
    program = """
import os, runpy, threading, time
settings = runpy.run_path("gunicorn.conf.py")
settings["on_starting"](None)
threading.Thread(target=time.sleep, args=[0.3]).start()
settings["pre_fork"](None, None)
print(len(os.listdir("/proc/self/task")), threading.enumerate())
settings["on_exit"](None)
"""
    ours = ("MONGODB_URI", "TASTEMAP_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    environment["TASTEMAP_VAR"] = str(tmp_path)
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("1 [<_MainThread")


def test_config_has_defaults_for_everything() -> None:
    config = Config.from_env({})
    assert config.mongodb_uri == ""
    assert config.max_upload_bytes == 256 * 1024 * 1024


@pytest.mark.parametrize(
    ("name", "value"),
    [("MONGODB_URI", "localhost:27017"), ("TASTEMAP_MAX_UPLOAD_MB", "lots"), ("TASTEMAP_BEHIND_PROXY", "yes")],
)
def test_config_names_the_setting_that_is_wrong(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name):
        Config.from_env({name: value})


def test_config_does_not_show_the_password_of_the_database() -> None:
    assert "secret" not in repr(Config.from_env({"MONGODB_URI": "mongodb://user:secret@db.example/app"}))


def test_two_that_start_at_the_same_moment_take_two_ports() -> None:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    first = listening(port)
    assert first is not None
    assert listening(port) is None
    first.close()
    again = listening(port)
    assert again is not None
    again.close()
