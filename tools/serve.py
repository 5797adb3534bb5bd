"""Serve on loopback: the wanted port, or the next free one with a word about it."""

import os
import socket
import sys
from pathlib import Path

HOST = "127.0.0.1"
TRIES = 100


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def main() -> None:
    text = os.environ.get("PORT", "8000")
    if not text.isdecimal() or not 0 < int(text) < 65536:
        sys.exit(f"PORT must be a number from 1 to 65535, not {text!r}.")
    wanted = int(text)
    port = next((p for p in range(wanted, min(wanted + TRIES, 65536)) if is_free(p)), None)
    if port is None:
        sys.exit(f"No port from {wanted} on is free; choose another: PORT=9000 make run")
    if port != wanted:
        print(f"Port {wanted} is taken; using {port}.")
    print(f"Tastemap: http://{HOST}:{port} (Ctrl-C stops it)", flush=True)
    gunicorn = Path(sys.executable).with_name("gunicorn")
    # glibc gives each thread a heap of its own otherwise, which costs a web process a fifth of its memory.
    settings = {"MALLOC_ARENA_MAX": "2", "TASTEMAP_BIND": f"{HOST}:{port}"}
    os.execve(gunicorn, [str(gunicorn)], os.environ | settings)


if __name__ == "__main__":
    main()
