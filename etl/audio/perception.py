"""Estimates perceptual attributes of a track from its descriptors, by formulas that were not trained.

The attributes are Spotify's, but their scale is not, because nothing was fitted to Spotify's values. Their confidence
is low. Valence and liveness cannot be estimated in this way. :mod:`ml.perception` learns a better mapping from tracks
for which a provider's values are known.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

# The confidence of each value; docs/audio.md has the measurements.
CONFIDENCE: Mapping[str, float] = {
    "energy": 0.5,
    "danceability": 0.3,
    "acousticness": 0.4,
    "speechiness": 0.5,
    "instrumentalness": 0.5,
}


def perceive(descriptors: Mapping[str, float]) -> dict[str, float]:
    """Return the attributes, 0 to 1, for which the ``descriptors`` of :mod:`etl.audio.descriptors` suffice."""

    def have(*names: str) -> bool:
        return all(name in descriptors for name in names)

    d = descriptors
    found: dict[str, float] = {}
    if have("loudness", "segment_rate", "high_share"):
        found["energy"] = _share(
            0.25 * (d["loudness"] + 12.0) + 0.6 * (d["segment_rate"] - 3.6) + 0.08 * (d["high_share"] + 22.0)
        )
        found["acousticness"] = _share(
            -0.5 - 0.25 * (d["loudness"] + 12.0) - 0.5 * (d["segment_rate"] - 3.6) - 0.12 * (d["high_share"] + 22.0)
        )
    if have("pulse", "tempo_regularity", "tempo"):
        pace = -abs(np.log2(d["tempo"] / 115.0))
        found["danceability"] = _share(0.3 + 4.0 * (d["pulse"] - 0.35) + 1.5 * (d["tempo_regularity"] - 0.8) + pace)
    if have("speech", "singing", "music"):
        found["speechiness"] = float(np.clip(0.03 + 0.9 * max(0.0, d["speech"] - 0.3 * d["singing"]), 0.0, 1.0))
        found["instrumentalness"] = float(np.clip(1.0 - 1.3 * max(d["singing"], d["speech"]), 0.0, 1.0) ** 2)
    return {name: round(value, 4) for name, value in found.items()}


def _share(logit: float) -> float:
    return float(1.0 / (1.0 + np.exp(-logit)))
