"""Which commit a model was trained at."""

from __future__ import annotations

import subprocess
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
