"""The page's views as the tests speak of them."""

from __future__ import annotations

import json
import re
import time
import urllib.request
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Locator, Page, expect

# How long the page may take for anything: no test depends on the machine's speed.
WAIT_MS = 60_000

_COUNT_COLOUR = """(canvas, wanted) => {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
  let count = 0
  for (let i = 0; i < data.length; i += 4) {
    count += data[i + 3] === 255 && data[i] === wanted[0] && data[i + 1] === wanted[1] && data[i + 2] === wanted[2]
  }
  return count
}"""

_DROP = """(files) => {
  const transfer = new DataTransfer()
  for (const [name, text] of files) transfer.items.add(new File([text], name, { type: 'text/csv' }))
  return transfer
}"""

_PASTE = """(text) => {
  const clipboardData = new DataTransfer()
  clipboardData.setData('text/plain', text)
  document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true }))
}"""


def wait_until(page: Page, is_so: Callable[[Any], bool], address: str) -> None:
    """Ask ``address`` for JSON until ``is_so`` of it.

    Playwright's ``wait_for_function`` takes the promise of an asynchronous function for true.
    """
    until = time.monotonic() + WAIT_MS / 1000
    while not is_so(page.request.get(address).json()):
        assert time.monotonic() < until, address
        page.wait_for_timeout(300)


class PlaylistPage:
    """The playlists and the map of one."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        self.map = page.get_by_role("application")
        self.people = page.locator(".tm-person-toggle")
        self.rows = page.locator(".tm-table tbody tr")
        self.uploads = page.locator("main .tm-upload")

    def open(self, playlist: str = "") -> PlaylistPage:
        self.page.goto(f"{self.address}/{f'playlist/{playlist}' if playlist else 'playlists'}")
        return self

    def bring_once(self, brought: dict[str, Any], name: str, text: str, tracks: int) -> None:
        """Drop a file the first time; afterwards be its owner again, on the map it led to.

        ``brought`` belongs to the tests that share the playlist; they leave it as it was.
        """
        if brought:
            self.page.context.add_cookies(brought["cookies"])
            self.page.goto(brought["url"])
            self.expect_markers(tracks)
            return
        self.open().drop(name, text)
        self.wait_for_map(tracks)
        brought.update(cookies=self.page.context.cookies(), url=self.page.url)

    def open_tab(self, name: str) -> None:
        """Open a tab of the playlist that is open, by its address."""
        playlist = re.search(r"/playlist/([^/?]+)", self.page.url)
        assert playlist, self.page.url
        self.page.goto(f"{self.address}/playlist/{playlist[1]}/{name}")

    def drop(self, name: str, text: str) -> None:
        """Drop a file onto the view, as a listener does with the mouse."""
        self.drop_all({name: text})

    def drop_all(self, files: Mapping[str, str]) -> None:
        """Drop several at once; ``files`` maps names to texts."""
        transfer = self.page.evaluate_handle(_DROP, list(files.items()))
        self.page.dispatch_event(".tm-playlists", "dragover", {"dataTransfer": transfer})
        self.page.dispatch_event(".tm-playlists", "drop", {"dataTransfer": transfer})

    def paste(self, text: str) -> None:
        """Paste a text into the view."""
        self.page.evaluate(_PASTE, text)

    def wait_for_map(self, tracks: int) -> None:
        """Wait until the import has ended and its map shows ``tracks`` markers."""
        expect(self.page).to_have_url(re.compile(r"/playlist/."))
        expect(self.uploads.last).to_have_attribute("data-state", "done")
        self.expect_markers(tracks)

    def expect_markers(self, count: int) -> None:
        expect(self.map).to_have_attribute("aria-label", re.compile(rf"^Map of {count} tracks"))
        # The label follows the data at once, the canvas with the next frames.
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def colour(self, person: Locator) -> list[int]:
        """Return the red, green and blue of a person's marker in the legend, 0 to 255."""
        fill = person.locator("svg path").evaluate("(path) => getComputedStyle(path).fill")
        return [int(part) for part in re.findall(r"\d+", fill)[:3]]

    def pixels(self, colour: list[int]) -> int:
        """Count the map's pixels of exactly this colour."""
        return int(self.page.locator("canvas[data-layer=drawing]").evaluate(_COUNT_COLOUR, colour))

    def choose_axes(self, across: str, up: str) -> None:
        self.page.get_by_label("Across").select_option(label=across)
        self.page.get_by_label("Up", exact=True).select_option(label=up)


