"""Playlist files with invented tracks, written as Exportify writes them; nothing in them exists."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from hashlib import sha256

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
    """One invented row; ``number`` decides its names and its sound."""

    number: int
    person: str

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
        """Twelve features from danceability to time signature, spread so that no two markers cover each other."""
        share = (self.number * 37 % 101) / 101
        other = (self.number * 59 % 103) / 103
        values = (0.3 + share / 2, 0.05 + share * 0.9, self.number % 12, -20 + 16 * share, self.number % 2, 0.05)
        return [f"{v:.3g}" for v in (*values, 1 - share, other * 0.8, 0.1, 0.05 + other * 0.9, 80 + 90 * other, 4)]


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


def bare_file(tracks: list[Invented]) -> str:
    """The dialect with bare ids of people and ``;`` between artists."""
    cells = [
        [
            *(f"spotify:track:{t.id}", t.title, "Nowhere Tapes", t.artist, t.released, "201000", "40", "false"),
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
                "201000",
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
