"""What the requests of one Source may do beyond the rule for all: trust its own authority, be led to http."""

from __future__ import annotations

import re

from watcher.errors import RefusedError
from watcher.fetch import FetchRequest
from watcher.model.source import Definition
from watcher.pipeline.ports import Rooms

_FILE_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*")


def request_of(rooms: Rooms, definition: Definition, url: str) -> FetchRequest:
    """A plain request for a URL on behalf of a Source: its page, or the robots.txt or sitemap of its origin."""
    return FetchRequest(
        url=url,
        ca_file=rooms.certificates / definition.ca_file if definition.ca_file else None,
        follow_to_http=definition.follow_to_http,
    )


def require_ca_file(definition: Definition) -> None:
    """RefusedError unless `ca_file` is "" or the bare name of a file, of a Source that is not read with a browser."""
    if not definition.ca_file:
        return
    if not _FILE_NAME.fullmatch(definition.ca_file):
        raise RefusedError(
            f"ca_file {definition.ca_file!r} should be a bare file name in the folder fetch.certificates: "
            "letters, digits, hyphens and dots, no slash, no dot at its beginning"
        )
    if definition.browser:
        raise RefusedError(
            "ca_file and browser do not go together: Chromium trusts the authorities of its own store alone. "
            "Leave one of them out"
        )
