"""Trains the genre model on the catalogue of this installation."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ml import artefacts
from ml.genre.encoder import COLUMNS, feature_vector
from ml.genre.model import GenrePredictor
from ml.genre.train.data import TrackTable, first_columns
from ml.genre.train.network import Settings
from ml.genre.train.scores import score
from ml.genre.train.train import QUICK, publish_trained
from ml.jobs import Job
from ml.needs import ARTISTS as LEAST_ARTISTS
from ml.needs import GENRE_TRACKS as LEAST_TRACKS
from ml.needs import GENRES as LEAST_GENRES
from ml.needs import TooLittle
from ml.scores import digest_of
from ml.taxonomy.model import Taxonomy
from ml.train.background import MAY_KNOW, Scored, served_now
from ml.train.card import USER_TRAINED
from ml.train.own_tracks import learnable
from ml.train.tables import split_of
from store.catalogue.catalogue import Snapshot
from store.domain import Track

TASK = "genre"
# One artist in ten is held out for early stopping and calibration, and another one in ten for scoring.
_SHARES = 10


def train_own(job: Job) -> dict[str, Any]:
    """Train on the labelled tracks of the catalogue and return the version with its scores.

    Raises TooLittle if too few tracks have one of the 114 genres, or they are of too few genres or artists.
    """
    job.say("reading the catalogue")
    taxonomy = job.registry.active("taxonomy")
    table = own_table(
        job.catalogue.current(job.owner), Taxonomy.load(taxonomy.with_name(f"{taxonomy.name}.json")).genres
    )
    _check(table)
    held_out = _held_out(job, table)
    folder = job.models
    artefacts.register("taxonomy", taxonomy.name, artefacts.copy_version(taxonomy, folder), folder)
    version = job.new_version()
    results = publish_trained(
        table,
        folder,
        version,
        QUICK if job.request.get("options", {}).get("quick") else Settings(),
        USER_TRAINED,
        lambda line: None if line.startswith("|") else job.say(line[:80]),
        activate=False,
        held_out=held_out,
    )
    return {
        "version": version,
        "tracks": len(table.rows("train")),
        "before": held_out["before"],
        "scores": {name: {"top1": round(row.top1, 3), "top3": round(row.top3, 3)} for name, row in results.items()},
    }


def _held_out(job: Job, table: TrackTable) -> dict[str, Any]:
    """Return the entries of ``scores.json`` about the test tracks, with the served version's scores on them."""
    rows = table.rows("test")
    tracks = sorted(
        (table.titles[row], table.artists[row], table.albums[row], table.labels[row][0], table.values[row].tobytes())
        for row in rows
    )
    on = digest_of(tracks)
    artists = len({table.artists[row][0] for row in rows})

    def score_served(folder: Path) -> Scored:
        predictor = GenrePredictor.load(folder)
        if strangers := {table.labels[row][0] for row in rows} - set(predictor.genres):
            return None, f"It does not know the genres {', '.join(sorted(strangers))}."
        answers = first_columns(table.labels, rows, predictor.genres)
        found = asdict(score(predictor.predict([table.input(row) for row in rows]), answers))
        return found, "" if job.registry.is_user_trained(TASK, folder.name) else MAY_KNOW

    return {
        "split": f"{len(rows):,} tracks of {artists:,} artists, held out of your own catalogue",
        "on": on,
        "before": served_now(job, TASK, on, score_served),
    }


def own_table(snapshot: Snapshot, genres: Sequence[str]) -> TrackTable:
    """Return the catalogue as a table to train on; the artist decides the split, by a hash of the name."""
    known = frozenset(genres)
    tracks = [track for track in learnable(snapshot) if track.artists]
    return TrackTable(
        titles=[track.title for track in tracks],
        artists=[track.artists for track in tracks],
        albums=[track.album or "" for track in tracks],
        values=np.array([_numbers(track) for track in tracks], np.float32).reshape(-1, len(COLUMNS)),
        labels=[tuple(label for label in track.labels if label in known) for track in tracks],
        of_artist=[track.artist_genres for track in tracks],
        micro=[tuple(dict.fromkeys((*track.artist_genres, *track.labels))) for track in tracks],
        broad=[()] * len(tracks),
        split=np.array([split_of(track.artists[0].casefold(), _SHARES) for track in tracks], dtype="<U5"),
    )


def _numbers(track: Track) -> list[float]:
    known: dict[str, float | None] = {"year": track.year, "popularity": track.popularity, "explicit": track.explicit}
    if track.features is not None:
        known |= track.features.values
    return feature_vector(known)


def _check(table: TrackTable) -> None:
    rows = table.rows("train")
    genres = {table.labels[row][0] for row in rows}
    artists = {table.artists[row][0] for row in rows}
    held_out = len(table.rows("valid")) and len(table.rows("test"))
    if len(rows) < LEAST_TRACKS or len(genres) < LEAST_GENRES or len(artists) < LEAST_ARTISTS or not held_out:
        raise TooLittle(
            f"The catalogue has {len(rows)} tracks with one of the 114 genres, of {len(genres)} genres and "
            f"{len(artists)} artists.",
            f"Import a table with genres: {LEAST_TRACKS} tracks, {LEAST_GENRES} genres and {LEAST_ARTISTS} artists "
            "at the least. README.md names two.",
        )
