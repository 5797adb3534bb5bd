"""The shipped sound data of the demo's tracks, for viewers who have imported the demo."""

from collections.abc import Mapping

from etl.demo.sound import DemoSound, demo_sounds
from services.container import Services
from services.viewer import Viewer


def shipped(services: Services) -> Mapping[str, DemoSound]:
    """Return the shipped sounds by track id; none where the operator has disabled the demo."""
    return demo_sounds() if services.config.demo else {}


def demo_of(services: Services, viewer: Viewer) -> dict[str, DemoSound]:
    """Return the shipped sounds of the tracks that a viewer has, by track id."""
    sounds = shipped(services)
    return {name: sounds[name] for name in sorted(services.database.get_tracks(list(sounds), viewer.owner))}
