"""What the routes call: one set per process, each part opened on first use (gunicorn forks before that)."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Protocol, Self, TypeVar

from flask import current_app

from api.answers import AnswerCache
from api.errors import ApiError
from config import Config
from ml.artefacts import ArtefactError, active
from ml.artists import ArtistEmbedding
from ml.genre import GenrePredictor
from ml.neighbours import Neighbours
from store.catalogue import Catalogue
from store.database import Database
from store.embedded import EmbeddedServer
from store.place import place_of


class _Loadable(Protocol):
    @classmethod
    def load(cls, directory: Path) -> Self: ...


Model = TypeVar("Model", bound=_Loadable)


class Services:
    """The store, the catalogue and the active models of one web process."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.answers = AnswerCache()

    @cached_property
    def database(self) -> Database:
        place = self.config.place or place_of(self.config.var)
        if self.config.mongodb_uri:
            return Database(self.config.mongodb_uri, place=place)
        return Database("", EmbeddedServer(self.config.var), place=place)

    @cached_property
    def catalogue(self) -> Catalogue:
        return Catalogue(self.config.var / "catalogue")

    @cached_property
    def genre(self) -> GenrePredictor:
        return self._load("genre", GenrePredictor)

    @cached_property
    def artists(self) -> ArtistEmbedding:
        return self._load("artists", ArtistEmbedding)

    @cached_property
    def neighbours(self) -> Neighbours:
        return Neighbours(self.artists)

    def close(self) -> None:
        """Close the connection to the store, if there is one."""
        if "database" in self.__dict__:
            self.database.close()

    def _load(self, task: str, kind: type[Model]) -> Model:
        try:
            return kind.load(active(task, self.config.models))
        except ArtefactError as fault:
            raise ApiError(
                503, "model_missing", f"The {task} model cannot be loaded: {fault}", f"Run: python -m ml train {task}"
            ) from fault


def services() -> Services:
    """Return the services of the application that handles this request."""
    return current_app.extensions["tastemap"]
