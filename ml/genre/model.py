"""The genre of a track from any known part of its audio features, title, artists, album and year; numpy and LiteRT.

``ml.genre.train.train`` trains it.
"""

from __future__ import annotations

import json
import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ml import artefacts
from ml.genre.encoder import COLUMNS, FACTS, AudioScaler, Floats, NameEmbedding, feature_vector
from ml.genre.heads import BroadHead, MicroHead, combine, logarithms
from ml.genre.text_features import PARTS, Name, words
from ml.litert import LiteRTNetwork
from ml.taxonomy.model import Taxonomy
from store.domain import AUDIO_FEATURES, Track, usable_features

# What may be known of a track: everything, everything but its popularity, only its sound, only its names. The experts
# have different weights for each of these bases.
BASES = ("both", "unrated", "audio", "names")
_UNLIKELY = 0.001  # added to a family's probability, so that none is ruled out


@dataclass(frozen=True, kw_only=True)
class GenreInput:
    """What is known of a track.

    ``features`` are in Spotify's units (``store.domain.FEATURE_BOUNDS``) and may be empty; ``popularity`` is Spotify's,
    0 to 100.
    """

    title: str | None = None
    artists: tuple[str, ...] = ()
    album: str | None = None
    year: int | None = None
    popularity: float | None = None
    explicit: bool | None = None
    features: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, track: Track) -> GenreInput:
        """Return what is known of ``track``, without its popularity and whether it is explicit."""
        features = usable_features(track)
        return cls(
            title=track.title or None,
            artists=track.artists,
            album=track.album,
            year=track.year,
            features=features.values if features else {},
        )

    def numbers(self) -> dict[str, float | None]:
        """Return features and facts by their names in ``COLUMNS``."""
        return {**self.features, **{name: getattr(self, name) for name in FACTS}}


@dataclass(frozen=True, kw_only=True)
class GenrePrediction:
    """Calibrated probabilities of n tracks.

    ``genre`` (n, 114) and ``broad`` (n, broad genres) have rows that sum to 1; those of ``micro`` (n, microgenres) are
    independent of each other.
    """

    genre: Floats
    broad: Floats
    micro: Floats


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """The features and words that the probability of a genre rests on.

    ``features`` are (name, effect), ``words`` (word, part, effect), the largest effects first. An effect is the fall of
    the genre's log-probability (nats) when that feature or word is left out: positive speaks for the genre, negative
    against it.
    """

    features: list[tuple[str, float]]
    words: list[tuple[str, str, float]]


@dataclass(frozen=True)
class Encoded:
    """The network's inputs: (n, audio width) and (n, 3 * embedding width)."""

    audio: Floats
    bags: Floats


Network = Callable[[Floats, Floats], Floats]
LeftOut = tuple[str, int, list[Name]]  # a word, the index of its part in PARTS, and that part's names without it


