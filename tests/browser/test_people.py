"""Contributors come as ids; the listener says what they are called and how they are coloured."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import invented
from tests.browser.pages import PlaylistPage

pytestmark = pytest.mark.browser

PEOPLE = {"user_0f1e2d3c4b": 9, "wanda.flint": 7}
AMBER, TEAL = [239, 168, 34], [18, 120, 130]


@pytest.fixture
def of_two(playlist_page: PlaylistPage) -> PlaylistPage:
    tracks = invented.rows(PEOPLE)
    playlist_page.open()
    playlist_page.drop("Of two.csv", invented.bare_file(tracks))
    playlist_page.wait_for_map(len(tracks))
    return playlist_page


def test_a_name_and_a_colour_show_at_once_and_stay(of_two: PlaylistPage, page: Page) -> None:
    before = of_two.colour(of_two.people.first)
    page.get_by_role("button", name="Name and colour of Person 1").focus()
    page.keyboard.press("Enter")
    box = page.get_by_label("Name", exact=True)
    expect(box).to_be_focused()
    page.keyboard.type("Ada")
    page.get_by_role("radio", name="amber").check()
    page.get_by_role("radio", name="star").check()
    star = page.locator(".tm-swatch", has=page.get_by_role("radio", name="star")).locator("path").get_attribute("d")
    box.focus()
    page.keyboard.press("Enter")

    expect(of_two.people.first).to_contain_text("Ada")
    expect(page.get_by_role("button", name="Name and colour of Ada")).to_be_focused()
    assert of_two.colour(of_two.people.first) == AMBER
    of_two.expect_markers(16)
    assert of_two.pixels(AMBER) > 50
    assert of_two.pixels(before) == 0
    expect(of_two.rows.first).to_contain_text("Ada")
    of_two.rows.first.hover()
    expect(page.locator(".tm-tip")).to_contain_text("Ada")

    page.reload()
    of_two.expect_markers(16)
    expect(of_two.people.first).to_contain_text("Ada")
    expect(of_two.people.first.locator("path")).to_have_attribute("d", str(star))
    assert of_two.pixels(AMBER) > 50


def test_a_colour_of_ones_own_and_back(of_two: PlaylistPage, page: Page) -> None:
    usual = of_two.colour(of_two.people.nth(1))
    pencil = page.get_by_role("button", name="Name and colour of wanda.flint")
    pencil.click()
    page.get_by_label("A colour of your own").fill("#127882")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".tm-editor")).to_have_count(0)
    assert of_two.colour(of_two.people.nth(1)) == TEAL
    of_two.expect_markers(16)
    assert of_two.pixels(TEAL) > 50

    pencil.click()
    page.get_by_role("radio", name="automatic").check()
    page.keyboard.press("Escape")
    expect(pencil).to_be_focused()
    assert of_two.colour(of_two.people.nth(1)) == TEAL
    pencil.click()
    page.get_by_role("radio", name="automatic").check()
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".tm-editor")).to_have_count(0)
    assert of_two.colour(of_two.people.nth(1)) == usual


def test_whoever_loses_a_usual_colour_gets_the_one_that_is_left(of_two: PlaylistPage, page: Page) -> None:
    first, second = (of_two.colour(person) for person in of_two.people.all())
    page.get_by_role("button", name="Name and colour of Person 1").click()
    page.get_by_role("radio", name="orange").check()
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".tm-editor")).to_have_count(0)
    assert [of_two.colour(person) for person in of_two.people.all()] == [second, first]


def test_a_colour_too_near_to_the_ground_is_shifted_until_it_shows(of_two: PlaylistPage, page: Page) -> None:
    page.emulate_media(color_scheme="dark")
    page.get_by_role("button", name="Name and colour of wanda.flint").click()
    page.get_by_label("A colour of your own").fill("#191f22")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".tm-editor")).to_have_count(0)
    shown = of_two.colour(of_two.people.nth(1))
    assert min(shown) > 60
    of_two.expect_markers(16)
    assert of_two.pixels(shown) > 50


def test_the_palette_is_that_of_the_light_theme(of_two: PlaylistPage, page: Page) -> None:
    """The stored form of the eight colours stands in people.js and in the styles."""
    page.emulate_media(color_scheme="light")
    page.get_by_role("button", name="Name and colour of Person 1").click()
    swatches = page.locator(".tm-swatches").first.locator(".tm-swatch:not(.is-wide)")
    stored = [swatch.locator("input").get_attribute("value") for swatch in swatches.all()]
    shown = [swatch.locator("path").evaluate("(path) => getComputedStyle(path).fill") for swatch in swatches.all()]
    assert len(stored) == 8
    assert stored == ["#" + "".join(f"{int(part):02x}" for part in re.findall(r"\d+", fill)) for fill in shown]
