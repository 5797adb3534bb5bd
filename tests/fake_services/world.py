"""One small invented world of music, the same in every service; nothing in it exists.

Beside plain songs it has what makes matching hard: a remaster and a live take, a karaoke version under the
original's ISRC, a title in Cyrillic, songs that some services lack, one whose sound nobody knows, one without a key.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from random import Random
from uuid import NAMESPACE_URL, uuid5

from store.text import normalise

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
# danceability, energy, acousticness, instrumentalness, valence, tempo
_GENRE_SOUND: Mapping[str, tuple[float, float, float, float, float, float]] = {
    "rock": (0.48, 0.82, 0.08, 0.04, 0.50, 128.0),
    "electronic": (0.72, 0.74, 0.05, 0.62, 0.45, 124.0),
    "jazz": (0.52, 0.34, 0.74, 0.40, 0.48, 104.0),
    "hip hop": (0.80, 0.62, 0.14, 0.01, 0.52, 92.0),
    "folk": (0.46, 0.30, 0.84, 0.06, 0.40, 100.0),
    "pop": (0.68, 0.66, 0.16, 0.01, 0.66, 116.0),
}
# Deezer's names and numbers of genres.
DEEZER_GENRES: Mapping[str, tuple[int, str]] = {
    "rock": (152, "Rock"),
    "electronic": (106, "Electro"),
    "jazz": (129, "Jazz"),
    "hip hop": (116, "Rap/Hip Hop"),
    "folk": (466, "Folk"),
    "pop": (132, "Pop"),
}
ITUNES_GENRES: Mapping[str, str] = {
    "rock": "Rock",
    "electronic": "Electronic",
    "jazz": "Jazz",
    "hip hop": "Hip-Hop/Rap",
    "folk": "Singer/Songwriter",
    "pop": "Pop",
}


def base62(text: str) -> str:
    """Return 22 characters as Spotify's ids have them."""
    number = int.from_bytes(sha256(text.encode()).digest()[:17], "big")
    digits = []
    for _ in range(22):
        number, digit = divmod(number, 62)
        digits.append(_BASE62[digit])
    return "".join(digits)


def mbid(text: str) -> str:
    """Return a UUID as MusicBrainz' and ReccoBeats' ids are."""
    return str(uuid5(NAMESPACE_URL, f"https://nowhere.invalid/{text}"))


@dataclass(frozen=True, kw_only=True)
class Artist:
    """``number`` decides the ids; ``tags`` are genres with votes, as MusicBrainz has them."""

    number: int
    name: str
    genre: str
    tags: Mapping[str, int]

    @property
    def deezer(self) -> int:
        return 5_000 + self.number

    @property
    def itunes(self) -> int:
        return 70_000 + self.number

    @cached_property
    def mbid(self) -> str:
        return mbid(f"artist {self.number}")

    @cached_property
    def spotify(self) -> str:
        return base62(f"artist {self.number}")


@dataclass(frozen=True, kw_only=True)
class Song:
    """A recording. ``absent`` names the services that do not have it; ``features`` is empty where nobody knows it."""

    number: int
    title: str
    artist: Artist
    album: str
    year: int
    duration_ms: int
    isrc: str
    popularity: int
    guests: tuple[Artist, ...] = ()
    explicit: bool = False
    features: Mapping[str, float] = field(default_factory=dict)
    absent: frozenset[str] = frozenset()

    @property
    def artists(self) -> tuple[Artist, ...]:
        return (self.artist, *self.guests)

    @property
    def deezer(self) -> int:
        return 900_000 + self.number

    @property
    def deezer_album(self) -> int:
        return 300_000 + int(sha256(f"{self.artist.name} {self.album}".encode()).hexdigest()[:6], 16)

    @property
    def itunes(self) -> int:
        return 1_280_000_000 + self.number

    @cached_property
    def mbid(self) -> str:
        return mbid(f"recording {self.number}")

    @cached_property
    def album_mbid(self) -> str:
        return mbid(f"release group {self.artist.name} {self.album}")

    @cached_property
    def spotify(self) -> str:
        return base62(f"track {self.number}")

    @cached_property
    def reccobeats(self) -> str:
        return mbid(f"reccobeats {self.number}")

    @cached_property
    def words(self) -> frozenset[str]:
        names = " ".join(artist.name for artist in self.artists)
        return frozenset(normalise(f"{self.title} {names} {self.album}").split())


