"""Playlists: rows and people, what comes next, who added a track, blends, files."""

from api.playlists import blend, exports, never, next, playlists, who_added

BLUEPRINTS = (
    blend.blueprint,
    exports.blueprint,
    never.blueprint,
    next.blueprint,
    playlists.blueprint,
    who_added.blueprint,
)
