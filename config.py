"""The settings, read once from environment variables, with one clear message per problem."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Self

ROOT = Path(__file__).resolve().parent
VERSION = "2026.11"
MEGABYTE = 1024 * 1024
# The largest request body without a file, in bytes: enough for a list of some hundred tracks or people.
LARGEST_BODY = 512 * 1024
# The threads of a web process that answer requests. Progress streams (api/sources/uploads.py) and expensive requests
# (api/limits/expensive.py) hold some of them, never all.
WEB_THREADS = 20
_URL_PREFIX = "TASTEMAP_URL_"


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable that Tastemap reads; the texts are Markdown for the table in docs/operations.md."""

    name: str
    meaning: str
    default: str


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkLimits:
    """How many runs may be open, and how many rows of playlists may be kept.

    ``..._each`` limits one browser, ``..._all`` all browsers together. Long runs may take hours (gathering, training);
    the other runs import files and lists. ``waiting_mb`` limits the uploaded files that wait, in megabytes, and
    ``rows`` the rows of one upload. ``sessions`` limits the new browsers from one address in an hour, counted by each
    web process. The command line has no limits.
    """

    runs_each: int = 200
    runs_all: int = 400
    long_runs_each: int = 5
    long_runs_all: int = 20
    waiting_mb_each: int = 1024
    waiting_mb_all: int = 4096
    rows: int = 500_000
    rows_each: int = 1_000_000
    rows_all: int = 5_000_000
    sessions: int = 100

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Self:
        """Read one variable for each field, such as ``TASTEMAP_MAX_RUNS_EACH``; raises ConfigError."""
        names = [limit.name for limit in fields(cls)]
        return cls(**{name: _positive(env, f"TASTEMAP_MAX_{name.upper()}", getattr(cls(), name)) for name in names})


def _limit(name: str, meaning: str) -> Variable:
    return Variable(f"TASTEMAP_MAX_{name.upper()}", meaning, str(getattr(WorkLimits(), name)))


VARIABLES = (
    Variable("MONGODB_URI", "the MongoDB server to use", "the embedded database in `var/db`"),
    Variable("TASTEMAP_VAR", "the folder for data", "`var`"),
    Variable("PORT", "the port to serve on", "8000"),
    Variable(
        "TASTEMAP_BIND",
        "the address and port to serve on, such as `0.0.0.0:80`",
        "`0.0.0.0:$PORT`; with `make run` this machine only",
    ),
    Variable("WEB_CONCURRENCY", "the number of gunicorn workers", "2"),
    Variable("TASTEMAP_MAX_UPLOAD_MB", "the largest file that can be uploaded, in megabytes", "256"),
    Variable("TASTEMAP_BEHIND_PROXY", "1 if a proxy terminates TLS", "0; on Heroku 1"),
    Variable(
        "TASTEMAP_SOURCES",
        "the sources to use, separated by commas, or `none`; then nobody can switch them in the page",
        "the choice made in the page; at first none",
    ),
    Variable(
        "TASTEMAP_SECRET_KEY",
        "any long text; it encrypts the credentials in the database",
        "a key in `var/secret.key`",
    ),
    Variable(
        "TASTEMAP_CONTACT", "an e-mail or web address, sent to sources that want to know whom to write to", "none"
    ),
    Variable(
        "TASTEMAP_URL_NAME",
        "another address for the source NAME, such as a mirror: `TASTEMAP_URL_DEEZER`",
        "the source's own",
    ),
    Variable(
        "TASTEMAP_OPERATOR_KEY",
        "the key that a browser must give to change sources, their credentials and the served models; "
        "required behind a proxy",
        "without a proxy, everybody who reaches the page may change them",
    ),
    Variable(
        "TASTEMAP_METRICS_KEY",
        "the bearer token with which Prometheus may read `/metrics`",
        "only the operator may read it",
    ),
    Variable(
        "TASTEMAP_LOG", "`json` writes each request and each message as a line of JSON to standard output", "text"
    ),
    Variable(
        "TASTEMAP_HOSTS",
        "further names of this server, separated by commas; addresses and names of a home network always count",
        "none",
    ),
    Variable(
        "TASTEMAP_INSTALLATION",
        "the name of this installation among several on one MongoDB",
        "a name in `var/installation`",
    ),
    Variable(
        "TASTEMAP_MUSIC",
        "the folder with your music; then nobody can choose another one in the page",
        "folders chosen in the page",
    ),
    Variable(
        "TASTEMAP_WRITE_TAGS",
        "1 lets the operator write genre, tempo, key and mood into a file of the music folder, one file at a time",
        "0: no file is changed",
    ),
    Variable(
        "TASTEMAP_SNAPSHOTS", "the number of daily snapshots of the embedded database that are kept; 0 takes none", "7"
    ),
    Variable(
        "TASTEMAP_DATABASE_SECONDS",
        "how many seconds a request waits for the database before it fails with status 503",
        "2",
    ),
    _limit("runs_each", "files and lists of one browser that may wait or be read at once"),
    _limit("runs_all", "the same, of all browsers together"),
    _limit("long_runs_each", "gatherings and trainings of one browser that may be open at once"),
    _limit("long_runs_all", "the same, of all browsers together"),
    _limit("waiting_mb_each", "megabytes of uploaded files of one browser that may wait"),
    _limit("waiting_mb_all", "the same, of all browsers together"),
    _limit("rows", "rows of one upload; the command line has no limit"),
    _limit("rows_each", "rows of playlists that are kept for one browser; a playlist counts as 20 at least"),
    _limit("rows_all", "the same, of all browsers together"),
    _limit("sessions", "new browsers from one address in an hour, counted by each web process"),
    Variable("TASTEMAP_DEMO", "0 takes the demo out of the page", "1"),
    Variable("TASTEMAP_DATA", "the folder of real data for tests and training", "`../shared/data`"),
)


