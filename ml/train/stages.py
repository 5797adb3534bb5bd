"""The finished stages of a training, kept beside the version that it makes, so that a stopped one can go on.

What a stage returns is written whole before the next one begins, and what is handed on is what was written. So a
training that was killed and resumed makes what it would have made in one go, if each stage draws its random numbers
from a seed of its own or from a generator that it returns.
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
from ml import artefacts
from ml.train.revision import revision
from ml.train.tables import require
from store.disk import replace_text, replacing
from store.errors import TastemapError

_FINGERPRINT = "fingerprint.json"
_CODE = ("ml", "store")  # what a training runs, besides the locked packages
_WORDS = {"data": "the training data", "settings": "the settings", "code": "the code"}

Say = Callable[[str], None]
P = ParamSpec("P")
T = TypeVar("T")


class CannotResume(TastemapError):  # noqa: N818 - a refusal
    """What was kept belongs to other data, settings or code."""

    code = "cannot_resume"


class Stages:
    """The stages of one training, in ``folder``; with ``None`` nothing is kept.

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
        """Return the stages of a training; without ``resume`` those that were kept are removed.

        Raises CannotResume if what is kept has another fingerprint.
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
                    "Train without --resume to begin anew, or bring back what was.",
                )
        else:
            say("nothing was kept: the training begins with the first stage")
        folder.mkdir(parents=True, exist_ok=True)
        replace_text(path, json.dumps(fingerprint, indent=1))
        return cls(folder, say)

    def run(self, name: str, make: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
        """Return what ``make`` returns, or what it returned when this stage was finished before the training stopped.

        Raises ValueError if the training has had a stage of this ``name``.
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
        """Remove what was kept: the version is written."""
        if self._folder is not None:
            shutil.rmtree(self._folder)


NOT_KEPT = Stages()


def fingerprint(data: Iterable[Path], settings: Mapping[str, Any]) -> dict[str, str]:
    """Return what a training depends on, as text: its data files, its settings, and the code with its packages.

    Raises FileNotFoundError if a data file is absent.
    """
    sources = sorted(path for top in _CODE for path in (ROOT / top).rglob("*") if path.suffix not in {"", ".pyc"})
    return {
        "data": _digest(map(require, data)),
        "settings": json.dumps(settings, sort_keys=True, default=str),
        "code": f"{revision()} {_digest([*sources, ROOT / 'Pipfile.lock'])}",
    }


def _digest(paths: Iterable[Path]) -> str:
    return hashlib.sha256("".join(map(artefacts.digest, paths)).encode()).hexdigest()