class GenrePredictor:
    """Calibrated probabilities over genres and families, with reasons."""

    def __init__(
        self, settings: Mapping, scaler: AudioScaler, names: NameEmbedding, network: Network, taxonomy: Taxonomy
    ) -> None:
        self.settings = settings
        self.version: str = settings["version"]
        self.genres: tuple[str, ...] = tuple(settings["genres"])
        self.families = taxonomy.families
        self.taxonomy = taxonomy
        self.scaler, self.names, self.network = scaler, names, network
        self._broad = BroadHead(settings["broad"], BASES) if "broad" in settings else None
        self._micro = MicroHead(settings["micro"], BASES) if "micro" in settings else None
        self._weights = np.array([settings["weights"][basis] for basis in BASES], np.float32)
        self._quantiles: list[list[float]] = np.asarray(settings["quantiles"], float).tolist()
        self._means: list[list[float]] = np.asarray(settings["genre_means"], float).tolist()
        self._columns = {name: scaler.columns(name) for name in COLUMNS}
        self._summing = taxonomy.matrix(self.genres)
        self._micro_families = np.array(
            [[taxonomy.family_of(name) == family for family in self.families] for name in self.microgenres], np.float32
        )

    @classmethod
    def load(cls, directory: Path) -> GenrePredictor:
        """Read ``models/genre/<version>/``; raises ml.artefacts.ArtefactError if a file is absent or changed."""
        for name in ("pieces.npz", "pieces.npy", "scaler.json", "genre.tflite", "genre.json"):
            artefacts.verified(directory / name)
        settings = json.loads((directory / "genre.json").read_text())
        taxonomy = Taxonomy.load(directory.parent.parent / "taxonomy" / f"{settings['taxonomy']}.json")
        network = LiteRTNetwork((directory / "genre.tflite").read_bytes())
        return cls(
            settings, AudioScaler.load(directory / "scaler.json"), NameEmbedding.load(directory), network, taxonomy
        )

    @classmethod
    def active(cls, models: Path = artefacts.MODELS) -> GenrePredictor:
        """Load the active version of the manifest; raises what :meth:`load` does."""
        return cls.load(artefacts.active("genre", models))

    def predict(self, inputs: Sequence[GenreInput]) -> Floats:
        """Return calibrated probabilities, (n, 114), rows summing to 1; columns as in ``genres``."""
        if not inputs:
            return np.zeros((0, len(self.genres)), np.float32)
        return self.of_encoded(self.encode(inputs))

    @property
    def broad(self) -> tuple[str, ...]:
        """The broad genres; empty in a version whose training tracks had none."""
        return self._broad.names if self._broad else ()

    @property
    def microgenres(self) -> tuple[str, ...]:
        """The microgenres; empty in a version whose training tracks had none."""
        return self._micro.names if self._micro else ()

    def family_probabilities(self, probabilities: Floats) -> Floats:
        """Sum (n, 114) genre probabilities into (n, families)."""
        return probabilities @ self._summing

    def agreeing(self, before: GenrePrediction, after: GenrePrediction) -> GenrePrediction:
        """Return ``after`` with microgenres that agree with its families, (n, k) each.

        The odds of a microgenre are multiplied by the ratio of its family's probability in ``after`` to that in
        ``before``. This is Bayes' rule if the new evidence concerns only the family.
        """
        if not len(self._micro_families) or not before.micro.shape[1]:
            return after
        known, guessed = (self.family_probabilities(each.genre) + _UNLIKELY for each in (after, before))
        logits = logarithms(before.micro) - logarithms(1.0 - before.micro)
        logits += np.log(known / guessed) @ self._micro_families.T  # a name without a family stays as it is
        return replace(after, micro=1.0 / (1.0 + np.exp(-logits)))

    def knows(self, track: GenreInput) -> bool:
        """Return whether the track has a feature within its bounds or a subword that training kept."""
        if not all(map(math.isnan, feature_vector(track.features))):
            return True
        return any(self.names.knows(word) for names in _parts(track) for name in names for word in name)

    def explain(
        self,
        track: GenreInput,
        genre: str,
        limit: int = 5,
        revise: Callable[[GenrePrediction], GenrePrediction] | None = None,
    ) -> Explanation:
        """Return the effects of each known feature and each word on ``genre``, by leaving out one at a time.

        It costs some ten times as much as a prediction. ``limit`` is the number of features, and of words, returned.
        ``revise`` changes probabilities by what else is known of the track.

        Raises ValueError if ``genre`` is none of ``genres``.
        """
        parts = _parts(track)
        left_out = list(_words_left_out(parts))
        audio, bags = self._numbers([track]), self.names.bags([*parts, *(rest for _, _, rest in left_out)])
        features = [name for name, known in zip(COLUMNS, audio[0], strict=False) if known]
        prediction = self.predict_encoded(self._occluded(audio, bags, features, left_out))
        if revise:
            prediction = revise(prediction)
        logs = logarithms(prediction.genre[:, self.genres.index(genre)])
        effects = (logs[0] - logs[1:]).tolist()
        of_features = list(zip(features, effects, strict=False))
        of_words = [
            (word, PARTS[part], effect)
            for (word, part, _), effect in zip(left_out, effects[len(features) :], strict=True)
        ]
        return Explanation(
            features=sorted(of_features, key=lambda f: -abs(f[1]))[:limit],
            words=sorted(of_words, key=lambda w: -abs(w[2]))[:limit],
        )

    def _occluded(self, audio: Floats, bags: Floats, features: Sequence[str], left_out: Sequence[LeftOut]) -> Encoded:
        """Return the track, then the track without each feature, then without each word.

        ``audio`` (1, width) is the track's, ``bags`` are those of its parts and of the parts without a word.
        """
        audio = np.repeat(audio, 1 + len(features) + len(left_out), axis=0)
        of_parts = np.repeat(bags[None, : len(PARTS)], len(audio), axis=0)
        for row, name in enumerate(features, 1):
            audio[row, self._columns[name]] = 0.0
        for at, (_, part, _rest) in enumerate(left_out):
            of_parts[1 + len(features) + at, part] = bags[len(PARTS) + at]
        return Encoded(audio, of_parts.reshape(len(audio), -1))

    def percentile(self, feature: str, value: float) -> float:
        """Return the share of training tracks, 0 to 100, whose ``feature`` lies below ``value`` (ties count half)."""
        knots = self._quantiles[AUDIO_FEATURES.index(feature)]
        share = (bisect_left(knots, value) + bisect_right(knots, value) - 1) / 2 / (len(knots) - 1)
        return min(max(share, 0.0), 1.0) * 100.0

    def genre_means(self, genre: str) -> dict[str, float | None]:
        """Return the mean of each feature over the training tracks labelled ``genre``, ``None`` without any."""
        means = zip(AUDIO_FEATURES, self._means[self.genres.index(genre)], strict=True)
        return {name: None if math.isnan(mean) else mean for name, mean in means}

    def encode(self, inputs: Sequence[GenreInput]) -> Encoded:
        """Return the network's inputs."""
        bags = self.names.bags([part for track in inputs for part in _parts(track)])
        return Encoded(self._numbers(inputs), bags.reshape(len(inputs), -1))

    def _numbers(self, inputs: Sequence[GenreInput]) -> Floats:
        return self.scaler.transform(np.array([feature_vector(track.numbers()) for track in inputs]))

    def of_encoded(self, encoded: Encoded) -> Floats:
        """Return calibrated probabilities, (n, 114), of the network's inputs."""
        return combine(self.experts(encoded)[0], self._weights[bases(encoded.audio, encoded.bags)])

    def predict_encoded(self, encoded: Encoded) -> GenrePrediction:
        """Return all probabilities of the network's inputs."""
        experts, broad, micro = self.experts(encoded)
        basis = bases(encoded.audio, encoded.bags)
        return GenrePrediction(
            genre=combine(experts, self._weights[basis]),
            broad=self._broad.probabilities(broad, basis) if self._broad else broad[:, 0],
            micro=self._micro.probabilities(micro, basis) if self._micro else micro,
        )

    def experts(self, encoded: Encoded) -> tuple[Floats, Floats, Floats]:
        """Return the network's outputs before calibration.

        They are the probabilities of the 114 genres by expert (n, experts, 114), those of the broad genres by expert
        (n, experts, broad genres), and the shares of the microgenres (n, microgenres), whose rows sum to 1.
        """
        flat = self.network(encoded.audio, encoded.bags)
        flat, k = flat.reshape(len(flat), -1), len(self.broad)
        end = self._weights.shape[1] * len(self.genres)
        broad = (self._broad.experts if self._broad else 1) * k
        first, second, third = np.split(flat, [end, end + broad], axis=1)
        return _by_expert(first, len(self.genres)), _by_expert(second, k), third


