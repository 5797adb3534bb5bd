"""An invented world of tracks with recognisable genres, for training runs that take seconds.

Three genres have a sound of their own, and words of their own in the names; nothing here is real data.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ml import artefacts
from ml.genre.model import GenreInput, GenrePrediction, GenrePredictor
from ml.genre.train.network import Settings

GENRES = ("ambient", "black-metal", "forro")
WORDS = {
    "ambient": ("floating", "stillness", "drifting", "horizon", "nebula"),
    "black-metal": ("frost", "grave", "blasphemy", "wolves", "mörk"),
    "forro": ("sanfona", "coração", "saudade", "sertão", "xote"),
}
MICRO = {"ambient": "deep ambient", "black-metal": "atmospheric black metal", "forro": "forro tradicional"}
SOUND = {"ambient": (0.2, 0.1, -25.0), "black-metal": (0.3, 0.95, -5.0), "forro": (0.75, 0.6, -9.0)}
SMALL = Settings(
    subwords=500,
    width=8,
    hidden=16,
    audio_epochs=15,
    audio_batch=32,
    epochs=15,
    batch=32,
    audio_rate=0.01,
    rate=0.01,
    subword_rate=0.2,
    least_micro=5,
)


def frame(tracks: int = 240, seed: int = 5) -> pd.DataFrame:
    """Return a table with the columns of the real one; every fourth artist is held out for valid or test."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(tracks):
        genre = GENRES[number % 3]
        artist = number // 6
        danceability, energy, loudness = SOUND[genre]
        rows.append(
            {
                "track_name": " ".join(rng.choice(WORDS[genre], 2)),
                "artist": f"Band {artist}{genre[0]}, Guest" if number % 5 == 0 else f"Band {artist}{genre[0]}",
                "album_name": str(rng.choice(WORDS[genre])) if number % 7 else None,
                "release_date": "1999-05-01" if number % 2 else None,
                "danceability": np.clip(danceability + rng.normal(0, 0.1), 0, 1),
                "energy": np.clip(energy + rng.normal(0, 0.1), 0, 1),
                "loudness": loudness + rng.normal(0, 3),
                "key": int(rng.integers(12)),
                "mode": int(rng.integers(2)),
                **{name: rng.random() for name in ("speechiness", "acousticness", "instrumentalness", "liveness")},
                "valence": rng.random(),
                "tempo": 60 + 100 * rng.random() if number % 9 else 0.0,
                "duration_ms": int(rng.integers(60_000, 400_000)),
                "time_signature": 4.0 if number % 11 else None,
                "genres114": f"{genre}|chill" if genre == "ambient" and number % 4 == 0 else genre,
                "artist_genres": MICRO[genre] if number % 2 else None,
                "playlist_genres": "loud" if genre == "black-metal" else "quiet",
                "split": {0: "valid", 1: "test"}.get(artist % 4, "train"),
            }
        )
    return pd.DataFrame(rows)


def make_data(folder: Path) -> Path:
    """Write the invented table where training looks for it."""
    folder.mkdir(parents=True, exist_ok=True)
    frame().to_csv(folder / "tracks.csv.gz", index=False)
    return folder


def make_models(folder: Path) -> Path:
    """Return a models folder that holds the taxonomy alone."""
    (folder / "taxonomy").mkdir(parents=True)
    shipped = artefacts.active("taxonomy")
    copy = folder / "taxonomy" / f"{shipped.name}.json"
    shutil.copy(shipped.with_name(f"{shipped.name}.json"), copy)
    artefacts.register("taxonomy", shipped.name, [copy], folder)
    return folder


def predict_all(predictor: GenrePredictor, tracks: Sequence[GenreInput]) -> GenrePrediction:
    """Return the probabilities of genres, broad genres and microgenres of ``tracks``."""
    return predictor.predict_encoded(predictor.encode(tracks))
