"""Compile ``static/scss/app.scss`` with libsass into ``static/dist``: ``python frontend/styles.py``.

The file's name carries a hash of its content; ``styles.json`` beside it says ``{"app.css": "app-<hash>.css"}``.
LibSass passes rules that it does not know, such as ``@use``, through without an error, so the outcome is
inspected before it replaces the last one.
"""

import hashlib
import json
import sys
from pathlib import Path

import sass

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "static" / "scss" / "app.scss"
TARGET = ROOT / "static" / "dist"
# Half of what the page's styles come to; a stylesheet this small has lost its partials.
LEAST_BYTES = 8_000
FOREIGN_RULES = ("@use", "@forward", "@include", "@mixin", "@function")


class StyleError(ValueError):
    """The stylesheet cannot be used; the message says why."""


def compile_styles(source: Path = SOURCE) -> str:
    """Return ``source`` as minified CSS.

    Raises StyleError if the Sass is wrong, or LibSass left Sass in the outcome.
    """
    try:
        css: str = sass.compile(filename=str(source), output_style="compressed")
    except sass.CompileError as error:
        raise StyleError(str(error).strip()) from error
    left = [rule for rule in FOREIGN_RULES if rule in css]
    if left:
        raise StyleError(f"{source.name}: LibSass does not know {', '.join(left)} and passed it through")
    if len(css.encode()) < LEAST_BYTES:
        raise StyleError(
            f"{source.name}: only {len(css.encode())} bytes of CSS came out, expected {LEAST_BYTES} or more"
        )
    return css


def write_styles(css: str, target: Path = TARGET) -> Path:
    """Write ``css`` under its hashed name, point ``styles.json`` at it and remove older ones."""
    target.mkdir(parents=True, exist_ok=True)
    path = target / f"app-{hashlib.sha256(css.encode()).hexdigest()[:8]}.css"
    path.write_text(css, encoding="utf-8")
    partial = target / "styles.json.partial"
    partial.write_text(json.dumps({"app.css": path.name}) + "\n", encoding="utf-8")
    partial.replace(target / "styles.json")
    for old in target.glob("app-*.css"):
        if old != path:
            old.unlink()
    return path


def main() -> int:
    try:
        path = write_styles(compile_styles())
    except StyleError as error:
        sys.stderr.write(f"frontend/styles.py: {error}\n")
        return 1
    sys.stdout.write(f"{path.relative_to(ROOT)}  {path.stat().st_size:,} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
