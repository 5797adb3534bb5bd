"""What works here and what does not, with a remedy for each fault: ``python -m etl doctor`` for the page."""

from flask import request

import services.doctor as use
from api import session
from api.application import Blueprint
from api.current import services
from etl.doctor.checks import Visitor
from etl.spotify.login import redirect_for

blueprint = Blueprint("doctor", __name__, tag="Status")


@blueprint.get("/api/doctor")
def findings() -> use.DoctorAnswer:
    """What is found on this machine now, and what the sources answered when they were last probed."""
    return use.findings(services(), _visitor())


@blueprint.post("/api/doctor")
def probe() -> use.DoctorAnswer:
    """Probes each source that is on with one light question for everything it offers, and answers as GET does."""
    return use.probe(services(), _visitor())


def _visitor() -> Visitor:
    # A browser without a session has no account; None would mean the operator, who sees any.
    return Visitor(redirect=redirect_for(request.scheme, request.host), owner=session.owner() or "nobody")
