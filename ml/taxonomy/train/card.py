"""The card of the taxonomy, written by the training."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from ml.taxonomy.model import Taxonomy
from ml.taxonomy.train.scores import OURS, Scores, by_origin, format_origins, format_table, worst
from ml.train.card import command, render


def write(taxonomy: Taxonomy, results: Mapping[str, Mapping[str, Scores]], procedure: str) -> str:
    """Return the card's Markdown; ``results`` as :func:`ml.taxonomy.train.scores.compare` returns them."""
    placements = [taxonomy.predict(name) for name in taxonomy.names]
    origins, checked = by_origin(taxonomy), results["checked"]
    ours = checked[OURS]
    return render(
        Path(__file__).with_name("card.md.j2"),
        taxonomy=taxonomy,
        command=command(),
        procedure=procedure,
        how=Counter(placement.how for placement in placements).most_common(),
        sizes=Counter(placement.family for placement in placements),
        table=format_table(results),
        origins=format_origins(origins),
        ours=ours,
        better=[name for name, row in checked.items() if name != OURS and row.right_family >= ours.right_family],
        learnt=origins.get("learnt"),
        worst=list(worst(taxonomy))[:4],
    )
