"""A dropped file becomes a map coloured by who added what."""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from etl.exports.formats import FORMATS
from tests.browser import invented
from tests.browser.conftest import Watch
from tests.browser.pages import PlaylistPage, expect_accessible

pytestmark = pytest.mark.browser

PEOPLE = {"wanda.flint": 9, "user_0f1e2d3c4b": 7, "q": 5}
DIALECTS = {"bare ids": invented.bare_file, "uris": invented.uri_file}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_contributor_has_a_colour_and_can_be_switched_off(playlist_page: PlaylistPage, dialect: str) -> None:
    tracks = invented.rows(PEOPLE)
    playlist_page.open()
    playlist_page.drop(f"Our {dialect}.csv", DIALECTS[dialect](tracks))
    playlist_page.wait_for_map(len(tracks))

    expect(playlist_page.people).to_have_count(len(PEOPLE))
    colours = [playlist_page.colour(person) for person in playlist_page.people.all()]
    assert len({tuple(colour) for colour in colours}) == len(PEOPLE)
    for colour in colours:
        assert playlist_page.pixels(colour) > 50

    first = playlist_page.people.first
    expect(first).to_contain_text("wanda.flint")
    expect(first).to_contain_text("9")
    first.click()
    expect(first).to_have_attribute("aria-pressed", "false")
    playlist_page.expect_markers(len(tracks) - 9)
    assert playlist_page.pixels(colours[0]) == 0
    assert playlist_page.pixels(colours[1]) > 50

    playlist_page.page.get_by_role("button", name="Only Person 2").click()
    playlist_page.expect_markers(7)
    playlist_page.page.get_by_role("button", name="Show all").click()
    playlist_page.expect_markers(len(tracks))


def test_a_file_ends_with_a_reckoning_and_stays_in_the_list(playlist_page: PlaylistPage, page: Page) -> None:
    tracks = invented.rows({"ann": 3, "": 2})
    playlist_page.open()
    playlist_page.drop("Reckoning.csv", invented.bare_file(tracks))
    playlist_page.wait_for_map(len(tracks))
    expect(playlist_page.uploads.locator(".tm-counts")).to_contain_text("5 tracks: ")
    expect(playlist_page.people.last).to_contain_text("Not known who")

    page.get_by_role("link", name="All playlists").click()
    row = page.get_by_role("listitem").filter(has_text="Reckoning")
    expect(row.last).to_contain_text("5 tracks")
    expect(row.last.get_by_role("img", name=re.compile("^Mood: "))).to_be_visible()
    page.get_by_role("button", name="Delete Reckoning").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_role("link", name="Reckoning")).to_have_count(0)
    expect(page.get_by_role("heading", name="Playlists here")).to_be_focused()
    expect_accessible(page)


def test_the_address_carries_axes_and_people(playlist_page: PlaylistPage, page: Page) -> None:
    tracks = invented.rows(PEOPLE)
    playlist_page.open()
    playlist_page.drop("Axes.csv", invented.bare_file(tracks))
    playlist_page.wait_for_map(len(tracks))
    playlist_page.choose_axes("Tempo", "Date added")
    playlist_page.people.nth(1).click()
    expect(page).to_have_url(re.compile("x=tempo&y=added_at&hide=2"))

    page.reload()
    playlist_page.expect_markers(len(tracks) - 7)
    expect(page.get_by_label("Across")).to_have_value("tempo")
    expect(playlist_page.people.nth(1)).to_have_attribute("aria-pressed", "false")


def test_map_and_table_are_linked_by_mouse_and_keyboard(playlist_page: PlaylistPage, page: Page) -> None:
    tracks = invented.rows(PEOPLE)
    playlist_page.open()
    playlist_page.drop("Linked.csv", invented.bare_file(tracks))
    playlist_page.wait_for_map(len(tracks))

    playlist_page.rows.nth(2).hover()
    expect(page.locator(".tm-tip")).to_contain_text(tracks[2].title)
    page.get_by_placeholder("Filter by title").fill(tracks[0].title)
    expect(playlist_page.rows).to_have_count(1)
    page.get_by_placeholder("Filter by title").fill("")

    playlist_page.map.focus()
    page.keyboard.press("Home")
    expect(page.locator(".tm-selected")).to_contain_text(tracks[0].title)
    expect(page.locator("tr.is-chosen")).to_contain_text(tracks[0].title)
    page.keyboard.press("ArrowRight")
    expect(page.locator(".tm-selected")).not_to_contain_text(tracks[0].title)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/track/"))


def test_other_files_are_named_and_several_playlists_come_from_one(playlist_page: PlaylistPage, page: Page) -> None:
    playlist_page.open()
    page.get_by_text("Other files it reads").click()
    expect(page.get_by_text("Library.xml")).to_be_visible()
    lists = {f"Shelf {shelf}": invented.rows({f"shelf{shelf}": 3}) for shelf in "AB"}
    playlist_page.drop("Playlist1.json", invented.account_file(lists))
    expect(page).to_have_url(re.compile(r"/playlist/."))
    expect(playlist_page.uploads).to_have_attribute("data-state", "done")
    page.get_by_role("link", name="All playlists").click()
    for name in lists:
        expect(page.get_by_role("listitem").filter(has_text=name).last).to_contain_text("3 tracks")


