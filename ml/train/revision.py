"""Which commit a model was trained at, and by which command."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def revision() -> str:
    """Return the commit the code is at, "+" when ml/ or store/ has changes, "unknown" outside git."""
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
    kept = [word for at, word in enumerate(words) if not _is_folder(word) and not (at and _is_folder(words[at - 1]))]
    return " ".join(kept)


def _is_folder(word: str) -> bool:
    return word in {"--data", "--models"}
