"""``python -m ml``: train a model, score the one that is served, see what there is, serve another version."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from config import ROOT, Config
from ml import artefacts, jobs
from ml.registry import ModelRegistry, compare, describe, describe_comparison
from ml.tasks import TASKS, shipped

_DATA = ROOT.parent / "shared" / "data"


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    root = argparse.ArgumentParser(prog="python -m ml", description=__doc__)
    commands = root.add_subparsers(dest="command", required=True, metavar="COMMAND")
    task = argparse.ArgumentParser(add_help=False)
    task.add_argument("task", choices=shipped())
    data = argparse.ArgumentParser(add_help=False)
    data.add_argument("--data", type=Path, default=Path(os.environ.get("TASTEMAP_DATA") or _DATA))
    where = argparse.ArgumentParser(add_help=False)
    where.add_argument(
        "--models",
        type=Path,
        help="the folder that ships, to be written to (default: models for train and evaluate; else this "
        "installation's choice, in var/models)",
    )
    train = commands.add_parser("train", parents=[task, data, where], help="train, export, score, write the card")
    train.add_argument("--seed", type=int, default=1)
    train.add_argument("--quick", action="store_true", help="a small model in about a minute, to see the path work")
    commands.add_parser("evaluate", parents=[task, data, where], help="score what ships as it is served")
    commands.add_parser("list", parents=[where], help="list the versions and what each scored")
    one = commands.add_parser(
        "compare", parents=[where], help="two versions side by side, where both were scored alike"
    )
    one.add_argument("task", help="as list shows it")
    one.add_argument("versions", nargs=2, metavar="VERSION")
    one = commands.add_parser("activate", parents=[task, where], help="serve another version")
    one.add_argument("version")
    commands.add_parser("rollback", parents=[task, where], help="serve the version that was served before")
    one = commands.add_parser(
        "export", parents=[task, where], help="copy the served version, with its card, to a folder"
    )
    one.add_argument("folder", type=Path)
    one = commands.add_parser("job", help="do the training of a run (the app starts this)")
    one.add_argument("run_id")
    return root


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit code: 1 for a version that is not there, 2 when the training data are absent."""
    asked = parser().parse_args(arguments)
    try:
        if asked.command == "job":
            return jobs.main(asked.run_id, Config.from_env())
        if asked.command in {"train", "evaluate"}:
            _learn(asked)
        else:
            print(
                _manage(
                    asked,
                    ModelRegistry(asked.models)
                    if asked.models
                    else ModelRegistry(local=Config.from_env().var / "models"),
                )
            )
    except FileNotFoundError as error:
        print(f"ml: {error}", file=sys.stderr)
        return 2
    except artefacts.ArtefactError as error:
        print(f"ml: {error}", file=sys.stderr)
        return 1
    return 0


def _learn(asked: argparse.Namespace) -> None:
    module = TASKS[asked.task].training_module()
    models = asked.models or artefacts.MODELS
    if asked.command == "train":
        module.train(asked.data, models, seed=asked.seed, quick=asked.quick)
    else:
        module.evaluate(asked.data, models)


def _manage(asked: argparse.Namespace, registry: ModelRegistry) -> str:
    if asked.command == "activate":
        registry.activate(asked.task, asked.version)
        return f"{asked.task} {asked.version} is served now; rollback brings the one before back."
    if asked.command == "rollback":
        return f"{asked.task} {registry.rollback(asked.task)} is served again."
    if asked.command == "compare":
        return describe_comparison(compare(registry, asked.task, *asked.versions), *asked.versions)
    if asked.command == "export":
        return "\n".join(str(path) for path in artefacts.copy_version(registry.active(asked.task), asked.folder))
    return describe(registry)


if __name__ == "__main__":
    sys.exit(main())
