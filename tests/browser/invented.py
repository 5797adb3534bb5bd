"""Playlist files with invented tracks, written as Exportify writes them; nothing in them exists."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from random import Random

BARE_HEADINGS = (
    *("Track URI", "Track Name", "Album Name", "Artist Name(s)", "Release Date", "Duration (ms)", "Popularity"),
    *("Explicit", "Added By", "Added At", "Genres", "Record Label"),
)
# The other dialect says who by URI, quotes every cell, and has seventeen columns in a fixed order before that.
URI_HEADINGS = (
    *("Track URI", "Track Name", "Artist URI(s)", "Artist Name(s)", "Album URI", "Album Name", "Album Artist URI(s)"),
    *("Album Artist Name(s)", "Album Release Date", "Album Image URL", "Disc Number", "Track Number"),
    *("Track Duration (ms)", "Track Preview URL", "Explicit", "Popularity", "ISRC", "Added By", "Added At"),
)
SOUND_HEADINGS = (
    *("Danceability", "Energy", "Key", "Loudness", "Mode", "Speechiness", "Acousticness", "Instrumentalness"),
    *("Liveness", "Valence", "Tempo", "Time Signature"),
)

BANDS = ("Lanternfish Parade", "The Quiet Mechanics", "Ostrich Cartel", "Nadia Verholt", "Kelp & Thunder", "Dr. Almond")
NOUNS = ("Harbour", "Velvet Engine", "Paper Moons", "Gravel Choir", "Northern Static", "Copper Rain", "Slow Kites")
MOODS = ("at Dawn", "in Reverse", "for Nobody", "without Brakes")


@dataclass(frozen=True, kw_only=True)
class Invented:
    """One invented row; ``number`` and ``person`` decide its names and its sound."""

    number: int
    person: str
    duration_ms: int = 201_000

    @property
    def id(self) -> str:
        return sha256(f"invented {self.number}".encode()).hexdigest()[:22]

    @property
    def title(self) -> str:
        return f"{NOUNS[self.number % len(NOUNS)]} {MOODS[self.number // len(NOUNS) % len(MOODS)]}"

    @property
    def artist(self) -> str:
        return BANDS[self.number % len(BANDS)]

    @property
    def released(self) -> str:
        return f"{1990 + self.number % 30}-05-01"

    @property
    def added(self) -> str:
        return f"2024-03-{1 + self.number % 28:02d}T10:00:00Z"

    def sound(self) -> list[str]:
        """Twelve features from danceability to time signature: each person has a corner of the map of their own."""
        seed = sha256(self.person.encode()).digest()
        chance = Random(self.number)
        energy, valence = (min(0.98, max(0.02, chance.gauss(0.25 + 0.5 * b / 255, 0.13))) for b in seed[:2])
        values = (0.3 + valence / 2, energy, self.number % 12, -20 + 16 * energy, self.number % 2, 0.05)
        return [f"{v:.3g}" for v in (*values, 1 - energy, 0.02, 0.1, valence, chance.gauss(118, 22), 4)]


def rows(people: dict[str, int]) -> list[Invented]:
    """Return as many rows as each person has, in turn."""
    order = [person for person, count in people.items() for _ in range(count)]
    return [Invented(number=number, person=person) for number, person in enumerate(order)]


def _text(headings: tuple[str, ...], cells: list[list[str]], quoting: int) -> str:
    out = io.StringIO()
    writer = csv.writer(out, quoting=quoting, lineterminator="\n")
    writer.writerow(headings + SOUND_HEADINGS)
    writer.writerows(cells)
    return out.getvalue()


def bare_file(tracks: Sequence[Invented]) -> str:
    """The dialect with bare ids of people and ``;`` between artists."""
    cells = [
        [
            *(
                f"spotify:track:{t.id}",
                t.title,
                "Nowhere Tapes",
                t.artist,
                t.released,
                str(t.duration_ms),
                "40",
                "false",
            ),
            *(t.person, t.added, "dream pop", "No Label"),
            *t.sound(),
        ]
        for t in tracks
    ]
    return _text(BARE_HEADINGS, cells, csv.QUOTE_MINIMAL)


def uri_file(tracks: list[Invented]) -> str:
    """The dialect with URIs of people and every cell quoted; its optional block here is the audio features."""
    cells = [
        [
            *(f"spotify:track:{t.id}", t.title, "spotify:artist:none", t.artist, "spotify:album:none"),
            *(
                "Nowhere Tapes",
                "spotify:artist:none",
                t.artist,
                t.released,
                "",
                "1",
                "1",
                str(t.duration_ms),
                "",
                "false",
                "40",
                "",
            ),
            *(f"spotify:user:{t.person}" if t.person else "", t.added),
            *t.sound(),
        ]
        for t in tracks
    ]
    return _text(URI_HEADINGS, cells, csv.QUOTE_ALL)


def account_file(lists: Mapping[str, Sequence[Invented]]) -> str:
    """Playlists as Spotify's account data holds them in Playlist1.json."""
    playlists = [
        {
            "name": name,
            "items": [
                {
                    "track": {
                        "trackName": row.title,
                        "artistName": row.artist,
                        "albumName": "",
                        "trackUri": f"spotify:track:{row.id}",
                    },
                    "addedDate": row.added[:10],
                }
                for row in rows
            ],
        }
        for name, rows in lists.items()
    ]
    return json.dumps({"playlists": playlists})
