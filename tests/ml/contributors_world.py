"""An invented playlist of two people, one of whom adds loud tracks and the other calm ones."""

from collections.abc import Mapping

import numpy as np

from store.database import Database
from store.domain import AudioFeatures, Playlist, PlaylistItem, Track

ANN, BOB = "ann-0001", "bob-0002"
PLAYLIST = "0123456789abcdef76543210"
# A training of seconds; what ships takes minutes.
SMALL = {"layers": [8], "folds": 2, "members": 2, "epochs": 15, "learning_rate": 0.02, "batch": 16}
SOUND = {ANN: (0.9, -5.0, 0.1), BOB: (0.15, -22.0, 0.9)}
EACH = {ANN: 24, BOB: 24}


def tracks(tracks_of: Mapping[str, int] = EACH, source: str = "table: invented") -> list[tuple[str, Track]]:
    """Return (who, track), three tracks to an artist."""
    rng = np.random.default_rng(11)
    made = []
    for person, count in tracks_of.items():
        energy, loudness, acousticness = SOUND[person]
        for number in range(count):
            values = {
                "energy": float(np.clip(energy + rng.normal(0, 0.1), 0, 1)),
                "loudness": loudness + float(rng.normal(0, 2)),
                "acousticness": float(np.clip(acousticness + rng.normal(0, 0.1), 0, 1)),
                "valence": float(rng.random()),
                "tempo": 80 + 80 * float(rng.random()),
                "key": float(rng.integers(12)),
            }
            track = Track(
                id=f"{person}{number}",
                title=f"Song {person[:3]} {number}",
                artists=(f"Invented Band {person[0]}{number // 3}",),
                features=AudioFeatures(values=values, source=source),
                source="table: invented",
            )
            made.append((person, track))
    return made


def store_playlist(
    database: Database, tracks_of: Mapping[str, int] = EACH, source: str = "table: invented", owner: str | None = None
) -> str:
    """Put the playlist into the store and return its id."""
    made = tracks(tracks_of, source)
    database.put_tracks([track for _, track in made])
    items = [PlaylistItem(position=i, track_id=track.id, added_by=who) for i, (who, track) in enumerate(made)]
    database.put_playlist(
        Playlist(
            id=PLAYLIST,
            name="Of two",
            owner=owner,
            item_count=len(items),
            contributors=dict(tracks_of),
            complete=True,
        )
    )
    database.put_page(PLAYLIST, 0, items)
    return PLAYLIST
