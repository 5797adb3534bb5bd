"""Heat maps and histograms as SVG, written without a plotting library."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from ml.histograms import EDGES, Counts
from ml.sound import Floats

_INK, _BAR, _SOFT = "#1a2528", "#2c8374", "#b9c4c4"
_FONT = 'font-family="sans-serif" font-size="11"'


def heat_map(rows: Sequence[str], columns: Sequence[str], shares: Floats, title: str) -> str:
    """Return a heat map of (rows, columns) shares from 0 to 1; the darkest is the largest of all."""
    side, left, top = 16, 170, 60
    most = max(float(shares.max(initial=0.0)), 1e-9)
    parts = [_text(left, 20, title)]
    parts += [_text(left + side * (at + 0.5), top - 6, name, "middle") for at, name in enumerate(columns)]
    for at, name in enumerate(rows):
        y = top + side * at
        parts.append(_text(left - 6, y + 12, name, "end"))
        for column in range(len(columns)):
            share = float(shares[at, column])
            hint = f"<title>{escape(f'{name}, {columns[column]}: {share:.1%}')}</title>"
            parts.append(
                f'<rect x="{left + side * column}" y="{y}" width="{side}" height="{side}" fill="{_BAR}" '
                f'fill-opacity="{share / most:.3f}" stroke="#e6e3dc" stroke-width="0.5">{hint}</rect>'
            )
    return _picture(left + side * len(columns) + 20, top + side * len(rows) + 20, parts)


def histogram_sheet(counts: Mapping[str, Counts], reference: Mapping[str, Counts], title: str) -> str:
    """Return the histograms of all features, three in a row; the reference's outline is scaled to the same area."""
    width, height = 300, 150
    parts = [_text(20, 20, title)]
    for at, (name, of_feature) in enumerate(counts.items()):
        x, y = 20 + (at % 3) * (width + 20), 40 + (at // 3) * (height + 50)
        parts += _histogram(name, of_feature, reference.get(name), x, y, width, height)
    return _picture(3 * (width + 20) + 20, 40 + -(-len(counts) // 3) * (height + 50), parts)


def _histogram(
    name: str, counts: Counts, reference: Counts | None, x: int, y: int, width: int, height: int
) -> Iterable[str]:
    ours = _heights(counts)
    theirs = _heights(reference) if reference is not None else [0.0] * len(ours)
    most = max([*ours, *theirs, 1e-9])
    step = width / len(ours)
    yield _text(x, y + 12, name)
    for at, share in enumerate(ours):
        tall = share / most * (height - 30)
        yield (
            f'<rect x="{x + at * step:.1f}" y="{y + height - tall:.1f}" width="{max(step - 1, 1):.1f}" '
            f'height="{tall:.1f}" fill="{_BAR}"/>'
        )
    outline = " ".join(
        f"{x + (at + 0.5) * step:.1f},{y + height - share / most * (height - 30):.1f}"
        for at, share in enumerate(theirs)
    )
    if reference is not None:
        yield f'<polyline points="{outline}" fill="none" stroke="{_INK}" stroke-width="1.2"/>'
    yield f'<line x1="{x}" y1="{y + height}" x2="{x + width}" y2="{y + height}" stroke="{_SOFT}"/>'
    yield _text(x, y + height + 14, f"{EDGES[name][0]:g}")
    yield _text(x + width, y + height + 14, f"{EDGES[name][-1]:g}", "end")


def _heights(counts: Counts) -> list[float]:
    total = max(int(counts.sum()), 1)
    return [float(count) / total for count in counts]


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x:g}" y="{y:g}" {_FONT} fill="{_INK}" text-anchor="{anchor}">{escape(text)}</text>'


def _picture(width: int, height: int, parts: Iterable[str]) -> str:
    heading = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
    )
    return "\n".join([heading, f'<rect width="{width}" height="{height}" fill="#ffffff"/>', *parts, "</svg>\n"])
