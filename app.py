"""The application factory: ``gunicorn "app:create_app()"``, or ``make run``."""

from __future__ import annotations

import json

from apiflask import APIFlask
from flask import Response, render_template
from werkzeug.middleware.proxy_fix import ProxyFix

import api
from api.errors import ApiError
from config import Config

VERSION = "2026.11"
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "frame-src https://open.spotify.com",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


def create_app(config: Config | None = None) -> APIFlask:
    """Build the web application: routes, the error handler and the page's shell."""
    config = config or Config.from_env()
    app = APIFlask(
        "tastemap",
        title="Tastemap",
        version=VERSION,
        spec_path="/api/openapi.json",
        docs_path=None,
        json_errors=False,
        static_folder=str(config.static),
        static_url_path="/static/dist",
        root_path=str(config.static.parent.parent),
    )
    app.config.update(MAX_CONTENT_LENGTH=config.max_upload_bytes + 1024 * 1024, SEND_FILE_MAX_AGE_DEFAULT=31_536_000)
    if config.behind_proxy:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_proto=1, x_host=1)  # type: ignore[method-assign]
    api.register(app, config)

    @app.get("/")
    @app.doc(hide=True)
    def shell() -> str:
        return render_template("index.html", version=VERSION, **_built_files(config))

    @app.after_request
    def harden(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
        return response

    return app


def _built_files(config: Config) -> dict[str, object]:
    """Read the URLs of the page's built files, newest build first, so that a rebuild needs no restart."""
    try:
        entry = json.loads((config.static / ".vite" / "manifest.json").read_text())["src/main.js"]
        styles = json.loads((config.static / "styles.json").read_text())
    except FileNotFoundError as missing:
        raise ApiError(503, "page_not_built", "The page has not been built yet.", "Run: make build") from missing
    return {
        "entry_js": f"/static/dist/{entry['file']}",
        "entry_css": [f"/static/dist/{name}" for name in entry.get("css", [])],
        "app_css": f"/static/dist/{styles['app.css']}",
    }
