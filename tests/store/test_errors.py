"""The root of errors: what a program and what a person reads of them, also after a journey between processes."""

import pickle

import pytest

from etl.engine.vault import VaultError
from etl.exports.sql import SqlProblem
from etl.providers.base import FaultKind, SourceFault
from jobs.scale.workers import ScaleError
from ml.artefacts import ArtefactError
from ml.needs import TooLittle
from ml.registry import VersionInUse
from store.catalogue.segment import REBUILD_HINT, CatalogueError
from store.errors import StoreDown, StoreError, TastemapError
from store.mongo.embedded import EmbeddedError
from store.runs import ImportProblem


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (StoreError("It broke.", "Mend it."), "store_down"),
        (StoreDown("It broke.", "Mend it."), "store_down"),
        (EmbeddedError("It broke.", "Mend it."), "store_down"),
        (CatalogueError("It broke.", "Mend it."), "catalogue_unreadable"),
        (VaultError("It broke.", "Mend it."), "vault_unusable"),
        (SqlProblem("It broke.", "Mend it."), "sql"),
        (SourceFault(FaultKind.REFUSED, "It broke.", "Mend it."), "source"),
        (ScaleError("It broke.", "Mend it."), "no_workers"),
        (ArtefactError("It broke.", "Mend it."), "model_missing"),
        (VersionInUse("It broke.", "Mend it."), "kept"),
        (TooLittle("It broke.", "Mend it."), "too_little"),
        (ImportProblem("no_tracks", "It broke.", "Mend it."), "no_tracks"),
        (TastemapError("It broke.", "Mend it.", code="special"), "special"),
    ],
)
def test_every_error_has_a_code_a_message_and_a_hint(error: TastemapError, code: str) -> None:
    assert (error.code, error.message, error.hint) == (code, "It broke.", "Mend it.")
    assert "It broke." in str(error)


def test_a_catalogue_error_says_how_to_build_it_again() -> None:
    assert CatalogueError("It broke.").hint == REBUILD_HINT


def test_an_error_keeps_its_hint_between_processes() -> None:
    back = pickle.loads(pickle.dumps(StoreDown("It broke.", "Mend it.")))
    assert (type(back), back.message, back.hint) == (StoreDown, "It broke.", "Mend it.")
