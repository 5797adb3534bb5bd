"""The genre probabilities that follow from an artist, and their pooling with the genre model's; needs only numpy.

An artist is described by microgenres, weighted by how often they occur, and by a vector of an embedding of artists;
artists without genres get those of similar artists. A linear model maps both to the 114 genres. Besides, the taxonomy
maps each microgenre to the genre that its name means: "east coast hip hop" is hip hop.
``ml.artist_genre.train.train`` trains it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, Self, get_args

import numpy as np
import numpy.typing as npt

from ml.artefacts import mapped, verified_json
from ml.artists.model import unit_rows
from ml.genre.encoder import Floats
from ml.genre.heads import logarithms, softmax
from ml.genre.model import GenreInput, GenrePrediction
from ml.taxonomy.model import Taxonomy, genre_name
from store.catalogue.segment import id_hash
from store.text import normalise

# How an artist is known: by the genres of their own tracks, by the genres of tracks on which they are guests (or that
# a catalogue or a source names), or by the genres of similar artists.
KnownBy = Literal["own", "guest", "alike"]
KNOWN_BY: tuple[KnownBy, ...] = get_args(KnownBy)
# What else is known of the track: everything; all but its popularity; title, artist and album; only title and artist.
INPUTS = ("all", "unrated", "names", "typed")
NO_GENRE = np.iinfo(np.uint16).max
NO_READING = np.iinfo(np.uint8).max
KEPT = 8  # genres of an artist
_ARRAYS = ("keys", "rows", "vectors", "known_by", "genres", "weights", "coefficients", "readings")
_KNOWN_FOR = 0.25  # least weight of a genre, relative to the artist's first one, to be named
_LEAST_PLACED = 0.5  # confidence of the taxonomy for a name that the version does not have
_UNREAD = 0.05  # probability that a reading gives to all 114 genres alike
# Those of the 114 genres that say a language, though the taxonomy gives them to other countries, too, and how the
# words begin that name the language or its music: "italian pop" is pop and not German.
_LANGUAGES = {
    "french": ("french", "francais", "quebec", "chanson", "variete"),
    "german": ("deutsch", "german", "austr"),
    "swedish": ("swed", "svensk", "scandi", "dansband"),
    "turkish": ("turk", "anadolu", "anatolian", "arabesk", "oyun"),
}
# Names that the taxonomy gives to another genre than the one of the 114 that they name: the genre, how a word of such a
# name begins, and what it is read as.
_NAMED: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("rock", ("alternative",), "alt-rock"),
    ("rock", ("industrial",), "industrial"),
    ("metal", ("industrial",), "industrial"),
)
# Names that the taxonomy gives to a more particular genre than they say: the genre, how a word of such a name begins,
# and what it is read as. "New wave" is not all goth, "city pop" no idol pop, "world" no afrobeat, "qawwali" no
# music of films.
_PLAINER: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("goth", ("new",), "alt-rock"),
    ("j-idol", ("city", "enka", "kayokyoku", "shibuya"), "j-pop"),
    ("afrobeat", ("gnawa", "griot", "hawaii", "indigenous", "maloya", "native", "traditional", "world"), "world-music"),
    ("pop-film", ("bhajan", "devotional", "ghazal", "pakistani", "qawwali", "sufi"), "indian"),
    ("pop-film", ("arab", "egyptian", "khaleeji", "moroccan", "rai"), "world-music"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class ArtistEvidence:
    """The genre probabilities that follow from an artist.

    ``names`` are the genres that the artist is known for, most important first; where ``known_by`` is "alike", those of
    similar artists. Rare genres, such as that of a single remix, count but are not named. ``genre`` (114,) and
    ``broad`` (broad genres,) are probabilities; ``read`` (114,) are those of the taxonomy's reading of the artist's
    genres, None without genres.
    """

    known_by: KnownBy
    names: tuple[str, ...]
    genre: Floats
    broad: Floats
    read: Floats | None


class ArtistGenres:
    """The expert of one version.

    Attributes
    ----------
    arrays : mapping
        ``keys`` (k,) uint64, ascending: hashes of normalised names, ``rows`` (k,) uint32: the artist of each;
        ``vectors`` (n, d) int8, of which only the direction counts; ``known_by`` (n,) uint8 index in ``KNOWN_BY``;
        ``genres`` (n, 8) uint16 columns of ``names`` (65,535 for none) and their ``weights`` (n, 8) uint8;
        ``coefficients`` (names + d + 1, 114 + broad genres) float16, the last row the intercept; ``readings`` (names,)
        uint8: for each name, the column of the genre (of the 114) that the taxonomy gives it, 255 for none.
    summing : np.ndarray
        (114, families) zeros and ones that sum genre probabilities into families.
    """

    def __init__(self, settings: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]], taxonomy: Taxonomy) -> None:
        self.settings, self.arrays, self.taxonomy = settings, arrays, taxonomy
        self.version: str = settings["version"]
        self.names: tuple[str, ...] = tuple(settings["names"])
        self.genres = taxonomy.genres
        self.summing = taxonomy.matrix(taxonomy.genres)
        self.broad: tuple[str, ...] = tuple(settings["broad"])
        self._column = {name: column for column, name in enumerate(self.names)}
        self._coefficients = arrays["coefficients"].astype(np.float32)
        self._column_of = lru_cache(4096)(self._find_column)
        spoken = of_their_language(self.names, arrays["readings"], taxonomy)
        self._readings = read_as(_reread(self.names, spoken, taxonomy, _NAMED), taxonomy)

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Map ``models/artist_genre/<version>``; raises ml.artefacts.ArtefactError if a file is absent or changed."""
        settings = verified_json(directory / "artist_genre.json")
        taxonomy = Taxonomy.load(directory.parent.parent / "taxonomy" / f"{settings['taxonomy']}.json")
        return cls(settings, mapped(directory, _ARRAYS), taxonomy)

    def save(self, directory: Path) -> list[Path]:
        """Write the files that :meth:`load` reads, and return their paths."""
        directory.mkdir(parents=True, exist_ok=True)
        described = directory / "artist_genre.json"
        described.write_text(json.dumps(self.settings, ensure_ascii=False) + "\n", encoding="utf-8")
        for name in _ARRAYS:
            np.save(directory / f"{name}.npy", self.arrays[name])
        return [described, *(directory / f"{name}.npy" for name in _ARRAYS)]

    def with_settings(self, **settings: Any) -> Self:
        """Return the version with other settings."""
        return type(self)({**self.settings, **settings}, self.arrays, self.taxonomy)

    def predict(
        self, artists: Sequence[str], given: Sequence[str] = (), *, by_hand: bool = False
    ) -> ArtistEvidence | None:
        """Return what follows from the first of ``artists``, ``None`` where nothing is known of that artist.

        ``given`` are genres of the artist from elsewhere, most important first. They are used unless the version knows
        genres of the artist's own tracks; those that were written ``by_hand`` are always used.
        """
        row = self._row(artists[0]) if artists else None
        known_by = self.known_by(artists)
        found = {name: column for name in given[:KEPT] if (column := self._column_of(name)) is not None}
        if found and (known_by != "own" or by_hand):
            names = [*map(genre_name, found)]
            columns, weights = np.array([*found.values()]), np.ones(len(found), np.float32)
            if by_hand:  # the first is what the artist is known for above all
                weights /= np.arange(1, len(found) + 1, dtype=np.float32)
            known_by = "own" if known_by == "own" else "guest"
        elif row is not None:
            stored, weights = self.arrays["genres"][row], self.arrays["weights"][row].astype(np.float32)
            columns, weights = stored[stored != NO_GENRE], weights[stored != NO_GENRE]
            names = [self.names[column] for column in columns[weights >= _KNOWN_FOR * weights.max(initial=0.0)]]
        if known_by is None:
            return None
        logits = self._logits(columns, weights, known_by, None if row is None else self.arrays["vectors"][row])
        read = self._read(columns, weights, by_hand=by_hand) if len(columns) else None
        if read is not None:
            logits[: len(self.genres)] += self.settings["reading"][known_by] * np.log(read)
        genre, broad = np.split(logits, [len(self.genres)])
        return ArtistEvidence(
            known_by=known_by,
            names=tuple(names),
            genre=softmax(genre[None])[0],
            broad=softmax(broad[None])[0] if len(broad) else broad,
            read=read,
        )

    def known_by(self, artists: Sequence[str]) -> KnownBy | None:
        """Return how the first of ``artists`` is known, ``None`` for an unknown artist."""
        row = self._row(artists[0]) if artists else None
        return None if row is None else KNOWN_BY[self.arrays["known_by"][row]]

    def _row(self, artist: str) -> int | None:
        key = normalise(artist)
        for name in (key, key.removeprefix("the ") if key.startswith("the ") else f"the {key}"):
            wanted = np.uint64(id_hash(name))
            at = int(np.searchsorted(self.arrays["keys"], wanted))
            if at < len(self.arrays["keys"]) and self.arrays["keys"][at] == wanted:
                return int(self.arrays["rows"][at])
        return None

    def _find_column(self, name: str) -> int | None:
        """Return the column of the genre called ``name``, or of the one (of the 114) that the taxonomy gives it."""
        key = genre_name(name)
        if key in self._column or not normalise(name):
            return self._column.get(key)
        placed = self.taxonomy.predict(name)
        genre = _of_its_language(name, placed.genre, self.taxonomy) if placed.confidence >= _LEAST_PLACED else None
        return None if genre is None else self._column.get(genre_name(genre))

    def _logits(
        self,
        columns: npt.NDArray[np.integer[Any]],
        weights: Floats,
        known_by: KnownBy,
        vector: npt.NDArray[np.int8] | None,
    ) -> Floats:
        total = self._coefficients[-1].copy()
        if vector is not None:
            total += unit_rows(vector[None])[0] @ self._coefficients[len(self.names) : -1]
        if len(columns) and known_by != "alike":  # genres of similar artists would repeat what the vector says
            total += (weights / np.linalg.norm(weights)) @ self._coefficients[columns]
        return total

    def _read(self, columns: npt.NDArray[np.integer[Any]], weights: Floats, *, by_hand: bool) -> Floats:
        read = self._readings[columns]
        if by_hand:  # on `valid`, plainer readings of other genres bring nothing
            names = [self.names[column] for column in columns]
            spoken = of_their_language(names, self.arrays["readings"][columns], self.taxonomy)
            named = _reread(names, spoken, self.taxonomy, _NAMED)
            read = read_as(plainly(names, named, self.taxonomy), self.taxonomy)
        return (1.0 - _UNREAD) * (weights / weights.sum()) @ read + _UNREAD / len(self.genres)

    def pool(self, prediction: GenrePrediction, inputs: str, evidence: ArtistEvidence) -> GenrePrediction:
        """Return the genre model's probabilities, (n, k), pooled with the artist's.

        ``inputs`` is one of ``INPUTS``. See :func:`ml.genre.heads.combine`; its weights were fitted for each of
        ``INPUTS`` and each of ``KNOWN_BY``. Probabilities of other genres than the version's stay as they are.
        """
        sizes = {"genre": len(self.genres), "broad": len(self.broad)}
        heads = [head for head in self.settings["pool"] if getattr(prediction, head).shape[-1] == sizes[head]]
        return replace(prediction, **{head: self._pool(head, prediction, inputs, evidence) for head in heads})

    def _pool(self, head: str, prediction: GenrePrediction, inputs: str, evidence: ArtistEvidence) -> Floats:
        of_model, of_artist = map(np.float32, self.settings["pool"][head][inputs][evidence.known_by])
        # As `combine` does, but the artist's logarithms are the same for all rows.
        logits = of_model * logarithms(getattr(prediction, head))
        logits += of_artist * logarithms(getattr(evidence, head))
        return softmax(logits)


