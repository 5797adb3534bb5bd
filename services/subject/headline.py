"""The one genre that is named for a track: the answer with the best evidence, and what it rests on."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from etl.providers.registry import PROVIDERS
from ml.artist_genre.model import ArtistEvidence, ArtistGenres, inputs_of
from ml.artists import well_known
from ml.genre.encoder import Floats
from ml.genre.model import GenreInput, GenrePrediction
from ml.taxonomy.model import Taxonomy, genre_name
from services.subject.families import KnownGenres
from services.subject.lookup import ARTIST_EMBEDDING
from store.domain import Track
from store.facts import CALIBRATED, OWN_AUDIO

DecidedBy = Literal["track", "artist", "alike", "tags", "audio", "names"]
Confidence = Literal["high", "medium", "low"]
# Least calibrated probability of the headline, out of 114 genres, for high and for medium confidence. SURE is that for
# medium confidence if the artist's genres are known, and the headline is none of them. Chosen on `valid`:
# `python -m bench.confidence` says how often each is right.
HIGH, MEDIUM, SURE = 0.6, 0.4, 0.8
# The headline agrees with the artist's genres if it is at least this fraction of what they are most likely read as.
_AGREES = 0.5
_READ = 0.1  # least share of what the artist's genres are read as for a genre's family to be theirs
# Probability shared by the track's own genres, since one of them is nearly always right; the models share out the rest.
_FILED_SHARE = 0.9
_DOUBTFUL_SHARE = 0.3  # the same if the artist's own genres are of other families, or make the track's genres unlikely
_UNLIKELY = 0.01
# `python -m bench.headline_weights` scores these weights beside others on `valid` and on famous tracks.
# Powers of the pooled probabilities and of those that the artist's genres are read as.
POOLED, READ = 0.6, 0.45
# Of genres whose probability is at least NEARLY that of the likeliest one, the headline is the one that the artist's
# genres are read as. It is of a family of theirs if at least ENOUGH_NAMED of them are known.
NEARLY, ENOUGH_NAMED = 0.8, 3
_TAGS_SHARE = 0.8  # weight of the tags of the track's own file, used where no genre of it or its artist is known
_LEAST_PLACED = 0.5  # least confidence of the taxonomy for a name to stand for one of the 114 genres
_NAMED = 3  # genres named in a reason


@dataclass(frozen=True, kw_only=True)
class Headline:
    """How the genre of one track is decided.

    ``filed`` are the columns (of the 114 genres) of the track's own genres, if possible only of those in the artist's
    families; together they get the probability ``share``. ``evidence`` is what is known of the artist. ``tags`` (114,)
    are the genre probabilities that follow from the tags of the track's own file; None where anything else is known.
    """

    model: ArtistGenres
    given: GenreInput
    known: KnownGenres
    filed: tuple[int, ...]
    share: float
    evidence: ArtistEvidence | None
    tags: Floats | None = None

    @classmethod
    def of(cls, model: ArtistGenres, given: GenreInput, known: KnownGenres, tags: Floats | None = None) -> "Headline":
        """Collect what is known of the track and of its artist."""
        columns = (_column(model.taxonomy, name) for name in known.track)
        filed = tuple(dict.fromkeys(column for column in columns if column is not None))
        by_hand = known.source == well_known.TITLE
        evidence = model.predict(given.artists, _named_elsewhere(model, given, known), by_hand=by_hand)
        families = {model.taxonomy.family_of(name) for name in (*known.artist, *(evidence.names if evidence else ()))}
        agreeing = tuple(column for column in filed if model.taxonomy.family_of(model.genres[column]) in families)
        doubtful = not agreeing and evidence is not None and evidence.known_by == "own"
        share = _DOUBTFUL_SHARE if doubtful else _FILED_SHARE
        if filed or evidence is not None:
            tags = None
        return cls(
            model=model, given=given, known=known, filed=agreeing or filed, share=share, evidence=evidence, tags=tags
        )

    def revise(self, prediction: GenrePrediction) -> GenrePrediction:
        """Return the genre model's (n, k) probabilities, revised by what is known of the artist and of the track."""
        if self.evidence is not None:
            prediction = self.model.pool(prediction, inputs_of(self.given), self.evidence)
            prediction = replace(prediction, genre=self._as_read(prediction.genre, self.evidence))
        if self.tags is not None:
            genre = _TAGS_SHARE * self.tags + (1.0 - _TAGS_SHARE) * prediction.genre
            return replace(prediction, genre=genre.astype(prediction.genre.dtype))
        if not self.filed:
            return prediction
        own = np.zeros_like(prediction.genre)
        own[:, self.filed] = prediction.genre[:, self.filed]
        likely = own.sum(axis=1, keepdims=True)
        own /= np.maximum(likely, np.finfo(own.dtype).tiny)
        # A table files the tracks of a band of breakbeat under "rock": what nothing else speaks for is doubtful.
        doubtful = (likely < _UNLIKELY) & (self.evidence is not None and self.evidence.known_by == "own")
        share = np.where(doubtful, min(self.share, _DOUBTFUL_SHARE), self.share).astype(own.dtype)
        return replace(prediction, genre=share * own + (1.0 - share) * prediction.genre)

    def _as_read(self, genre: Floats, evidence: ArtistEvidence) -> Floats:
        """Return the (n, 114) probabilities, weighed by the plain meaning of the artist's known genres.

        It corrects labels that the models learnt from: they file rappers under "hardcore" and singers under "guitar".
        """
        if evidence.read is None or evidence.known_by == "alike":
            return genre
        read = genre**POOLED * evidence.read**READ
        read /= read.sum(axis=1, keepdims=True)
        return plainest(read, evidence.read, self._allowed)

    @property
    def _allowed(self) -> npt.NDArray[np.bool_]:
        """(114,) whether the headline may be of each genre: of the artist's families, if enough genres are known."""
        names = self.evidence.names if self.evidence else ()
        if sum(self._family(name) is not None for name in names) < ENOUGH_NAMED:
            return np.ones(len(self.model.genres), bool)
        known = np.array([family in self._families for family in self.model.taxonomy.families])
        return np.asarray(self.model.summing @ known > 0)

    def decided_by(self, genre: str) -> DecidedBy:
        """Return the strongest evidence for ``genre``, in the order: track's own genres, artist, tags, sound, names."""
        if self.model.genres.index(genre) in self.filed:
            return "track"
        if self.evidence is not None and self._family(genre) in self._families:
            return "alike" if self.evidence.known_by == "alike" else "artist"
        if self.tags is not None:
            return "tags"
        return "audio" if self.given.features else "names"

    def reason(self, genre: str, filed_by: str) -> str:
        """Return in a sentence what the headline rests on; ``filed_by`` names the origin of the track's own genres."""
        by = self.decided_by(genre)
        if by == "track":
            return f"Filed under {', '.join(self.known.track[:_NAMED])}{filed_by}."
        if by == "artist" and self.evidence is not None:
            return f"The artist is known for {', '.join(self.evidence.names[:_NAMED])}."
        if by == "alike" and self.evidence is not None and self.evidence.names:
            return f"Similar artists are known for {', '.join(self.evidence.names[:_NAMED])}."
        if by == "alike":
            return "From the artists that share playlists with this one."
        if by == "tags":
            return "From the tags that musicnn hears in your file."
        return "From the sound." if by == "audio" else "From the names alone."

    def confidence(self, genre: str, probability: float) -> Confidence:
        """Return how sure the headline is.

        It can be "high" if it is a genre that the artist is known for, or one of the track's own genres that agrees
        with the artist's. Where no genres of the artist are known, it is at most "medium", from the track's own genres
        or from the sound, and "low" from names, similar artists or a guest's genres alone.
        """
        artist = self._of_artist()
        filed = self.decided_by(genre) == "track"
        if artist is None:
            least = MEDIUM if filed else HIGH
            return (
                "medium" if (filed or self.given.features or self.tags is not None) and probability >= least else "low"
            )
        named, agrees = genre_name(genre) in artist.names, self._agrees(genre, artist)
        if named or (filed and agrees):
            return "high" if probability >= HIGH else "medium" if probability >= MEDIUM else "low"
        return "medium" if agrees and probability >= SURE else "low"

    def _of_artist(self) -> ArtistEvidence | None:
        """Return the evidence if it is of genres of the artist, from own tracks or from elsewhere."""
        elsewhere = bool(self.known.artist) and self.known.source != ARTIST_EMBEDDING
        known = self.evidence is not None and (self.evidence.known_by == "own" or elsewhere)
        return self.evidence if known else None

    def _agrees(self, genre: str, artist: ArtistEvidence) -> bool:
        if artist.read is None:
            return False
        return bool(artist.read[self.model.genres.index(genre)] >= _AGREES * artist.read.max())

    @cached_property
    def _families(self) -> set[str | None]:
        """The families of the artist's genres and of what they are read as ("alternative rock" is alternative).

        Without genres it is the family of the artist's likeliest genre, and none without evidence.
        """
        evidence = self.evidence
        if evidence is None:
            return set()
        known = set(map(self._family, evidence.names))
        if evidence.read is not None and np.ptp(evidence.read) > 0.0:
            read = np.flatnonzero(evidence.read >= min(_READ, evidence.read.max()))
            known |= {self._family(self.model.genres[column]) for column in read.tolist()}
        return known or {self._family(self.model.genres[int(evidence.genre.argmax())])}

    def _family(self, genre: str) -> str | None:
        return self.model.taxonomy.family_of(genre)


