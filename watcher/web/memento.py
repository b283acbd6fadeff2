"""Memento (RFC 7089): TimeGates, TimeMaps, and the headers of a Capture's permalink.

A Memento is the page of a Capture that reached its Source. A Source is asked for by its id or by an address that it
has or had: `/timegate/kaz`, `/timemap/https://example.org/kaz`. TimeMaps also answer under `/timemap/link/…` and
`/timemap/json/…`; a long one goes on under `/timemap/link/2/…`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, unquote

from fastapi import Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from watcher.errors import NotFoundError
from watcher.model.capture import Capture
from watcher.model.memento import Memento, http_date, parse_http_date
from watcher.model.permalinks import capture_url, source_url
from watcher.store import mementos, sources
from watcher.store.database import Connection
from watcher.web.reply import rooms_of

PAGE_SIZE = 10_000
LARGEST_PAGE = 10_000
LINK_FORMAT = "application/link-format"
_ADDRESS = re.compile(r"(https?):/+", re.IGNORECASE)
_IN_A_LINK = ":/?#[]@!$&'()*+,;=%~-._"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Asked:
    """What a TimeGate or TimeMap is about. `name` is how it is written in addresses, `original` the URI-R."""

    name: str
    original: str
    scope: mementos.Scope


@dataclass(frozen=True, kw_only=True, slots=True)
class _Page:
    """One page of a TimeMap, counted from 1; `next_from` is the time of the first Memento after it."""

    number: int
    rows: list[Memento]
    next_from: datetime | None


def time_gate(request: Request, target: str) -> Response:
    """302 to the Memento that stood at Accept-Datetime: the newest up to it, or else the first. Without it: the last.

    400 for a date that is none.
    """
    wanted = request.headers.get("accept-datetime")
    moment = parse_http_date(wanted) if wanted is not None else None
    base = rooms_of(request).base_url
    with rooms_of(request).database.reading() as connection:
        asked = _asked(connection, _raw_target(request, target), base)
        first = mementos.first_memento(connection, asked.scope)
        last = mementos.last_memento(connection, asked.scope)
        chosen = last if moment is None else mementos.last_memento(connection, asked.scope, until=moment)
    if first is None or last is None:
        raise NotFoundError(f"nothing has been captured yet of {asked.original}")
    links = [_link(asked.original, "original"), *_time_map_links(asked, base), *_ends(first, last, base)]
    headers = {"Vary": "accept-datetime", "Link": ", ".join(links)}
    if wanted is not None and moment is None:
        message = f"Accept-Datetime should be written as {http_date(last.captured_at)!r}, not {wanted[:80]!r}\n"
        return PlainTextResponse(message, status_code=400, headers=headers)
    location = capture_url(base, (chosen or first).sequence)
    return PlainTextResponse(f"{location}\n", status_code=302, headers={**headers, "Location": location})


def time_map(request: Request, target: str) -> Response:
    """All Mementos of a Source or an address: application/link-format, or JSON where that is asked for."""
    raw, form, number = _split_form(_raw_target(request, target))
    as_json = form == "json" or (not form and "application/json" in request.headers.get("accept", ""))
    base = rooms_of(request).base_url
    with rooms_of(request).database.reading() as connection:
        asked = _asked(connection, raw, base)
        offset = (number - 1) * PAGE_SIZE
        rows = mementos.list_mementos(connection, asked.scope, limit=PAGE_SIZE + 1, offset=offset)
    if not rows:
        raise NotFoundError(f"nothing has been captured yet of {asked.original}, or its TimeMap ends before this page")
    next_from = rows[PAGE_SIZE].captured_at if len(rows) > PAGE_SIZE else None
    shown = _Page(number=number, rows=rows[:PAGE_SIZE], next_from=next_from)
    headers = {"Vary": "accept"}
    if as_json:
        return JSONResponse(_as_json(asked, shown, base), headers=headers)
    text = ",\n".join(_as_links(asked, shown, base)) + "\n"
    return Response(text, media_type=LINK_FORMAT, headers=headers)


def memento_headers(connection: Connection, capture: Capture, base_url: str) -> dict[str, str]:
    """Memento-Datetime and Link of a Capture's page; nothing for an attempt that brought no content."""
    around = mementos.neighbours(connection, capture)
    if around is None:
        return {}
    original = capture.requested_url or source_url(base_url, capture.source_id)
    asked = _Asked(name=capture.source_id, original=original, scope=mementos.scope_of_source(capture.source_id))
    relations: dict[Memento, list[str]] = {}
    for relation, memento in (
        ("first", around.first),
        ("prev", around.previous),
        ("next", around.following),
        ("last", around.last),
    ):
        if memento is not None:
            relations.setdefault(memento, []).append(relation)
    links = [
        _link(original, "original"),
        _link(_time_gate_url(asked, base_url), "timegate"),
        *_time_map_links(asked, base_url),
        *(_memento_link(memento, " ".join([*names, "memento"]), base_url) for memento, names in relations.items()),
    ]
    return {"Memento-Datetime": http_date(capture.captured_at), "Link": ", ".join(links)}


