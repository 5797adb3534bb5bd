"""What ships of the sound of the demo's tracks, for those who have brought them in."""

from collections.abc import Mapping

from etl.demo.sound import DemoSound, demo_sounds
from services.container import Services
from services.viewer import Viewer


def shipped(services: Services) -> Mapping[str, DemoSound]:
    """Return what ships, by track; nothing where the operator has taken the demo out."""
    return demo_sounds() if services.config.demo else {}


def demo_of(services: Services, viewer: Viewer) -> dict[str, DemoSound]:
    """Return what ships of the tracks that a viewer has, by track."""
    sounds = shipped(services)
    return {name: sounds[name] for name in sorted(services.database.get_tracks(list(sounds), viewer.owner))}
