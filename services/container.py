"""The dependencies of the use cases: one set per process, each part opened on first use (after gunicorn's fork)."""

import logging
from collections.abc import Callable, Iterable
from functools import cached_property, partial
from pathlib import Path
from typing import TypeVar

from config import Config
from etl.engine import Engine
from etl.engine.vault import Vault
from etl.lookup.lookup import settle
from ml import artefacts
from ml.artefacts import ArtefactError
from ml.artist_genre.model import ArtistGenres
from ml.artist_map.model import ArtistMap
from ml.artists.model import ArtistEmbedding
from ml.clusters.model import Clusters
from ml.continuation.model import Continuation
from ml.contributors.model import Contributors, TrackInputs
from ml.families.model import Families
from ml.genre.model import GenrePredictor
from ml.neighbours.model import Neighbours
from ml.registry import ModelRegistry
from ml.served import ServedModels
from ml.tagger.model import MusicTagger
from ml.taxonomy.segments import GenresOfSegments
from ml.timbre.model import TimbreLibrary, TimbreModel
from ml.triage.evidence import TrackReader
from ml.triage.model import Triage
from services.errors import ServiceError
from store.audio.files import AudioIndexFile
from store.catalogue.catalogue import Catalogue
from store.database import Database
from store.disk import log_fault
from store.mongo.embedded import EmbeddedServer
from store.mongo.installation import installation_id_of
from store.recent import Recent
from store.recommendations import COLLECTION as RECOMMENDATIONS

log = logging.getLogger(__name__)

Model = TypeVar("Model")


