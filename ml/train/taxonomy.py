"""Make the taxonomy: microgenres into families and the 114 genres: ``python -m ml train taxonomy``.

1. Hand-kept words (``taxonomy_data/words.json``) read a name as one would: the style in it decides, else the place,
   else an instrument (:mod:`ml.genre_words`). The words were found by going through the frequent words of all names.
2. What no word tells is learnt from those that are told: a linear model of letters, words, the path in the beets
   genre tree and the company a name keeps on artists (:mod:`ml.train.taxonomy_evidence`).
3. Within its family, a name goes to the one of the 114 genres that such a model finds, which learns from the names
   that hold one of the 114 and from artists whose tracks carry its label.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from ml import artefacts
from ml.genre_words import GenreWords
from ml.taxonomy import HOW, Taxonomy
from ml.train.revision import revision
from ml.train.taxonomy_evidence import Artists, features, microgenres, tree_paths
from store.text import normalise

TASK = "taxonomy"
VERSION = "2026.11.2"
_HERE = Path(__file__).parent / "taxonomy_data"
# A label tells of a microgenre when so many artists that have the one have tracks with the other, and so much oftener
# than artists do on the whole.
_LEAST_ARTISTS, _LEAST_LIFT = 4, 8.0

Sample = Mapping[str, tuple[Sequence[str], Sequence[str]]]


def train(data: Path, models: Path, *, seed: int = 1, quick: bool = False) -> None:
    """Write ``models/taxonomy/<version>.json`` and its card, and print the score on the 300 names checked by hand.

    ``seed`` and ``quick`` are there for the command line: nothing here is drawn, and it takes a minute.

    Raises
    ------
    FileNotFoundError
        A file of ``data`` is absent.
    """
    hand = json.loads((_HERE / "words.json").read_text(encoding="utf-8"))
    artists = Artists(data / "tracks.csv.gz")
    listed = microgenres(data / "genres" / "spotify_microgenres.csv")
    tree = tree_paths(data / "genres" / "beets_genres-tree.yaml")
    version = f"{VERSION}-quick" if quick else VERSION
    content = {"version": version, **hand, "microgenres": _place_all(hand, listed, artists, tree)}
    path = models / TASK / f"{version}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_compact(content), encoding="utf-8")
    table = _score(Taxonomy(content))
    print(table)
    card = path.with_suffix(".md")
    card.write_text(_card(content, table), encoding="utf-8")
    artefacts.register(TASK, version, [path, card], models, activate=not quick)


def evaluate(data: Path, models: Path) -> None:
    """Score the active version on the names checked by hand, beside longest keywords and the largest family."""
    print(_score(Taxonomy.active(models)))


def _place_all(
    hand: Mapping[str, Any], listed: Sequence[str], artists: Artists, tree: Mapping[str, tuple[str, ...]]
) -> dict[str, list[Any]]:
    """Return ``[family, genre, confidence, how]`` of every name; family and ``how`` are numbers (see HOW)."""
    families = [family["name"] for family in hand["families"]]
    family_of = {genre: family["name"] for family in hand["families"] for genre in family["genres"]}
    names = sorted({*listed, *artists.names(), *family_of})
    rows = features(names, artists, tree)
    words = GenreWords(hand["families"])
    told = [("listed", family_of[name]) if name in family_of else _told(words, name) for name in names]
    learnt = _classify(rows, [families.index(one[1]) if one else -1 for one in told], len(families))
    trust = _trust(names, told)
    genres = sorted(family_of)
    guesses = _classify(rows, _genre_anchors(names, genres, artists), len(genres))
    placed: dict[str, list[Any]] = {}
    for row, name in enumerate(names):
        one = told[row]
        number = families.index(one[1]) if one else int(learnt[row].argmax())
        how = one[0] if one else "learnt"
        confidence = trust[how] if one else float(learnt[row].max())
        inside = [genres.index(genre) for genre in hand["families"][number]["genres"]]
        genre = name if name in family_of else genres[max(inside, key=lambda column: guesses[row, column])]
        placed[name] = [number, genre, round(confidence, 2), HOW.index(how)]
    return placed


def _told(words: GenreWords, name: str) -> tuple[str, str] | None:
    found = words.family_of(name)
    return (found[1], found[0]) if found else None


def _classify(rows: sparse.csr_matrix, answers: Sequence[int], classes: int) -> npt.NDArray[np.float64]:
    """Return (rows, classes) probabilities, learnt from the rows whose answer is not -1."""
    known = np.array(answers) >= 0
    model = LogisticRegression(C=5.0, max_iter=300).fit(rows[known], np.array(answers)[known])
    full = np.zeros((rows.shape[0], classes))
    full[:, model.classes_] = model.predict_proba(rows)
    return full


def _trust(names: Sequence[str], told: Sequence[tuple[str, str] | None]) -> dict[str, float]:
    """Return for each kind of word how often it is right on the names that the words were tuned on."""
    sample, row_of = read_sample("tuning"), {name: row for row, name in enumerate(names)}
    right: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    for name, (families, _genres) in sample.items():
        one = told[row_of[name]]
        if one:
            asked[one[0]] += 1
            right[one[0]] += one[1] in families
    return {"listed": 1.0} | {kind: right[kind] / asked[kind] for kind in asked if kind != "listed"}


def _genre_anchors(names: Sequence[str], genres: Sequence[str], artists: Artists) -> list[int]:
    """Return for each name the number of the genre it tells by itself or by its artists' tracks, -1 for none."""
    phrases = {tuple(normalise(genre).split()): genre for genre in genres}
    counts = artists.label_counts()
    having = Counter(name for micro in artists.micro for name in micro)
    overall = Counter(label for labels in artists.labels for label in labels)
    anchors = []
    for name in names:
        expected = {label: overall[label] * having[name] / len(artists.labels) for label in overall}
        genre = _phrase_in(normalise(name).split(), phrases) or _company(counts.get(name, Counter()), expected)
        anchors.append(genres.index(genre) if genre else -1)
    return anchors


