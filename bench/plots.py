"""Frame rates of plots in Chromium without a graphics card, and the time until a large playlist is on screen.

    python -m bench.plots [--points 100000]

It imports playlists of 10,000 and of ``--points`` generated tracks into a temporary folder and serves them. It needs a
built page (`make build`). Targets:

- Frames a second while the map zooms, pans and hovers, with one mouse event a frame: 30 for 100,000 points, of which a
  sample is drawn during a movement, and 60 for 10,000 (55 counts, because a frame may begin late).
- Zoom is ten times as fast as the same number of points in SVG, zoomed by one transform in the same window.
- The last frame is drawn at most 300 ms after the last movement.
- The map of 10,000 tracks is on screen 1.5 s after the page is opened.
- Its rows are read from the catalogue three times as fast as from the database.

Exit code 1 if a target is missed.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import timeit
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from config import ROOT
from store.catalogue.catalogue import Catalogue
from store.database import open_database
from store.library import shown_tracks, tracks_of_playlist
from tests.browser.conftest import serve
from tools.chromium import system_chromium

WINDOW = {"width": 1440, "height": 900}
HEADINGS = (
    "Track URI,Track Name,Album Name,Artist Name(s),Release Date,Duration (ms),Popularity,Explicit,Added By,Added At,"
    "Genres,Record Label,Danceability,Energy,Key,Loudness,Mode,Speechiness,Acousticness,Instrumentalness,Liveness,"
    "Valence,Tempo,Time Signature"
)
PATIENCE_MS = 180_000

# Counts the plot's draws. setPointerCapture is replaced because it fails for synthetic pointers.
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


def write_playlist(path: Path, count: int) -> None:
    """Write an Exportify file of ``count`` generated tracks added by six people."""
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
def served(counts: list[int]) -> Iterator[tuple[str, Path]]:
    """Import a playlist of each size and serve them; yield the address and the var folder."""
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
        with serve(folder, {"TASTEMAP_SOURCES": "none"}) as address:
            yield address, folder / "var"


def rows_read(var: Path) -> tuple[dict[int, str], bool]:
    """Compare two ways to read the tracks of the playlist of 10,000.

    Return the playlists' ids by size, and whether the target is missed.
    """
    database, catalogue = open_database(var, None), Catalogue(var / "catalogue")
    ids = {playlist.item_count: playlist.id for playlist in database.playlists(None, unshared=True)}
    tracks = {item.track_id for item in database.playlist_items(ids[10_000], limit=10_000)}
    ways = {
        "database": lambda: tracks_of_playlist(catalogue.current(), database, None, tracks),
        "catalogue": lambda: shown_tracks(catalogue, database, None, tracks),
    }
    seconds = {name: min(timeit.repeat(way, number=1, repeat=3)) for name, way in ways.items()}
    database.close()
    missed = say(
        f"10,000 rows: {seconds['database']:.2f} s from the database, {seconds['catalogue']:.2f} from the catalogue",
        seconds["database"] / seconds["catalogue"],
        "x",
        3,
        least=True,
    )
    return ids, missed


def say(what: str, value: float, unit: str, target: float, *, least: bool) -> bool:
    """Print a measured value and its target; return whether the target is missed."""
    missed = value < target if least else value > target
    print(
        f"{what:<52} {value:9.1f} {unit:<4} ({'at least' if least else 'at most'} {target:g})",
        "MISSED" if missed else "",
        flush=True,
    )
    return missed


def plots(browser: Browser, address: str, playlist: str, count: int, fps: float) -> bool:
    """Measure the map of one playlist and the same number of points in SVG; return whether a target is missed."""
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


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--points", type=int, default=100_000)
    arguments = options.parse_args()
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with served([10_000, arguments.points]) as (address, var), sync_playwright() as playwright:
        ids, missed = rows_read(var)
        browser = playwright.chromium.launch(executable_path=system_chromium(), args=sandbox)
        missed |= plots(browser, address, ids[10_000], 10_000, 55)
        missed |= plots(browser, address, ids[arguments.points], arguments.points, 30)
        browser.close()
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
