"""The genre of a track in one word: the best founded answer, and what it rests on."""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

import numpy as np

from ml.artist_genre.model import ArtistEvidence, ArtistGenres, inputs_of
from ml.genre.encoder import Floats
from ml.genre.model import GenreInput, GenrePrediction
from ml.taxonomy.model import Taxonomy
from services.subject.families import KnownGenres

DecidedBy = Literal["track", "artist", "alike", "audio", "names"]
Confidence = Literal["high", "medium", "low"]
# Calibrated probability of the headline from which the answer is called so, out of 114 genres.
HIGH, MEDIUM = 0.6, 0.3
# Of a track's own genres one is right nearly always; the rest is left to what the models say.
_FILED_SHARE = 0.9
_LEAST_PLACED = 0.5  # confidence of the taxonomy from which a name stands for one of the 114 genres
_NAMED = 3  # genres in a line


@dataclass(frozen=True, kw_only=True)
class Headline:
    """How the genre of one track is decided.

    ``filed`` are the columns of the 114 genres that the track itself is filed under, ``evidence`` what is known of the
    artist.
    """

    model: ArtistGenres
    given: GenreInput
    known: KnownGenres
    filed: tuple[int, ...]
    evidence: ArtistEvidence | None

    @classmethod
    def of(cls, model: ArtistGenres, given: GenreInput, known: KnownGenres) -> "Headline":
        """Collect what is known of the track and of its artist."""
        columns = (_column(model.taxonomy, name) for name in known.track)
        return cls(
            model=model,
            given=given,
            known=known,
            filed=tuple(dict.fromkeys(column for column in columns if column is not None)),
            evidence=model.predict(given.artists, known.artist),
        )

    def revise(self, prediction: GenrePrediction) -> GenrePrediction:
        """Return the genre model's probabilities, (n, k), with what is known of the artist and of the track."""
        if self.evidence is not None:
            prediction = self.model.pool(prediction, inputs_of(self.given), self.evidence)
        if not self.filed:
            return prediction
        own = np.zeros_like(prediction.genre)
        own[:, self.filed] = prediction.genre[:, self.filed]
        own /= np.maximum(own.sum(axis=1, keepdims=True), np.finfo(own.dtype).tiny)
        return replace(prediction, genre=_FILED_SHARE * own + (1.0 - _FILED_SHARE) * prediction.genre)

    def decided_by(self, genre: str) -> DecidedBy:
        """Return what speaks most for ``genre``, the best founded first."""
        if self.filed:
            return "track"
        if self.evidence is not None and self._family(genre) == self._family(self._first(self.evidence.genre)):
            return "alike" if self.evidence.known_by == "alike" else "artist"
        return "audio" if self.given.features else "names"

    def reason(self, genre: str, filed_by: str | None) -> str:
        """Return in one line what the headline rests on; ``filed_by`` names the source of the track's own genres."""
        by = self.decided_by(genre)
        if by == "track":
            return f"Filed under {', '.join(self.known.track[:_NAMED])}" + (f" by {filed_by}." if filed_by else ".")
        if by == "artist" and self.evidence is not None:
            return f"The artist is known for {', '.join(self.evidence.names[:_NAMED])}."
        if by == "alike":
            return "From artists alike: nobody says what this artist's genres are."
        return "From the sound." if by == "audio" else "From the names alone."

    def confidence(self, genre: str, probability: float) -> Confidence:
        """Return how sure the headline is; names alone are never a good foundation."""
        if self.decided_by(genre) == "names":
            return "low"
        return "high" if probability >= HIGH else "medium" if probability >= MEDIUM else "low"

    def _first(self, probabilities: Floats) -> str:
        return self.model.genres[int(probabilities.argmax())]

    def _family(self, genre: str) -> str | None:
        return _family_of(self.model.taxonomy, genre)


_family_of = lru_cache(4096)(Taxonomy.family_of)


@lru_cache(4096)
def _column(taxonomy: Taxonomy, name: str) -> int | None:
    """Return the column of the one of the 114 genres that a name stands for, ``None`` for none."""
    if name in taxonomy.genres:
        return taxonomy.genres.index(name)
    placed = taxonomy.predict(name)
    return taxonomy.genres.index(placed.genre) if placed.confidence >= _LEAST_PLACED else None
