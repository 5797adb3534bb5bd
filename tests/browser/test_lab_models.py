"""The Library's models as somebody sees them who comes for the first time: train, compare, serve, go back, delete."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import invented
from tests.browser.conftest import Watch, serve
from tests.browser.pages import PlaylistPage, expect_accessible, wait_until

pytestmark = pytest.mark.browser

TRAINING_MS = 240_000


def bring(page: Page, address: str) -> None:
    """Drop six playlists that share songs."""
    tracks = invented.rows({"ann": 48})
    files = {f"List {number}.csv": invented.bare_file(tracks[4 * number : 4 * number + 16]) for number in range(6)}
    PlaylistPage(page, address).open().drop_all(files)
    wait_until(page, lambda found: len(found["playlists"]) == len(files), f"{address}/api/playlists")


def test_from_training_to_serving_and_back(page: Page, tmp_path: Path) -> None:
    with serve(tmp_path, {"TASTEMAP_SOURCES": "none"}) as address:
        watch = Watch(page, address)
        page.goto(f"{address}/library/models")
        model = page.get_by_role("article").filter(has_text="Proposes what comes next in a playlist")
        scores = model.get_by_role("list", name="Finds hidden songs early (NDCG)")
        train = model.get_by_role("button", name="Train on my collection")
        expect(model).to_contain_text("Needs 5 playlists of 10 songs or more. There are none.")
        expect(train).to_be_disabled()
        glance = model.get_by_role("list", name="Finds hidden songs early", exact=True)
        expect(glance.get_by_role("listitem").filter(has_text="(this version)")).to_contain_text("0.23")
        model.get_by_text("How good it is").click()
        expect(scores.get_by_role("listitem").filter(has_text="this version")).to_contain_text("0.228")
        expect(scores.get_by_role("listitem").last).to_contain_text("popularity")
        model.get_by_role("button", name="Details").click()
        expect(model.get_by_role("article")).to_be_focused()
        expect(model.get_by_role("article")).to_be_in_viewport()
        model.get_by_role("button", name="Close").click()
        expect(model.get_by_role("button", name="Details")).to_be_focused()

        bring(page, address)
        page.goto(f"{address}/library/models")
        shipped = model.locator(".tm-labversion-name").first.inner_text()
        train.click()
        # Once it is trained, the scores have a status of their own while they are loaded.
        begun = model.get_by_role("status").filter(has_text=re.compile("playlists|scoring|packages|is trained"))
        expect(begun).to_be_visible(timeout=TRAINING_MS)
        page.reload()  # the training goes on, and its end opens the comparison; one that has ended by now opens none
        compare = model.get_by_role("button", name="Compare own-")
        expect(compare).to_be_visible(timeout=TRAINING_MS)
        if compare.get_attribute("aria-expanded") == "false":
            compare.click()
        compared = model.get_by_role("region", name="compared")
        expect(compared.get_by_role("columnheader").filter(has_text=shipped)).to_contain_text(
            "in use", timeout=TRAINING_MS
        )
        expect(compared).to_contain_text("own playlists hidden")
        expect(compared.get_by_role("row").filter(has_text="NDCG")).to_have_text(re.compile(r"0\.\d{3}.*\d\.\d{3}"))
        expect_accessible(page)

        compared.get_by_role("button", name=re.compile("Use own-")).click()
        expect(compared.get_by_role("status")).to_contain_text("is in use from now on")
        page.set_viewport_size({"width": 390, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        compared.get_by_role("button", name=f"Roll back to {shipped}").click()
        expect(compared.get_by_role("status")).to_have_text(f"{shipped} is in use again.")
        # Each of these buttons goes when it is pressed; by keyboard one goes on from the version in use.
        served = model.locator(".tm-labserved")
        model.get_by_role("button", name="Use this version own-").press("Enter")
        expect(served).to_be_focused()
        model.locator("header").get_by_role("button", name="Roll back to").press("Enter")
        expect(served).to_be_focused()
        model.get_by_role("button", name="Delete").press("Enter")
        expect(served).to_be_focused()
        expect(model.locator(".tm-labversion-name")).to_have_text([shipped])
        assert watch.problems() == []
