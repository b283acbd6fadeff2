"""The quality gate: a page that is not the document is kept and shown as held, and never becomes the baseline."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta

from watcher.diff.words import UNSPACED
from watcher.errors import ExtractError
from watcher.extract import SCRIPT_SHELL, Quality, QualityVerdict, current_number, extract, judge_quality
from watcher.model.capture import Capture, Outcome, Version
from watcher.model.document import Document, ExtractRules
from watcher.model.source import Definition
from watcher.pipeline.ports import Rooms
from watcher.store import captures, sources

NO_RULES = ExtractRules()
CONFIRM_AFTER = timedelta(minutes=10)
LEAST_SHARED_WORDS = 0.3  # two texts of one language share a fifth by their small words alone
CONFIRMED_BY_A_SECOND_READ = frozenset({Quality.SHRUNK, Quality.CUT_SHORT, Quality.MEDIA_TYPE_CHANGED})
_WORD = re.compile(rf"[{UNSPACED}]|[^\W{UNSPACED}]+")
# Why a payload that was read gave no text; other failures to read keep their own code and are not held.
_WITHOUT_TEXT = frozenset({"no_text", "selector_matched_nothing"})
# Verdicts on a whole page of which the select rules picked nothing: there is a page, so the rules do not fit it.
_A_PAGE = frozenset({Quality.GOOD, *CONFIRMED_BY_A_SECOND_READ})


@dataclass(frozen=True, kw_only=True, slots=True)
class Hold:
    """A Version that is kept back. `confirmable` says that the same answer ten minutes later will be believed."""

    version: Version
    confirmable: bool


def hold_back(
    rooms: Rooms, capture: Capture, version: Version, baseline: Version | None, newest: Version | None
) -> Hold | None:
    """Whether a freshly read Version is kept back, and why; None when it may become the baseline.

    A Version without text is always held, with what its page seems to be. One that could not be read for another
    reason (damaged, encrypted, too large) is no baseline anyhow and keeps its own code.
    """
    if capture.payload_sha256 is None or (version.document is None and version.error_code not in _WITHOUT_TEXT):
        return None
    try:
        verdict = _verdict(rooms, capture, version, baseline)
    except ExtractError:
        return None
    if verdict.quality is Quality.GOOD:
        return _another_document(rooms, capture, version, baseline)
    hold = Hold(
        version=replace(version, error_code=f"held_{verdict.quality}", error=verdict.reason),
        confirmable=verdict.quality in CONFIRMED_BY_A_SECOND_READ,
    )
    return None if hold.confirmable and _is_second_read(rooms, capture, hold.version, newest) else hold


def _another_document(rooms: Rooms, capture: Capture, version: Version, baseline: Version | None) -> Hold | None:
    """What the first pages of a new address are held for: words that are hardly those of the old address's page."""
    if baseline is None or baseline.document is None or version.document is None:
        return None
    with rooms.database.reading() as connection:
        last = captures.get_capture(connection, baseline.sequence)
    former = last.requested_url
    if last.trigger.is_brought_in or former == capture.requested_url:
        return None
    share = shared_words(baseline.document, version.document)
    if share >= LEAST_SHARED_WORDS:
        return None
    reason = (
        f"the Source moved, and {capture.requested_url} shows another text than {former} did: "
        f"they share {share:.0%} of their words"
    )
    return Hold(version=replace(version, error_code="held_other_document", error=reason), confirmable=False)


def shared_words(one: Document, other: Document) -> float:
    """Twice the words that two Documents share, in any order, over the words of both: 0 to 1, without boilerplate."""
    first, second = _words(one), _words(other)
    total = first.total() + second.total()
    return 2 * (first & second).total() / total if total else 1.0


def _words(document: Document) -> Counter[str]:
    text = " ".join(block.text for block in document.blocks if not block.boilerplate)
    return Counter(_WORD.findall(text.casefold()))


def awaits_confirmation(capture: Capture, newest: Version | None) -> bool:
    """Whether a Capture that brought the bytes of a Version that was not taken can lead to another end.

    A second read confirms them after a while, and another Definition or a newer extractor may read them otherwise.
    """
    if newest is None or not brings_untaken(capture, newest):
        return False
    number = current_number(newest.extractor)
    if newest.definition_sha256 != capture.definition_sha256 or number not in (None, newest.extractor_version):
        return True
    confirmable = newest.error_code in {f"held_{quality}" for quality in CONFIRMED_BY_A_SECOND_READ}
    return confirmable and _confirms(capture, newest)


