"""Versions that ship, versions of one's own, and which one is served."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ml import artefacts
from ml.__main__ import main
from ml.artefacts import ArtefactError
from ml.registry import ModelRegistry, VersionInUse, card_of, compare, describe, scores_of
from ml.scores import write as write_scores


def a_version(models: Path, task: str, version: str, *, activate: bool = True, **content: Any) -> Path:
    folder = models / task / version
    folder.mkdir(parents=True)
    if content:
        write_scores(folder, **content)
    (folder / "card.md").write_text(f"# {task} {version}")
    (folder / "weights.npy").write_bytes(version.encode())
    artefacts.register(task, version, folder.iterdir(), models, activate=activate)
    return folder


@pytest.fixture
def registry(tmp_path: Path) -> ModelRegistry:
    """One task with a shipped version that is served, and one trained here."""
    a_version(tmp_path / "shipped", "genre", "2026.1")
    a_version(tmp_path / "own", "genre", "own-1", activate=False)
    return ModelRegistry(tmp_path / "shipped", tmp_path / "own")


def test_what_ships_is_served_until_another_version_is_chosen(registry: ModelRegistry) -> None:
    shipped = (registry.shipped / artefacts.MANIFEST).read_text()
    before = registry.stamp()
    assert registry.active("genre") == registry.shipped / "genre" / "2026.1"
    registry.activate("genre", "own-1")
    assert registry.local is not None
    assert registry.active("genre") == registry.local / "genre" / "own-1"
    assert [(version.name, version.active) for version in registry.versions()] == [("2026.1", False), ("own-1", True)]
    assert registry.stamp() != before
    assert (registry.shipped / artefacts.MANIFEST).read_text() == shipped, "what ships is never written to"
    assert registry.is_user_trained("genre", "own-1")
    assert not registry.is_user_trained("genre", "2026.1")


def test_rollback_goes_back_step_by_step_and_then_says_so(registry: ModelRegistry) -> None:
    assert registry.local is not None
    a_version(registry.local, "genre", "own-2", activate=False)
    for version in ("own-1", "own-1", "own-2"):
        registry.activate("genre", version)
    assert [registry.rollback("genre"), registry.rollback("genre")] == ["own-1", "2026.1"]
    with pytest.raises(ArtefactError, match="No other version"):
        registry.rollback("genre")


def test_an_unknown_version_is_refused_and_nothing_changes(registry: ModelRegistry) -> None:
    with pytest.raises(ArtefactError, match="no version 9 of genre"):
        registry.activate("genre", "9")
    assert registry.active_version("genre") == "2026.1"
    with pytest.raises(ArtefactError, match="No version of nothing"):
        registry.active("nothing")


def test_cards_and_scores_are_read_only_when_they_are_the_ones_written(registry: ModelRegistry) -> None:
    assert card_of(registry, "genre", "own-1") == "# genre own-1"
    assert scores_of(registry, "genre", "own-1") is None
    (registry.folder("genre", "own-1") / "card.md").write_text("better than it is")
    with pytest.raises(ArtefactError, match="SHA-256"):
        card_of(registry, "genre", "own-1")


def test_the_command_line_lists_switches_and_copies(
    registry: ModelRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TASTEMAP_VAR", str(tmp_path / "var"))
    assert main(["list"]) == 0
    assert "taxonomy" in capsys.readouterr().out
    assert main(["rollback", "taxonomy"]) == 1
    assert "No other version" in capsys.readouterr().err
    assert main(["activate", "taxonomy", "9"]) == 1
    assert "python -m ml list" in capsys.readouterr().err
    assert main(["export", "taxonomy", str(tmp_path / "copy")]) == 0
    assert (tmp_path / "copy" / "taxonomy").is_dir()


def test_a_version_of_ones_own_is_deleted_unless_it_is_needed(registry: ModelRegistry) -> None:
    assert registry.local is not None
    with pytest.raises(VersionInUse, match="came with Tastemap"):
        registry.delete("genre", "2026.1")
    registry.activate("genre", "own-1")
    with pytest.raises(VersionInUse, match="is served"):
        registry.delete("genre", "own-1")
    a_version(registry.local, "genre", "own-2")
    model = registry.local / "contributors-1" / "own-3" / "contributors.json"
    model.parent.mkdir(parents=True)
    model.write_text(json.dumps({"genre": "own-1"}))
    artefacts.register("contributors-1", "own-3", [model], registry.local)
    with pytest.raises(VersionInUse, match="contributors-1 own-3"):
        registry.delete("genre", "own-1")
    model.write_text(json.dumps({"genre": None}))
    registry.delete("genre", "own-1")
    assert [version.name for version in registry.versions() if version.task == "genre"] == ["2026.1", "own-2"]
    assert not (registry.local / "genre" / "own-1").exists()
    assert registry.before("genre") == ["2026.1"], "a rollback passes over what was deleted"
    with pytest.raises(ArtefactError, match="no version own-1"):
        registry.delete("genre", "own-1")


def test_what_a_training_wrote_is_taken_over_whole_and_served_only_where_nothing_was(
    registry: ModelRegistry, tmp_path: Path
) -> None:
    assert registry.local is not None
    (registry.local / "genre" / "own-0").mkdir()  # moved by a training that was killed before it was listed
    staging = tmp_path / "staging"
    a_version(staging, "genre", "own-2")
    a_version(staging, "contributors-1", "own-2")
    registry.adopt(staging)
    assert registry.active_version("genre") == "2026.1"
    assert registry.active_version("contributors-1") == "own-2"
    assert card_of(registry, "genre", "own-2") == "# genre own-2"
    assert not list(staging.glob("*/*"))
    assert not (registry.local / "genre" / "own-0").exists()
    assert (registry.local / "genre" / "own-1").exists()


def a_taxonomy(models: Path, version: str, *extra: str) -> None:
    """Write a version of one file and, in a folder called like it, those ``extra``."""
    files = [models / "taxonomy" / f"{version}.json", *(models / "taxonomy" / version / name for name in extra)]
    for path in files:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(path.name)
    artefacts.register("taxonomy", version, files, models, activate=False)


@pytest.mark.parametrize("extra", [(), ("card.md",)])
def test_a_version_whose_file_lies_beside_its_folder_is_deleted_alone(
    registry: ModelRegistry, extra: tuple[str, ...]
) -> None:
    assert registry.local is not None
    a_taxonomy(registry.local, "2026.1", *extra)
    a_taxonomy(registry.local, "2026.1.2", "card.md")
    registry.delete("taxonomy", "2026.1")
    assert sorted(path.name for path in (registry.local / "taxonomy").iterdir()) == ["2026.1.2", "2026.1.2.json"]
    assert [version.name for version in registry.versions() if version.task == "taxonomy"] == ["2026.1.2"]
    assert card_of(registry, "taxonomy", "2026.1.2") == "card.md"


def test_a_version_that_has_grown_a_file_since_it_was_copied_is_taken_over(
    registry: ModelRegistry, tmp_path: Path
) -> None:
    assert registry.local is not None
    for number, extra in enumerate([(), ("card.md",), ("card.md", "scores.json")]):
        staging = tmp_path / f"staging{number}"
        a_taxonomy(staging, "2026.1", *extra)
        a_version(staging, "genre", f"own-new{number}")
        registry.adopt(staging)
        assert card_of(registry, "genre", f"own-new{number}") == f"# genre own-new{number}"
    found = [path for path in (registry.local / "taxonomy").rglob("*") if path.is_file()]
    assert {artefacts.verified(path, registry.local).name for path in found} == {
        "2026.1.json",
        "card.md",
        "scores.json",
    }


def test_two_processes_that_register_at_once_both_stay_listed(tmp_path: Path) -> None:
    program = (
        "import sys\nfrom pathlib import Path\nfrom ml import artefacts\n"
        "models, name = Path(sys.argv[1]), sys.argv[2]\n"
        "for at in range(40):\n"
        "    file = models / 'genre' / f'{name}{at}' / 'card.md'\n"
        "    file.parent.mkdir(parents=True)\n    file.write_text(name)\n"
        "    artefacts.register('genre', f'{name}{at}', [file], models, activate=False)\n"
    )
    both = [
        subprocess.Popen([sys.executable, "-c", program, str(tmp_path), name], env=os.environ | {"PYTHONPATH": "."})
        for name in ("a", "b")
    ]
    assert [process.wait(60) for process in both] == [0, 0]
    assert len(artefacts.versions(tmp_path)) == 80


ROW = {"model": "genre model", "top1": 0.47, "top3": 0.6, "macro_f1": 0.4, "ece": 0.05, "nll": 2.0}
WORSE = ROW | {"top1": 0.41, "ece": 0.02}


def test_versions_are_compared_where_both_were_scored_on_the_same(registry: ModelRegistry) -> None:
    assert registry.local is not None
    before = {"version": "2026.1", "score": WORSE, "note": "It may have learnt from them."}
    a_version(
        registry.local, "genre", "own-2", activate=False, split="my artists", table=[ROW], on="one", before=before
    )
    a_version(registry.local, "genre", "own-3", activate=False, split="my artists", table=[WORSE], on="one")
    a_version(registry.local, "genre", "own-4", activate=False, split="others", table=[ROW], on="two", before=None)
    found = compare(registry, "genre", "own-2", "2026.1")
    assert found.on == "my artists"
    assert found.note == "2026.1: It may have learnt from them."
    assert {row["key"]: row["better"] for row in found.rows} == {
        **{"top1": 0, "top3": None, "macro_f1": None, "ece": 1, "nll": None}
    }
    assert found.rows[0]["values"] == [0.47, 0.41]
    assert next(row["values"] for row in compare(registry, "genre", "2026.1", "own-2").rows) == [0.41, 0.47]
    assert compare(registry, "genre", "own-3", "own-2").rows[0]["better"] == 1
    apart = compare(registry, "genre", "own-4", "own-2")
    assert (apart.rows, "own-4: others. own-2: my artists." in apart.why) == ((), True)
    assert "train" in apart.hint
    assert "own-1 has no scores" in compare(registry, "genre", "own-4", "own-1").why
    with pytest.raises(ArtefactError):
        compare(registry, "genre", "own-2", "9")
    assert "Right at once (top-1) 0.470" in describe(registry)


def test_what_could_not_be_scored_says_why(registry: ModelRegistry) -> None:
    assert registry.local is not None
    before = {"version": "2026.1", "score": None, "note": "It does not know forro."}
    a_version(registry.local, "genre", "own-2", activate=False, split="mine", table=[ROW], on="one", before=before)
    found = compare(registry, "genre", "2026.1", "own-2")
    assert found.rows == ()
    assert found.why == "2026.1 could not be scored on the same data. It does not know forro."
    assert compare(registry, "genre", "own-2", "own-2").why.startswith("There is no other")


def test_what_ships_says_what_it_scored() -> None:
    lines = {line.split()[0]: line for line in describe(ModelRegistry()).splitlines()}
    for task in ("clusters", "continuation", "contributors", "families", "genre", "timbre"):
        assert ") 0." in lines[task] or "half 0." in lines[task], lines[task]