def _raw_target(request: Request, target: str) -> str:
    """What follows `/timegate/` or `/timemap/`, percent-encoding as it was sent: an original address may hold some."""
    raw = request.scope.get("raw_path", b"").decode("ascii", "replace")
    sent = raw.split("/", 2)[2] if raw.count("/") > 1 else quote(target, safe=_IN_A_LINK)
    return f"{sent}?{request.url.query}" if request.url.query else sent


def _split_form(raw: str) -> tuple[str, str, int]:
    """The target of a TimeMap, "link", "json" or "" for its form, and the number of its page."""
    form, _, rest = raw.partition("/")
    if form not in ("link", "json") or not rest:
        return raw, "", 1
    number, _, after = rest.partition("/")
    if not (after and number.isascii() and number.isdigit()):
        return rest, form, 1
    if len(number) > len(str(LARGEST_PAGE)) or not 1 <= int(number) <= LARGEST_PAGE:
        raise NotFoundError(f"a TimeMap has no page {number[:20]}")
    return after, form, int(number)


def _asked(connection: Connection, raw: str, base_url: str) -> _Asked:
    given = raw if _ADDRESS.match(raw) else unquote(raw)
    if _ADDRESS.match(given):
        address = _ADDRESS.sub(lambda found: f"{found[1].lower()}://", given, count=1)
        scope = mementos.scope_of_address(connection, address)
        if not scope.sources:
            raise NotFoundError(f"no Source has or had the address {address[:300]}")
        return _Asked(name=address, original=address, scope=scope)
    source_id = unquote(raw.partition("?")[0])
    source = sources.get_source(connection, source_id)
    original = source.definition.url or source_url(base_url, source_id)
    return _Asked(name=source_id, original=original, scope=mementos.scope_of_source(source_id))


def _as_links(asked: _Asked, shown: _Page, base: str) -> list[str]:
    until = http_date(shown.rows[-1].captured_at)
    span = f'; from="{http_date(shown.rows[0].captured_at)}"; until="{until}"'
    own = _time_map_url(asked, base, "link", shown.number)
    links = [
        _link(asked.original, "original"),
        _link(_time_gate_url(asked, base), "timegate"),
        _link(own, "self", f'; type="{LINK_FORMAT}"{span}'),
    ]
    if shown.number > 1:
        links.append(_link(_time_map_url(asked, base, "link", shown.number - 1), "timemap", f'; type="{LINK_FORMAT}"'))
    if shown.next_from is not None:
        following = _time_map_url(asked, base, "link", shown.number + 1)
        links.append(_link(following, "timemap", f'; type="{LINK_FORMAT}"; from="{http_date(shown.next_from)}"'))
    for place, memento in enumerate(shown.rows):
        names = ["first"] if shown.number == 1 and place == 0 else []
        if shown.next_from is None and place == len(shown.rows) - 1:
            names.append("last")
        links.append(_memento_link(memento, " ".join([*names, "memento"]), base))
    return links


def _as_json(asked: _Asked, shown: _Page, base: str) -> dict[str, object]:
    listed = [
        {
            "datetime": memento.captured_at.isoformat(),
            "uri": capture_url(base, memento.sequence),
            "source_id": memento.source_id,
            "payload_sha256": memento.payload_sha256,
        }
        for memento in shown.rows
    ]
    more = _time_map_url(asked, base, "json", shown.number + 1) if shown.next_from is not None else None
    return {
        "original_uri": asked.original,
        "self": _time_map_url(asked, base, "json", shown.number),
        "next": more,
        "timegate_uri": _time_gate_url(asked, base),
        "timemap_uri": {
            "link_format": _time_map_url(asked, base, "link"),
            "json_format": _time_map_url(asked, base, "json"),
        },
        "mementos": {"list": listed},
    }


def _ends(first: Memento, last: Memento, base: str) -> list[str]:
    if first == last:
        return [_memento_link(first, "first last memento", base)]
    return [_memento_link(first, "first memento", base), _memento_link(last, "last memento", base)]


def _time_map_links(asked: _Asked, base: str) -> list[str]:
    return [
        _link(_time_map_url(asked, base, "link"), "timemap", f'; type="{LINK_FORMAT}"'),
        _link(_time_map_url(asked, base, "json"), "timemap", '; type="application/json"'),
    ]


def _memento_link(memento: Memento, relation: str, base: str) -> str:
    return _link(capture_url(base, memento.sequence), relation, f'; datetime="{http_date(memento.captured_at)}"')


def _link(target: str, relation: str, more: str = "") -> str:
    """One link (RFC 8288). What an address may not hold is percent-encoded, so that none can end its brackets."""
    return f'<{quote(target, safe=_IN_A_LINK)}>; rel="{relation}"{more}'


def _time_gate_url(asked: _Asked, base: str) -> str:
    return f"{base}/timegate/{asked.name}"


def _time_map_url(asked: _Asked, base: str, form: str, number: int = 1) -> str:
    place = f"{form}/{number}" if number > 1 else form
    return f"{base}/timemap/{place}/{asked.name}"
