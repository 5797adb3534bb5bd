"""The one renderer of model cards."""

from pathlib import Path

import jinja2
import pytest

from ml.train.card import markdown_table, render


def _template(folder: Path, text: str) -> Path:
    path = folder / "card.md.j2"
    path.write_text(text)
    return path


def test_values_are_put_in_as_they_are(tmp_path: Path) -> None:
    template = _template(tmp_path, "# {{ name }} {{ '%.2f' % share }}\n{% if loses %}\n- {{ loses }}\n{% endif %}\n")
    assert render(template, name="R&B <1>", share=0.126, loses="A") == "# R&B <1> 0.13\n- A\n"


def test_a_value_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(jinja2.UndefinedError, match="share"):
        render(_template(tmp_path, "{{ name }} {{ share }}"), name="Genre")


def test_a_table_has_three_decimals_and_a_dash_for_what_is_unknown() -> None:
    table = markdown_table(("model", "k", "auc"), [("ours", 3, 0.12345), ("none", None, float("nan"))])
    assert table == "| model | k | auc |\n|---|---|---|\n| ours | 3 | 0.123 |\n| none | - | - |"
