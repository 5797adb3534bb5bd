"""What works here and what does not, with a remedy for each fault: ``python -m etl doctor`` for the page."""

import threading
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from flask import request

from api import session
from api.application import Blueprint
from api.current import services
from etl.doctor.checks import Opened, Visitor, local_examiners, probe_examiners
from etl.doctor.examination import Check, Examiner, State, examine
from etl.spotify.login import redirect_for
from services.container import Services
from services.errors import ServiceError
from store.database import StoreError
from store.runs import now

blueprint = Blueprint("doctor", __name__, tag="Status")
# The page waits for it; gunicorn ends a request after 60 s.
_WITHIN_SECONDS = 30.0
# Each probe uses up some of the sources' budgets, whoever presses the button.
_PAUSE = timedelta(seconds=60)
_COLLECTION, _NAME = "stats", "doctor"
_probing = threading.Lock()


@dataclass(frozen=True)
class DoctorAnswer:
    """What was found, by area; ``checked_at`` is when the sources were last probed."""

    checked_at: datetime | None
    checks: list[Check]


@blueprint.get("/api/doctor")
def findings() -> DoctorAnswer:
    """What is found on this machine now, and what the sources answered when they were last probed."""
    opened = _opened(services())
    kept = _kept(opened)
    return _answer(opened, kept.get("checks", []), kept.get("checked_at"))


@blueprint.post("/api/doctor")
def probe() -> DoctorAnswer:
    """Probes each source that is on with one light question for everything it offers, and answers as GET does."""
    opened = _opened(services())
    if isinstance(opened, StoreError):
        return _answer(opened, [], None)
    kept = _kept(opened)
    # Whoever presses while another's probe is under way gets what was found before it: no thread waits.
    if (not kept or now() - kept["checked_at"] > _PAUSE) and _probing.acquire(blocking=False):
        try:
            found = examine(probe_examiners(opened, _visitor()), _WITHIN_SECONDS)
        finally:
            _probing.release()
        checks = [asdict(check) | {"state": check.state.value} for check in found]
        kept = {"_id": _NAME, "checked_at": now(), "checks": checks}
        opened.database.put_document(_COLLECTION, kept)
    return _answer(opened, kept.get("checks", []), kept.get("checked_at"))


def _opened(here: Services) -> Opened | StoreError:
    try:
        here.database.ping()
    except StoreError as fault:
        return fault
    return Opened(database=here.database, engine=here.engine)


def _kept(opened: Opened | StoreError) -> dict[str, Any]:
    return opened.database.get_document(_COLLECTION, _NAME) or {} if isinstance(opened, Opened) else {}


def _answer(opened: Opened | StoreError, probed: Collection[Any], at: datetime | None) -> DoctorAnswer:
    """Return what is found here, with ``probed`` added as far as those sources are still on."""
    here = services()
    examiners = [*local_examiners(here.config, opened, _visitor()), Examiner(area="models", look=partial(_load, here))]
    found = list(examine(examiners, _WITHIN_SECONDS))
    off = {check.area for check in found if check.state == State.OFF}
    found += [Check(**{**check, "state": State(check["state"])}) for check in probed if check["area"] not in off]
    areas = list(dict.fromkeys(check.area for check in found))
    return DoctorAnswer(at, sorted(found, key=lambda check: areas.index(check.area)))


def _visitor() -> Visitor:
    # A browser without a session has no account; None would mean the operator, who sees any.
    return Visitor(redirect=redirect_for(request.scheme, request.host), owner=session.owner() or "nobody")


def _load(here: Services) -> Iterator[Check]:
    """Load the models as the first prediction would; only the web process knows of it."""
    for task in ("genre", "artists"):
        try:
            getattr(here, task)
        except ServiceError as fault:
            yield Check("models", task, State.FAULT, fault.message, fault.hint)
        else:
            yield Check("models", task, State.OK, f"The {task} model is loaded.")
