"""The Lab as a whole: where to start, and its tabs on a phone."""

from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Watch
from tests.browser.pages import ANSWER_MS, expect_accessible

pytestmark = pytest.mark.browser

PANELS = ("next", "blend", "triage", "who-added", "maps", "genres", "clusters", "families", "timbre", "models")


def test_the_start_says_what_each_panel_is_for(page: Page, live_app: str, watch: Watch) -> None:
    page.goto(f"{live_app}/#/lab")
    cards = page.locator(".tm-labstart a")
    expect(cards).to_have_count(len(PANELS))
    assert [card.get_attribute("href") for card in cards.all()] == [f"#/lab/{one}" for one in PANELS]
    expect(page.get_by_text("No playlist is here yet.")).to_be_visible()
    cards.filter(has_text="Where the name of any genre belongs").click()
    expect(page).to_have_title("Genres · Lab · Tastemap")
    page.get_by_label("The name of any genre").fill("balkan brass")
    page.keyboard.press("Enter")
    expect(page.locator(".tm-labplaced")).to_be_visible(timeout=ANSWER_MS)
    page.go_back()
    expect(page).to_have_title("Lab · Tastemap")


@pytest.mark.parametrize(("theme", "width"), [("light", 360), ("dark", 1440)])
def test_the_lab_is_for_everybody(
    page: Page, live_app: str, watch: Watch, theme: Literal["light", "dark"], width: int
) -> None:
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 800})
    for panel in ("", *PANELS):
        page.goto(f"{live_app}/#/lab/{panel}")
        expect(page.locator(".tm-labpanel, .tm-labstart").first).to_be_visible(timeout=ANSWER_MS)
        expect(page.locator(".tm-busy")).to_have_count(0, timeout=ANSWER_MS)
        expect(page.locator(".tm-parts [aria-current]")).to_be_in_viewport(ratio=0.99)
        expect_accessible(page)
