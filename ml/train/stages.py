"""Stores the finished stages of a training beside its version, so that a stopped training can be continued.

The result of a stage is written atomically before the next stage begins, and the next stage gets it as read back from
the file. A resumed training therefore gives the same version as one without interruption, provided that each stage
draws its random numbers from a seed of its own or from a generator that it returns.
"""

import hashlib
import json
import re
import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import joblib

from config import ROOT
from ml.train.card import revision
from ml.train.tables import require
from store.disk import digest, replace_text, replacing
from store.errors import TastemapError

_FINGERPRINT = "fingerprint.json"
_CODE = ("ml", "store")  # the code that a training runs, besides the locked packages
_WORDS = {"data": "the training data", "settings": "the settings", "code": "the code"}

Say = Callable[[str], None]
P = ParamSpec("P")
T = TypeVar("T")


class CannotResume(TastemapError):  # noqa: N818 - a refusal
    """The stored stages belong to other data, settings or code."""

    code = "cannot_resume"


class Stages:
    """The stages of one training, in ``folder``; with ``None`` nothing is stored.

    Examples
    --------
    >>> stages = Stages.begin(models / "genre" / "2026.11.4.stages", fingerprint([table], {"seed": 1}), resume=True)
    >>> weights = stages.run("network", fit, task)
    >>> stages.finish()
    """

    def __init__(self, folder: Path | None = None, say: Say = print) -> None:
        self._folder, self._say = folder, say
        self._names: set[str] = set()

    @classmethod
    def begin(cls, folder: Path, fingerprint: Mapping[str, str], *, resume: bool, say: Say = print) -> "Stages":
        """Return the stages of a training; without ``resume`` stored ones are removed.

        Raises CannotResume if the stored stages have another fingerprint.
        """
        path = folder / _FINGERPRINT
        if not resume:
            shutil.rmtree(folder, ignore_errors=True)
        elif path.is_file():
            kept = json.loads(path.read_text(encoding="utf-8"))
            changed = [words for part, words in _WORDS.items() if kept.get(part) != fingerprint[part]]
            if changed:
                raise CannotResume(
                    f"Nothing is resumed: {' and '.join(changed)} changed since {folder} was written "
                    f"(at revision {kept.get('code', '').split()[0]}).",
                    "Train without --resume to start again, or restore the earlier state.",
                )
        else:
            say("no stages are stored: the training begins with the first one")
        folder.mkdir(parents=True, exist_ok=True)
        replace_text(path, json.dumps(fingerprint, indent=1))
        return cls(folder, say)

    def run(self, name: str, make: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
        """Return the stored result of this stage, or else call ``make`` and store its result.

        Raises ValueError if the training has already had a stage of this ``name``.
        """
        if self._folder is None:
            return make(*given, **named)
        path = self._folder / (re.sub(r"\W+", "-", name) + ".joblib")
        if path.name in self._names:
            raise ValueError(f"two stages are called {name}")
        self._names.add(path.name)
        if path.is_file():
            self._say(f"stage {name}: kept")
        else:
            started = time.monotonic()
            made = make(*given, **named)
            with replacing(path) as file:
                joblib.dump(made, file)
            self._say(f"stage {name}: {time.monotonic() - started:.0f} s")
        kept: T = joblib.load(path)
        return kept

    def finish(self) -> None:
        """Remove the stored stages; called when the version is written."""
        if self._folder is not None:
            shutil.rmtree(self._folder)


NOT_KEPT = Stages()


def fingerprint(data: Iterable[Path], settings: Mapping[str, Any]) -> dict[str, str]:
    """Return as text what a training depends on: its data files, its settings, and the code with its packages.

    Raises FileNotFoundError if a data file is absent.
    """
    sources = sorted(path for top in _CODE for path in (ROOT / top).rglob("*") if path.suffix not in {"", ".pyc"})
    return {
        "data": _digest(map(require, data)),
        "settings": json.dumps(settings, sort_keys=True, default=str),
        "code": f"{revision()} {_digest([*sources, ROOT / 'Pipfile.lock'])}",
    }


def _digest(paths: Iterable[Path]) -> str:
    return hashlib.sha256("".join(map(digest, paths)).encode()).hexdigest()