def inputs_of(track: GenreInput) -> str:
    """Return which of ``INPUTS`` describes what is known of a track."""
    if track.features:
        return "all" if track.popularity is not None else "unrated"
    return "names" if track.album else "typed"


def read_as(readings: npt.NDArray[np.uint8], taxonomy: Taxonomy) -> Floats:
    """Return (names, 114) probabilities: half for the genre that a name is read as, half for its family; even: none."""
    of_family = taxonomy.matrix(taxonomy.genres)
    family = of_family @ of_family.T
    family /= family.sum(axis=1, keepdims=True)
    read = np.vstack([(np.eye(len(family), dtype=np.float32) + family) / 2.0, np.full(len(family), 1.0 / len(family))])
    return read[np.minimum(readings, len(family))].astype(np.float32)


def of_their_language(
    names: Sequence[str], readings: npt.NDArray[np.uint8], taxonomy: Taxonomy
) -> npt.NDArray[np.uint8]:
    """Return (names,) ``readings`` in which no name is read as a genre of a language that it does not say.

    Such a name is read as what is left of it without the country, or as nothing: "norwegian folk" is folk, "fado"
    nothing.
    """
    found = readings.copy()
    for row in np.flatnonzero(readings != NO_READING).tolist():
        genre = taxonomy.genres[readings[row]]
        read = _of_its_language(names[row], genre, taxonomy)
        found[row] = NO_READING if read is None else taxonomy.genres.index(read)
    return found


