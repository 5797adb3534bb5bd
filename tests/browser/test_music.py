"""Own music: a folder is scanned by a press, its files play, and the demo goes by one press."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from mutagen import id3
from playwright.sync_api import Page, expect

from tests.browser.conftest import Watch, serve
from tests.browser.pages import PlaylistPage, expect_accessible, wait_until
from tests.music_files import tones, write_mp3, write_wav

pytestmark = pytest.mark.browser

_LENGTH = """(url) => new Promise((done, fail) => {
  const audio = new Audio(url)
  audio.onloadedmetadata = () => done(audio.duration)
  audio.onerror = () => fail(new Error('it does not play'))
})"""

_TOGETHER = """async () => {
  const ids = []
  for (const q of ['ebb nadia', 'flow nadia']) {
    ids.push((await (await fetch(`/api/search?q=${q}`)).json()).tracks[0].id)
  }
  const body = JSON.stringify({ name: 'Together', tracks: ids.map((id) => ({ id })) })
  const headers = { 'Content-Type': 'application/json' }
  return (await (await fetch('/api/playlists', { method: 'POST', headers, body })).json()).playlist.id
}"""


@pytest.fixture(scope="module")
def live_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An app that may write into files."""
    told = {"TASTEMAP_SOURCES": "none", "TASTEMAP_WRITE_TAGS": "1"}
    with serve(tmp_path_factory.mktemp("music"), told) as address:
        yield address


def test_a_folder_becomes_tracks_that_play(page: Page, live_app: str, tmp_path: Path) -> None:
    write_wav(tmp_path / "music" / "Nadia Verholt - Ebb.wav", tones(hz=300))
    flow = write_mp3(tmp_path / "music" / "flow.mp3", tones(hz=500), TIT2="Flow", TPE1="Nadia Verholt")
    (tmp_path / "music" / "empty.mp3").touch()
    watch = Watch(page, live_app)
    page.goto(f"{live_app}/library/music")
    expect(page.get_by_text("No folder has been scanned yet.")).to_be_visible()
    page.get_by_label("Or a folder of the machine that Tastemap runs on").fill(str(tmp_path / "music"))
    page.get_by_role("button", name="Scan the folder").click()
    folder = page.locator(".tm-music-folder")
    expect(folder).to_contain_text("2 files, 2 with features from their sound, 1 skipped")
    folder.get_by_text("What was skipped, and why").click()
    expect(folder).to_contain_text("empty.mp3: it is empty")
    rows = page.locator(".tm-tracks .tm-cell-track")
    expect(rows).to_have_text(["Ebb", "Flow"])
    page.get_by_role("button", name="Title").click()
    expect(rows).to_have_text(["Flow", "Ebb"])
    page.get_by_label("Search your tracks").fill("nadia ebb")
    expect(rows).to_have_text(["Ebb"])
    expect_accessible(page)
    found = page.evaluate("async () => (await (await fetch('/api/search?q=ebb+nadia')).json()).tracks[0]")
    assert page.evaluate(_LENGTH, found["audio_url"]) == pytest.approx(6, abs=0.1)
    together = page.evaluate(_TOGETHER)
    write_tempo(page, live_app)
    assert id3.ID3(flow)["TBPM"].text == ["120"]
    assert [*id3.ID3(flow)].count("TKEY") == 0
    page.goto(f"{live_app}/playlist/{together}/tracks")
    page.locator(".tm-hubhead").get_by_role("button", name="Play", exact=True).click()
    player = page.get_by_role("region", name="Player")
    expect(player).to_contain_text("Ebb")
    expect(page.locator(".tm-hubhead").get_by_role("button", name="Pause")).to_be_visible()
    player.get_by_role("button", name="Next track").click()
    expect(player).to_contain_text("Flow")
    expect(player.get_by_role("button", name="Next track")).to_be_focused()
    expect(player.get_by_role("button", name="Next track")).to_have_attribute("aria-disabled", "true")
    player.get_by_role("button", name="Previous track").click()
    expect(player).to_contain_text("Ebb")
    expect(player).to_contain_text("/ 0:06")
    player.get_by_role("slider", name="Position").press("ArrowRight")
    # At its end, which is a second away at most, the next one begins; it stays while one goes about the page.
    page.get_by_role("link", name="Map", exact=True).click()
    expect(player).to_contain_text("Flow")
    # A row is played on by those after it.
    page.get_by_role("button", name="Play Ebb").click()
    expect(page.get_by_role("button", name="Pause Ebb")).to_be_visible()
    expect(player.get_by_role("button", name="Next track")).to_have_attribute("aria-disabled", "false")
    page.goto(f"{live_app}/library/music")
    # Forgetting is asked twice.
    folder.get_by_role("button", name=re.compile("Forget")).click()
    folder.get_by_role("button", name="Forget it").click()
    expect(page.get_by_text("No folder has been scanned yet.")).to_be_visible()
    assert watch.problems() == []


