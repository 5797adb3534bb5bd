"""The playlist's tab Sort: liked songs go into one's own playlists, by keys, by buttons and many at once."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import invented
from tests.browser.pages import PlaylistPage, expect_accessible

pytestmark = pytest.mark.browser


def test_liked_songs_are_sorted_with_keys_and_undone(playlist_page: PlaylistPage, page: Page) -> None:
    tracks = invented.rows({"ann": 48})
    mine, yours = ([one for one in tracks if (one.artist in invented.BANDS[:3]) == first] for first in (True, False))
    liked = [*mine[14:], *yours[16:]]
    for name, some in (("Dawn", mine[:16]), ("Dusk", yours[:16]), ("Liked Songs", liked)):
        playlist_page.open()
        playlist_page.drop(f"{name}.csv", invented.bare_file(some))
        playlist_page.wait_for_map(len(some))
    page.set_viewport_size({"width": 360, "height": 800})
    playlist_page.open_tab("sort")
    expect(page.get_by_label("The list to sort")).to_have_value(re.compile("."))
    page.get_by_role("checkbox", name=re.compile("^Dawn")).check()
    page.get_by_role("checkbox", name=re.compile("^Dusk")).check()
    expect_accessible(page)
    page.get_by_role("button", name="Start sorting").click()

    card = page.get_by_role("group", name=re.compile(" by .*%"))
    expect(card).to_be_focused()
    progress = page.get_by_role("status").filter(has_text="of 18 sorted")
    expect(progress).to_contain_text("2 of 18 sorted · 0 added · 0 in none · 2 were there before")
    expect(card.get_by_role("list", name="Why")).to_be_visible()
    expect_accessible(page)

    proposed = str(card.get_attribute("aria-label"))
    page.keyboard.press("Enter")
    expect(progress).to_contain_text("3 of 18 sorted · 1 added")
    expect(card).not_to_have_attribute("aria-label", proposed)
    expect(card).to_be_focused()
    page.keyboard.press("s")
    expect(progress).to_contain_text("1 skipped")
    page.keyboard.press("n")
    expect(progress).to_contain_text("1 in none")
    for words in ("1 added.*0 in none.*1 skipped", "1 added.*before$", "0 added"):
        page.keyboard.press("u")
        expect(progress).to_have_text(re.compile(words))
    expect(card).to_have_attribute("aria-label", proposed)
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()

    page.get_by_label("Proposals of at least").select_option("50")
    page.get_by_text("See them first").click()
    sure = page.get_by_role("row").filter(has=page.get_by_role("button", name=re.compile("not there$")))
    expect(sure.first).to_be_visible()
    expect_accessible(page)
    count = sure.count()
    page.get_by_role("button", name=f"Accept all {count} above 50 %").click()
    expect(progress).to_contain_text(f"{count} added")
    page.reload()
    expect(progress).to_contain_text(f"{count} added")
    page.get_by_role("button", name=re.compile(f"^Undo: {count} tracks into playlists")).click()
    expect(progress).to_contain_text("0 added")
