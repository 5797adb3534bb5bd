"""LibSass says nothing about Sass that it does not know; so the build step has to."""

import gzip
import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def styles() -> ModuleType:
    spec = importlib.util.spec_from_file_location("frontend_styles", ROOT / "frontend" / "styles.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_styles_compile_to_css_of_real_size(styles: ModuleType) -> None:
    css = styles.compile_styles()
    assert len(css.encode()) > 15_000
    assert "@use" not in css
    assert "@include" not in css
    assert '[data-theme="dark"]' in css
    assert ".tm-plot" in css


@pytest.mark.parametrize(
    ("scss", "message"),
    [
        ('@use "sass:math";' + ".a{b:c}" * 2000, "@use"),
        (".a { b: c }", "only"),
        (".a { b: ", "Error"),
    ],
)
def test_wrong_output_is_refused(styles: ModuleType, tmp_path: Path, scss: str, message: str) -> None:
    source = tmp_path / "app.scss"
    source.write_text(scss)
    with pytest.raises(styles.StyleError, match=message):
        styles.compile_styles(source)


def test_the_manifest_names_the_newest_file_and_older_ones_go(styles: ModuleType, tmp_path: Path) -> None:
    old = styles.write_styles("a{b:c}", tmp_path)
    new = styles.write_styles("a{b:d}", tmp_path)
    assert json.loads((tmp_path / "styles.json").read_text()) == {"app.css": new.name}
    assert not old.exists()


def test_the_page_is_served_what_it_uses_of_bulma() -> None:
    manifest = ROOT / "static" / "dist" / ".vite" / "manifest.json"
    if not manifest.exists():
        pytest.fail("The page is not built. Run: make build")
    (name,) = json.loads(manifest.read_text())["src/main.js"]["css"]
    served = (manifest.parents[1] / name).read_text(encoding="utf-8")
    assert ".button" in served
    assert ".navbar" not in served
    assert len(gzip.compress(served.encode())) < 12_000  # of the 25 kB that all styles may have


def test_the_lock_file_names_no_registry() -> None:
    packages = json.loads((ROOT / "frontend" / "package-lock.json").read_text())["packages"]
    assert packages
    assert not [name for name, package in packages.items() if "resolved" in package]
