"""The taxonomy's card, written by the run that made it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime

from ml.taxonomy.model import Taxonomy
from ml.taxonomy.train.scores import Scores, by_origin, format_origins, format_table, worst
from ml.train.revision import command, revision

_CARD = """# Taxonomy {version}

{names} names of genres in {families} families and, within them, the 114 genres.

- **Made** {date} at git revision {revision} by `python -m ml {command}`. Nothing is drawn, so there is no seed.
- **Procedure** {procedure}
- **Data** the names of Spotify's microgenres, the genres of artists in a public table of tracks, the beets genre tree
  (MIT). What ships is names of genres and where they belong.
- **Placed** {how}.
- **Confidence** of a word's kind: how often it was right on the names it was tuned on; of a learnt one: the model's
  probability, which is not calibrated.
- **Sizes** {sizes}.
- **Split** by name: `tuning` was in sight while the words were chosen; `checked` was drawn and labelled after, and
  looked at once.

## Scores on names checked by hand

{table}

Most names may stand in two families ("brazilian rock"), so two figures are given. One person labelled both samples:
another would differ. "As if not listed": the 300 names are taken out of the file and asked for, as a name is that
nobody has listed; their words and the names most like them tell.

{origins}

## Where it loses

{loses}
Names in languages of which no word is known and which stand on no known artist are guesses, with a confidence that
says so. Of the 114 genres many overlap, and a name goes to one alone.
"""


def write(taxonomy: Taxonomy, results: Mapping[str, Mapping[str, Scores]], procedure: str) -> str:
    """Return the card's Markdown; ``results`` are by sample and way to tell."""
    placed = [taxonomy.predict(name) for name in taxonomy.names]
    sizes = Counter(one.family for one in placed)
    return _CARD.format(
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
