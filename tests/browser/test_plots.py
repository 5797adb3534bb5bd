"""The map of a playlist as one explores it: zoom, pan, lasso, keys, its menu, and what is done with a selection."""

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import invented
from tests.browser.pages import PlaylistPage

pytestmark = pytest.mark.browser

TRACKS = invented.rows({"ada": 16, "ben": 12})
TICKS = ".tm-tick[text-anchor=middle]"
Point = tuple[float, float]
DRAWN_IN_TWELVE_FRAMES = """async (plot) => {
  const put = CanvasRenderingContext2D.prototype.putImageData
  let drawn = 0
  CanvasRenderingContext2D.prototype.putImageData = function (...given) { drawn += 1; return put.apply(this, given) }
  for (let frame = 0; frame < 12; frame += 1) {
    plot.dispatchEvent(new WheelEvent('wheel', { deltaY: -5, bubbles: true, cancelable: true }))
    await new Promise(requestAnimationFrame)
  }
  CanvasRenderingContext2D.prototype.putImageData = put
  return drawn
}"""


@pytest.fixture
def explored(playlist_page: PlaylistPage, brought: dict[str, Any]) -> PlaylistPage:
    playlist_page.bring_once(brought, "Explored.csv", invented.bare_file(TRACKS), len(TRACKS))
    playlist_page.map.scroll_into_view_if_needed()
    return playlist_page


def ticks(page: Page) -> list[float]:
    return [float(text) for text in page.locator(TICKS).all_text_contents()]


def corners(plot: Locator) -> Callable[[float, float], Point]:
    """Return what turns shares of the plot's width and height into pixels of the window."""
    box = plot.bounding_box()
    assert box is not None
    return lambda x, y: (box["x"] + x * box["width"], box["y"] + y * box["height"])


def draw(page: Page, way: Sequence[Point]) -> None:
    page.mouse.move(*way[0])
    page.mouse.down()
    for point in way[1:]:
        page.mouse.move(*point, steps=3)
    page.mouse.up()


def selected(page: Page) -> int:
    text = page.locator(".tm-selection [role=status]").inner_text()
    return int(re.findall(r"^(\d+) tracks? selected", text)[0])


def test_axes_fit_and_one_zooms_pans_and_comes_back(explored: PlaylistPage, page: Page) -> None:
    page.emulate_media(reduced_motion="no-preference")
    fitted = ticks(page)
    energies = [float(track.sound()[1]) * 100 for track in TRACKS]
    assert min(energies) - 12 < fitted[0] <= fitted[-1] < max(energies) + 12
    at = corners(explored.map)
    page.mouse.move(*at(0.5, 0.5))
    page.mouse.wheel(0, -700)
    expect(page.get_by_role("button", name="Zoom out (−)")).to_be_enabled()
    close = ticks(page)
    assert close[-1] - close[0] < (fitted[-1] - fitted[0]) / 2
    draw(page, [at(0.6, 0.5), at(0.3, 0.5)])
    moved = ticks(page)
    assert moved[-1] > close[-1]
    assert page.locator(".tm-selection").is_hidden()

    page.keyboard.press("Escape")
    explored.map.focus()
    page.keyboard.press("0")
    expect(page.get_by_role("button", name="Zoom out (−)")).to_be_disabled()
    assert ticks(page) == fitted
    page.keyboard.press("+")
    page.keyboard.press("Home")  # while the view still moves: the point is in sight where it comes to rest
    expect(page.get_by_role("button", name="Zoom out (−)")).to_be_enabled()
    expect(page.locator(".tm-tip")).to_contain_text(TRACKS[0].title)
    assert explored.map.evaluate(DRAWN_IN_TWELVE_FRAMES) >= 11, "every frame of a movement is drawn"


