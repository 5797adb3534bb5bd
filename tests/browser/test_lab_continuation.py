"""The playlist's tab Next: what may come next and why, chips that stand in the address, plus and never again."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import invented
from tests.browser.pages import PlaylistPage, expect_accessible

pytestmark = pytest.mark.browser


def test_a_playlist_is_continued_with_reasons(playlist_page: PlaylistPage, page: Page) -> None:
    tracks = invented.rows({"ann": 30})
    playlist_page.open()
    playlist_page.drop("All of it.csv", invented.bare_file(tracks))
    playlist_page.wait_for_map(len(tracks))
    playlist_page.open()
    playlist_page.drop("A beginning.csv", invented.bare_file(tracks[:10]))
    playlist_page.wait_for_map(10)
    page.set_viewport_size({"width": 360, "height": 800})
    playlist_page.open_tab("next")
    found = page.get_by_role("list", name="What comes next").get_by_role("listitem")
    expect(found.first).to_contain_text("goes with")
    expect_accessible(page)
    # On a phone the cover is what one presses to play.
    expect(found.first.get_by_role("button", name=re.compile("^Play "))).to_have_css("position", "absolute")
    # That the chips go on at the side shows by a soft edge.
    expect(page.get_by_role("group", name="What counts")).to_have_css("mask-image", re.compile("gradient"))

    page.get_by_label("Order").select_option(label="calm to energetic")
    page.get_by_label("Nothing explicit").check()
    expect(page).to_have_url(re.compile("order=energy&without=explicit"))
    page.reload()
    expect(page.get_by_label("Nothing explicit")).to_be_checked()
    expect(page.get_by_label("Order")).to_have_value("energy")

    page.get_by_label("No longer than").select_option(label="10 minutes")
    page.get_by_label("Leave out a genre").select_option(label="metal")
    expect(page).to_have_url(re.compile("longest=10&genres=metal"))
    page.get_by_role("button", name="Allow metal again").click()
    expect(page.get_by_role("button", name="Allow metal again")).to_have_count(0)
    expect(page.get_by_label("Leave out a genre")).to_be_focused()

    expect(found.first).to_contain_text("goes with")
    later = found.first.get_by_role("link").inner_text()
    page.get_by_role("button", name=f"Not now: {later}").first.click()
    expect(found.get_by_role("link", name=later, exact=True)).to_have_count(0)
    expect(page.get_by_text("Left out: 1")).to_be_visible()
    first, second = (found.nth(at).get_by_role("link").inner_text() for at in (0, 1))
    page.get_by_role("button", name=f"Never again: {first}").first.click()
    expect(found.get_by_role("link", name=first, exact=True)).to_have_count(0)
    expect(page.get_by_role("button", name=re.compile("^Never again: ")).first).to_be_focused()
    page.get_by_role("button", name=f"Add {second} to the playlist").first.click()
    expect(page.get_by_role("status").filter(has_text="11 tracks")).to_be_visible()

    play = found.first.get_by_role("button", name=re.compile("^Play "))
    expect(play).to_have_attribute("title", re.compile("Deezer"))
    expect(page.locator(".tm-hubhead").get_by_role("button", name="Play")).to_be_disabled()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as CSV").click()
    text = download.value.path().read_text(encoding="utf-8")
    assert text.startswith("Track URI,Track Name,")
    assert len(text.splitlines()) == 1 + found.count()

    page.get_by_text("How good is it?").click()
    expect(page.get_by_role("row").filter(has_text="user-kNN, tuned")).to_be_visible()
    page.get_by_role("button", name="Save as a playlist").click()
    page.get_by_role("link", name="A beginning, continued").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("A beginning, continued")

    playlist_page.open()
    page.get_by_label("Or begin one with its name").fill(f"{tracks[0].artist} and more")
    page.get_by_role("button", name="Begin", exact=True).click()
    expect(found.first).to_contain_text("the playlist's name says")
    expect(page.locator(".tm-collage")).to_have_count(0)
    page.get_by_role("link", name="Map", exact=True).click()
    page.get_by_role("link", name="See what may come first").click()
    expect(found.first).to_contain_text("the playlist's name says")
    before = found.count()
    page.get_by_role("button", name=re.compile("^Add .* to the playlist$")).first.click()
    expect(page.get_by_role("status").filter(has_text="1 track")).to_be_visible()
    assert before > 0
