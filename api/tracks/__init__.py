"""Tracks: search, genre, recommendations, previews, and the taxonomy of genres."""

from api.tracks import genre, genres, preview, recommend, search

BLUEPRINTS = (genre.blueprint, genres.blueprint, preview.blueprint, recommend.blueprint, search.blueprint)
