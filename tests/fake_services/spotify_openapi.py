"""What Spotify's own description flags as deprecated, read where the shared data lies."""

import re
from collections.abc import Iterable
from pathlib import Path

import yaml

from tests.fake_services.server import Request

Operation = tuple[str, "re.Pattern[str]"]


def operations(description: Path, *, deprecated: bool) -> list[Operation]:
    """Return method and pattern of the path of each operation that is flagged so."""
    paths = yaml.load(description.read_text(), yaml.CSafeLoader)["paths"]
    return [
        (method.upper(), re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))))
        for path, verbs in paths.items()
        for method, operation in verbs.items()
        if method in {"get", "post", "put", "delete"} and operation.get("deprecated", False) is deprecated
    ]


def among(known: Iterable[Operation], requests: Iterable[Request]) -> list[str]:
    """Return the requests that are one of the ``known`` operations."""
    return [
        f"{request.method} {request.path}"
        for request in requests
        for method, pattern in known
        if method == request.method and pattern.fullmatch(request.path.rstrip("/"))
    ]
