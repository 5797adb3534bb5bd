"""What Prometheus reads, and who may."""

import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from server.logs import JsonFormatter

Configure = Callable[..., FlaskClient]


def samples(client: FlaskClient) -> dict[tuple[str, ...], float]:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_requests_queue_sources_models_and_catalogue_are_there(client: FlaskClient) -> None:
    before = samples(client)
    for path in ("/api/runs/a", "/api/runs/b", "/nowhere/x", "/nowhere/y"):
        client.get(path)
    assert client.post("/api/demo").status_code == 202
    after = samples(client)

    def grown(*key: str) -> float:
        return after[key] - before.get(key, 0)

    assert grown("tastemap_requests_total", "GET", "/api/runs/<run_id>", "404") == 2
    assert grown("tastemap_requests_total", "GET", "none", "404") == 2
    assert grown("tastemap_request_seconds_count", "/api/runs/<run_id>") == 2
    assert any(key[0] == "tastemap_runs" for key in after)
    assert after["tastemap_source", "deezer", "off"] == 1
    assert after["tastemap_catalogue_tracks", "collection"] == 10
    assert after["tastemap_problems", "store"] == 0
    assert any(key[:2] == ("tastemap_model", "genre") for key in after)
    assert after["tastemap_disk_free_bytes",] > 0


def test_a_database_that_is_down_leaves_the_rest(configured: Configure, catalogue_folder: Path) -> None:
    nowhere = "mongodb://127.0.0.1:1/tastemap?serverSelectionTimeoutMS=200"
    found = samples(configured(catalogue_folder, nowhere))
    assert found["tastemap_problems", "store"] == 1
    assert found["tastemap_catalogue_tracks", "collection"] == 10


def test_strangers_read_nothing_and_a_token_opens_it(configured: Configure, tmp_path: Path, database_uri: str) -> None:
    client = configured(tmp_path, database_uri, operator_key="sesame", metrics_key="gauge")
    assert client.get("/metrics").status_code == 403
    assert client.get("/metrics", headers={"Authorization": "Bearer sesame"}).status_code == 403
    assert client.get("/metrics", headers={"Authorization": "Bearer gauge"}).status_code == 200
    closed = configured(tmp_path, database_uri, operator_key="sesame")
    assert closed.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 403


def test_a_line_of_the_log_is_json(
    configured: Configure, tmp_path: Path, database_uri: str, caplog: pytest.LogCaptureFixture
) -> None:
    client = configured(tmp_path, database_uri, json_log=True)
    with caplog.at_level(logging.INFO, "tastemap.requests"):
        client.get("/nowhere/x%0Ay?q=secret")
    [record] = [record for record in caplog.records if record.name == "tastemap.requests"]
    line = JsonFormatter().format(record)
    assert "\n" not in line
    assert "secret" not in line
    found = json.loads(line)
    assert (found["method"], found["path"], found["status"], found["level"]) == ("GET", "/nowhere/x\ny", 404, "info")
    plain = logging.LogRecord("x", logging.ERROR, "", 0, "it %s", ("broke\nhere",), None)
    assert json.loads(JsonFormatter().format(plain))["message"] == "it broke\nhere"
