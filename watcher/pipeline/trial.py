"""Try an address before it is registered: may it be fetched, is it read, does it stay the same from read to read.

Works on the Rooms of an instance that is thrown away: nothing of a trial is recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from watcher.diff import compare, kind_of
from watcher.errors import ExtractError
from watcher.extract import Charset, Quality, QualityVerdict, charset_of, extract, extractor_for, judge_quality
from watcher.extract.hints import Hints, SitemapEntry, is_mismatch, read_hints, sitemap_entry
from watcher.extract.listing import CollectionSuggestion
from watcher.extract.reading import Payload
from watcher.extract.suggest import RemoveSuggestion, SelectSuggestion, suggest_removals, suggest_selects
from watcher.model.capture import FetchResult, Outcome, leads_elsewhere
from watcher.model.change import ChangeKind, Diff, HunkOp
from watcher.model.document import Document
from watcher.model.source import Definition, origin_of
from watcher.pipeline.compare import TOLD_KINDS, told_links
from watcher.pipeline.ports import FetchDoor, Rooms
from watcher.pipeline.trial_list import ListFacts, find_lists
from watcher.pipeline.trial_robots import RobotsFinding, RobotsVerdict, robots_finding
from watcher.pipeline.trust import request_of

T = TypeVar("T")

LONGEST_PAUSE_SECONDS = 30.0
MAXIMUM_EXAMPLES = 3
NO_SUCH_ETAG = '"watcher-asks-for-a-state-that-never-was"'
LONG_AGO = "Thu, 01 Jan 1970 00:00:00 GMT"


@dataclass(frozen=True, kw_only=True, slots=True)
class Read:
    """One fetch and what was read out of it. `judged_type` is what the bytes are; `problem` why there is no text.

    `charset` says where the charset of a text format is from.
    """

    result: FetchResult
    judged_type: str = ""
    mismatch: bool = False
    document: Document | None = None
    problem: str = ""
    problem_code: str = ""
    quality: QualityVerdict | None = None
    charset: Charset | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Stability:
    """Two reads compared. `told` says that a monitor would be told of the difference if it came from two checks.

    `examples` are the first Blocks that differ, (before, after), "" where there is none.
    """

    pause_seconds: float
    same_bytes: bool
    same_text: bool
    told: bool = False
    reason: str = ""
    differing_blocks: int = 0
    examples: tuple[tuple[str, str], ...] = ()


class Conditional(StrEnum):
    """How a server answers "only if it changed"."""

    WORKS = "works"
    NOT_OFFERED = "not_offered"
    IGNORED = "ignored"
    LIES = "lies"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True, slots=True)
class ConditionalFinding:
    """The answer to conditional requests, and what it means for a person."""

    support: Conditional
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """Everything that was found. What was not tried is None: a page that may not be fetched is not."""

    definition: Definition
    tried_at: datetime
    robots: RobotsFinding
    first: Read | None = None
    second: Read | None = None
    stability: Stability | None = None
    conditional: ConditionalFinding | None = None
    hints: Hints = field(default_factory=Hints)
    sitemap: SitemapEntry | None = None
    selects: tuple[SelectSuggestion, ...] = ()
    removals: tuple[RemoveSuggestion, ...] = ()
    listed: ListFacts | None = None
    suggestion: CollectionSuggestion | None = None

    @property
    def obstacle(self) -> str:
        """Why the address cannot be watched as it is, "" when it can."""
        if self.robots.verdict is not RobotsVerdict.ALLOWED:
            return self.robots.reason
        for read in (self.first, self.second):
            if read is None:
                continue
            if not read.result.outcome.reached:
                return read.result.error
            if read.quality is not None and read.quality.quality is not Quality.GOOD:
                kind = str(read.quality.quality).replace("_", " ")
                return f"it would be held as {kind}: {read.problem or read.quality.reason}"
            if read.document is None:
                return f"no text could be read: {read.problem}"
        if self.listed is not None and not self.listed.documents:
            return "the rules of the Collection match none of its links"
        return ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tools:
    """What a trial works with. `wait` sleeps so many seconds; `progress` is told what is done now."""

    rooms: Rooms
    door: FetchDoor
    wait: Callable[[float], None]
    progress: Callable[[str], None]


def try_source(tools: Tools, definition: Definition, *, pause_seconds: float) -> Trial:
    """Ask robots.txt, read the address twice and once more on condition, and say what was found.

    Between two requests pass `pause_seconds`, or more where the host's gap or its Crawl-delay asks for it. A
    Crawl-delay of over 30 seconds is obeyed by reading once. ConfigError for what is no selector.
    """
    tried_at = tools.rooms.clock()
    tools.progress(f"asking {origin_of(definition.url)}/robots.txt")
    robots = robots_finding(tools.rooms, tools.door, definition)
    if robots.verdict is not RobotsVerdict.ALLOWED:
        return Trial(definition=definition, tried_at=tried_at, robots=robots)
    tools.progress(f"reading {definition.url}")
    first = _read(tools, definition, None)
    pause = max(pause_seconds, tools.rooms.gap_seconds, robots.crawl_delay_seconds)
    if first.result.payload is None:
        return Trial(definition=definition, tried_at=tried_at, robots=robots, first=first)
    second, stability, conditional = None, None, None
    if pause <= max(pause_seconds, LONGEST_PAUSE_SECONDS):
        tools.progress(f"reading it again after {pause:g} s")
        tools.wait(pause)
        second = _read(tools, definition, first.document)
        if second.result.payload is not None:
            stability = _stability(tools, first, second, pause)
            conditional = _ask_conditionally(tools, definition, first, second, pause)
    payload = _payload(first, definition)
    tools.progress("looking for selectors")
    listed, suggestion = find_lists(tools.rooms, definition, first.document, payload)
    removals: tuple[RemoveSuggestion, ...] = ()
    if second is not None and stability is not None and not stability.same_text:
        removals = _tried(tools, suggest_removals, payload, _payload(second, definition))
    return Trial(
        definition=definition,
        tried_at=tried_at,
        robots=robots,
        first=first,
        second=second,
        stability=stability,
        conditional=conditional,
        hints=_hints(tools, payload),
        sitemap=_ask_sitemap(tools, definition, robots, first.result, pause),
        selects=_tried(tools, suggest_selects, payload) if first.document is not None else (),
        removals=removals,
        listed=listed,
        suggestion=suggestion,
    )


def look_once(tools: Tools, definition: Definition) -> Trial:
    """Ask robots.txt and read the address once: what it lists, and whether it can be read at all."""
    tried_at = tools.rooms.clock()
    robots = robots_finding(tools.rooms, tools.door, definition)
    if robots.verdict is not RobotsVerdict.ALLOWED:
        return Trial(definition=definition, tried_at=tried_at, robots=robots)
    first = _read(tools, definition, None)
    listed, suggestion = find_lists(tools.rooms, definition, first.document, _payload(first, definition))
    return Trial(
        definition=definition, tried_at=tried_at, robots=robots, first=first, listed=listed, suggestion=suggestion
    )


def _read(tools: Tools, definition: Definition, last_good: Document | None) -> Read:
    asked = request_of(tools.rooms, definition, definition.url)
    result = tools.door.fetch(replace(asked, browser=definition.browser))
    if result.payload is None:
        return Read(result=result)
    children, payload, name = tools.rooms.children, result.payload, _last_url(result)
    document, problem, code = None, "", ""
    extractor, version, judged = children.run(extractor_for, payload, media_type=result.media_type, name=name)
    try:
        document = children.run(
            extract,
            payload,
            media_type=result.media_type,
            charset=result.charset,
            rules=definition.rules,
            name=name,
        )
    except ExtractError as error:
        problem, code = str(error), error.code
    empty = Document(
        title="", blocks=(), media_type=judged, charset=None, extractor=extractor, extractor_version=version
    )
    quality = None
    if document is not None or code == "no_text":
        quality = children.run(
            judge_quality,
            payload,
            document or empty,
            headers=result.headers,
            status=result.status,
            last_good=last_good,
        )
    return Read(
        result=result,
        judged_type=judged,
        mismatch=is_mismatch(result.media_type, judged),
        document=document,
        problem=problem,
        problem_code=code,
        quality=quality,
        charset=_charset(tools, result, judged, document),
    )


def _charset(tools: Tools, result: FetchResult, judged_type: str, document: Document | None) -> Charset | None:
    """Where the charset of a Document is from; None for one that has none, or has its own way to tell it."""
    if document is None or document.charset is None or result.payload is None:
        return None
    found = tools.rooms.children.run(charset_of, result.payload, declared=result.charset, media_type=judged_type)
    return found if found.codec == document.charset else None


def _last_url(result: FetchResult) -> str:
    return result.hops[-1].url if result.hops else result.requested_url


def _payload(read: Read, definition: Definition) -> Payload:
    return Payload(
        data=read.result.payload or b"",
        media_type=read.judged_type,
        charset=read.result.charset,
        rules=definition.rules,
        name=_last_url(read.result),
    )


def _stability(tools: Tools, first: Read, second: Read, pause: float) -> Stability | None:
    same_bytes = first.result.payload == second.result.payload
    one, two = first.document, second.document
    if one is None or two is None:
        return None
    if one.text == two.text:
        return Stability(pause_seconds=pause, same_bytes=same_bytes, same_text=True)
    diff, kind, reason = tools.rooms.children.run(_compared, one, two)
    return Stability(
        pause_seconds=pause,
        same_bytes=same_bytes,
        same_text=False,
        told=kind in TOLD_KINDS and (kind is not ChangeKind.LINK_TARGET or bool(told_links(diff.hunks))),
        reason=reason,
        differing_blocks=len(diff.hunks),
        examples=tuple(
            ("" if hunk.op is HunkOp.INSERTED else hunk.old, "" if hunk.op is HunkOp.DELETED else hunk.new)
            for hunk in diff.hunks[:MAXIMUM_EXAMPLES]
        ),
    )


def _compared(one: Document, two: Document) -> tuple[Diff, ChangeKind, str]:
    diff = compare(one, two)
    return diff, *kind_of(one, two, diff)


def _ask_conditionally(
    tools: Tools, definition: Definition, first: Read, second: Read, pause: float
) -> ConditionalFinding | None:
    """Ask "only if it changed"; where the answer is 304, also for a state that never was, which must not be 304."""
    if definition.browser:
        return None
    one, two = _validators(first.result), _validators(second.result)
    etag, modified = two
    elsewhere = leads_elsewhere(second.result.hops)
    if elsewhere or not (etag or modified):
        what = "it leads to another address" if elsewhere else "it sends neither ETag nor Last-Modified"
        return ConditionalFinding(support=Conditional.NOT_OFFERED, reason=f"{what}, so each check reads it all")
    same_bytes = first.result.payload == second.result.payload
    if one == two and not same_bytes and etag and not etag.startswith("W/"):
        return ConditionalFinding(
            support=Conditional.LIES, reason=f"two reads differ, but both have the ETag {etag}: it hides changes"
        )
    answer = _ask(tools, definition, pause, etag=etag, modified=modified)
    if answer.outcome is Outcome.NOT_MODIFIED:
        made_up = {"etag": NO_SUCH_ETAG} if etag else {"modified": LONG_AGO}
        if _ask(tools, definition, pause, **made_up).outcome is Outcome.NOT_MODIFIED:
            reason = "it says 304 Not Modified even to a state that never was: it hides changes"
            return ConditionalFinding(support=Conditional.LIES, reason=reason)
        return ConditionalFinding(support=Conditional.WORKS, reason="304 Not Modified: an unchanged page costs little")
    if not answer.outcome.reached:
        return ConditionalFinding(support=Conditional.FAILED, reason=answer.error)
    names = " and ".join(name for name, value in (("ETag", etag), ("Last-Modified", modified)) if value)
    changed = answer.payload != second.result.payload
    why = "the page had changed again" if changed else f"it sends {names}, but does not answer to it"
    return ConditionalFinding(support=Conditional.IGNORED, reason=f"{why}, so each check reads it all")


def _ask(tools: Tools, definition: Definition, pause: float, *, etag: str = "", modified: str = "") -> FetchResult:
    tools.progress("asking if it changed since")
    tools.wait(pause)
    asked = request_of(tools.rooms, definition, definition.url)
    return tools.door.fetch(replace(asked, etag=etag or None, last_modified=modified or None))


def _validators(result: FetchResult) -> tuple[str, str]:
    headers = {name.lower(): value for name, value in result.headers}
    return headers.get("etag", ""), headers.get("last-modified", "")


def _ask_sitemap(
    tools: Tools, definition: Definition, robots: RobotsFinding, result: FetchResult, pause: float
) -> SitemapEntry | None:
    """What the first sitemap of the same origin says of a page whose server gives no date of its own."""
    own = [url for url in robots.sitemaps if origin_of(url) == origin_of(definition.url)]
    if not own or _validators(result)[1] or pause > LONGEST_PAUSE_SECONDS:
        return None
    tools.progress(f"asking {own[0]}")
    tools.wait(pause)
    answer = tools.door.fetch(request_of(tools.rooms, definition, own[0]))
    if answer.payload is None:
        return None
    try:
        return tools.rooms.children.run(sitemap_entry, answer.payload, definition.url)
    except ExtractError:
        return None


def _hints(tools: Tools, payload: Payload) -> Hints:
    try:
        return tools.rooms.children.run(read_hints, payload)
    except ExtractError:
        return Hints()


def _tried(tools: Tools, suggest: Callable[..., tuple[T, ...]], *payloads: Payload) -> tuple[T, ...]:
    try:
        return tools.rooms.children.run(suggest, *payloads)
    except ExtractError:
        return ()
