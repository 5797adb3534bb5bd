"""The one renderer of model cards: a Jinja template per task, filled by the training that wrote the model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined


def render(template: Path, **values: Any) -> str:
    """Return the Markdown of a card.

    Parameters
    ----------
    template
        The template's file, by convention ``Path(__file__).with_name("card.md.j2")`` of the module that fills it.
    **values
        What the template names. Text is put in as it is: Markdown is not escaped.

    Raises
    ------
    jinja2.UndefinedError
        The template names a value that was not given.
    """
    environment = Environment(
        autoescape=False,  # noqa: S701 - Markdown, not HTML
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.from_string(template.read_text(encoding="utf-8")).render(values)
