"""AcousticBrainz: features computed from audio by Essentia, public domain, nothing after 2022.

docs/acousticbrainz.md says how its classifiers and descriptors are mapped to Spotify's scales.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from etl.providers.base import About, Channel, LookupQuery, Need, Rate, SourceFeatures, Value
from etl.providers.translation import NeedHandler, Object, Translator, as_object, has_id, source_features, the_id
from etl.values import text

_TITLE = "AcousticBrainz"
_BATCH = 25
# Its values are class probabilities, Spotify's are intensities: similar in rank, not in value.
CONFIDENCE = 0.5
# The server always adds metadata.audio_properties, with length and ReplayGain.
_LOW_LEVEL = "rhythm.bpm;tonal.key_key;tonal.key_scale"
_PITCHES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_LIVELY = (("mood_aggressive", "aggressive"), ("mood_party", "party"))
_MODES = {"major": 1.0, "minor": 0.0}
# ReplayGain 1.0, without the 6 dB that players add, brings a track to 83 dB, about -24 dB below full scale.
_REPLAY_GAIN_REFERENCE = -24.0


def _probability(high: Object, classifier: str, name: str) -> float | None:
    """Return the probability (0 to 1) of the class ``name`` in ``classifier``."""
    return high.inner(classifier).inner("all").number(name)


def _between(high: float | None, low: float | None) -> float | None:
    """Return 1 if only ``high`` is 1, 0 if only ``low`` is, 0.5 if both are equal."""
    return None if high is None or low is None else (1.0 + high - low) / 2.0


def _pitch_class(name: object) -> float | None:
    """Return the pitch class of a name such as ``A``, ``C#`` or ``Bb``."""
    key = text(name) or ""
    base, accidental = _PITCHES.get(key[:1]), {"": 0, "#": 1, "b": -1}.get(key[1:])
    return None if base is None or accidental is None else float((base + accidental) % 12)


def features_of(high: Object, low: Object) -> SourceFeatures | None:
    """Translate one recording's ``highlevel`` classifiers and its low-level document; ``None`` if both are empty.

    Energy is high where the track is aggressive or for a party and not relaxed, valence where it is happy and not
    sad. Speechiness, liveness and time signature have no counterpart and are missing.
    """
    lively = [p for p in (_probability(high, *name) for name in _LIVELY) if p is not None]
    properties, tonal = low.inner("metadata").inner("audio_properties"), low.inner("tonal")
    gain, length = properties.number("replay_gain"), properties.number("length")
    return source_features(
        {
            "danceability": _probability(high, "danceability", "danceable"),
            "energy": _between(max(lively, default=None), _probability(high, "mood_relaxed", "relaxed")),
            "key": _pitch_class(tonal.get("key_key")),
            "loudness": None if gain is None else _REPLAY_GAIN_REFERENCE - gain,
            "mode": _MODES.get(str(tonal.get("key_scale"))),
            "acousticness": _probability(high, "mood_acoustic", "acoustic"),
            "instrumentalness": _probability(high, "voice_instrumental", "instrumental"),
            "valence": _between(_probability(high, "mood_happy", "happy"), _probability(high, "mood_sad", "sad")),
            "tempo": low.inner("rhythm").get("bpm"),
            "duration_ms": None if length is None else float(round(1000 * length)),
        },
        CONFIDENCE,
    )


def _documents(channel: Channel, path: str, mbids: Sequence[str], **more: str) -> Object:
    body = channel.get(path, {"recording_ids": ";".join(mbids), **more})
    return as_object(body, _TITLE, "a JSON object of recordings")


def _features(queries: Sequence[LookupQuery], channel: Channel) -> list[Value | None]:
    """Make two calls for up to 25 recordings; the first submission of each is read."""
    mbids = [the_id(query.identity, "mbid").lower() for query in queries]
    once = list(dict.fromkeys(mbids))
    high = _documents(channel, "/api/v1/high-level", once)
    low = _documents(channel, "/api/v1/low-level", once, features=_LOW_LEVEL)
    return [features_of(high.inner(mbid).inner("0").inner("highlevel"), low.inner(mbid).inner("0")) for mbid in mbids]


class AcousticBrainz(Translator):
    """AcousticBrainz, which answers but no longer grows."""

    handlers: ClassVar[Mapping[Need, NeedHandler]] = {Need.FEATURES: NeedHandler(has_id("mbid"), _features)}
    about = About(
        name="acousticbrainz",
        title=_TITLE,
        home="https://acousticbrainz.org",
        base_url="https://acousticbrainz.org",
        licence="CC0",
        terms=(
            "Features computed from audio by volunteers until 2022, in the public domain (CC0): the one source whose "
            "values a model may be trained on and shipped with. Its scales differ from Spotify's, so its values are "
            "marked as less sure; what has no counterpart stays unknown. Answers are kept for 90 days."
        ),
        sends="MusicBrainz ids of what you look up, and this computer's network address.",
        rate=Rate(per_second=5.0, burst=5),
        found_days=90.0,
        needs=frozenset(handlers),
        reads=frozenset({"mbid"}),
        batches={Need.FEATURES: _BATCH},
    )
