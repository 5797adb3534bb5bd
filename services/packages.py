"""The optional packages: which are installed, and runs that install the others."""

from dataclasses import dataclass

from jobs.installing import new_installation
from jobs.packages import Category, categories
from services.container import Services
from services.errors import ServiceError, not_found
from services.runs import RunView, start_runs
from services.viewer import Viewer
from services.views import View
from store.errors import in_words


@dataclass(frozen=True, kw_only=True)
class PackagesView(View):
    """A category of packages: its purpose, whether it is ``installed``, and about how many ``bytes`` it takes.

    ``obstacle`` says why it cannot be installed from the page, "" where it can. Unless the disk is ``lasting``, the
    packages are gone after a restart.
    """

    name: str
    purpose: str
    bytes: int
    installed: bool
    obstacle: str
    lasting: bool


def list_packages(viewer: Viewer) -> list[PackagesView]:
    """Return the categories of optional packages."""
    return [PackagesView.of(found, obstacle=_obstacle(found, viewer)) for found in categories()]


def _obstacle(found: Category, viewer: Viewer) -> str:
    if found.installed or viewer.operator:
        return in_words(found.obstacle)
    return "Only whoever runs this server may install packages."


def install_packages(services: Services, name: str, viewer: Viewer) -> RunView:
    """Start a run of the viewer's that installs a category.

    Raises ServiceError 404 for an unknown category, 409 where it cannot be installed here, TooManyRuns.
    """
    found = next((category for category in categories() if category.name == name), None)
    if found is None:
        raise not_found(f"There is no category of packages called {name!r}.", "See /api/packages.")
    if found.obstacle:
        raise ServiceError(409, "cannot_install", found.obstacle, "See docs/operations.md.")
    return start_runs(services, new_installation(name, viewer.owner))[0]
