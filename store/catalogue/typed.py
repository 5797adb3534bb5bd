"""Compares typed words with a track's artist and title when nobody says which words are which."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from store.catalogue.versions import Version, named_kinds, numbers_in, version_at_end, version_of, without_kinds
from store.domain import Track
from store.text import artist_key, credited, normalise, plain_title

# A title alone is shared by many tracks, so it never makes one certain.
TITLE_ALONE = 0.8
# Factors: other numbers; words in brackets that were not typed beside the artist (a title alone means the most popular
# track, with them or without); a guest's name; one name of "A & B".
_OTHER_NUMBER, _BRACKETS, _GUEST, _CREDITED = 0.4, 0.9, 0.97, 0.95
# The factor if only the artist's last words were typed: "Davis" for Miles Davis.
_SURNAME = 0.8
# Factors for versions that were not asked for: covers by other artists; live recordings, remixes ...
_IMITATION, _VERSION = 0.5, 0.8
# Two words with a lower similarity (0 to 100) are different words; the factor of a name with a different word.
_SAME_WORD, _OTHER_WORD = 55, 0.4
# The highest likeness of a title of which only the beginning was typed, and that of one of a title's parts.
_BEGINNING, _PART = 0.9, 0.9
# A title of which the typed beginning is the name of the work, and the rest says which: "Cello Suite No. 1 in G Major,
# BWV 1007: I. Prélude".
_WORK = re.compile(r"\b(?:bwv|kv?|rv|op|woo|hob|hwv|wwv|d) \d|\b(?:major|minor)\b")
_PARTS = re.compile(r":\s+|\s+/\s+")
# Below this similarity two names are different names.
LEAST = 0.5


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a track matches typed words: ``likeness`` 0 to 1, and how the words were interpreted.

    ``title`` are the typed words of the title. ``artist`` is the track's artist that was typed, None for a title alone.
    ``kinds`` are the kinds of version that the track is and that were not typed.
    """

    likeness: float
    title: str = ""
    artist: str | None = None
    kinds: frozenset[str] = frozenset()


def fit(words: Sequence[str], track: Track) -> Fit:
    """Return how well ``track`` matches the normalised ``words``, divided into artist and title in the best way.

    Every word belongs to one of the two. The artist comes before or after the title; of several artists, some may come
    before and some after it. The name of a kind of version at the end ("live") belongs to the title. The likeness is
    that of the titles times that of the artists; for a title alone it is at most 0.8.
    """
    version, plain = version_of(plain_title(track.title), track.artists), normalise(plain_title(track.title))
    parts, is_work = _parts(track)
    best = Fit(0.0)
    for title, artist in _divisions(words, several=len(track.artists) > 1):
        asked = version.kinds & named_kinds(title)
        kinds = version.kinds - asked
        songs = (title, without_kinds(title)) if asked else (title,)  # "live" means any live recording
        likeness = max(_title_likeness(song, plain, version, 1.0 if not artist else _BRACKETS) for song in songs)
        named = f"{artist_key(title)} "
        likeness = max(likeness, _PART * any(part.startswith(named) if is_work else part == named for part in parts))
        if likeness <= best.likeness:
            continue
        of_artist, name = _best_artist(artist, track.artists) if artist else (TITLE_ALONE, None)
        # A cover is what was asked for if the words name the covering artist.
        likeness *= of_artist * (
            _IMITATION if "cover" in kinds and not name else _VERSION if kinds - {"cover"} else 1.0
        )
        if likeness > best.likeness:
            best = Fit(likeness, title, name, kinds - {"cover"} if name else kinds)
    return best


def artist_likeness(given: str, artists: Sequence[str]) -> float:
    """Return how likely ``given`` names the artists of a track, 0 to 1: one of them, or all, in any order."""
    return max(_best_artist(given, artists)[0], _together(normalise(given), artists))


def _together(given: str, artists: Sequence[str]) -> float:
    names, others = credited([given]), credited(artists)
    if not names or not others:
        return 0.0
    among = _CREDITED * (names[0] in others or others[0] in names)
    return max(among, _alike(*(" ".join(sorted(" ".join(of).split())) for of in (names, others))))


def _divisions(words: Sequence[str], *, several: bool) -> Iterator[tuple[str, str]]:
    """Yield (title, artist): the title is every beginning or end of the words; for ``several`` artists, every part.

    Of "come as you are nirvana live", "live" is also tried as words of the title.
    """
    song, kind = version_at_end(" ".join(words))
    for title, artist in _divisions(song.split(), several=several) if kind else ():
        if artist:
            yield f"{title} {kind}", artist
    count = len(words)
    for start in range(count):
        for end in range(start + 1, count + 1):
            if start == 0 or end == count or several:
                yield " ".join(words[start:end]), " ".join((*words[:start], *words[end:]))


def _title_likeness(typed: str, plain: str, version: Version, brackets: float) -> float:
    """Return the likeness of a typed title to the whole title and to the title without its version.

    ``brackets`` is that to a title of which only the words in brackets were not typed.
    """
    likeness = max(_alike(typed, plain), _alike(typed, version.name), brackets * (typed == version.bare))
    if likeness < _BEGINNING and version.name.startswith(f"{typed} "):
        likeness = max(likeness, _BEGINNING * (1.0 + len(typed) / len(version.name)) / 2.0)
    return likeness


def _parts(track: Track) -> tuple[list[str], bool]:
    """Return the normalised parts of a title that name the piece ("Carmina Burana: O Fortuna"), each with a space.

    Also return whether it is the title of a work, of which the beginning of any part names it. Of another title only
    the whole last part does.
    """
    title = plain_title(track.title)
    parts, is_work = [f"{artist_key(part)} " for part in _PARTS.split(title)], bool(_WORK.search(normalise(title)))
    return (parts if is_work else parts[1:][-1:]), is_work


def _best_artist(typed: str, artists: Sequence[str]) -> tuple[float, str | None]:
    given, best, name = artist_key(typed), 0.0, None
    for at, artist in enumerate(artists):
        known = artist_key(artist)
        likeness = max(_alike(given, known), _SURNAME * known.endswith(f" {given}")) * (_GUEST if at else 1.0)
        if likeness > best:
            best, name = likeness, artist
    if best < _CREDITED and (among := _together(typed, artists)) > best:
        best, name = among, " & ".join(artists)
    return best, name


def _alike(typed: str, name: str) -> float:
    """Return the squared similarity of two normalised names, 0 to 1.

    It is reduced if the numbers differ, or if ``typed`` has a word that resembles none of ``name``.
    """
    if typed == name:
        return 1.0
    likeness = float(fuzz.ratio(typed, name) / 100.0) ** 2
    if likeness < LEAST:
        return likeness * _OTHER_WORD
    joined, words = name.replace(" ", ""), name.split()
    extra = any(
        word not in joined and max(fuzz.ratio(word, other) for other in words) < _SAME_WORD for word in typed.split()
    )
    return (
        likeness * (_OTHER_WORD if extra else 1.0) * (_OTHER_NUMBER if numbers_in(typed) != numbers_in(name) else 1.0)
    )
