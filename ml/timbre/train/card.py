"""The card of the timbre model."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ml.timbre.train.data import Segments
from ml.timbre.train.scores import Ranks, format_table
from ml.train.card import render


def verdict(settings: Mapping[str, Any]) -> str:
    """Return a sentence on which embedding is served, and why."""
    gain, low, high = settings["gain"]
    factor = f"{gain:.2f} times the\nrecall@1 (95 % interval {low:.2f}-{high:.2f})"
    if settings["statistics"] == "moments":
        return (
            f"**The moments are served**: the learnt embedding has {factor} of the moments on halves, less than "
            "the required 1.3 times."
        )
    doubt = "" if low >= 1.3 else "\nThe interval reaches below 1.3: with more tracks it may turn out to be less."
    return f"**The whitened statistics are served**: {factor} of the moments on halves.{doubt}"


def write(
    settings: Mapping[str, Any],
    segments: Segments,
    results: Mapping[str, Mapping[str, Ranks]],
    rows: Sequence[Mapping[str, Any]],
    origin: str,
    better: str,
) -> str:
    """Return the Markdown card; ``origin`` says who trained it, ``better`` which baselines are better."""
    count = len(segments.names)
    ours, theirs = (
        float((results[name]["halves"] < 1).mean())
        for name in ("described statistics, whitened", "moments and covariances, cosine")
    )
    best = max(settings["silhouettes"], key=lambda k: settings["silhouettes"][k])
    return render(
        Path(__file__).with_name("card.md.j2"),
        version=settings["version"],
        clusters=best,
        origin=origin,
        tracks=count,
        segments=sum(map(len, segments.timbres)),
        left_out=segments.left_out,
        learnt=settings["statistics"] != "moments",
        length=settings["length"],
        loss=settings["loss"],
        trust=settings["trustworthiness"],
        silhouettes=", ".join(f"{k}: {value:.2f}" for k, value in settings["silhouettes"].items()),
        chance=1.0 / count,
        table=format_table(rows),
        verdict=verdict(settings),
        gain_on_covariances=ours / theirs,
        better=better,
    )
