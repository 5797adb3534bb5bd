"""The genre of a track in one word: the best founded answer, and what it rests on."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from etl.providers.registry import PROVIDERS
from ml.artist_genre.model import ArtistEvidence, ArtistGenres, genre_name, inputs_of
from ml.genre.encoder import Floats
from ml.genre.model import GenreInput, GenrePrediction
from ml.taxonomy.model import Taxonomy
from services.subject.families import KnownGenres
from services.subject.lookup import ARTIST_EMBEDDING
from store.domain import Track
from store.facts import CALIBRATED, OWN_AUDIO

DecidedBy = Literal["track", "artist", "alike", "tags", "audio", "names"]
Confidence = Literal["high", "medium", "low"]
# Calibrated probability of the headline from which the answer is called so, out of 114 genres.
HIGH, MEDIUM = 0.6, 0.3
# Of a track's own genres one is right nearly always; the rest is left to what the models say.
_FILED_SHARE = 0.9
_DOUBTFUL_SHARE = 0.3  # where the artist's own genres name no family of them
# Power of the product of two answers that rest on the same genres; the calibration error on `valid` is least with it.
_SHARPNESS = 0.5
_TAGS_SHARE = 0.8  # of the tags heard in the track's own file, where nobody names its genre or its artist's
_LEAST_PLACED = 0.5  # confidence of the taxonomy from which a name stands for one of the 114 genres
_NAMED = 3  # genres in a line


@dataclass(frozen=True, kw_only=True)
class Headline:
    """How the genre of one track is decided.

    ``filed`` are the columns of the 114 genres that the track itself is filed under, those of the artist's families
    alone where there are such, and ``share`` is what they count; ``evidence`` is what is known of the artist. ``tags``
    (114,) is what the tags make likely that are heard in the track's own file; they count where nothing else is known.
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
        evidence = model.predict(given.artists, _named_elsewhere(model, given, known))
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
        """Return the genre model's probabilities, (n, k), with what is known of the artist and of the track."""
        if self.evidence is not None:
            prediction = self.model.pool(prediction, inputs_of(self.given), self.evidence)
            prediction = replace(prediction, genre=self._as_read(prediction.genre))
        if self.tags is not None:
            genre = _TAGS_SHARE * self.tags + (1.0 - _TAGS_SHARE) * prediction.genre
            return replace(prediction, genre=genre.astype(prediction.genre.dtype))
        if not self.filed:
            return prediction
        own = np.zeros_like(prediction.genre)
        own[:, self.filed] = prediction.genre[:, self.filed]
        own /= np.maximum(own.sum(axis=1, keepdims=True), np.finfo(own.dtype).tiny)
        return replace(prediction, genre=self.share * own + (1.0 - self.share) * prediction.genre)

    def _as_read(self, genre: Floats) -> Floats:
        """Return the (n, 114) probabilities times what anybody would read in the genres that the artist is known for.

        The labels that the models learn from file rappers under "hardcore" and singers under "guitar".
        """
        if self.evidence is None or self.evidence.read is None or self.evidence.known_by == "alike":
            return genre
        read = (genre * self.evidence.read) ** _SHARPNESS
        return read / read.sum(axis=1, keepdims=True)

    def decided_by(self, genre: str) -> DecidedBy:
        """Return what speaks most for ``genre``, the best founded first."""
        if self.model.genres.index(genre) in self.filed:
            return "track"
        if self.evidence is not None and self._family(genre) in self._families_of(self.evidence):
            return "alike" if self.evidence.known_by == "alike" else "artist"
        if self.tags is not None:
            return "tags"
        return "audio" if self.given.features else "names"

    def reason(self, genre: str, filed_by: str) -> str:
        """Return in one line what the headline rests on; ``filed_by`` tells whose the track's own genres are."""
        by = self.decided_by(genre)
        if by == "track":
            return f"Filed under {', '.join(self.known.track[:_NAMED])}{filed_by}."
        if by == "artist" and self.evidence is not None:
            return f"The artist is known for {', '.join(self.evidence.names[:_NAMED])}."
        if by == "alike" and self.evidence is not None and self.evidence.names:
            return f"Artists alike are known for {', '.join(self.evidence.names[:_NAMED])}."
        if by == "alike":
            return "From the company that this artist keeps in playlists."
        if by == "tags":
            return "From the tags that musicnn hears in your file."
        return "From the sound." if by == "audio" else "From the names alone."

    def confidence(self, genre: str, probability: float) -> Confidence:
        """Return how sure the headline is.

        The track's own genres are a good foundation, and those of the artist that name the headline; the sound is a
        fair one. Names alone, artists alike and the genres of a guest are none.
        """
        elsewhere = bool(self.known.artist) and self.known.source != ARTIST_EMBEDDING
        known = self.evidence if self.evidence is not None and (self.evidence.known_by == "own" or elsewhere) else None
        if self.decided_by(genre) == "track" or (known is not None and genre_name(genre) in known.names):
            return "high" if probability >= HIGH else "medium" if probability >= MEDIUM else "low"
        has_sound = bool(self.given.features) or self.tags is not None
        return "medium" if has_sound and probability >= HIGH else "low"

    def _families_of(self, evidence: ArtistEvidence) -> set[str | None]:
        """Return the families of the artist's genres, or else that of the genre that their place makes likeliest."""
        return set(map(self._family, evidence.names)) or {self._family(self.model.genres[int(evidence.genre.argmax())])}

    def _family(self, genre: str) -> str | None:
        return self.model.taxonomy.family_of(genre)


def is_estimate(track: Track) -> bool:
    """Return whether the audio features of a track are the analyser's own, which nothing was fitted to.

    The genre model cannot tell a genre from them: bench/sound_genres.py.
    """
    source = track.features.source if track.features else ""
    return source.startswith(OWN_AUDIO) and CALIBRATED not in source


def as_input(track: Track) -> GenreInput:
    """Return what the genre model looks at."""
    # Popularity is Spotify's measure, which files bring; what other services call popularity is another scale.
    popularity = None if track.source in PROVIDERS else track.popularity
    given = GenreInput.of(replace(track, features=None) if is_estimate(track) else track)
    return replace(given, popularity=popularity, explicit=track.explicit)


def _named_elsewhere(model: ArtistGenres, given: GenreInput, known: KnownGenres) -> tuple[str, ...]:
    """Return the known genres of the artist that the model has not learnt from the same tracks."""
    of_guest = known.source == ARTIST_EMBEDDING and model.known_by(given.artists) == "guest"
    return () if of_guest else known.artist


def _column(taxonomy: Taxonomy, name: str) -> int | None:
    """Return the column of the one of the 114 genres that a name stands for, ``None`` for none."""
    if name in taxonomy.genres:
        return taxonomy.genres.index(name)
    placed = taxonomy.predict(name)
    return taxonomy.genres.index(placed.genre) if placed.confidence >= _LEAST_PLACED else None
