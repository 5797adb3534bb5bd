"""How often the taxonomy and plain baselines find the family of names checked by hand."""

import csv
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ml.taxonomy.keywords import phrase_in
from ml.taxonomy.model import Placement, Taxonomy
from ml.train.card import markdown_table
from store.text import normalise

HERE = Path(__file__).parent / "data"
OURS = "taxonomy"
# `checked` comes first, because its scores are the reported ones.
SAMPLES = ("checked", "tuning")

Sample = Mapping[str, tuple[Sequence[str], Sequence[str]]]


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Shares of ``names``, 0 to 1: placed in the best family, in an acceptable one, at an acceptable genre.

    ``genre`` is NaN for a method that only finds families.
    """

    names: int
    best_family: float
    right_family: float
    genre: float


def read_sample(name: str) -> Sample:
    """Return the acceptable families and genres of each name checked by hand, the best first.

    The words were chosen by looking at ``tuning``; ``checked`` was labelled afterwards and evaluated once.
    """
    with (HERE / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return {row["name"]: (row["families"].split("|"), row["genres"].split("|")) for row in csv.DictReader(file)}


def compare(taxonomy: Taxonomy) -> dict[str, dict[str, Scores]]:
    """Return the scores by sample and by method, the taxonomy's first."""
    return {name: _compare(taxonomy, read_sample(name)) for name in SAMPLES}


def _compare(taxonomy: Taxonomy, sample: Sample) -> dict[str, Scores]:
    unseen = taxonomy.without(sample)
    phrases = {tuple(normalise(genre).split()): genre for genre in taxonomy.genres}
    largest = taxonomy.largest()

    def one_of_the_114(name: str) -> str | None:
        found = phrase_in(normalise(name).split(), phrases)
        return taxonomy.family_of(found) if found else None

    methods: dict[str, Callable[[str], Placement | str | None]] = {
        OURS: taxonomy.predict,
        "taxonomy, as if the name were not listed": unseen.predict,
        "hand-kept words alone": taxonomy.by_words,
        "one of the 114 in the name": one_of_the_114,
        "largest family": lambda _: largest,
    }
    return {label: _score(classify, sample) for label, classify in methods.items()}


def _score(classify: Callable[[str], Placement | str | None], sample: Sample) -> Scores:
    best, right, genre = [], [], []
    for name, (families, genres) in sample.items():
        found = classify(name)
        family = found.family if isinstance(found, Placement) else found
        best.append(family == families[0])
        right.append(family in families)
        genre.append(found.genre in genres if isinstance(found, Placement) else np.nan)
    return Scores(
        names=len(sample),
        best_family=float(np.mean(best)),
        right_family=float(np.mean(right)),
        genre=float(np.mean(genre)),
    )


def by_origin(taxonomy: Taxonomy) -> dict[str, tuple[int, float, float]]:
    """Return for ``checked``, by how names were placed: their count, share in a right family, mean confidence."""
    found = defaultdict(list)
    for name, (families, _) in read_sample("checked").items():
        placed = taxonomy.predict(name)
        found[placed.how].append((placed.family in families, placed.confidence))
    return {
        how: (len(rows), *np.mean(rows, axis=0).tolist())
        for how, rows in sorted(found.items(), key=lambda item: -len(item[1]))
    }


def format_table(results: Mapping[str, Mapping[str, Scores]]) -> str:
    """Return the scores as a Markdown table, a row for each method and sample."""
    rows = (
        (method, f"`{sample}`", row.names, row.best_family, row.right_family, row.genre)
        for sample, by_method in results.items()
        for method, row in by_method.items()
    )
    return markdown_table(("method", "on", "names", "best family", "a right family", "a right genre"), rows)


def format_origins(found: Mapping[str, tuple[int, float, float]]) -> str:
    """Return the result of :func:`by_origin` as a Markdown table."""
    headings = ("placed by", "names of `checked`", "in a right family", "mean confidence")
    return markdown_table(headings, ((how, *figures) for how, figures in found.items()))


def worst(taxonomy: Taxonomy) -> Iterable[tuple[str, int, float]]:
    """Return (family, names, share placed in a right family) of families with five names or more, worst first."""
    found = defaultdict(list)
    for name, (families, _) in read_sample("checked").items():
        found[families[0]].append(taxonomy.predict(name).family in families)
    rows = [(family, len(hits), float(np.mean(hits))) for family, hits in found.items() if len(hits) >= 5]
    return sorted(rows, key=lambda row: (row[2], row[0]))
