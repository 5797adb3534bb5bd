"""Connecting Spotify through its page, importing a collaborative playlist, writing one back, and leaving."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import invented
from tests.browser.pages import PlaylistPage, SettingsPage
from tests.fake_services.fixtures import FakeServices
from tests.fake_services.spotify_state import row

pytestmark = pytest.mark.browser


@pytest.fixture
def shared_list(services: FakeServices) -> str:
    songs = [song for song in services.world.songs if "spotify" not in song.absent][:5]
    rows = [row(song, "otto" if number % 2 else "wanda") for number, song in enumerate(songs)]
    services.spotify_state.lists.clear()
    return services.spotify_state.add_list("Kitchen duty", "wanda", rows, collaborators={"otto"}).name


def test_connect_bring_in_name_write_back_and_leave(
    settings_page: SettingsPage, page: Page, services: FakeServices, shared_list: str
) -> None:
    for service in (services.spotify_accounts, services.spotify):
        settings_page.allow(service.url)
    settings_page.let_ask([], spotify={"client_id": ""})
    settings_page.open("spotify")
    expect(page.get_by_label("Redirect address")).to_have_value(re.compile(r"^http://127\.0\.0\.1:\d+/callback$"))
    connect = page.get_by_role("button", name="Connect Spotify")
    expect(connect).to_be_disabled()
    # What may stay empty is folded away.
    expect(page.get_by_label("Client secret")).to_be_hidden()
    page.get_by_text("More settings").press("Enter")
    expect(page.get_by_label("Client secret")).to_be_visible()
    page.get_by_label("Client ID").fill(services.spotify_state.app.client_id)
    page.get_by_role("button", name="Save").click()
    connect.click()

    expect(page.get_by_role("heading", name="Connected as Wanda W.")).to_be_visible()
    expect(page).to_have_url(re.compile("/settings/spotify$"))
    expect(page.get_by_text("six months")).to_be_visible()
    page.get_by_role("checkbox", name=shared_list).check()
    page.get_by_role("button", name="Import this one").click()
    card = settings_page.run(shared_list)
    expect(card).to_have_attribute("data-state", "done")
    card.get_by_role("link", name="Open the map").click()

    playlist_page = PlaylistPage(page, settings_page.address)
    expect(playlist_page.people).to_have_count(2)
    page.get_by_role("button", name="Name and colour of wanda").click()
    page.get_by_label("Name", exact=True).fill("Wanda")
    page.keyboard.press("Enter")
    expect(playlist_page.people.first).to_contain_text("Wanda")

    page.locator("summary", has_text="Export").click()
    page.get_by_role("button", name="write it to your account").click()
    page.get_by_label("Name on Spotify").fill("Kitchen duty, kept")
    settings_page.allow("Failed to load resource")  # Spotify has to be asked for that permission first
    page.get_by_role("button", name="Write to Spotify").click()
    page.get_by_role("button", name="Agree at Spotify").click()
    expect(page).to_have_url(re.compile("/playlist/"))
    page.locator("summary", has_text="Export").click()
    page.get_by_role("button", name="write it to your account").click()
    page.get_by_label("Name on Spotify").fill("Kitchen duty, kept")
    page.get_by_role("button", name="Write to Spotify").click()
    expect(page.get_by_text("5 tracks are on Spotify now")).to_be_visible()
    [kept] = [playlist for playlist in services.spotify_state.lists.values() if playlist.name == "Kitchen duty, kept"]
    there = page.locator(".tm-write").get_by_role("link", name="Open it")
    expect(there).to_have_attribute("href", f"https://open.spotify.com/playlist/{kept.id}")

    settings_page.open("spotify")
    page.get_by_role("button", name="Disconnect", exact=True).click()
    told = page.get_by_role("group", name="Disconnect from Spotify")
    expect(told).to_contain_text("This deletes the login and what came with it: the playlists you imported")
    page.get_by_role("button", name="Disconnect and delete").click()
    expect(connect).to_be_enabled()
    assert page.request.get(f"{settings_page.address}/api/playlists").json()["playlists"] == []  # as it said


def test_somebody_who_does_not_agree_is_told(settings_page: SettingsPage, page: Page, services: FakeServices) -> None:
    settings_page.allow(services.spotify_accounts.url)
    settings_page.let_ask(["spotify"], spotify={"client_id": services.spotify_state.app.client_id})
    settings_page.open("spotify")
    services.spotify_state.agrees = False
    page.get_by_role("button", name="Connect Spotify").click()
    expect(page.locator(".tm-note.is-warning")).to_be_visible()
    services.spotify_state.agrees = True
    expect(page.get_by_role("button", name="Connect Spotify")).to_be_enabled()


def test_without_spotify_the_export_says_how_to_connect(playlist_page: PlaylistPage, page: Page) -> None:
    playlist_page.open()
    playlist_page.drop("Not there.csv", invented.bare_file(invented.rows({"ann": 3})))
    playlist_page.wait_for_map(3)
    page.locator("summary", has_text="Export").click()
    page.get_by_role("link", name="Connect it").click()
    expect(page.get_by_role("heading", name="Register this Tastemap at Spotify")).to_be_visible()
