"""How connections are served: gunicorn's processes, with waitress's loop in front of the threads."""
