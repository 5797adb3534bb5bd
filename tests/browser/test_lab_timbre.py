"""Drop analyses, see the timbre map, choose a track and read what sounds like it."""

import json

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Watch
from tests.browser.pages import PlaylistPage, wait_until
from tests.ml.timbre_world import analysis

pytestmark = pytest.mark.browser


def test_from_dropped_analyses_to_sound_alikes(page: Page, own_app: str) -> None:
    watch = Watch(page, own_app)
    page.goto(f"{own_app}/library/timbre")
    expect(page.locator(".tm-note")).to_contain_text("No audio analysis")
    page.get_by_text("How good that is").click()
    expect(page.get_by_role("row").filter(has_text="served")).to_contain_text("%")

    files = {f"Invented {number}.json": json.dumps(analysis(number)) for number in range(10)}
    files["Invented 2 again.json"] = json.dumps(analysis(2, 150))
    files["0a1B2c3D4e5F6g7H8i9J0k.json"] = json.dumps(analysis(11))
    playlists = PlaylistPage(page, own_app).open()
    playlists.drop_all(files)
    # What everybody's models learn from is given, all of it at once, not dropped.
    give = page.get_by_role("button", name="Give it to everybody here")
    expect(give).to_have_count(len(files))
    assert page.request.get(f"{own_app}/api/timbre/map").json()["analysed"] == 0
    give.first.click()
    wait_until(page, lambda found: found["analysed"] == len(files), f"{own_app}/api/timbre/map")

    page.goto(f"{own_app}/settings/runs")
    runs = page.get_by_role("region", name="Runs").locator(".tm-upload")
    expect(runs).to_have_count(10)
    page.get_by_role("button", name="Show all 24").click()
    expect(runs).to_have_count(24)

    page.goto(f"{own_app}/library/timbre")
    expect(page.locator(".tm-note")).to_contain_text("1 of the 12 files")
    listed = page.get_by_role("region", name="The analysed tracks").locator("button[aria-pressed]")
    expect(listed).to_have_count(len(files))
    listed.filter(has_text="Invented 2 again").click()
    found = page.locator(".tm-timbre-found tbody tr")
    expect(found).to_have_count(10)
    expect(found.first).to_contain_text("Invented 2")

    plot = page.get_by_role("application", name="Map of 12 tracks by timbre")
    plot.focus()
    plot.press("PageDown")
    expect(page.locator(".tm-tip")).to_be_visible()
    expect(page.get_by_role("heading", name="Sounds like")).to_have_count(1)
    listed.filter(has_text="Untitled analysis").click()
    page.get_by_role("heading", name="Sounds like Untitled analysis").get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Untitled analysis")
    expect(page.locator(".tm-picks .tm-rows > li")).not_to_have_count(0)
    page.set_viewport_size({"width": 380, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert watch.problems() == []
