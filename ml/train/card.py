"""The renderer of all model cards: a Jinja template per task, filled by the training that wrote the model."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined

from ml.train.revision import revision


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
