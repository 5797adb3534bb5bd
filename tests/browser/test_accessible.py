"""No view has a fault that axe finds: WCAG 2.2 AA and best practice, on a phone and a large screen, light and dark."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import invented
from tests.browser.conftest import Watch
from tests.browser.pages import PlaylistPage, faults

pytestmark = pytest.mark.browser

ADDRESSES = json.loads((Path(__file__).parents[2] / "frontend" / "src" / "addresses.json").read_text())
PLAYLIST = "playlist"
_SETTLED = """() => !document.querySelector('[aria-busy=true], .tm-busy')"""


def test_every_view_of_a_playlist_and_of_the_library_and_settings(
    playlist_page: PlaylistPage, page: Page, watch: Watch
) -> None:
    watch.allow("Failed to load resource")  # the unknown address among them
    playlist_page.open()
    tracks = invented.rows({"ada": 20, "ben": 16})
    playlist_page.drop("Looked at.csv", invented.bare_file(tracks))
    playlist_page.wait_for_map(36)
    playlist = page.url.split("/playlist/")[1].split("/")[0].split("?")[0]
    views = ["", "playlists", "nowhere/at/all", f"playlist/{playlist}"]
    views += [f"track/{tracks[0].id}", "track?q=Metallica%20Enter%20Sandman"]
    views += [f"playlist/{playlist}/{part}" for part in ADDRESSES[PLAYLIST]]
    views += [f"{view}/{part}" for view in ADDRESSES if view != PLAYLIST for part in ADDRESSES[view]]
    found = []
    for view in views:
        page.goto(f"{playlist_page.address}/{view}")
        expect(page.get_by_role("heading").first).to_be_visible()
        page.wait_for_function(_SETTLED)
        if view.startswith("track"):
            expect(page.locator(".tm-result[aria-busy=false] .tm-picks li").first).to_be_visible()
        if view.startswith("library/"):
            expect(page.locator(".tm-parts [aria-current]")).to_be_in_viewport(ratio=0.99)
        found += faults(page)
    assert not found, "\n".join(found)


def test_the_map_with_a_selection_its_menu_and_its_table(playlist_page: PlaylistPage, page: Page) -> None:
    playlist_page.open()
    playlist_page.drop("Selected.csv", invented.bare_file(invented.rows({"ada": 8, "ben": 6})))
    playlist_page.wait_for_map(14)
    page.locator(".tm-plotmenu summary").first.click()
    found = faults(page)
    page.locator(".tm-plotmenu").first.get_by_role("button", name="Table").click()
    playlist_page.map.focus()
    page.keyboard.press("v")
    for panel in ("Compare with the rest", "Save as playlist", "Remove"):
        page.get_by_role("button", name=panel, exact=True).click()
        found += faults(page)
    assert not found, "\n".join(found)
