"""Training on what an installation holds, as the page starts it: a run, a process of its own, a version to choose."""

import time
from pathlib import Path
from typing import Any

import numpy as np
from flask.testing import FlaskClient

from ml.genre.train.user_trained import own_table
from store.catalogue.builder import build_collection
from store.catalogue.catalogue import Catalogue
from store.domain import AudioFeatures, Track
from tests.ml.genre_world import GENRES, frame

SECONDS = 120


def tracks(count: int) -> list[Track]:
    """Return the invented world as tracks of a catalogue."""
    return [
        Track(
            id=f"t{number}",
            title=row["track_name"],
            artists=tuple(row["artist"].split(", ")),
            labels=(str(row["genres114"]).split("|")[0],),
            artist_genres=(row["artist_genres"],) if isinstance(row["artist_genres"], str) else (),
            features=AudioFeatures(
                values={name: float(row[name]) for name in ("danceability", "energy", "loudness", "valence")},
                source="table: invented",
            ),
            source="table: invented",
        )
        for number, row in enumerate(frame(count).to_dict("records"))
    ]


def ended(client: FlaskClient, run: dict[str, Any]) -> dict[str, Any]:
    until = time.monotonic() + SECONDS
    while run["state"] not in {"done", "failed", "cancelled"} and time.monotonic() < until:
        time.sleep(0.3)
        run = client.get(f"/api/runs/{run['id']}").get_json()
    return run


def test_the_table_keeps_artists_apart_and_leaves_out_what_spotify_answered(tmp_path: Path) -> None:
    told = [Track(id=source, title="A", artists=("B",), source=source) for source in ("spotify", "spotify login")]
    build_collection(tmp_path, [*tracks(60), *told])
    table = own_table(Catalogue(tmp_path).current(), GENRES)
    assert len(table) == 60
    by_split = {split: {table.artists[row][0] for row in table.rows(split)} for split in ("train", "valid", "test")}
    assert not by_split["train"] & (by_split["valid"] | by_split["test"])
    assert np.isfinite(table.sound).any()


def test_what_cannot_be_trained_is_said(client: FlaskClient) -> None:
    assert client.post("/api/models/nonsense/train", json={}).status_code == 404


def jobs_of(run_id: str) -> list[int]:
    """Return the processes that train for a run."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if f"ml\0job\0{run_id}" in command:
            found.append(int(folder.name))
    return found