def plainly(names: Sequence[str], readings: npt.NDArray[np.uint8], taxonomy: Taxonomy) -> npt.NDArray[np.uint8]:
    """Return (names,) ``readings`` in which none is more particular than its name: see ``_PLAINER``."""
    return _reread(names, readings, taxonomy, _PLAINER)


def _reread(
    names: Sequence[str],
    readings: npt.NDArray[np.uint8],
    taxonomy: Taxonomy,
    rules: Sequence[tuple[str, tuple[str, ...], str]],
) -> npt.NDArray[np.uint8]:
    found = readings.copy()
    for row in np.flatnonzero(readings != NO_READING).tolist():
        words, genre = normalise(names[row]).split(), taxonomy.genres[readings[row]]
        for given, starts, read in rules:
            if genre == given and any(word.startswith(starts) for word in words):
                found[row] = taxonomy.genres.index(read)
    return found


def _of_its_language(name: str, genre: str, taxonomy: Taxonomy) -> str | None:
    """Return ``genre``, unless it is of a language that ``name`` does not say.

    Then it is the genre of the language that the name says, or else that of the name without its country, or None.
    """
    if genre not in _LANGUAGES:
        return genre
    words = normalise(name).split()
    for spoken, starts in _LANGUAGES.items():
        if any(word.startswith(starts) for word in words):
            return spoken
    rest = taxonomy.without_places(name)
    read = taxonomy.predict(rest).genre if taxonomy.by_words(rest) else None
    return None if read in _LANGUAGES else read
