"""The playlist's tab People: ask who added a track, see how good the answers are, look at the map."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import invented
from tests.browser.pages import PlaylistPage

pytestmark = pytest.mark.browser

PEOPLE = {"user_0f1e2d3c4b": 24, "wanda.flint": 22}
# TensorFlow starts, and five folds are trained beside the plain models.
TRAINING_MS = 240_000


def test_the_first_question_trains_in_the_background_and_is_answered_then(
    playlist_page: PlaylistPage, page: Page
) -> None:
    tracks = invented.rows(PEOPLE)
    playlist_page.open()
    playlist_page.drop("Of two.csv", invented.bare_file(tracks))
    playlist_page.wait_for_map(len(tracks))
    playlist_page.open_tab("people")
    page.get_by_text("Settings of the training").click()
    page.get_by_label("Units of each hidden layer").fill("8")
    page.get_by_label("Title and artist of any track").fill("Paper Moons Nadia Verholt")
    page.get_by_role("button", name="Who added it?").click()
    expect(page.get_by_role("button", name="Cancel", exact=True)).to_be_visible()

    page.get_by_role("navigation", name="Views").get_by_role("link", name="Library").click()
    tray = page.locator(".tm-tray")
    tray.locator("summary").click()
    expect(tray.get_by_role("button", name="Cancel Training: Who added it")).to_be_visible()
    page.go_back()
    expect(page.locator(".tm-who-added-answer li")).to_have_count(2, timeout=TRAINING_MS)
    expect(page.locator(".tm-who-added-answer")).to_contain_text("%")
    bars = page.locator(".tm-who-added-bar > span")
    widths = [bars.nth(number).evaluate("(bar) => bar.offsetWidth") for number in range(2)]
    assert widths[0] > widths[1], "a bar is as long as its odds"
    tray.locator("summary").click()
    expect(tray.get_by_role("link", name="Open the playlist")).to_be_visible()

    page.get_by_text("How good is it?").click()
    scores = page.get_by_role("row", name=re.compile("^network"))
    expect(scores).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("^majority"))).to_contain_text("0.")
    expect(page.get_by_role("columnheader", name="Hard to say")).to_be_visible()
    told = page.get_by_role("application", name=re.compile(rf"^Map of {len(tracks)} tracks"))
    told.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".tm-who-added-named")).to_contain_text("added by Person")
    first = page.locator(".tm-who-added-table tbody tr").first
    first.hover()
    expect(page.locator(".tm-who-added-named")).to_contain_text(first.locator("th").inner_text())
