"""What keeps this installation from answering well now: the store, the catalogue, the models, the disk."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ml import artefacts
from ml.artefacts import ArtefactError
from services.container import Services
from store.catalogue.damage import damage
from store.disk import disk_error, probe, require_room
from store.errors import TastemapError, in_words

# The models without which the main pages have no answer.
_NEEDED_TASKS = ("genre", "artists")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong; ``area`` is one of the doctor's."""

    area: str
    code: str
    message: str
    hint: str


def problems(services: Services) -> list[Problem]:
    """Return what is wrong, the store first. Takes milliseconds where all is well."""
    looks: dict[str, Callable[[Services], Iterator[TastemapError]]]
    looks = {"store": _store, "catalogue": _catalogue, "models": _models, "disk": _disk}
    found = []
    for area, look in looks.items():
        try:
            faults = list(look(services))
        except TastemapError as fault:
            faults = [fault]
        found += [Problem(area, fault.code, fault.message, in_words(fault.hint)) for fault in faults]
    return found


def _store(services: Services) -> Iterator[TastemapError]:
    services.database.ping()
    yield from ()


def _catalogue(services: Services) -> Iterator[TastemapError]:
    services.catalogue.current()
    for name, reason in damage(services.catalogue.root).items():
        yield TastemapError(
            f"The catalogue segment {name} is damaged: {reason}.",
            "It is being rebuilt, which takes some minutes. On the server: python -m etl catalogue",
            code="catalogue_unreadable",
        )


def _models(services: Services) -> Iterator[TastemapError]:
    for task in _NEEDED_TASKS:
        services.registry.active_version(task)
    if services.registry.local is not None:
        artefacts.read_manifest(services.registry.local)
    for task, version in services.registry.damaged().items():
        yield ArtefactError(
            f"The files of {task} {version} are damaged; {services.registry.active_version(task)} is served instead.",
            f"Train it again or delete it, under Library, Models. On the server: python -m ml train {task}",
        )


def _disk(services: Services) -> Iterator[TastemapError]:
    try:
        probe(services.config.var)
        require_room(services.config.var)
    except OSError as fault:
        yield disk_error(fault) or TastemapError(f"The data folder cannot be used: {fault.strerror}.")
