"""Size of the page, and the time until it is usable on a slow phone.

    python -m bench.page [--rounds 5]

Sizes are of the gzipped built files that the first view waits for. Times are medians over fresh visits to an empty
installation in headless Chromium, with the processor slowed down four times and a network of 1.6 Mbit/s and 150 ms.
Three times are measured: the first contentful paint, when the search box in the HTML takes text and Enter, and when the
script has replaced that box by the one that suggests tracks.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright

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


def visit(browser: Browser, url: str) -> tuple[float, float, float]:
    """Open the page for the first time; return the seconds to the first paint, to the search box, and to suggestions.

    Text typed into the box in the HTML must also be in the box that replaces it.
    """
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", SLOW_NETWORK)
    session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    page.add_init_script("""new MutationObserver((_, watch) => {
      const box = document.getElementById('search')
      if (box) window.searchAt ??= performance.now()
      if (box?.role !== 'combobox') return
      window.suggestsAt = performance.now()
      watch.disconnect()
    }).observe(document, { childList: true, subtree: true })""")
    page.goto(url, wait_until="commit")
    page.locator("#search").fill("x")  # before or after the script has loaded
    expect(page.get_by_role("combobox")).to_have_value("x")
    page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length && window.suggestsAt")
    paint, search, suggests = page.evaluate(
        "[performance.getEntriesByName('first-contentful-paint')[0].startTime, window.searchAt, window.suggestsAt]"
    )
    context.close()
    return paint / 1000, max(search, paint) / 1000, suggests / 1000


def timed(rounds: int) -> list[tuple[float, float, float]]:
    """Serve an empty installation and visit it ``rounds`` times; return the times of each visit."""
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
            visit(browser, f"http://127.0.0.1:{port}/")  # not counted: the server's first answers are slow
            times = [visit(browser, f"http://127.0.0.1:{port}/") for _ in range(rounds)]
            browser.close()
        finally:
            server.terminate()
            server.wait()
    return times


def main() -> int:
    parser = argparse.ArgumentParser(description="Size of the page, and the time until it is usable.")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    meter = Meter()
    script, styles = weights()
    paint, search, suggests = (statistics.median(times) for times in zip(*timed(given.rounds), strict=True))
    print(f"initial script {script:.1f} kB, styles {styles:.1f} kB, gzipped")
    print(
        f"first paint {paint:.2f} s, search box takes text and Enter {search:.2f} s, suggests {suggests:.2f} s, "
        f"medians of {given.rounds}"
    )
    targets = [
        (f"script at most {SCRIPT_KB} kB", script <= SCRIPT_KB),
        (f"styles at most {STYLES_KB} kB", styles <= STYLES_KB),
        (f"first paint in {PAINT_S} s", paint <= PAINT_S),
        (f"search box in {SEARCH_S} s", search <= SEARCH_S),
    ]
    return finish(meter, "none", targets)


if __name__ == "__main__":
    sys.exit(main())
