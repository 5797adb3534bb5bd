"""Packages that are installed only when wanted: told with their size, and installed by the operator alone."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from jobs import packages


def test_they_are_told_with_their_size_and_a_stranger_may_not_install(
    configured: Callable[..., FlaskClient], tmp_path: Path, database_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = configured(tmp_path, database_uri, operator_key="secret")
    monkeypatch.setattr(packages, "missing_packages", lambda _packages: ("scikit-learn",))
    train = client.get("/api/packages").json["packages"][0]
    assert (train["name"], train["installed"]) == ("train", False)
    assert train["bytes"] > 1e8
    assert train["obstacle"] == "Only whoever runs this server may install packages."
    assert client.post("/api/packages/train/install").status_code == 403
    own = configured(tmp_path, database_uri)
    assert own.post("/api/packages/nothing/install").status_code == 404
    monkeypatch.setattr(packages.os, "access", lambda *_: False)  # as root may write everywhere
    refused = own.post("/api/packages/train/install")
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "cannot_install")
    assert "read-only" in refused.json["error"]["message"]
