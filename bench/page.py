<<<<<<< HEAD
"""How quick the page is in Chromium without a graphics card: plots, the first view over a slow line, a large playlist.

    python -m bench.page [--points 100000] [--skip-slow-line]

Imports playlists of 10,000 and of ``--points`` invented tracks into a folder of its own and serves it. Needs a built
page (`make build`). Prints, and exits with 1 if one is missed:

- frames a second while one zooms, pans (the mouse moves once a frame) and hovers on the map of each playlist, every
  frame in full; the same points in SVG, zoomed by one transform, in the same window. Targets: 30 for 100,000 points, 60
  for 10,000 (55 counts, for a frame may begin late), ten times SVG, the last frame 300 ms after the last movement;
- from the address to the map of 10,000 tracks: 1.5 s;
- with four times slower a processor, 1.6 Mbit/s and 150 ms: first paint 1.2 s, search box usable 1.5 s; and the
  compressed bytes of scripts (110 kB) and styles (25 kB) until then.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from config import ROOT
from store.database import open_database
from tests.browser.conftest import serve
from tools.chromium import system_chromium

WINDOW = {"width": 1440, "height": 900}
HEADINGS = (
    "Track URI,Track Name,Album Name,Artist Name(s),Release Date,Duration (ms),Popularity,Explicit,Added By,Added At,"
    "Genres,Record Label,Danceability,Energy,Key,Loudness,Mode,Speechiness,Acousticness,Instrumentalness,Liveness,"
    "Valence,Tempo,Time Signature"
)
PATIENCE_MS = 180_000

# Counts what the plot draws; synthetic pointers have no capture.
INIT = """() => {
  localStorage.setItem('tastemap-online-services', 'later')
  Element.prototype.setPointerCapture = () => {}
  window.drawn = { count: 0, last: 0 }
  const put = CanvasRenderingContext2D.prototype.putImageData
  CanvasRenderingContext2D.prototype.putImageData = function (...given) {
    window.drawn.count += 1
    window.drawn.last = performance.now()
    window.drawn.first ??= window.drawn.last
    return put.apply(this, given)
  }
  window.frames_ = async (act, ms) => {
    const frame = () => new Promise(requestAnimationFrame)
    for (let i = 0; i < 5; i += 1) { act(i); await frame() }
    const [began, before] = [performance.now(), window.drawn.count]
    let [i, acted] = [5, 0]
    for (; performance.now() - began < ms; i += 1) { act(i); acted = performance.now(); await frame() }
    const seconds = (performance.now() - began) / 1000
    await new Promise((done) => setTimeout(done, 300))
    const draws = window.drawn.count - before
    return { frames: (i - 5) / seconds, draws: draws / seconds, late: window.drawn.last - acted }
  }
}"""
MOVES = """async ([kind, ms]) => {
  const plot = document.querySelector('.tm-plot')
  const box = plot.getBoundingClientRect()
  const pixel = (x, y) => ({ clientX: box.x + x * box.width, clientY: box.y + y * box.height })
  const at = (x, y) => ({ ...pixel(x, y), bubbles: true, cancelable: true })
  const send = (type, x, y) => plot.dispatchEvent(new PointerEvent(type, { ...at(x, y), pointerId: 7, button: 0 }))
  const wheel = (delta) => plot.dispatchEvent(new WheelEvent('wheel', { ...at(0.5, 0.5), deltaY: delta }))
  const acts = {
    zoom: (i) => wheel(i % 60 < 30 ? -20 : 20),
    pan: (i) => send('pointermove', 0.5 + 0.2 * Math.sin(i / 15), 0.5 + 0.2 * Math.cos(i / 15)),
    hover: (i) => send('pointermove', 0.5 + 0.3 * Math.sin(i / 15), 0.5 + 0.3 * Math.cos(i / 15)),
  }
  if (kind === 'pan') { for (let i = 0; i < 8; i += 1) wheel(-60); send('pointerdown', 0.5, 0.5) }
  const found = await window.frames_(acts[kind], ms)
  if (kind === 'pan') send('pointerup', 0.5, 0.5)
  return found
}"""
SVG = """async ([count, ms]) => {
  const box = document.querySelector('.tm-plot').getBoundingClientRect()
  const host = document.createElement('div')
  let random = 1
  const next = () => (random = (random * 16807) % 2147483647) / 2147483647
  const dots = Array.from({ length: count }, () =>
    `<circle cx="${next() * box.width}" cy="${next() * box.height}" r="1.5" fill="#0065a8" fill-opacity=".35"/>`)
  host.style = 'position:fixed;inset:0;background:#fff;z-index:99'
  host.innerHTML = `<svg width="${box.width}" height="${box.height}"><g>${dots.join('')}</g></svg>`
  document.body.append(host)
  const group = host.querySelector('g')
  const found = await window.frames_((i) => group.setAttribute('transform', `scale(${1 + (i % 60) / 60})`), ms)
  host.remove()
  return found
}"""
SEARCH_BOX = """() => {
  window.searchable = new Promise((done) => {
    const look = () => {
      const box = document.querySelector('input[role=combobox]')
      if (box && !box.disabled) done(performance.now())
      else setTimeout(look, 10)
    }
    look()
  })
}"""


def write_playlist(path: Path, count: int) -> None:
    """Write an Exportify file of ``count`` invented tracks by six people."""
    chance = Random(count)
    share = chance.random
    lines = [HEADINGS]
    for number in range(count):
        energy = min(1.0, max(0.0, chance.gauss(0.6, 0.2)))
        values = [
            share(),
            energy,
            number % 12,
            -25 + 20 * energy,
            number % 2,
            share() / 5,
            1 - energy,
            share(),
            share(),
            share(),
        ]
        sound = ",".join(f"{value:.4g}" for value in values)
        lines.append(
            f"spotify:track:{count:06d}{number:016d},Song {number},Album,Band {number % 997},{1960 + number % 60},"
            f"200000,40,false,person{number % 6},2024-01-01T00:00:00Z,,,{sound},{chance.gauss(120, 25):.1f},4"
        )
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@contextmanager
def served(counts: list[int]) -> Iterator[tuple[str, dict[int, str]]]:
    """Import a playlist of each size and serve them; yields the address and the playlists' ids by size."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for count in counts:
            write_playlist(folder / f"Invented {count}.csv", count)
        files = [str(path) for path in sorted(folder.glob("*.csv"))]
        environment = os.environ | {"TASTEMAP_VAR": str(folder / "var")}
        command = [sys.executable, "-m", "etl", "import", *files]
        subprocess.run(
            command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        database = open_database(folder / "var", None)
        ids = {playlist.item_count: playlist.id for playlist in database.playlists(None, unshared=True)}
        database.close()
        with serve(folder, {"TASTEMAP_SOURCES": "none"}) as address:
            yield address, ids


def say(what: str, value: float, unit: str, target: float, *, least: bool) -> bool:
    """Print a measure beside its target; return whether it is missed."""
    missed = value < target if least else value > target
    print(
        f"{what:<52} {value:9.1f} {unit:<4} ({'at least' if least else 'at most'} {target:g})",
        "MISSED" if missed else "",
        flush=True,
    )
    return missed


def plots(browser: Browser, address: str, playlist: str, count: int, fps: float) -> bool:
    """Measure the map of one playlist, and the same number of points in SVG."""
    page = browser.new_page(viewport=WINDOW)
    page.add_init_script(f"({INIT})()")
    page.goto(f"{address}/playlist/{playlist}/map")
    page.wait_for_selector(f".tm-plot[aria-label^='Map of {count} tracks']", timeout=PATIENCE_MS)
    first = float(page.evaluate("() => window.drawn.last"))
    page.wait_for_timeout(1000)
    page.locator(".tm-plot").scroll_into_view_if_needed()
    missed = False
    if count == 10_000:
        missed |= say(f"{count:,} tracks: on screen after", first, "ms", 1500, least=False)
    moves: dict[str, Any] = {kind: page.evaluate(MOVES, [kind, 3000]) for kind in ("zoom", "pan", "hover")}
    for kind, found in moves.items():
        missed |= say(
            f"{count:,} points: {kind}", found["frames" if kind == "hover" else "draws"], "fps", fps, least=True
        )
    missed |= say(f"{count:,} points: last frame after", moves["pan"]["late"], "ms", 300, least=False)
    in_svg = page.evaluate(SVG, [count, 3000])["frames"]
    missed |= say(
        f"{count:,} points: zoom, beside {in_svg:.1f} fps in SVG",
        moves["zoom"]["draws"] / in_svg,
        "x",
        min(10, 55 / in_svg),
        least=True,
    )
    page.close()
    return missed


def slow_line(browser: Browser, address: str) -> bool:
    """Measure the first view of an empty browser over a slow line."""
    page = browser.new_page(viewport=WINDOW)
    page.add_init_script(f"({SEARCH_BOX})()")
    session = page.context.new_cdp_session(page)
    loaded = bytes_loaded(page)
    session.send("Network.enable")
    line = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 200_000}
    session.send("Network.emulateNetworkConditions", line)
    session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    page.goto(address + "/")
    usable = float(page.evaluate("() => window.searchable"))
    painted = float(page.evaluate("() => performance.getEntriesByName('first-contentful-paint')[0].startTime"))
    missed = say("slow line: first paint", painted, "ms", 1200, least=False)
    missed |= say("slow line: search box usable", usable, "ms", 1500, least=False)
    missed |= say("slow line: scripts, compressed", loaded["script"] / 1000, "kB", 110, least=False)
    missed |= say("slow line: styles, compressed", loaded["stylesheet"] / 1000, "kB", 25, least=False)
    page.close()
    return missed


