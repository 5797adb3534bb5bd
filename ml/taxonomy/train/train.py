"""Make the taxonomy: microgenres into families and the 114 genres: ``python -m ml train taxonomy``.

1. Hand-kept words (``data/words.json``) place a name: its style decides, else its place, else an instrument
   (:mod:`ml.taxonomy.keywords`). The words were found among the frequent words of all names.
2. A linear model places the names without such a word. It learns from the names that have one: from letters, words,
   the path in the beets genre tree and the names that artists have in common
   (:mod:`ml.taxonomy.train.evidence`).
3. A second linear model of the same inputs chooses one of the 114 genres within the family. It learns from the names
   that hold one of the 114 and from artists whose tracks carry its label.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from ml.scores import score_rows
from ml.taxonomy.keywords import GenreWords, phrase_in
from ml.taxonomy.model import HOW, Taxonomy
from ml.taxonomy.train import card as taxonomy_card
from ml.taxonomy.train.evidence import Artists, features, microgenres, tree_paths
from ml.taxonomy.train.scores import (
    HERE,
    OURS,
    Scores,
    by_origin,
    compare,
    format_origins,
    format_table,
    read_sample,
)
from ml.train.publish import publish
from store.text import normalise

TASK = "taxonomy"
VERSION = "2026.11.2"
# A label stands for a microgenre if at least 4 artists of the microgenre have tracks with the label, and if they are at
# least 8 times as many as expected by chance.
_LEAST_ARTISTS, _LEAST_LIFT = 4, 8.0


def fit(data: Path, version: str) -> Taxonomy:
    """Place every name that ``data`` holds; raises FileNotFoundError if a file of ``data`` is absent."""
    hand = json.loads((HERE / "words.json").read_text(encoding="utf-8"))
    artists = Artists(data / "tracks.csv.gz")
    listed = microgenres(data / "genres" / "spotify_microgenres.csv")
    tree = tree_paths(data / "genres" / "beets_genres-tree.yaml")
    return Taxonomy({"version": version, **hand, "microgenres": _place_all(hand, listed, artists, tree)})


def train(data: Path, models: Path, *, seed: int = 1, quick: bool = False) -> None:
    """Write ``models/taxonomy/<version>.json`` with its card and scores, and print the check of 300 names.

    ``seed`` and ``quick`` exist for the command line; nothing is random, and ``quick`` only changes the version's name.

    Raises FileNotFoundError if a file of ``data`` is absent.
    """
    made = fit(data, f"{VERSION}-quick" if quick else VERSION)
    path, folder = models / TASK / f"{made.version}.json", models / TASK / made.version
    folder.mkdir(parents=True, exist_ok=True)
    made.save(path)
    results = compare(made)
    card = taxonomy_card.write(made, results, __doc__.split("\n", 1)[1].strip())
    split, rows = f"{results['checked'][OURS].names} names checked by hand", score_rows(results["checked"])
    publish(folder, [path], card, activate=not quick, split=split, table=rows, served=OURS)
    print(_report(made, results))


def _report(taxonomy: Taxonomy, results: Mapping[str, Mapping[str, Scores]]) -> str:
    return f"{format_table(results)}\n\n{format_origins(by_origin(taxonomy))}"


def evaluate(data: Path, models: Path) -> dict[str, dict[str, Scores]]:
    """Score the active version and the baselines on the names checked by hand; ``data`` is not read.

    Raises ml.artefacts.ArtefactError if no version is active, or its file was changed.
    """
    taxonomy = Taxonomy.active(models)
    results = compare(taxonomy)
    print(f"{TASK} {taxonomy.version}\n\n{_report(taxonomy, results)}")
    return results


def _place_all(
    hand: Mapping[str, Any], listed: Sequence[str], artists: Artists, tree: Mapping[str, tuple[str, ...]]
) -> dict[str, list[Any]]:
    """Return ``[family, genre, confidence, how]`` of every name; family and ``how`` are numbers, the latter in HOW."""
    families = [family["name"] for family in hand["families"]]
    family_of = {genre: family["name"] for family in hand["families"] for genre in family["genres"]}
    names = sorted({*listed, *artists.names(), *family_of})
    rows = features(names, artists, tree)
    words = GenreWords(hand["families"])
    readings = [(family_of[name], "listed") if name in family_of else words.family_of(name) for name in names]
    learnt = _classify(rows, [families.index(reading[0]) if reading else -1 for reading in readings], len(families))
    precision = _precision(names, readings)
    genres = sorted(family_of)
    guesses = _classify(rows, _genre_anchors(names, genres, artists), len(genres))
    placed: dict[str, list[Any]] = {}
    for row, name in enumerate(names):
        reading = readings[row]
        number = families.index(reading[0]) if reading else int(learnt[row].argmax())
        how = reading[1] if reading else "learnt"
        confidence = precision[how] if reading else float(learnt[row].max())
        inside = [genres.index(genre) for genre in hand["families"][number]["genres"]]
        genre = name if name in family_of else genres[max(inside, key=lambda column: guesses[row, column])]
        placed[name] = [number, genre, round(confidence, 2), HOW.index(how)]
    return placed


def _classify(rows: sparse.csr_matrix, answers: Sequence[int], classes: int) -> npt.NDArray[np.float64]:
    """Return (rows, classes) probabilities by a model that learnt from the rows whose answer is not -1."""
    known = np.array(answers) >= 0
    model = LogisticRegression(C=5.0, max_iter=300).fit(rows[known], np.array(answers)[known])
    full = np.zeros((rows.shape[0], classes))
    full[:, model.classes_] = model.predict_proba(rows)
    return full


def _precision(names: Sequence[str], readings: Sequence[tuple[str, str] | None]) -> dict[str, float]:
    """Return for each kind of word its precision (0 to 1) on the sample `tuning`."""
    sample, row_of = read_sample("tuning"), {name: row for row, name in enumerate(names)}
    right: Counter[str] = Counter()
    placed: Counter[str] = Counter()
    for name, (families, _genres) in sample.items():
        if reading := readings[row_of[name]]:
            family, kind = reading
            placed[kind] += 1
            right[kind] += family in families
    return {"listed": 1.0} | {kind: right[kind] / placed[kind] for kind in placed if kind != "listed"}


def _genre_anchors(names: Sequence[str], genres: Sequence[str], artists: Artists) -> list[int]:
    """Return for each name the index of the genre in it or of the label that stands for it; -1 if there is none."""
    phrases = {tuple(normalise(genre).split()): genre for genre in genres}
    counts = artists.label_counts()
    having = Counter(name for micro in artists.micro for name in micro)
    overall = Counter(label for labels in artists.labels for label in labels)
    anchors = []
    for name in names:
        expected = {label: overall[label] * having[name] / len(artists.labels) for label in overall}
        genre = phrase_in(normalise(name).split(), phrases) or _frequent_label(counts.get(name, Counter()), expected)
        anchors.append(genres.index(genre) if genre else -1)
    return anchors


def _frequent_label(labels: Mapping[str, int], expected: Mapping[str, float]) -> str | None:
    """Return the label whose count among a microgenre's artists exceeds the ``expected`` one by the largest factor."""
    lifts = {label: count / expected[label] for label, count in labels.items() if count >= _LEAST_ARTISTS}
    best = max(lifts, key=lambda label: lifts[label], default=None)
    return best if best and lifts[best] >= _LEAST_LIFT else None
