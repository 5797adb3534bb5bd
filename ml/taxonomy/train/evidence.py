"""The evidence about a microgenre besides its name: the artists that have it, and its ancestors in a tree of genres."""

import csv
import gzip
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml
from scipy import sparse
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize

from ml.artists.train.embedding import Settings, shifted_information
from store.text import normalise

_DIMENSIONS = 100
# Weight of the artists' vectors; letters, words and these vectors have length 1 each.
_ARTISTS_WEIGHT = 1.5


class Artists:
    """The genres of each artist: ``micro`` from the artist, ``labels`` (the 114) from the artist's tracks."""

    def __init__(self, tracks: Path) -> None:
        self.micro: list[frozenset[str]] = []
        self.labels: list[Counter[str]] = []
        known: defaultdict[str, tuple[set[str], Counter[str]]] = defaultdict(lambda: (set(), Counter()))
        with gzip.open(tracks, "rt", encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                micro, labels = known[row["artist"].split(",")[0].strip()]
                micro.update(filter(None, row["artist_genres"].split("|")))
                labels.update(filter(None, row["genres114"].split("|")))
        for micro, labels in known.values():
            if micro:
                self.micro.append(frozenset(micro))
                self.labels.append(labels)

    def names(self) -> set[str]:
        """Return every microgenre that an artist has."""
        return set().union(*self.micro)

    def label_counts(self) -> dict[str, Counter[str]]:
        """Return for each microgenre and each of the 114 labels the number of artists that have both."""
        counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for micro, labels in zip(self.micro, self.labels, strict=True):
            for name in micro:
                counts[name].update(labels.keys())
        return counts


def microgenres(path: Path) -> list[str]:
    """Return the names in the list of microgenres."""
    with path.open(encoding="utf-8", newline="") as file:
        return sorted({row["genre"] for row in csv.DictReader(file)})


def tree_paths(path: Path) -> dict[str, tuple[str, ...]]:
    """Return the ancestors of each normalised name in the beets tree, the root first."""
    tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {normalise(name): above for name, above in _walk(tree, ())}


def _walk(node: Any, above: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    if isinstance(node, str):
        yield node, above
    elif isinstance(node, Mapping):
        for name, below in node.items():
            yield name, above
            for child in below or ():
                yield from _walk(child, (*above, name))
    else:
        for child in node:
            yield from _walk(child, above)


def features(names: Sequence[str], artists: Artists, tree: Mapping[str, tuple[str, ...]]) -> sparse.csr_matrix:
    """Return a sparse matrix of one row per name: letters, words, path in the tree, and :func:`shared_artists`."""
    plain = [normalise(name) for name in names]
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 6), min_df=2, sublinear_tf=True)
    words = TfidfVectorizer(analyzer="word", tokenizer=str.split, token_pattern=None, ngram_range=(1, 2), min_df=2)
    above = TfidfVectorizer(analyzer=lambda path: path)
    return sparse.hstack(
        [
            letters.fit_transform(plain),
            words.fit_transform(plain),
            above.fit_transform([tree.get(name, ()) for name in plain]),
            sparse.csr_matrix(shared_artists(names, artists) * _ARTISTS_WEIGHT),
        ]
    ).tocsr()


def shared_artists(names: Sequence[str], artists: Artists) -> npt.NDArray[np.float64]:
    """Return unit vectors (names, 100): names of the same artists have similar vectors, names of no artist zeros.

    They factorise the positive pointwise mutual information of names that share artists (O. Levy and Y. Goldberg,
    "Neural word embedding as implicit matrix factorization", 2014).
    """
    index = {name: column for column, name in enumerate(names)}
    pairs = [
        (index[name], row)
        for row, (micro, labels) in enumerate(zip(artists.micro, artists.labels, strict=True))
        for name in {*micro, *labels}
        if name in index
    ]
    columns, rows = np.array(pairs).T
    members = sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(artists.micro), len(names)))
    plain = Settings(length_discount=0.0, context_smoothing=1.0, shift=0.0)
    return normalize(TruncatedSVD(_DIMENSIONS, random_state=0).fit_transform(shifted_information(members, plain)))