def test_several_files_at_once_belong_to_one_browser_and_do_not_pile_up(
    playlist_page: PlaylistPage, page: Page
) -> None:
    playlist_page.open()
    files = {f"Pile {number}.csv": invented.bare_file(invented.rows({"ann": 2 + number})) for number in range(6)}
    playlist_page.drop_all({"broken.csv": "\x89PNG not a table"} | files)
    for number in range(6):
        expect(page.get_by_role("link", name=f"Pile {number}")).to_be_visible()
    expect(playlist_page.uploads).to_have_count(5)  # the failed one and four of those that went well
    expect(playlist_page.uploads.first).to_contain_text("broken.csv")
    page.get_by_role("link", name="Pile 5").click()
    expect(playlist_page.uploads).to_have_count(1)
    page.get_by_role("button", name="Put broken.csv away").click()
    expect(playlist_page.uploads).to_have_count(0)


def test_a_pasted_list_of_links_is_a_playlist(playlist_page: PlaylistPage, page: Page) -> None:
    playlist_page.open()
    expect(page.get_by_role("heading", level=2, name="Drop a playlist here")).to_be_visible()
    playlist_page.paste("".join(f"spotify:track:{number:022d}\n" for number in (7, 8)))
    expect(playlist_page.uploads.last).to_have_attribute("data-state", "done")
    expect(playlist_page.uploads.last).to_contain_text("Pasted list")


def test_what_cannot_be_read_is_said(playlist_page: PlaylistPage, watch: Watch) -> None:
    watch.allow("Failed to load resource")
    playlist_page.open()
    playlist_page.drop("holiday.csv", "\x89PNG\r\n\x1a\n\x00\x00\x00 not a table")
    expect(playlist_page.uploads.get_by_role("alert")).to_be_visible()
    expect(playlist_page.uploads).to_have_attribute("data-state", "failed")
    expect(playlist_page.uploads.get_by_role("button", name="Correct the columns")).to_have_count(0)
    playlist_page.page.get_by_role("button", name="Put holiday.csv away").press("Enter")
    expect(playlist_page.page.get_by_role("button", name="Choose files")).to_be_focused()
    playlist_page.open("nosuchplaylist")
    expect(playlist_page.page.get_by_role("alert").last).to_contain_text("Nothing found")


@pytest.mark.shared
def test_a_real_collaborative_file(playlist_page: PlaylistPage) -> None:
    data = Path(os.environ.get("TASTEMAP_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data")
    file = data / "exportify" / "collab_0202.csv"
    if not file.exists():
        pytest.skip(f"needs {file.name} in the shared data (TASTEMAP_DATA)")
    playlist_page.open()
    playlist_page.drop(file.name, file.read_text(encoding="utf-8"))
    playlist_page.wait_for_map(50)
    expect(playlist_page.people).to_have_count(3)
    for person in playlist_page.people.all():
        assert playlist_page.pixels(playlist_page.colour(person)) > 50


def test_a_playlist_is_taken_out_by_mouse_and_keyboard(playlist_page: PlaylistPage, page: Page) -> None:
    tracks = invented.rows(PEOPLE)
    playlist_page.open()
    playlist_page.drop("Taken out.csv", invented.bare_file(tracks))
    playlist_page.wait_for_map(len(tracks))

    menu = page.locator("details.tm-export", has=page.locator("summary", has_text="Export"))
    summary = menu.locator("summary")
    summary.click()
    links = menu.locator("ul").get_by_role("link")
    expect(links).to_have_count(len(FORMATS))
    page.locator("footer").click(position={"x": 2, "y": 2})  # which cannot take the focus
    expect(links.first).not_to_be_visible()
    summary.click()
    for one in FORMATS.values():
        link = menu.get_by_role("link", name=re.compile(rf"^{one.label} "))
        expect(link).to_contain_text(one.purpose)
        with page.expect_download() as started:
            link.click()
        assert started.value.suggested_filename == f"Taken out{one.ending}"
        assert Path(started.value.path()).stat().st_size > 100

    page.keyboard.press("Escape")
    expect(links.first).not_to_be_visible()
    expect(summary).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(links.first).to_be_focused()
    with page.expect_download() as started:
        page.keyboard.press("Enter")
    lines = Path(started.value.path()).read_text(encoding="utf-8").splitlines()
    assert len(lines) == len(tracks) + 1
    assert lines[1].startswith("spotify:track:")


def test_columns_that_nobody_knows_are_asked_for_and_can_be_corrected(playlist_page: PlaylistPage, page: Page) -> None:
    playlist_page.open()
    playlist_page.drop("Kantoj.csv", "Kanto,Artisto\nWaterloo,ABBA\nInnuendo,Queen\n")
    card = playlist_page.uploads.last
    expect(card).to_contain_text("Say which ones they are")
    expect(card.get_by_role("button", name="Import", exact=True)).to_be_disabled()
    card.get_by_label("Kanto is read as").select_option("artist")
    card.get_by_label("Artisto is read as").select_option("title")
    expect(card.locator("ol")).to_contain_text("ABBA – Waterloo")
    expect_accessible(page)
    card.get_by_role("button", name="Import", exact=True).click()
    expect(page).to_have_url(re.compile(r"/playlist/."))
    expect(playlist_page.rows.first).to_contain_text("ABBA")

    card.get_by_text("Details").click()
    card.get_by_role("button", name="Correct the columns").click()
    card.get_by_label("Kanto is read as").select_option("title")
    card.get_by_label("Artisto is read as").select_option("artist")
    expect(card.locator("ol")).to_contain_text("Waterloo – ABBA")
    card.get_by_role("button", name="Import", exact=True).click()
    expect(card).to_contain_text("2 tracks: 2 new")
    expect(playlist_page.rows.first.get_by_role("link")).to_have_text("Waterloo")