def brings_untaken(capture: Capture, newest: Version | None) -> bool:
    """Whether a Capture has the bytes of a newest Version that was held or could not be read."""
    return newest is not None and newest.error_code != "" and newest.payload_sha256 == capture.payload_sha256


def _is_second_read(rooms: Rooms, capture: Capture, version: Version, newest: Version | None) -> bool:
    """Whether the Source gave this text, held for the same reason, last time too and long enough ago."""
    if newest is None or (newest.error_code, newest.text_sha256) != (version.error_code, version.text_sha256):
        return False
    with rooms.database.reading() as connection:
        last = captures.last_payload_sha256(connection, capture.source_id)
    return last == newest.payload_sha256 and _confirms(capture, newest)


def _confirms(capture: Capture, held: Version) -> bool:
    """A body without length is confirmed by the same body only: "not modified" says nothing of what was lost of it."""
    if held.error_code == f"held_{Quality.CUT_SHORT}" and capture.outcome is Outcome.NOT_MODIFIED:
        return False
    return capture.captured_at - held.captured_at >= CONFIRM_AFTER / 2


def _verdict(rooms: Rooms, capture: Capture, version: Version, baseline: Version | None) -> QualityVerdict:
    if version.document is not None:
        verdict = _judged(rooms, capture, version.document, baseline)
    else:
        verdict = _judged(rooms, capture, _whole_page(rooms, capture, version), baseline)
        if verdict.quality in _A_PAGE:
            return _not_selected(version, baseline)
        if verdict.rule == Quality.NO_TEXT and version.error_code == "no_text":
            verdict = replace(verdict, reason=version.error)
    if verdict.rule == SCRIPT_SHELL and not _definition_of(rooms, version).browser:
        advice = "it seems to be written by JavaScript: set `browser: true` for this Source"
        verdict = replace(verdict, reason=f"{verdict.reason}; {advice}")
    return verdict


def _definition_of(rooms: Rooms, version: Version) -> Definition:
    with rooms.database.reading() as connection:
        return sources.get_definition(connection, version.source_id, version.definition_sha256)


def _judged(rooms: Rooms, capture: Capture, document: Document, baseline: Version | None) -> QualityVerdict:
    if capture.payload_sha256 is None:
        raise ExtractError("the Capture has no payload", code="no_payload")
    return rooms.children.run(
        judge_quality,
        rooms.archive.get_payload(capture.payload_sha256),
        document,
        headers=capture.headers,
        status=capture.status,
        url=_url_of(capture),
        framed=capture.framed,
        last_good=baseline.document if baseline is not None else None,
    )


def _whole_page(rooms: Rooms, capture: Capture, version: Version) -> Document:
    """The page without the rules of its Definition, which may have left nothing of it; no Blocks if it has no text."""
    definition = _definition_of(rooms, version)
    if definition.rules != NO_RULES and capture.payload_sha256 is not None:
        try:
            return rooms.children.run(
                extract,
                rooms.archive.get_payload(capture.payload_sha256),
                media_type=capture.media_type,
                charset=capture.charset,
                name=_url_of(capture),
            )
        except ExtractError as error:
            if error.code != "no_text":
                raise
    return Document(
        title="",
        blocks=(),
        media_type=capture.media_type or "",
        charset=None,
        extractor=version.extractor,
        extractor_version=version.extractor_version,
    )


def _url_of(capture: Capture) -> str:
    return capture.hops[-1].url if capture.hops else capture.requested_url


def _not_selected(version: Version, baseline: Version | None) -> QualityVerdict:
    nothing = version.error_code == "selector_matched_nothing"
    found = version.error if nothing else "what the rules of this Source leave holds no text"
    same_rules = baseline is not None and baseline.definition_sha256 == version.definition_sha256
    what = f"structure changed: {found}" if same_rules else found
    return QualityVerdict(
        quality=Quality.STRUCTURE_CHANGED,
        reason=(
            f"{what}, although the document has text; correct the rules, trying them with: "
            f"watcher source preview {version.source_id}"
        ),
        rule="structure_changed",
    )
