"""The quality gate: a page that is not the document is kept and shown as held, and never becomes the baseline."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from watcher.errors import ExtractError
from watcher.extract import Quality, judge_quality
from watcher.model.capture import Capture, Version
from watcher.pipeline.ports import Rooms

CONFIRM_AFTER = timedelta(minutes=10)
CONFIRMED_BY_A_SECOND_READ = frozenset({Quality.SHRUNK, Quality.MEDIA_TYPE_CHANGED})


@dataclass(frozen=True, kw_only=True, slots=True)
class Hold:
    """A Version that is kept back. `confirmable` says that the same answer ten minutes later will be believed."""

    version: Version
    confirmable: bool


def hold_back(
    rooms: Rooms, capture: Capture, version: Version, baseline: Version | None, newest: Version | None
) -> Hold | None:
    """Whether a freshly read Version is kept back, and why; None when it may become the baseline."""
    if version.document is None or capture.payload_sha256 is None:
        return None
    try:
        verdict = rooms.children.run(
            judge_quality,
            rooms.archive.get_payload(capture.payload_sha256),
            version.document,
            headers=capture.headers,
            status=capture.status,
            last_good=baseline.document if baseline is not None else None,
        )
    except ExtractError:
        return None
    if verdict.quality is Quality.GOOD:
        return None
    confirmable = verdict.quality in CONFIRMED_BY_A_SECOND_READ
    code = f"held_{verdict.quality}"
    seen_before = newest is not None and newest.error_code == code and newest.text_sha256 == version.text_sha256
    if confirmable and seen_before and newest is not None and _waited(capture, newest):
        return None
    return Hold(version=replace(version, error_code=code, error=verdict.reason), confirmable=confirmable)


def awaits_confirmation(capture: Capture, newest: Version | None) -> bool:
    """Whether a Capture that brought the bytes of a held Version again can confirm it."""
    return (
        newest is not None
        and newest.error_code in {f"held_{quality}" for quality in CONFIRMED_BY_A_SECOND_READ}
        and newest.payload_sha256 == capture.payload_sha256
        and _waited(capture, newest)
    )


def _waited(capture: Capture, held: Version) -> bool:
    return capture.captured_at - held.captured_at >= CONFIRM_AFTER / 2
