"""What the routes call: one set per process, each part opened on first use (gunicorn forks before that)."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

from flask import current_app

from api.answers import AnswerCache
from api.errors import ApiError
from config import Config
from etl.engine import Engine, engine_config
from etl.lookup_pool import settle
from ml.artefacts import ArtefactError
from ml.artists import ArtistEmbedding
from ml.continuation import Continuation
from ml.genre import GenrePredictor
from ml.neighbours import Neighbours
from ml.shelf import Shelf
from store.catalogue import Catalogue
from store.database import Database
from store.embedded import EmbeddedServer
from store.place import place_of

Model = TypeVar("Model")


class Services:
    """The store, the catalogue and the active models of one web process."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.answers = AnswerCache()
        self.shelf = Shelf(config.models, config.var / "models")
        self._models: dict[str, Any] = {}
        self._models_stamp: tuple[int, ...] = ()
        self._loading = Lock()

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
    def engine(self) -> Engine:
        return Engine(self.database, engine_config(self.config))

    @property
    def genre(self) -> GenrePredictor:
        return self._served("genre", GenrePredictor.load)

    @property
    def artists(self) -> ArtistEmbedding:
        return self._served("artists", ArtistEmbedding.load)

    @property
    def neighbours(self) -> Neighbours:
        artists = self.artists
        return self._served("artists", lambda _folder: Neighbours(artists), "neighbours")

    @property
    def continuation(self) -> Continuation:
        artists = self.artists
        return self._served("continuation", lambda folder: Continuation.load(folder, artists))

    def close(self) -> None:
        """Close the connections to the sources and to the store, if there are any."""
        if "engine" in self.__dict__:
            settle()
            self.engine.close()
        if "database" in self.__dict__:
            self.database.close()

    def _served(self, task: str, load: Callable[[Path], Model], name: str = "") -> Model:
        """Return the served version of a model, loaded again when another one has been activated.

        Raises
        ------
        ApiError
            503, for a model that is missing or damaged.
        """
        name = name or task
        with self._loading:
            stamp = self.shelf.stamp()
            if stamp != self._models_stamp:
                self._models, self._models_stamp = {}, stamp
            if name not in self._models:
                try:
                    self._models[name] = load(self.shelf.active(task))
                except ArtefactError as fault:
                    raise ApiError(
                        503,
                        "model_missing",
                        f"The {task} model cannot be loaded: {fault}",
                        f"Serve another version (python -m ml rollback {task}) or train one: python -m ml train {task}",
                    ) from fault
            model: Model = self._models[name]
            return model


def services() -> Services:
    """Return the services of the application that handles this request."""
    return current_app.extensions["tastemap"]
