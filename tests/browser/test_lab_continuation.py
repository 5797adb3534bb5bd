"""The playlist's tab Next: choose a playlist, see what may come next, and why."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser import invented
from tests.browser.pages import ANSWER_MS, PlaylistPage

pytestmark = pytest.mark.browser


def test_a_playlist_is_continued_with_reasons(playlist_page: PlaylistPage, page: Page) -> None:
    tracks = invented.rows({"ann": 30})
    playlist_page.open()
    playlist_page.drop("All of it.csv", invented.bare_file(tracks))
    playlist_page.wait_for_map(len(tracks))
    playlist_page.open()
    playlist_page.drop("A beginning.csv", invented.bare_file(tracks[:10]))
    playlist_page.wait_for_map(10)
    playlist_page.open_tab("next")
    chooser = page.get_by_label("The playlist to go on with")
    page.set_viewport_size({"width": 390, "height": 800})
    chooser.select_option(label="A beginning (10 tracks)")
    page.get_by_role("button", name="Continue it").click()
    found = page.get_by_role("list", name="What comes next").get_by_role("listitem")
    expect(found.first).to_contain_text("goes with", timeout=ANSWER_MS)
    expect(page.get_by_role("row").filter(has_text="user-kNN, tuned")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
