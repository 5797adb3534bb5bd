"""The listener's Spotify account: login, lists in and playlists out."""

from api.spotify import lists, login

BLUEPRINTS = (lists.blueprint, login.blueprint)
