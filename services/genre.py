"""The genre of a track, how sure that is, and what it rests on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from etl.providers.base import Need
from ml.artists.model import top
from ml.genre.model import GenreInput, GenrePredictor
from services.container import Services
from services.sound.demo import synthetic_to_exclude
from services.sound.sound_alikes import SoundTags, tags_of
from services.subject.families import KnownGenres, TrackFamily, families_of, genres_of
from services.subject.headline import Confidence, DecidedBy, Headline, as_input, is_estimate
from services.subject.lookup import SourceFeatures, SourceLine, other_features, source_lines
from services.subject.model import Match, SourceMatch, Subject
from services.subject.resolve import nothing_known, resolve
from services.viewer import Viewer
from services.views import ModelVersion, TrackSummary, Worked
from store.catalogue.catalogue import Snapshot
from store.domain import AUDIO_FEATURES, Track, usable_features

NEEDS = frozenset({Need.FEATURES, Need.GENRES})
SHOWN = 5
NEAREST = 3
N_BROAD_GENRES = 6  # they are few, all are shown
LIKELY = 0.1  # calibrated probability from which a microgenre is shown
UNITS = {"loudness": "dB", "tempo": "BPM", "duration_ms": "ms", "key": "pitch class", "time_signature": "beats per bar"}


@dataclass  # not frozen, as those below: an answer has dozens, and frozen ones take three times as long to make
class GenreProbability:
    genre: str
    probability: float


@dataclass
class FamilyProbability:
    family: str
    probability: float


@dataclass
class RankedGenre:
    """One of the 114 genres or of the microgenres, with its family."""

    genre: str
    family: str | None
    probability: float


@dataclass(kw_only=True)
class FeatureValue:
    """An audio feature of the track, where it comes from, and how it compares: ``percentile`` is 0 to 100."""

    name: str
    value: float
    unit: str
    source: str
    fetched_at: datetime | None
    licence: str | None
    confidence: float
    percentile: float
    genre_mean: float | None


@dataclass(frozen=True)
class FeatureEffect:
    name: str
    effect: float


@dataclass(frozen=True)
class WordEffect:
    text: str
    part: str
    effect: float


@dataclass(frozen=True, kw_only=True)
class NearestTrack(TrackSummary):
    """A track of the first genre that sounds alike."""

    distance: float


@dataclass(frozen=True, kw_only=True)
class Why:
    """The effects of features and words on the first genre's logit, and the nearest tracks of that genre."""

    features: list[FeatureEffect]
    words: list[WordEffect]
    nearest: list[NearestTrack]


@dataclass(frozen=True, kw_only=True)
class GenreAnswer:
    """The genre of a track with calibrated probabilities (0 to 1), the likeliest first, and what they rest on.

    ``genre`` is null where only an audio analysis of the track is stored. ``why`` is null unless ``explain`` was asked.
    """

    track: TrackSummary | None
    match: Match | SourceMatch
    genre: str | None
    family: str | None
    in_families: list[TrackFamily]
    probability: float
    genres: list[RankedGenre]
    families: list[FamilyProbability]
    broad: list[GenreProbability]
    microgenres: list[RankedGenre]
    decided_by: DecidedBy | None
    reason: str
    basis: list[str]
    confidence: Confidence
    note: str | None
    known_genres: KnownGenres
    sound_tags: SoundTags | None
    features: list[FeatureValue]
    other_features: list[SourceFeatures]
    why: Why | None
    model: ModelVersion
    sources: list[SourceLine]


def predict(services: Services, query: Mapping[str, Any], viewer: Viewer) -> Worked:
    """Return a GenreAnswer; raises ServiceError as `resolve` does, and 404 where nothing at all is known."""
    subject = resolve(services, query, viewer, NEEDS)
    if subject.kind == "analysis":
        return Worked(_without_genre(services, subject), final=False)
    track = subject.track
    given, model = as_input(track), services.genre
    tags = tags_of(services, track, viewer)
    if not model.knows(given) and tags is None:
        raise nothing_known(source_lines(services, subject))
    known = genres_of(services, subject)
    headline = Headline.of(services.artist_genre, given, known, tags[1] if tags else None)
    predicted = model.predict_encoded(model.encode([given]))
    found = model.agreeing(predicted, headline.revise(predicted))
    families = model.family_probabilities(found.genre)[0]
    genres = _with_families(model, _ranked(model.genres, found.genre[0]))
    first = genres[0].genre
    # The probabilities of microgenres are independent: several may apply to a track, or none.
    micros = [micro for micro in _ranked(model.microgenres, found.micro[0]) if micro[1] >= LIKELY]
    in_families = families_of(model, known, found.genre[0])
    answer = GenreAnswer(
        track=TrackSummary.of(track) if subject.kind != "features" else None,
        match=subject.match(),
        genre=first,
        family=in_families[0].family,
        in_families=list(in_families),
        probability=genres[0].probability,
        genres=genres,
        families=[FamilyProbability(*pair) for pair in _ranked(model.families, families)],
        broad=[GenreProbability(*pair) for pair in _ranked(model.broad, found.broad[0], N_BROAD_GENRES)],
        microgenres=_with_families(model, micros),
        decided_by=headline.decided_by(first),
        reason=headline.reason(first, _filed_by(services, known.track_source)),
        basis=_basis(given),
        confidence=headline.confidence(first, genres[0].probability),
        note=_note(track, given, headline.decided_by(first)),
        known_genres=known,
        sound_tags=tags[0] if tags else None,
        features=_features(model, track, first),
        other_features=other_features(services, subject),
        why=_why(services, subject, given, headline, first) if query.get("explain") else None,
        model=ModelVersion("genre", model.version),
        sources=source_lines(services, subject),
    )
    return Worked(answer, subject.final)


