"""Print the circles of imports and draw which folder imports which: ``python -m tools.imports``.

Imports inside functions and under ``TYPE_CHECKING`` count like all others. The picture is ``docs/img/imports.svg``;
the same imports give the same bytes. The exit status is 1 if there is a circle.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from config import ROOT

LAYERS = ("store", "etl", "ml", "jobs", "services", "api")
PROGRAMS = ("app.py", "config.py", "gunicorn.conf.py")


def modules(root: Path = ROOT) -> dict[str, Path]:
    """Return the files of the programs and layers below ``root`` by dotted name, ``ml.blend`` for its ``__init__``."""
    files = [root / name for name in PROGRAMS]
    files += [path for layer in LAYERS for path in sorted((root / layer).rglob("*.py"))]
    return {_dotted(path.relative_to(root)): path for path in files if path.is_file()}


def _dotted(relative: Path) -> str:
    parts = relative.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(name: str, path: Path) -> Iterator[str]:
    """Yield the dotted names that a module imports: ``a.b`` and, for ``from a.b import c``, ``a.b.c`` and ``a.b``."""
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *filter(None, [node.module])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def import_graph(root: Path = ROOT) -> dict[str, set[str]]:
    """Return for each module below ``root`` the modules that it imports.

    A name that a package's ``__init__`` holds counts as an import of the package, a module in it does not.
    """
    files = modules(root)
    graph: dict[str, set[str]] = {}
    for name, path in files.items():
        found = {imported if imported in files else imported.rpartition(".")[0] for imported in imports_of(name, path)}
        graph[name] = {module for module in found if module in files and module != name}
    return graph


def circles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """Return the groups of modules that import each other, directly or through others, each in order of name.

    They are the strongly connected components of more than one node (Tarjan, 1972), without recursion.
    """
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []
    for start in sorted(graph):
        if start in index:
            continue
        path = [(start, iter(sorted(graph[start])))]
        index[start] = low[start] = len(index)
        stack.append(start)
        while path:
            node, targets = path[-1]
            for target in targets:
                if target not in index:
                    index[target] = low[target] = len(index)
                    stack.append(target)
                    path.append((target, iter(sorted(graph[target]))))
                    break
                if target in stack:
                    low[node] = min(low[node], index[target])
            else:
                path.pop()
                if path:
                    low[path[-1][0]] = min(low[path[-1][0]], low[node])
                if low[node] == index[node]:
                    component = stack[stack.index(node) :]
                    del stack[stack.index(node) :]
                    if len(component) > 1:
                        found.append(sorted(component))
    return sorted(found)


def main() -> None:
    found = circles(import_graph())
    for circle in found:
        print("circle:", ", ".join(circle))
    if not found:
        print("No circles.")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
