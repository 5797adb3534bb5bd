"""The page of a playlist: its overview, its people and the game, the table whose order a reload keeps, its origin."""

import os
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser import invented
from tests.browser.pages import PlaylistPage, expect_accessible

pytestmark = pytest.mark.browser

PEOPLE = {"Ann": 9, "Ben": 7, "Cleo": 5}


@pytest.fixture
def of_three(playlist_page: PlaylistPage, brought: dict[str, Any]) -> PlaylistPage:
    tracks = invented.rows(PEOPLE)
    playlist_page.bring_once(brought, "Of three.csv", invented.bare_file(tracks), len(tracks))
    return playlist_page


def test_the_overview_tells_what_is_in_it_and_leads_on(of_three: PlaylistPage, page: Page) -> None:
    page.get_by_role("link", name="Overview").click()
    expect(page.get_by_role("list", name="Moods").get_by_role("listitem")).to_have_count(4)
    expect(page.get_by_role("list", name="Added by").get_by_role("listitem")).to_have_count(len(PEOPLE))
    page.get_by_label("Distance of sound").check()
    expect(page.get_by_role("table", name="Distance of sound").get_by_role("row").nth(1)).to_contain_text("0.")
    expect_accessible(page)
    page.set_viewport_size({"width": 360, "height": 800})
    expect_accessible(page)
    page.get_by_role("link", name="More about the people").click()
    expect(page).to_have_url(re.compile("/people$"))
    expect(page.get_by_role("img", name=re.compile("^Ann: .*energy"))).to_be_visible()
    # The measure is the address's: a reload keeps it.
    distance = page.get_by_role("radio", name="Distance of sound")
    distance.check()
    expect(page).to_have_url(re.compile("measure=distance"))
    page.reload()
    expect(distance).to_be_checked()


def test_the_radars_have_the_menu_of_every_plot(of_three: PlaylistPage, page: Page) -> None:
    of_three.open_tab("people")
    menu = page.locator("summary", has_text="Menu of the plot").first
    menu.click()
    with page.expect_download() as kept:
        page.get_by_role("button", name="SVG").click()
    assert kept.value.suggested_filename == "people.svg"
    assert "Cleo" in Path(kept.value.path()).read_text(encoding="utf-8")
    menu.click()
    page.get_by_role("button", name="Table show it here").click()
    expect(page.get_by_role("row", name=re.compile("^Cleo .*%"))).to_be_visible()
    expect_accessible(page)


def test_a_playlist_is_renamed_by_keyboard_and_its_link_is_there_to_copy(of_three: PlaylistPage, page: Page) -> None:
    page.get_by_role("button", name="Rename").press("Enter")
    field = page.get_by_label("Name of the playlist")
    expect(field).to_be_focused()
    page.keyboard.type("No")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Rename")).to_be_focused()
    expect(page.get_by_role("heading", name="Of three")).to_be_visible()
    page.get_by_role("button", name="Rename").press("Enter")
    expect_accessible(page)
    page.keyboard.type("Our summer")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Our summer")).to_be_visible()
    expect(page.get_by_role("button", name="Rename")).to_be_focused()
    page.get_by_text("Share", exact=True).click()
    expect(page.get_by_label("Link")).to_have_value(re.compile("^http.*/playlist/[0-9a-f]{24}$"))
    expect_accessible(page)
    page.get_by_role("link", name="All playlists").click()
    expect(page.get_by_role("link", name=re.compile("^Our summer"))).to_be_visible()
    page.go_back()
    page.get_by_role("button", name="Rename").click()
    field.fill("Of three")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="Of three")).to_be_visible()


