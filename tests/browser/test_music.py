"""Own music: a folder is scanned by a press, its files play, and the demo goes by one press."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Watch
from tests.browser.pages import ANSWER_MS, IMPORT_MS, PlaylistPage, expect_accessible
from tests.music_files import tones, write_wav

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


def test_a_folder_becomes_tracks_that_play(page: Page, live_app: str, tmp_path: Path) -> None:
    write_wav(tmp_path / "music" / "Nadia Verholt - Ebb.wav", tones(hz=300))
    write_wav(tmp_path / "music" / "Nadia Verholt - Flow.wav", tones(hz=500))
    (tmp_path / "music" / "empty.mp3").touch()
    watch = Watch(page, live_app)
    page.goto(f"{live_app}/library/music")
    expect(page.get_by_text("No folder has been scanned yet.")).to_be_visible(timeout=ANSWER_MS)
    page.get_by_label("Folder on this machine").fill(str(tmp_path / "music"))
    page.get_by_role("button", name="Scan the folder").click()
    folder = page.locator(".tm-music-folder")
    expect(folder).to_contain_text("2 files, 2 with features from their sound, 1 skipped", timeout=IMPORT_MS)
    folder.get_by_text("What was skipped, and why").click()
    expect(folder).to_contain_text("empty.mp3: it is empty")
    rows = page.locator(".tm-tracks .tm-cell-track")
    expect(rows).to_have_text(["Ebb", "Flow"], timeout=ANSWER_MS)
    page.get_by_role("button", name="Title").click()
    expect(rows).to_have_text(["Flow", "Ebb"], timeout=ANSWER_MS)
    page.get_by_label("Search your tracks").fill("nadia ebb")
    expect(rows).to_have_text(["Ebb"], timeout=ANSWER_MS)
    expect_accessible(page)
    found = page.evaluate("async () => (await (await fetch('/api/search?q=ebb+nadia')).json()).tracks[0]")
    assert page.evaluate(_LENGTH, found["audio_url"]) == pytest.approx(6, abs=0.1)
    page.goto(f"{live_app}/playlist/{page.evaluate(_TOGETHER)}/tracks")
    page.locator(".tm-hubhead").get_by_role("button", name="Play", exact=True).click()
    player = page.get_by_role("region", name="Player")
    expect(player).to_contain_text("Ebb", timeout=ANSWER_MS)
    expect(page.locator(".tm-hubhead").get_by_role("button", name="Pause")).to_be_visible(timeout=ANSWER_MS)
    player.get_by_role("button", name="Next track").click()
    expect(player).to_contain_text("Flow")
    expect(player.get_by_role("button", name="Next track")).to_have_count(0)
    page.get_by_role("button", name="Play Ebb").click()
    expect(page.get_by_role("button", name="Pause Ebb")).to_be_visible(timeout=ANSWER_MS)
    page.goto(f"{live_app}/library/music")
    # Forgetting is asked twice.
    folder.get_by_role("button", name=re.compile("Forget")).click()
    folder.get_by_role("button", name="Forget it").click()
    expect(page.get_by_text("No folder has been scanned yet.")).to_be_visible(timeout=IMPORT_MS)
    assert watch.problems() == []


def test_the_demo_with_sound_comes_and_goes(page: Page, live_app: str) -> None:
    page.set_viewport_size({"width": 360, "height": 800})
    page.emulate_media(color_scheme="dark")
    watch = Watch(page, live_app)
    page.goto(f"{live_app}/library/music")
    page.get_by_role("button", name="Try the demo").click()
    expect(page.get_by_role("heading", name="Six friends (demo)")).to_be_visible(timeout=IMPORT_MS)
    page.goto(f"{live_app}/playlists")
    page.get_by_role("link", name="Four listeners (sound demo)").first.click(timeout=IMPORT_MS)
    expect(page).to_have_url(re.compile(r"/playlist/."), timeout=ANSWER_MS)
    PlaylistPage(page, live_app).open_tab("map")
    expect(page.get_by_role("application")).to_have_attribute(
        "aria-label", re.compile("by Energy and Danceability"), timeout=ANSWER_MS
    )
    page.goto(f"{live_app}/library/music")
    page.get_by_role("button", name="Remove the demo").click()
    expect(page.get_by_role("button", name="Try the demo")).to_be_visible(timeout=ANSWER_MS)
    page.goto(f"{live_app}/playlists")
    expect(page.get_by_role("link", name=re.compile("demo"))).to_have_count(0)
    assert watch.problems() == []
