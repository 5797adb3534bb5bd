"""``python -m ml``: train a model, score the one that ships, list what is there."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from ml import artefacts

# Each module has train(data, models, *, seed, quick) and evaluate(data, models), and raises FileNotFoundError when
# the training data are absent. Imported by name, only when asked for: TensorFlow takes seconds.
TASKS = {"taxonomy": "ml.train.taxonomy", "genre": "ml.train.genre", "artists": "ml.train.artists"}

_DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    root = argparse.ArgumentParser(prog="python -m ml", description=__doc__)
    commands = root.add_subparsers(dest="command", required=True)
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("task", choices=sorted(TASKS))
    shared.add_argument("--data", type=Path, default=Path(os.environ.get("TASTEMAP_DATA") or _DATA))
    shared.add_argument("--models", type=Path, default=artefacts.MODELS, help="where artefacts are kept")
    train = commands.add_parser("train", parents=[shared], help="train on --data, export, score, write the card")
    train.add_argument("--seed", type=int, default=1)
    train.add_argument("--quick", action="store_true", help="a small model in about a minute, to see the path work")
    commands.add_parser("evaluate", parents=[shared], help="score the shipped model as it is served")
    listing = commands.add_parser("list", help="list the versions that ship")
    listing.add_argument("--models", type=Path, default=artefacts.MODELS)
    return root


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit code: 2 when the training data are absent."""
    asked = parser().parse_args(arguments)
    if asked.command == "list":
        for version in artefacts.versions(asked.models):
            active = "active" if version.active else ""
            print(f"{version.task:<10} {version.name:<12} {version.size / 1e6:6.1f} MB  {active}")
        return 0
    module = importlib.import_module(TASKS[asked.task])
    try:
        if asked.command == "train":
            module.train(asked.data, asked.models, seed=asked.seed, quick=asked.quick)
        else:
            module.evaluate(asked.data, asked.models)
    except FileNotFoundError as error:
        print(f"ml: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
