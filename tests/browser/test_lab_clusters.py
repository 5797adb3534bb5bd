"""The Library's clusters: the heat map and the table beside it, the sweep, where a track falls; picks per family."""

import re
import xml.etree.ElementTree as ET

import pytest
from playwright.sync_api import Page, expect

from tests.browser import invented
from tests.browser.conftest import Watch
from tests.browser.pages import PlaylistPage

pytestmark = pytest.mark.browser

_COLOURS = """(canvas) => {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
  const seen = new Set()
  for (let i = 0; i < data.length; i += 4) seen.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2])
  return seen.size
}"""


def save(page: Page, form: str) -> bytes:
    """Save the first plot that is shown by its menu; return the file."""
    page.locator(".tm-plotmenu summary").first.click()
    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile(f"^{form} ")).click()
    return download.value.path().read_bytes()


def rectangles(svg: bytes) -> int:
    return len(list(ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}rect")))


@pytest.fixture
def with_tracks(playlist_page: PlaylistPage) -> PlaylistPage:
    tracks = invented.rows({"one": 12})
    playlist_page.open()
    playlist_page.drop("Clustered.csv", invented.bare_file(tracks))
    playlist_page.wait_for_map(len(tracks))
    return playlist_page


def test_the_heat_map_is_read_by_keyboard_and_a_track_finds_its_cluster(with_tracks: PlaylistPage, page: Page) -> None:
    page.goto(f"{with_tracks.address}/library/clusters")
    heat = page.get_by_role("application", name=re.compile(r"^Heat map of \d+ families by \d+ groups"))
    expect(heat).to_be_visible()
    heat.focus()
    page.keyboard.press("ArrowRight")
    read = page.get_by_text(re.compile(r"% of its tracks are in “.+”\."))
    expect(read).to_be_visible()
    name = read.inner_text().split("“")[1].split("”")[0]
    assert not any(char.isdigit() for char in name), "groups have names, not numbers"
    page.keyboard.press("Enter")
    expect(page.get_by_role("article", name=name, exact=True)).to_be_visible()
    expect(page.get_by_text("Affinity propagation")).to_be_hidden()
    page.get_by_text("Details", exact=True).click()
    expect(page.get_by_text("Affinity propagation")).to_be_visible()
    assert heat.locator("canvas[data-layer=drawing]").evaluate(_COLOURS) > 10

    page.get_by_label("Rows").select_option("genre")
    expect(page.get_by_role("application", name=re.compile(r"^Heat map of 114 genres"))).to_be_visible()
    assert rectangles(save(page, "SVG")) > 100
    assert save(page, "PNG").startswith(b"\x89PNG")
    assert len(save(page, "CSV").splitlines()) == 115
    page.get_by_text("How many groups?").click()
    expect(page.get_by_role("img", name=re.compile(r"elbow at \d+ clusters"))).to_be_visible()
    page.locator(".tm-plotmenu summary").nth(1).click()
    page.get_by_role("button", name=re.compile("^Table ")).click()
    expect(page.get_by_role("row", name=re.compile(r"\(elbow\)"))).to_have_count(1)

    row = invented.rows({"one": 12})[0]
    page.get_by_label("Which group is this track in?").fill(f"{row.title} {row.artist}")
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile(r" is in “[a-z]+.*”"))).to_be_visible()


def test_picks_per_family_with_a_seed_and_the_histograms(with_tracks: PlaylistPage, page: Page) -> None:
    page.goto(f"{with_tracks.address}/library/families")
    expect(page.get_by_role("img", name="Histogram of Energy")).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("^Histogram of"))).to_have_count(13)
    row = invented.rows({"one": 12})[0]
    page.get_by_label("Track", exact=True).fill(f"{row.title} {row.artist}")
    expect(page.get_by_text("K-means")).to_be_hidden()
    page.get_by_text("Draw the same ones again").click()
    page.get_by_label("Number of the draw").fill("5")
    page.get_by_role("button", name="Pick").click()
    picks = page.locator(".tm-labfamilies-picks li")
    expect(page.get_by_text("Draw number 5.")).to_be_visible()
    expect(picks).not_to_have_count(0)
    first = picks.all_inner_texts()
    page.get_by_role("button", name="Pick").click()
    expect(page.get_by_text("Draw number 5.")).to_be_visible()
    assert picks.all_inner_texts() == first
    bars = page.get_by_role("img", name="Histogram of Energy").locator("canvas")
    assert bars.evaluate(_COLOURS) > 1
    assert rectangles(save(page, "SVG")) > 100
    assert save(page, "PNG").startswith(b"\x89PNG")
    assert save(page, "CSV").startswith(b"feature,from,to,tracks,reference\r\n")


@pytest.mark.parametrize("panel", ["clusters", "families"])
def test_a_phone_shows_the_panels_without_scrolling_sideways(
    page: Page, live_app: str, watch: Watch, panel: str
) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{live_app}/library/{panel}")
    expect(page.locator("canvas").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
