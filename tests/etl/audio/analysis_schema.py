"""The JSON schema of an audio analysis, derived from Spotify's reference and the analyses that were kept.

Fields that only some of the kept analyses have are optional. Confidences are 0 to 1; times are seconds.
"""

from typing import Any

_SHARE = {"type": "number", "minimum": 0, "maximum": 1}
_SECONDS = {"type": "number", "minimum": 0, "maximum": 4 * 3600}
_DB = {"type": "number", "minimum": -100, "maximum": 20}
_KEY = {"type": "integer", "minimum": -1, "maximum": 11}
_MODE = {"type": "integer", "minimum": -1, "maximum": 1}
_METER = {"type": "integer", "minimum": 0, "maximum": 7}
_TEMPO = {"type": "number", "minimum": 0, "maximum": 300}
_TONE = {
    "tempo": _TEMPO,
    "tempo_confidence": _SHARE,
    "key": _KEY,
    "key_confidence": _SHARE,
    "mode": _MODE,
    "mode_confidence": _SHARE,
    "time_signature": _METER,
    "time_signature_confidence": _SHARE,
    "loudness": _DB,
}
_INTERVAL = {"start": _SECONDS, "duration": _SECONDS, "confidence": _SHARE}
_TWELVE = {"type": "array", "minItems": 12, "maxItems": 12}


def _object(properties: dict[str, Any], required: tuple[str, ...]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required)}


def _list(properties: dict[str, Any], required: tuple[str, ...]) -> dict[str, Any]:
    return {"type": "array", "items": _object(properties, required)}


_SEGMENT = _INTERVAL | {
    "loudness_start": _DB,
    "loudness_max": _DB,
    "loudness_max_time": _SECONDS | {"minimum": -0.01},  # a kept one has -0.00059
    "loudness_end": _DB,
    "pitches": _TWELVE | {"items": _SHARE},
    "timbre": _TWELVE | {"items": {"type": "number", "minimum": -1000, "maximum": 1000}},
}
_NEEDED = ("start", "confidence")
SCHEMA: dict[str, Any] = _object(
    {
        "meta": {"type": "object"},
        "track": _object(
            _TONE
            | {
                "duration": _SECONDS,
                "end_of_fade_in": _SECONDS,
                "start_of_fade_out": _SECONDS,
                "num_samples": {"type": "integer", "minimum": 0},
                "analysis_sample_rate": {"type": "integer", "minimum": 1},
                "analysis_channels": {"type": "integer", "minimum": 1},
                "offset_seconds": _SECONDS,
                "window_seconds": _SECONDS,
                "sample_md5": {"type": "string"},
            },
            ("duration", "end_of_fade_in", "start_of_fade_out", "key_confidence", "mode_confidence"),
        ),
        "bars": _list(_INTERVAL, _NEEDED),
        "beats": _list(_INTERVAL, _NEEDED),
        "tatums": _list(_INTERVAL, _NEEDED),
        "sections": _list(_INTERVAL | _TONE, _NEEDED),
        "segments": _list(
            _SEGMENT, (*_NEEDED, "loudness_start", "loudness_max", "loudness_max_time", "pitches", "timbre")
        ),
    },
    ("meta", "track", "bars", "beats", "tatums", "sections", "segments"),
)
