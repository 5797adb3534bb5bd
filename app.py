"""The application factory: ``gunicorn "app:create_app()"``, or ``make run``."""

from functools import partial

from werkzeug.middleware.proxy_fix import ProxyFix

from api import audio, covers, current, description, errors, genres, maps, mine, page, session, sounds, tracks
from api.application import Application
from api.limits import bounds, expensive
from api.playlists import blend, exports, hub, never, playlists, triage
from api.response_cache import ResponseCache
from api.sources import gather, sources, uploads
from api.spotify import lists, login
from api.status import doctor, metrics, models, packages, status
from config import ROOT, VERSION, Config

_RESOURCES = (
    *(tracks, audio, covers, genres, maps, mine, sounds),
    *(playlists, hub, blend, never, triage, exports),
    *(sources, gather, uploads),
    *(lists, login),
    *(status, doctor, models, packages, metrics),
)


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
    container = current.register(app, config)
    # ProxyFix is the outer layer: it sets the client's address and the host name before ResponseCache reads them.
    count = metrics.count_cached(config.json_log)
    app.wsgi_app = ResponseCache(app.wsgi_app, partial(current.cache_stamp, container), count)  # type: ignore[method-assign]
    if config.behind_proxy:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]
    metrics.register(app, log_requests=config.json_log)
    errors.register(app)
    page.register(app, config)
    app.before_request(session.refuse_foreign_hosts)
    app.before_request(session.refuse_foreign_pages)
    app.before_request(session.refuse_without_room)
    bounds.register(app, config.max_upload_bytes)
    expensive.register(app)
    description.register(app)
    app.before_request(audio.offer)
    app.after_request(session.keep)
    for resource in _RESOURCES:
        app.register_blueprint(resource.blueprint)
    return app