def test_who_added_it_is_guessed_with_keys_and_counted(of_three: PlaylistPage, page: Page) -> None:
    of_three.open_tab("people")
    page.get_by_role("button", name="Start guessing").click()
    choices = page.get_by_role("group", name="Who added it?").get_by_role("button")
    expect(choices).to_have_count(len(PEOPLE))
    added = {row.title: row.person for row in invented.rows(PEOPLE)}
    for number in range(10):
        expect(page.get_by_text(f"Track {number + 1} of 10")).to_be_visible()
        who = added[page.locator(".tm-guess-track strong").inner_text()]
        expect(choices.first).to_be_focused()
        page.keyboard.press(str(list(PEOPLE).index(who) + 1))
        expect(page.get_by_role("status").filter(has_text=f"Right: {who}.")).to_be_visible()
        page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="10 of 10 right")).to_be_visible()
    # The end shows who added each.
    answers = page.get_by_role("list", name="Who added them").get_by_role("listitem")
    expect(answers).to_have_count(10)
    for text in answers.all_inner_texts():
        assert any(who in text for title, who in added.items() if title in text), text
    expect_accessible(page)


def test_nothing_on_people_moves_the_settings_of_the_training(of_three: PlaylistPage, page: Page) -> None:
    held: list[Route] = []  # the comparison, then what a training needs: each arrives when the test says so
    page.route(re.compile(r"/(overview|needs)\b"), lambda route: held.append(route))
    with page.expect_request(re.compile("/overview$")):
        of_three.open_tab("people")
    expect(page.get_by_role("button", name="Name and colour of Ann")).to_be_visible()
    settings = page.get_by_text("Settings of the training")
    expect(settings).to_have_count(0)  # the comparison, which stands above it, is still to come
    with page.expect_request(re.compile("/needs")):
        held.pop().continue_()
    expect(settings).to_be_visible()
    before = settings.bounding_box()
    held.pop().continue_()
    expect(page.get_by_text(re.compile("^Needs "))).to_be_visible()
    assert settings.bounding_box() == before


def test_the_table_keeps_its_order_and_its_filter_and_shows_a_track_on_the_map(
    of_three: PlaylistPage, page: Page
) -> None:
    of_three.open_tab("tracks")
    title = invented.rows(PEOPLE)[4].title
    page.get_by_role("button", name="Energy").click()
    expect(page.get_by_role("columnheader", name="Energy")).to_have_attribute("aria-sort", "descending")
    page.get_by_placeholder("Filter by title").press_sequentially(title)
    expect(of_three.rows).to_have_count(1)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    expect(of_three.rows).to_have_count(1)
    assert len([url for url in asked if "/columns" in url]) == 1, "what the HTML asks for early is what the page uses"
    expect(page.get_by_role("columnheader", name="Energy")).to_have_attribute("aria-sort", "descending")
    of_three.rows.first.locator("td").last.click()
    expect_accessible(page)
    page.get_by_role("link", name="Show it on the map").click()
    expect(page.locator(".tm-selected")).to_contain_text(title)


def test_the_map_is_coloured_by_what_the_address_says(of_three: PlaylistPage, page: Page) -> None:
    of_three.open_tab("map")
    page.get_by_label("Coloured by").select_option(label="cluster of sound")
    expect(of_three.people.first).to_contain_text(re.compile(r"[a-z]+, [a-z]+ [a-z&]+"))
    page.get_by_label("Coloured by").select_option(label="decade")
    expect(page).to_have_url(re.compile("colour=year"))
    expect(page.get_by_role("heading", name="Colours by decade")).to_be_visible()
    decades = [text.split()[0] for text in of_three.people.all_inner_texts()]
    assert decades == sorted(decades)
    assert decades[0].endswith("0s")
    known = int(of_three.people.first.locator(".tm-person-count").inner_text())
    of_three.people.first.click()
    of_three.expect_markers(sum(PEOPLE.values()) - known)
    page.reload()
    of_three.expect_markers(sum(PEOPLE.values()) - known)
    expect_accessible(page)


