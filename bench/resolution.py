"""Accuracy of resolving a typed query to a track: the share of hard queries that give the right track or names.

    python -m bench.resolution [--failures]

Recordings are drawn from TASTEMAP_DATA (default ../shared/data) with a fixed seed, half from all rows and half from the
most popular tenth. Each recording makes one query of its first artist and its title without guests and edition marks;
half of the queries have the title first. A query must not have the same words as another recording. The kinds:

    typo      one letter is dropped, doubled, swapped or replaced in the title and one in the artist's name
    number    the title or the artist's name has a digit
    word      the artist's name is a single word that occurs in at least 20 titles
    artist    the title begins or ends with the name of another well-known artist ("Dancing Queen")
    version   the table has live, remixed, covered or other versions of the title; the original is meant
    absent    the title is in songs.csv.gz but not in the table, and the artists model knows the artist
    elsewhere the same, and the table has a track of that title by another artist

An answer is right if its track is the recording. For `absent` and `elsewhere` it is right if it has the typed artist
and title and no track of the catalogue. Every second query of a kind is in the half `chosen`, on which the weights were
chosen; the half `reported` was not used. The queries with an artist that the artists model knows are also sent to an
installation without a catalogue, to see whether the artist is right. Exit code 1 if less than 98 % are right.
"""

import argparse
import gzip
import random
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from operator import itemgetter
from pathlib import Path

import pandas as pd

from bench._cost import DATA, Meter, call_times, finish
from bench._queries import SEED, with_typo
from bench.catalogue import full_catalogue
from config import Config
from ml.artists.model import ArtistEmbedding
from services.container import Services
from services.errors import ServiceError
from services.subject.model import Subject
from services.subject.resolve import resolve
from services.viewer import Viewer
from store.catalogue.search import MAX_WORDS
from store.catalogue.segment import Segment
from store.catalogue.versions import version_of
from store.text import normalise, plain_title

KINDS = {"typo": 80, "number": 70, "word": 80, "artist": 70, "version": 70, "absent": 60, "elsewhere": 70}
ABSENT = ("absent", "elsewhere")
LEAST_TITLES, WELL_KNOWN, WANTED = 20, 0.5, 0.98
HALVES = ("chosen", "reported")


@dataclass(frozen=True, slots=True)
class Named:
    """A recording: its title without guests and edition marks, and its first artist."""

    title: str
    artist: str

    @property
    def keys(self) -> tuple[str, str]:
        return normalise(self.title), normalise(self.artist)

    @property
    def words(self) -> str:
        """The words in alphabetical order: a query cannot tell apart two recordings that have the same words."""
        return " ".join(sorted(" ".join(self.keys).split()))


@dataclass(frozen=True, slots=True)
class Case:
    kind: str
    half: str
    query: str
    wanted: Named


def named_rows(segment: Segment) -> list[Named]:
    tracks = map(segment.track, range(segment.count))
    return [Named(plain_title(t.title), t.artists[0]) if t.title and t.artists else Named("", "") for t in tracks]


class Kinds:
    """Tells which recordings of the table are of which kind."""

    def __init__(self, rows: Iterable[Named], artists: ArtistEmbedding) -> None:
        self.artists = artists
        distinct = set(rows)
        self.titles: dict[str, set[str]] = defaultdict(set)
        self.versions: Counter[str] = Counter()
        for row in distinct:
            for word in set(row.keys[0].split()):
                self.titles[word].add(row.keys[0])
            version = version_of(row.title, (row.artist,))
            self.versions[version.name] += bool(version.kinds)
        self.same_words = Counter(row.words for row in {row.keys: row for row in distinct}.values())
        self.known = {row.words for row in distinct}
        self.known_titles = {row.keys[0] for row in distinct}
        self.tests: dict[str, Callable[[Named], bool]] = {
            "typo": lambda row: all(
                any(len(word) >= 5 and word.isalpha() for word in name.split()) for name in (row.title, row.artist)
            ),
            "number": lambda row: any(c.isdigit() for c in row.title + row.artist),
            "word": lambda row: len(self.titles[row.keys[1]]) >= LEAST_TITLES,
            "artist": self._has_another_artist,
            "version": lambda row: bool(self.versions[row.keys[0]]) and not version_of(row.title, (row.artist,)).kinds,
        }

    def called(self, name: str) -> int | None:
        """Return the artist of this very name: no other name counts, so that new ones leave the queries as they are."""
        return self.artists.keys.exact(normalise(name))

    def elsewhere(self, song: Named, *, wanted: bool) -> bool:
        """Return whether the table has the title of ``song`` by another artist, or, if not ``wanted``, has it not."""
        return (song.keys[0] in self.known_titles) == wanted

    def of(self, kind: str, row: Named) -> bool:
        return _typeable(row) and self.same_words[row.words] == 1 and self.tests[kind](row)

    def _has_another_artist(self, row: Named) -> bool:
        words = row.keys[0].split()
        for end in (words[0], words[-1]) if len(words) > 1 else ():
            other = self.called(end)
            if other is not None and self.artists.prior[other] >= WELL_KNOWN and end != row.keys[1]:
                return True
        return False


