"""What works here and what does not, with a remedy for each fault: ``python -m etl doctor`` for the page."""

from dataclasses import replace

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
    return _shown(use.findings(services(), _visitor()))


@blueprint.post("/api/doctor")
def probe() -> use.DoctorAnswer:
    """Probes each source that is on with one light question for everything it offers, and answers as GET does."""
    return _shown(use.probe(services(), _visitor()))


def _shown(answer: use.DoctorAnswer) -> use.DoctorAnswer:
    return replace(answer, checks=session.for_viewer(answer.checks))


def _visitor() -> Visitor:
    # A browser without a session has no account; None would mean the operator, who sees any.
    return Visitor(redirect=redirect_for(request.scheme, request.host), owner=session.owner() or "nobody")