def test_without_sources_it_says_how_the_data_came_here(of_three: PlaylistPage, page: Page) -> None:
    of_three.open_tab("gathered")
    expect(page.get_by_text("No source has recommended anything")).to_be_visible()
    expect_accessible(page)


@pytest.mark.shared
def test_a_real_collaborative_file_in_every_tab(playlist_page: PlaylistPage, page: Page) -> None:
    data = Path(os.environ.get("TASTEMAP_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data")
    file = data / "exportify" / "collab_0202.csv"
    if not file.exists():
        pytest.skip(f"needs {file.name} in the shared data (TASTEMAP_DATA)")
    page.set_viewport_size({"width": 360, "height": 800})
    playlist_page.open()
    playlist_page.drop(file.name, file.read_text(encoding="utf-8"))
    playlist_page.wait_for_map(50)
    for tab in ("overview", "people", "next", "blend", "tracks", "gathered"):
        playlist_page.open_tab(tab)
        expect(page.get_by_role("status").filter(has_text="50 tracks")).to_be_visible()
        expect(page.locator(".tm-busy, .tm-bone")).to_have_count(0)
        expect_accessible(page)
    expect(page.get_by_role("navigation", name="Parts of the playlist").get_by_role("link")).to_have_count(8)


def test_tracks_are_moved_and_removed_by_keyboard_and_come_back(playlist_page: PlaylistPage, page: Page) -> None:
    tracks = invented.rows({"ann": 3})
    playlist_page.open()
    playlist_page.drop("Edited.csv", invented.bare_file(tracks))
    playlist_page.wait_for_map(len(tracks))
    playlist_page.open_tab("tracks")
    first, second, third = (track.title for track in tracks)
    expect(playlist_page.rows).to_contain_text([first, second, third])
    page.get_by_role("button", name="Edit", exact=True).press("Enter")

    handle = page.get_by_role("button", name=f"Move {first}", exact=True)
    with page.expect_response("**/move"):
        handle.press("ArrowDown")
    expect(playlist_page.rows).to_contain_text([second, first, third])
    expect(handle).to_be_focused()
    page.reload()
    expect(playlist_page.rows).to_contain_text([second, first, third])
    page.get_by_role("button", name="Edit", exact=True).press("Enter")
    expect_accessible(page)

    page.get_by_role("button", name=f"Remove {second}", exact=True).press("Enter")
    expect(playlist_page.rows).to_have_count(2)
    expect(page.get_by_role("button", name=f"Remove {first}", exact=True)).to_be_focused()
    undo = page.get_by_role("button", name="Undo")
    with page.expect_response("**/restore"):
        undo.press("Enter")
    expect(playlist_page.rows).to_contain_text([second, first, third])
    page.reload()
    expect(playlist_page.rows).to_contain_text([second, first, third])


def test_the_map_fills_the_window(of_three: PlaylistPage, page: Page) -> None:
    """It began halfway down the screen."""
    page.set_viewport_size({"width": 1440, "height": 900})
    page.reload()  # the card of the file that this browser has dropped is above the map until then
    of_three.expect_markers(sum(PEOPLE.values()))
    box = of_three.map.bounding_box()
    assert box
    assert box["y"] < 330
    assert box["height"] > 540


def test_moods_and_the_matrix_of_people_can_be_kept(of_three: PlaylistPage, page: Page) -> None:
    page.get_by_role("link", name="Overview").click()
    expect(page.get_by_role("list", name="Moods")).to_be_visible()
    for name, first in (("moods", "Mood,Tracks"), ("people-compared", ",Ann,Ben,Cleo")):
        menu = page.locator(".tm-plotbox").filter(has=page.locator(".tm-moods, .tm-matrix")).nth(int(name != "moods"))
        menu.locator(".tm-plotmenu summary").click()
        with page.expect_download() as download:
            menu.get_by_role("button", name=re.compile("^CSV ")).click()
        assert download.value.suggested_filename == f"{name}.csv"
        assert download.value.path().read_text().startswith(first)
