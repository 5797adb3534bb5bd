"""The result of a look-up, and its storage: each fact with its source."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import cast

from etl.engine import Answer
from etl.identity import SAME, as_track, identity_of, same_recording
from etl.lookup.choice import Choice
from etl.providers.base import GenreTag, Identity, SourceFeatures
from store.database import Database
from store.domain import FEATURE_BOUNDS, SHOWN_ONLY, AudioFeatures, Track, local_track_id
from store.facts import tracks_like
from store.gaps import merged

# Features with fewer values than this rank behind others.
_SOUND_VALUES = 4
_GENRES, _GENRE_WEIGHT = 5, 0.2
_GENRE_LEVELS: Mapping[str, tuple[str, ...]] = {"labels": ("track", "album"), "artist_genres": ("artist",)}
_BROUGHT_BY = "look-up"


@dataclass(frozen=True, kw_only=True, slots=True)
class LookedUp:
    """The answers of the sources that came in time.

    ``identity`` holds the ids of all sources that know the track. ``confidence`` (0 to 1) is how surely it is the
    track that was meant, 0 if none was found. ``chosen`` is one of ``candidates``, which are sorted by confidence.
    ``features``, ``genres``, ``similar``, ``previews`` and ``covers`` map sources to what they found, the best source
    first.
    ``trail`` holds all answers and failures, in the order in which they came. ``refused``: no source was asked, because
    too many look-ups were being made.
    """

    identity: Identity
    confidence: float = 0.0
    chosen: Choice | None = None
    candidates: tuple[Choice, ...] = ()
    features: Mapping[str, Answer] = field(default_factory=dict)
    genres: Mapping[str, Answer] = field(default_factory=dict)
    similar: Mapping[str, Answer] = field(default_factory=dict)
    previews: Mapping[str, Answer] = field(default_factory=dict)
    covers: Mapping[str, Answer] = field(default_factory=dict)
    trail: tuple[Answer, ...] = ()
    refused: bool = False

    def sounds(self) -> list[AudioFeatures]:
        """Return the features of each source, the most useful first; ``confidence`` includes that of the look-up."""
        found = (features_in(answer, self.confidence) for answer in self.features.values())
        sounds = [sound for sound in found if sound.values]
        return sorted(sounds, key=lambda sound: (sound.source in SHOWN_ONLY, -min(_SOUND_VALUES, len(sound.values))))

    def named_genres(self, *levels: str) -> tuple[str, ...]:
        """Return the strongest genres at ``levels`` (track, album, artist) of the best source that has any."""
        return next(filter(None, (tuple(strongest(answer, levels)) for answer in self.genres.values())), ())

    def genre_sources(self) -> dict[str, str]:
        """Return which source the genres of the track and of its artists are from."""
        found = (
            (name, answer.source) for answer in reversed(list(self.genres.values())) for name in _levels_in(answer)
        )
        return dict(found)


def features_in(answer: Answer, confidence: float = 1.0) -> AudioFeatures:
    """Return the audio features in an answer to FEATURES, without values out of bounds.

    ``confidence`` (0 to 1) is how surely the answer is about the track.
    """
    found = cast(SourceFeatures, answer.value)
    return AudioFeatures(
        values={name: value for name, value in found.values.items() if _in_bounds(name, value)},
        source=answer.source,
        fetched_at=answer.fetched_at,
        licence=answer.licence or None,
        confidence=round(found.confidence * confidence, 3),
    )


def _in_bounds(name: str, value: float) -> bool:
    low, high = FEATURE_BOUNDS.get(name, (1.0, 0.0))
    return low <= value <= high


def strongest(answer: Answer, levels: tuple[str, ...]) -> Iterator[str]:
    """Yield the genres at ``levels`` with most weight in an answer to GENRES, in lower case."""
    tags = [tag for tag in cast(tuple[GenreTag, ...], answer.value) if tag.level in levels]
    strong = [tag.name.lower() for tag in tags[:_GENRES] if tag.weight >= _GENRE_WEIGHT * tags[0].weight]
    yield from dict.fromkeys(strong)


def _levels_in(answer: Answer) -> Iterator[str]:
    for name, levels in _GENRE_LEVELS.items():
        if any(strongest(answer, levels)):
            yield name


def completed(track: Track, found: LookedUp) -> Track:
    """Return ``track`` with the details and facts of ``found`` that it lacks (see :mod:`store.gaps`)."""
    identity, sounds = found.identity, found.sounds()
    facts = replace(
        _new(found),
        labels=found.named_genres(*_GENRE_LEVELS["labels"]),
        artist_genres=found.named_genres(*_GENRE_LEVELS["artist_genres"]),
        features=sounds[0] if sounds else None,
        value_sources=found.genre_sources(),
        ids=identity.ids,
        popularity=None,
        explicit=None,
    )
    return merged(track, facts)


def store_looked_up(database: Database, found: LookedUp, known: Track | None = None, owner: str | None = None) -> Track:
    """Store the results and return the stored track.

    A ``known`` track gets the values it lacked, in the row of ``owner`` if there is one. Any other track gets the id
    under which the same recording is stored, or a new id (:func:`etl.identity.track_id`), and the names of its source.

    Raises ValueError if nothing is ``known`` and nothing was found.
    """
    if known is None and not found.identity.title:
        raise ValueError("nothing was found that could be stored")
    new = known or _new(found)
    likely = [known] if known else _likely(database, new)
    known = next((track for track in likely if same_recording(identity_of(track), found.identity) >= SAME), known)
    track = completed(known or _free(new, likely), found)
    if track != known:
        own = owner is not None and track.id in database.own_tracks([track.id], owner)
        database.put_tracks([track], _BROUGHT_BY, owner=owner if own else None)
    return track


def _new(found: LookedUp) -> Track:
    chosen = found.chosen
    source = chosen.sources[0] if chosen else next((answer.source for answer in found.trail), "unknown")
    return as_track(
        found.identity,
        source,
        popularity=chosen.popularity if chosen else None,
        explicit=chosen.explicit if chosen else None,
    )


def _likely(database: Database, track: Track) -> list[Track]:
    """Return the stored tracks that may be the same recording, the one with the same id first."""
    likely = [match for same in tracks_like(database, [track]).values() for match in same]
    return sorted(likely, key=lambda match: match.id != track.id)


def _free(track: Track, others: Iterable[Track]) -> Track:
    """Return ``track``; with an id made of its names if another recording has its id."""
    if all(other.id != track.id for other in others):
        return track
    return replace(track, id=local_track_id(track.title, track.artists, track.album, track.duration_ms))
