"""Tries every operation of /api/openapi.json with generated requests: ``python -m tools.schemathesis``.

Schemathesis generates valid and invalid requests from the description. They go to a temporary installation with a few
tracks and a playlist; about half of them use its ids. A fault is a status of 500 or more, even the described 503, which
nothing here should cause, or a status, a media type or a body that is not described. Each fault is printed once. Exit
code 1 if there is one.

``--examples`` is the largest number of requests for each operation; another ``--seed`` gives other requests.
``tests/api/test_schema_cases.py`` tries a few for each operation.
"""

import argparse
import io
import logging
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import openapi
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from app import create_app
from config import Config, WorkLimits
from jobs.worker import execute
from store.catalogue.builder import build_collection
from store.database import Database
from store.domain import AUDIO_FEATURES, FEATURE_BOUNDS, AudioFeatures, Track
from store.mongo.embedded import EmbeddedServer

_CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
_LIST = "#EXTM3U\n" + "".join(f"#EXTINF:200,Singer {n % 3} - Song {n}\nsong{n}.mp3\n" for n in range(12))
_WEB = ("api.", "services.")


@dataclass
class Report:
    """The number of requests sent by operation, and the text of each kind of fault."""

    cases: dict[str, int] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)


def try_all(folder: Path, uri: str, examples: int, chosen: int = 1) -> Report:
    """Try each operation with at most ``examples`` requests on a new application.

    Its database is at ``uri`` and its data are in ``folder``. The seed ``chosen`` determines the requests.
    """
    with _application(folder, uri) as app:
        ids = _import_playlist(app, folder, uri)
        report = Report()
        for result in openapi.from_wsgi("/api/openapi.json", app).get_all_operations():
            _try_operation(result.ok(), ids, report, examples, chosen)
    return report


def _try_operation(operation: Any, ids: dict[str, str], report: Report, examples: int, chosen: int) -> None:
    # A DELETE comes from another browser: it might delete all that the first one has imported.
    cookie = "tastemap_session=other" if operation.method.upper() == "DELETE" else "tastemap_session=mine"
    label = operation.label
    report.cases[label] = 0

    @seed(chosen)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
    )
    @given(case=operation.as_strategy(), uses_known=st.booleans())
    def send(case: Any, uses_known: bool) -> None:
        report.cases[label] += 1
        if uses_known:
            _use(case, ids)
        answer = case.call(headers={"Accept-Encoding": "identity", "Cookie": cookie})
        try:
            case.validate_response(answer, checks=_CHECKS)
        except (Failure, FailureGroup) as fault:
            for one in getattr(fault, "exceptions", [fault]):
                key = f"{label}: {answer.status_code} {type(one).__name__}"
                report.faults.setdefault(key, f"{one}\n{answer.content[:500]!r}")

    send()


def _use(case: Any, ids: dict[str, str]) -> None:
    """Replace generated values of parameters by known ones."""
    for values in (case.path_parameters, case.query):
        for name in set(values or ()) & ids.keys():
            values[name] = ids[name]


def _import_playlist(app: Any, folder: Path, uri: str) -> dict[str, str]:
    """Import a playlist; return by the name of a parameter a value that the application knows."""
    client = app.test_client()
    client.set_cookie("tastemap_session", "mine")
    sent = client.post("/api/uploads", data={"file": (io.BytesIO(_LIST.encode()), "list.m3u")}).json["run"]["id"]
    database = Database(uri)
    execute(database, folder, sent)
    database.close()
    playlist = client.get(f"/api/runs/{sent}").json["playlist_id"]
    known = {"playlist_id": playlist, "playlist": playlist, "run_id": sent, "track_id": "song1"}
    return known | {"task": "genre", "q": "Song 1 Singer 1", "name": "deezer", "format": "csv"}


@contextmanager
def _application(folder: Path, uri: str) -> Iterator[Any]:
    """Yield an application with twelve tracks; it starts no workers and does not wait after a wrong key."""
    middle = {name: (low + high) / 2 for name, (low, high) in FEATURE_BOUNDS.items() if name in AUDIO_FEATURES}
    sound = AudioFeatures(values=middle, source="table: invented")
    tracks = [
        Track(id=f"song{n}", title=f"Song {n}", artists=(f"Singer {n % 3}",), features=sound, labels=("rock",))
        for n in range(12)
    ]
    build_collection(folder / "catalogue", tracks)
    app = create_app(Config(var=folder, mongodb_uri=uri, database_seconds=60.0, work=WorkLimits(sessions=1_000_000)))
    with ExitStack() as patches:
        for name, module in list(sys.modules.items()):
            if name.startswith(_WEB) and hasattr(module, "spawn_worker"):
                patches.enter_context(patch.object(module, "spawn_worker", lambda *_: None))
            if name.startswith(_WEB) and hasattr(module, "_WRONG_KEY_SECONDS"):
                patches.enter_context(patch.object(module, "_WRONG_KEY_SECONDS", 0.0))
        yield app
    app.extensions["tastemap"].close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, default=200, help="requests for each operation")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as name:
        server = EmbeddedServer(Path(name))
        try:
            report = try_all(Path(name), server.start(), arguments.examples, arguments.seed)
        finally:
            server.stop()
    for key, text in report.faults.items():
        print(f"{key}\n{text}\n")
    print(f"{sum(report.cases.values())} requests to {len(report.cases)} operations: {len(report.faults)} faults")
    sys.exit(bool(report.faults))


if __name__ == "__main__":
    main()
