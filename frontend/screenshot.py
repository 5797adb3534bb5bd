"""Take the README's pictures from a running Tastemap: ``python -m frontend.screenshot http://127.0.0.1:8000``.

Writes ``docs/img/track.png``, ``docs/img/map.png`` and ``docs/img/phone.png``. The map shows ``--file``, else
an invented playlist; the track is ``--track``, best one that the app's catalogue knows.
"""

import argparse
import os
import re
import sys
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from api.page import PARTS
from tests.browser import invented
from tests.browser.pages import PlaylistPage, TrackPage
from tools.chromium import system_chromium

OUT = Path(__file__).resolve().parent.parent / "docs" / "img"
DESK = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 780}
MOST_BYTES = 300_000
PATIENCE_MS = 60_000


def take(page: Page, name: str) -> None:
    """Save what the window shows once nothing moves any more.

    Raises SystemExit if the picture is too large for a README.
    """
    page.mouse.move(0, 0)
    page.evaluate("() => document.activeElement?.blur()")
    page.wait_for_timeout(600)
    path = OUT / name
    page.screenshot(path=path, animations="disabled")
    size = path.stat().st_size
    sys.stdout.write(f"{path.relative_to(OUT.parent.parent)}  {size:,} bytes\n")
    if size > MOST_BYTES:
        sys.exit(f"{name} has {size:,} bytes, more than {MOST_BYTES:,}")


def new_page(browser: Browser) -> Page:
    """Open a window in which the question of the first start has been put off."""
    page = browser.new_page(viewport=DESK, color_scheme="light")
    page.add_init_script("localStorage.setItem('tastemap-online-services', 'later')")
    return page


def picture_of_track(browser: Browser, url: str, words: str) -> None:
    page = new_page(browser)
    TrackPage(page, url).open().ask(words)
    expect(page.locator(".tm-picks .tm-row").first).to_be_visible(timeout=PATIENCE_MS)
    take(page, "track.png")


def pictures_of_map(browser: Browser, url: str, name: str, text: str) -> None:
    page = new_page(browser)
    view = PlaylistPage(page, url).open()
    view.drop(name, text)
    expect(page).to_have_url(re.compile("/playlist/."), timeout=PATIENCE_MS)
    expect(view.map).to_have_attribute("aria-label", re.compile(r"^Map of [1-9]"), timeout=PATIENCE_MS)
    page.get_by_role("button", name=f"Put {name} away").click()
    take(page, "map.png")
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size(PHONE)
    take(page, "phone.png")


def pictures_of_views(browser: Browser, url: str, folder: Path) -> None:
    """Save every view of the page as it is now, at three widths, light and dark, into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    page = new_page(browser)
    addresses = ["/", "/track?q=Metallica+Enter+Sandman", "/playlists", "/nowhere"]
    addresses += [f"/{view}/{part}" for view in ("library", "settings") for part in PARTS[view]]
    playlists = page.request.get(f"{url}/api/playlists").json()["playlists"]
    addresses += [f"/playlist/{one['id']}/{part}" for one in playlists[:1] for part in PARTS["playlist"]]
    for width, scheme in product((360, 768, 1440), ("light", "dark")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        for address in addresses:
            page.goto(url + address)
            page.wait_for_load_state("networkidle")
            name = "-".join(part for part in re.split(r"\W+", re.sub(r"playlist/\w+", "playlist", address)) if part)
            page.screenshot(path=folder / f"{name or 'discover'}-{width}-{scheme}.png", animations="disabled")


def main() -> None:
    parser = argparse.ArgumentParser(description="Take the README's pictures from a running Tastemap.")
    parser.add_argument("url", help="where it runs, such as http://127.0.0.1:8000")
    parser.add_argument("--track", default="Metallica Enter Sandman", help="what to ask for")
    parser.add_argument("--file", type=Path, help="an Exportify file for the map (default: an invented one)")
    parser.add_argument("--views", type=Path, help="also save every view, at three widths, into this folder")
    given = parser.parse_args()
    if given.file:
        name, text = given.file.name, given.file.read_text(encoding="utf-8-sig")
    else:
        name, text = (
            "Our road trip.csv",
            invented.bare_file(invented.rows({"ada": 41, "ben": 32, "cleo": 27, "dev": 14})),
        )
    OUT.mkdir(parents=True, exist_ok=True)
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=system_chromium(), args=sandbox)
        picture_of_track(browser, given.url.rstrip("/"), given.track)
        pictures_of_map(browser, given.url.rstrip("/"), name, text)
        if given.views:
            pictures_of_views(browser, given.url.rstrip("/"), given.views)
        browser.close()


if __name__ == "__main__":
    main()
