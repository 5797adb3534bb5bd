"""The command ``analyse``, which prints the audio features and the analysis of audio files as JSON."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from config import Config
from etl.audio.decoding import UnreadableSound


def add_sound(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser of ``python -m etl``."""
    parser = commands.add_parser("analyse", help="print the audio features and the analysis of audio files as JSON")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--features", action="store_true", help="only the features, which takes less time")
    parser.set_defaults(command=_analyse, without_database=True)


def _analyse(_config: Config, options: argparse.Namespace) -> int:
    """Print a line of JSON for each file; return 1 if one could not be read."""
    from etl.audio.analyser import analyse

    failed = 0
    for path in options.files:
        try:
            found = analyse(path, full=not options.features)
        except UnreadableSound as fault:
            print(fault, file=sys.stderr)
            failed = 1
            if fault.code == "missing_packages":
                break
            continue
        document = {
            "file": str(path),
            "version": found.version,
            "features": dict(found.features.values),
            "confidence": dict(found.confidence),
            "descriptors": dict(found.descriptors),
        }
        print(json.dumps(document | ({"analysis": found.analysis} if found.analysis else {})), flush=True)
    return failed
