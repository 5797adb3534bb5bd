"""The library as a whole: its parts, their addresses, and its tabs on a phone; and what is at no address."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from api.page import PARTS
from tests.browser import invented
from tests.browser.conftest import Watch
from tests.browser.pages import PlaylistPage

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def live_app(own_app: str) -> str:
    return own_app


def test_each_part_has_an_address_and_back_leads_to_the_one_before(page: Page, live_app: str, watch: Watch) -> None:
    page.goto(f"{live_app}/library")
    expect(page).to_have_title("Catalogue · Library · Tastemap")
    tabs = page.get_by_role("navigation", name="Parts of the library").get_by_role("link")
    assert [tab.get_attribute("href") for tab in tabs.all()] == [f"/library/{part}" for part in PARTS["library"]]
    tabs.filter(has_text="Genres").click()
    expect(page).to_have_title("Genres · Library · Tastemap")
    page.get_by_label("The name of any genre").fill("balkan brass")
    page.keyboard.press("Enter")
    expect(page.locator(".tm-labplaced")).to_be_visible()
    page.go_back()
    expect(page).to_have_title("Catalogue · Library · Tastemap")


def test_a_genre_begins_a_playlist_and_a_family_shows_its_sound(page: Page, live_app: str, watch: Watch) -> None:
    watch.allow("422")  # where the catalogue is empty, nothing may come first
    page.goto(f"{live_app}/library/genres")
    page.get_by_role("link", name="dub", exact=True).press("Enter")
    box = page.get_by_label("Or begin one with its name")
    expect(box).to_be_focused()
    expect(box).to_have_value("dub")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="dub", level=1)).to_be_visible()

    page.goto(f"{live_app}/library/genres")
    page.get_by_role("link", name="reggae & dub").click()
    family = page.locator(".tm-labfamilies-of select")
    expect(family).to_have_value("reggae & dub")
    family.select_option(label="metal")
    page.reload()
    expect(family).to_have_value("metal")


def test_the_next_view_takes_the_focus_of_what_was_pressed(page: Page, live_app: str, watch: Watch) -> None:
    page.goto(f"{live_app}/library/catalogue")
    page.get_by_role("link", name="Add a playlist").or_(
        page.get_by_role("link", name="Scan a folder of music")
    ).first.press("Enter")
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")
    page.go_back()
    expect(page).to_have_title("Catalogue · Library · Tastemap")
    expect(heading).to_be_focused()
    # What stays, such as the header's links, keeps it.
    link = page.get_by_role("link", name="Playlists", exact=True)
    link.press("Enter")
    expect(page).to_have_title("Playlists · Tastemap")
    expect(link).to_be_focused()


def test_an_installation_hands_the_focus_on(page: Page, live_app: str) -> None:
    state = {"installed": False}
    run = {"id": "r", "kind": "install", "name": "Packages", "request": {"category": "audio"}, "state": "running"}

    def packages(route: Route) -> None:
        more = {"purpose": "sound", "bytes": 1, "obstacle": "", "lasting": True}
        route.fulfill(json={"packages": [{"name": "audio", **more, **state}]})

    page.route("**/api/packages", packages)
    page.route("**/api/packages/audio/install", lambda route: route.fulfill(json={"run": run}))
    page.goto(f"{live_app}/library/music")
    install = page.get_by_role("button", name=re.compile("^Install"))
    expect(install).to_be_visible()
    page.route("**/api/runs", lambda route: route.fulfill(json={"runs": [run]}))
    install.press("Enter")
    expect(page.get_by_role("status").filter(has_text="working")).to_be_focused()
    state["installed"] = True
    run["state"] = "done"
    expect(page.get_by_role("button", name="Add files from this device")).to_be_focused()


def test_an_unknown_address_says_so_and_leads_on(page: Page, live_app: str, watch: Watch) -> None:
    watch.allow("404")
    for address in ("/nowhere", "/library/nowhere", "/playlist/7/nowhere"):
        response = page.goto(live_app + address)
        assert response
        assert response.status == 404
        expect(page.get_by_role("heading", level=1)).to_have_text("There is no such page")
        expect(page.get_by_role("main")).to_contain_text(address)
    page.get_by_role("link", name="Go to Discover").click()
    expect(page).to_have_url(f"{live_app}/")


def test_the_search_box_is_one_key_away(page: Page, live_app: str, watch: Watch) -> None:
    box = page.get_by_role("combobox", name="Track, artist or both")
    page.goto(f"{live_app}/settings/health")
    expect(box).to_be_visible()
    page.keyboard.press("/")
    expect(box).to_be_focused()
    page.keyboard.type("AC/DC")
    expect(box).to_have_value("AC/DC")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/track\?q=AC%2FDC"))

    page.set_viewport_size({"width": 360, "height": 800})
    page.goto(f"{live_app}/library")
    expect(box).not_to_be_visible()
    header = page.get_by_role("banner").bounding_box()
    assert header is not None
    assert header["height"] < 70  # one row
    page.get_by_role("button", name="Search").click()
    expect(box).to_be_focused()


def test_everything_is_deleted_after_a_second_press(playlist_page: PlaylistPage, page: Page) -> None:
    playlist_page.open()
    playlist_page.drop("To be gone.csv", invented.bare_file(invented.rows({"ann": 4})))
    playlist_page.wait_for_map(4)
    page.goto(f"{playlist_page.address}/settings/privacy")
    page.get_by_role("button", name="Delete everything…").click()
    really = page.get_by_role("button", name="Delete it all now")
    expect(really).to_be_focused()
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_role("button", name="Delete everything…")).to_be_focused()
    assert len(page.request.get(f"{playlist_page.address}/api/playlists").json()["playlists"]) == 1
    page.get_by_role("button", name="Delete everything…").click()
    really.click()
    outcome = page.get_by_role("status").filter(has_text="Everything is deleted: 1 playlist")
    expect(outcome).to_be_focused()
    assert page.request.get(f"{playlist_page.address}/api/playlists").json()["playlists"] == []


def test_the_catalogue_says_what_each_feature_means(page: Page, live_app: str, watch: Watch) -> None:
    page.goto(f"{live_app}/library/catalogue")
    features = page.locator(".tm-catalogue-features > li")
    expect(features).to_have_count(13)
    expect(features.filter(has_text="Valence")).to_contain_text("high is cheerful")
    expect(features.first).to_contain_text(re.compile(r"known of \d+ %"))
    expect(page.get_by_role("img", name="Histogram of Energy")).to_be_visible()


def test_files_chosen_in_the_catalogue_are_counted_there(playlist_page: PlaylistPage, page: Page) -> None:
    page.goto(f"{playlist_page.address}/library/catalogue")
    sound = invented.uri_file(invented.rows({"ann": 4})).encode()
    page.locator("input[type=file]").set_input_files({"name": "Sound.csv", "mimeType": "text/csv", "buffer": sound})
    told = page.get_by_role("list", name="Where their sound is known from").get_by_role("listitem")
    expect(told.first).to_contain_text(re.compile(r"4$"))
