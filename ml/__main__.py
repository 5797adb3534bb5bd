"""``python -m ml``: train a model, score the served one, list the versions, serve another version."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from config import ROOT, Config
from ml import artefacts, jobs
from ml.registry import ModelRegistry, compare, describe, describe_comparison
from ml.tasks import TASKS, shipped, trained_here
from store.errors import TastemapError

_DATA = ROOT.parent / "shared" / "data"


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    root = argparse.ArgumentParser(prog="python -m ml", description=__doc__)
    commands = root.add_subparsers(dest="command", required=True, metavar="COMMAND")
    task = argparse.ArgumentParser(add_help=False)
    task.add_argument("task", choices=sorted([*shipped(), *trained_here()]))
    data = argparse.ArgumentParser(add_help=False)
    data.add_argument("--data", type=Path, default=Path(os.environ.get("TASTEMAP_DATA") or _DATA))
    where = argparse.ArgumentParser(add_help=False)
    where.add_argument(
        "--models",
        type=Path,
        help="folder of models to read and change (default: the shipped models for train and evaluate; for the other "
        "commands also those of this installation in var/models)",
    )
    train = commands.add_parser("train", parents=[task, data, where], help="train, export, score, write the card")
    train.add_argument("--seed", type=int, default=1)
    train.add_argument(
        "--quick", action="store_true", help="train a small model in about a minute, to try the whole path"
    )
    train.add_argument(
        "--resume",
        action="store_true",
        help=f"continue a stopped training after its last finished stage; data, settings and code must be the same "
        f"({', '.join(_in_stages())})",
    )
    commands.add_parser("evaluate", parents=[task, data, where], help="score the active shipped version")
    commands.add_parser("list", parents=[where], help="list the versions and their scores")
    command = commands.add_parser(
        "compare", parents=[where], help="compare two versions that were scored on the same data"
    )
    command.add_argument("task", help="as listed by list")
    command.add_argument("versions", nargs=2, metavar="VERSION")
    command = commands.add_parser("activate", parents=[task, where], help="serve another version")
    command.add_argument("version")
    commands.add_parser("rollback", parents=[task, where], help="serve the previously served version again")
    command = commands.add_parser(
        "export", parents=[task, where], help="copy the served version, with its card, to a folder"
    )
    command.add_argument("folder", type=Path)
    command = commands.add_parser("job", help="carry out a training that the app has started")
    command.add_argument("run_id")
    return root


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit code: 0, 1 for an error such as an unknown version, 2 for missing data."""
    options = parser().parse_args(arguments)
    try:
        if options.command == "job":
            return jobs.main(options.run_id, Config.from_env())
        if options.command in {"train", "evaluate"}:
            _learn(options)
        else:
            local = Config.from_env().var / "models"
            print(_manage(options, ModelRegistry(options.models) if options.models else ModelRegistry(local=local)))
    except FileNotFoundError as error:
        print(f"ml: {error}", file=sys.stderr)
        return 2
    except TastemapError as error:
        print(f"ml: {error}", file=sys.stderr)
        return 1
    return 0


def _in_stages() -> list[str]:
    return [name for name, task in TASKS.items() if task.in_stages]


def _learn(options: argparse.Namespace) -> None:
    resumed = {"resume": True} if options.command == "train" and options.resume else {}
    if resumed and not TASKS[options.task].in_stages:
        raise jobs.BadOption(f"{options.task} is trained in one go.", "Train it without --resume.")
    if options.task in trained_here():
        if options.command == "evaluate":
            raise artefacts.ArtefactError(f"The scores of {options.task} are in its card: python -m ml list.")
        print(json.dumps(jobs.train_here(options.task, Config.from_env(), {"seed": options.seed}), indent=1))
        return
    module = TASKS[options.task].training_module()
    models = options.models or artefacts.MODELS
    if options.command == "train":
        module.train(options.data, models, seed=options.seed, quick=options.quick, **resumed)
    else:
        module.evaluate(options.data, models)


def _manage(options: argparse.Namespace, registry: ModelRegistry) -> str:
    if options.command == "activate":
        registry.activate(options.task, options.version)
        return f"{options.task} {options.version} is served now; rollback returns to the previous one."
    if options.command == "rollback":
        return f"{options.task} {registry.rollback(options.task)} is served again."
    if options.command == "compare":
        return describe_comparison(compare(registry, options.task, *options.versions), *options.versions)
    if options.command == "export":
        return "\n".join(str(path) for path in artefacts.copy_version(registry.active(options.task), options.folder))
    return describe(registry)


if __name__ == "__main__":
    sys.exit(main())
