"""Versions that ship, versions of one's own, and which one is served."""

from __future__ import annotations

from pathlib import Path

import pytest

from ml import artefacts
from ml.__main__ import main
from ml.artefacts import ArtefactError
from ml.shelf import Shelf, card_of, scores_of


def a_version(models: Path, task: str, version: str, *, activate: bool = True) -> Path:
    folder = models / task / version
    folder.mkdir(parents=True)
    (folder / "card.md").write_text(f"# {task} {version}")
    (folder / "weights.npy").write_bytes(version.encode())
    artefacts.register(task, version, folder.iterdir(), models, activate=activate)
    return folder


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """One task with a shipped version that is served, and one trained here."""
    a_version(tmp_path / "shipped", "genre", "2026.1")
    a_version(tmp_path / "own", "genre", "own-1", activate=False)
    return Shelf(tmp_path / "shipped", tmp_path / "own")


def test_what_ships_is_served_until_another_version_is_chosen(shelf: Shelf) -> None:
    shipped = (shelf.shipped / artefacts.MANIFEST).read_text()
    before = shelf.stamp()
    assert shelf.active("genre") == shelf.shipped / "genre" / "2026.1"
    shelf.activate("genre", "own-1")
    assert shelf.own is not None
    assert shelf.active("genre") == shelf.own / "genre" / "own-1"
    assert [(one.name, one.active) for one in shelf.versions()] == [("2026.1", False), ("own-1", True)]
    assert shelf.stamp() != before
    assert (shelf.shipped / artefacts.MANIFEST).read_text() == shipped, "what ships is never written to"
    assert shelf.is_own("genre", "own-1")
    assert not shelf.is_own("genre", "2026.1")


def test_rollback_goes_back_step_by_step_and_then_says_so(shelf: Shelf) -> None:
    assert shelf.own is not None
    a_version(shelf.own, "genre", "own-2", activate=False)
    for version in ("own-1", "own-1", "own-2"):
        shelf.activate("genre", version)
    assert [shelf.rollback("genre"), shelf.rollback("genre")] == ["own-1", "2026.1"]
    with pytest.raises(ArtefactError, match="no other version"):
        shelf.rollback("genre")


def test_an_unknown_version_is_refused_and_nothing_changes(shelf: Shelf) -> None:
    with pytest.raises(ArtefactError, match="no version 9 of genre"):
        shelf.activate("genre", "9")
    assert shelf.active_version("genre") == "2026.1"
    with pytest.raises(ArtefactError, match="no version of nothing"):
        shelf.active("nothing")


def test_cards_and_scores_are_read_only_when_they_are_the_ones_written(shelf: Shelf) -> None:
    assert card_of(shelf, "genre", "own-1") == "# genre own-1"
    assert scores_of(shelf, "genre", "own-1") is None
    (shelf.folder("genre", "own-1") / "card.md").write_text("better than it is")
    with pytest.raises(ArtefactError, match="SHA-256"):
        card_of(shelf, "genre", "own-1")


def test_the_command_line_lists_switches_and_copies(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TASTEMAP_VAR", str(tmp_path / "var"))
    assert main(["list"]) == 0
    assert "taxonomy" in capsys.readouterr().out
    assert main(["rollback", "taxonomy"]) == 1
    assert "no other version" in capsys.readouterr().err
    assert main(["activate", "taxonomy", "9"]) == 1
    assert "python -m ml list" in capsys.readouterr().err
    assert main(["export", "taxonomy", str(tmp_path / "copy")]) == 0
    assert (tmp_path / "copy" / "taxonomy").is_dir()
