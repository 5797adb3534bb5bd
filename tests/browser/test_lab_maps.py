"""The tab Blend and the Library's maps, from a dropped file to a list that is saved and a map that is drawn."""

import re
from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from tests.browser import invented
from tests.browser.conftest import Watch
from tests.browser.pages import PlaylistPage, expect_accessible

pytestmark = pytest.mark.browser

PEOPLE = {"wanda.flint": 20, "user_0f1e2d3c4b": 16}
# One of them likes it long.
LONG, LONG_MS = "user_0f1e2d3c4b", 600_000
TRAINING_MS = 240_000
# Of what is drawn on a canvas, in pixels of the page.
MIDDLE = """(canvas) => {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
  let [x, y, count] = [0, 0, 0]
  for (let i = 0; i < canvas.width * canvas.height; i += 1) {
    if (data[4 * i + 3]) [x, y, count] = [x + (i % canvas.width), y + Math.floor(i / canvas.width), count + 1]
  }
  return [x / count / devicePixelRatio, y / count / devicePixelRatio]
}"""


class Blended(invented.Invented):
    """A track that no other test has imported before, with another length."""

    @property
    def id(self) -> str:
        return f"blended{self.number:015d}"

    @property
    def title(self) -> str:
        return f"Blended {self.number}"


_LOOKS = "(paths) => paths.map((path) => [path.getAttribute('d'), getComputedStyle(path).fill])"


def lengths_of_the_list(page: Page) -> set[int | None]:
    """Have a list made and return how many milliseconds its tracks last."""
    with page.expect_response("**/api/blend") as answer:
        page.get_by_role("button", name="Blend", exact=True).click()
    expect(page.get_by_role("button", name="Save as a playlist")).to_be_enabled()
    return {track["duration_ms"] for track in answer.value.json()["tracks"]}


def test_two_people_get_a_list_that_becomes_a_playlist(playlist_page: PlaylistPage, page: Page) -> None:
    playlist_page.open()
    lengths = {LONG: LONG_MS}
    rows = [Blended(number=row.number, person=row.person) for row in invented.rows(PEOPLE)]
    rows = [replace(row, duration_ms=lengths.get(row.person, row.duration_ms)) for row in rows]
    playlist_page.drop("Both of us.csv", invented.bare_file(rows))
    playlist_page.wait_for_map(36)
    playlist_page.open_tab("blend")
    page.get_by_text("The list:").click()
    page.get_by_label("What is on these playlists").uncheck()
    page.get_by_label("How many tracks").fill("4")
    page.get_by_label("Over … minutes").fill("5")
    assert LONG_MS not in lengths_of_the_list(page)
    page.get_by_label("Over … minutes").fill("")
    page.get_by_label("Under … minutes").fill("5")
    assert lengths_of_the_list(page) == {LONG_MS}
    expect(page.get_by_role("button", name="Blend", exact=True)).to_be_focused()
    with page.expect_response("**/api/blend") as answer:
        page.reload()
    again = answer.value.json()["tracks"]
    assert [track["duration_ms"] for track in again] == [LONG_MS] * 4, "the address keeps every choice"
    suits = page.get_by_role("list", name="How well it suits each person").get_by_role("listitem")
    expect(suits).to_have_count(2)
    # The tab itself begins anew; Back returns to what was chosen.
    page.get_by_role("link", name="Blend", exact=True).click()
    expect(suits).to_have_count(0)
    expect(page.get_by_label("How many tracks")).to_have_value("20")
    page.go_back()
    expect(page.get_by_label("How many tracks")).to_have_value("4")
    expect(suits).to_have_count(2)
    first = page.get_by_role("list", name="The blended list").get_by_role("link").first
    for left_out, refusal in enumerate(("Never again", "Not now"), start=1):
        expect(first).to_be_visible()
        refused = first.inner_text()
        page.get_by_role("button", name=f"{refusal}: {refused}").first.click()
        expect(page.get_by_text(f"Left out: {left_out}")).to_be_visible()
        expect(page.get_by_role("button", name=re.compile(f"^{refusal}")).first).to_be_focused()
        expect(first).not_to_have_text(refused)
    expect_accessible(page)
    looks = page.locator(".tm-suits .tm-mark-svg path").evaluate_all(_LOOKS)
    page.get_by_role("button", name="Save as a playlist").click()
    page.locator(".tm-blend [role=status] a").click()
    people = page.get_by_role("list", name="For", exact=True)
    expect(people.get_by_role("listitem").first).to_be_visible()
    kept = people.locator("path").evaluate_all(_LOOKS)
    assert set(map(tuple, kept)) <= set(map(tuple, looks)), "who they are stays: the colour and the shape"
    playlist_page.open_tab("map")
    playlist_page.expect_markers(4)
    expect(page.get_by_role("columnheader", name="For", exact=True)).to_be_visible()