def _by_expert(flat: Floats, k: int) -> Floats:
    return flat.reshape(len(flat), -1, k) if k else np.zeros((len(flat), 1, 0), np.float32)


def bases(audio: Floats, bags: Floats) -> npt.NDArray[np.intp]:
    """Return for each row the index in :data:`BASES` of its basis.

    The masks of :data:`COLUMNS` are the first columns of ``audio``.
    """
    has_audio, has_names = audio[:, : len(AUDIO_FEATURES)].any(axis=1), bags.any(axis=1)
    has_popularity = audio[:, COLUMNS.index("popularity")] > 0
    found = np.where(has_audio, np.where(has_names, np.where(has_popularity, 0, 1), 2), 3)
    return found.astype(np.intp)


def _parts(track: GenreInput) -> tuple[list[Name], list[Name], list[Name]]:
    return ([words(track.title or "")], [words(artist) for artist in track.artists], [words(track.album or "")])


def _words_left_out(parts: Sequence[list[Name]]) -> Iterator[LeftOut]:
    """Yield each word with its part and that part's names without it."""
    for part, names in enumerate(parts):
        for i, name in enumerate(names):
            for j, word in enumerate(name):
                yield word, part, [*names[:i], [*name[:j], *name[j + 1 :]], *names[i + 1 :]]
