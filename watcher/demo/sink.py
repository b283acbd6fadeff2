"""A mail server on loopback that keeps every message as an .eml file."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING, Self

from watcher.errors import ConfigError

if TYPE_CHECKING:
    from aiosmtpd.smtp import SMTP, Envelope, Session


class MailSink:
    """Takes messages on a free port of 127.0.0.1 and writes them to `folder` in the order they came."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.messages: list[Path] = []
        folder.mkdir(parents=True, exist_ok=True)
        try:
            from aiosmtpd.controller import Controller
        except ImportError as error:
            raise ConfigError("the demonstration needs the extra `demo`: install watcher[demo]") from error
        self.port = _free_port()
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802
        """Keep one message."""
        path = self.folder / f"{len(self.messages) + 1:02d}.eml"
        content = envelope.content
        path.write_bytes(content if isinstance(content, bytes) else str(content).encode())
        self.messages.append(path)
        return "250 kept"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
