"""The docs say what the code does: the tables that are made from registries, and the links between pages."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from config import ROOT, VARIABLES, Config
from etl.exports.formats import FORMATS
from etl.providers.registry import ORDER, PROVIDERS
from tools import imports, tables

_REMEDY = "Run: .venv/bin/python -m tools.tables"
# Heroku sets it; nobody is to write it.
_NOT_OURS = {"DYNO"}
README_LINES = 130


class Recorder(Mapping[str, str]):
    """An empty environment that remembers which variables were looked for."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        self.names.add(str(name))
        return False

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def page(name: str) -> str:
    return (ROOT / name).read_text()


def rows(text: str) -> list[list[str]]:
    """Return the cells of every row of every table."""
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in text.splitlines() if line[:2] == "| "]


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings as GitHub makes them."""
    headings = re.findall(r"(?m)^#+ (.*)$", text)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", tables.PAGES, ids=lambda path: path.name)
def test_tables_are_up_to_date(path: Path) -> None:
    text = path.read_text()
    assert text == tables.refreshed(text), f"A table of {path.relative_to(ROOT)} is out of date. {_REMEDY}"


def test_every_table_is_in_a_page_and_once() -> None:
    names = [match["name"] for path in tables.PAGES for match in tables.MARKED_TABLE.finditer(path.read_text())]
    assert sorted(names) == sorted(tables.TABLES)


def test_a_row_that_lacks_is_noticed() -> None:
    text = page("docs/operations.md")
    without = re.sub(r"(?m)^\| `TASTEMAP_HOSTS`.*\n", "", text)
    assert without != text
    assert tables.refreshed(without) == text


def test_a_table_that_nobody_makes_is_an_error() -> None:
    with pytest.raises(KeyError, match="weather"):
        tables.refreshed("<!-- table: weather -->\n<!-- end of table -->\n")


def test_every_source_has_its_limits_its_addresses_and_its_licence() -> None:
    text = page("docs/sources.md")
    first = [row[0].strip("`") for row in rows(text) if row[0].startswith("`")]
    assert all(first.count(name) >= 2 for name in PROVIDERS)
    licences = text[text.index("## What is sent") :]
    titles = {provider.about.title.removesuffix(" labs") for provider in PROVIDERS.values()}
    assert [title for title in sorted(titles) if f"\n| {title}" not in licences] == []


def test_every_need_has_its_order() -> None:
    assert len(rows(tables.source_order())) == len(ORDER) + 1


def test_every_variable_that_the_configuration_reads_has_a_row() -> None:
    environment = Recorder()
    Config.from_env(environment)
    assert environment.names - _NOT_OURS <= {variable.name for variable in VARIABLES}


def test_every_export_format_says_what_it_holds() -> None:
    holds = re.findall(r"(?m)^- `([\w-]+)`: ", page("docs/formats.md"))
    assert holds == list(FORMATS)


def test_the_picture_of_imports_is_up_to_date() -> None:
    assert imports.PICTURE.read_text() == imports.picture(), "Run: .venv/bin/python -m tools.imports"


def test_every_link_between_pages_leads_somewhere() -> None:
    broken = []
    for path in tables.PAGES:
        for link in re.findall(r"\]\(([^)\s]+)\)", path.read_text()):
            file, _, anchor = link.partition("#")
            target = path.parent / file if file else path
            if link.startswith("http"):
                continue
            if not target.exists() or (anchor and anchor not in anchors(target.read_text())):
                broken.append(f"{path.name}: {link}")
    assert broken == []


def test_the_readme_stays_short() -> None:
    assert len(page("README.md").splitlines()) <= README_LINES


def test_every_proof_of_a_guard_is_a_test() -> None:
    proofs = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", page("docs/security.md"))
    assert len(proofs) > 20
    missing = [f"{path}::{name}" for path, name in proofs if f"def {name}(" not in page(path)]
    assert missing == []
