"""CDXJ: one line for each WARC record that can be replayed, by canonical address and time."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from urllib.parse import urlsplit

from watcher.archive.warc import Place


def surt(url: str) -> str:
    """The Sort-friendly URI Reordering Transform: `https://www.Example.org/A?b` is `org,example)/a?b`.

    Scheme, user, fragment, a leading www, the usual port, letter case and the order of the query do not count.
    A URL without a host is its own key.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return url
    if not host:
        return url
    bare = re.sub(r"^www\d*\.", "", host)
    labels = [f"[{bare}]"] if ":" in bare else bare.split(".")[::-1]
    shown_port = f":{port}" if port not in (None, {"http": 80, "https": 443}.get(parts.scheme)) else ""
    query = "&".join(sorted(parts.query.lower().split("&"))) if parts.query else ""
    path = re.sub(r"(?<=.)/+$", "", parts.path.lower()) or "/"
    return f"{','.join(labels)}{shown_port}){path}" + (f"?{query}" if query else "")


def timestamp(moment: datetime) -> str:
    """Fourteen digits in UTC."""
    return f"{moment.astimezone(UTC):%Y%m%d%H%M%S}"


def cdxj_line(*, url: str, captured_at: datetime, mime: str, status: int | None, digest: str, place: Place) -> str:
    """One line, without its line feed."""
    fields = {
        "url": url,
        "mime": mime,
        "status": str(status or 200),
        "digest": digest,
        "length": str(place.length),
        "offset": str(place.offset),
        "filename": place.filename,
    }
    return f"{surt(url)} {timestamp(captured_at)} {json.dumps(fields)}"