def _without_genre(services: Services, subject: Subject) -> GenreAnswer:
    return GenreAnswer(
        track=TrackSummary.of(subject.track),
        match=subject.match(),
        genre=None,
        family=None,
        in_families=[],
        probability=0.0,
        genres=[],
        families=[],
        broad=[],
        microgenres=[],
        decided_by=None,
        reason="",
        basis=[],
        confidence="low",
        note="Only the audio analysis of this track is stored: no file or source has named it. "
        "Import a playlist that contains the track to give it its title.",
        known_genres=KnownGenres((), (), None, None, []),
        sound_tags=None,
        features=[],
        other_features=[],
        why=None,
        model=ModelVersion("genre", services.genre.version),
        sources=[],
    )


def _why(services: Services, subject: Subject, given: GenreInput, headline: Headline, genre: str) -> Why:
    explained = services.genre.explain(given, genre, revise=headline.revise)
    return Why(
        features=[FeatureEffect(name, round(effect, 3)) for name, effect in explained.features],
        words=[WordEffect(text, part, round(effect, 3)) for text, part, effect in explained.words],
        nearest=_nearest(services, subject.snapshot, subject.track, genre),
    )


def _filed_by(services: Services, source: str | None) -> str:
    """Return the origin of the track's own genres in words: " by Deezer", or " in “tracks”" for a table; or ""."""
    if not source:
        return ""
    title = services.title_of(source)
    # The source of a table's row names in brackets the collections that the row comes from.
    return f" by {title}" if title != source else f" in “{source.partition(' (')[0]}”"


def _ranked(names: tuple[str, ...], probabilities: np.ndarray, most: int = SHOWN) -> list[tuple[str, float]]:
    return [(names[i], round(float(probabilities[i]), 4)) for i in top(probabilities, most).tolist()]


def _with_families(model: GenrePredictor, ranked: Sequence[tuple[str, float]]) -> list[RankedGenre]:
    return [RankedGenre(name, model.taxonomy.family_of(name), share) for name, share in ranked]


def _basis(given: GenreInput) -> list[str]:
    parts = {
        "audio": given.features,
        "title": given.title,
        "artist": given.artists,
        "album": given.album,
        "year": given.year,
    }
    return [name for name, value in parts.items() if value]


def _note(track: Track, given: GenreInput, by: DecidedBy) -> str | None:
    if given.features or by == "tags":
        return None
    if is_estimate(track):
        return "The sound is not used: audio features computed from a file must be calibrated first."
    if track.features is not None:
        return "The sound is not used: the source of these audio features forbids their use by a model."
    so = ", so the answer is less certain" if by == "names" else ""
    return f"No audio features are known for this track{so}."


def _features(model: GenrePredictor, track: Track, genre: str) -> list[FeatureValue]:
    if track.features is None:
        return []
    known, means = track.features, model.genre_means(genre)
    return [
        FeatureValue(
            name=name,
            value=value,
            unit=UNITS.get(name, "0 to 1"),
            source=known.source,
            fetched_at=known.fetched_at,
            licence=known.licence,
            confidence=known.confidence,
            percentile=round(model.percentile(name, value), 1),
            genre_mean=means[name],
        )
        for name in AUDIO_FEATURES
        if (value := known.values.get(name)) is not None
    ]


def _nearest(services: Services, snapshot: Snapshot, track: Track, genre: str) -> list[NearestTrack]:
    features = usable_features(track)
    if features is None:
        return []
    exclude = {track.id} - {""} | synthetic_to_exclude(snapshot, [track])
    near = services.neighbours.nearest_labelled(snapshot, features, genre, limit=NEAREST, exclude=exclude)
    return [NearestTrack.of(snapshot.track(ref), distance=round(distance, 3)) for ref, distance in near]
