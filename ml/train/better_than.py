"""The lines of a card that name better baselines, so that it claims no more than its table shows."""

from collections.abc import Collection, Sequence

from ml.scores import Row, measures_of


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
