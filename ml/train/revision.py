"""The commit and the command of a training."""

import subprocess
import sys
from pathlib import Path


def revision() -> str:
    """Return the commit of the code, with "+" if ml/ or store/ has changes; "unknown" outside git."""
    root = Path(__file__).resolve().parents[2]
    try:
        head = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=root, capture_output=True, text=True)
        changed = subprocess.run(
            ["git", "status", "--porcelain", "--", "ml", "store"], cwd=root, capture_output=True, text=True
        )
    except FileNotFoundError:
        return "unknown"
    if head.returncode:
        return "unknown"
    return head.stdout.strip() + ("+" if changed.stdout.strip() else "")


def command() -> str:
    """Return the arguments of this training's command line, without --data and --models."""
    words = sys.argv[1:]
    folders = {"--data", "--models"}
    return " ".join(word for before, word in zip(["", *words], words, strict=False) if not {before, word} & folders)
