"""The taxonomy's card, written by the run that made it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from ml.taxonomy.model import Taxonomy
from ml.taxonomy.train.scores import Scores, by_origin, format_origins, format_table, worst
from ml.train.card import render
from ml.train.revision import command, revision


def write(taxonomy: Taxonomy, results: Mapping[str, Mapping[str, Scores]], procedure: str) -> str:
    """Return the card's Markdown; ``results`` are by sample and way to tell."""
    placed = [taxonomy.predict(name) for name in taxonomy.names]
    sizes = Counter(one.family for one in placed)
    return render(
        Path(__file__).with_name("card.md.j2"),
        version=taxonomy.version,
        names=len(placed),
        families=len(taxonomy.families),
        date=datetime.now(UTC).date(),
        revision=revision(),
        command=command(),
        procedure=procedure,
        how=", ".join(f"{how} {count}" for how, count in Counter(one.how for one in placed).most_common()),
        sizes=", ".join(f"{family} {sizes[family]}" for family in taxonomy.families),
        table=format_table(results),
        origins=format_origins(by_origin(taxonomy)),
        loses=_loses(taxonomy, results["checked"]),
    )


def _loses(taxonomy: Taxonomy, checked: Mapping[str, Scores]) -> str:
    """Say with figures which names go wrong, and name what does at least as well."""
    ours, *others = checked.items()
    better = [name for name, one in others if one.right_family >= ours[1].right_family]
    learnt = by_origin(taxonomy).get("learnt")
    lines = [f"These do at least as well: {', '.join(better)}."] if better else []
    if learnt:
        lines.append(
            f"Of the {learnt[0]} names of `checked` that no word tells {learnt[1]:.0%} are in a right family; of all "
            f"{ours[1].names}, {ours[1].right_family:.0%}."
        )
    weakest = "; ".join(f"{family} {right:.0%} of {count}" for family, count, right in list(worst(taxonomy))[:4])
    lines.append(f"By the family that a name belongs to, the weakest of those with five names or more: {weakest}.")
    return "\n".join(lines)
