"""The timbre model's card, written by the run that trained it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ml.timbre.train.data import Segments
from ml.timbre.train.scores import Ranks, format_table
from ml.train.revision import revision

_CARD = """# Timbre model {version}

From the segments of a track's audio analysis (twelve numbers of timbre each) to a unit vector for finding
sound-alikes, a place on a map of two dimensions, and one of {clusters} clusters.

- **Trained** {date} at git revision {revision}.
  {told}
- **Data** {tracks} tracks ({segments} segments; {left_out} left out as too short or not popular enough), mostly
  electronic music where this is the shipped version. That is few: the intervals below are wide, and other music may
  be told apart worse. What ships is weights, means and cluster centres; no track and no segment.
- **Licence caution** The analyses are Spotify's, whose developer terms forbid training on content taken from its API.
  Train your own on other data where that matters to you: on analyses that you have brought in (Lab, Timbre, or
  `python -m ml train timbre --data DIR`), for example of your own audio. Timbre of another analyser has other axes:
  such analyses need a version of their own.
- **Split** by track: each is asked of a model that has not learnt from it (7 folds; 3 for the networks). The version
  that ships has then learnt from all of them.
- **Search** {search}
- **Map** Two-step scaling (deviations from the mean, cut at five; then to -1..1), the middle {length} segments or zeros
  around fewer, Conv1D 16/32/64 with pooling and an LSTM of 128 to a latent of 2, decoded by the mirror image. Mean
  squared error at the end {loss:.4f}. Trustworthiness of the map beside the search vectors (5 neighbours)
  {trust:.2f}: 1 is faithful, 0.5 about chance. LiteRT and Keras differ by less than 1e-5.
- **Clusters** {clusters}, by K-means on the map; silhouette by k: {silhouettes}. They are regions of the map, which
  colour it, rather than kinds of music.

## Scores

A part of a track is to find another part of it among those of all {tracks} tracks, both ways: its two halves, its first
and third quarter, two excerpts of 60 segments (about 15 seconds). The parts of all tracks are there to be found.
Recall@1 with 95 % bootstrap intervals over tracks. By chance it is {chance:.3f}.

{table}

{verdict}

## Where it loses

{loses}
"""

_LOSES = """\
The statistics and the shrinkage of the whitening were chosen by hand with these scores in sight, so they are a little
kinder than another set of tracks would be. Another part of one track is not another track that sounds alike: what
makes a recording the same (its mastering, its noise) helps here and not there. Order in time is not heard beyond a
few segments. On quarters and short excerpts every model falls off, as a track's parts differ in sound. The
autoencoders, here with so few tracks, keep loudness and brightness and little else: hence the map is a picture, and
the search does not use it; what they do find is partly the zeros around a short piece, which tell its length. The
contrastive network (InfoNCE on stretches of a track, the same encoder) stands beside them in the table where networks
were scored; it is not searched by either."""

_WHITENED = """210 statistics of the segments (means, log deviations, correlations, quantiles, how fast each number
  changes, autocorrelation at 1, 2, 4, 8 segments), standardised and whitened by their covariance within tracks:
  directions in which stretches of one track differ count little. Learnt from 30 random stretches of each track, in
  closed form."""

_MOMENTS = (
    """Mean and variance of each number, standardised: the plain baseline, as nothing learnt beat it well enough."""
)


def verdict(settings: Mapping[str, Any]) -> str:
    """Say in words which embedding is served, and why."""
    gain, low, high = settings["gain"]
    told = f"{gain:.2f} times the\nrecall@1 (95 % interval {low:.2f}-{high:.2f})"
    if settings["statistics"] == "moments":
        return (
            f"**The plain baseline is what is served**: the learnt embedding has {told} of the moments on halves, "
            "less than the 1.3 times that it should have."
        )
    doubt = "" if low >= 1.3 else "\nThe interval reaches below 1.3: with more tracks it may turn out to be less."
    return f"**The whitened statistics are served**: {told} of the moments on halves.{doubt}"


def write(
    settings: Mapping[str, Any],
    segments: Segments,
    results: Mapping[str, Mapping[str, Ranks]],
    rows: Sequence[Mapping[str, Any]],
    told: str,
    lost: str,
) -> str:
    """Return the card's Markdown; ``told`` says who trained it, ``lost`` which baselines do better."""
    count = len(segments.names)
    best = max(settings["silhouettes"], key=lambda k: settings["silhouettes"][k])
    return _CARD.format(
        version=settings["version"],
        clusters=best,
        date=datetime.now(UTC).date(),
        revision=revision(),
        told=told,
        tracks=count,
        segments=sum(map(len, segments.timbres)),
        left_out=segments.left_out,
        search=_MOMENTS if settings["statistics"] == "moments" else _WHITENED,
        length=settings["length"],
        loss=settings["loss"],
        trust=settings["trustworthiness"],
        silhouettes=", ".join(f"{k}: {value:.2f}" for k, value in settings["silhouettes"].items()),
        chance=1.0 / count,
        table=format_table(rows),
        verdict=verdict(settings) + _beside_covariances(results),
        loses=lost + _LOSES,
    )


def _beside_covariances(results: Mapping[str, Mapping[str, Ranks]]) -> str:
    ours, theirs = (
        float((results[name]["halves"] < 1).mean())
        for name in ("described statistics, whitened", "moments and covariances, cosine")
    )
    return (
        f"\nBeside the stronger baseline, moments with covariances, the learnt embedding has {ours / theirs:.2f} times "
        "the recall@1."
    )