_ARTISTS: tuple[tuple[str, str, dict[str, int]], ...] = (
    ("Marble Foxes", "rock", {"indie rock": 9, "rock": 7, "post-punk": 2}),
    ("The Tin Orchard", "rock", {"rock": 6, "garage rock": 3}),
    ("Velvet Causeway", "electronic", {"synth-pop": 8, "electronic": 6}),
    ("Ion Lagoon", "electronic", {"electronic": 5, "ambient": 4, "seen live": 11}),
    ("Orla Quintet", "jazz", {"jazz": 9, "hard bop": 4}),
    ("Benno Stahl Trio", "jazz", {"jazz": 4, "cool jazz": 2}),
    ("Kite & Ledger", "hip hop", {"hip hop": 7, "boom bap": 3}),
    ("MC Palimpsest", "hip hop", {"hip hop": 5, "trap": 2}),
    ("Hazel Brookfield", "folk", {"folk": 8, "singer-songwriter": 6}),
    ("Северный Причал", "folk", {"folk": 3, "indie folk": 2}),
    ("Lumi Ferrando", "pop", {"pop": 9, "dance-pop": 5}),
    ("Nobody's Cousins", "pop", {"pop": 3}),
)
_SONGS: tuple[tuple[int, str, str, int], ...] = (  # artist, title, album, year
    (0, "Glass Tide", "Harbour Lights", 2008),
    (0, "Glass Tide - Remastered 2019", "Harbour Lights (Deluxe)", 2019),
    (0, "Glass Tide (Live at the Mill)", "Live at the Mill", 2010),
    (0, "Paper Lanterns", "Harbour Lights", 2008),
    (0, "Slow Ferry Home", "Harbour Lights", 2008),
    (1, "Rust and Ivy", "Orchard Street", 1998),
    (1, "Copper Weather", "Orchard Street", 1998),
    (1, "Nine Wrong Turns", "Second Fence", 2003),
    (2, "Neon Estuary", "Causeway", 2014),
    (2, "Half a Satellite", "Causeway", 2014),
    (2, "Ghost in the Arcade", "Low Season", 2017),
    (2, "Marzipan Motorway", "Low Season", 2017),
    (3, "Tidal Clockwork", "Lagoon One", 2011),
    (3, "Isotope Garden", "Lagoon One", 2011),
    (3, "Sleep Protocol", "Lagoon Two", 2020),
    (4, "Blue Umbrella", "At the Corner", 1962),
    (4, "Seven Stairs", "At the Corner", 1962),
    (4, "Lullaby for Ada", "Night Train North", 1965),
    (5, "Chalk Circle", "Trio", 1971),
    (5, "Winter Tram", "Trio", 1971),
    (6, "Receipts", "Balance Sheet", 1996),
    (6, "Corner Store Opera", "Balance Sheet", 1996),
    (6, "Kites Over Concrete", "Audit", 1999),
    (7, "Erase Me Twice", "Scraped Vellum", 2018),
    (7, "Margin Notes", "Scraped Vellum", 2018),
    (7, "Footnote Flow", "Marginalia", 2021),
    (8, "The Miller's Daughter Waits", "Brook and Field", 1974),
    (8, "Hedgerow", "Brook and Field", 1974),
    (8, "October Letters", "Plain Songs", 1977),
    (9, "Снег над рекой", "Причал", 2012),
    (9, "Белый маяк", "Причал", 2012),
    (9, "Lantern Song", "Причал", 2012),
    (10, "Sugar Static", "Ferrando", 2022),
    (10, "Call It Summer", "Ferrando", 2022),
    (10, "Mirrorball Heart", "Ferrando", 2022),
    (10, "Two Step Tango", "Encore", 2025),
    (11, "Second Cousin Waltz", "Family Reunion", 2005),
    (11, "Potato Salad", "Family Reunion", 2005),
    (11, "Glass Tide (Karaoke Version)", "Sing Along Vol. 3", 2013),
    (11, "Field Recording No. 1", "Family Reunion", 2005),
)
_ABSENT: Mapping[str, frozenset[str]] = {
    "Nine Wrong Turns": frozenset({"deezer"}),
    "Seven Stairs": frozenset({"spotify", "reccobeats"}),
    "Winter Tram": frozenset({"itunes", "musicbrainz"}),
    "Sleep Protocol": frozenset({"musicbrainz"}),
    "Two Step Tango": frozenset({"acousticbrainz", "musicbrainz"}),  # too new
    "Sugar Static": frozenset({"acousticbrainz"}),
    "Field Recording No. 1": frozenset({"reccobeats", "acousticbrainz"}),
    "Potato Salad": frozenset({"acousticbrainz"}),
}
UNKNOWN_SOUND = "Field Recording No. 1"
NO_KEY = "Tidal Clockwork"
ORIGINAL, KARAOKE = "Glass Tide", "Glass Tide (Karaoke Version)"


