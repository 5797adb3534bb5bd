"""Audio features as arrays: what is unknown or impossible is NaN."""

import numpy as np

from store.domain import AUDIO_FEATURES, AudioFeatures
from store.feature_rows import clear_out_of_bounds, feature_rows


def test_what_is_unknown_is_nan_and_never_zero() -> None:
    rows = feature_rows([AudioFeatures(values={"energy": 0.5, "key": 0.0}, source="a"), None])
    assert rows.dtype == np.float32
    known = {AUDIO_FEATURES.index("energy"): 0.5, AUDIO_FEATURES.index("key"): 0.0}
    assert {at: float(rows[0, at]) for at in np.flatnonzero(~np.isnan(rows[0]))} == known
    assert np.isnan(rows[1]).all()
    assert feature_rows([]).shape == (0, len(AUDIO_FEATURES))


def test_values_out_of_bounds_become_unknown_and_bounds_are_inclusive() -> None:
    values = np.array([[19.9, 0.0], [20.0, 1.0], [300.1, 1.01], [np.nan, -0.01]])
    clear_out_of_bounds(values, ("tempo", "energy"))
    np.testing.assert_equal(values, [[np.nan, 0.0], [20.0, 1.0], [np.nan, np.nan], [np.nan, np.nan]])
