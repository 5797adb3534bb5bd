"""Type a track, read its genre and the reasons, follow what goes with it, and come back."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import invented
from tests.browser.conftest import Watch
from tests.browser.pages import PlaylistPage, TrackPage, expect_accessible, faults

pytestmark = pytest.mark.browser


def test_an_empty_install_answers_from_the_names(page: Page, empty_app: str) -> None:
    watch = Watch(page, empty_app)
    track_page = TrackPage(page, empty_app).open()
    expect(page.locator(".tm-welcome")).to_contain_text("Nothing has been imported yet")
    track_page.ask("Metallica Enter Sandman")
    note = page.locator(".tm-genre").get_by_text("No audio features are known for this track.", exact=True)
    expect(note).to_be_visible()
    expect(track_page.bars).to_have_count(5)
    page.locator(".tm-genre-details > summary").click()
    expect(page.locator(".tm-whygroups > div").first).to_contain_text("The artist is known for")
    expect(page.get_by_role("heading", name="Similar artists")).to_be_visible()
    expect(track_page.cards.first).to_be_visible()
    assert watch.problems() == []


def test_the_key_that_goes_to_the_search_is_no_part_of_what_is_typed(page: Page, empty_app: str) -> None:
    track_page = TrackPage(page, empty_app).open()
    expect(track_page.box).to_be_focused()
    page.keyboard.type("/abba")
    expect(track_page.box).to_have_value("abba")
    page.keyboard.type("/x")
    expect(track_page.box).to_have_value("abba/x")


TYPED_EARLY = """new MutationObserver((_, watch) => {
  const box = document.getElementById('search')
  if (!box) return
  watch.disconnect()
  box.value = 'Metallica One'
  box.focus()
  box.setSelectionRange(2, 5)
}).observe(document, { childList: true, subtree: true })"""


PLACE = "(box) => { const { x, y, height } = box.getBoundingClientRect(); return [x, y, height] }"


def test_the_box_of_the_first_html_works_without_a_script_and_hands_on_what_was_typed(
    page: Page, live_app: str
) -> None:
    script = re.compile(r"/assets/main-.*\.js")
    page.route(script, lambda route: route.abort())
    page.goto(live_app)
    box = page.locator("#search")
    place = box.evaluate(PLACE)
    box.fill("Daft Punk & co")
    box.press("Enter")
    expect(page).to_have_url(f"{live_app}/track?q=Daft+Punk+%26+co")

    page.unroute(script)
    page.add_init_script(TYPED_EARLY)
    track_page = TrackPage(page, live_app).open()
    expect(track_page.box).to_have_value("Metallica One")
    expect(track_page.box).to_be_focused()
    assert track_page.box.evaluate("(box) => [box.selectionStart, box.selectionEnd]") == [2, 5]
    expect(track_page.options.last).to_contain_text("Metallica One")
    assert track_page.box.evaluate(PLACE) == place, "the page stays where it is"


def test_a_view_whose_script_cannot_be_fetched_says_so_and_is_reloaded(page: Page, live_app: str) -> None:
    TrackPage(page, live_app).open()
    script = re.compile(r"/assets/LibraryView-.*\.js")
    page.route(script, lambda route: route.abort())
    page.get_by_role("navigation").get_by_role("link", name="Library").first.click()
    notice = page.get_by_role("alert")
    expect(notice).to_contain_text("This page could not be fetched")
    expect(page.locator("#search")).to_be_visible()
    assert faults(page) == []
    page.unroute(script)
    notice.get_by_role("button", name="Reload").click()
    expect(page).to_have_url(f"{live_app}/library")
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_be_visible()

    part = re.compile(r"/assets/GenresPart-.*\.js")
    page.route(part, lambda route: route.abort())
    page.get_by_role("link", name="Genres", exact=True).click()
    expect(notice).to_contain_text("This page could not be fetched")
    page.unroute(part)
    notice.get_by_role("button", name="Reload").click()
    expect(page.get_by_role("button", name="Place it")).to_be_visible()


@pytest.fixture
def with_tracks(playlist_page: PlaylistPage, brought: dict[str, Any]) -> list[invented.Invented]:
    """28 invented tracks that came in through the page."""
    return bring_tracks(playlist_page, brought)


def bring_tracks(playlist_page: PlaylistPage, brought: dict[str, Any]) -> list[invented.Invented]:
    tracks = invented.rows({"ann": 14, "bo": 14})
    playlist_page.bring_once(brought, "For the track view.csv", invented.bare_file(tracks), len(tracks))
    return tracks


def test_search_genre_recommendation_and_back(
    with_tracks: list[invented.Invented], track_page: TrackPage, page: Page
) -> None:
    wanted = with_tracks[3]
    track_page.open()
    track_page.type(wanted.title.lower())
    expect(track_page.options.first).to_contain_text(wanted.title)
    track_page.box.press("ArrowDown")
    expect(track_page.options.first).to_have_attribute("aria-selected", "true")
    track_page.box.press("Enter")

    expect(track_page.heading).to_have_text(wanted.title)
    expect(track_page.heading).to_be_focused()
    expect(page).to_have_url(re.compile(f"/track/{wanted.id}"))
    expect(track_page.bars).to_have_count(5)
    expect(page.locator(".tm-slider-ends")).to_have_count(13)

    page.locator(".tm-genre-details > summary").click()
    expect(page.locator(".tm-effect").first).to_contain_text(re.compile("speaks .*(for|against)"))
    expect(page).to_have_url(re.compile("details=yes"))
    expect(track_page.bars.first).to_be_visible()
    card = track_page.cards.first
    expect(card.locator(".tm-row-why")).not_to_be_empty()
    followed = card.locator(".tm-card-title").inner_text()
    card.locator("summary").click()
    expect(card.locator("table")).to_be_visible()
    card.locator(".tm-card-title").click()
    expect(track_page.heading).to_have_text(followed)
    expect(track_page.trail.get_by_role("link")).to_have_text([wanted.title])

    page.go_back()
    expect(track_page.heading).to_have_text(wanted.title)
    expect(track_page.trail).to_have_count(0)


def test_similar_artists_stand_beside_the_tracks_by_their_number_and_open(
    with_tracks: list[invented.Invented], track_page: TrackPage, page: Page
) -> None:
    track_page.open("/track?track=Enter+Sandman&artist=Metallica")
    expect(page.locator(".tm-picks .tm-row").first).to_be_visible()
    row = page.get_by_role("region", name="Similar artists")
    expect(row.get_by_role("link")).to_have_count(10)
    numbers = [int(text.split()[-1]) for text in row.locator(".tm-score").all_inner_texts()]
    assert numbers == sorted(numbers, reverse=True)
    expect(row.locator(".tm-artistrow-why").first).to_have_text(re.compile("playlists|shares"))
    expect_accessible(page)
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") == 360, "the row scrolls by itself"
    first = row.get_by_role("link").first
    name = first.locator(".tm-artistrow-name").inner_text()
    first.press("Enter")
    expect(track_page.heading).to_have_text(name)
    expect(page.get_by_role("region", name="Similar artists")).not_to_contain_text(name)


def test_the_list_and_the_map_stand_beside_the_genre_above_the_fold(
    with_tracks: list[invented.Invented], track_page: TrackPage, page: Page
) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    track_page.open(f"/track/{with_tracks[0].id}")
    expect(page.locator(".tm-picks .tm-row").first).to_be_visible()
    for width in (1440, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        expect(page.locator(".tm-nearmap")).to_be_in_viewport(ratio=0.99)
        expect(page.locator(".tm-picks .tm-row").nth(3)).to_be_in_viewport(ratio=0.99)
        tops = {
            round(box["y"]) for one in page.locator(".tm-trackactions .button").all() if (box := one.bounding_box())
        }
        assert len(tops) == 1, f"what one does with a track stands in one line at {width}"


def test_knobs_change_what_is_recommended_and_why_and_are_kept(
    with_tracks: list[invented.Invented], track_page: TrackPage, page: Page
) -> None:
    track_page.open(f"/track/{with_tracks[0].id}")
    titles = page.locator(".tm-picks .tm-card-title")
    reasons = page.locator(".tm-picks .tm-row").first.locator(".tm-row-more")
    expect(titles).to_have_count(10)
    usual = titles.all_inner_texts()
    knobs = page.locator(".tm-knobs")
    knobs.locator("summary").click()
    tempo = knobs.get_by_label("Tempo")
    for kind in ("Similar artists", "Genres", "Popularity"):
        knobs.get_by_label(kind).fill("0")
    tempo.fill("5")
    expect(reasons.first).to_contain_text("tempo")
    expect(titles).not_to_have_text(usual)
    expect(page.get_by_text("Same artist", exact=True)).to_have_count(0)
    by_tempo = titles.all_inner_texts()

    page.reload()
    expect(knobs.locator("summary")).to_have_text("What counts (changed)")
    expect(titles).to_have_text(by_tempo)
    knobs.locator("summary").click()
    expect(tempo).to_have_value("5")
    page.get_by_role("button", name="Default weights").click()
    expect(titles).to_have_text(usual)


def test_the_method_is_chosen_and_stays_in_the_address(
    with_tracks: list[invented.Invented], track_page: TrackPage, page: Page
) -> None:
    track_page.open(f"/track/{with_tracks[3].id}")
    close = page.locator("[data-part=close]")
    expect(close.get_by_role("heading", name="Goes well with it")).to_be_visible()
    page.get_by_role("radio", name="Sound").check(force=True)
    expect(page).to_have_url(re.compile(r"method=sound"))
    expect(page.get_by_text("By the audio features alone")).to_be_visible()
    expect(page.locator(".tm-picks[aria-busy=false] .tm-row").first).to_be_visible()
    expect(page.locator(".tm-knobs")).to_be_visible()
    page.get_by_role("radio", name="Families").check(force=True)
    expect(page.locator(".tm-picks .tm-row-by").first).to_contain_text("cluster")
    expect(page.locator(".tm-knobs")).to_have_count(0)
    expect(page.get_by_role("radio", name="Timbre")).to_have_count(0)  # nothing was analysed here
    page.reload()
    expect(page.get_by_role("radio", name="Families")).to_be_checked()
    expect(page.locator(".tm-genre-family")).to_contain_text(re.compile("famil"))


def test_where_nobody_knows_the_artist_likely_microgenres_are_told(
    track_page: TrackPage, page: Page, watch: Watch
) -> None:
    watch.allow("Failed to load resource")  # a title alone is too little to recommend by
    track_page.open("/track?q=Blasphemous%20Grave%20Frost%20Metal")
    expect(page.locator(".tm-genre-perhaps")).to_contain_text("Perhaps also")
    expect(page.locator(".tm-genre-perhaps .tag").first).to_contain_text(re.compile(r"metal, \d+\s%"))
    expect(page.locator(".tm-note.is-warning")).to_contain_text("less certain")
    expect(page.locator(".tm-genre .tm-facts")).to_contain_text(re.compile(r"On playlists of\s*rock \d+\s%"))


def test_escape_and_arrow_keys_in_the_search_box(with_tracks: list[invented.Invented], track_page: TrackPage) -> None:
    track_page.open()
    track_page.type("harbour")
    expect(track_page.box).to_have_attribute("aria-expanded", "true")
    track_page.box.press("ArrowUp")
    expect(track_page.options.last).to_have_attribute("aria-selected", "true")
    expect(track_page.options.last).to_contain_text("as typed")
    track_page.box.press("Escape")
    expect(track_page.box).to_have_attribute("aria-expanded", "false")
    expect(track_page.box).to_have_value("harbour")
    track_page.box.press("Escape")
    expect(track_page.box).to_have_value("")


def test_an_unknown_track_is_said_to_be_unknown(track_page: TrackPage, watch: Watch) -> None:
    watch.allow("Failed to load resource")
    track_page.open("/track/0000000000000000000000")
    notice = track_page.page.get_by_role("alert")
    expect(notice).to_contain_text("Nothing found")
    expect(notice).to_have_attribute("data-code", "not_found")


def test_spotify_is_contacted_only_on_request(
    with_tracks: list[invented.Invented], track_page: TrackPage, page: Page, watch: Watch
) -> None:
    page.route("https://open.spotify.com/**", lambda route: route.fulfill(body="<title>player</title>"))
    track_page.open(f"/track/{with_tracks[0].id}")
    button = page.get_by_role("button", name="Listen on Spotify")
    expect(button).to_be_visible()
    assert watch.problems() == []
    watch.allow("open.spotify.com")
    button.click()
    source = f"https://open.spotify.com/embed/track/{with_tracks[0].id}"
    expect(page.locator("iframe.tm-player")).to_have_attribute("src", source)


def test_never_again_undone_and_a_track_put_into_a_new_playlist(
    playlist_page: PlaylistPage, track_page: TrackPage, page: Page
) -> None:
    tracks = bring_tracks(playlist_page, {})  # of an owner of its own: what it says is kept
    track_page.open(f"/track/{tracks[0].id}")
    titles = page.locator(".tm-picks .tm-row .tm-card-title")
    expect(titles.first).to_be_visible()
    unwanted = titles.first.inner_text()
    page.get_by_role("button", name=f"Never again: {unwanted}").click()
    expect(page.get_by_role("heading", name="What goes with it")).to_be_focused()
    expect(titles.filter(has_text=unwanted)).to_have_count(0)
    page.reload()
    expect(titles.first).to_be_visible()
    expect(titles.filter(has_text=unwanted)).to_have_count(0)
    other = titles.first.inner_text()
    page.get_by_role("button", name=f"Never again: {other}").click()
    page.get_by_role("button", name="Undo").click()
    expect(titles.filter(has_text=other)).to_have_count(1)

    page.get_by_role("button", name=f"Add {other} to a playlist").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("A new playlist").fill("For the evening")
    dialog.get_by_role("button", name="Make it").click()
    expect(dialog.get_by_role("button", name="Done")).to_be_focused()
    dialog.get_by_role("link", name="For the evening").click()
    expect(page).to_have_url(re.compile("/playlist/."))
    page.get_by_role("link", name="Tracks", exact=True).click()
    expect(page.get_by_text(other).first).to_be_visible()


def test_what_if_it_sounded_different_and_back(
    with_tracks: list[invented.Invented], track_page: TrackPage, page: Page
) -> None:
    track_page.open(f"/track/{with_tracks[0].id}")
    what_if = page.get_by_role("region", name="What it sounds like")
    expect(what_if.get_by_role("slider")).to_have_count(13)
    before = what_if.locator(".tm-bar-value").all_inner_texts()
    what_if.get_by_role("slider", name="Energy").fill("0.02")
    what_if.get_by_role("slider", name="Tempo").fill("60")
    expect(what_if.get_by_text(re.compile(r"^was \d+\s(%|BPM)$"))).to_have_count(2)
    expect(what_if.locator(".tm-whatif-genre")).to_contain_text("was")
    expect(what_if.locator(".tm-rows .tm-row").first).to_be_visible()
    expect(what_if.locator(".tm-bar-value")).not_to_have_text(before)
    what_if.get_by_role("button", name="Reset").click()
    expect(what_if.locator(".tm-bar-value")).to_have_text(before)
    expect(what_if.get_by_role("button", name="Reset")).to_be_disabled()
    page.set_viewport_size({"width": 360, "height": 740})
    # What moves stays in sight while one moves it.
    what_if.get_by_role("slider", name="Tempo").scroll_into_view_if_needed()
    expect(what_if.get_by_role("button", name="Reset")).to_be_in_viewport()
    assert (what_if.get_by_role("slider", name="Energy").bounding_box() or {})["width"] > 200, (
        "wide enough for a finger"
    )


def test_a_path_to_another_track_stays_in_the_address(
    with_tracks: list[invented.Invented], track_page: TrackPage, page: Page
) -> None:
    track_page.open("/playlists")
    track_page.ask(f"{with_tracks[0].title} {with_tracks[0].artist}")
    tab = page.get_by_role("link", name="Path to another track")
    tab.press("Enter")
    page.get_by_label("To which track?").fill(with_tracks[5].title)
    suggested = page.locator("datalist option")
    expect(suggested.first).to_have_attribute("value", re.compile(with_tracks[5].title))
    expect(tab).to_have_attribute("aria-current", "page")
    page.get_by_role("button", name="Find a path").press("Enter")
    steps = page.get_by_role("list", name="The path").locator(".tm-card-title")
    expect(steps.first).to_have_text(with_tracks[0].title)
    expect(steps.last).to_have_text(with_tracks[5].title)
    expect(page.get_by_role("button", name="Find a path")).to_be_focused()
    page.reload()
    expect(steps.last).to_have_text(with_tracks[5].title)
    page.get_by_role("link", name="Where each number comes from").click()
    expect(page.get_by_role("row").filter(has_text="Energy")).to_be_visible()
    # The file says nothing of a look-up or a licence.
    expect(page.get_by_role("columnheader")).to_have_text(["What", "Value", "From"])


def _bottom(element: Locator) -> float:
    box = element.bounding_box()
    assert box
    return box["y"] + box["height"]


def test_one_player_says_why_it_cannot_play_and_stays(
    with_tracks: list[invented.Invented], track_page: TrackPage, page: Page
) -> None:
    track_page.open(f"/track/{with_tracks[0].id}")
    row = page.locator(".tm-picks .tm-row").first
    title = row.locator(".tm-card-title").inner_text()
    button = row.get_by_role("button", name=f"Play {title}")
    expect(button).to_be_disabled()
    expect(button).to_have_attribute("title", re.compile("Deezer and iTunes"))
    button.press("Enter")
    player = page.get_by_role("region", name="Player")
    expect(player).to_contain_text(title)
    expect(player).to_contain_text("Nothing here can play this.")  # no source may be used
    expect_accessible(page)
    player.get_by_role("button", name="Close the player").press("Enter")
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    expect(player).to_contain_text(title)
    last = page.locator("main").get_by_role("link").last
    last.focus()
    assert _bottom(last) <= page.evaluate("innerHeight - document.querySelector('.tm-playerbar').offsetHeight")
    page.get_by_role("link", name="Playlists", exact=True).click()
    expect(player).to_contain_text(title)
    player.get_by_role("button", name="Close the player").click()
    expect(player).not_to_be_visible()


def test_the_theme_is_remembered(track_page: TrackPage, page: Page) -> None:
    track_page.open()
    page.get_by_role("button", name=re.compile("^Colours: as the system")).click()
    page.get_by_role("button", name=re.compile("^Colours: light")).click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    red = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0]")
    assert int(red) < 40