class TrackPage:
    """The search box and the answer about one track."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        self.box = page.get_by_role("combobox", name="Track, artist or both")
        self.options = page.get_by_role("option")
        self.heading = page.get_by_role("heading", level=1)
        self.genre = page.locator(".tm-genre-name")
        self.bars = page.locator(".tm-bars:not(.is-quiet) .tm-bar")
        self.cards = page.locator(".tm-picks .tm-row, .tm-picks .tm-card")
        self.trail = page.get_by_role("navigation", name="The path that led here")

    def open(self, address: str = "/") -> TrackPage:
        self.page.goto(self.address + address)
        return self

    def type(self, text: str) -> None:
        self.box.press_sequentially(text, delay=15)

    def ask(self, text: str) -> None:
        """Ask for the text as it stands."""
        self.box.fill(text)
        self.box.press("Enter")
        expect(self.genre).to_be_visible()


AXE = Path(__file__).resolve().parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
# What axe finds beside contrasts does not depend on the colours, and hardly on the width.
LOOKS: list[tuple[int, Literal["light", "dark"], dict[str, Any]]] = [
    (360, "light", {}),
    (1440, "dark", {"runOnly": ["color-contrast", "target-size", "region"]}),
]


def _violations(page: Page, options: Mapping[str, Any]) -> list[dict[str, Any]]:
    # axe is evaluated, not added as a script: the policy rightly refuses foreign scripts.
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    # Otherwise axe describes each element that passes, too, which takes longer than to find the others.
    whole = {"resultTypes": ["violations"], "selectors": False, **options}
    found: list[dict[str, Any]] = page.evaluate(
        "async (options) => (await axe.run(document, options)).violations", whole
    )
    return found


def faults(page: Page) -> list[str]:
    """Return what axe finds in the view as it stands, and whether it is wider than the window, in each look."""
    found = []
    for width, scheme, rules in LOOKS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        for violation in _violations(page, rules):
            nodes = [node["html"][:200] for node in violation["nodes"][:4]]
            found.append(f"{page.url} {width} {scheme}: {violation['id']} {nodes}")
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if wide > 0:
            found.append(f"{page.url} {width} {scheme}: {wide} pixels wider than the window")
    return found


def expect_accessible(page: Page) -> None:
    """Fail on what axe calls serious or critical in what the window shows, and on anything wider than it."""
    violations = _violations(page, {})
    serious = [violation for violation in violations if violation["impact"] in {"serious", "critical"}]
    assert not serious, [
        (page.url, violation["id"], [node["html"] for node in violation["nodes"]]) for violation in serious
    ]
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, page.url


KEYLESS = (*("acousticbrainz", "deezer", "itunes", "listenbrainz", "listenbrainz_labs", "musicbrainz", "reccobeats"),)


class SettingsPage:
    """Sources, Spotify, gathering and checks; ``allow`` excuses what the browser complains about."""

    def __init__(self, page: Page, address: str, allow: Callable[[str], None]) -> None:
        self.page = page
        self.address = address
        self.allow = allow

    def let_ask(self, names: Collection[str], **settings: dict[str, str]) -> None:
        """Say which sources may be asked and what they are told, as the page does, but without it."""
        self._put("/api/sources", {"on": sorted(names)})
        for name, values in settings.items():
            self._put(f"/api/sources/{name}", {"settings": values})

    def _put(self, path: str, body: dict[str, Any]) -> None:
        request = urllib.request.Request(
            self.address + path, json.dumps(body).encode(), {"Content-Type": "application/json"}, method="PUT"
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert answer.status == 200

    def open(self, part: str = "online") -> SettingsPage:
        self.page.goto(f"{self.address}/settings/{part}")
        expect(self.page.get_by_role("heading", level=1)).to_have_text("Settings")
        return self

    def source(self, name: str) -> Locator:
        return self.page.locator(f".tm-source[data-source={name}]")

    def run(self, name: str | re.Pattern[str]) -> Locator:
        return self.page.locator("main .tm-upload").filter(has_text=name).first
