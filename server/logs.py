"""Logs as lines of JSON on the standard output, for hosts that collect them (TASTEMAP_LOG=json)."""

import json
import logging
from datetime import UTC, datetime
from typing import Any

# What gunicorn's access log knows of a request, by its own letters.
_ACCESS = {"m": "method", "U": "path", "s": "status", "B": "bytes", "L": "seconds", "h": "address", "a": "agent"}


class JsonFormatter(logging.Formatter):
    """Writes a record as one line; a request's record with its fields."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {"time": moment, "level": record.levelname.lower(), "logger": record.name}
        if record.name == "gunicorn.access" and isinstance(record.args, dict):
            line |= {name: record.args[letter] for letter, name in _ACCESS.items() if letter in record.args}
        else:
            line["message"] = record.getMessage()
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def json_logging() -> dict[str, Any]:
    """Return the configuration for :func:`logging.config.dictConfig`."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": "server.logs.JsonFormatter"}},
        "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stdout"}},
        "root": {"level": "INFO", "handlers": ["out"]},
        "loggers": {
            name: {"level": "INFO", "handlers": ["out"], "propagate": False}
            for name in ("gunicorn.error", "gunicorn.access")
        },
    }
