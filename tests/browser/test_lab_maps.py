"""The Lab's panels Blend and Maps, from a dropped file to a list that is saved and a map that is drawn."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import invented
from tests.browser.conftest import Watch
from tests.browser.pages import ANSWER_MS, IMPORT_MS, PlaylistPage

pytestmark = pytest.mark.browser

PEOPLE = {"wanda.flint": 20, "user_0f1e2d3c4b": 16}
TRAINING_MS = 240_000


def test_two_people_get_a_list_that_becomes_a_playlist(playlist_page: PlaylistPage, page: Page) -> None:
    playlist_page.open()
    playlist_page.drop("Both of us.csv", invented.bare_file(invented.rows(PEOPLE)))
    playlist_page.wait_for_map(36)
    page.goto(f"{playlist_page.address}/#/lab/blend")
    page.get_by_label(re.compile("Both of us")).check()
    page.get_by_label("What is on these playlists").uncheck()
    page.get_by_label("Tracks", exact=True).fill("4")
    page.get_by_role("button", name="Blend", exact=True).click()
    expect(page.locator(".tm-blend table tbody tr")).to_have_count(2, timeout=ANSWER_MS)
    first = page.get_by_role("list", name="The blended list").get_by_role("link").first
    expect(first).to_be_visible()
    banned = first.inner_text()
    page.get_by_role("button", name=f"Never {banned} again").first.click()
    expect(page.get_by_text("Never again: 1")).to_be_visible(timeout=ANSWER_MS)
    page.get_by_role("button", name="Save as a playlist").click()
    page.locator(".tm-blend [role=status] a").click()
    playlist_page.expect_markers(4)


def test_a_map_is_computed_and_drawn_with_its_scores(playlist_page: PlaylistPage, page: Page, watch: Watch) -> None:
    # That there is no map yet is an answer, which the browser reports as a fault.
    watch.allow("404")
    playlist_page.open()
    playlist_page.drop("To be mapped.csv", invented.bare_file(invented.rows(PEOPLE)))
    playlist_page.wait_for_map(36)
    page.goto(f"{playlist_page.address}/#/lab/maps")
    page.get_by_label("Of", exact=True).select_option(label="To be mapped")
    page.get_by_role("button", name="Compute the map").click()
    expect(page.get_by_text(re.compile(r"Trustworthiness 0\.\d+"))).to_be_visible(timeout=TRAINING_MS)
    expect(page.get_by_role("application")).to_have_attribute("aria-label", "Map of 36 tracks", timeout=IMPORT_MS)
    page.get_by_label("Colour by").select_option(label="who added it")
    page.get_by_role("button", name=re.compile("wanda.flint")).click()
    expect(page.get_by_role("application")).to_have_attribute("aria-label", "Map of 16 tracks")
