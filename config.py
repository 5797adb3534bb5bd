"""Everything the environment may say, read once, with one clear message per problem."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent
MEGABYTE = 1024 * 1024


class ConfigError(ValueError):
    """A setting cannot be used; the message names it and says what to write instead."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """Settings of one process.

    ``mongodb_uri`` is empty where the embedded database is to be used. ``max_upload_bytes`` bounds one
    dropped file.
    """

    var: Path = ROOT / "var"
    models: Path = ROOT / "models"
    static: Path = ROOT / "static" / "dist"
    mongodb_uri: str = field(default="", repr=False)
    max_upload_bytes: int = 256 * MEGABYTE
    behind_proxy: bool = False

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> Config:
        """Read ``TASTEMAP_VAR``, ``MONGODB_URI``, ``TASTEMAP_MAX_UPLOAD_MB`` and ``TASTEMAP_BEHIND_PROXY``.

        Raises
        ------
        ConfigError
            A value has the wrong form.
        """
        env = os.environ if env is None else env
        uri = env.get("MONGODB_URI", "").strip()
        if uri and not uri.startswith(("mongodb://", "mongodb+srv://")):
            raise ConfigError(
                "MONGODB_URI must start with mongodb:// or mongodb+srv://; leave it out for the embedded database."
            )
        return cls(
            var=Path(env.get("TASTEMAP_VAR", "") or ROOT / "var").resolve(),
            mongodb_uri=uri,
            max_upload_bytes=_positive(env, "TASTEMAP_MAX_UPLOAD_MB", 256) * MEGABYTE,
            # Heroku's router terminates TLS and names the dyno; elsewhere the operator says so.
            behind_proxy=_flag(env, "TASTEMAP_BEHIND_PROXY") or "DYNO" in env,
        )


def _positive(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name, "").strip() or str(default)
    if not text.isdecimal() or int(text) == 0:
        raise ConfigError(f"{name} must be a whole number above 0, not {text!r}.")
    return int(text)


def _flag(env: Mapping[str, str], name: str) -> bool:
    text = env.get(name, "").strip().lower() or "0"
    if text not in {"0", "1"}:
        raise ConfigError(f"{name} must be 0 or 1, not {text!r}.")
    return text == "1"
