"""What we answer: thin routes over the store, the catalogue and the models."""

from __future__ import annotations

from apiflask import APIFlask

from api import (
    blend,
    clusters,
    continuation,
    datasets,
    doctor,
    errors,
    exports,
    features,
    genre,
    genres,
    harvest,
    models,
    never,
    operator,
    page,
    playlists,
    preview,
    projection,
    recommend,
    search,
    session,
    sources,
    spotify,
    spotify_lists,
    status,
    timbre,
    uploads,
    who_added,
)
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
    for module in (
        status,
        search,
        genre,
        recommend,
        preview,
        playlists,
        who_added,
        exports,
        uploads,
        models,
        clusters,
        features,
        continuation,
        operator,
        genres,
        sources,
        spotify,
        spotify_lists,
        doctor,
        harvest,
        datasets,
        timbre,
        blend,
        never,
        projection,
    ):
        app.register_blueprint(module.blueprint)
