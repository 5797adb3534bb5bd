"""How a recommended track is shown, whichever method recommends it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ml.neighbours.reasons import Difference
from services.views import track_summary
from store.domain import Track


def pick(
    other: Track, score: float, reasons: Sequence[str], differences: Sequence[Difference], **more: Any
) -> dict[str, Any]:
    """Return ``other`` with its score (0 to 1), the reasons, and how it differs from the seed in each feature."""
    return {
        **track_summary(other),
        "score": round(min(max(score, 0.0), 1.0), 3),
        "reasons": list(reasons),
        "differences": [
            {"feature": feature, "seed": mine, "other": theirs, "difference": round(difference, 3)}
            for feature, mine, theirs, difference in differences
        ],
        **more,
    }
