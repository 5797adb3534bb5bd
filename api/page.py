"""Serves the page: its HTML at each of its addresses, its built files, and its security headers."""

import json
from urllib.parse import quote

from apiflask import APIFlask
from flask import Response, render_template, request
from werkzeug.exceptions import NotFound
from whitenoise import WhiteNoise

from api.errors import http_error
from config import ROOT, Config
from services.errors import ServiceError

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "frame-src https://open.spotify.com",
        # Previews of thirty seconds come from Deezer's and Apple's servers, because their terms forbid us to pass them
        # on. Own files come from this server.
        "media-src 'self' https://*.dzcdn.net https://audio-ssl.itunes.apple.com",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


# The parts of views that have an address; the page's router reads the same file.
PARTS: dict[str, list[str]] = json.loads((ROOT / "frontend" / "src" / "addresses.json").read_text())


def paths() -> list[str]:
    """Return the addresses of the page's views, as rules of Flask."""
    part = {view: f"<any({', '.join(names)}):part>" for view, names in PARTS.items()}
    return [
        *("/", "/track", "/track/<path:id>", "/playlists", "/playlist/<id>"),
        f"/playlist/<id>/{part['playlist']}",
        *("/library", f"/library/{part['library']}", "/settings", f"/settings/{part['settings']}"),
    ]


def is_of_the_page(path: str) -> bool:
    """Return whether the client that asks for ``path`` expects the page, and neither data nor a file."""
    asks_for_html = request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html"
    return asks_for_html and not path.startswith(("/api/", "/static/"))


def register(app: APIFlask, config: Config) -> None:
    """Serve the page at its addresses and its files below ``/static/dist``; harden every answer."""
    app.after_request(harden)
    if config.static.is_dir():
        app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]
            app.wsgi_app,
            root=str(config.static),
            prefix="static/dist",
            allow_all_origins=False,
            # The names contain a hash, so a browser may cache them for ever; the build writes a .gz beside each file.
            immutable_file_test=lambda path, url: not url.endswith(".json"),
            add_headers_function=lambda headers, path, url: headers.add_header("X-Content-Type-Options", "nosniff"),
        )

    @app.doc(hide=True)
    def page(id: str = "", **_: str) -> str:
        # The same address as in usePlaylist.js, so that the browser can load the rows before the scripts.
        rows = f"/api/playlists/{quote(id)}/columns?start=0" if request.path.startswith("/playlist/") and id else ""
        discover = request.path == "/"
        return render_template("index.html", version=app.version, discover=discover, rows=rows, **built_files(config))

    for path in paths():
        app.add_url_rule(path, view_func=page, strict_slashes=False)

    @app.errorhandler(404)
    def no_such_page(error: NotFound) -> tuple[str | Response, int]:
        """Answer a browser with the page, which says that nothing is here, and other clients with JSON."""
        return (page(), 404) if is_of_the_page(request.path) else http_error(error)


def harden(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    return response


def built_files(config: Config) -> dict[str, object]:
    """Return the addresses of the newest build's files; raises ServiceError 503 if there is no build."""
    try:
        built = json.loads((config.static / ".vite" / "manifest.json").read_text())
        entry, first = built["src/main.js"], built["src/first.js"]
        styles = json.loads((config.static / "styles.json").read_text())
    except (OSError, ValueError, LookupError, TypeError) as missing:
        raise ServiceError(503, "page_not_built", "The page has not been built yet.", "Run: make build") from missing
    return {
        "first_js": f"/static/dist/{first['file']}",
        "entry_js": f"/static/dist/{entry['file']}",
        "entry_css": [f"/static/dist/{name}" for name in entry.get("css", [])],
        "app_css": f"/static/dist/{styles['app.css']}",
    }
