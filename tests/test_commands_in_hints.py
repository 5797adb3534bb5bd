"""No page names a shell command: in what it may show, a command stands after "On the server:", which it leaves out."""

import ast
from collections.abc import Iterator
from pathlib import Path

from store.errors import in_words

ROOT = Path(__file__).resolve().parents[1]
COMMANDS = ("python -m ", "pipenv sync", "make run", "make build", "git checkout")
# What the command line alone prints, or what runs before there is a page.
COMMAND_LINE = (
    *("etl/commands/", "etl/__main__.py", "etl/doctor/command.py", "etl/engine/command.py", "etl/exports/command.py"),
    *("ml/__main__.py", "ml/train/", "store/mongo/", "jobs/scale/", "api/session.py", "api/page.py"),
)


def texts(path: Path) -> Iterator[str]:
    """Yield the strings of a module without its docstrings, those with values in them as one."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and not {id(node)} & (inside | prose):
            yield node.value


def test_commands_stand_where_the_page_leaves_them_out() -> None:
    modules = [path for top in ("api", "services", "jobs", "etl", "ml", "store") for path in (ROOT / top).rglob("*.py")]
    shown = [path for path in modules if not path.relative_to(ROOT).as_posix().startswith(COMMAND_LINE)]
    found = [
        f"{path.relative_to(ROOT)}: {text}"
        for path in shown
        if "/train/" not in path.as_posix()
        for text in texts(path)
        if any(command in in_words(text) for command in COMMANDS)
    ]
    assert not found, "\n".join(found)
    page = [*(ROOT / "frontend" / "src").rglob("*.vue"), *(ROOT / "frontend" / "src").rglob("*.js")]
    assert not [path.name for path in page if any(command in path.read_text(encoding="utf-8") for command in COMMANDS)]


def test_a_hint_in_words_has_no_command() -> None:
    assert in_words("Split it. On the server: python -m etl import FILE") == "Split it."
    assert in_words("On the server: python -m etl import FILE") == "Whoever runs this server can do this there."
    assert in_words("Press Install.") == "Press Install."
