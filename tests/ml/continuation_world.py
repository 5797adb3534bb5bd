"""Two scenes with real artists of the shipped embedding and songs that nobody made: metal and jazz, in playlists."""

from pathlib import Path

import numpy as np

from store.catalogue.builder import build_collection
from store.catalogue.catalogue import Catalogue, Snapshot
from store.domain import AudioFeatures, Track

METAL = ("Metallica", "Megadeth", "Anthrax", "Slayer")
JAZZ = ("Miles Davis", "Bill Evans", "Chet Baker", "Stan Getz")
LOUD = {"danceability": 0.4, "energy": 0.95, "loudness": -4.0, "mode": 0, "speechiness": 0.08, "acousticness": 0.001}
LOUD |= {"instrumentalness": 0.1, "liveness": 0.2, "valence": 0.4, "tempo": 140.0, "duration_ms": 240_000.0}
CALM = {"danceability": 0.4, "energy": 0.15, "loudness": -18.0, "mode": 1, "speechiness": 0.04, "acousticness": 0.95}
CALM |= {"instrumentalness": 0.8, "liveness": 0.1, "valence": 0.3, "tempo": 90.0, "duration_ms": 320_000.0}


def songs(artists: tuple[str, ...], sound: dict[str, float], each: int = 12) -> list[Track]:
    """Return songs of the artists, in turn."""
    return [
        Track(
            id=f"{artist.split()[0].lower()}{at}",
            title=f"{artist.split()[-1]} Invention {at}",
            artists=(artist,),
            album=f"Album {at // 6}",
            popularity=40.0 + at,
            features=AudioFeatures(values=sound, source="table: invented"),
            source="table: invented",
        )
        for at in range(each)
        for artist in artists
    ]


TRACKS = [*songs(METAL, LOUD), *songs(JAZZ, CALM)]
BY_ID = {track.id: track for track in TRACKS}


def playlists(seed: int = 1) -> list[tuple[str, list[Track]]]:
    """Return twelve playlists: six of a fixed half of the metal songs and six of jazz, sixteen songs each."""
    rng = np.random.default_rng(seed)
    found = []
    for name, scene in (("Loud Evening", TRACKS[:24]), ("Quiet Evening", TRACKS[48:72])):
        for at in range(6):
            songs_of = [scene[i] for i in rng.permutation(24)[:16]]
            found.append((f"{name} {at}", songs_of))
    return found


def snapshot(folder: Path) -> Snapshot:
    build_collection(folder, TRACKS)
    return Catalogue(folder).current()
