"""The doctor for the page: what works and what does not, with a remedy for each fault."""

from dataclasses import replace

from flask import request

import services.doctor as use
from api import session
from api.application import Blueprint
from api.current import services
from api.limits.expensive import expensive
from etl.doctor.checks import Visitor
from etl.spotify.login import redirect_for

blueprint = Blueprint("doctor", __name__, tag="Status")


@blueprint.get("/api/doctor")
@expensive
def findings() -> use.DoctorAnswer:
    """The findings on this machine now, and what the sources answered when they were last probed."""
    return _shown(use.findings(services(), _visitor()))


@blueprint.post("/api/doctor")
def probe() -> use.DoctorAnswer:
    """Probe each source that is switched on with one small query per kind of fact; the answer is that of GET."""
    return _shown(use.probe(services(), _visitor()))


def _shown(answer: use.DoctorAnswer) -> use.DoctorAnswer:
    return replace(answer, checks=session.for_viewer(answer.checks))


def _visitor() -> Visitor:
    # None would mean the operator on the command line, who sees all accounts; a browser without a session has none.
    return Visitor(redirect=redirect_for(request.scheme, request.host), owner=session.owner() or "nobody")
