"""Prints circular imports and draws which folder imports which: ``python -m tools.imports``.

Imports inside functions and under ``TYPE_CHECKING`` count like all others. The picture is ``docs/img/imports.svg``; the
same imports give the same bytes. Exit code 1 if modules import each other in a circle.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from html import escape
from itertools import pairwise
from pathlib import Path

from config import ROOT

LAYERS = ("store", "etl", "ml", "jobs", "services", "api", "server")
PROGRAMS = ("app.py", "config.py", "gunicorn.conf.py")
PICTURE = ROOT / "docs" / "img" / "imports.svg"
# Not drawn, because every layer imports it.
_EVERYWHERE = "config"


def modules(root: Path = ROOT) -> dict[str, Path]:
    """Return by dotted name the files of the programs and layers below ``root``.

    The name of ``ml/blend/__init__.py`` is ``ml.blend``.
    """
    files = [root / name for name in PROGRAMS]
    files += [path for layer in LAYERS for path in sorted((root / layer).rglob("*.py"))]
    return {_dotted(path.relative_to(root)): path for path in files if path.is_file()}


def _dotted(relative: Path) -> str:
    parts = relative.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(name: str, path: Path) -> Iterator[str]:
    """Yield the dotted names that a module imports: ``a.b`` for ``import a.b``, ``a.b.c`` for ``from a.b import c``."""
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

    ``from a import b`` is an import of the module ``a.b`` if there is one, and of ``a`` otherwise.
    """
    files = modules(root)
    graph: dict[str, set[str]] = {}
    for name, path in files.items():
        found = {imported if imported in files else imported.rpartition(".")[0] for imported in imports_of(name, path)}
        graph[name] = {module for module in found if module in files and module != name}
    return graph