def bytes_loaded(page: Page) -> dict[str, float]:
    """Count the compressed bytes of scripts and styles as they arrive."""
    loaded = {"script": 0.0, "stylesheet": 0.0}

    def add(response: Any) -> None:
        kind = response.request.resource_type
        if kind in loaded:
            loaded[kind] += int(response.headers.get("content-length", 0))

    page.on("response", add)
    return loaded


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--points", type=int, default=100_000)
    options.add_argument("--skip-slow-line", action="store_true")
    arguments = options.parse_args()
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with served([10_000, arguments.points]) as (address, ids), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=system_chromium(), args=sandbox)
        missed = False if arguments.skip_slow_line else slow_line(browser, address)
        missed |= plots(browser, address, ids[10_000], 10_000, 55)
        missed |= plots(browser, address, ids[arguments.points], arguments.points, 30)
        browser.close()
    return int(missed)
=======
"""What the page weighs, and how soon it is there on a slow phone.

    python -m bench.page [--rounds 5]

Weights are of the built files, gzipped, that the first view waits for. Times are medians over fresh visits of an empty
install in headless Chromium, with a processor four times slower and 1.6 Mbit/s at 150 ms: the first paint (first
contentful paint), and until the search box takes text.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from bench._cost import Meter, finish
from bench.serving import free_port, wait_for
from config import ROOT
from tools.chromium import system_chromium

DIST = ROOT / "static" / "dist"
SCRIPT_KB, STYLES_KB = 110, 25
PAINT_S, SEARCH_S = 1.2, 1.5
SLOW_NETWORK = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 1.6e6 / 8,
    "uploadThroughput": 0.75e6 / 8,
}


def weights() -> tuple[float, float]:
    """Return the kB (1000 bytes, gzipped) of the scripts and of the styles that the first view waits for."""
    manifest = json.loads((DIST / ".vite" / "manifest.json").read_text())
    wanted, scripts, styles = ["src/main.js"], set(), {json.loads((DIST / "styles.json").read_text())["app.css"]}
    while wanted:
        entry = manifest[wanted.pop()]
        if entry["file"] not in scripts:
            scripts.add(entry["file"])
            styles.update(entry.get("css", []))
            wanted += entry.get("imports", [])
    return _kilobytes(scripts), _kilobytes(styles)


def _kilobytes(names: set[str]) -> float:
    return sum((DIST / f"{name}.gz").stat().st_size for name in names) / 1000


def visit(browser: Browser, url: str) -> tuple[float, float]:
    """Open the page for the first time; return the seconds to the first paint and to a usable search box."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", SLOW_NETWORK)
    session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    page.add_init_script("""addEventListener('DOMContentLoaded', () => new MutationObserver((_, watch) => {
      if (!document.getElementById('search')) return
      window.searchAt = performance.now()
      watch.disconnect()
    }).observe(document.body, { childList: true, subtree: true }))""")
    page.goto(url)
    page.get_by_role("combobox").fill("x")
    page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length && window.searchAt")
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    search = page.evaluate(
        "Math.max(window.searchAt, performance.getEntriesByName('first-contentful-paint')[0].startTime)"
    )
    context.close()
    return paint / 1000, search / 1000


