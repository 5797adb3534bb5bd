"""The set-up: Python, the built page, the environment's variables, the key that seals credentials."""

import difflib
import stat
import sys
from collections.abc import Collection, Iterator, Mapping
from functools import partial

from config import VARIABLES, Config
from etl.doctor.examination import Check, State

PREFIX, URL_PREFIX = "TASTEMAP_", "TASTEMAP_URL_"
# Every variable of ours that something reads; tests/etl/doctor/test_here.py compares it with the code.
KNOWN = frozenset(
    variable.name
    for variable in VARIABLES
    if variable.name.startswith(PREFIX) and not variable.name.startswith(URL_PREFIX)
)
_PYTHON = ((3, 11), (3, 14))
_check = partial(Check, area="setup")


def look_at_setup(config: Config, env: Mapping[str, str], sources: Collection[str]) -> Iterator[Check]:
    """Yield the findings; ``sources`` are the names of all sources there are."""
    yield _python(sys.version_info[:2])
    yield _page(config)
    yield from _key(config)
    wrong = list(_variables(config, env, sources))
    if not wrong:
        yield _check(name="variables", state=State.OK, message="Every variable that is set means something.")
    yield from wrong


def _python(version: tuple[int, ...]) -> Check:
    shown = ".".join(map(str, version))
    if _PYTHON[0] <= version < _PYTHON[1]:
        return _check(name="python", state=State.OK, message=f"Python {shown}.")
    remedy = "Install Python 3.11, 3.12 or 3.13, then: make clean run"
    return _check(name="python", state=State.WARNING, message=f"Python {shown} is not tested.", remedy=remedy)


def _page(config: Config) -> Check:
    needed = (config.static / ".vite" / "manifest.json", config.static / "styles.json")
    if all(path.is_file() for path in needed):
        return _check(name="page", state=State.OK, message="The page is built.")
    return _check(name="page", state=State.FAULT, message="The page is not built.", remedy="Run: make build")


def _key(config: Config) -> Iterator[Check]:
    path = config.var / "secret.key"
    if config.secret_key:
        yield _check(name="secret key", state=State.OK, message="TASTEMAP_SECRET_KEY seals the credentials.")
    elif not path.exists():
        yield _check(
            name="secret key", state=State.OK, message="None was needed yet; it is made with the first secret."
        )
    elif path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield _check(
            name="secret key",
            state=State.WARNING,
            message=f"{path} can be read by other users of this machine.",
            remedy=f"Run: chmod 600 {path}",
        )
    else:
        yield _check(name="secret key", state=State.OK, message="The key in var/secret.key is its owner's alone.")


def _variables(config: Config, env: Mapping[str, str], sources: Collection[str]) -> Iterator[Check]:
    for name in sorted(env):
        if name.startswith(URL_PREFIX):
            # A source may have further addresses: TASTEMAP_URL_SPOTIFY_ACCOUNTS.
            ending = name.removeprefix(URL_PREFIX).lower() + "_"
            if not any(ending.startswith(f"{source}_") for source in sources):
                yield _unknown(name, URL_PREFIX, [f"{URL_PREFIX}{source.upper()}" for source in sources])
        elif name.startswith(PREFIX) and name not in KNOWN:
            yield _unknown(name, PREFIX, KNOWN)
    strange = sorted((config.sources or frozenset()) - set(sources))
    if strange:
        yield _check(
            name="TASTEMAP_SOURCES",
            state=State.WARNING,
            message=f"TASTEMAP_SOURCES names what is no source: {', '.join(strange)}.",
            remedy=f"The sources are: {', '.join(sorted(sources))}.",
        )


def _unknown(name: str, prefix: str, known: Collection[str]) -> Check:
    # The common beginning would make any two names alike.
    endings = [known_name.removeprefix(prefix) for known_name in known]
    near = difflib.get_close_matches(name.removeprefix(prefix), endings, n=1)
    return _check(
        name=name,
        state=State.WARNING,
        message=f"{name} is set, but nothing reads it.",
        remedy=f"Did you mean {prefix}{near[0]}?" if near else "docs/operation.md lists the variables.",
    )