def circles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """Return the groups of nodes that import each other, directly or through others; each group is sorted by name.

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


def folder_of(path: Path, root: Path = ROOT) -> str:
    """Return the folder of a module below ``root``, such as ``ml/blend``; for a program its own path, ``app.py``."""
    relative = path.relative_to(root)
    is_program = len(relative.parts) == 1 or relative.name == "__main__.py"
    return relative.as_posix() if is_program else relative.parent.as_posix()


def layer_of(module: str, path: Path, root: Path = ROOT) -> str:
    """Return the name of the box in the picture that shows a module."""
    parts = path.relative_to(root).parts
    if parts[-1] == "__main__.py" or parts[:2] == ("etl", "commands"):
        return "command line"
    if parts[0] == "ml" and "train" in parts:
        return "ml train"
    return "app" if len(parts) == 1 and module != _EVERYWHERE else parts[0].removesuffix(".py")


def grouped(graph: Mapping[str, set[str]], group: Callable[[str], str]) -> dict[str, set[str]]:
    """Return the imports between groups of modules, without those inside a group."""
    result: dict[str, set[str]] = {}
    for module, imported in graph.items():
        result.setdefault(group(module), set()).update(map(group, imported))
    return {name: targets - {name} for name, targets in result.items()}


def reduced(graph: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """Return the graph without direct imports of what is also imported through another node; it must have no circle."""

    @cache
    def below(node: str) -> frozenset[str]:
        return frozenset(graph[node]).union(*(below(target) for target in graph[node]))

    return {
        node: {target for target in targets if not any(target in below(other) for other in targets)}
        for node, targets in graph.items()
    }


def heights(graph: Mapping[str, set[str]]) -> dict[str, int]:
    """Return for each node the length of its longest chain of imports; the graph must have no circle."""

    @cache
    def height(node: str) -> int:
        return max((height(target) + 1 for target in graph[node]), default=0)

    return {node: height(node) for node in graph}


def picture(root: Path = ROOT) -> str:
    """Return an SVG: boxes of the layers with arrows to what they import, and below them a table of the folders.

    Raises ValueError if layers import each other.
    """
    files = modules(root)
    graph = import_graph(root)
    layers = grouped(graph, lambda module: layer_of(module, files[module], root))
    layers = {name: targets - {_EVERYWHERE} for name, targets in layers.items() if name != _EVERYWHERE}
    if found := circles(layers):
        raise ValueError(f"layers import each other: {found}")
    folders = grouped(graph, lambda module: folder_of(files[module], root))
    shown: dict[str, list[str]] = {}
    for module, path in files.items():
        names = shown.setdefault(layer_of(module, path, root), [])
        folder = folder_of(path, root)
        if folder not in names:
            names.append(folder)
    width, top, drawn = _draw_layers(layers, shown)
    table_width, height, table = _draw_table(folders, _order(folders, layers, shown), top + 30)
    width = max(width, table_width)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="sans-serif" font-size="12" fill="#222">'
    )
    return "\n".join([head, f'<rect width="{width}" height="{height}" fill="#fff"/>', *drawn, *table, "</svg>", ""])


# All in pixels. Layers: distance of rows, width and height of a box, gap between boxes, margin of the picture.
_ROW, _BOX, _HEIGHT, _GAP, _MARGIN = 110, 250, 70, 30, 20
_CELL, _LABEL = 15, 150  # table: side of a cell, length of a name
_LINE = 46  # characters in a line of a box


def _draw_layers(layers: Mapping[str, set[str]], shown: Mapping[str, list[str]]) -> tuple[int, int, list[str]]:
    height = heights(layers)
    rows = [[name for name in sorted(layers) if height[name] == level] for level in range(max(height.values()), -1, -1)]
    widest = max(map(len, rows))
    width = 2 * _MARGIN + widest * _BOX + (widest - 1) * _GAP
    place: dict[str, tuple[float, float]] = {}
    for level, names in enumerate(rows):
        left = (width - len(names) * _BOX - (len(names) - 1) * _GAP) / 2
        for column, name in enumerate(names):
            place[name] = (left + column * (_BOX + _GAP), _MARGIN + level * _ROW)
    lines = [
        '<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<path d="M0 0L8 4L0 8z" fill="#567"/></marker>'
    ]
    for name, targets in sorted(reduced(layers).items()):
        for target in sorted(targets):
            (x, y), (end_x, end_y) = place[name], place[target]
            stops = [(x + _BOX / 2, y + _HEIGHT)]
            for level in range(round((y - _MARGIN) / _ROW) + 1, round((end_y - _MARGIN) / _ROW)):
                # An arrow passes a row through the nearest gap between its boxes.
                edges = [place[box][0] for box in rows[level]]
                gaps = [edge - _GAP / 2 for edge in edges] + [edges[-1] + _BOX + _GAP / 2]
                gap = min(gaps, key=lambda each: abs(each - (x + end_x + _BOX) / 2))
                stops += [(gap, _MARGIN + level * _ROW), (gap, _MARGIN + level * _ROW + _HEIGHT)]
            stops.append((end_x + _BOX / 2, end_y))
            lines.append(
                f'<path d="{_curve(stops)}" fill="none" stroke="#567" stroke-width="1.5" marker-end="url(#tip)"/>'
            )
    for name, (x, y) in sorted(place.items()):
        inner = [folder.partition("/")[2] if name != "command line" else folder for folder in shown[name]]
        lines.append(
            f'<rect x="{x:g}" y="{y:g}" width="{_BOX}" height="{_HEIGHT}" rx="6" fill="#eef3f7" stroke="#567"/>'
        )
        lines.append(_text(x + _BOX / 2, y + 18, name, 'font-weight="bold" text-anchor="middle"'))
        for number, line in enumerate(_wrapped(sorted(filter(None, inner)) or shown[name])):
            lines.append(_text(x + _BOX / 2, y + 32 + 10 * number, line, 'font-size="9" text-anchor="middle"'))
    return width, _MARGIN + len(rows) * _ROW, lines


def _order(
    folders: Mapping[str, set[str]], layers: Mapping[str, set[str]], shown: Mapping[str, list[str]]
) -> list[str]:
    """Return the folders, importing ones before imported ones.

    Layers come in the order of their height. Within a layer the next folder is the one that the fewest of the remaining
    folders import.
    """
    height = heights(layers)
    order = []
    for layer in sorted(layers, key=lambda name: (-height[name], name)):
        rest = set(shown[layer])
        while rest:
            chosen = min(sorted(rest), key=lambda folder: sum(folder in folders[other] for other in rest))
            order.append(chosen)
            rest.remove(chosen)
    return order


def _draw_table(folders: Mapping[str, set[str]], order: list[str], top: float) -> tuple[int, int, list[str]]:
    """Draw a dot where the folder of a row imports the one of a column; it is red if the latter comes first in order.

    Return width, bottom and SVG elements.
    """
    side = _CELL * len(order)
    left, first = _MARGIN + _LABEL, top + _LABEL
    lines = [_text(_MARGIN, top, "Each folder (row) and what it imports (columns)", 'font-weight="bold"')]
    for number, folder in enumerate(order):
        middle = (number + 0.5) * _CELL
        shade = "#f4f6f8" if number % 2 else "#fff"
        lines.append(
            f'<rect x="{left}" y="{first + number * _CELL:g}" width="{side}" height="{_CELL}" fill="{shade}"/>'
        )
        lines.append(_text(left - 6, first + middle + 4, folder, 'font-size="11" text-anchor="end"'))
        turned = f'font-size="11" transform="rotate(-90 {left + middle + 4:g} {first - 6:g})"'
        lines.append(_text(left + middle + 4, first - 6, folder, turned))
    lines.append(f'<path d="M{left} {first:g}l{side} {side}" stroke="#bcd"/>')
    for row, folder in enumerate(order):
        for column, other in enumerate(order):
            if other in folders[folder]:
                x, y = left + (column + 0.5) * _CELL, first + (row + 0.5) * _CELL
                lines.append(f'<circle cx="{x:g}" cy="{y:g}" r="4" fill="{"#567" if column > row else "#d33"}"/>')
    return left + side + _MARGIN, int(first + side + _MARGIN), lines


def _curve(stops: list[tuple[float, float]]) -> str:
    """Return the SVG path of an arrow through ``stops``; it is vertical at each of them."""
    path = f"M{stops[0][0]:g} {stops[0][1]:g}"
    for (x, y), (to_x, to_y) in pairwise(stops):
        bend = (to_y - y) * 0.7
        path += f"C{x:g} {y + bend:g} {to_x:g} {to_y - bend:g} {to_x:g} {to_y:g}"
    return path


def _wrapped(words: Iterable[str]) -> list[str]:
    lines = [""]
    for word in words:
        if lines[-1] and len(lines[-1]) + len(word) + 2 > _LINE:
            lines[-1] += ","
            lines.append("")
        lines[-1] += ", " * bool(lines[-1]) + word
    return lines


def _text(x: float, y: float, text: str, attributes: str) -> str:
    return f'<text x="{x:g}" y="{y:g}" {attributes}>{escape(text)}</text>'


def main() -> None:
    found = circles(import_graph())
    for circle in found:
        print("circle:", ", ".join(circle))
    if not found:
        print("No circles.")
    text = picture()
    if not PICTURE.exists() or PICTURE.read_text(encoding="utf-8") != text:
        PICTURE.write_text(text, encoding="utf-8")
        print(f"{PICTURE.relative_to(ROOT)} was brought up to date.")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
