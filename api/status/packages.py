"""The optional packages, and their installation."""

from dataclasses import dataclass
from typing import Literal

import services.packages as use
from api import session
from api.application import Blueprint
from api.current import services
from api.schemas import RunAnswer

blueprint = Blueprint("packages", __name__, tag="Status")


@dataclass(frozen=True)
class PackagesAnswer:
    packages: list[use.PackagesView]


@blueprint.get("/api/packages")
def packages() -> PackagesAnswer:
    """The categories of optional packages: their purpose, their size, and whether they are installed."""
    return PackagesAnswer(use.list_packages(session.viewer()))


@blueprint.post("/api/packages/<name>/install")
@blueprint.doc(responses={202: "The run that installs it", 403: "Not the operator", 409: "It cannot be installed here"})
def install(name: str) -> tuple[RunAnswer, Literal[202]]:
    """Install a category of Pipfile.lock, as a run with progress; only the operator may."""
    session.require_operator()
    session.start()
    return RunAnswer(use.install_packages(services(), name, session.viewer())), 202
