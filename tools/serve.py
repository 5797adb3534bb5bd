"""Serves on loopback, on the port in PORT (default 8000) or, with a message, on the next free one."""

import os
import socket
import sys
from pathlib import Path

HOST = "127.0.0.1"
TRIES, BACKLOG = 100, 2048


def listening(port: int) -> socket.socket | None:
    """Return a socket that listens on ``port``, or None if the port is taken.

    Gunicorn inherits the socket, so that no other program can take the port in between.
    """
    found = socket.socket()
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((HOST, port))
        found.listen(BACKLOG)
    except OSError:
        found.close()
        return None
    return found


def main() -> None:
    text = os.environ.get("PORT", "8000")
    if not text.isdecimal() or not 0 < int(text) < 65536:
        sys.exit(f"PORT must be a number from 1 to 65535, not {text!r}.")
    wanted = int(text)
    ports = range(wanted, min(wanted + TRIES, 65536))
    found = next(((port, taken) for port in ports if (taken := listening(port))), None)
    if found is None:
        sys.exit(f"No port from {wanted} on is free; choose another: PORT=9000 make run")
    port, taken = found
    if port != wanted:
        print(f"Port {wanted} is taken; using {port}.")
    print(f"Tastemap: http://{HOST}:{port} (Ctrl-C stops it)", flush=True)
    gunicorn = Path(sys.executable).with_name("gunicorn")
    taken.set_inheritable(True)
    os.execve(gunicorn, [str(gunicorn)], os.environ | {"TASTEMAP_BIND": f"fd://{taken.detach()}"})


if __name__ == "__main__":
    main()
