"""The real app on a free port with its own data folder, and a Chromium that reports everything it should not do."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, expect

from tests.browser.pages import WAIT_MS, PlaylistPage, SettingsPage, TrackPage
from tests.fake_services.fixtures import FakeServices
from tools.chromium import system_chromium

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 300  # no test depends on the speed of the machine
# Each window of a whole Chromium loads pages for its own address bar. The others are what Playwright switches off: its
# list is replaced by this one.
UNUSED_FEATURES = (
    *("WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "AimEnabled"),
    *(
        "DestroyProfileOnBrowserClose",
        "HttpsFirstBalancedModeAutoEnable",
        "HttpsUpgrades",
        "LensOverlay",
        "MediaRouter",
    ),
    *("OptimizationHints", "PaintHolding", "ThirdPartyStoragePartitioning", "Translate"),
)

expect.set_options(timeout=WAIT_MS)


@pytest.fixture
def context(context: BrowserContext) -> BrowserContext:
    context.set_default_timeout(WAIT_MS)
    return context


@pytest.fixture(scope="session")
def base_url() -> None:
    """Take the place of pytest-base-url's fixture of this name, whose form this pytest warns about."""


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The system's Chromium where there is one, else Playwright's own; root must do without its sandbox."""
    chromium = system_chromium()
    extra: dict[str, Any] = {"executable_path": chromium} if chromium else {}
    extra["args"] = [f"--disable-features={','.join(UNUSED_FEATURES)}"]
    if os.geteuid() == 0:
        extra["args"].append("--no-sandbox")
    return {**browser_type_launch_args, **extra}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """Without motion, which costs processor time and makes tests wait; where it matters a test switches it on."""
    return {**browser_context_args, "reduced_motion": "reduce"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_well(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if server.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url + "/readyz", timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.3)
    pytest.fail(f"The app did not start on {url}:\n{log.read_text()[-3000:]}")


@contextmanager
def serve(folder: Path, told: Mapping[str, str] = MappingProxyType({})) -> Iterator[str]:
    """Serve the app as in production (gunicorn, embedded database), data below ``folder``; yields its address.

    ``told`` are further variables of its environment.
    """
    if not (ROOT / "static" / "dist" / "styles.json").exists():
        pytest.fail("The page is not built. Run: make build")
    port, log = _free_port(), folder / "server.log"
    ours = ("MONGODB_URI", "TASTEMAP_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)} | dict(told)
    environment |= {"TASTEMAP_VAR": str(folder / "var"), "TASTEMAP_BIND": f"127.0.0.1:{port}", "WEB_CONCURRENCY": "1"}
    environment.setdefault("TASTEMAP_DATABASE_SECONDS", "60")  # no test depends on the speed of the machine
    gunicorn = Path(sys.executable).with_name("gunicorn")
    with log.open("wb") as out:
        server = subprocess.Popen(
            [str(gunicorn)], cwd=ROOT, env=environment, stdout=out, stderr=out, start_new_session=True
        )
    try:
        _wait_until_well(server, f"http://127.0.0.1:{port}", log)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=30)


@pytest.fixture(scope="session")
def live_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One app for all test files; each test's browser is an owner of its own, who sees nothing of the others.

    A file that begins with nothing, or changes what everybody sees, puts :func:`own_app` in its place.
    """
    told = {"TASTEMAP_SOURCES": "none", "TASTEMAP_MAX_SESSIONS": "10000"}  # each test opens one, at one address
    with serve(tmp_path_factory.mktemp("live"), told) as address:
        yield address


@pytest.fixture(scope="module")
def own_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An app of this test file alone, which may ask nobody."""
    with serve(tmp_path_factory.mktemp("own"), {"TASTEMAP_SOURCES": "none"}) as address:
        yield address


@contextmanager
def started_services() -> Iterator[FakeServices]:
    """Start every source as a fake on loopback, without limits."""
    fakes = FakeServices()
    fakes.lift_limits()
    for fake in fakes.all:
        fake.start()
    yield fakes
    for fake in fakes.all:
        fake.stop()


@pytest.fixture(scope="module")
def services() -> Iterator[FakeServices]:
    """The fake sources of this test file, which :func:`asking_app` may ask."""
    with started_services() as fakes:
        yield fakes


@pytest.fixture
def fresh_services() -> Iterator[FakeServices]:
    """Sources that nobody has asked anything yet."""
    with started_services() as fakes:
        yield fakes


@pytest.fixture(scope="module")
def asking_app(tmp_path_factory: pytest.TempPathFactory, services: FakeServices) -> Iterator[str]:
    """One app for each test file that may ask the fakes once somebody says so."""
    with serve(tmp_path_factory.mktemp("asking"), services.environment) as address:
        yield address


@pytest.fixture
def empty_app(tmp_path: Path) -> Iterator[str]:
    """An app into which nothing has been brought."""
    with serve(tmp_path) as address:
        yield address


@pytest.fixture
def fresh_app(tmp_path: Path, fresh_services: FakeServices) -> Iterator[str]:
    """An app that may ask fakes of its own and has never been opened."""
    with serve(tmp_path, fresh_services.environment) as address:
        yield address


@pytest.fixture
def healed(services: FakeServices) -> Iterator[FakeServices]:
    """The fakes of :func:`asking_app`, well again after the test, whatever it did to them."""
    yield services
    for fake in services.all:
        fake.heal()


class Watch:
    """What the browser complained about; ``allow`` excuses messages that a test provokes."""

    def __init__(self, page: Page, own: str) -> None:
        self.own = own
        self.found: list[str] = []
        self._allowed: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.found.append(f"uncaught: {error}"))
        page.on("request", self._request)
        # Reported apart: a blocked style does not always reach the console.
        page.expose_function("reportViolation", lambda text: self.found.append(f"policy: {text}"))
        page.add_init_script(
            "addEventListener('securitypolicyviolation',"
            " (event) => window.reportViolation(`${event.violatedDirective} ${event.blockedURI}`))"
        )

    def allow(self, part: str) -> None:
        self._allowed.append(part)

    def _console(self, message: ConsoleMessage) -> None:
        # A slow machine may take longer than Chromium likes until the page uses what was fetched early.
        excused = ("willReadFrequently", "was preloaded using link preload")
        if message.type in {"error", "warning"} and not any(text in message.text for text in excused):
            self.found.append(f"console: {message.text} {message.location['url']}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.own + "/", "data:", "blob:")):
            self.found.append(f"foreign request: {request.url}")

    def problems(self) -> list[str]:
        return [text for text in self.found if not any(part in text for part in self._allowed)]


@pytest.fixture
def watch(page: Page, live_app: str) -> Iterator[Watch]:
    """Fail the test on any console error, policy violation or request to another host."""
    watching = Watch(page, live_app)
    yield watching
    assert watching.problems() == []


@pytest.fixture
def settings_page(page: Page, asking_app: str) -> Iterator[SettingsPage]:
    """The settings of an app that may ask the fakes; fails the test as :func:`watch` does."""
    watching = Watch(page, asking_app)
    yield SettingsPage(page, asking_app, watching.allow)
    assert watching.problems() == []


@pytest.fixture(scope="module")
def brought() -> dict[str, Any]:
    """What ``PlaylistPage.bring_once`` remembers for the tests of a file."""
    return {}


@pytest.fixture
def playlist_page(page: Page, watch: Watch, live_app: str) -> PlaylistPage:
    return PlaylistPage(page, live_app)


@pytest.fixture
def track_page(page: Page, watch: Watch, live_app: str) -> TrackPage:
    return TrackPage(page, live_app)