def _phrase_in(tokens: Sequence[str], phrases: Mapping[tuple[str, ...], str]) -> str | None:
    """Return the genre whose words stand in a name; of several the last, for it is the noun."""
    found = [
        (end, end - start, phrases[tuple(tokens[start:end])])
        for start in range(len(tokens))
        for end in range(start + 1, len(tokens) + 1)
        if tuple(tokens[start:end]) in phrases
    ]
    return max(found)[2] if found else None


def _company(labels: Mapping[str, int], expected: Mapping[str, float]) -> str | None:
    """Return the label that artists with a microgenre have most above what artists have on the whole."""
    lifts = {label: count / expected[label] for label, count in labels.items() if count >= _LEAST_ARTISTS}
    best = max(lifts, key=lambda label: lifts[label], default=None)
    return best if best and lifts[best] >= _LEAST_LIFT else None


def read_sample(name: str) -> Sample:
    """Return the names checked by hand: acceptable families and genres of each, the best first.

    ``tuning`` was in sight when the words were chosen, ``checked`` was labelled after and looked at once.
    """
    with (_HERE / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return {row["name"]: (row["families"].split("|"), row["genres"].split("|")) for row in csv.DictReader(file)}


def _score(taxonomy: Taxonomy) -> str:
    rows: dict[str, Callable[[str], tuple[str | None, str | None]]] = {
        "taxonomy": lambda name: (taxonomy.place(name).family, taxonomy.place(name).genre),
        "words alone": lambda name: (taxonomy.by_words(name), None),
        "largest family": lambda name: (taxonomy.largest(), None),
    }
    lines = ["| | names | best family | a right family | a right genre |", "|---|---|---|---|---|"]
    for sample_name in ("checked", "tuning"):
        sample = read_sample(sample_name)
        for label, place in rows.items():
            answers = [(place(name), right) for name, right in sample.items()]
            best = sum(family == families[0] for (family, _), (families, _) in answers)
            right = sum(family in families for (family, _), (families, _) in answers)
            genre = sum(genre in genres for (_, genre), (_, genres) in answers)
            share = f"{genre / len(sample):.3f}" if label == "taxonomy" else ""
            lines.append(
                f"| {label}, `{sample_name}` | {len(sample)} | {best / len(sample):.3f} "
                f"| {right / len(sample):.3f} | {share} |"
            )
    return "\n".join(lines)


def _compact(content: Mapping[str, Any]) -> str:
    """Return JSON with one microgenre a line, for a readable difference between versions."""
    entries = ",\n".join(
        f"{json.dumps(name, ensure_ascii=False)}: {json.dumps(entry)}" for name, entry in content["microgenres"].items()
    )
    rest = json.dumps({**content, "microgenres": {}}, ensure_ascii=False, indent=1)
    return rest.replace('"microgenres": {}', '"microgenres": {\n' + entries + "\n}") + "\n"


def _card(content: Mapping[str, Any], table: str) -> str:
    sizes = Counter(entry[0] for entry in content["microgenres"].values())
    how = Counter(HOW[entry[3]] for entry in content["microgenres"].values())
    families = ", ".join(f"{family['name']} {sizes[number]}" for number, family in enumerate(content["families"]))
    return f"""# Taxonomy {content["version"]}

{len(content["microgenres"])} names of genres in {len(content["families"])} families and, within them, the 114 genres.

- **Made** {datetime.now(UTC).date().isoformat()} at git revision {revision()} by `python -m ml train taxonomy`.
- **Procedure** {__doc__.split(chr(10), 1)[1].strip()}
- **Data** the names of Spotify's microgenres, the genres of artists in a public table of tracks, the beets genre tree
  (MIT). What ships is names of genres and where they belong.
- **Placed** by being one of the 114 or {", ".join(f"{kind} {count}" for kind, count in how.most_common())}.
- **Confidence** of a word's kind: how often it was right on the names it was tuned on; of a learnt one: the model's
  probability, which is not calibrated.
- **Sizes** {families}.

## Scores on names checked by hand

{table}

`checked` was drawn and labelled after the words were chosen; `tuning` was in sight. Most names may stand in two
families ("brazilian rock"), so two figures are given. One person labelled both: another would differ.

## Where it loses

Names in languages of which no word is known and which stand on no known artist are guesses, with a confidence that
says so. Of the 114 genres many overlap, and a name goes to one alone.
"""