def drawn(rows: list[Named], rng: random.Random) -> Iterator[Named]:
    """Yield rows endlessly, alternately from all and from the first tenth, which has the most popular."""
    while True:
        yield rng.choice(rows)
        yield rng.choice(rows[: len(rows) // 10])


def _typeable(row: Named) -> bool:
    return all(row.keys) and len(row.words.split()) <= MAX_WORDS


def absent_songs(folder: Path, kinds: Kinds) -> list[Named]:
    """Return the songs missing in the table whose artist the artists model knows, best-known artists first."""
    with gzip.open(folder / "songs.csv.gz", "rt", encoding="utf-8") as text:
        table = pd.read_csv(text, usecols=["title", "artist"], dtype=str, keep_default_na=False)
    songs = (Named(plain_title(title), artist) for title, artist in zip(table["title"], table["artist"], strict=True))
    known = ((kinds.called(song.artist), song) for song in songs if _typeable(song) and song.words not in kinds.known)
    # The model numbers artists by how well known they are, from 0 for the best known.
    return [song for _, song in sorted(((at, song) for at, song in known if at is not None), key=itemgetter(0))]


def cases(segment: Segment, artists: ArtistEmbedding, folder: Path) -> list[Case]:
    """Return the queries of all kinds by the rule above."""
    rows, rng = named_rows(segment), random.Random(SEED)
    kinds, used, made = Kinds(rows, artists), set[str](), list[Case]()
    absent = absent_songs(folder, kinds)
    for kind, count in KINDS.items():
        fits = partial(kinds.of, kind) if kind not in ABSENT else partial(kinds.elsewhere, wanted=kind == "elsewhere")
        source = drawn(absent if kind in ABSENT else rows, rng)
        for at, row in zip(range(count), (row for row in source if row.words not in used and fits(row)), strict=False):
            used.add(row.words)
            names = [row.artist, row.title] if at % 4 < 2 else [row.title, row.artist]
            typed = [with_typo(name, rng) for name in names] if kind == "typo" else names
            made.append(Case(kind, HALVES[at % 2], " ".join(typed), row))
    return made


def asked(services: Services, query: str) -> Subject | None:
    try:
        return resolve(services, {"q": query}, Viewer())
    except ServiceError:
        return None


def is_right(case: Case, found: Subject | None) -> bool:
    if found is None or not found.track.artists:
        return False
    track = found.track
    if normalise(plain_title(track.title)) != case.wanted.keys[0] or not _same_name(track.artists[0], case.wanted):
        return False
    return (found.kind == "names") == (case.kind in ABSENT)


def _same_name(artist: str, wanted: Named) -> bool:
    return normalise(artist).removeprefix("the ") == wanted.keys[1].removeprefix("the ")


def shown(found: Subject | None) -> str:
    if found is None:
        return "nothing"
    return f"{found.track.title} / {', '.join(found.track.artists)} ({found.kind} {found.confidence:.2f})"


def report(made: list[Case], found: dict[str, Subject | None], failures: bool) -> float:
    """Print the share of right answers by kind and half; return the share over all."""
    right: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for case in made:
        good = is_right(case, found[case.query])
        for kind in (case.kind, "all"):
            right[kind, case.half].append(good)
        if not good and failures and case.half == HALVES[0]:
            print(f"  {case.kind}: {case.query!r} -> {shown(found[case.query])}")
    for kind in (*KINDS, "all"):
        shares = [(half, right[kind, half]) for half in HALVES]
        text = ", ".join(f"{half} {sum(good)} of {len(good)} ({sum(good) / len(good):.1%})" for half, good in shares)
        print(f"{kind:>8}: {text}")
    good = right["all", HALVES[0]] + right["all", HALVES[1]]
    return sum(good) / len(good)


def without_catalogue(made: list[Case], failures: bool) -> None:
    """Print how often the artist is right on an installation without a catalogue."""
    with tempfile.TemporaryDirectory() as folder:
        services = Services(replace(Config.from_env(), var=Path(folder)))
        for half in HALVES:
            known = [c for c in made if c.half == half and services.artists.find_exact(c.wanted.artist) is not None]
            right = []
            for case in known:
                found = asked(services, case.query)
                right.append(bool(found and found.track.artists and _same_name(found.track.artists[0], case.wanted)))
                if failures and half == HALVES[0] and not right[-1]:
                    print(f"  {case.kind}: {case.query!r} -> {shown(found)}")
            share = f"{sum(right)} of {len(right)} ({sum(right) / len(right):.1%})"
            print(f"without a catalogue, {half}: artist right {share}")
        services.close()


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--failures", action="store_true", help="print the wrong answers of the half `chosen`")
    arguments = options.parse_args()
    meter = Meter()
    with full_catalogue() as var:
        services = Services(replace(Config.from_env(), var=var))
        made = cases(services.catalogue.current().segment("public"), services.artists, DATA)
        found = {case.query: asked(services, case.query) for case in made}
        share = report(made, found, arguments.failures)
        print("resolve:", call_times(lambda query: asked(services, query), [case.query for case in made]))
        services.close()
    without_catalogue(made, arguments.failures)
    return finish(meter, str(SEED), [(f"{WANTED:.0%} of {len(made)} right first ({share:.1%})", share >= WANTED)])


if __name__ == "__main__":
    raise SystemExit(main())
