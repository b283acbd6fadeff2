"""Bring dated history into a Source: the same pipe as a check, and nothing is sent."""

from __future__ import annotations

import json
import mimetypes
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from watcher.errors import ConfigError
from watcher.model.capture import Capture, Outcome, Trigger
from watcher.model.source import Source
from watcher.pipeline.ports import Rooms
from watcher.pipeline.record import Recorded, record_import
from watcher.store import captures, sources

LATEST_IN_FUTURE = timedelta(days=1)  # a day is somewhere already tomorrow
KNOWN_KEYS = ("captured_at", "path", "text", "html", "media_type", "url")
Wrong = Callable[[str, str | None], ConfigError]
_DATE_IN_NAME = re.compile(r"(?<!\d)(\d{4})-?(\d{2})-?(\d{2})(?:T?(\d{2})-?:?(\d{2})-?:?(\d{2}))?(?!\d)")


@dataclass(frozen=True, kw_only=True, slots=True)
class DatedItem:
    """One state of a Source: its bytes and the moment for which they are claimed. `origin` names file and line.

    `status` and `headers` are those of the HTTP answer, where another archive kept it.
    """

    captured_at: datetime
    payload: bytes
    media_type: str | None
    charset: str | None
    url: str
    origin: str
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()


def read_items(path: Path, *, match: str = "*") -> list[DatedItem]:
    """The dated items of a folder (dates in the file names) or of a JSON-lines file, oldest first.

    All of them are read before anything is imported. ConfigError names the file and line that is wrong.
    """
    if path.is_dir():
        items = [_from_file(file) for file in sorted(path.glob(match)) if file.is_file()]
        if not items:
            raise ConfigError(f"no file matches {match!r}", file=str(path))
    elif path.is_file():
        items = list(_from_lines(path))
    else:
        raise ConfigError("there is no such file or folder", file=str(path))
    return sorted(items, key=lambda item: item.captured_at)


def import_items(rooms: Rooms, source_id: str, items: list[DatedItem], *, user: str) -> Iterator[Recorded | None]:
    """Record each item in turn; None for one that was imported before."""
    with rooms.database.reading() as connection:
        source = sources.get_source(connection, source_id)
    for item in items:
        require_past(rooms, item.origin, item.captured_at)
    for item in items:
        yield import_one(rooms, source, item, user=user)


def require_past(rooms: Rooms, origin: str, captured_at: datetime) -> None:
    """ConfigError for a date in the future."""
    if captured_at > rooms.clock() + LATEST_IN_FUTURE:
        message = f"{origin}: {captured_at:%Y-%m-%d} lies in the future; nothing was imported"
        raise ConfigError(message, key="captured_at")


def import_one(rooms: Rooms, source: Source, item: DatedItem, *, user: str) -> Recorded | None:
    """Record one item at its place in time; None when it was imported before."""
    with rooms.database.reading() as connection:
        last = captures.last_payload_sha256(connection, source.source_id, until=item.captured_at)
    payload_sha256 = rooms.archive.put_payload(item.payload, like=last)
    with rooms.database.reading() as connection:
        if captures.is_imported(connection, source.source_id, payload_sha256, item.captured_at):
            return None
    now = rooms.clock()
    capture = rooms.archive.append_capture(
        Capture(
            sequence=-1,
            source_id=source.source_id,
            definition_sha256=source.definition.digest_sha256,
            trigger=Trigger.IMPORT,
            slot_at=None,
            started_at=now,
            ended_at=now,
            captured_at=item.captured_at,
            requested_url=item.url or source.definition.url,
            hops=(),
            outcome=Outcome.SAME if payload_sha256 == last else Outcome.NEW,
            status=item.status,
            headers=item.headers,
            payload_sha256=payload_sha256,
            payload_length=len(item.payload),
            media_type=item.media_type,
            charset=item.charset,
            error="",
            fetcher=f"import of {item.origin}",
            user=user,
        )
    )
    return record_import(rooms, capture)


def _from_file(file: Path) -> DatedItem:
    found = _DATE_IN_NAME.search(file.name)
    if found is None:
        raise ConfigError("the name holds no date such as 2013-06-06; use a JSON-lines file instead", file=str(file))
    try:
        captured_at = datetime(*(int(part) for part in found.groups(default="0")), tzinfo=UTC)  # type: ignore[arg-type,misc]
    except ValueError as error:
        raise ConfigError(f"the date in the name is none: {error}", file=str(file)) from error
    return DatedItem(
        captured_at=captured_at,
        payload=file.read_bytes(),
        media_type=mimetypes.guess_type(file.name)[0],
        charset=None,
        url="",
        origin=file.name,
    )


def _from_lines(path: Path) -> Iterator[DatedItem]:
    for number, line in enumerate(path.read_text("utf-8-sig").splitlines(), start=1):
        if line.strip():
            yield _from_line(path, number, line)


def _from_line(path: Path, number: int, line: str) -> DatedItem:
    def wrong(message: str, key: str | None) -> ConfigError:
        return ConfigError(message, file=str(path), line=number, key=key)

    try:
        fields = json.loads(line)
    except ValueError as error:
        raise wrong(f"is no JSON: {error}", None) from error
    if not isinstance(fields, dict):
        raise wrong("should be a JSON object", None)
    unknown = [key for key in fields if key not in KNOWN_KEYS]
    if unknown:
        raise wrong(f"unknown key {unknown[0]!r}; known keys are {', '.join(KNOWN_KEYS)}", unknown[0])
    given = [key for key in ("path", "text", "html") if key in fields]
    if len(given) != 1 or "captured_at" not in fields:
        raise wrong("needs captured_at and one of path, text or html", None)
    payload, media_type, charset = _payload(path, fields, given[0], wrong)
    return DatedItem(
        captured_at=_moment(str(fields["captured_at"]), wrong),
        payload=payload,
        media_type=fields.get("media_type") or media_type,
        charset=charset,
        url=str(fields.get("url", "")),
        origin=f"{path.name} line {number}",
    )


def _payload(path: Path, fields: dict[str, object], key: str, wrong: Wrong) -> tuple[bytes, str | None, str | None]:
    if key == "path":
        file = path.parent / str(fields["path"])
        try:
            return file.read_bytes(), mimetypes.guess_type(file.name)[0], None
        except OSError as error:
            raise wrong(f"{file} cannot be read: {error.strerror}", "path") from error
    media_type = "text/html" if key == "html" else "text/plain"
    return str(fields[key]).encode("utf-8", "surrogatepass"), media_type, "utf-8"


def _moment(text: str, wrong: Wrong) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise wrong(f"captured_at {text!r} is no ISO date", "captured_at") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
