"""Merges rows with the same id, of several tables or of one, into one row per track."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from store.catalogue.writer import ROWS
from store.domain import AUDIO_FEATURES

_UNITED = ("labels", "artist_genres")
_TOGETHER = ("features", "features_source")


def merge_rows(rows: pa.Table) -> pa.Table:
    """Return ``rows`` (schema ROWS) with each id once, in the order of first appearance.

    Each value is the first known one. Labels and artist genres are the union of all rows, in order of appearance.
    All audio features and their source come from one row, the first of those with the most features.
    """
    ids = rows["id"].combine_chunks().dictionary_encode()
    if isinstance(ids, pa.ChunkedArray):
        ids = ids.combine_chunks()
    group = ids.indices.to_numpy()
    count = len(ids.dictionary)
    if count == len(rows):
        return rows
    columns = {"id": ids.dictionary}
    for name in ROWS.names:
        if name in _UNITED:
            columns[name] = _united(rows[name], group, count)
        elif name not in _TOGETHER and name != "id":
            columns[name] = rows[name].take(_first_known(_is_known(rows[name]), group, count))
    best = _fullest(rows["features"], group, count)
    for name in _TOGETHER:
        columns[name] = rows[name].take(best)
    return pa.table({name: columns[name] for name in ROWS.names}, schema=ROWS)


def _is_known(column: pa.ChunkedArray) -> np.ndarray:
    known = pc.is_valid(column)
    if pa.types.is_string(column.type):
        known = pc.and_kleene(known, pc.not_equal(column, ""))
    elif pa.types.is_list(column.type):
        known = pc.and_kleene(known, pc.greater(pc.list_value_length(column), 0))
    return pc.fill_null(known, False).to_numpy()


def _first_known(known: np.ndarray, group: np.ndarray, count: int) -> np.ndarray:
    """Return for each group its first row where ``known``, else its first row."""
    first = np.empty(count, np.int64)
    backwards = np.arange(len(group))[::-1]  # backwards, because the last assignment to a group wins
    first[group[backwards]] = backwards
    backwards = backwards[known[backwards]]
    first[group[backwards]] = backwards
    return first


def _united(column: pa.ChunkedArray, group: np.ndarray, count: int) -> pa.Array:
    united: list[dict[str, None]] = [{} for _ in range(count)]
    for at, values in zip(group.tolist(), column.to_pylist(), strict=True):
        united[at].update(dict.fromkeys(values))
    return pa.array(map(list, united), column.type)


def _fullest(features: pa.ChunkedArray, group: np.ndarray, count: int) -> np.ndarray:
    """Return for each group the row with the most known features, the first among equals."""
    values = np.concatenate([chunk.flatten().to_numpy(zero_copy_only=False) for chunk in features.chunks])
    known = np.count_nonzero(~np.isnan(values.reshape(-1, len(AUDIO_FEATURES))), axis=1)
    order = np.lexsort((np.arange(len(group)), -known, group))
    return order[np.searchsorted(group[order], np.arange(count))]