def test_maps_by_both_methods_show_scores_and_take_in_what_comes_later(
    playlist_page: PlaylistPage, page: Page, watch: Watch
) -> None:
    playlist_page.open()
    playlist_page.drop("To be mapped.csv", invented.bare_file(invented.rows(PEOPLE)))
    playlist_page.wait_for_map(36)
    page.goto(f"{playlist_page.address}/library/maps")
    page.get_by_label("Map of", exact=True).select_option(label="To be mapped")
    page.get_by_role("button", name="Compute the map").click()
    plot = page.get_by_role("application")
    scores = page.get_by_text(re.compile(r"Trustworthiness 0\.\d+, continuity 0\.\d+"))
    expect(scores).to_be_visible(timeout=TRAINING_MS)
    expect(plot).to_have_attribute("aria-label", "Map of 36 tracks")
    expect(page.get_by_role("button", name="Compute it again")).to_be_focused()
    page.get_by_role("button", name="Compute UMAP, too").click()
    expect(page.get_by_label("Method").locator("option")).to_have_count(2, timeout=TRAINING_MS)

    plot.focus()
    page.keyboard.press("Home")
    chosen = invented.rows(PEOPLE)[0]
    expect(page.locator(".tm-tip")).to_contain_text(chosen.title)
    expect(page.locator(".tm-maps-table tbody th").first).to_have_text(f"{chosen.title} {chosen.artist}")
    expect(page.get_by_text(re.compile("lie nearest to|but far in sound"))).to_be_visible()
    by_tsne, where = scores.inner_text(), page.locator(".tm-tip").get_attribute("style")
    page.get_by_label("Method").select_option(label="UMAP")
    expect(scores).not_to_have_text(by_tsne)
    expect(page.locator(".tm-tip")).not_to_have_attribute("style", where or "")

    page.get_by_label("Colour by").select_option(label="who added it")
    page.get_by_role("button", name=re.compile("^wanda.flint ")).click()
    expect(plot).to_have_attribute("aria-label", "Map of 16 tracks")
    page.get_by_role("button", name=re.compile("^wanda.flint ")).click()

    by_umap = scores.inner_text()
    late = invented.Invented(number=83, person="wanda.flint")
    playlist_page.open()
    playlist_page.drop("Later.csv", invented.bare_file([late]))
    playlist_page.wait_for_map(1)
    page.goto(f"{playlist_page.address}/library/maps")
    page.get_by_label("Map of", exact=True).select_option(label="To be mapped")
    page.get_by_label("Method").select_option(label="UMAP")
    expect(scores).to_have_text(by_umap)
    page.get_by_label("Where is this track?").fill(f"{late.title} {late.artist}")
    page.get_by_role("button", name="Show it").click()
    expect(plot).to_have_attribute("aria-label", "Map of 37 tracks")
    expect(page.locator(".tm-maps-table tbody tr").first).to_contain_text("placed later")
    expect(page.locator(".tm-tip")).to_contain_text(late.artist)
    expect(scores).to_have_text(by_umap.replace("36 tracks", "37 tracks"))


@pytest.mark.browser_context_args(has_touch=True, viewport={"width": 390, "height": 800})
def test_a_tap_names_the_track_until_another_place_is_tapped(playlist_page: PlaylistPage, page: Page) -> None:
    playlist_page.open()
    playlist_page.drop("Tapped.csv", invented.bare_file(invented.rows({"ann": 1})))
    playlist_page.wait_for_map(1)
    x, y = page.locator("canvas[data-layer=drawing]").evaluate(MIDDLE)
    playlist_page.map.tap(position={"x": x, "y": y})
    expect(page.locator(".tm-tip")).to_contain_text("Harbour at Dawn")
    expect(page.locator(".tm-selected")).to_contain_text("Harbour at Dawn")
    playlist_page.map.tap(position={"x": 60, "y": 45})
    expect(page.locator(".tm-tip")).to_have_count(0)
