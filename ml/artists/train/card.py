"""The card of the artist embedding, written by the training."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from ml.artists import model as served
from ml.artists.model import ArtistEmbedding
from ml.artists.train.data import ArtistData
from ml.artists.train.embedding import ArtistModel
from ml.artists.train.scores import OURS, as_table, format_table
from ml.train.bootstrap import Interval
from ml.train.card import better_than, command, render


def write(
    embedding: ArtistEmbedding,
    model: ArtistModel,
    data: ArtistData,
    results: Mapping[str, Mapping[str, Mapping[str, Interval]]],
) -> str:
    """Return the card's Markdown; ``results`` is by split, recommender and kind of query."""
    sources = Counter(playlist.source for playlist in data.listings if playlist.split == "train")
    return render(
        Path(__file__).with_name("card.md.j2"),
        version=embedding.version,
        dimensions=embedding.vectors.shape[1],
        artists=len(embedding),
        genres=model.settings.genres_kept,
        command=command(),
        seed=model.seed,
        lists=model.members_.shape[0],
        sources=", ".join(f"{name} {count}" for name, count in sources.most_common()),
        listed=int((model.lists_[model.order_] > 0).sum()),
        settings=asdict(model.settings),
        without=float((embedding.arrays["genres"][:, 0] < 0).mean()),
        weights={
            "shared playlists": served.TOGETHER_WEIGHT,
            "families": served.FAMILY_WEIGHT,
            "regions": served.REGION_WEIGHT,
            "popularity": served.POPULARITY_WEIGHT,
        },
        groups=next(iter(results["test"].values()))["all"].count,
        test=format_table(results["test"]),
        valid=format_table(results["valid"]),
        better=better_than("artists", as_table(results["test"]), OURS),
    )