def test_a_lasso_a_box_and_keys_select_and_the_selection_becomes_a_playlist(explored: PlaylistPage, page: Page) -> None:
    at = corners(explored.map)
    whole = [at(0.03, 0.03), at(0.98, 0.03), at(0.98, 0.97), at(0.03, 0.97)]
    blue = explored.colour(explored.people.first)
    all_pixels = explored.pixels(blue)
    page.get_by_role("button", name=re.compile("^Select by drawing")).click()
    draw(page, [at(0.03, 0.03), at(0.5, 0.03), at(0.5, 0.97), at(0.03, 0.97)])
    left = selected(page)
    assert 0 < left < len(TRACKS)
    explored.expect_markers(len(TRACKS))
    assert explored.pixels(blue) < all_pixels
    page.keyboard.down("Shift")
    draw(page, [at(0.5, 0.03), at(0.98, 0.03), at(0.98, 0.97), at(0.5, 0.97)])
    page.keyboard.up("Shift")
    assert selected(page) == len(TRACKS)
    page.get_by_role("button", name=re.compile("^Select in a box")).click()
    draw(page, [whole[0], at(0.5, 0.97)])
    assert selected(page) == left

    expect(page.locator(".tm-selection")).to_be_in_viewport(ratio=1)
    page.get_by_role("button", name="Select nothing").click()
    expect(explored.map).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    page.keyboard.press("PageDown")
    page.keyboard.press("Space")
    assert selected(page) == 2
    page.get_by_role("button", name="Compare with the rest").click()
    expect(page.get_by_role("region", name="The selected tracks and the rest")).to_contain_text("Energy")
    page.get_by_role("button", name="Save as playlist").click()
    expect(page.get_by_label("Name of the playlist")).to_be_focused()
    page.keyboard.type("Two of them")
    page.keyboard.press("Enter")
    expect(page.locator(".tm-selection").get_by_role("link", name="Open it")).to_be_focused()
    page.keyboard.press("Enter")
    explored.expect_markers(2)
    expect(explored.rows).to_contain_text([TRACKS[0].title, TRACKS[1].title])

    explored.map.focus()
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    page.get_by_role("button", name="Remove", exact=True).click()
    explored.expect_markers(1)
    expect(explored.rows).to_contain_text([TRACKS[1].title])
    undo = page.get_by_role("button", name="Undo")
    expect(undo).to_be_focused()
    undo.press("Enter")
    explored.expect_markers(2)
    expect(undo).to_be_focused()
    expect(explored.rows).to_contain_text([TRACKS[0].title, TRACKS[1].title])


def test_the_menu_keeps_the_map_as_files_and_shows_it_as_a_table(explored: PlaylistPage, page: Page) -> None:
    files = {}
    menu = page.locator(".tm-plotmenu summary")
    for form in ("PNG", "SVG", "CSV"):
        menu.click()
        with page.expect_download() as download:
            page.get_by_role("button", name=re.compile(f"^{form} ")).click()
        files[form] = download.value.path().read_bytes()
    assert files["PNG"].startswith(b"\x89PNG")
    texts = [text.text for text in ET.fromstring(files["SVG"]).iter("{http://www.w3.org/2000/svg}text")]
    assert {"Energy (%) →", "↑ Valence (%), from sad, tense to cheerful", "ada"} <= set(texts)
    lines = files["CSV"].decode().splitlines()
    assert lines[0] == "Track,Artists,Group,Energy,Valence"
    assert len(lines) == len(TRACKS) + 1
    menu.click()
    page.get_by_role("button", name=re.compile("^Table ")).click()
    table = page.locator(".tm-plottable")
    expect(table).to_be_focused()
    expect(table.locator("tbody tr")).to_have_count(len(TRACKS))
    expect(table.locator("tbody tr").first).to_contain_text("%")
    table.get_by_role("button", name="Hide the table").click()
    expect(menu).to_be_focused()


def test_one_axis_is_never_both(explored: PlaylistPage, page: Page) -> None:
    expect(page.get_by_label("Across").locator("option", has_text="Valence")).to_be_disabled()
    page.goto(page.url + "?x=tempo&y=tempo")
    page.reload()
    expect(explored.map).to_have_attribute("aria-label", re.compile("by Tempo and (Energy|Valence)$"))


@pytest.mark.browser_context_args(has_touch=True, viewport={"width": 390, "height": 800})
def test_two_fingers_zoom(explored: PlaylistPage, page: Page) -> None:
    at = corners(explored.map)
    fitted = ticks(page)
    session = page.context.new_cdp_session(page)

    def touch(kind: str, points: Sequence[Point]) -> None:
        fingers = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        session.send("Input.dispatchTouchEvent", json.loads(json.dumps({"type": kind, "touchPoints": fingers})))

    touch("touchStart", [at(0.45, 0.5), at(0.55, 0.5)])
    for spread in (0.1, 0.2, 0.3):
        touch("touchMove", [at(0.45 - spread, 0.5), at(0.55 + spread, 0.5)])
    touch("touchEnd", [])
    expect(page.get_by_role("button", name="Zoom out (−)")).to_be_enabled()
    close = ticks(page)
    assert close[-1] - close[0] < (fitted[-1] - fitted[0]) / 2
