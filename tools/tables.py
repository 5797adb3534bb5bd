"""Writes the tables in the docs from the code: ``python -m tools.tables``.

Two comments mark the place of a table in a page::

    <!-- table: variables -->
    <!-- end of table -->

The text between them is replaced. ``tests/test_docs.py`` fails if a table is out of date.
"""

import re
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from app import create_app
from config import ROOT, VARIABLES, Config
from etl.exports.formats import FORMATS
from etl.imports.registry import READERS, Reader
from etl.providers.base import About, Need
from etl.providers.registry import ORDER, PROVIDERS
from ml.tasks import TASKS

PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
MARKED_TABLE = re.compile(r"(?P<begin><!-- table: (?P<name>[\w ]+) -->\n).*?(?P<end><!-- end of table -->)", re.DOTALL)
_COMMAND = re.compile(r"^([a-z]+):.*?## (.*)$", re.MULTILINE)
_NEEDS = {
    Need.SEARCH: "search",
    Need.TRACK: "a track and its ids",
    Need.FEATURES: "audio features",
    Need.GENRES: "genres",
    Need.SIMILAR: "similar tracks",
    Need.PREVIEW: "a preview to hear",
    Need.COVER: "covers",
    Need.GENRE_TRACKS: "tracks of a genre",
    Need.ARTISTS: "artists by a search term",
    Need.ANALYSIS: "analysis (timbre segments)",
}


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table that ends with a line break; ``|`` in a cell is escaped."""
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in (headings, *rows)]
    lines.insert(1, "|" + "---|" * len(headings))
    return "\n".join(lines) + "\n"


def variables() -> str:
    return table(
        ("variable", "meaning", "default"),
        ((f"`{variable.name}`", variable.meaning, variable.default) for variable in VARIABLES),
    )


def export_formats() -> str:
    return table(
        ("format", "file", "for", "media type"),
        (
            (f"`{format_.name}`", f"`{format_.ending}`", format_.purpose, f"`{format_.media_type}`")
            for format_ in FORMATS.values()
        ),
    )


def readers() -> str:
    """Return a table of the kinds of files that are recognised, in the order in which they are tried."""
    holds = {reader.kind: "playlists" if isinstance(reader, Reader) else "other data" for reader in READERS}
    return table(("kind", "holds"), ((f"`{kind}`", what) for kind, what in holds.items()))


def tasks() -> str:
    def row(name: str) -> tuple[str, str, str, str]:
        task = TASKS[name]
        measures = "; ".join(measure.label for measure in task.measures)
        return f"`{name}`", _yes(task.training), _yes(task.user_training), measures

    return table(("task", "maintainers train it", "users train it", "measures, the first counts most"), map(row, TASKS))


def _yes(fact: object) -> str:
    return "yes" if fact else "no"


def source_limits() -> str:
    return table(
        ("source", "batch", "limit here", "kept for"),
        ((f"`{name}`", *_limits(provider.about)) for name, provider in PROVIDERS.items()),
    )


def _limits(about: About) -> tuple[str, str, str]:
    rate = about.rate
    limit = f"{rate.per_second:g} per second" if rate.per_second >= 1 else f"{60 * rate.per_second:g} per minute"
    daily = f", {rate.daily} per day" if rate.daily else ""
    days = f"{about.found_days:g} day{'s' * (about.found_days != 1)}"
    return str(max(about.batches.values(), default=1)), limit + daily, days


def source_order() -> str:
    def named(source: str, need: Need) -> str:
        return source + " (extended access only)" * (need in PROVIDERS[source].about.extended)

    return table(
        ("need", "order"),
        ((text, ", ".join(named(source, need) for source in ORDER[need])) for need, text in _NEEDS.items()),
    )


def routes() -> str:
    """Return a heading and a table for each tag of the OpenAPI description."""
    by_tag: dict[str, list[tuple[str, str, str, str]]] = {}
    for address, operations in sorted(openapi()["paths"].items()):
        for method, operation in operations.items():
            if method == "parameters":
                continue
            query = [
                f"`{parameter['name']}`" for parameter in operation.get("parameters", ()) if parameter["in"] == "query"
            ]
            row = (method.upper(), f"`{address}`", operation["summary"], ", ".join(query))
            by_tag.setdefault(operation["tags"][0], []).append(row)
    headings = ("method", "address", "answer", "query")
    return "\n".join(f"### {tag}\n\n{table(headings, rows)}" for tag, rows in sorted(by_tag.items()))


def openapi() -> Mapping[str, Any]:
    """Return the OpenAPI description of a new application without data."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Config(var=Path(folder)))
        with app.app_context():
            return dict(app.spec)


def commands() -> str:
    found = _COMMAND.findall((ROOT / "Makefile").read_text())
    return table(("command", "what it does"), ((f"`make {name}`", text) for name, text in found))


TABLES: Mapping[str, Callable[[], str]] = {
    "commands": commands,
    "export formats": export_formats,
    "readers": readers,
    "routes": routes,
    "source limits": source_limits,
    "source order": source_order,
    "tasks": tasks,
    "variables": variables,
}


def refreshed(text: str) -> str:
    """Return the text of a page with all its tables replaced by new ones.

    Raises KeyError if the page marks a table that is not in :data:`TABLES`.
    """
    return MARKED_TABLE.sub(lambda match: f"{match['begin']}\n{TABLES[match['name']]()}\n{match['end']}", text)


def main() -> None:
    for page in PAGES:
        old = page.read_text()
        new = refreshed(old)
        if new != old:
            page.write_text(new)
            print(f"{page.relative_to(ROOT)} was brought up to date.")


if __name__ == "__main__":
    main()
