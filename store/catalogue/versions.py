"""Versions of a composition in titles: the original recording, a live one, a remix, a cover ..."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz

from store.text import normalise, plain_title

# A version is named in brackets or behind a dash: "Live and Let Die" is not a live recording.
_MARK = re.compile(r"[(\[]([^)\]]*)[)\]]|\s[-–—]\s+([^(\[]+)")
_KINDS = {
    kind: re.compile(rf"\b(?:{words})\b")
    for kind, words in {
        "cover": r"karaoke|backing track|sing ?along|cover(?:ed|s)?|tribute|made famous|in the style of|originally by"
        r"|originally performed|as performed|lullaby|8 bit",
        "live": r"live|unplugged|in concert|en vivo|en directo|ao vivo|dal vivo|concert version",
        "remix": r"re ?mix(?:ed)?|mix|re ?work(?:ed)?|bootleg|mash ?up|dub|vip|flip|edit|extended|long version|12",
        "acoustic": r"acoustic|stripped|piano version|a ?cappella|acapella|orchestral|symphonic",
        "instrumental": r"instrumental",
        "demo": r"demo|rehearsal|out ?take|alternate|early version|take \d+",
        "speed": r"sped up|speed up|slowed|nightcore|reverb|8d",
        "re-recording": r"re ?recorded|rerecording|new version|\w+s version|session|sessions",
        "part": r"reprise|interlude|intro|outro|skit|commentary",
    }.items()
}
_AT_END = re.compile(
    rf"(?<=\S)(?:\s+(?:{'|'.join(pattern.pattern for pattern in _KINDS.values())})(?:\s+version)?)+\s*$", re.IGNORECASE
)
_EDITION = re.compile(r"\b(?:re ?master(?:ed)?|mono|stereo|radio edit|single version|single edit|album version)\b")
_IMITATORS = re.compile(
    r"\b(?:karaoke|tribute|cover band|covers|made famous|in the style of|kidz bop|mini pop kids|pickin on|rockabye baby"
    r"|vitamin string quartet|glee cast|sing along)\b"
)
# Words of a mark after which it is the same song, though they name no kind: "From “Footloose”", "English Version".
_SAME_SONG = re.compile(r"^(?:from|with)\b|\b(?:ver|version|soundtrack|re ?recording|anniversary|edition)\b|\bradio$")
# The year of a version behind the title: "Blue Monday '88".
_SHORT_YEAR = re.compile(r"(?<=\S)\s+['’]\d\d\b")
# Films have a main title each: these names say nothing without the film.
_GENERIC = re.compile(r"(?:main |end |opening )?(?:theme|titles?|credits|prologue|overture|finale|suite|intro)")
# The number of a work in its composer's catalogue, and which part of it, in a normalised title.
_WORK = re.compile(r"\b(k|bwv|rv|op|woo|hob|hwv|d)(?:v|us)? (\d+[a-z]?)\b(?: no (\d+)\b)?(.*)")
_PART = re.compile(r"\b(?:[ivx]{1,4}|\d{1,2})\b")
_NUMBER = re.compile(r"\d+|(?<=\bpart )[a-z]+|(?<=\bpt )[a-z]+|\b[ivx]{2,}$")
_ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6", "one": "1", "two": "2", "three": "3"}
_ROMAN |= {"vii": "7", "viii": "8", "ix": "9", "x": "10"}

_OTHER_KIND, _OTHER_WORDS, _FEWER_WORDS, _OTHER_EDITION, _OTHER_NUMBER = 0.3, 0.4, 0.85, 0.95, 0.4
_SAME_WORDS = 0.85
# "Song (From the Film)" is "Song": words in brackets other than the known versions seldom mean another recording.
_WITHOUT_BRACKETS = 0.85


KINDS = tuple(_KINDS)


@dataclass(frozen=True, slots=True)
class Version:
    """A parsed title.

    ``name`` is the normalised title without marks of versions, ``bare`` without anything in brackets or after a dash.
    ``words`` are those that name the version, ``kinds`` its kinds; ``edition`` says whether it is a remaster or such.
    ``composition`` is equal for all versions of a composition by one artist.
    """

    name: str
    bare: str
    composition: str
    kinds: frozenset[str]
    words: str
    edition: bool
    numbers: frozenset[str]


def named_kinds(words: str) -> frozenset[str]:
    """Return the kinds of version that normalised ``words`` name, without remasters and other editions."""
    plain = _EDITION.sub(" ", words)
    return frozenset(kind for kind, pattern in _KINDS.items() if pattern.search(plain))


@lru_cache(maxsize=4096)
def version_of(title: str, artists: tuple[str, ...] = ()) -> Version:
    """Return the parsed ``title``. ``artists`` count too: "The Karaoke Channel" plays covers."""
    plain = plain_title(title)
    marks = [(mark.group(0), normalise(mark.group(1) or mark.group(2) or "")) for mark in _MARK.finditer(plain)]
    name, bare, song, version_words = plain, plain, plain, list[str]()
    kinds: set[str] = set()
    for whole, words in marks:
        found = named_kinds(words)
        bare = bare.replace(whole, " ")
        if found or _SAME_SONG.search(words):
            song = song.replace(whole, " ")
        if found:
            name = name.replace(whole, " ")
            kinds |= found
            version_words.append(words)
    if any(_IMITATORS.search(normalise(artist)) for artist in artists):
        kinds.add("cover")
    normal, of_song = normalise(name), normalise(_SHORT_YEAR.sub("", song))
    return Version(
        name=normal,
        bare=normalise(bare),
        composition=composition_key(normal if _GENERIC.fullmatch(of_song) else of_song),
        kinds=frozenset(kinds),
        words=" ".join(version_words),
        edition=bool(_EDITION.search(normalise(title))),
        numbers=numbers_in(normal),
    )


def composition_key(normal: str) -> str:
    """Return the key of a composition by its normalised title without marks of versions.

    YMCA and Y.M.C.A. have one key, and so has a part of a work by its number: "Serenade in G, K. 525: I. Allegro" and
    "Eine kleine Nachtmusik, KV 525: 1. Allegro".
    """
    work = _WORK.search(normal)
    if work is None:
        return normal.removesuffix(" remix").replace(" ", "")
    catalogue, number, of_opus, rest = work.groups()
    part = _PART.search(rest)
    named = _ROMAN.get(part.group(), part.group()) if part else rest.replace(" ", "")
    return " ".join((catalogue, number, of_opus or "", named))


@lru_cache(64)  # asked again for each track that is compared with a query
def version_at_end(words: str) -> tuple[str, str]:
    """Return ``words`` without the names of kinds of version behind them, and these: "nirvana live" has "live"."""
    end = _AT_END.search(words)
    return (words[: end.start()], end.group().strip()) if end else (words, "")


def without_kinds(normal: str) -> str:
    """Return normalised words without those that name a kind of version."""
    for pattern in _KINDS.values():
        normal = pattern.sub(" ", normal)
    return " ".join(normal.split())


def is_marked(title: str) -> bool:
    """Return whether a title has brackets, a dash or a short year; only then can it name a version."""
    return _MARK.search(title) is not None or _SHORT_YEAR.search(title) is not None


def kind_bits(kinds: Iterable[str]) -> int:
    """Return kinds of version as bits, in the order of :data:`KINDS`."""
    return sum(1 << KINDS.index(kind) for kind in kinds)


_SELDOM_MEANT = kind_bits(("cover", "speed", "part"))


def refused_kinds(tracks: Iterable[tuple[str, Sequence[str]]]) -> int:
    """Return the bits of the kinds that go with no track but their own, without those of ``tracks`` (title, artists).

    They are karaoke and other imitations, sped-up tracks, and interludes.
    """
    return _SELDOM_MEANT & ~kind_bits({kind for title, artists in tracks for kind in version_of(title, artists).kinds})


def numbers_in(normal: str) -> frozenset[str]:
    """Return the numbers of a normalised title as digits: "part ii" has 2."""
    return frozenset(_ROMAN.get(number, number) for number in _NUMBER.findall(normal))


def same_title(a: Version, b: Version) -> float:
    """Return the confidence (0 to 1) that two titles name one recording.

    It is the squared similarity of the names, reduced by each difference between the versions.
    """
    likeness = (fuzz.ratio(a.name, b.name) / 100.0) ** 2
    if a.bare and a.bare == b.bare:
        likeness = max(likeness, _WITHOUT_BRACKETS)
    if a.numbers != b.numbers:
        likeness *= _OTHER_NUMBER
    if a.kinds != b.kinds:
        return likeness * _OTHER_KIND
    return likeness * _same_words(a.words, b.words) * (_OTHER_EDITION if a.edition != b.edition else 1.0)


def _same_words(a: str, b: str) -> float:
    """Return the factor for the words of two versions of the same kinds ("Live at Wembley", "Live in Montreal")."""
    if a == b:
        return 1.0
    if fuzz.token_set_ratio(a, b) == 100.0:
        return _FEWER_WORDS
    alike = fuzz.token_sort_ratio(a, b) / 100.0
    return alike if alike >= _SAME_WORDS else _OTHER_WORDS
