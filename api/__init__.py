"""HTTP: routes that check a request, call a use case, and return its answer; a folder per resource."""

from itertools import chain

from apiflask import APIFlask

from api import errors, maps, page, playlists, session, sources, spotify, status, tracks
from config import Config
from services.container import Services


def register(app: APIFlask, config: Config) -> None:
    """Attach the services, the routes and the error handler to ``app``."""
    app.extensions["tastemap"] = Services(config)
    errors.register(app)
    page.register(app, config)
    app.before_request(session.refuse_foreign_hosts)
    app.before_request(session.refuse_foreign_pages)
    app.after_request(session.keep)
    resources = (tracks, playlists, maps, sources, spotify, status)
    for blueprint in chain.from_iterable(resource.BLUEPRINTS for resource in resources):
        app.register_blueprint(blueprint)
