"""Which online services may be used: the first start, the switches, and what a failing source looks like."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Watch
from tests.browser.pages import KEYLESS, SettingsPage, TrackPage, expect_accessible, faults
from tests.fake_services.faults import garbage, limited
from tests.fake_services.fixtures import FakeServices

pytestmark = pytest.mark.browser

QUESTION = "Look things up online?"


def test_the_first_start_asks_once_and_nothing_is_sent_before(
    page: Page, fresh_app: str, fresh_services: FakeServices
) -> None:
    before = fresh_services.request_count()
    watch = Watch(page, fresh_app)
    track_page = TrackPage(page, fresh_app).open()
    question = page.get_by_role("region", name=QUESTION)
    expect(track_page.box).to_be_focused()
    expect(question).to_have_count(0)  # there is nothing to look up yet
    track_page.ask("Marble Foxes Glass Tide")
    expect(question.get_by_role("button")).to_have_text(["Yes", "Choose", "No"])
    assert fresh_services.request_count() == before

    expect_accessible(page)
    question.get_by_role("button", name="Choose").click()
    expect(question.get_by_role("checkbox").first).to_be_focused()
    expect_accessible(page)
    page.keyboard.press("Escape")
    expect(question).to_have_count(0)
    expect(page.locator("main")).to_be_focused()
    track_page.open()
    page.reload()
    expect(track_page.box).to_be_visible()
    expect(question).to_have_count(0)

    page.get_by_role("link", name="Settings", exact=True).click()
    question.get_by_role("button", name="Choose").click()
    question.get_by_role("checkbox", name="iTunes").uncheck()
    question.get_by_role("button", name=f"Allow {len(KEYLESS) - 1} services").click()
    outcome = page.get_by_role("status").filter(has_text="Used from now on")
    expect(outcome).to_be_focused()
    expect(outcome).not_to_contain_text("iTunes")
    for name in KEYLESS:
        switch = page.locator(f"[data-source={name}]").get_by_role("switch")
        expect(switch).to_be_checked(checked=name != "itunes")
    assert fresh_services.request_count() == before

    track_page.open().ask("Marble Foxes Glass Tide")
    expect(page.locator(".tm-notes")).to_contain_text("sources")
    assert fresh_services.request_count() > before
    assert not fresh_services.itunes.requests
    assert watch.problems() == []


def test_a_source_is_switched_and_told_of(settings_page: SettingsPage, page: Page) -> None:
    settings_page.let_ask([])
    settings_page.open()
    expect(page.get_by_role("region", name=QUESTION)).to_have_count(0)
    deezer = settings_page.source("deezer")
    expect(deezer.locator(".tm-state")).to_have_text(re.compile("Off"))
    deezer.get_by_role("switch", name="Deezer").focus()
    page.keyboard.press("Space")
    expect(deezer.locator(".tm-state")).to_contain_text("Ready")
    page.reload()
    expect(deezer.get_by_role("switch")).to_be_checked()

    deezer.locator("summary").click()
    for said in ("network address", "non-commercial"):
        expect(deezer).to_contain_text(said)
    deezer.get_by_role("button", name="Forget its answers").click()
    expect(deezer.get_by_role("status")).to_contain_text("is forgotten")
    spotify = settings_page.source("spotify")
    expect(spotify.locator(".tm-state")).to_contain_text("Off")


def test_the_operator_may_have_settled_it(track_page: TrackPage, page: Page) -> None:
    track_page.open("/settings")
    expect(page.get_by_text("TASTEMAP_SOURCES")).to_be_visible()
    expect(page.get_by_role("switch").first).to_be_disabled()
    expect(page.get_by_role("region", name=QUESTION)).to_have_count(0)


def test_a_source_that_fails_is_named_with_when_it_comes_back(
    settings_page: SettingsPage, page: Page, healed: FakeServices
) -> None:
    settings_page.let_ask(KEYLESS)
    healed.itunes.fail(limited(3600), times=None)
    track_page = TrackPage(page, settings_page.address).open()
    track_page.ask("Orla Quintet Blue Umbrella")
    fault = page.locator(".tm-fault[data-source=itunes]")
    expect(fault).to_contain_text(re.compile(r"Tried again after (tomorrow )?\d\d:\d\d"))
    expect(track_page.genre).to_be_visible()
    expect(page.locator(".tm-result[aria-busy=false]")).to_be_visible()
    page.locator(".tm-notes summary").click()
    expect_accessible(page)

    settings_page.open()
    state = settings_page.source("itunes").locator(".tm-state")
    expect(state).to_contain_text(re.compile(r"Waiting until (tomorrow )?\d\d:\d\d"))


def test_a_state_is_fresh_on_return_to_the_page(page: Page, fresh_app: str, fresh_services: FakeServices) -> None:
    watch = Watch(page, fresh_app)
    settings_page = SettingsPage(page, fresh_app, watch.allow)
    settings_page.let_ask(["itunes"])
    settings_page.open()
    state = settings_page.source("itunes").locator(".tm-state")
    expect(state).to_contain_text("Not used yet")
    fresh_services.itunes.fail(limited(3600), times=None)
    assert page.request.get(f"{fresh_app}/genre-predict?q=Orla Quintet Blue Umbrella").ok
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(state).to_contain_text("Waiting until")
    assert watch.problems() == []


def test_the_settings_are_for_everybody(settings_page: SettingsPage, page: Page) -> None:
    settings_page.let_ask(KEYLESS)
    found = []
    for part, ready in (
        ("online", ".tm-source"),
        ("spotify", ".tm-step"),
        ("gather", ".tm-runs .tm-empty, .tm-runs .tm-upload"),
        ("health", ".tm-area"),
        ("privacy", ".tm-privacy-delete"),
    ):
        settings_page.open(part)
        expect(page.locator(ready).first).to_be_visible()
        for summary in page.locator("main summary").all():
            summary.click()
        found += faults(page)
    assert not found, "\n".join(found)


def test_the_checks_say_what_is_wrong_and_what_to_do(
    settings_page: SettingsPage, page: Page, healed: FakeServices
) -> None:
    settings_page.let_ask(["listenbrainz", "reccobeats"])
    healed.reccobeats.fail(garbage(), times=None)
    settings_page.open("health")
    page.get_by_role("button", name="Check again").click()
    expect(page.get_by_role("status").filter(has_text="Online services checked")).to_contain_text("broken")
    area = page.locator("[data-area=reccobeats]")
    expect(area).to_have_attribute("open", "")
    expect(area.locator(".tm-check.is-fault").first).to_contain_text("cannot be read")
    expect(page.locator("[data-area=listenbrainz]")).to_contain_text("fine")
