"""The application factory: ``gunicorn "app:create_app()"``, or ``make run``."""

from werkzeug.middleware.proxy_fix import ProxyFix

import api
from api.application import Application
from config import ROOT, VERSION, Config


def create_app(config: Config | None = None) -> Application:
    """Build the web application: its services, the routes with their error handler, and the page."""
    config = config or Config.from_env()
    app = Application(
        "tastemap",
        title="Tastemap",
        version=VERSION,
        spec_path="/api/openapi.json",
        docs_path=None,
        json_errors=False,
        root_path=str(ROOT),
        static_folder=str(config.static),
        static_url_path="/static/dist",
    )
    # An upload is checked against the limit while it is read; this one stops what pretends to be small.
    app.config.update(MAX_CONTENT_LENGTH=config.max_upload_bytes + 1024 * 1024)
    if config.behind_proxy:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_proto=1, x_host=1)  # type: ignore[method-assign]
    api.register(app, config)
    return app