class Services:
    """The store, the catalogue and the active models of one web process."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.registry = ModelRegistry(config.models, config.var / "models")
        self._models = ServedModels()
        # Loaded heaps of people who sort tracks; each may take some 60 MB.
        self.heaps = ServedModels(limit=2)
        # The sound vectors of the recordings that the operator, or another viewer, may compare.
        self.sounds = ServedModels(limit=4)

    @cached_property
    def database(self) -> Database:
        installation_id = self.config.installation_id or installation_id_of(self.config.var)
        embedded = None if self.config.mongodb_uri else EmbeddedServer(self.config.var)
        return Database(
            self.config.mongodb_uri,
            embedded,
            installation_id=installation_id,
            deadline_s=self.config.database_seconds,
        )

    @cached_property
    def catalogue(self) -> Catalogue:
        return Catalogue(self.config.var / "catalogue")

    @cached_property
    def audio(self) -> AudioIndexFile:
        return AudioIndexFile(self.config.var)

    @cached_property
    def engine(self) -> Engine:
        return Engine(self.database, self.config)

    @cached_property
    def has_recommendations(self) -> Recent[bool]:
        """Whether any source has recommended anything; where none has, the queries for recommendations are skipped."""
        return Recent(lambda: self.database.has_any(RECOMMENDATIONS))

    @cached_property
    def session_key(self) -> bytes:
        """The key that signs session cookies; raises VaultError where no key can be read or made."""
        return Vault(self.config.var, self.config.secret_key).derive(b"sessions")

    @cached_property
    def network_key(self) -> bytes:
        """The key of the hashes of networks; raises VaultError where no key can be read or made."""
        return Vault(self.config.var, self.config.secret_key).derive(b"networks")

    def title_of(self, source: str) -> str:
        """Return the title of a source, or its name if there is no such source (any more)."""
        provider = self.engine.providers().get(source)
        return provider.about.title if provider else source

    @property
    def genre(self) -> GenrePredictor:
        return self._served("genre", GenrePredictor.load)

    @property
    def artist_genre(self) -> ArtistGenres:
        return self._served("artist_genre", ArtistGenres.load)

    @property
    def artists(self) -> ArtistEmbedding:
        return self._served("artists", ArtistEmbedding.load)

    @property
    def artist_points(self) -> Callable[[Iterable[str]], tuple[float, float] | None]:
        """A function that returns the point on the map of artists of the first known one among some names, or None.

        Where the map cannot be loaded, the function returns None for all, so that playlists can still be shown.
        """
        try:
            artist_map = self._served("artist_map", ArtistMap.load)
            artists = self._version("artists", artist_map.artists_version, ArtistEmbedding.load)
        except ServiceError:
            return lambda _names: None
        assert artists is not None  # the map names its version
        return partial(artist_map.point, artists)

    @property
    def neighbours(self) -> Neighbours:
        artists = self.artists
        return self._served("artists", lambda _folder: Neighbours(artists), "neighbours")

    @property
    def genres_of_segments(self) -> GenresOfSegments:
        artists, taxonomy = self.artists, self.genre.taxonomy
        return self._served("artists", lambda _folder: GenresOfSegments(taxonomy, artists), "genres of segments")

    @property
    def clusters(self) -> Clusters:
        return self._served("clusters", Clusters.load)

    @property
    def families(self) -> Families:
        return self._served("families", Families.load)

    @property
    def timbre(self) -> TimbreLibrary:
        return self._served("timbre", lambda folder: TimbreLibrary(TimbreModel.load(folder)))

    @property
    def tagger(self) -> MusicTagger:
        return self._served("tagger", MusicTagger.load)

    def contributors(self, task: str) -> tuple[Contributors, TrackInputs]:
        """Return the served model of one playlist, and the reader that encodes tracks as in its training.

        Raises ServiceError 503 where this model, or one that its inputs need, is missing or damaged.
        """
        model = self._served(task, Contributors.load)
        genre = self._version("genre", model.genre_version, GenrePredictor.load)
        artists = self._version("artists", model.artists_version, ArtistEmbedding.load)
        return model, TrackInputs(model.inputs, genre, artists)

    def _version(self, task: str, version: str | None, load: Callable[[Path], Model]) -> Model | None:
        if version is None:
            return None
        name = task if version == self.registry.active_version(task) else f"{task} {version}"
        return self._served(task, lambda _served: load(self.registry.folder(task, version)), name)

    @property
    def continuation(self) -> Continuation:
        artists, neighbours = self.artists, self.neighbours
        return self._served("continuation", lambda folder: Continuation.load(folder, artists, neighbours))

    @property
    def triage(self) -> Triage:
        return self._served("triage", Triage.load)

    @property
    def track_reader(self) -> TrackReader:
        return TrackReader(self.artists, self.genre)

    def close(self) -> None:
        """Close the connections to the sources and to the store, if there are any."""
        if "engine" in self.__dict__:
            settle()
            self.engine.close()
        if "database" in self.__dict__:
            self.database.close()

    def _served(self, task: str, load: Callable[[Path], Model], name: str = "") -> Model:
        """Return the served version of a model; it is loaded again when another version has been activated.

        Where its files are damaged, the version before is served. Raises ServiceError 503 where no version can be
        loaded.
        """
        try:
            try:
                return self._load(task, load, name or task)
            except ArtefactError:
                if not self._step_back(task):
                    raise
                return self._load(task, load, name or task)
        except ArtefactError as fault:
            raise ServiceError(
                503,
                "model_missing",
                f"The {task} model cannot be loaded: {fault.message}",
                f"Use another version or train one under Library, Models. On the server: python -m ml rollback {task}",
            ) from fault

    def _load(self, task: str, load: Callable[[Path], Model], name: str) -> Model:
        return self._models.get(name, self.registry.stamp(), lambda: load(self.registry.active(task)))

    def _step_back(self, task: str) -> bool:
        """Serve another version if the files of the served one are damaged; return whether another is served now."""
        served = self.registry.active_version(task)
        if artefacts.is_whole(task, served, self.registry.folder(task, served).parents[1]):
            return False  # the model's own files are whole: something else that it needs is missing
        try:
            return self.registry.step_back(task, served) is not None
        except OSError as fault:
            log_fault(log, "the choice of another version cannot be written", fault)
            return False
