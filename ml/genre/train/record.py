"""The scaler and the label encoder as scikit-learn objects, for use in notebooks; serving reads neither."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import joblib
import numpy as np
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import FunctionTransformer, LabelEncoder, MinMaxScaler, OneHotEncoder

from ml.genre.encoder import CATEGORIES, COLUMNS, AudioScaler


def save_records(scaler: AudioScaler, genres: Sequence[str], folder: Path) -> list[Path]:
    """Write ``scaler.joblib`` and ``labels.joblib`` (the 114 genres as their columns); return the paths."""
    records = {"scaler": scaler_record(scaler), "labels": LabelEncoder().fit(list(genres))}
    for name, record in records.items():
        joblib.dump(record, folder / f"{name}.joblib", compress=3)
    return [folder / f"{name}.joblib" for name in records]


def scaler_record(scaler: AudioScaler) -> FeatureUnion:
    """Return a union of scikit-learn transformers that equals :meth:`AudioScaler.transform`.

    Its blocks are the masks of known values, each number within each of its bins, and the categories one-hot.
    """
    numbers = [name for name in COLUMNS if name not in CATEGORIES]
    edges = [(COLUMNS.index(name), *edge) for name in numbers for edge in pairwise(scaler.knots_[name])]
    columns, low, high = zip(*edges, strict=True)
    knots = {name: scaler.knots_[name] for name in CATEGORIES if len(scaler.knots_[name])}
    known = make_pipeline(MissingIndicator(features="all"), FunctionTransformer(np.logical_not))
    between = make_pipeline(
        _taken(columns), MinMaxScaler(clip=True).fit([low, high]), SimpleImputer(strategy="constant").fit([low])
    )
    fitted = known.fit(np.full((1, len(COLUMNS)), np.nan))
    parts = [("known", fitted), ("between", between)]
    if knots:  # a table of one's own may lack all of them
        hot = OneHotEncoder(categories=list(knots.values()), handle_unknown="ignore", sparse_output=False)
        hot.fit([[values[0] for values in knots.values()]])
        parts.append(("categories", make_pipeline(_taken([COLUMNS.index(name) for name in knots]), hot)))
    return FeatureUnion(parts)


def _taken(columns: Sequence[int]) -> FunctionTransformer:
    return FunctionTransformer(np.take, kw_args={"indices": list(columns), "axis": 1})
