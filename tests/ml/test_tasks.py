"""Every task is used in the same way: fit, predict, save and load by these names, and cards and scores of one form."""

import gc
import json
import re

import pytest

from ml import artefacts
from ml.artist_genre.model import ArtistGenres
from ml.clusters.model import Clusters
from ml.contributors.model import Contributors
from ml.families.model import Families
from ml.genre.model import GenrePredictor
from ml.registry import ModelRegistry, card_of, scores_of
from ml.tagger.model import MusicTagger
from ml.tasks import TASKS, Task, shipped
from ml.taxonomy.model import Taxonomy
from ml.timbre.model import TimbreModel

SERVED = {
    "taxonomy": Taxonomy,
    "genre": GenrePredictor,
    "artist_genre": ArtistGenres,
    "clusters": Clusters,
    "families": Families,
    "tagger": MusicTagger,
    "timbre": TimbreModel,
    "contributors": Contributors,
}


def test_training_is_loaded_without_garbage_collection_which_goes_on_afterwards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    collected = []

    def load(name: str) -> None:
        collected.append(gc.isenabled())
        raise ModuleNotFoundError(name)

    monkeypatch.setattr("ml.tasks.resolve_name", load)
    with pytest.raises(ModuleNotFoundError):
        Task(name="mine", training="mine").training_module()
    assert collected == [False]
    assert gc.isenabled()


@pytest.mark.parametrize("task", SERVED)
def test_models_are_fitted_saved_loaded_and_asked_by_the_same_names(task: str) -> None:
    training = TASKS[task].training_module()
    assert callable(SERVED[task].load)
    assert callable(SERVED[task].predict)  # type: ignore[attr-defined]
    assert callable(training.fit)
    assert callable(training.train)
    assert callable(training.evaluate)


@pytest.mark.parametrize("task", shipped())
def test_every_shipped_version_says_how_it_was_scored_and_where_it_loses(task: str) -> None:
    version = artefacts.active(task).name
    card = card_of(ModelRegistry(), task, version)
    assert "## Where it loses" in card
    assert re.search(r"\b[0-9a-f]{7}\b", card), "the code that made it"
    scores = scores_of(ModelRegistry(), task, version)
    assert scores is not None
    assert scores["split"]
    rows = scores["table"]
    assert len({row["model"] for row in rows}) == len(rows) > 2, json.dumps(rows)