def write_tempo(page: Page, address: str) -> None:
    """Write the tempo of "Flow", and nothing else, into its file."""
    # What is heard in a file after its scan is a better founded genre: something else would be written then.
    wait_until(page, lambda found: all(run["finished_at"] for run in found["runs"]), f"{address}/api/runs")
    found = page.evaluate("async () => (await (await fetch('/api/search?q=flow+nadia')).json()).tracks[0]")
    page.goto(f"{address}/track/{found['id']}")
    page.get_by_role("button", name="Show what would be written").click()
    tags = page.get_by_role("region", name="Tags of the file")
    expect(tags.get_by_role("checkbox", name="Tempo (BPM): nothing → 120")).to_be_checked()
    for field in ("Genre", "Key", "Mood"):
        for box in tags.get_by_role("checkbox", name=re.compile(field)).all():
            box.uncheck()
    expect_accessible(page)
    tags.get_by_role("button", name="Write into this file").click()
    expect(tags).to_contain_text("Written. The sound")


def test_files_from_this_device_become_tracks_and_the_player_stays(page: Page, live_app: str, tmp_path: Path) -> None:
    file = write_wav(tmp_path / "Nadia Verholt - Surf.wav", tones(hz=200))
    page.goto(f"{live_app}/library/music")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Add files from this device").press("Enter")
    chooser.value.set_files(file)
    row = page.locator(".tm-tracks tbody tr").filter(has_text="Surf")
    expect(row).to_be_visible()
    row.get_by_role("button", name="Play Surf").click()
    player = page.get_by_role("region", name="Player")
    expect(player).to_contain_text("Surf")
    page.get_by_role("link", name="Models", exact=True).click()
    expect(page.get_by_role("heading", name="Models and their versions")).to_be_visible()
    expect(player).to_contain_text("Surf")


def test_the_demo_with_sound_comes_and_goes(page: Page, live_app: str) -> None:
    page.set_viewport_size({"width": 360, "height": 800})
    page.emulate_media(color_scheme="dark")
    watch = Watch(page, live_app)
    page.goto(f"{live_app}/library/music")
    page.get_by_role("button", name="Try the demo").click()
    expect(page.get_by_role("heading", name="Six friends (demo)")).to_be_visible()
    page.goto(f"{live_app}/playlists")
    page.get_by_role("link", name="Four listeners (sound demo)").first.click()
    expect(page).to_have_url(re.compile(r"/playlist/."))
    PlaylistPage(page, live_app).open_tab("map")
    expect(page.get_by_role("application")).to_have_attribute("aria-label", re.compile("by Energy and Danceability"))
    page.goto(f"{live_app}/library/music")
    page.get_by_role("button", name="Remove the demo").press("Enter")
    expect(page.get_by_role("button", name="Try the demo")).to_be_focused()
    page.goto(f"{live_app}/playlists")
    expect(page.get_by_role("link", name=re.compile("demo"))).to_have_count(0)
    assert watch.problems() == []
