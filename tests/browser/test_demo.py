"""An empty install: one press, and there is a map with people on it; nothing is asked before."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Watch
from tests.browser.pages import PlaylistPage, TrackPage, expect_accessible, faults

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def live_app(own_app: str) -> str:
    return own_app


def test_the_demo_is_a_map_of_artists(page: Page, live_app: str) -> None:
    page.set_viewport_size({"width": 360, "height": 800})
    watch = Watch(page, live_app)
    TrackPage(page, live_app).open()
    page.get_by_role("button", name="Try the demo").click()
    demo = PlaylistPage(page, live_app)
    expect(page).to_have_url(re.compile(r"/playlist/."))
    expect(page.get_by_role("heading", name="Six friends (demo)")).to_be_visible()
    expect(demo.map).to_have_attribute("aria-label", re.compile("by Similar artists$"))
    expect(demo.people).to_have_text([re.compile(name) for name in ("Ana", "Bo", "Chiyo", "Dele", "Elif", "Frances")])
    expect(demo.uploads).to_have_count(0)  # it has opened, and there is no file to correct
    assert faults(page) == []
    # The map is in sight, nothing is asked, and where nothing can be played the player says why.
    expect(page.get_by_role("region", name="Look things up online?")).to_have_count(0)
    assert (demo.map.bounding_box() or {})["y"] < 350
    page.locator(".tm-hubhead").get_by_role("button", name="Play").press("Enter")
    player = page.get_by_role("region", name="Player")
    expect(player.get_by_role("link", name="Allow Deezer or iTunes")).to_be_visible()
    player.get_by_role("button", name="Close the player").click()
    demo.people.nth(1).click()
    expect(page).to_have_url(re.compile("hide=2"))
    page.get_by_role("region", name="Added by").get_by_role("button", name="Show all").press("Enter")
    expect(demo.people.first).to_be_focused()
    # At the ends of a long table its buttons keep the focus.
    pages = page.get_by_role("navigation", name="Pages of the table")
    pages.get_by_role("button", name="Next").press("Enter")
    back = pages.get_by_role("button", name="Back")
    back.press("Enter")
    expect(pages).to_contain_text("Page 1 of 4")
    expect(back).to_be_focused()
    expect(back).to_be_disabled()
    # Six of its rows are tracks that two people added: what is counted are tracks, and none has a sound.
    demo.open_tab("overview")
    expect(page.get_by_text("It is not known yet how these tracks sound.")).to_be_visible()
    expect(page.get_by_role("list", name="Facts").get_by_role("listitem")).to_have_count(3)
    expect(page.get_by_role("list", name="Top genres")).to_contain_text("K-pop")
    # The catalogue has little to suggest; the artists who go with it are known all the same.
    demo.open_tab("next")
    alike = page.get_by_role("region", name="Artists that go with it").locator(".tm-card")
    expect(alike.first).to_contain_text("like Judas Priest")
    expect(alike).to_have_count(12)
    expect_accessible(page)
    page.goto(live_app)
    expect(page.get_by_role("link", name="Six friends (demo)")).to_be_visible()
    expect(page.get_by_title("Six friends (demo)")).to_be_visible()
    expect(page.get_by_role("button", name="Try the demo")).to_have_count(0)
    # The files with sound leave with the demo, without a reload.
    page.goto(f"{live_app}/library/music")
    sounds = page.get_by_role("region", name="Sound-alikes")
    expect(sounds).to_contain_text("28 files")
    page.get_by_role("button", name="Remove the demo").click()
    expect(sounds).to_have_count(0)
    assert watch.problems() == []