def timed(rounds: int) -> list[tuple[float, float]]:
    """Serve an empty install and visit it ``rounds`` times, each time anew."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        port = free_port()
        environment = os.environ | {
            "TASTEMAP_VAR": folder,
            "TASTEMAP_BIND": f"127.0.0.1:{port}",
            "WEB_CONCURRENCY": "1",
        }
        server = subprocess.Popen([str(Path(sys.executable).with_name("gunicorn"))], cwd=ROOT, env=environment)
        try:
            wait_for(port)
            sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
            browser = playwright.chromium.launch(executable_path=system_chromium(), args=sandbox)
            visit(browser, f"http://127.0.0.1:{port}/")  # the server's own first answers
            times = [visit(browser, f"http://127.0.0.1:{port}/") for _ in range(rounds)]
            browser.close()
        finally:
            server.terminate()
            server.wait()
    return times


def main() -> int:
    parser = argparse.ArgumentParser(description="What the page weighs, and how soon it is there.")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    meter = Meter()
    script, styles = weights()
    paint, search = (statistics.median(times) for times in zip(*timed(given.rounds), strict=True))
    print(f"initial script {script:.1f} kB, styles {styles:.1f} kB, gzipped")
    print(f"first paint {paint:.2f} s, search box usable {search:.2f} s, medians of {given.rounds}")
    targets = [
        (f"script at most {SCRIPT_KB} kB", script <= SCRIPT_KB),
        (f"styles at most {STYLES_KB} kB", styles <= STYLES_KB),
        (f"first paint in {PAINT_S} s", paint <= PAINT_S),
        (f"search box in {SEARCH_S} s", search <= SEARCH_S),
    ]
    return finish(meter, "none", targets)
>>>>>>> main


if __name__ == "__main__":
    sys.exit(main())
