"""AcousticBrainz, which still answers about what it knew in 2022."""

from typing import Any, ClassVar
from uuid import UUID

from tests.fake_services.server import FakeService, Limit, Reply, Request, route
from tests.fake_services.world import Song, World

_MOST = 25
_FEATURES = {
    *("lowlevel.average_loudness", "lowlevel.dynamic_complexity", "metadata.audio_properties.replay_gain"),
    *("metadata.tags", "rhythm.beats_count", "rhythm.bpm", "rhythm.danceability", "rhythm.onset_rate"),
    *("tonal.chords_key", "tonal.chords_scale", "tonal.key_key", "tonal.key_scale", "tonal.key_strength"),
}
_KEYS = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")


def _two(name: str, other: str, probability: float) -> dict[str, Any]:
    """A classifier of two classes, as Gaia gives it."""
    sure = max(probability, 1 - probability)
    value = name if probability >= 0.5 else other
    return {"all": {name: probability, other: 1 - probability}, "probability": sure, "value": value}


class FakeAcousticBrainz(FakeService):
    name: ClassVar[str] = "acousticbrainz"

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.limit = Limit(calls=100, seconds=10.0)

    def _wanted(self, request: Request) -> list[Song] | Reply:
        ids = [each for each in request.query.get("recording_ids", "").split(";") if each]
        if not ids:
            return Reply(status=400, body={"message": "Missing `recording_ids` parameter"})
        for each in ids:
            try:
                UUID(each)
            except ValueError:
                return Reply(status=400, body={"message": f"'{each}' is not a valid UUID"})
        if len(ids) > _MOST:
            return Reply(status=400, body={"message": f"More than {_MOST} recordings not allowed per request"})
        known = {song.mbid: song for song in self.world.on("musicbrainz") if "acousticbrainz" not in song.absent}
        return [known[each.lower()] for each in dict.fromkeys(ids) if each.lower() in known]

    @route("GET", "/api/v1/high-level")
    def high(self, request: Request) -> Any:
        songs = self._wanted(request)
        if isinstance(songs, Reply):
            return songs
        return {**{song.mbid: {"0": {"highlevel": self._high(song)}} for song in songs}, "mbid_mapping": {}}

    @route("GET", "/api/v1/low-level")
    def low(self, request: Request) -> Any:
        songs = self._wanted(request)
        if isinstance(songs, Reply):
            return songs
        for feature in request.query.get("features", "").split(";"):
            if feature and feature not in _FEATURES:
                return Reply(status=400, body={"message": f"The following features are not allowed: {feature}"})
        return {**{song.mbid: {"0": self._low(song)} for song in songs}, "mbid_mapping": {}}

    @staticmethod
    def _high(song: Song) -> dict[str, Any]:
        sound = song.features
        return {
            "danceability": _two("danceable", "not_danceable", sound["danceability"]),
            "mood_acoustic": _two("acoustic", "not_acoustic", sound["acousticness"]),
            "mood_aggressive": _two("aggressive", "not_aggressive", sound["energy"] / 2),
            "mood_happy": _two("happy", "not_happy", sound["valence"]),
            "mood_party": _two("not_party", "party", 1 - sound["energy"]),
            "mood_relaxed": _two("not_relaxed", "relaxed", sound["energy"]),
            "mood_sad": _two("not_sad", "sad", sound["valence"]),
            "voice_instrumental": _two("instrumental", "voice", sound["instrumentalness"]),
            "tonal_atonal": _two("tonal", "atonal", 0.9),
        }

    @staticmethod
    def _low(song: Song) -> dict[str, Any]:
        sound = song.features
        properties = {"length": song.duration_ms / 1000, "replay_gain": -24.0 - sound["loudness"], "bit_rate": 0}
        return {
            "metadata": {"audio_properties": properties, "version": {"essentia": "2.1-beta1"}},
            "rhythm": {"bpm": sound["tempo"]},
            "tonal": {"key_key": _KEYS[int(sound["key"])], "key_scale": "major" if sound["mode"] else "minor"},
        }
