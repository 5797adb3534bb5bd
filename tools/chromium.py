"""Installs a Chromium for the browser tests: Debian's package if root, else Playwright's unless there is one.

Best is Chromium without its own window: it draws and does what a page asks just as the whole program does, with less
processor time. Playwright's own is this one, too.
"""

import os
import shutil
import subprocess
import sys

_WITHOUT_WINDOW = "chromium-headless-shell"
SYSTEM_NAMES = (_WITHOUT_WINDOW, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def system_chromium() -> str | None:
    """Return the path of an installed Chromium or Chrome, or ``None``."""
    return next(filter(None, map(shutil.which, SYSTEM_NAMES)), None)


def main() -> None:
    by_apt = hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get")
    if shutil.which(_WITHOUT_WINDOW) or (by_apt and _install(_WITHOUT_WINDOW)) or system_chromium():
        return
    if by_apt and _install("chromium"):  # a release without the other package
        return
    print("Installing Playwright's Chromium for the browser tests")
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True)


def _install(package: str) -> bool:
    """Install a package of Debian, and letters to draw; return whether that is done."""
    print(f"Installing Debian's {package} for the browser tests")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", package, "fonts-dejavu-core"]
    return all(
        subprocess.run(command, env=environment, stdout=subprocess.DEVNULL).returncode == 0
        for command in (["apt-get", "update", "-qq"], install)
    )


if __name__ == "__main__":
    main()
