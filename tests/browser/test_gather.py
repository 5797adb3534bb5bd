"""Fetching for a playlist and gathering in general: started, followed to the reckoning, and cancelled, in the page."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import invented
from tests.browser.pages import KEYLESS, PlaylistPage, SettingsPage, TrackPage
from tests.fake_services.faults import replying, slow
from tests.fake_services.fixtures import FakeServices

pytestmark = pytest.mark.browser


def songs(services: FakeServices, count: int) -> str:
    """A file of songs that the fakes know, without their sound."""
    known = [song for song in services.world.songs[3:] if not song.absent][:count]  # the first has a false twin
    rows = [f'spotify:track:{song.spotify},"{song.title}","{song.artist.name}",ann' for song in known]
    return "\n".join(["Track URI,Track Name,Artist Name(s),Added By", *rows]) + "\n"


def test_what_sources_know_of_a_playlist_is_fetched_though_one_fails(
    settings_page: SettingsPage, page: Page, healed: FakeServices
) -> None:
    settings_page.let_ask(["deezer", "reccobeats"])
    healed.reccobeats.fail(replying(403), times=None, path="/v1/track/recommendation")
    playlist_page = PlaylistPage(page, settings_page.address).open()
    playlist_page.drop("Unheard.csv", songs(healed, 4))
    expect(page).to_have_url(re.compile(r"/playlist/."))
    expect(playlist_page.uploads.last).to_have_attribute("data-state", "done")
    page.get_by_role("button", name="Put Unheard.csv away").click()
    expect(playlist_page.rows).to_have_count(4)

    page.locator("summary", has_text="Fetch").click()
    menu = page.locator(".tm-export[open]")
    for what in ("How they sound", "Genres", "Recommendations"):
        expect(menu.get_by_role("checkbox", name=what)).to_be_checked()
    menu.get_by_role("button", name="Fetch").click()
    card = settings_page.run("What sources know of")
    expect(card).to_have_attribute("data-state", "done")
    card.get_by_text("By source").click()
    expect(card.get_by_role("row").filter(has_text="Deezer").first).to_be_visible()
    expect(card.get_by_role("listitem").filter(has_text="ReccoBeats, similar tracks:")).to_be_visible()
    playlist_page.expect_markers(4)
    card.get_by_role("button", name=re.compile("^Put .* away")).click()
    expect(card).to_have_count(0)

    page.locator(".tm-table a").first.click()
    fetched = page.locator(".tm-fetched").first
    expect(fetched).to_contain_text("recommends")
    fetched.get_by_role("listitem").first.get_by_role("link").click()
    story = page.get_by_role("region", name="How we got here")
    expect(story).to_contain_text("Unheard")
    expect(story.get_by_role("listitem")).not_to_have_count(0)


def test_without_a_source_there_is_nobody_to_fetch_from(playlist_page: PlaylistPage, page: Page) -> None:
    playlist_page.open()
    playlist_page.drop("Offline.csv", invented.bare_file(invented.rows({"ann": 3})))
    playlist_page.wait_for_map(3)
    page.locator("summary", has_text="Fetch").click()
    page.get_by_role("link", name="Choose online services").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Settings")


def test_a_harvest_ends_with_its_reckoning(settings_page: SettingsPage, page: Page) -> None:
    settings_page.let_ask(["deezer"])
    settings_page.open("gather")
    form = page.get_by_role("form", name="Bulk search")
    form.get_by_label("From", exact=True).select_option(label="Deezer")
    form.get_by_label("Terms").fill("2")
    form.get_by_role("button", name="Start the search").click()
    card = page.locator(".tm-runs .tm-upload").first
    expect(card).to_have_attribute("data-state", "done")
    expect(card.locator(".tm-counts")).to_contain_text("requested")
    expect(page.locator(".tm-status")).to_contain_text(re.compile(r"\d+ tracks? in the catalogue"))


def test_a_run_is_cancelled(settings_page: SettingsPage, page: Page, healed: FakeServices) -> None:
    settings_page.let_ask(["itunes", "musicbrainz"])
    healed.musicbrainz.fail(slow(30), times=None)
    settings_page.open("gather")
    form = page.get_by_role("form", name="As many of each genre")
    form.get_by_label("Genres").fill("jazz")
    form.get_by_label("Tracks of each").fill("5")
    form.get_by_role("button", name="Gather the set").click()
    card = page.locator(".tm-runs .tm-upload").first
    card.get_by_role("button", name="Cancel").click()
    expect(card).to_have_attribute("data-state", "cancelled")
    expect(card.get_by_role("button", name="Cancel")).to_have_count(0)


def test_thirty_seconds_are_requested_only_when_pressed(
    settings_page: SettingsPage, page: Page, services: FakeServices
) -> None:
    settings_page.let_ask(KEYLESS)
    track_page = TrackPage(page, settings_page.address).open()
    track_page.ask("Hazel Brookfield Hedgerow")
    asked: list[str] = []
    # The fake names itself; in the net it is Deezer's own server, which the policy lets through.
    elsewhere = "https://cdnt-preview.dzcdn.net/stream/1.mp3"

    def moved(route: object) -> None:
        answer = route.fetch()  # type: ignore[attr-defined]
        asked.append(answer.json()["url"])
        route.fulfill(response=answer, json={**answer.json(), "url": elsewhere})  # type: ignore[attr-defined]

    page.route("**/api/tracks/*/preview", moved)
    page.route(elsewhere, lambda route: route.fulfill(content_type="audio/mpeg", body=b""))
    settings_page.allow(elsewhere)
    with page.expect_request(elsewhere):
        page.get_by_role("button", name="Play 30 seconds").click()
        expect(page.get_by_role("region", name="Player")).to_contain_text("Hedgerow")
    assert asked[0].startswith(services.deezer.url)
