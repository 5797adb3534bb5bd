"""gunicorn's settings; it reads this file by itself.

Without MONGODB_URI the master starts the embedded database before the workers and stops it after them.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

wsgi_app = "app:create_app()"
bind = os.environ.get("TASTEMAP_BIND") or f"0.0.0.0:{os.environ['PORT']}" if "PORT" in os.environ else "127.0.0.1:8000"
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
# A progress stream holds a thread for as long as its page is open.
threads = 16
timeout = 60
keepalive = 5