class ConfigError(ValueError):
    """A setting cannot be used; the message names it and says what to write instead."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """Settings of one process; :data:`VARIABLES` says what each means.

    An empty ``mongodb_uri`` selects the embedded database. Where ``sources`` is None, the page lets people choose;
    where ``music`` is None, the operator chooses the folders. ``source_urls`` maps a source's name to another address,
    such as a mirror. Where ``secret_key`` or ``installation_id`` is empty, one is made and kept in ``var``.
    """

    var: Path = ROOT / "var"
    models: Path = ROOT / "models"
    static: Path = ROOT / "static" / "dist"
    mongodb_uri: str = field(default="", repr=False)
    max_upload_bytes: int = 256 * MEGABYTE
    behind_proxy: bool = False
    sources: frozenset[str] | None = None
    source_urls: Mapping[str, str] = field(default_factory=dict)
    secret_key: str = field(default="", repr=False)
    contact: str = ""
    installation_id: str = ""
    operator_key: str = field(default="", repr=False)
    metrics_key: str = field(default="", repr=False)
    json_log: bool = False
    hosts: frozenset[str] = frozenset()
    demo: bool = True
    music: Path | None = None
    write_tags: bool = False
    database_seconds: float = 2.0
    work: WorkLimits = field(default_factory=WorkLimits)
    snapshots: int = 7

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> Self:
        """Read ``MONGODB_URI`` and the variables that begin with ``TASTEMAP_``; docs/operations.md lists them.

        Raises ConfigError if a value has the wrong form.
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
            # Heroku's router terminates TLS, and sets DYNO.
            behind_proxy=_flag(env, "TASTEMAP_BEHIND_PROXY") or "DYNO" in env,
            sources=_names(env, "TASTEMAP_SOURCES"),
            source_urls={
                name.removeprefix(_URL_PREFIX).lower(): url.strip().rstrip("/")
                for name, url in env.items()
                if name.startswith(_URL_PREFIX) and url.strip()
            },
            secret_key=env.get("TASTEMAP_SECRET_KEY", "").strip(),
            contact=env.get("TASTEMAP_CONTACT", "").strip(),
            operator_key=env.get("TASTEMAP_OPERATOR_KEY", "").strip(),
            metrics_key=env.get("TASTEMAP_METRICS_KEY", "").strip(),
            json_log=_json_log(env),
            hosts=_names(env, "TASTEMAP_HOSTS") or frozenset(),
            work=WorkLimits.from_env(env),
            database_seconds=_positive(env, "TASTEMAP_DATABASE_SECONDS", 2),
            demo=_flag(env, "TASTEMAP_DEMO", default="1"),
            music=_folder(env, "TASTEMAP_MUSIC"),
            write_tags=_flag(env, "TASTEMAP_WRITE_TAGS"),
            snapshots=_number(env, "TASTEMAP_SNAPSHOTS", 7),
            # A dyno's disk does not stay, but its name does.
            installation_id=env.get("TASTEMAP_INSTALLATION", "").strip() or env.get("DYNO", ""),
        )


def _json_log(env: Mapping[str, str]) -> bool:
    text = env.get("TASTEMAP_LOG", "").strip().lower() or "text"
    if text not in {"json", "text"}:
        raise ConfigError(f"TASTEMAP_LOG must be json or text, not {text!r}.")
    return text == "json"


def _positive(env: Mapping[str, str], name: str, default: int) -> int:
    number = _number(env, name, default)
    if number == 0:
        raise ConfigError(f"{name} must be a whole number above 0, not '0'.")
    return number


def _number(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name, "").strip() or str(default)
    if not text.isdecimal():
        raise ConfigError(f"{name} must be a whole number, not {text!r}.")
    return int(text)


def _flag(env: Mapping[str, str], name: str, default: str = "0") -> bool:
    text = env.get(name, "").strip().lower() or default
    if text not in {"0", "1"}:
        raise ConfigError(f"{name} must be 0 or 1, not {text!r}.")
    return text == "1"


def _folder(env: Mapping[str, str], name: str) -> Path | None:
    text = env.get(name, "").strip()
    if text and not Path(text).is_dir():
        raise ConfigError(f"{name} must be a folder; there is none at {text}.")
    return Path(text).resolve() if text else None


def _names(env: Mapping[str, str], name: str) -> frozenset[str] | None:
    """Return the comma-separated names: an empty set for "none", None where the variable is not set."""
    text = env.get(name, "").strip().lower()
    if not text:
        return None
    return frozenset() if text == "none" else frozenset(part.strip() for part in text.split(",") if part.strip())
