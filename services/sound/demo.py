"""The sound demo: the shipped data of its tracks, and where these tracks are no recommendation."""

from collections.abc import Iterable, Mapping

from etl.demo.sound import DemoSound, demo_sounds
from services.container import Services
from services.viewer import Viewer
from store.catalogue.catalogue import Snapshot
from store.domain import Track


def shipped(services: Services) -> Mapping[str, DemoSound]:
    """Return the shipped sounds by track id; none where the operator has disabled the demo."""
    return demo_sounds() if services.config.demo else {}


def demo_of(services: Services, viewer: Viewer) -> dict[str, DemoSound]:
    """Return the shipped sounds of the tracks that a viewer has, by track id."""
    sounds = shipped(services)
    return {name: sounds[name] for name in sorted(services.database.get_tracks(list(sounds), viewer.owner))}


def synthetic_to_exclude(snapshot: Snapshot, tracks: Iterable[Track]) -> frozenset[str]:
    """Return the ids of the sound demo's tracks in a snapshot, but none if one of ``tracks`` is one of them.

    A program made them to show what can be done with sound, so nobody who plays other music wants them recommended.
    """
    synthetic = frozenset(demo_sounds())
    if any(track.id in synthetic for track in tracks):
        return frozenset()
    return snapshot.known_ids(synthetic)