def _features(number: int, genre: str, duration_ms: int, title: str) -> dict[str, float]:
    if title == UNKNOWN_SOUND:
        return {}
    chance = Random(number)

    def near(value: float) -> float:
        return round(min(0.99, max(0.01, chance.gauss(value, 0.07))), 3)

    danceability, energy, acousticness, instrumentalness, valence, tempo = _GENRE_SOUND[genre]
    return {
        "danceability": near(danceability),
        "energy": near(energy),
        "key": -1 if title == NO_KEY else number % 12,
        "loudness": round(-18 + 13 * energy + chance.gauss(0, 1), 3),
        "mode": number % 2,
        "speechiness": near(0.24 if genre == "hip hop" else 0.05),
        "acousticness": near(acousticness),
        "instrumentalness": near(instrumentalness),
        "liveness": near(0.8 if "Live" in title else 0.14),
        "valence": near(valence),
        "tempo": round(chance.gauss(tempo, 8), 3),
        "duration_ms": duration_ms,
        "time_signature": 3 if "Waltz" in title else 4,
    }


class World:
    """Artists and songs that a test may change (``songs`` is a plain list) without touching other tests."""

    def __init__(self) -> None:
        self.artists = [
            Artist(number=number, name=name, genre=genre, tags=tags)
            for number, (name, genre, tags) in enumerate(_ARTISTS)
        ]
        self.songs = [self._song(number, *row) for number, row in enumerate(_SONGS)]

    def _song(self, number: int, artist: int, title: str, album: str, year: int) -> Song:
        edition = title in (KARAOKE, "Glass Tide - Remastered 2019")
        duration_ms = 224_000 + edition * 600 if title.startswith(ORIGINAL) else 150_000 + number * 4_321
        return Song(
            number=number,
            title=title,
            artist=self.artists[artist],
            album=album,
            year=year,
            duration_ms=duration_ms,
            # The karaoke version stands under the original's.
            isrc=f"ZZTM1{(2008 if title == KARAOKE else year) % 100:02d}{0 if title == KARAOKE else number:05d}",
            popularity=12 if title == KARAOKE else 90 - 2 * number,
            guests=(self.artists[10],) if title == "Marzipan Motorway" else (),
            explicit=title in ("Erase Me Twice", "Receipts"),
            features=_features(number, self.artists[artist].genre, duration_ms, title),
            absent=_ABSENT.get(title, frozenset()),
        )

    def song(self, title: str) -> Song:
        """Return the song of that exact title."""
        return next(song for song in self.songs if song.title == title)

    def on(self, service: str) -> list[Song]:
        """Return the songs that ``service`` has."""
        return [song for song in self.songs if service not in song.absent]

    def search(self, service: str, text: str) -> list[Song]:
        """Return the songs with all of the words in title, artists or album, the popular ones first."""
        words = set(normalise(text).split())
        return sorted((s for s in self.on(service) if words and words <= s.words), key=lambda s: -s.popularity)

    def like(self, service: str, song: Song) -> list[Song]:
        """Return other songs of the genre, other artists' first."""
        same = [s for s in self.on(service) if s.artist.genre == song.artist.genre and s.number != song.number]
        return sorted(same, key=lambda s: (s.artist.number == song.artist.number, -s.popularity))

    def of(self, service: str, artist: Artist) -> list[Song]:
        """Return the songs of ``artist``, the popular ones first."""
        return sorted((s for s in self.on(service) if artist in s.artists), key=lambda s: -s.popularity)

    def artists_named(self, text: str) -> list[Artist]:
        """Return the artists whose name has, for every word of ``text``, a word that begins so."""
        starts = normalise(text).split()
        names = [(artist, normalise(artist.name).split()) for artist in self.artists]
        return [a for a, words in names if starts and all(any(w.startswith(s) for w in words) for s in starts)]


def page(rows: Iterable[Song], start: int, count: int) -> list[Song]:
    """Return ``count`` rows from ``start`` on."""
    return list(rows)[start : start + count]
