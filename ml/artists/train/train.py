"""Trains the artist embedding and scores it on held-out playlists: ``python -m ml train artists``."""

from dataclasses import asdict, replace
from pathlib import Path

from ml import artefacts
from ml.artists.model import ArtistEmbedding
from ml.artists.train import card as artists_card
from ml.artists.train.data import FILES, ArtistData, read
from ml.artists.train.embedding import ArtistModel, Settings
from ml.artists.train.scores import OURS, as_table, compare, format_table
from ml.train.bootstrap import Interval
from ml.train.publish import publish
from ml.train.stages import NOT_KEPT, Stages, fingerprint

TASK = "artists"
VERSION = "2026.11.1"
SCORE_SEED = 1  # draws queries and bootstrap; fixed, so that versions trained with other seeds can be compared


def train(data: Path, models: Path, *, seed: int = 1, quick: bool = False, resume: bool = False) -> None:
    """Fit on the ``train`` playlists, write ``models/artists/<version>``, score it on ``test`` and write its card.

    The held-out playlists are not used to fit the version that ships. ``quick`` factorises in fewer dimensions and
    writes a version that is not made active. ``resume`` continues a stopped training after its last finished stage.

    Raises FileNotFoundError if a training file is absent; ml.train.stages.CannotResume if the data, the settings or the
    code changed since.
    """
    settings = replace(Settings(), list_dimensions=32, genre_dimensions=32) if quick else Settings()
    version = f"{VERSION}-quick" if quick else VERSION
    depends = fingerprint([data / name for name in FILES], {**asdict(settings), "seed": seed})
    stages = Stages.begin(models / TASK / f"{version}.stages", depends, resume=resume)
    known = read(data)
    model = stages.run("embedding", ArtistModel(settings, seed).fit, known)
    directory = models / TASK / version
    embedding = model.export(known, version)
    written = embedding.save(directory)
    artefacts.register(TASK, version, written, models, activate=not quick)
    results = _scored(ArtistEmbedding.load(directory), known, stages)
    card, rows = artists_card.write(embedding, model, known, results), as_table(results["test"])
    publish(directory, written, card, activate=not quick, split="test", table=rows, served=OURS)
    stages.finish()
    print(f"\n{len(embedding)} artists, {sum(path.stat().st_size for path in written) / 1e6:.1f} MB in {directory}")


def evaluate(data: Path, models: Path) -> dict[str, dict[str, dict[str, Interval]]]:
    """Score the active version as it is served, with baselines fitted in the same run, on ``valid`` and ``test``.

    Returns what it prints: recall (0 to 1) by split, recommender and kind of query.

    Raises FileNotFoundError if a training file is absent; ml.artefacts.ArtefactError if no version is active, or a file
    of it was changed; ValueError if the embedding knows artists that the data do not.
    """
    return _scored(ArtistEmbedding.load(artefacts.active(TASK, models)), read(data))


def _scored(
    embedding: ArtistEmbedding, known: ArtistData, stages: Stages = NOT_KEPT
) -> dict[str, dict[str, dict[str, Interval]]]:
    results = {
        split: stages.run(f"scores on {split}", compare, embedding, known, split, SCORE_SEED)
        for split in ("valid", "test")
    }
    for split, found in results.items():
        print(f"\n{TASK} {embedding.version} on {split}\n\n{format_table(found)}")
    return results
