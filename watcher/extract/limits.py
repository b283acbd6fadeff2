"""How much of a payload the extractors will take on. Every refusal is an ExtractError with code `too_large`."""

from __future__ import annotations

from typing import NoReturn

from watcher.errors import ExtractError

MAX_PAYLOAD_BYTES = 64 * 1024 * 1024
MAX_NODES = 1_000_000
MAX_BLOCKS = 300_000
MAX_TABLE_SPAN = 1_000
MAX_HTML_DEPTH = 4_000
MAX_ATTRIBUTES = 5_000
MAX_OPTIONS = 3_000
MAX_ZIP_MEMBERS = 10_000
MAX_UNPACKED_BYTES = 128 * 1024 * 1024
MAX_XML_DEPTH = 200
MAX_PDF_PAGES = 5_000
MAX_XPATH_VISITS = 1_000_000
MAX_PATTERN_CHARACTERS = 500_000_000
MAX_CELLS = 2_000_000
MAX_PADDED_CELLS = 10_000_000
MAX_RTF_DEPTH = 2_000
MAX_MAIL_PARTS = 1_000
MAX_FEED_ENTRIES = 20_000


def refuse(what: str, *, found: int | str, limit: int, unit: str) -> NoReturn:
    """Raise the `too_large` error: what was too large, how large it is, and the limit, both in `unit`."""
    message = f"{what} is too large to read: {found} {unit}, the limit is {limit} {unit}"
    raise ExtractError(message, code="too_large")