def plainest(genre: Floats, read: Floats, allowed: npt.NDArray[np.bool_]) -> Floats:
    """Return the (n, 114) probabilities with the headline of each row as its likeliest genre.

    Of the ``allowed`` (114,) genres that are nearly as likely as the likeliest, it is the one that the artist's genres
    are ``read`` (114,) as, so that a soul singer is not filed under blues by a hair. It changes places with the genre
    that was the likeliest.
    """
    within = np.where(allowed, genre, 0.0)
    near = within >= NEARLY * within.max(axis=1, keepdims=True)
    rows, first = np.arange(len(genre)), genre.argmax(axis=1)
    chosen = np.where(near, within * read, -1.0).argmax(axis=1)
    found = genre.copy()
    found[rows, chosen], found[rows, first] = genre[rows, first], genre[rows, chosen]
    return found


def is_estimate(track: Track) -> bool:
    """Return whether the audio features of a track are uncalibrated ones of Tastemap's own analyser.

    The genre model predicts no better with them than without: bench/sound_genres.py.
    """
    source = track.features.source if track.features else ""
    return source.startswith(OWN_AUDIO) and CALIBRATED not in source


def as_input(track: Track) -> GenreInput:
    """Return the genre model's input for a track."""
    # The model learnt Spotify's popularity, which files have; online sources measure popularity on other scales.
    popularity = None if track.source in PROVIDERS else track.popularity
    given = GenreInput.of(replace(track, features=None) if is_estimate(track) else track)
    return replace(given, popularity=popularity, explicit=track.explicit)


def _named_elsewhere(model: ArtistGenres, given: GenreInput, known: KnownGenres) -> tuple[str, ...]:
    """Return the artist's known genres, unless the embedding knows them only from tracks as a guest."""
    of_guest = known.source == ARTIST_EMBEDDING and model.known_by(given.artists) == "guest"
    return () if of_guest else known.artist


def _column(taxonomy: Taxonomy, name: str) -> int | None:
    """Return the index of the genre (of the 114) that ``name`` stands for, or None if the taxonomy is unsure."""
    if name in taxonomy.genres:
        return taxonomy.genres.index(name)
    placed = taxonomy.predict(name)
    return taxonomy.genres.index(placed.genre) if placed.confidence >= _LEAST_PLACED else None
