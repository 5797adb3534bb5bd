"""The HTTP API: routes that check a request, call a use case and return its answer."""
