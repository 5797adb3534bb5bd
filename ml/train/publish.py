"""The end of every training: writes the version's card and scores, and registers it."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ml import artefacts, scores
from store.disk import digest


def publish(folder: Path, written: Iterable[Path], card: str, *, activate: bool, **figures: Any) -> None:
    """Write ``card.md`` and ``scores.json`` into a version's folder, and register them with the files ``written``.

    Parameters
    ----------
    folder : Path
        ``models/<task>/<version>``; created if it is absent.
    card : str
        The Markdown of the card.
    activate : bool
        Serve the version from now on.
    **figures
        The entries of ``scores.json``, see :func:`ml.scores.write`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "card.md"
    path.write_text(card, encoding="utf-8")
    files = [*written, path, scores.write(folder, **figures)]
    artefacts.register(folder.parent.name, folder.name, files, folder.parents[1], activate=activate)


def add_scores(folder: Path, **figures: Any) -> None:
    """Add entries to the ``scores.json`` of an existing version, or replace them."""
    known = json.loads((folder / scores.FILE).read_text(encoding="utf-8"))
    path = scores.write(folder, **(known | figures))
    with artefacts.editing(folder.parents[1]) as manifest:
        name = path.relative_to(folder.parents[1]).as_posix()
        manifest["files"][name] = {"sha256": digest(path), "bytes": path.stat().st_size}
