"""Serves the page with uvicorn until it is told to stop."""

from __future__ import annotations

import socket

import uvicorn

from watcher import __version__
from watcher.errors import RefusedError
from watcher.pipeline.ports import Rooms
from watcher.web.app import create_app

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]", "::1")
SHUTDOWN_SECONDS = 5


def page_server(rooms: Rooms) -> uvicorn.Server:
    """A server for the page; `should_exit = True` ends its `run`."""
    app = create_app(rooms, version=__version__, allowed_hosts=LOOPBACK_NAMES)
    return uvicorn.Server(
        uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        )
    )


def listen(host: str, port: int) -> socket.socket:
    """A listening socket (port 0 takes a free one). RefusedError says that the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        message = f"the page cannot be served on {host}:{port}: {error.strerror}. Choose another port with --port."
        raise RefusedError(message) from error
    return listening


def run_app(rooms: Rooms, listening: socket.socket) -> None:
    """Serve on a listening socket until SIGINT or SIGTERM, and close it."""
    try:
        page_server(rooms).run(sockets=[listening])
    finally:
        listening.close()


def address_of(listening: socket.socket) -> str:
    """The address of the page that a socket serves."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
