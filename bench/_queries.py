"""Search queries of several kinds for tracks of the catalogue, each with the recording that it should find."""

import random
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from store.catalogue.catalogue import Snapshot
from store.domain import Track
from store.text import plain_title, recording_key

SEED = 20261121
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_TYPO_WORD = 5


@dataclass(frozen=True, slots=True)
class Case:
    """A query, its kind, and the recording key of the track that it should find."""

    kind: str
    query: str
    wanted: str


def sample_tracks(snapshot: Snapshot, count: int, rng: random.Random) -> list[Track]:
    """Draw ``count`` tracks, half from the whole catalogue and half from its most popular tenth; drop unnamed ones."""
    public = snapshot.segment("public")
    rows = rng.sample(range(public.count), count // 2) + rng.sample(range(public.count // 10), count - count // 2)
    tracks = [public.track(row) for row in rows]
    return [track for track in tracks if track.title and track.artists]


def with_typo(text: str, rng: random.Random) -> str:
    """Return ``text`` with one letter dropped, doubled, swapped or replaced in a word of five letters or more."""
    words = text.split()
    places = [at for at, word in enumerate(words) if len(word) >= _TYPO_WORD and word.isalpha()]
    if not places:
        return text
    at = rng.choice(places)
    word, i = words[at], rng.randrange(1, len(words[at]) - 1)
    changes = (
        word[:i] + word[i + 1 :],
        word[:i] + word[i] + word[i:],
        word[:i] + word[i + 1] + word[i] + word[i + 2 :],
        word[:i] + rng.choice(_LETTERS) + word[i + 1 :],
    )
    words[at] = rng.choice(changes)
    return " ".join(words)


def without_accents(text: str) -> str:
    """Return ``text`` as typed on a keyboard without accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def cases(tracks: list[Track], rng: random.Random) -> Iterator[Case]:
    """Yield the queries of every kind for ``tracks``."""
    kinds: dict[str, Callable[[str, str], str]] = {
        "artist title": lambda title, artist: f"{artist} {title}",
        "title artist": lambda title, artist: f"{title} {artist}",
        "one typo in title, artist": lambda title, artist: f"{with_typo(title, rng)} {artist}",
        "artist with one typo, title": lambda title, artist: f"{with_typo(artist, rng)} {title}",
        "title - Remastered 2011, artist": lambda title, artist: f"{title} - Remastered 2011 {artist}",
        "title (feat. Somebody), artist first": lambda title, artist: f"{artist} {title} feat.",
        "last three letters not typed": lambda title, artist: f"{artist} {title}"[:-3],
        "lower case, no punctuation": lambda title, artist: "".join(
            c for c in f"{title} {artist}".lower() if c.isalnum() or c.isspace()
        ),
    }
    for track in tracks:
        wanted = recording_key(track.title, track.artists[0])
        title = plain_title(track.title)
        for kind, query in kinds.items():
            yield Case(kind, query(title, track.artists[0]), wanted)
        bare = f"{without_accents(title)} {without_accents(track.artists[0])}"
        if bare != f"{title} {track.artists[0]}":
            yield Case("accents stripped", bare, wanted)
        if (track.popularity or 0) >= 75:
            yield Case("popular title alone", title, wanted)
            yield Case("popular title alone, one typo", with_typo(title, rng), wanted)
