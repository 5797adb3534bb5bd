"""What works here and what does not, with a remedy for each fault: ``python -m etl doctor`` for the page."""

import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from etl.doctor.checks import Opened, Visitor, local_examiners, probe_examiners
from etl.doctor.examination import Check, Examiner, State, examine
from services.container import Services
from services.errors import ServiceError
from store.database import StoreError
from store.errors import in_words
from store.runs import now

# The page waits for it; gunicorn ends a request after 60 s.
_WITHIN_SECONDS = 30.0
# Shortest time between two probes of all users: each probe uses up some of the sources' budgets.
_PAUSE = timedelta(seconds=60)
_COLLECTION, _NAME = "stats", "doctor"
_probing = threading.Lock()


@dataclass(frozen=True)
class DoctorAnswer:
    """What was found, by area; ``checked_at`` is when the sources were last probed."""

    checked_at: datetime | None
    checks: list[Check]


def findings(services: Services, visitor: Visitor) -> DoctorAnswer:
    """Return what is found on this machine now, and what the sources answered when they were last probed."""
    opened = _opened(services)
    kept = _kept(opened)
    return _answer(services, visitor, opened, kept)


def probe(services: Services, visitor: Visitor) -> DoctorAnswer:
    """Probe each source that is on with one light question for everything it offers, and return :func:`findings`."""
    opened = _opened(services)
    kept = _kept(opened)
    if isinstance(opened, StoreError):
        return _answer(services, visitor, opened, kept)
    # While another request probes, this one returns the findings from before, so that no thread waits.
    if (not kept or not timedelta() <= now() - kept["checked_at"] <= _PAUSE) and _probing.acquire(blocking=False):
        try:
            found = examine(probe_examiners(opened, visitor), _WITHIN_SECONDS)
        finally:
            _probing.release()
        checks = [asdict(check) | {"state": check.state.value} for check in found]
        kept = {"_id": _NAME, "checked_at": now(), "checks": checks}
        opened.database.put_document(_COLLECTION, kept)
    return _answer(services, visitor, opened, kept)


def _opened(services: Services) -> Opened | StoreError:
    try:
        services.database.ping()
    except StoreError as fault:
        return fault
    return Opened(database=services.database, engine=services.engine)


def _kept(opened: Opened | StoreError) -> dict[str, Any]:
    return opened.database.get_document(_COLLECTION, _NAME) or {} if isinstance(opened, Opened) else {}


def _answer(services: Services, visitor: Visitor, opened: Opened | StoreError, kept: dict[str, Any]) -> DoctorAnswer:
    """Return what is found here, with the ``kept`` checks of sources that are still on."""
    models = Examiner(area="models", look=partial(_load, services))
    found = list(examine([*local_examiners(services.config, opened, visitor), models], _WITHIN_SECONDS))
    off = {check.area for check in found if check.state == State.OFF}
    probed = (Check(**{**check, "state": State(check["state"])}) for check in kept.get("checks", ()))
    found += [check for check in probed if check.area not in off]
    found = [replace(check, remedy=in_words(check.remedy)) for check in found]
    areas = list(dict.fromkeys(check.area for check in found))
    return DoctorAnswer(kept.get("checked_at"), sorted(found, key=lambda check: areas.index(check.area)))


def _load(services: Services) -> Iterator[Check]:
    """Load the models as the first prediction would."""
    for task in ("genre", "artists"):
        try:
            getattr(services, task)
        except ServiceError as fault:
            yield Check("models", task, State.FAULT, fault.message, fault.hint)
        else:
            yield Check("models", task, State.OK, f"The {task} model is loaded.")
