"""The renderer of all model cards: a Jinja template per task, filled by the training that wrote the model.

Also what every card says: the commit and the command of the training, and which baselines are better.
"""

import math
import subprocess
import sys
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined

from config import ROOT
from ml.scores import Row, measures_of


@dataclass(frozen=True, kw_only=True)
class Origin:
    """The origin of a version, in the words of its card: the command that made it, its data, and a caution."""

    command: str
    data: str
    caution: str


USER_TRAINED = Origin(
    command="the Library",
    data="The tracks of this installation's catalogue, from files and from sources other than Spotify's API",
    caution="It is your data; mind where it came from before you give the model away.",
)


def markdown_table(headings: Sequence[str], rows: Iterable[Iterable[object]]) -> str:
    """Return a Markdown table; floats get three decimals, None and NaN become "-"."""
    lines = [f"| {' | '.join(map(_cell, row))} |" for row in (headings, *rows)]
    return "\n".join([lines[0], "|" + "---|" * len(headings), *lines[1:]])


def _cell(value: object) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "-"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def render(template: Path, **values: Any) -> str:
    """Return the Markdown of a card. Every template may also name ``date`` (UTC) and ``revision`` (of git).

    Parameters
    ----------
    template
        The template's file, by convention ``Path(__file__).with_name("card.md.j2")`` of the module that fills it.
    **values
        The values that the template names. Text is inserted unchanged: Markdown is not escaped.

    Raises jinja2.UndefinedError if the template names a value that was not given.
    """
    environment = Environment(
        autoescape=False,  # noqa: S701 - Markdown, not HTML
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    now = {"date": datetime.now(UTC).date(), "revision": revision()}
    return environment.from_string(template.read_text(encoding="utf-8")).render({**now, **values})


def revision() -> str:
    """Return the commit of the code, with "+" if ml/ or store/ has changes; "unknown" outside git."""
    try:
        head = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
        changed = subprocess.run(
            ["git", "status", "--porcelain", "--", "ml", "store"], cwd=ROOT, capture_output=True, text=True
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


def better_than(task: str, rows: Sequence[Row], ours: str, ignored: Collection[str] = ()) -> str:
    """Return a line of Markdown for each measure of ``task`` by which another row is better, empty without any.

    ``rows`` are those of ``scores.json``. The row of the model ``ours`` is compared with all others but ``ignored``.
    """
    mine = next(row for row in rows if row["model"] == ours)
    others = [row for row in rows if row["model"] not in {ours, *ignored}]
    lines = []
    for measure in measures_of(task):
        if measure.higher is None or measure.key not in mine:
            continue
        sign = 1 if measure.higher else -1
        better = [
            f"{row['model']} {row[measure.key]:.3f}"
            for row in others
            if measure.key in row and sign * row[measure.key] > sign * mine[measure.key]
        ]
        if better:
            lines.append(f"- {measure.label}: {ours} {mine[measure.key]:.3f}, better {', '.join(better)}.\n")
    return "".join(lines)
